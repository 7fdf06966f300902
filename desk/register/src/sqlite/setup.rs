//! Opening a register's file: what a connection must have set, and the tables it must find.

use std::fs;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, OpenFlags};
use socklab_files::with_suffix;

use super::{APPLICATION, PATIENCE, checkpoint, file, opening, owner, value};
use crate::error::{Error, Trouble};
use crate::schema;
use crate::sql::Value;

/// How many KiB of pages are kept at most: used codes lie anywhere in their index, that of 100,000
/// students is 6 MiB.
const CACHE: i64 = 16 * 1024;

/// A connection with all that it must have, and the number of the copy.
pub(super) fn open(path: &Path) -> Result<(Connection, Option<String>), Error> {
    let connection = file::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    settle(&connection)?;
    let failed = |e| Error::new(Trouble::Open, e);
    let mut copy = file::copy_of(&connection)?;
    owner::record(path, copy.clone()).map_err(failed)?;
    migrate(&connection)?;
    if copy.is_none() {
        file::mark_as_copy(&connection)?;
        match checkpoint(&connection, CheckpointMode::PASSIVE) {
            Err(e) if e.trouble != Trouble::Busy => return Err(e),
            _ => {}
        }
        copy = file::copy_of(&connection)?;
        owner::record(path, copy.clone()).map_err(failed)?;
    }
    Ok((connection, copy))
}

/// The same in a folder that cannot be written: to be read, if nothing is missing for that.
pub(super) fn open_to_read(path: &Path) -> Result<(Connection, Option<String>), Error> {
    let refused = |what: &str| Err(Error::new(Trouble::ReadOnly, what));
    let log = fs::metadata(with_suffix(path, "-wal")).map_or(0, |log| log.len());
    if log > 0 || with_suffix(path, "-shm").exists() {
        return refused("it is in use, or was not closed, and has a log beside it");
    }
    let connection = file::alone(path)?;
    let ours = number(&connection, "PRAGMA application_id")? == APPLICATION;
    if !ours || number(&connection, "PRAGMA user_version")? != schema::VERSIONS.len() as i64 {
        return refused("it is of another version");
    }
    let copy = file::copy_of(&connection)?;
    Ok((connection, copy))
}

/// What every connection must have set, read back.
fn settle(connection: &Connection) -> Result<(), Error> {
    let run = |sql| connection.execute_batch(sql).map_err(opening);
    connection.busy_timeout(PATIENCE).map_err(opening)?;
    connection.set_prepared_statement_cache_capacity(64);
    let cached = connection.pragma_update(None, "cache_size", -CACHE);
    cached.map_err(opening)?;
    // A plan is made once, not again for each value: the statements are fixed, and so are their
    // indices.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(opening)?;
    // Before anything is written: is it ours?
    if number(connection, "PRAGMA application_id")? != APPLICATION {
        let detail = "it is a database, but of another program";
        return Err(Error::new(Trouble::Foreign, detail));
    }
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .map_err(opening)?;
    // SQLite merges a log in the middle of a commit and keeps quiet if it fails: the writer does it
    // instead. What is deleted is overwritten.
    run("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = ON;")?;
    let synchronous = number(connection, "PRAGMA synchronous")?;
    if mode != "wal" || synchronous != 2 {
        let detail = format!(
            "journal_mode={mode}, synchronous={synchronous}: keep the file on a local disk"
        );
        return Err(Error::new(Trouble::NotDurable, detail));
    }
    Ok(())
}

fn number(connection: &Connection, sql: &str) -> Result<i64, Error> {
    let read = connection.query_row(sql, [], |row| row.get(0));
    read.map_err(opening)
}

/// Makes the tables of a new file, which nobody else has open.
pub(super) fn schema_of_a_new_file(connection: &Connection) -> Result<(), Error> {
    let run = |sql: &str| -> Result<(), Error> { Ok(connection.execute_batch(sql)?) };
    run(&format!(
        "PRAGMA synchronous = FULL; PRAGMA application_id = {APPLICATION};"
    ))?;
    migrate(connection)?;
    file::mark_as_copy(connection)?;
    // Only now: a log that is merged when the file is closed is merged without a word.
    run("PRAGMA journal_mode = WAL")
}

/// Brings an older file to the present schema, in one transaction.
fn migrate(connection: &Connection) -> Result<(), Error> {
    let newest = schema::VERSIONS.len() as i64;
    if number(connection, "PRAGMA user_version")? == newest {
        return Ok(());
    }
    let run = |sql: &str| -> Result<(), Error> { Ok(connection.execute_batch(sql)?) };
    let change = || {
        // Read again: another process may have been quicker.
        let version = number(connection, "PRAGMA user_version")?;
        if version > newest {
            let detail =
                format!("its schema is version {version}, and this program knows up to {newest}");
            return Err(Error::new(Trouble::Newer, detail));
        }
        for step in &schema::VERSIONS[usize::try_from(version).unwrap_or(0)..] {
            run(&step(schema::Dialect::Sqlite))?;
        }
        run(&format!("PRAGMA user_version = {newest}; COMMIT;"))
    };
    run("BEGIN IMMEDIATE")?;
    let changed = change();
    if changed.is_err() {
        let _ = run("ROLLBACK");
    }
    changed
}

/// What is wrong with a file, line by line.
pub(super) fn integrity(connection: &Connection) -> Result<Vec<String>, Error> {
    let mut faults = Vec::new();
    for sql in ["PRAGMA integrity_check", "PRAGMA foreign_key_check"] {
        let mut statement = connection.prepare(sql)?;
        for line in statement.query_map([], |row| Ok(value(row.get_ref(0)?)))? {
            match line? {
                Value::Text(line) if line == "ok" => {}
                Value::Text(line) => faults.push(line),
                other => faults.push(format!("{other:?}")),
            }
        }
    }
    Ok(faults)
}

//! Opens a register's file, with the settings that every connection needs, and creates or migrates
//! its tables.

use std::fs;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, OpenFlags};
use socklab_files::with_suffix;

use super::{APPLICATION, PATIENCE, checkpoint, file, opening, owner, value};
use crate::detail::Detail;
use crate::error::{Error, ErrorKind};
use crate::schema;
use crate::sql::Value;

/// The size of the page cache in KiB. Used codes are spread all over their index, which takes 6 MiB
/// for 100,000 students.
const CACHE: i64 = 16 * 1024;

/// Opens a connection with all settings. Also returns the number of the file.
pub(super) fn open(path: &Path) -> Result<(Connection, Option<String>), Error> {
    let connection = file::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    settle(&connection)?;
    let failed = Error::system(ErrorKind::Open);
    let mut copy = file::copy_of(&connection)?;
    owner::record(path, copy.clone()).map_err(failed)?;
    migrate(&connection)?;
    if copy.is_none() {
        file::mark_as_copy(&connection)?;
        match checkpoint(&connection, CheckpointMode::PASSIVE) {
            Err(e) if e.kind != ErrorKind::Busy => return Err(e),
            _ => {}
        }
        copy = file::copy_of(&connection)?;
        owner::record(path, copy.clone()).map_err(failed)?;
    }
    Ok((connection, copy))
}

/// Opens a register in a read-only folder for reading, if that needs no recovery or migration.
pub(super) fn open_to_read(path: &Path) -> Result<(Connection, Option<String>), Error> {
    let refused = |detail| Err(Error::new(ErrorKind::ReadOnly, detail));
    let log = fs::metadata(with_suffix(path, "-wal")).map_or(0, |log| log.len());
    if log > 0 || with_suffix(path, "-shm").exists() {
        return refused(Detail::HasLog);
    }
    let connection = file::alone(path)?;
    let ours = number(&connection, "PRAGMA application_id")? == APPLICATION;
    if !ours || number(&connection, "PRAGMA user_version")? != schema::VERSIONS.len() as i64 {
        return refused(Detail::OtherVersion);
    }
    let copy = file::copy_of(&connection)?;
    Ok((connection, copy))
}

/// Applies the settings of a connection, and reads back those that durability depends on.
fn settle(connection: &Connection) -> Result<(), Error> {
    let run = |sql| connection.execute_batch(sql).map_err(opening);
    connection.busy_timeout(PATIENCE).map_err(opening)?;
    connection.set_prepared_statement_cache_capacity(64);
    let cached = connection.pragma_update(None, "cache_size", -CACHE);
    cached.map_err(opening)?;
    // Have SQLite plan a statement once and not again for each value: the statements and their
    // indices are fixed.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(opening)?;
    // Check before writing that the database is a register.
    if number(connection, "PRAGMA application_id")? != APPLICATION {
        return Err(Error::new(ErrorKind::Foreign, Detail::OtherProgram));
    }
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .map_err(opening)?;
    // SQLite's automatic checkpoint runs within a commit and does not report errors, so it is off
    // and the writer merges the log. `secure_delete` overwrites deleted data.
    run("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = ON;")?;
    let synchronous = number(connection, "PRAGMA synchronous")?;
    if mode != "wal" || synchronous != 2 {
        let detail = Detail::Settings { mode, synchronous };
        return Err(Error::new(ErrorKind::NotDurable, detail));
    }
    Ok(())
}

fn number(connection: &Connection, sql: &str) -> Result<i64, Error> {
    let read = connection.query_row(sql, [], |row| row.get(0));
    read.map_err(opening)
}

/// Creates the tables of a new file, which no other program has open.
pub(super) fn schema_of_a_new_file(connection: &Connection) -> Result<(), Error> {
    let run = |sql: &str| -> Result<(), Error> { Ok(connection.execute_batch(sql)?) };
    run(&format!(
        "PRAGMA synchronous = FULL; PRAGMA application_id = {APPLICATION};"
    ))?;
    migrate(connection)?;
    file::mark_as_copy(connection)?;
    // Switch to WAL last: with a log, closing the file would merge it, and would not report an
    // error.
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
        // Read the version again: another process may have migrated the file meanwhile.
        let version = number(connection, "PRAGMA user_version")?;
        if version > newest {
            let detail = Detail::Schema { version, newest };
            return Err(Error::new(ErrorKind::Newer, detail));
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

/// Checks a file. Each returned line is a fault.
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

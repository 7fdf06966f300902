//! A register in one file: SQLite, written so that what is committed survives a power cut.

mod attempts;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql};

use crate::error::{Error, Trouble};
use crate::facts::{Change, Facts, Question};
use crate::schema;
use crate::sql::{Row, Sql, Value, within};

/// How long to wait for another process that writes.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many KiB of pages are kept at most: used codes lie anywhere in their index, that of 100,000 students is 6 MiB.
const CACHE: i64 = 16 * 1024;

/// Marks the file as ours: `sock` (SQLite's `application_id`).
const APPLICATION: i64 = 0x736f_636b;

/// An open file.
pub(crate) struct Sqlite {
    path: PathBuf,
    connection: Connection,
}

impl Sqlite {
    /// Opens the file; makes it if `create` and it is not there.
    pub(crate) fn open(path: &Path, create: bool) -> Result<Self, Error> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if create {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
            private(path);
        }
        let connection = Connection::open_with_flags(path, flags).map_err(|e| opening(&e))?;
        let mut sqlite = Sqlite {
            path: path.to_owned(),
            connection,
        };
        sqlite.settle()?;
        sqlite.migrate()?;
        Ok(sqlite)
    }

    /// What every connection must have set, read back.
    fn settle(&mut self) -> Result<(), Error> {
        let connection = &self.connection;
        connection.busy_timeout(PATIENCE).map_err(|e| opening(&e))?;
        connection.set_prepared_statement_cache_capacity(64);
        connection
            .pragma_update(None, "cache_size", -CACHE)
            .map_err(|e| opening(&e))?;
        // A plan is made once, not again for each value: the statements are fixed, and so are their indices.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .map_err(|e| opening(&e))?;
        // Before anything is written: is it ours?
        let ours = self.number("PRAGMA application_id")?;
        let tables = self.number("SELECT count(*) FROM sqlite_master")?;
        if ours != APPLICATION && tables > 0 {
            let detail = "it is a database, but of another program";
            return Err(Error::new(Trouble::Foreign, detail));
        }
        let mode: String = self
            .connection
            .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
            .map_err(|e| opening(&e))?;
        self.connection
            .execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
            .map_err(|e| opening(&e))?;
        let synchronous = self.number("PRAGMA synchronous")?;
        if mode != "wal" || synchronous != 2 {
            let detail = format!(
                "journal_mode={mode}, synchronous={synchronous}: keep the file on a local disk"
            );
            return Err(Error::new(Trouble::NotDurable, detail));
        }
        Ok(())
    }

    fn number(&self, sql: &str) -> Result<i64, Error> {
        let read = self.connection.query_row(sql, [], |row| row.get(0));
        read.map_err(|e| opening(&e))
    }

    /// Brings an older file, or an empty one, to the present schema, in one transaction.
    fn migrate(&mut self) -> Result<(), Error> {
        let newest = schema::VERSIONS.len() as i64;
        if self.number("PRAGMA user_version")? == newest {
            return Ok(());
        }
        within(self, |sqlite| {
            // Read again: another process may have been quicker.
            let version = sqlite.number("PRAGMA user_version")?;
            if version > newest {
                let detail = format!(
                    "its schema is version {version}, and this program knows up to {newest}"
                );
                return Err(Error::new(Trouble::Newer, detail));
            }
            for step in &schema::VERSIONS[usize::try_from(version).unwrap_or(0)..] {
                sqlite.script(&step(schema::Dialect::Sqlite))?;
            }
            sqlite.script(&format!(
                "PRAGMA user_version = {newest}; PRAGMA application_id = {APPLICATION};"
            ))
        })
    }

    fn script(&self, sql: &str) -> Result<(), Error> {
        self.connection.execute_batch(sql).map_err(|e| error(&e))
    }
}

impl Sql for Sqlite {
    fn begin(&mut self) -> Result<(), Error> {
        self.script("BEGIN IMMEDIATE")
    }

    fn commit(&mut self) -> Result<(), Error> {
        self.script("COMMIT")
    }

    fn rollback(&mut self) {
        if !self.connection.is_autocommit() {
            // If even this fails, closing the connection rolls back.
            let _ = self.script("ROLLBACK");
        }
    }

    fn rows(&mut self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, Error> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|e| error(&e))?;
        let columns = statement.column_count();
        let mut rows = statement
            .query(rusqlite::params_from_iter(values))
            .map_err(|e| error(&e))?;
        let mut all = Vec::new();
        while let Some(row) = rows.next().map_err(|e| error(&e))? {
            let values = (0..columns).map(|at| Ok(value(row.get_ref(at)?)));
            let values: rusqlite::Result<Vec<Value>> = values.collect();
            all.push(Row(values.map_err(|e| error(&e))?));
        }
        Ok(all)
    }

    fn run(&mut self, sql: &'static str, values: &[Value]) -> Result<u64, Error> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|e| error(&e))?;
        let changed = statement
            .execute(rusqlite::params_from_iter(values))
            .map_err(|e| error(&e))?;
        Ok(changed as u64)
    }

    fn look(&mut self, questions: &[Question<'_>]) -> Result<Vec<Facts>, Error> {
        let look = |asked| attempts::look(&self.connection, asked);
        let facts: rusqlite::Result<Vec<Facts>> = questions.iter().map(look).collect();
        facts.map_err(|e| error(&e))
    }

    fn write(&mut self, changes: &[Change<'_>]) -> Result<Vec<Option<u64>>, Error> {
        let write = |change| attempts::write(&self.connection, change);
        let numbers: rusqlite::Result<Vec<Option<u64>>> = changes.iter().map(write).collect();
        numbers.map_err(|e| error(&e))
    }

    /// A failed sync means that nobody knows what is on the disk: the system may have dropped what it
    /// could not write and call it clean (Rebello et al., "Can applications recover from fsync
    /// failures?", USENIX ATC 2020). So all that the log has is written and synced again, into the
    /// file itself, before anything more is confirmed.
    fn reopen(&mut self) -> Result<(), Error> {
        let fresh = Sqlite::open(&self.path, false)?;
        // Only now is the old connection closed: never the last one, which would checkpoint unseen.
        *self = fresh;
        if let Some(fault) = self.check()?.first() {
            return Err(Error::new(Trouble::Broken, fault));
        }
        let busy = self.number("PRAGMA wal_checkpoint(TRUNCATE)")?;
        if busy != 0 {
            return Err(Error::new(Trouble::Busy, "its log is in use"));
        }
        Ok(())
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn check(&mut self) -> Result<Vec<String>, Error> {
        let mut faults = Vec::new();
        for sql in ["PRAGMA integrity_check", "PRAGMA foreign_key_check"] {
            for row in self.rows(sql, &[])? {
                match &row.0[..] {
                    [Value::Text(line)] if line == "ok" => {}
                    [Value::Text(line)] => faults.push(line.clone()),
                    other => faults.push(format!("{other:?}")),
                }
            }
        }
        Ok(faults)
    }

    fn backup(&mut self, to: &Path) -> Result<(), Error> {
        if to.exists() {
            return Err(Error::new(
                Trouble::Open,
                format!("{} is there already", to.display()),
            ));
        }
        private(to);
        let to = to.to_string_lossy().into_owned();
        let copied = self.connection.execute("VACUUM INTO ?1", [&to]);
        copied.map_err(|e| error(&e))?;
        let file = fs::File::open(&to).and_then(|file| file.sync_all());
        file.map_err(|e| Error::new(Trouble::Broken, e))
    }
}

/// Makes an empty file that only its owner reads, if there is none: names and DNIs are nobody else's business. SQLite
/// gives its log the same permissions.
fn private(path: &Path) {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    // Whatever is wrong, SQLite says it better.
    let _ = options.open(path);
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn value(from: ValueRef<'_>) -> Value {
    match from {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Int(number as i64),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

fn opening(error: &rusqlite::Error) -> Error {
    let trouble = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => Trouble::Foreign,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Trouble::Busy,
        Some(ErrorCode::DiskFull) => Trouble::Full,
        Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt) => Trouble::Broken,
        _ => Trouble::Open,
    };
    Error::new(trouble, error)
}

fn error(error: &rusqlite::Error) -> Error {
    let trouble = match error.sqlite_error_code() {
        // A rule of a table, or a value of another type than its column's.
        Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch) => Trouble::Entry,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Trouble::Busy,
        Some(ErrorCode::DiskFull) => Trouble::Full,
        _ => Trouble::Broken,
    };
    Error::new(trouble, error)
}

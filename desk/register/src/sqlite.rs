//! A register in one file: SQLite, set up so that committed data survives a power cut.

mod attempts;
mod file;
mod owner;
mod restore;
mod setup;

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, ErrorCode, MAIN_DB, ToSql};
use socklab_files::{hard_links, others_may_read, unused_name, with_suffix};

use crate::detail::Detail;
use crate::error::{Error, ErrorKind, Notice};
use crate::facts::{Change, Facts, Query};
use crate::sql::{Merge, Row, Sql, Value};
use file::{FileState, OpenFile};
pub(crate) use restore::restore;
use setup::{integrity, open, open_to_read, schema_of_a_new_file};

/// How long to wait while another process writes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Marks the file as ours: `sock` (SQLite's `application_id`).
const APPLICATION: i64 = 0x736f_636b;

/// How many pages the log may have before it is merged into the file: SQLite's own default.
const LOG: i32 = 1000;

/// An open SQLite file.
pub(crate) struct Sqlite {
    file: OpenFile,
    connection: Connection,
    notices: Vec<Notice>,
    /// Whether the file's content was copied after its name was lost.
    saved: bool,
}

impl Sqlite {
    /// Opens the file. If it does not exist, creates it if `create`.
    pub(crate) fn open(named: &Path, create: bool) -> Result<Self, Error> {
        let mut notices = Vec::new();
        if create && fs::symlink_metadata(named).is_err() {
            notices.extend(owner::orphan(named)?.map(Notice::LogSetAside));
        }
        let path = file::find(named, create)?;
        if let Some(mode) = others_may_read(&path) {
            let path = named.to_owned();
            notices.push(Notice::OpenToAll { path, mode });
        }
        let names = hard_links(&path);
        if names > 1 {
            let path = named.to_owned();
            notices.push(Notice::OtherNames { path, names });
        }
        notices.extend(owner::settle(&path)?.map(Notice::LogSetAside));
        let opened = open(&path).or_else(|e| match file::is_read_only(&path) {
            true if !create => open_to_read(&path),
            true => Err(Error::new(ErrorKind::ReadOnly, e.detail)),
            false => Err(e),
        });
        let (connection, copy) = opened?;
        Ok(Sqlite {
            file: OpenFile::new(named, &path, copy)?,
            connection,
            notices,
            saved: false,
        })
    }

    fn script(&self, sql: &str) -> Result<(), Error> {
        Ok(self.connection.execute_batch(sql)?)
    }

    /// Checks before and after each commit that the file still has its name. Otherwise the register
    /// would confirm submissions that are in a file which cannot be found later.
    fn still_there(&mut self) -> Result<(), Error> {
        let detail = match self.file.check() {
            FileState::Same => return Ok(()),
            FileState::Moved => Detail::Moved,
            FileState::LogMoved => Detail::LogMoved,
            FileState::Replaced => Detail::Replaced,
        };
        Err(Error::new(ErrorKind::Moved, detail))
    }

    /// Merges the log into the file. Returns `false` if other programs kept some of it from being
    /// merged.
    fn checkpoint(&mut self, how: CheckpointMode) -> Result<bool, Error> {
        let merged = checkpoint(&self.connection, how);
        self.file.refresh();
        match merged {
            Ok((log, done)) => Ok(log == done),
            Err(e) if e.kind == ErrorKind::Busy => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Merges all of the log, unless another program is reading it.
    fn checkpoint_now(&mut self) -> Result<(), Error> {
        self.connection.busy_timeout(Duration::ZERO)?;
        let merged = self.checkpoint(CheckpointMode::TRUNCATE);
        self.connection.busy_timeout(PATIENCE)?;
        merged.map(drop)
    }

    /// Copies the open file to a new name beside its old one. If the file has been deleted, its
    /// content would otherwise be gone when this program closes it.
    fn save(&mut self) -> Result<(), Error> {
        if self.saved {
            return Ok(());
        }
        let to = unused_name(&with_suffix(self.file.real_path(), ".saved"));
        restore::copy(&self.connection, &to)?;
        self.saved = true;
        self.notices.push(Notice::Saved(to));
        Ok(())
    }

    /// Makes SQLite leave the log alone on close. It would merge it, and delete whatever file has
    /// the log's name now.
    fn keep_log(&self) {
        let option = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        let _ = self.connection.set_db_config(option, true);
    }
}

/// Merges the log. Returns how many pages it has, and how many of them are in the file now. Called
/// directly, because SQLite parses a PRAGMA anew each time.
fn checkpoint(connection: &Connection, how: CheckpointMode) -> Result<(i32, i32), Error> {
    Ok(connection.wal_checkpoint_v2(Some(MAIN_DB), how)?)
}

impl Sql for Sqlite {
    fn begin(&mut self) -> Result<(), Error> {
        self.run("BEGIN IMMEDIATE", &[]).map(drop)
    }

    fn commit(&mut self) -> Result<(), Error> {
        self.still_there()?;
        self.run("COMMIT", &[])?;
        self.still_there()
    }

    fn rollback(&mut self) {
        if !self.connection.is_autocommit() {
            // If even this fails, closing the connection rolls back.
            let _ = self.script("ROLLBACK");
        }
    }

    fn rows(&mut self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, Error> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(values))?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let values = (0..columns).map(|at| Ok(value(row.get_ref(at)?)));
            all.push(Row(values.collect::<Result<_, Error>>()?));
        }
        Ok(all)
    }

    fn run(&mut self, sql: &'static str, values: &[Value]) -> Result<u64, Error> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let changed = statement.execute(rusqlite::params_from_iter(values))?;
        Ok(changed as u64)
    }

    fn facts(&mut self, queries: &[Query<'_>]) -> Result<Vec<Facts>, Error> {
        let look = |asked| Ok(attempts::facts(&self.connection, asked)?);
        queries.iter().map(look).collect()
    }

    fn write(&mut self, changes: &[Change<'_>]) -> Result<Vec<Option<u64>>, Error> {
        let write = |change| Ok(attempts::write(&self.connection, change)?);
        changes.iter().map(write).collect()
    }

    /// After a failed sync, the content of the disk is unknown: the system may have dropped pages
    /// that it could not write and marked them as clean (Rebello et al., "Can applications recover
    /// from fsync failures?", USENIX ATC 2020). So the whole log is written again, into the file
    /// itself, and synced, before any more is confirmed.
    fn reopen(&mut self) -> Result<(), Error> {
        match self.file.check() {
            FileState::Same => {}
            // Close the old connection first: two connections of one process share the index of a
            // log.
            FileState::LogMoved => {
                self.checkpoint(CheckpointMode::TRUNCATE)?;
                let none = Connection::open_in_memory().map_err(opening)?;
                file::close(std::mem::replace(&mut self.connection, none))?;
            }
            FileState::Moved | FileState::Replaced => return self.still_there(),
        }
        let (fresh, copy) = open(self.file.real_path())?;
        // Close the old connection only now. The last connection to a file merges the log as it
        // closes, and would not report an error.
        self.connection = fresh;
        self.saved = false;
        self.file = OpenFile::new(self.file.given_path(), self.file.real_path(), copy)?;
        if let Some(fault) = self.check()?.into_iter().next() {
            return Err(Error::new(ErrorKind::Broken, fault));
        }
        if !self.checkpoint(CheckpointMode::TRUNCATE)? {
            return Err(Error::new(ErrorKind::Busy, Detail::Read));
        }
        Ok(())
    }

    fn merge(&mut self, when: Merge) -> Result<(), Error> {
        match when {
            Merge::IfLong => {
                let (log, done) = checkpoint(&self.connection, CheckpointMode::NOOP)?;
                if log - done < LOG {
                    return Ok(());
                }
                self.still_there()?;
                self.checkpoint(CheckpointMode::PASSIVE)?;
            }
            Merge::Idle => {
                self.still_there()?;
                self.checkpoint_now()?;
            }
            Merge::Last => {
                let merged = self.still_there().and_then(|()| self.checkpoint_now());
                if merged.is_err() {
                    self.keep_log();
                }
                return merged;
            }
            Merge::Leave => {
                let state = self.file.check();
                // Confirmed submissions belong in the open file, wherever that is now.
                let merged = match state {
                    FileState::Moved | FileState::LogMoved => self.checkpoint_now(),
                    FileState::Same | FileState::Replaced => Ok(()),
                };
                if state == FileState::Moved {
                    self.save()?;
                }
                self.keep_log();
                merged?;
            }
        }
        Ok(())
    }

    fn erase(&mut self) -> Result<(), Error> {
        let in_use = || Error::new(ErrorKind::Busy, Detail::Read);
        if !self.checkpoint(CheckpointMode::TRUNCATE)? {
            return Err(in_use());
        }
        // VACUUM rewrites the whole file, so that no page keeps deleted data.
        self.script("VACUUM")?;
        match self.checkpoint(CheckpointMode::TRUNCATE)? {
            true => Ok(()),
            false => Err(in_use()),
        }
    }

    fn notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn check(&mut self) -> Result<Vec<Detail>, Error> {
        let faults = integrity(&self.connection)?;
        Ok(faults.into_iter().map(Detail::Quoted).collect())
    }

    fn backup(&mut self, to: &Path) -> Result<(), Error> {
        restore::copy(&self.connection, to)
    }
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

/// The error of a register that cannot be opened.
fn opening(error: rusqlite::Error) -> Error {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => ErrorKind::Foreign,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => ErrorKind::Busy,
        Some(ErrorCode::DiskFull) => ErrorKind::Full,
        Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt) => ErrorKind::Broken,
        _ => ErrorKind::Open,
    };
    Error::new(kind, error)
}

/// The errors of a register that is open.
impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let kind = match error.sqlite_error_code() {
            // A value breaks a constraint of its table, or has another type than its column.
            Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch) => ErrorKind::Entry,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => ErrorKind::Busy,
            Some(ErrorCode::DiskFull) => ErrorKind::Full,
            Some(ErrorCode::ReadOnly) => ErrorKind::ReadOnly,
            _ => ErrorKind::Broken,
        };
        Error::new(kind, error)
    }
}

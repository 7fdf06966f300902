//! The operations that this crate needs of a database, so that everything else is written once.
//!
//! Statements number their values `$1`, `$2`, … in the order of their first use, which both
//! databases accept.

use std::fmt;

use crate::detail::Detail;
use crate::error::{Error, ErrorKind, Notice};
use crate::facts::{Change, Facts, Query};

/// A value in a row or for a statement.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// Hides text and bytes, which may be names, DNIs or secrets: an error shows an unexpected value.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("NULL"),
            Value::Int(number) => number.fmt(f),
            Value::Text(text) => write!(f, "TEXT({})", text.len()),
            Value::Bytes(bytes) => write!(f, "BLOB({})", bytes.len()),
        }
    }
}

/// When to merge SQLite's log into the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Merge {
    /// Between two batches, if it has grown long.
    IfLong,
    /// Now, whatever its length, because there is time.
    Idle,
    /// Completely, because the register is being closed.
    Last,
    /// Not at all, because the disk cannot be trusted. But if the file's name no longer leads to
    /// the open file, the log is merged while that is possible.
    Leave,
}

/// One row of an answer.
#[derive(Debug)]
pub(crate) struct Row(pub(crate) Vec<Value>);

/// A connection to a database that holds a register.
pub(crate) trait Sql: Send {
    /// Begins a transaction that may write.
    fn begin(&mut self) -> Result<(), Error>;

    /// Makes the transaction durable: when this returns, a power cut cannot undo it.
    fn commit(&mut self) -> Result<(), Error>;

    /// Drops the transaction, if there is one.
    fn rollback(&mut self);

    /// Runs a statement and gives its rows.
    fn rows(&mut self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, Error>;

    /// Runs a statement and says how many rows it changed.
    fn run(&mut self, sql: &'static str, values: &[Value]) -> Result<u64, Error>;

    /// The facts about each attempt, within a transaction. The transaction locks their DNIs until
    /// it ends.
    fn facts(&mut self, queries: &[Query<'_>]) -> Result<Vec<Facts>, Error>;

    /// Writes the changes for attempts. Returns the number of each that is a submission now.
    fn write(&mut self, changes: &[Change<'_>]) -> Result<Vec<Option<u64>>, Error>;

    /// After a failure: connects again, and checks that the register is whole and durable.
    fn reopen(&mut self) -> Result<(), Error>;

    /// Moves the content of a log into the file. After an error the register must be
    /// [reopened](Sql::reopen).
    fn merge(&mut self, _: Merge) -> Result<(), Error> {
        Ok(())
    }

    /// Overwrites deleted data, wherever it was stored.
    fn erase(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// What was noticed when it was opened.
    fn notices(&mut self) -> Vec<Notice> {
        Vec::new()
    }

    /// Whether others may write at the same time, so that a batch must take its locks in one order.
    fn is_shared(&self) -> bool;

    /// Checks the whole register. Returns its faults.
    fn check(&mut self) -> Result<Vec<Detail>, Error>;

    /// Copies the whole register into a new file while it is in use.
    fn backup(&mut self, to: &std::path::Path) -> Result<(), Error>;

    /// The number of the first row, if there is one.
    fn number(&mut self, sql: &'static str, values: &[Value]) -> Result<Option<i64>, Error> {
        self.row(sql, values)?
            .map_or(Ok(None), |row| row.maybe_int(0))
    }

    /// The first row, if there is one.
    fn row(&mut self, sql: &'static str, values: &[Value]) -> Result<Option<Row>, Error> {
        Ok(self.rows(sql, values)?.into_iter().next())
    }
}

/// Does `work` in a transaction: all of it or nothing.
pub(crate) fn within<S: Sql + ?Sized, T>(
    sql: &mut S,
    work: impl FnOnce(&mut S) -> Result<T, Error>,
) -> Result<T, Error> {
    sql.begin()?;
    let done = work(sql).and_then(|done| sql.commit().map(|()| done));
    if done.is_err() {
        sql.rollback();
    }
    done
}

/// One of the register's own values.
pub(crate) fn recall(sql: &mut dyn Sql, key: &str) -> Result<Option<Vec<u8>>, Error> {
    let row = sql.row("SELECT value FROM meta WHERE key = $1", &[key.into()])?;
    row.map(|row| row.bytes(0)).transpose()
}

/// Sets one of the register's own values.
pub(crate) fn remember(sql: &mut dyn Sql, key: &str, value: &[u8]) -> Result<(), Error> {
    let statement = "INSERT INTO meta (key, value) VALUES ($1, $2)
        ON CONFLICT (key) DO UPDATE SET value = $2";
    sql.run(statement, &[key.into(), value.into()]).map(drop)
}

/// The error for a column with an unexpected value.
fn unlike(at: usize, found: impl fmt::Debug) -> Error {
    let found = format!("{found:?}");
    Error::new(ErrorKind::Broken, Detail::Column { at, found })
}

impl Row {
    fn value(&self, at: usize) -> Result<&Value, Error> {
        self.0.get(at).ok_or_else(|| unlike(at, Value::Null))
    }

    /// A number that may be missing.
    pub(crate) fn maybe_int(&self, at: usize) -> Result<Option<i64>, Error> {
        match self.value(at)? {
            Value::Null => Ok(None),
            Value::Int(number) => Ok(Some(*number)),
            other => Err(unlike(at, other)),
        }
    }

    /// A number.
    pub(crate) fn int(&self, at: usize) -> Result<i64, Error> {
        self.maybe_int(at)?.ok_or_else(|| unlike(at, Value::Null))
    }

    /// A number that is not negative.
    pub(crate) fn count(&self, at: usize) -> Result<u64, Error> {
        let number = self.int(at)?;
        u64::try_from(number).map_err(|_| unlike(at, number))
    }

    /// Text; empty where there is none.
    pub(crate) fn text(&self, at: usize) -> Result<String, Error> {
        match self.value(at)? {
            Value::Null => Ok(String::new()),
            Value::Text(text) => Ok(text.clone()),
            other => Err(unlike(at, other)),
        }
    }

    /// Bytes; empty where there are none.
    pub(crate) fn bytes(&self, at: usize) -> Result<Vec<u8>, Error> {
        match self.value(at)? {
            Value::Null => Ok(Vec::new()),
            Value::Bytes(bytes) => Ok(bytes.clone()),
            other => Err(unlike(at, other)),
        }
    }
}

macro_rules! values {
    ($($from:ty => $to:expr;)*) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Value {
                $to(value)
            }
        }
    )*};
}

values! {
    i64 => Value::Int;
    u64 => |value| Value::Int(i64::try_from(value).unwrap_or(i64::MAX));
    u32 => |value| Value::Int(i64::from(value));
    u16 => |value| Value::Int(i64::from(value));
    &str => |value: &str| Value::Text(value.to_owned());
    String => Value::Text;
    Vec<u8> => Value::Bytes;
    &[u8] => |value: &[u8]| Value::Bytes(value.to_vec());
}

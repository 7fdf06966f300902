//! A register on PostgreSQL, for several servers behind one address.

mod address;
mod attempts;
mod connection;
mod tls;

use std::collections::HashMap;
use std::path::Path;

use tokio_postgres::Statement;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use address::Address;
use connection::{CallError, Connection, DEADLINE, PATIENCE};

use crate::detail::Detail;
use crate::error::{Error, ErrorKind};
use crate::facts::{Change, Facts, Query};
use crate::schema;
use crate::sql::{Row, Sql, Value, within};

/// Takes an advisory lock with a number of our own, so that one program at a time creates the
/// tables.
const MIGRATING: &str = "SELECT pg_advisory_xact_lock(1936679787)";

/// An open register on a PostgreSQL server.
pub(crate) struct Postgres {
    address: Address,
    client: Connection,
    statements: HashMap<&'static str, Statement>,
}

impl Postgres {
    /// Connects to `postgres://user@host/database`, and creates the tables if they do not exist.
    pub(crate) fn open(url: &str) -> Result<Self, Error> {
        let address = Address::read(url)?;
        let client = connect(&address)?;
        let mut postgres = Postgres {
            address,
            client,
            statements: HashMap::new(),
        };
        postgres.migrate()?;
        Ok(postgres)
    }

    fn migrate(&mut self) -> Result<(), Error> {
        let newest = schema::VERSIONS.len();
        within(self, |postgres| {
            postgres.script(MIGRATING)?;
            postgres
                .script("CREATE TABLE IF NOT EXISTS socklab_schema (version BIGINT NOT NULL)")?;
            let version = postgres.number("SELECT max(version) FROM socklab_schema", &[])?;
            let version = usize::try_from(version.unwrap_or(0)).unwrap_or(0);
            if version > newest {
                let [version, newest] = [version, newest].map(|number| number as i64);
                let detail = Detail::Schema { version, newest };
                return Err(Error::new(ErrorKind::Newer, detail));
            }
            for (at, step) in schema::VERSIONS.iter().enumerate().skip(version) {
                postgres.script(&step(schema::Dialect::Postgres))?;
                let made = Value::from(at as u64 + 1);
                postgres.run("INSERT INTO socklab_schema (version) VALUES ($1)", &[made])?;
            }
            Ok(())
        })
    }

    fn script(&mut self, sql: &str) -> Result<(), Error> {
        let done = self.client.batch_execute(sql);
        done.map_err(|e| self.failed(&e))
    }

    /// Translates the error of a failed call.
    fn failed(&self, error: &tokio_postgres::Error) -> Error {
        if let Some(time) = self.client.silent() {
            return silent(time);
        }
        let code = error.code().map_or("", |state| state.code());
        let kind = match code {
            // Lock not available, query cancelled, deadlock, serialization failure.
            "55P03" | "57014" | "40P01" | "40001" => ErrorKind::Busy,
            "53100" => ErrorKind::Full,
            // Data exceptions and integrity constraints: a value is at fault.
            _ if code.starts_with("22") || code.starts_with("23") => ErrorKind::Entry,
            _ => ErrorKind::Broken,
        };
        Error::new(kind, cause(error))
    }

    fn statement(&mut self, sql: &'static str) -> Result<Statement, Error> {
        if let Some(known) = self.statements.get(sql) {
            return Ok(known.clone());
        }
        let prepared = self.client.prepare(sql);
        let statement = prepared.map_err(|e| self.failed(&e))?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }
}

fn connect(address: &Address) -> Result<Connection, Error> {
    let opened = Connection::open(&address.config, address.tls.as_ref());
    let mut client = opened.map_err(|failed| match failed {
        CallError::Silent => silent(DEADLINE),
        CallError::Reported(error) => opening(cause(&error)),
        CallError::System(error) => Error::system(ErrorKind::Open)(error),
    })?;
    // The last two settings are there because plans are made while the tables are still empty, when
    // reading a whole table looks cheapest. `fsync` belongs to the server's configuration, so it is
    // only checked; `synchronous_commit` belongs to this connection.
    let settings = format!(
        "SET synchronous_commit = on; SET lock_timeout = {0}; SET statement_timeout = {0};
         SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan;",
        PATIENCE.as_millis()
    );
    let set = client.batch_execute(&settings);
    let fsync = set.and_then(|()| client.query_one("SHOW fsync"));
    let fsync = fsync.map_err(|error| match client.silent() {
        Some(time) => silent(time),
        None => opening(cause(&error)),
    })?;
    if fsync.get::<_, String>(0) != "on" {
        return Err(Error::new(ErrorKind::NotDurable, Detail::NoFsync));
    }
    Ok(client)
}

fn opening(detail: impl Into<Detail>) -> Error {
    Error::new(ErrorKind::Open, detail)
}

fn silent(time: std::time::Duration) -> Error {
    Error::new(ErrorKind::Silent, Detail::NoAnswer(time))
}

impl Sql for Postgres {
    fn begin(&mut self) -> Result<(), Error> {
        self.script("BEGIN")
    }

    fn commit(&mut self) -> Result<(), Error> {
        let done = self.client.commit();
        done.map_err(|e| self.failed(&e))
    }

    fn rollback(&mut self) {
        // If the connection is lost, the server has rolled back.
        let _ = self.script("ROLLBACK");
    }

    fn rows(&mut self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, Error> {
        let statement = self.statement(sql)?;
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        let rows = self.client.query(&statement, &values);
        let rows = rows.map_err(|e| self.failed(&e))?;
        rows.iter()
            .map(|row| {
                let values = (0..row.len()).map(|at| row.try_get(at));
                let values: Result<Vec<Value>, tokio_postgres::Error> = values.collect();
                Ok(Row(values.map_err(|e| self.failed(&e))?))
            })
            .collect()
    }

    fn run(&mut self, sql: &'static str, values: &[Value]) -> Result<u64, Error> {
        let statement = self.statement(sql)?;
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        let done = self.client.execute(&statement, &values);
        done.map_err(|e| self.failed(&e))
    }

    fn facts(&mut self, queries: &[Query<'_>]) -> Result<Vec<Facts>, Error> {
        let (hold, look) = (
            self.statement(attempts::HOLD)?,
            self.statement(attempts::LOOK)?,
        );
        let held = attempts::hold(&mut self.client, &hold, queries);
        let facts = held.and_then(|()| attempts::facts(&mut self.client, &look, queries));
        facts.map_err(|e| self.failed(&e))
    }

    fn write(&mut self, changes: &[Change<'_>]) -> Result<Vec<Option<u64>>, Error> {
        let statement = self.statement(attempts::WRITE)?;
        match attempts::write(&mut self.client, &statement, changes) {
            Ok((numbers, true)) => Ok(numbers),
            // The lock on the DNI should make this impossible. The table's constraint is a last
            // safeguard.
            Ok((_, false)) => Err(Error::new(ErrorKind::Entry, Detail::UsedMeanwhile)),
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn reopen(&mut self) -> Result<(), Error> {
        self.statements.clear();
        self.client = connect(&self.address)?;
        self.migrate()
    }

    fn is_shared(&self) -> bool {
        true
    }

    /// PostgreSQL checks its own files. This checks only that the rows are consistent.
    fn check(&mut self) -> Result<Vec<Detail>, Error> {
        let lost = self.rows(
            "SELECT number FROM submissions s WHERE NOT EXISTS
                (SELECT 1 FROM attempts a WHERE a.id = s.attempt AND a.dni = s.dni AND a.lab = s.lab)",
            &[],
        )?;
        lost.iter()
            .map(|row| Ok(Detail::NoAttempt(row.count(0)?)))
            .collect()
    }

    fn backup(&mut self, _: &Path) -> Result<(), Error> {
        Err(Error::new(ErrorKind::Input, Detail::PostgresBackup))
    }
}

/// Values are sent in the binary format. They are integers, text and bytes only.
impl ToSql for Value {
    fn to_sql(
        &self,
        of: &Type,
        out: &mut tokio_postgres::types::private::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(number) => number.to_sql(of, out),
            Value::Text(text) => text.to_sql(of, out),
            Value::Bytes(bytes) => bytes.to_sql(of, out),
        }
    }

    fn accepts(of: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(of)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(
        of: &Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match *of {
            Type::INT8 => Value::Int(i64::from_sql(of, raw)?),
            Type::BYTEA => Value::Bytes(raw.to_vec()),
            _ => Value::Text(String::from_sql(of, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Value::Null)
    }

    fn accepts(of: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(of)
    }
}

/// The server's own message, without what the library puts around it.
fn cause(error: &tokio_postgres::Error) -> Detail {
    if let Some(said) = error.as_db_error() {
        return Detail::Quoted(said.message().to_owned());
    }
    let source = std::error::Error::source(error);
    Detail::Quoted(source.map_or_else(|| error.to_string(), ToString::to_string))
}

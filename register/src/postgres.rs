//! A register on PostgreSQL, for several servers behind one address.

mod attempts;

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Config, NoTls, Statement};

use crate::error::{Error, Trouble};
use crate::facts::{Change, Facts, Question};
use crate::schema;
use crate::sql::{Row, Sql, Value, within};

/// How long to try to reach the server, and how long a statement may wait for others.
const PATIENCE: Duration = Duration::from_secs(10);

/// A number of our own, so that only one program at a time makes the tables.
const MIGRATING: &str = "SELECT pg_advisory_xact_lock(1936679787)";

/// A connection.
pub(crate) struct Postgres {
    config: Config,
    client: Client,
    statements: HashMap<&'static str, Statement>,
}

impl Postgres {
    /// Connects to `postgres://user@host/database` and makes the tables if they are not there.
    pub(crate) fn open(url: &str) -> Result<Self, Error> {
        let bad = |error: postgres::Error| Error::new(Trouble::Open, cause(&error));
        let mut config: Config = url.parse().map_err(bad)?;
        config.connect_timeout(PATIENCE);
        config.application_name("socklab");
        let client = connect(&config)?;
        let mut postgres = Postgres {
            config,
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
            let row = postgres.row("SELECT max(version) FROM socklab_schema", &[])?;
            let version = row.map_or(Ok(None), |row| row.maybe_int(0))?.unwrap_or(0);
            let version = usize::try_from(version).unwrap_or(0);
            if version > newest {
                let detail = format!(
                    "its schema is version {version}, and this program knows up to {newest}"
                );
                return Err(Error::new(Trouble::Newer, detail));
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
        self.client.batch_execute(sql).map_err(|e| error(&e))
    }

    fn statement(&mut self, sql: &'static str) -> Result<Statement, Error> {
        if let Some(known) = self.statements.get(sql) {
            return Ok(known.clone());
        }
        let statement = self.client.prepare(sql).map_err(|e| error(&e))?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }
}

fn connect(config: &Config) -> Result<Client, Error> {
    let opening = |error: postgres::Error| Error::new(Trouble::Open, cause(&error));
    let mut client = config.connect(NoTls).map_err(opening)?;
    // Plans are made while the tables are still empty, where reading all of them looks cheapest: hence the last two.
    // `fsync` is the server's own business and is only looked at; the commit is this connection's.
    let settings = format!(
        "SET synchronous_commit = on; SET lock_timeout = {0}; SET statement_timeout = {0};
         SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan;",
        PATIENCE.as_millis()
    );
    client.batch_execute(&settings).map_err(opening)?;
    let row = client.query_one("SHOW fsync", &[]).map_err(opening)?;
    if row.get::<_, String>(0) != "on" {
        let detail = "the server runs with fsync off";
        return Err(Error::new(Trouble::NotDurable, detail));
    }
    Ok(client)
}

impl Sql for Postgres {
    fn begin(&mut self) -> Result<(), Error> {
        self.script("BEGIN")
    }

    fn commit(&mut self) -> Result<(), Error> {
        self.script("COMMIT")
    }

    fn rollback(&mut self) {
        // A connection that is lost has rolled back.
        let _ = self.script("ROLLBACK");
    }

    fn rows(&mut self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, Error> {
        let statement = self.statement(sql)?;
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        let rows = self
            .client
            .query(&statement, &values)
            .map_err(|e| error(&e))?;
        rows.iter()
            .map(|row| {
                let values = (0..row.len()).map(|at| row.try_get(at));
                let values: Result<Vec<Value>, postgres::Error> = values.collect();
                Ok(Row(values.map_err(|e| error(&e))?))
            })
            .collect()
    }

    fn run(&mut self, sql: &'static str, values: &[Value]) -> Result<u64, Error> {
        let statement = self.statement(sql)?;
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        self.client
            .execute(&statement, &values)
            .map_err(|e| error(&e))
    }

    fn look(&mut self, questions: &[Question<'_>]) -> Result<Vec<Facts>, Error> {
        let (hold, look) = (
            self.statement(attempts::HOLD)?,
            self.statement(attempts::LOOK)?,
        );
        attempts::hold(&mut self.client, &hold, questions)
            .and_then(|()| attempts::look(&mut self.client, &look, questions))
            .map_err(|e| error(&e))
    }

    fn write(&mut self, changes: &[Change<'_>]) -> Result<Vec<Option<u64>>, Error> {
        let statement = self.statement(attempts::WRITE)?;
        match attempts::write(&mut self.client, &statement, changes) {
            Ok((numbers, true)) => Ok(numbers),
            // Whoever holds a DNI has its codes to itself. The table's own rule is the last guard.
            Ok((_, false)) => Err(Error::new(
                Trouble::Entry,
                "a code was used by another at the same moment",
            )),
            Err(failed) => Err(error(&failed)),
        }
    }

    fn reopen(&mut self) -> Result<(), Error> {
        self.statements.clear();
        self.client = connect(&self.config)?;
        self.migrate()
    }

    fn is_shared(&self) -> bool {
        true
    }

    /// PostgreSQL checks itself; what can be asked is whether its rows fit together.
    fn check(&mut self) -> Result<Vec<String>, Error> {
        let lost = self.rows(
            "SELECT number FROM submissions s WHERE NOT EXISTS
                (SELECT 1 FROM attempts a WHERE a.id = s.attempt AND a.dni = s.dni AND a.lab = s.lab)",
            &[],
        )?;
        lost.iter()
            .map(|row| Ok(format!("submission {} has no attempt", row.int(0)?)))
            .collect()
    }

    fn backup(&mut self, _: &Path) -> Result<(), Error> {
        let detail = "PostgreSQL makes its own backups: use pg_dump";
        Err(Error::new(Trouble::Input, detail))
    }
}

/// Rows and values travel in binary: whole numbers, text and bytes are all there is.
impl ToSql for Value {
    fn to_sql(
        &self,
        of: &Type,
        out: &mut postgres::types::private::BytesMut,
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

fn error(error: &postgres::Error) -> Error {
    let code = error.code().map_or("", |state| state.code());
    let trouble = match code {
        // Lock not available, query cancelled, deadlock, serialization failure.
        "55P03" | "57014" | "40P01" | "40001" => Trouble::Busy,
        "53100" => Trouble::Full,
        // Data exceptions and integrity constraints: a value's fault.
        _ if code.starts_with("22") || code.starts_with("23") => Trouble::Entry,
        _ => Trouble::Broken,
    };
    Error::new(trouble, cause(error))
}

/// What was wrong, without the library's own words around it.
fn cause(error: &postgres::Error) -> String {
    if let Some(said) = error.as_db_error() {
        return said.message().to_owned();
    }
    let source = std::error::Error::source(error);
    source.map_or_else(|| error.to_string(), ToString::to_string)
}

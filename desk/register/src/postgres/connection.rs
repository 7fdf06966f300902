//! A connection to a PostgreSQL server, with a deadline for every call.
//!
//! A server that is paused, or whose route is gone, neither answers nor closes. Without a deadline
//! the writer, and with it the students, would wait for as long as the kernel does.

use std::pin::pin;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Error, NoTls, Row, Statement};

use super::tls::Tls;

/// How long to wait for the server in any one call, connecting included, except COMMIT. It is less
/// than a submission server waits for its register, so that students get an answer.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);

/// How long to wait for a COMMIT: nearly as long as a submission server waits for its register
/// (`SubmissionLimits::store`, 15 s). Only COMMIT waits for the disk, which may take seconds while
/// the server syncs a checkpoint, and `statement_timeout` does not interrupt it. If we gave up
/// earlier, we would not know whether the batch was recorded, and students would send it again to
/// a disk that is busy. A lost route is still noticed within [`DEADLINE`], by `tcp_user_timeout`.
const COMMIT_DEADLINE: Duration = Duration::from_secs(12);

/// How long a statement may run or wait for a lock before the server cancels it. It is less than
/// [`DEADLINE`], so that a server that is only busy can report so.
pub(super) const PATIENCE: Duration = Duration::from_secs(4);

/// Why a call failed.
#[derive(Debug)]
pub(super) enum CallError {
    /// The server did not answer in time.
    Silent,
    /// The server or the library reported an error.
    Reported(Error),
    /// The system has no thread or descriptor for the runtime.
    System(std::io::Error),
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        CallError::Reported(error)
    }
}

/// An open connection.
pub(super) struct Connection {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    client: Client,
    /// The task that reads and writes the socket. Once it is aborted, every call fails.
    driver: JoinHandle<()>,
    /// The deadline of the unanswered call that ended the connection; `None` if there was none.
    silent: Option<Duration>,
}

impl Connection {
    pub(super) fn open(config: &Config, tls: Option<&Tls>) -> Result<Self, CallError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(CallError::System)?;
        let opened = runtime.block_on(async { timeout(DEADLINE, connect(config, tls)).await });
        match opened {
            Ok(Ok((client, driver))) => Ok(Connection {
                runtime: Some(runtime),
                client,
                driver,
                silent: None,
            }),
            Ok(Err(error)) => {
                runtime.shutdown_background();
                Err(CallError::Reported(error))
            }
            Err(_) => {
                runtime.shutdown_background();
                Err(CallError::Silent)
            }
        }
    }

    /// If a call without an answer has ended the connection, how long it waited.
    pub(super) fn silent(&self) -> Option<Duration> {
        self.silent
    }

    pub(super) fn commit(&mut self) -> Result<(), Error> {
        self.call(COMMIT_DEADLINE, async |client| {
            client.batch_execute("COMMIT").await
        })
    }

    pub(super) fn prepare(&mut self, sql: &str) -> Result<Statement, Error> {
        self.call(DEADLINE, async |client| client.prepare(sql).await)
    }

    pub(super) fn execute(
        &mut self,
        statement: &Statement,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, Error> {
        self.call(DEADLINE, async |client| {
            client.execute(statement, values).await
        })
    }

    pub(super) fn query(
        &mut self,
        statement: &Statement,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        self.call(DEADLINE, async |client| {
            client.query(statement, values).await
        })
    }

    pub(super) fn batch_execute(&mut self, sql: &str) -> Result<(), Error> {
        self.call(DEADLINE, async |client| client.batch_execute(sql).await)
    }

    pub(super) fn query_one(&mut self, sql: &str) -> Result<Row, Error> {
        self.call(DEADLINE, async |client| client.query_one(sql, &[]).await)
    }

    /// Makes a call. If it takes longer than `deadline`, ends the connection: this call and all
    /// later ones then fail at once.
    fn call<T>(
        &mut self,
        deadline: Duration,
        call: impl AsyncFnOnce(&Client) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Connection {
            runtime,
            client,
            driver,
            silent,
        } = self;
        let Some(runtime) = runtime else {
            unreachable!("it is there until the connection is dropped");
        };
        runtime.block_on(async {
            let mut call = pin!(call(client));
            if let Ok(done) = timeout(deadline, &mut call).await {
                return done;
            }
            *silent = Some(deadline);
            driver.abort();
            call.await
        })
    }
}

/// Shuts the runtime down in the background: a name lookup cannot be interrupted, and must not be
/// waited for.
impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn connect(config: &Config, tls: Option<&Tls>) -> Result<(Client, JoinHandle<()>), Error> {
    // Ignore the driver's result: the call that was in progress gets the error.
    Ok(match tls {
        Some(tls) => {
            let (client, driver) = config.connect(tls.clone()).await?;
            (client, tokio::spawn(async { drop(driver.await) }))
        }
        None => {
            let (client, driver) = config.connect(NoTls).await?;
            (client, tokio::spawn(async { drop(driver.await) }))
        }
    })
}

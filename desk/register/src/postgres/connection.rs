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

/// How long to wait for the server in any one call, connecting included, but for a COMMIT. It is
/// less than the patience of a submission server, so that students are told.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);

/// How long to wait for a COMMIT: nearly as long as a submission server waits for its register
/// (`Limits::store`, 15 s). It alone waits for the disk, which may take seconds while the server
/// syncs a checkpoint, and `statement_timeout` does not interrupt it. Whoever gives up earlier does
/// not know whether the batch was recorded, and has its students send it again to a disk that is
/// busy. A route that is gone is noticed within [`DEADLINE`] all the same, by `tcp_user_timeout`.
const COMMIT_DEADLINE: Duration = Duration::from_secs(12);

/// How long a statement may wait for others or run, as the server counts it: less than
/// [`DEADLINE`], so that a server that is only busy can say so.
pub(super) const PATIENCE: Duration = Duration::from_secs(4);

/// Why a call failed.
#[derive(Debug)]
pub(super) enum Failed {
    /// The server did not answer in time.
    Silent,
    /// It, or the library, says why.
    Said(Error),
    /// The system gives no thread or descriptor to wait with.
    System(std::io::Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed::Said(error)
    }
}

/// An open connection.
pub(super) struct Connection {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    client: Client,
    /// What reads and writes the socket. Without it every call fails.
    driver: JoinHandle<()>,
    /// After how long a call without an answer was the end of it.
    silent: Option<Duration>,
}

impl Connection {
    pub(super) fn open(config: &Config, tls: Option<&Tls>) -> Result<Self, Failed> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(Failed::System)?;
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
                Err(Failed::Said(error))
            }
            Err(_) => {
                runtime.shutdown_background();
                Err(Failed::Silent)
            }
        }
    }

    /// For how long the server has left a call without an answer, which was the end of the
    /// connection.
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

    /// Does a call. If it takes too long, the connection ends, and so do the call and all after it,
    /// at once.
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

/// Whoever looks a name up cannot be interrupted, and is not waited for.
impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn connect(config: &Config, tls: Option<&Tls>) -> Result<(Client, JoinHandle<()>), Error> {
    // How a connection ended is told to the call that it ends.
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

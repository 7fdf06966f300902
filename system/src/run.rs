//! A runtime (`Backend`), and what each of its runs is given.

use std::io::{self, BufRead};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::available_parallelism;

use socklab_core::register::{Attempt, Decision, Done, Register};
use socklab_core::{Console, Doing, Failure, Machine, Observer, Outbox, Service, Status, Watch};

use crate::clock::Clock;
use crate::fault::fault;
use crate::limit::ConnectionLimit;
use crate::lock::lock;
use crate::socket;
use crate::stop::Stop;

/// An I/O model that can run every exercise.
///
/// Each call returns when the exchange, or the server, is over. `--runtime` chooses the
/// implementation and changes nothing that a peer or a script could see.
pub trait Backend {
    /// Its name on the command line and in transcripts.
    const NAME: &'static str;

    /// Whether it asks its sockets again and again, and so uses a core even when it is idle.
    const SPINS: bool = false;

    /// Whether it asks for what is to be done and is told when it is, instead of trying a call.
    const COMPLETIONS: bool = false;

    /// Whether it has TCP. UDP they all have.
    const STREAMS: bool = true;

    /// Whether this system has what the model needs.
    ///
    /// # Errors
    /// Why it has not.
    fn available() -> io::Result<()> {
        Ok(())
    }

    /// Runs one machine on the thread that called: a client, or a UDP server with its socket and
    /// the address that this is bound to.
    ///
    /// # Errors
    /// When the system refuses what the model itself needs.
    fn alone<M: Machine + 'static, W: Watch + 'static>(
        machine: M,
        server: Option<(SocketAddr, UdpSocket)>,
        run: &Arc<Run<W>>,
    ) -> io::Result<Status>;

    /// Runs a TCP server with its socket and the address that this is bound to, on the thread that
    /// called and as many others as the model wants.
    ///
    /// # Errors
    /// When the system refuses what the model itself needs.
    fn accept<S: Service + 'static, W: Watch + 'static>(
        server: (SocketAddr, TcpListener),
        service: Arc<S>,
        run: &Arc<Run<W>>,
    ) -> io::Result<Status>;

    /// Runs a client of either transport.
    fn client<M: Machine + 'static, W: Watch + 'static>(machine: M, run: &Arc<Run<W>>) -> Status {
        Self::alone(machine, None, run).unwrap_or_else(|error| broken(&error))
    }

    /// Runs a UDP server at `address`.
    fn serve_datagrams<M: Machine + 'static, W: Watch + 'static>(
        address: SocketAddr,
        machine: M,
        run: &Arc<Run<W>>,
    ) -> Status {
        serve_at(address, socket::bind_datagrams(address), |server| {
            Self::alone(machine, Some(server), run)
        })
    }

    /// Runs a UDP server at `address` that [may have several
    /// machines](socklab_core::lab::ServerKind::Endpoints). Most models need one; one with several
    /// loops makes one for each.
    ///
    /// The system deals the peers out by their addresses, so that a peer always meets the same
    /// machine. The first machine that ends ends the server: it requests the run's stop, for the
    /// others.
    fn serve_endpoints<M: Machine + 'static, W: Watch + 'static>(
        address: SocketAddr,
        mut make: impl FnMut() -> M,
        run: &Arc<Run<W>>,
    ) -> Status {
        Self::serve_datagrams(address, make(), run)
    }

    /// Runs a TCP server at `address`.
    fn serve_streams<S: Service + 'static, W: Watch + 'static>(
        address: SocketAddr,
        service: Arc<S>,
        run: &Arc<Run<W>>,
    ) -> Status {
        let bound = match Self::STREAMS {
            true => socket::bind_streams(address),
            false => Err(io::ErrorKind::Unsupported.into()),
        };
        serve_at(address, bound, |server| Self::accept(server, service, run))
    }
}

/// Serves with what was bound to `address`. Returns how that ended, or why it did not begin.
pub fn serve_at<T>(
    address: SocketAddr,
    bound: io::Result<T>,
    serve: impl FnOnce(T) -> io::Result<Status>,
) -> Status {
    match bound {
        Ok(bound) => serve(bound).unwrap_or_else(|error| broken(&error)),
        Err(error) => Status::Failed(Failure::Listen(address, fault(&error))),
    }
}

/// How a run ends when the system refuses what the model itself needs.
pub fn broken(error: &io::Error) -> Status {
    Status::Failed(Failure::Io(Doing::Opening, fault(error)))
}

/// All that a driver is given beside the machine. Shared by the threads or tasks of a run.
pub struct Run<W> {
    /// The run's clock.
    pub clock: Clock,
    /// The user's side.
    pub console: Arc<dyn Console>,
    /// Who watches.
    pub watch: W,
    /// How the run is told to stop.
    pub stop: Stop,
    /// Where submissions are recorded, for the exercise that needs it.
    pub register: Option<Arc<dyn Register>>,
    /// How many connections a server holds at once, and whom it turns away; shared by the servers
    /// of one program.
    pub limit: ConnectionLimit,
    /// How many threads a model has whose server has a fixed number of them; `None` for as many as
    /// it thinks right.
    pub threads: Option<NonZeroUsize>,
    connections: AtomicU64,
    lines: Mutex<Option<Box<dyn BufRead + Send>>>,
}

impl<W: Watch> Run<W> {
    /// A run without lines and without a register, for up to 1,024 connections at once.
    pub fn new(console: Arc<dyn Console>, watch: W) -> Self {
        Run {
            clock: Clock::start(),
            console,
            watch,
            stop: Stop::default(),
            register: None,
            limit: ConnectionLimit::waiting(1024),
            threads: None,
            connections: AtomicU64::new(0),
            lines: Mutex::new(None),
        }
    }

    /// The same, with lines for the user to have typed.
    #[must_use]
    pub fn with_lines(self, source: impl BufRead + Send + 'static) -> Self {
        *lock(&self.lines) = Some(Box::new(source));
        self
    }

    /// An outbox for conversations that tell `console`. What no console shows and no observer sees
    /// is not put into it.
    pub fn outbox(console: &dyn Console) -> Outbox {
        match console.shows() || W::Observer::STEPS {
            true => Outbox::new(),
            false => Outbox::new().unseen(),
        }
    }

    /// How many threads a server has: as many as [asked for](Run::threads), else what `default`
    /// makes of the number of cores that this process may use.
    pub fn threads_or(&self, default: impl FnOnce(usize) -> usize) -> usize {
        match self.threads {
            Some(threads) => threads.get(),
            None => default(available_parallelism().map_or(1, NonZeroUsize::get)),
        }
    }

    /// A number for the next connection, from 1.
    pub(crate) fn next_number(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Hands an attempt to the register. Without one, the decision is at once that it is
    /// unavailable.
    pub fn store(&self, attempt: Attempt, done: Done) {
        match &self.register {
            Some(register) => register.store(attempt, done),
            None => done(Decision::Unavailable),
        }
    }

    /// The source of the user's lines, for the one machine that reads them.
    pub(crate) fn take_lines(&self) -> Option<Box<dyn BufRead + Send>> {
        lock(&self.lines).take()
    }
}

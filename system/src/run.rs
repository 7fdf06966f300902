//! A runtime (`Backend`), and what each of its runs is given.

use std::io::{self, BufRead};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::available_parallelism;

use socklab_core::register::{Attempt, Decision, Done, Register};
use socklab_core::{
    Console, Doing, Failure, Machine, Observer, Observers, Outbox, Service, Status,
};

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
    /// The model's name on the command line and in transcripts.
    const NAME: &'static str;

    /// Whether the model polls its sockets in a loop, and so uses a core even when it is idle.
    const SPINS: bool = false;

    /// Whether the model works by completion: it submits operations instead of trying calls.
    const COMPLETIONS: bool = false;

    /// Whether the model supports TCP. All models support UDP.
    const STREAMS: bool = true;

    /// Whether this system has what the model needs.
    ///
    /// # Errors
    /// Says why the model cannot run here.
    fn available() -> io::Result<()> {
        Ok(())
    }

    /// Runs one machine on the calling thread: a client, or a UDP server if `server` has its socket
    /// and the address that this is bound to.
    ///
    /// # Errors
    /// When the system refuses what the model itself needs.
    fn run_machine<M: Machine + 'static, W: Observers + 'static>(
        machine: M,
        server: Option<(SocketAddr, UdpSocket)>,
        run: &Arc<Run<W>>,
    ) -> io::Result<Status>;

    /// Runs a TCP server, on the calling thread and as many others as the model wants. `server` has
    /// its socket and the address that this is bound to.
    ///
    /// # Errors
    /// When the system refuses what the model itself needs.
    fn serve_connections<S: Service + 'static, W: Observers + 'static>(
        server: (SocketAddr, TcpListener),
        service: Arc<S>,
        run: &Arc<Run<W>>,
    ) -> io::Result<Status>;

    /// Runs a client of either transport.
    fn client<M: Machine + 'static, W: Observers + 'static>(
        machine: M,
        run: &Arc<Run<W>>,
    ) -> Status {
        Self::run_machine(machine, None, run).unwrap_or_else(|error| setup_failed(&error))
    }

    /// Runs a UDP server at `address`.
    fn serve_datagrams<M: Machine + 'static, W: Observers + 'static>(
        address: SocketAddr,
        machine: M,
        run: &Arc<Run<W>>,
    ) -> Status {
        serve_at(address, socket::bind_datagrams(address), |server| {
            Self::run_machine(machine, Some(server), run)
        })
    }

    /// Runs a UDP server at `address` that [may have several
    /// machines](socklab_core::lab::ServerKind::Endpoints). Most models make one machine; a model
    /// with several loops makes one for each.
    ///
    /// The system distributes the peers by their addresses, so a peer always meets the same
    /// machine. When one machine ends, it requests the run's stop, and the whole server ends.
    fn serve_endpoints<M: Machine + 'static, W: Observers + 'static>(
        address: SocketAddr,
        mut make: impl FnMut() -> M,
        run: &Arc<Run<W>>,
    ) -> Status {
        Self::serve_datagrams(address, make(), run)
    }

    /// Runs a TCP server at `address`.
    fn serve_streams<S: Service + 'static, W: Observers + 'static>(
        address: SocketAddr,
        service: Arc<S>,
        run: &Arc<Run<W>>,
    ) -> Status {
        let bound = match Self::STREAMS {
            true => socket::bind_streams(address),
            false => Err(io::ErrorKind::Unsupported.into()),
        };
        serve_at(address, bound, |server| {
            Self::serve_connections(server, service, run)
        })
    }
}

/// Runs `serve` on what was bound to `address`. Returns how that ended, or why binding failed.
pub fn serve_at<T>(
    address: SocketAddr,
    bound: io::Result<T>,
    serve: impl FnOnce(T) -> io::Result<Status>,
) -> Status {
    match bound {
        Ok(bound) => serve(bound).unwrap_or_else(|error| setup_failed(&error)),
        Err(error) => Status::Failed(Failure::Listen(address, fault(&error))),
    }
}

/// The status of a run in which the system refused what the model itself needs.
pub fn setup_failed(error: &io::Error) -> Status {
    Status::Failed(Failure::Io(Doing::Opening, fault(error)))
}

/// What the threads or tasks of a run share: everything that a driver is given besides the machine.
pub struct Run<W> {
    /// The run's clock.
    pub clock: Clock,
    /// Where prompts, payloads and notices for the user go.
    pub console: Arc<dyn Console>,
    /// Makes the observers.
    pub observers: W,
    /// How the run is told to stop.
    pub stop: Stop,
    /// Where submissions are recorded; only the exercise `submit` needs one.
    pub register: Option<Arc<dyn Register>>,
    /// How many connections a server holds, and which it refuses. The servers of one program share
    /// it.
    pub limit: ConnectionLimit,
    /// The number of threads, for models whose servers have a fixed number. `None` for the model's
    /// default.
    pub threads: Option<NonZeroUsize>,
    connections: AtomicU64,
    lines: Mutex<Option<Box<dyn BufRead + Send>>>,
}

impl<W: Observers> Run<W> {
    /// A run without lines and without a register, for up to 1,024 connections at once.
    pub fn new(console: Arc<dyn Console>, observers: W) -> Self {
        Run {
            clock: Clock::start(),
            console,
            observers,
            stop: Stop::default(),
            register: None,
            limit: ConnectionLimit::waiting(1024),
            threads: None,
            connections: AtomicU64::new(0),
            lines: Mutex::new(None),
        }
    }

    /// The same run, with a source of the lines that the user types.
    #[must_use]
    pub fn with_lines(self, source: impl BufRead + Send + 'static) -> Self {
        *lock(&self.lines) = Some(Box::new(source));
        self
    }

    /// Makes an outbox for conversations that report to `console`. It leaves out what no console
    /// shows and no observer sees.
    pub fn outbox(console: &dyn Console) -> Outbox {
        match console.shows() || W::Observer::STEPS {
            true => Outbox::new(),
            false => Outbox::new().without_shows(),
        }
    }

    /// How many threads a server has: [`threads`](Run::threads), or else what `default` returns for
    /// the number of cores that this process may use.
    pub fn threads_or(&self, default: impl FnOnce(usize) -> usize) -> usize {
        match self.threads {
            Some(threads) => threads.get(),
            None => default(available_parallelism().map_or(1, NonZeroUsize::get)),
        }
    }

    /// The number of the next connection, counted from 1.
    pub(crate) fn next_number(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Hands an attempt to the register. Without a register the decision is `Unavailable`, at once.
    pub fn store(&self, attempt: Attempt, done: Done) {
        match &self.register {
            Some(register) => register.store(attempt, done),
            None => done(Decision::Unavailable),
        }
    }

    /// Takes the source of the user's lines. Only the first machine that asks gets it.
    pub(crate) fn take_lines(&self) -> Option<Box<dyn BufRead + Send>> {
        lock(&self.lines).take()
    }
}

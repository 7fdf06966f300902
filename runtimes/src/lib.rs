//! All runtimes by name, and how to run any exercise on one.

#![forbid(unsafe_code)]

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
mod missing;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use socklab_async::AsyncStd;
use socklab_blocking::{Blocking, BlockingBatched, BlockingIterative, BlockingPool};
use socklab_core::impair::{Impaired, ImpairedService, Impairments};
use socklab_core::lab::{BoxedService, Exercise, ServerKind, Settings};
use socklab_core::{DynObservers, Machine, Observers, Status, Transport};
use socklab_mio::{Mio, MioBatched, MioLoops};
#[cfg(target_os = "linux")]
use socklab_multiplexing::EpollLevel;
use socklab_multiplexing::Nonblocking;
#[cfg(unix)]
use socklab_multiplexing::{Poll, Select};
#[cfg(target_os = "linux")]
use socklab_signal_driven::SignalDriven;
use socklab_system::{Backend, Run};
use socklab_tokio::Tokio;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
use socklab_uring::Uring;

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
use missing::Uring;
#[cfg(not(target_os = "linux"))]
use missing::{EpollLevel, SignalDriven};
#[cfg(not(unix))]
use missing::{Poll, Select};

/// An I/O model, or a design of it, chosen when the command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// `std::net` and threads: one for each connection.
    Blocking,
    /// One thread that serves one connection after the other.
    BlockingIterative,
    /// A fixed number of threads that accept on one listener.
    BlockingPool,
    /// async-std: a task for each connection.
    AsyncStd,
    /// One raw mio event loop.
    Mio,
    /// Several mio event loops, each with a socket of its own.
    MioLoops,
    /// tokio: a task for each connection.
    Tokio,
    /// One thread that asks every socket again and again.
    Nonblocking,
    /// One thread that waits in `select`.
    Select,
    /// One thread that waits in `poll`.
    Poll,
    /// One thread that waits in a level-triggered `epoll_wait`.
    EpollLevel,
    /// One thread that sleeps until `SIGIO` comes.
    SignalDriven,
    /// One thread that waits for completions, on io_uring.
    Uring,
    /// One thread whose calls move several datagrams.
    BlockingBatched,
    /// One raw mio event loop whose calls move several datagrams.
    MioBatched,
}

/// Evaluates an expression with the backend of a runtime.
macro_rules! with_backend {
    ($runtime:expr, $backend:ident => $value:expr) => {
        with_backend!(@arms $runtime, $backend => $value;
            Blocking BlockingIterative BlockingPool AsyncStd Mio MioLoops Tokio
            Nonblocking Select Poll EpollLevel SignalDriven Uring BlockingBatched MioBatched)
    };
    (@arms $runtime:expr, $backend:ident => $value:expr; $($name:ident)*) => {
        match $runtime {
            $(Runtime::$name => {
                type $backend = $name;
                $value
            })*
        }
    };
}

/// A client or server to be run.
pub enum Job {
    /// A client.
    Client(Box<dyn Machine>),
    /// A UDP server.
    Endpoint(SocketAddr, Box<dyn Machine>),
    /// A UDP server whose peers several machines may share. The function makes one machine.
    Endpoints(SocketAddr, Box<dyn FnMut() -> Box<dyn Machine> + Send>),
    /// A TCP server.
    Service(SocketAddr, BoxedService),
}

impl Job {
    /// The server of an exercise.
    pub fn server(exercise: &Exercise, address: SocketAddr, settings: &Settings) -> Self {
        match exercise.server {
            ServerKind::Endpoint(make) => Job::Endpoint(address, make(settings)),
            ServerKind::Endpoints(make) => {
                let settings = settings.clone();
                Job::Endpoints(address, Box::new(move || make(&settings)))
            }
            ServerKind::Service(make) => Job::Service(address, make(settings)),
        }
    }

    /// The same job with its sends impaired. `transport` is the one that the job uses.
    #[must_use]
    pub fn impaired(self, transport: Transport, how: Impairments, seed: u64) -> Self {
        let around = move |machine: Box<dyn Machine>| -> Box<dyn Machine> {
            Box::new(Impaired::new(machine, transport, how, seed))
        };
        match self {
            Job::Client(machine) => Job::Client(around(machine)),
            Job::Endpoint(address, machine) => Job::Endpoint(address, around(machine)),
            Job::Endpoints(address, mut make) => {
                Job::Endpoints(address, Box::new(move || around(make())))
            }
            Job::Service(address, service) => {
                Job::Service(address, Box::new(ImpairedService::new(service, how, seed)))
            }
        }
    }
}

impl Runtime {
    /// All runtimes, the default first. Some may be [unavailable](Runtime::available) on this
    /// system.
    pub const ALL: &[Runtime] = &[
        Runtime::Blocking,
        Runtime::BlockingIterative,
        Runtime::BlockingPool,
        Runtime::AsyncStd,
        Runtime::Mio,
        Runtime::MioLoops,
        Runtime::Tokio,
        Runtime::Nonblocking,
        Runtime::Select,
        Runtime::Poll,
        Runtime::EpollLevel,
        Runtime::SignalDriven,
        Runtime::Uring,
        Runtime::BlockingBatched,
        Runtime::MioBatched,
    ];

    /// The runtimes that most programs use. The others are designs of a server on one of these, or
    /// exist to be compared.
    pub const MAIN: &[Runtime] = &[
        Runtime::Blocking,
        Runtime::AsyncStd,
        Runtime::Mio,
        Runtime::Tokio,
    ];

    /// The runtimes that are compared by default, where the system has them: one of each kind.
    const COMPARED: &[Runtime] = &[
        Runtime::Blocking,
        Runtime::Nonblocking,
        Runtime::Select,
        Runtime::Mio,
        Runtime::AsyncStd,
        Runtime::Tokio,
        Runtime::Uring,
    ];

    /// The runtime's name on the command line and in transcripts.
    pub const fn name(self) -> &'static str {
        with_backend!(self, B => B::NAME)
    }

    /// Whether this system has what the runtime needs.
    ///
    /// # Errors
    /// Says why it cannot run here.
    pub fn available(self) -> io::Result<()> {
        with_backend!(self, B => B::available())
    }

    /// Whether the runtime supports that transport.
    pub const fn serves(self, transport: Transport) -> bool {
        with_backend!(self, B => B::STREAMS || matches!(transport, Transport::Datagram))
    }

    /// Whether the runtime uses a core even when it is idle.
    pub const fn spins(self) -> bool {
        with_backend!(self, B => B::SPINS)
    }

    /// The figure in Stevens's chapter 6 that shows the runtime's model.
    pub const fn figure(self) -> &'static str {
        match self {
            Runtime::Blocking
            | Runtime::BlockingIterative
            | Runtime::BlockingPool
            | Runtime::BlockingBatched => "6.1",
            Runtime::Nonblocking => "6.2",
            // The reactor of an executor is such a loop.
            Runtime::Select
            | Runtime::Poll
            | Runtime::EpollLevel
            | Runtime::Mio
            | Runtime::MioLoops
            | Runtime::MioBatched
            | Runtime::AsyncStd
            | Runtime::Tokio => "6.3",
            Runtime::SignalDriven => "6.4",
            Runtime::Uring => "6.5",
        }
    }

    /// The runtimes that this system has, the default first.
    pub fn offered() -> impl Iterator<Item = Runtime> {
        let available = |one: &Runtime| one.available().is_ok();
        Runtime::ALL.iter().copied().filter(available)
    }

    /// The runtimes that are compared by default.
    pub fn compared() -> impl Iterator<Item = Runtime> {
        let available = |one: &Runtime| one.available().is_ok();
        Runtime::COMPARED.iter().copied().filter(available)
    }

    /// The names of the runtimes that this system has.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Runtime::offered().map(Runtime::name)
    }

    /// The runtime of that name, whether this system has it or not.
    pub fn find(name: &str) -> Option<Runtime> {
        Runtime::ALL.iter().find(|one| one.name() == name).copied()
    }

    /// The names of the runtimes whose servers have a fixed number of threads, which `--threads`
    /// can set.
    pub fn with_threads() -> impl Iterator<Item = &'static str> {
        Runtime::names()
            .filter(|name| [BlockingPool::NAME, MioLoops::NAME, Tokio::NAME].contains(name))
    }

    /// Whether the runtime's UDP servers move several datagrams in one call.
    pub const fn is_batched(self) -> bool {
        matches!(self, Runtime::BlockingBatched | Runtime::MioBatched)
    }

    /// The runtimes whose servers differ with that transport. Over UDP all designs of the blocking
    /// server are one thread; over TCP no calls move several datagrams.
    pub fn distinct(transport: Transport) -> Vec<Runtime> {
        let only_with_streams = [Runtime::BlockingIterative, Runtime::BlockingPool];
        let differs = |one: &Runtime| match transport {
            Transport::Stream => !one.is_batched(),
            Transport::Datagram => !only_with_streams.contains(one),
        };
        let serves = |one: &Runtime| one.serves(transport);
        Runtime::offered().filter(differs).filter(serves).collect()
    }

    /// Runs a job to its end.
    pub fn run<W: CompiledObservers>(self, job: Job, run: &Arc<Run<W>>) -> Status {
        W::run(self, job, run)
    }

    /// Runs a job with drivers that are compiled in the calling crate. For implementations of
    /// [`CompiledObservers`].
    pub fn run_compiled_here<W: Observers + 'static>(self, job: Job, run: &Arc<Run<W>>) -> Status {
        with_backend!(self, B => run_on::<B, W>(job, run))
    }
}

/// Observers for which all drivers are compiled. That takes long, so it is done once, in the crate
/// that implements this trait, and not in each crate that runs a driver.
pub trait CompiledObservers: Observers + Sized + 'static {
    /// Runs a job as [`Runtime::run`] does.
    fn run(runtime: Runtime, job: Job, run: &Arc<Run<Self>>) -> Status;
}

impl CompiledObservers for () {
    fn run(runtime: Runtime, job: Job, run: &Arc<Run<Self>>) -> Status {
        runtime.run_compiled_here(job, run)
    }
}

impl CompiledObservers for DynObservers {
    fn run(runtime: Runtime, job: Job, run: &Arc<Run<Self>>) -> Status {
        runtime.run_compiled_here(job, run)
    }
}

fn run_on<B: Backend, W: Observers + 'static>(job: Job, run: &Arc<Run<W>>) -> Status {
    match job {
        Job::Client(machine) => B::client(machine, run),
        Job::Endpoint(address, machine) => B::serve_datagrams(address, machine, run),
        Job::Endpoints(address, make) => B::serve_endpoints(address, make, run),
        Job::Service(address, service) => B::serve_streams(address, Arc::new(service), run),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_runtime_is_found_by_its_name() {
        for &one in Runtime::ALL {
            assert_eq!(Runtime::find(one.name()), Some(one));
        }
        assert_eq!(Runtime::find("none"), None);
        let main = |one: &&Runtime| one.available().is_ok();
        assert_eq!(Runtime::MAIN.iter().filter(main).count(), 4);
    }

    #[test]
    fn designs_that_are_the_same_are_not_compared() {
        let streams = Runtime::distinct(Transport::Stream);
        let without: Vec<Runtime> = Runtime::offered()
            .filter(|one| *one != Runtime::SignalDriven && !one.is_batched())
            .collect();
        assert_eq!(streams, without);
        let datagrams = Runtime::distinct(Transport::Datagram);
        assert!(Runtime::compared().all(|one| datagrams.contains(&one)));
        assert!(!datagrams.contains(&Runtime::BlockingIterative));
        assert!(!datagrams.contains(&Runtime::BlockingPool));
        assert!(datagrams.contains(&Runtime::MioBatched));
        let here = Runtime::offered().any(|one| one == Runtime::SignalDriven);
        assert_eq!(datagrams.contains(&Runtime::SignalDriven), here);
    }
}

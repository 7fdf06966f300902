//! Every runtime by its name, and any exercise on it.

#![forbid(unsafe_code)]

use std::net::SocketAddr;
use std::sync::Arc;

use socklab_async::AsyncStd;
use socklab_blocking::{Blocking, BlockingIterative, BlockingPool};
use socklab_core::lab::{BoxedService, Exercise, ServerKind, Settings};
use socklab_core::{Machine, Status, Transport, Watch};
use socklab_mio::{Mio, MioLoops};
use socklab_system::{Backend, Run};
use socklab_tokio::Tokio;

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
}

/// What to run on it.
pub enum Task {
    /// A client.
    Client(Box<dyn Machine>),
    /// A UDP server.
    Endpoint(SocketAddr, Box<dyn Machine>),
    /// A UDP server that may have several machines.
    Endpoints(SocketAddr, Box<dyn FnMut() -> Box<dyn Machine> + Send>),
    /// A TCP server.
    Service(SocketAddr, BoxedService),
}

impl Task {
    /// The server of an exercise.
    pub fn server(exercise: &Exercise, address: SocketAddr, settings: &Settings) -> Self {
        match exercise.server {
            ServerKind::Endpoint(make) => Task::Endpoint(address, make(settings)),
            ServerKind::Endpoints(make) => {
                let settings = settings.clone();
                Task::Endpoints(address, Box::new(move || make(&settings)))
            }
            ServerKind::Service(make) => Task::Service(address, make(settings)),
        }
    }
}

impl Runtime {
    /// All that this system has, the default first.
    pub const ALL: &[Runtime] = match MioLoops::OFFERED {
        true => &[
            Runtime::Blocking,
            Runtime::BlockingIterative,
            Runtime::BlockingPool,
            Runtime::AsyncStd,
            Runtime::Mio,
            Runtime::MioLoops,
            Runtime::Tokio,
        ],
        false => &[
            Runtime::Blocking,
            Runtime::BlockingIterative,
            Runtime::BlockingPool,
            Runtime::AsyncStd,
            Runtime::Mio,
            Runtime::Tokio,
        ],
    };

    /// One of each model: the others are designs of a server on one of these.
    pub const MAIN: &[Runtime] = &[
        Runtime::Blocking,
        Runtime::AsyncStd,
        Runtime::Mio,
        Runtime::Tokio,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Runtime::Blocking => Blocking::NAME,
            Runtime::BlockingIterative => BlockingIterative::NAME,
            Runtime::BlockingPool => BlockingPool::NAME,
            Runtime::AsyncStd => AsyncStd::NAME,
            Runtime::Mio => Mio::NAME,
            Runtime::MioLoops => MioLoops::NAME,
            Runtime::Tokio => Tokio::NAME,
        }
    }

    /// The names of all.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Runtime::ALL.iter().map(|one| one.name())
    }

    /// The runtime of that name.
    pub fn find(name: &str) -> Option<Runtime> {
        Runtime::ALL.iter().find(|one| one.name() == name).copied()
    }

    /// The names of those whose servers have a fixed number of threads, which `--threads` can set.
    pub fn with_threads() -> impl Iterator<Item = &'static str> {
        Runtime::names()
            .filter(|name| [BlockingPool::NAME, MioLoops::NAME, Tokio::NAME].contains(name))
    }

    /// The runtimes whose servers differ from each other with that transport. Over UDP a blocking
    /// server has one thread, whatever design it has for connections.
    pub fn models(transport: Transport) -> Vec<Runtime> {
        let only_with_streams = [Runtime::BlockingIterative, Runtime::BlockingPool];
        let differs =
            |one: &Runtime| transport == Transport::Stream || !only_with_streams.contains(one);
        Runtime::ALL.iter().copied().filter(differs).collect()
    }

    /// Runs the task to its end.
    pub fn run<W: Watch + 'static>(self, task: Task, run: &Arc<Run<W>>) -> Status {
        match self {
            Runtime::Blocking => go::<Blocking, W>(task, run),
            Runtime::BlockingIterative => go::<BlockingIterative, W>(task, run),
            Runtime::BlockingPool => go::<BlockingPool, W>(task, run),
            Runtime::AsyncStd => go::<AsyncStd, W>(task, run),
            Runtime::Mio => go::<Mio, W>(task, run),
            Runtime::MioLoops => go::<MioLoops, W>(task, run),
            Runtime::Tokio => go::<Tokio, W>(task, run),
        }
    }
}

fn go<B: Backend, W: Watch + 'static>(task: Task, run: &Arc<Run<W>>) -> Status {
    match task {
        Task::Client(machine) => B::client(machine, run),
        Task::Endpoint(address, machine) => B::serve_datagrams(address, machine, run),
        Task::Endpoints(address, make) => B::serve_endpoints(address, make, run),
        Task::Service(address, service) => B::serve_streams(address, Arc::new(service), run),
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
        assert!(Runtime::MAIN.iter().all(|one| Runtime::ALL.contains(one)));
    }

    #[test]
    fn designs_that_are_the_same_are_not_compared() {
        let streams = Runtime::models(Transport::Stream);
        assert_eq!(streams, Runtime::ALL);
        let datagrams = Runtime::models(Transport::Datagram);
        assert!(Runtime::MAIN.iter().all(|one| datagrams.contains(one)));
        assert!(!datagrams.contains(&Runtime::BlockingIterative));
        assert!(!datagrams.contains(&Runtime::BlockingPool));
        assert_eq!(datagrams.contains(&Runtime::MioLoops), MioLoops::OFFERED);
    }
}

//! The one place where a runtime is chosen.

use std::net::SocketAddr;
use std::sync::Arc;

use socklab_async::AsyncStd;
use socklab_blocking::Blocking;
use socklab_core::lab::BoxedService;
use socklab_core::{Machine, Status, Watch};
use socklab_mio::Mio;
use socklab_system::{Backend, Run};
use socklab_tokio::Tokio;

/// An I/O model, chosen when the command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runtime {
    /// `std::net` and threads.
    Blocking,
    /// async-std: a task for each connection.
    AsyncStd,
    /// One raw mio event loop.
    Mio,
    /// tokio: a task for each connection.
    Tokio,
}

/// What to run on it.
pub(crate) enum Task {
    /// A client.
    Client(Box<dyn Machine>),
    /// A UDP server.
    Endpoint(SocketAddr, Box<dyn Machine>),
    /// A TCP server.
    Service(SocketAddr, BoxedService),
}

impl Runtime {
    /// All of them, the default first.
    pub(crate) const ALL: [Runtime; 4] = [
        Runtime::Blocking,
        Runtime::AsyncStd,
        Runtime::Mio,
        Runtime::Tokio,
    ];

    /// Their names, in the same order.
    pub(crate) const NAMES: [&str; 4] = [Blocking::NAME, AsyncStd::NAME, Mio::NAME, Tokio::NAME];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        Runtime::NAMES[self as usize]
    }

    /// The runtime of that name.
    pub(crate) fn find(name: &str) -> Option<Runtime> {
        Runtime::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Runs the task to its end.
    pub(crate) fn run<W: Watch + 'static>(self, task: Task, run: &Arc<Run<W>>) -> Status {
        match self {
            Runtime::Blocking => go::<Blocking, W>(task, run),
            Runtime::AsyncStd => go::<AsyncStd, W>(task, run),
            Runtime::Mio => go::<Mio, W>(task, run),
            Runtime::Tokio => go::<Tokio, W>(task, run),
        }
    }
}

fn go<B: Backend, W: Watch + 'static>(task: Task, run: &Arc<Run<W>>) -> Status {
    match task {
        Task::Client(machine) => B::client(machine, run),
        Task::Endpoint(address, machine) => B::serve_datagrams(address, machine, run),
        Task::Service(address, service) => B::serve_streams(address, Arc::new(service), run),
    }
}

//! The event loop of every model in which one thread waits for many sockets.
//!
//! No call on a socket blocks: if it cannot proceed, it returns `WouldBlock`. One thread asks the
//! system which of its sockets are ready. Stevens calls this I/O multiplexing (*UNIX Network
//! Programming*, vol. 1, 6.2). The models of this family differ only in that question, so each is a
//! [`Model`]: which sockets are watched, and how to wait for them. They share the rest:
//!
//! * `event_loop` waits and hands out turns;
//! * `conversation` is one [`Session`](socklab_core::Session) with its socket, a `wire`;
//! * `conversations` is the slab of conversations, `timers` their deadlines;
//! * `listener` accepts connections, as many as the limit allows;
//! * `wake_socket` is how other threads and signals wake the loop.
//!
//! With completions (figure 6.5) a call only submits an operation, and a socket counts as ready
//! when the operation is done. The same loop serves them, with one addition: a send that was
//! submitted is [in flight](Model::COMPLETIONS) until its completion.
//!
//! # Edge-triggered, level-triggered, one-shot
//!
//! Some systems report a *change* once: a socket that was empty and now has bytes. Others report
//! the *level* with every wait, or one event for each [request](Model::watch). The loop supports
//! all three. It remembers that a socket is ready until a call returns `WouldBlock`, so it misses
//! no event. It tells the model what each conversation waits for whenever that changes, so a
//! level-triggered wait never spins.

#![forbid(unsafe_code)]

mod conversation;
mod conversations;
mod event_loop;
mod listener;
mod model;
mod std_sockets;
mod timers;
mod wake_socket;
mod wire;

use std::io;
use std::marker::PhantomData;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

use socklab_core::{Machine, Notice, Observers, Service, Status, Subject};
use socklab_system::{Backend, Run};

pub use event_loop::EventLoop;
// Types in the signatures of [`Model`], so that a model need not depend on their crates.
pub use model::{Interest, Model, Ready, Trigger, Watched};
pub use socklab_core::Received;
pub use socklab_system::{Clock, UdpWire};
pub use std_sockets::{SharedSocket, accept, duplicate, share};

/// One event loop on one thread, with the readiness model `L`.
#[derive(Clone, Copy, Debug)]
pub struct OneLoop<L>(PhantomData<L>);

impl<L: Model> Backend for OneLoop<L> {
    const NAME: &'static str = L::NAME;

    const SPINS: bool = !L::WAITS;

    const STREAMS: bool = L::STREAMS;

    const COMPLETIONS: bool = L::COMPLETIONS;

    fn available() -> io::Result<()> {
        L::available()
    }

    fn run_machine<M: Machine + 'static, W: Observers + 'static>(
        machine: M,
        server: Option<(SocketAddr, UdpSocket)>,
        run: &Arc<Run<W>>,
    ) -> io::Result<Status> {
        let observer = run.observers.observer(Subject::Endpoint);
        EventLoop::<L, W>::new(run, &*run.console)?.run_machine(machine, observer, server)
    }

    fn serve_connections<S: Service + 'static, W: Observers + 'static>(
        (local, listener): (SocketAddr, TcpListener),
        service: Arc<S>,
        run: &Arc<Run<W>>,
    ) -> io::Result<Status> {
        let mut event_loop = EventLoop::<L, W>::new(run, &*run.console)?;
        run.console.notice(Notice::Ready(local));
        event_loop.serve(listener, &*service)
    }
}

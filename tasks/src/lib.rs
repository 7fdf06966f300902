//! What all async runtimes share.
//!
//! A task is suspended when it waits, and polled again when something may have happened. So a
//! conversation reads from top to bottom, as with threads, but no thread sleeps in it. The models
//! of this family differ in who polls the tasks and in how a task learns about its socket. So each
//! is an [`AsyncRuntime`]: an executor with its timers, its sockets, and the one wait of a
//! conversation. They share the rest:
//!
//! * `conversation` is the loop over a [`Session`]: do what it says, then wait at one `.await`,
//!   which is the runtime's;
//! * `listener` accepts, and starts a task for each connection;
//! * `deadline_timer` is a deadline, as a timer of the runtime;
//! * `outbox` is the one that the tasks of a thread share;
//! * `timed_wait` tells the observer about a wait.

#![forbid(unsafe_code)]

mod deadline_timer;
mod listener;
mod outbox;
mod runtime;
mod timed_wait;

use std::io;
use std::marker::PhantomData;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

use socklab_core::{Begin, Machine, Observers, Service, Session, Status, Subject};
use socklab_system::{Backend, Run, Wire};

pub use deadline_timer::Sleep;
pub use runtime::{AsyncRuntime, Conversation, Event, OtherSources, Socket};
pub use timed_wait::{WaitTimes, timed_wait};

/// The I/O model of an async runtime.
#[derive(Clone, Copy, Debug)]
pub struct Tasks<R>(PhantomData<R>);

impl<R: AsyncRuntime> Backend for Tasks<R> {
    const NAME: &'static str = R::NAME;

    fn run_machine<M: Machine + 'static, W: Observers + 'static>(
        machine: M,
        server: Option<(SocketAddr, UdpSocket)>,
        run: &Arc<Run<W>>,
    ) -> io::Result<Status> {
        // Make the socket inside the task, so that the runtime's reactor watches it.
        R::block_on(async {
            let (wire, begin) = match server {
                Some((local, udp)) => (
                    Wire::udp_server(udp, local, run.observers.wants_arrivals(), R::udp)?,
                    Begin::Bound(local),
                ),
                None => (Wire::Closed, Begin::Client),
            };
            let observer = run.observers.observer(Subject::Endpoint);
            let run = Arc::clone(run);
            let session = Session::new(machine, observer);
            let mut conversation = Conversation::<R, M, W>::new(session, wire, None, run);
            let begun = conversation.begin(begin);
            Ok(conversation.run(begun).await)
        })?
    }

    fn serve_connections<S: Service + 'static, W: Observers + 'static>(
        server: (SocketAddr, TcpListener),
        service: Arc<S>,
        run: &Arc<Run<W>>,
    ) -> io::Result<Status> {
        let task = listener::serve::<R, S, W>(server, service, Arc::clone(run));
        R::serve(run.threads_or(|cores| cores), task)?
    }
}

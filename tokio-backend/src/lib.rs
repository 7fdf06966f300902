//! The lab on tokio: a task for each connection, and a reactor that notes on each socket whether it
//! is ready.
//!
//! # How the model works
//!
//! A task reads from top to bottom, as with threads, and is left at an `.await`, where no thread
//! sleeps. tokio is the two things that tasks need: an *executor*, which polls them, and a
//! *reactor*, which waits for all of them in one place.
//!
//! ```text
//!     conversation  waits for its socket; no note?  ──►  leaves its waker, returns Pending
//!     executor      polls another task, or, with none left, waits in the reactor
//!     reactor       one epoll, kqueue or IOCP (it is mio's) for the whole runtime, and the timers
//!                   an event  ──►  notes on the socket that it is ready, and wakes the task
//!     conversation  receives until a call would block: then tokio takes the note off
//! ```
//!
//! * **Where it waits.** In one poll of the reactor, for all sockets and timers together (I/O
//!   multiplexing: Stevens, *UNIX Network Programming*, vol. 1, 6.2), done by a thread of the
//!   runtime that has nothing better to do. A client or a UDP server is one task on a runtime of
//!   one thread, the one that called. A TCP server has a thread for each core that the process may
//!   use (`--threads` sets another number): one of them polls, the others sleep on a condition
//!   variable, and a task that is woken runs on any of them.
//! * **What a connection costs.** A heap block for the task, with the machine in it and room for
//!   the one await it can be left at; a mailbox; an entry of the reactor's. No stack, and no buffer
//!   while it is idle: some 2 KB on Linux, where a thread costs 15 KB. And two system calls: it is
//!   made known to the reactor when it is accepted and taken out at its end, whether it ever waits
//!   or not.
//! * **Where it breaks down.** With work that does not wait: a task that computes, or writes to a
//!   console that blocks, keeps its thread from all others, and no scheduler takes it away. A task
//!   yields here after a number of receives, but only because the code says so. With little to do,
//!   the threads themselves cost: to wake one that sleeps is a system call, and a context switch.
//!   And a UDP server is one socket and one task, so it uses one core however many there are. When
//!   the system has no threads left for its workers, tokio panics.
//!
//! # Readiness
//!
//! tokio offers two ways. `socket.recv_from(..).await` waits and receives in one. `socket.ready(..)
//! .await` only waits, and the `try_` functions only try. This driver uses the second: its wait can
//! be dropped at any time without losing anything, and where many datagrams have come, they are
//! received one after the other without a wait between them. A socket is registered once, for as
//! long as it lives, and edge-triggered: the reactor is not asked again for each wait, as
//! async-std's is.
//!
//! The only `.await` of a conversation that waits is the one for what happens next. Carrying out
//! what a machine asks for never waits: the [`Session`](socklab_core::Session) keeps what the
//! system has no room for. The user's lines, the register's decisions and a stop come from other
//! threads through a mailbox that wakes the task.
//!
//! The note on a socket says that it *may* be ready. Where there is none, tokio makes no system
//! call and says `WouldBlock` itself; the observer is told of real calls only. A new connection has
//! no note yet, so its first sends ask the system without asking tokio.
//!
//! # Where to look
//!
//! `conversation` is the loop over a session: do what there is to do, then wait at one `.await`.
//! `wire` is a socket, `listener` accepts. What needs no executor is [`socklab_system::task`].

#![forbid(unsafe_code)]

mod conversation;
mod listener;
mod wire;

use std::io;
use std::net::SocketAddr;
use std::panic;
use std::sync::Arc;

use socklab_core::{Begin, Doing, Failure, Machine, Service, Status, Subject, Watch};
use socklab_system::{Backend, Run, fault, socket};
use tokio::runtime::{Builder, Runtime};

use conversation::Conversation;
use wire::Wire;

/// This I/O model.
#[derive(Clone, Copy, Debug)]
pub struct Tokio;

impl Backend for Tokio {
    const NAME: &'static str = "tokio";

    fn client<M: Machine + 'static, W: Watch + 'static>(machine: M, run: &Arc<Run<W>>) -> Status {
        alone(machine, || Ok(Wire::Closed), Begin::Client, run)
    }

    fn serve_datagrams<M: Machine + 'static, W: Watch + 'static>(
        address: SocketAddr,
        machine: M,
        run: &Arc<Run<W>>,
    ) -> Status {
        let (local, udp) = match socket::bind_datagrams(address) {
            Ok(bound) => bound,
            Err(failed) => return failed,
        };
        let wire = move || Wire::server::<W::Observer>(udp, local);
        alone(machine, wire, Begin::Bound(local), run)
    }

    fn serve_streams<S: Service + 'static, W: Watch + 'static>(
        address: SocketAddr,
        service: Arc<S>,
        run: &Arc<Run<W>>,
    ) -> Status {
        let (local, tcp) = match socket::bind_streams(address) {
            Ok(bound) => bound,
            Err(failed) => return failed,
        };
        let threads = run.threads_or(|cores| cores);
        let served = many_threads(threads).and_then(|runtime| {
            let served = listener::serve(tcp, local, service, Arc::clone(run));
            // As a task, so that it runs on the threads that the connections run on: they need not
            // wake another thread to say that they have ended.
            let served = runtime.spawn(served);
            let ended = runtime.block_on(served);
            ended.unwrap_or_else(|error| panic::resume_unwind(error.into_panic()))
        });
        match served {
            Ok(()) => Status::Stopped,
            Err(error) => broken(&error),
        }
    }
}

/// Runs one machine on the thread that called. `wire` makes its socket in the runtime, whose
/// reactor is to watch it.
fn alone<M: Machine + 'static, W: Watch + 'static>(
    machine: M,
    wire: impl FnOnce() -> io::Result<Wire>,
    begin: Begin,
    run: &Arc<Run<W>>,
) -> Status {
    let served = one_thread().and_then(|runtime| {
        runtime.block_on(async {
            let observer = run.watch.watch(Subject::Endpoint);
            let mut conversation = Conversation::new(machine, observer, wire()?, Arc::clone(run));
            let begun = conversation.begin(begin);
            Ok(conversation.run(begun).await)
        })
    });
    served.unwrap_or_else(|error| broken(&error))
}

/// A runtime whose one thread is the one that calls it: it runs the task, and waits in the reactor
/// when the task waits.
fn one_thread() -> io::Result<Runtime> {
    Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
}

/// A runtime with so many threads beside the one that calls it.
fn many_threads(threads: usize) -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_io()
        .enable_time()
        .build()
}

/// The system refused what the runtime itself needs.
fn broken(error: &io::Error) -> Status {
    Status::Failed(Failure::Io(Doing::Opening, fault(error)))
}

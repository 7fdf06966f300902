//! The lab on `std::net` and threads: each program waits in a system call.
//!
//! # How the model works
//!
//! A thread does one thing at a time. It asks the system for a datagram, for bytes, or for a
//! connection, and is put to sleep *inside that call* until there is something: Stevens calls it
//! the blocking I/O model (*UNIX Network Programming*, vol. 1, 6.2). The code reads from top to
//! bottom, as the exercise is told.
//!
//! * **Where it waits.** In `recv` while the machine wants the network; on a channel while it wants
//!   the user's next line or the register's decision. Never in both: a machine that wants two things
//!   at once needs two threads in this model.
//! * **What a connection costs.** A thread: its stack, its entry in the scheduler, and a
//!   context switch each time it has something to do.
//! * **Where it breaks down.** With thousands of idle connections, each of which keeps a thread;
//!   [`Run::max_connections`](socklab_system::Run) bounds them, and the rest wait in the backlog.
//!
//! A TCP server that blocks has to say which thread waits for which peer. Here are the three classic
//! answers, which differ in nothing else: [`Blocking`] has a thread for each connection;
//! [`BlockingIterative`] one thread that serves one connection after the other; [`BlockingPool`] a
//! fixed number of such threads on one listener.
//!
//! Deadlines are time-outs of the blocking call. A stop wakes a blocked thread with what it waits
//! for: a datagram or a connection from ourselves, or the end of what can be received.
//!
//! # Where to look
//!
//! `conversation` is the loop over a [`Session`](socklab_core::Session): do what there is to do, then
//! block in one call. `wire` is a socket that blocks. `listener` accepts; `per_connection`,
//! `iterative` and `pool` are the designs, a few lines each.

#![forbid(unsafe_code)]

mod conversation;
mod iterative;
mod listener;
mod per_connection;
mod pool;
mod semaphore;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;

use socklab_core::{Begin, Doing, Failure, Machine, Service, Status, Subject, Watch};
use socklab_system::{Backend, Run, fault, socket};

use conversation::Conversation;
use wire::Wire;

pub use iterative::BlockingIterative;
pub use pool::BlockingPool;

/// This I/O model, with a thread for each connection of a TCP server.
#[derive(Clone, Copy, Debug)]
pub struct Blocking;

impl Backend for Blocking {
    const NAME: &'static str = "blocking";

    fn client<M: Machine + 'static, W: Watch + 'static>(machine: M, run: &Arc<Run<W>>) -> Status {
        serve(machine, Wire::Closed, Begin::Client, run)
    }

    fn serve_datagrams<M: Machine + 'static, W: Watch + 'static>(
        address: SocketAddr,
        machine: M,
        run: &Arc<Run<W>>,
    ) -> Status {
        let (local, udp) = match socket::bind_datagrams(address) {
            Ok(bound) => bound,
            Err(status) => return status,
        };
        match Wire::server::<W::Observer>(udp, local) {
            Ok(wire) => serve(machine, wire, Begin::Bound(local), run),
            Err(error) => Status::Failed(Failure::Io(Doing::Opening, fault(&error))),
        }
    }

    fn serve_streams<S: Service + 'static, W: Watch + 'static>(
        address: SocketAddr,
        service: Arc<S>,
        run: &Arc<Run<W>>,
    ) -> Status {
        per_connection::serve(address, &*service, run)
    }
}

/// Runs one machine on this thread.
fn serve<M: Machine, W: Watch>(machine: M, wire: Wire, begin: Begin, run: &Arc<Run<W>>) -> Status {
    let observer = run.watch.watch(Subject::Endpoint);
    let mut conversation = Conversation::new(machine, observer, wire, run);
    let begun = conversation.begin(begin);
    conversation.run(begun)
}

//! The lab on `std::net` and threads: each thread waits in a system call.
//!
//! # How the model works
//!
//! A thread does one thing at a time. It asks the system for a datagram, for bytes, or for a
//! connection, and sleeps *inside that call* until there is one. Stevens calls this the blocking
//! I/O model (*UNIX Network Programming*, vol. 1, 6.2). The code reads from top to bottom, in the
//! order of the exercise.
//!
//! * **Where it waits.** In `recv` while the machine wants the network; on a channel while it wants
//!   the user's next line or the register's decision. Never in both: a machine that wants two
//!   things at once needs two threads in this model.
//! * **What a connection costs.** A thread: its stack, its entry in the scheduler, and a context
//!   switch each time data comes.
//! * **Where it breaks down.** With thousands of idle connections, each of which keeps a thread.
//!   [`Run::limit`](socklab_system::Run) bounds them, and further ones wait in the backlog.
//!
//! A blocking TCP server must decide which thread waits for which peer. The three classic answers
//! differ in nothing else: [`Blocking`] has a thread for each connection, [`BlockingIterative`] one
//! thread that serves one connection after the other, and [`BlockingPool`] a fixed number of such
//! threads on one listener. Over UDP these are the same. [`BlockingBatched`] moves many datagrams
//! with each call.
//!
//! A deadline is a time-out of the blocking call. A stop wakes a blocked thread with what it waits
//! for: a datagram or a connection from ourselves, or the end of the stream. A thread that blocks
//! in a write or in opening a connection looks for the stop when that call returns; a write
//! returns after 2 s at most.
//!
//! # Where to look
//!
//! `conversation` is the loop over a [`Session`]: do what it says, then block in one call. `wire`
//! is a blocking socket. `listener` accepts. `per_connection`, `iterative`, `pool` and `batched`
//! are the designs, a few lines each; `processes` (Linux) has those that start other programs.

#![forbid(unsafe_code)]

mod batched;
mod conversation;
mod iterative;
mod listener;
mod per_connection;
mod pool;
#[cfg(target_os = "linux")]
pub mod processes;
mod wire;

use std::io;
use std::marker::PhantomData;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

use socklab_core::{Begin, Machine, Observers, Service, Session, Status, Subject};
use socklab_system::{Backend, Run};

use conversation::Conversation;
use listener::{Design, Listener};
use wire::BlockingWire;

pub use batched::Batched;
pub use iterative::Iterative;
pub use per_connection::PerConnection;
pub use pool::Pool;

/// The blocking I/O model, with one of its server designs.
#[derive(Clone, Copy, Debug)]
pub struct Threads<D>(PhantomData<D>);

/// Blocking, with a thread for each connection of a TCP server.
pub type Blocking = Threads<PerConnection>;
/// Blocking, with one thread that serves one TCP connection after the other.
pub type BlockingIterative = Threads<Iterative>;
/// Blocking, with a fixed number of threads for a TCP server.
pub type BlockingPool = Threads<Pool>;
/// Blocking, with a UDP server that receives and sends several datagrams in one call, where the
/// system can do that.
pub type BlockingBatched = Threads<Batched>;

impl<D: Design> Backend for Threads<D> {
    const NAME: &'static str = D::NAME;

    fn run_machine<M: Machine + 'static, W: Observers + 'static>(
        machine: M,
        server: Option<(SocketAddr, UdpSocket)>,
        run: &Arc<Run<W>>,
    ) -> io::Result<Status> {
        let (wire, begin) = match server {
            Some((local, udp)) => (
                BlockingWire::udp_server(udp, local, run.observers.wants_arrivals(), D::BATCHED)?,
                Begin::Bound(local),
            ),
            None => (BlockingWire::default(), Begin::Client),
        };
        Ok(run_machine(machine, wire, begin, run))
    }

    fn serve_connections<S: Service + 'static, W: Observers + 'static>(
        server: (SocketAddr, TcpListener),
        service: Arc<S>,
        run: &Arc<Run<W>>,
    ) -> io::Result<Status> {
        D::serve(&Listener::new(server, false, &*service, run)?)?;
        Ok(Status::Stopped)
    }
}

/// Runs one machine to its end.
fn run_machine<M: Machine, W: Observers>(
    machine: M,
    wire: BlockingWire,
    begin: Begin,
    run: &Arc<Run<W>>,
) -> Status {
    let observer = run.observers.observer(Subject::Endpoint);
    let session = Session::new(machine, observer);
    let mut conversation = Conversation::new(session, wire, None, run);
    let begun = conversation.begin(begin);
    conversation.run(begun)
}

//! The lab on one raw mio event loop: one thread waits for all sockets at once.
//!
//! # How the model works
//!
//! No call on a socket waits. A call that has nothing to do says so (`WouldBlock`), and the one thread asks the
//! system which of its sockets have something: Stevens calls it I/O multiplexing (*UNIX Network
//! Programming*, vol. 1, 6.2). mio is `epoll` on Linux, `kqueue` on macOS and the BSDs, and completion
//! ports on Windows.
//!
//! * **Where it waits.** In `poll`, and nowhere else. The user's lines, the register's decisions and a stop
//!   come from other threads through a mailbox that wakes it.
//! * **What a connection costs.** An entry in a slab: its machine, a few words, and bytes only while
//!   some are unsent. No stack, no context switch. One outbox and one receive buffer serve all.
//! * **Where it breaks down.** One thread is one core, and whatever a machine computes, all others
//!   wait for. The order of the exercise is no longer the order of the code: it is in the machine.
//!
//! # Edge-triggered
//!
//! mio tells of a *change*: a socket that was empty and has bytes is told of once. So a socket is read until
//! it says `WouldBlock`; and where that is cut short, because the machine wants no more for now or has
//! had its turn, the socket is remembered as readable, since nobody will say it again.
//!
//! # Where to look
//!
//! `event_loop` waits and hands out turns. `conversation` is one machine with its socket. `timers` holds the
//! deadlines, `mailbox` is where other threads leave word, `bell` what a signal rings, `acceptor` takes connections,
//! each to one of the `places`. `loops` runs several of all that.

#![forbid(unsafe_code)]

mod acceptor;
mod bell;
mod conversation;
mod conversations;
mod event_loop;
mod loops;
mod mailbox;
mod places;
mod timers;
mod wire;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use socklab_core::{
    Doing, Failure, Input, Machine, Notice, Service, Socket, Status, Subject, Watch,
};
use socklab_system::{Backend, Run, ask_for_stamps, fault, socket};

use event_loop::EventLoop;
use places::Places;
use wire::Wire;

pub use loops::MioLoops;

/// This I/O model: one loop.
#[derive(Clone, Copy, Debug)]
pub struct Mio;

impl Backend for Mio {
    const NAME: &'static str = "mio";

    fn client<M: Machine + 'static, W: Watch + 'static>(machine: M, run: &Arc<Run<W>>) -> Status {
        alone(machine, Wire::Closed, &[], run)
    }

    fn serve_datagrams<M: Machine + 'static, W: Watch + 'static>(
        address: SocketAddr,
        machine: M,
        run: &Arc<Run<W>>,
    ) -> Status {
        let bound = socket::datagram_server(address).and_then(|udp| {
            let local = udp.local_addr()?;
            ask_for_stamps::<W::Observer>(&udp);
            Ok((local, Wire::datagram(udp, None)?))
        });
        match bound {
            Ok((local, wire)) => {
                let socket = Socket(0);
                alone(machine, wire, &[Input::Bound { socket, local }], run)
            }
            Err(error) => Status::Failed(Failure::Listen(address, fault(&error))),
        }
    }

    fn serve_streams<S: Service + 'static, W: Watch + 'static>(
        address: SocketAddr,
        service: Arc<S>,
        run: &Arc<Run<W>>,
    ) -> Status {
        let bound = socket::stream_server(address).and_then(|tcp| Ok((tcp.local_addr()?, tcp)));
        let (local, listener) = match bound {
            Ok(bound) => bound,
            Err(error) => return Status::Failed(Failure::Listen(address, fault(&error))),
        };
        let places = Places::new(run.max_connections);
        let served = EventLoop::new(run, &*run.console).and_then(|mut event_loop| {
            run.console.notice(Notice::Ready(local));
            event_loop.serve(listener, &places, &*service)
        });
        served.unwrap_or_else(|error| broken(&error))
    }
}

/// Runs one machine on a loop of its own.
fn alone<M: Machine + 'static, W: Watch + 'static>(
    machine: M,
    wire: Wire,
    first: &[Input<'_>],
    run: &Arc<Run<W>>,
) -> Status {
    let observer = run.watch.watch(Subject::Endpoint);
    let served = EventLoop::new(run, &*run.console)
        .and_then(|mut event_loop| event_loop.alone(machine, observer, wire, first));
    served.unwrap_or_else(|error| broken(&error))
}

/// The system refused what the loop itself needs.
fn broken(error: &io::Error) -> Status {
    Status::Failed(Failure::Io(Doing::Opening, fault(error)))
}

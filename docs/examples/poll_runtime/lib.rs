//! A runtime on the `polling` crate: one thread, one poll, and interest that is asked for anew after each event.
//!
//! An example of a driver, whole, and simple rather than fast: it passes the same kit as the others.
//!
//! # Where to look
//!
//! `event_loop` waits, in one place, and hands out what came. `conversation` is one machine with its socket. `wire` is
//! a socket that never blocks, `acceptor` one that takes connections, and `watched` is how the poller knows of either.

mod acceptor;
mod conversation;
mod event_loop;
mod watched;
mod wire;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use socklab_core::{
    Doing, Failure, Input, Machine, Notice, Service, Socket, Status, Subject, Watch,
};
use socklab_system::{Backend, Run, fault, socket};

use acceptor::Acceptor;
use event_loop::EventLoop;
use wire::Wire;

/// This I/O model.
#[derive(Clone, Copy, Debug)]
pub struct Polling;

impl Backend for Polling {
    const NAME: &'static str = "polling";

    fn client<M: Machine + 'static, W: Watch + 'static>(machine: M, run: &Arc<Run<W>>) -> Status {
        let served = EventLoop::new(run).and_then(|mut all| {
            let observer = run.watch.watch(Subject::Endpoint);
            // A client opens its socket when the machine asks for it.
            all.begin(machine, observer, Wire::Closed, None);
            all.alone()
        });
        served.unwrap_or_else(|error| broken(&error))
    }

    fn serve_datagrams<M: Machine + 'static, W: Watch + 'static>(
        address: SocketAddr,
        machine: M,
        run: &Arc<Run<W>>,
    ) -> Status {
        let bound = socket::datagram_server(address).and_then(|udp| Ok((udp.local_addr()?, udp)));
        let (local, udp) = match bound {
            Ok(bound) => bound,
            Err(error) => return Status::Failed(Failure::Listen(address, fault(&error))),
        };
        let served = EventLoop::new(run).and_then(|mut all| {
            let observer = run.watch.watch(Subject::Endpoint);
            let wire = Wire::datagram(all.poller(), all.next_key(), udp, None)?;
            let socket = Socket(0);
            let bound = Input::Bound { socket, local };
            all.begin(machine, observer, wire, Some(bound));
            all.alone()
        });
        served.unwrap_or_else(|error| broken(&error))
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
        let served = EventLoop::new(run).and_then(|mut all| {
            let acceptor = Acceptor::new(all.poller(), listener, run.max_connections)?;
            run.console.notice(Notice::Ready(local));
            all.serve(acceptor, local, &*service)
        });
        served.unwrap_or_else(|error| broken(&error))
    }
}

/// The system refused what the loop itself needs.
fn broken(error: &io::Error) -> Status {
    Status::Failed(Failure::Io(Doing::Opening, fault(error)))
}

//! One connection after the other.
//!
//! Stevens's iterative server (*UNIX Network Programming*, vol. 1, 30.4), and the one that students
//! write first: one thread accepts a connection, serves it to its end, and accepts the next. It
//! waits in `accept` or for the one peer that it has; all others wait in the backlog, for as long
//! as that peer takes.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

use socklab_core::{Machine, Service, Status, Watch};
use socklab_system::{Backend, Run};

use crate::Blocking;
use crate::listener::Listener;

/// The blocking model with an iterative TCP server. With UDP and in clients there is one thread
/// anyway, and it is [`Blocking`].
///
/// It holds one connection, whatever [`Run::limit`] allows.
#[derive(Clone, Copy, Debug)]
pub struct BlockingIterative;

impl Backend for BlockingIterative {
    const NAME: &'static str = "blocking-iterative";

    fn alone<M: Machine + 'static, W: Watch + 'static>(
        machine: M,
        server: Option<(SocketAddr, UdpSocket)>,
        run: &Arc<Run<W>>,
    ) -> Status {
        Blocking::alone(machine, server, run)
    }

    fn serve_streams<S: Service + 'static, W: Watch + 'static>(
        address: SocketAddr,
        service: Arc<S>,
        run: &Arc<Run<W>>,
    ) -> Status {
        match Listener::open(address, &*service, run) {
            Ok(listener) => serve(&listener),
            Err(status) => return status,
        }
        Status::Stopped
    }
}

/// Accepts and serves, one at a time, until told to stop.
pub(crate) fn serve<S: Service, W: Watch + 'static>(listener: &Listener<'_, S, W>) {
    let mut accepting = listener.accepting();
    while let Some(guest) = accepting.next() {
        listener.serve(guest);
    }
}

//! One loop whose UDP server receives and sends several datagrams in one call.
//!
//! Linux puts together equal datagrams of a peer that came one after the other (GRO), and takes
//! apart a long one that is sent with the length of each (GSO; udp(7)). The loop is the same: one
//! event, one receive, one send, for up to 64 datagrams.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

use socklab_core::{Machine, Service, Status, Subject, Watch};
use socklab_readiness::EventLoop;
use socklab_system::{Backend, Run, broken};

use crate::Mio;
use crate::model::MioPoll;

/// The model with a UDP server that receives and sends several datagrams in one call. Where the
/// system cannot do that, and for all else, it is [`Mio`].
#[derive(Clone, Copy, Debug)]
pub struct MioBatched;

impl Backend for MioBatched {
    const NAME: &'static str = "mio-batched";

    fn alone<M: Machine + 'static, W: Watch + 'static>(
        machine: M,
        server: Option<(SocketAddr, UdpSocket)>,
        run: &Arc<Run<W>>,
    ) -> Status {
        let observer = run.watch.watch(Subject::Endpoint);
        let served = EventLoop::<MioPoll, W>::new(run, &*run.console)
            .and_then(|one| one.batched().alone(machine, observer, server));
        served.unwrap_or_else(|error| broken(&error))
    }

    fn serve_streams<S: Service + 'static, W: Watch + 'static>(
        address: SocketAddr,
        service: Arc<S>,
        run: &Arc<Run<W>>,
    ) -> Status {
        Mio::serve_streams(address, service, run)
    }
}

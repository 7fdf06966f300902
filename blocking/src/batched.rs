//! A UDP server whose calls move many datagrams.
//!
//! A walk through the kernel costs more than the bytes that it carries: with small datagrams most
//! of a server's time goes there. Linux lets one walk serve many. It puts together equal datagrams
//! of a peer that came one after the other (GRO), and takes apart a long one that is sent with the
//! length of each (GSO; udp(7)). So a peer that sends 32 at once is received from with one call and
//! answered with another.
//!
//! * **What it costs.** Nothing but code: a datagram that comes alone is received alone.
//! * **Where it breaks down.** With one datagram from each of many peers, which nothing puts
//!   together; and when the replies have different lengths, each of which is a call.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

use socklab_core::{Begin, Machine, Service, Status, Watch};
use socklab_system::{Backend, Run, broken};

use crate::wire::BlockingWire;
use crate::{Blocking, alone};

/// This I/O model with a UDP server that receives and sends several datagrams in one call. Where
/// the system cannot do that, and for all else, it is [`Blocking`].
#[derive(Clone, Copy, Debug)]
pub struct BlockingBatched;

impl Backend for BlockingBatched {
    const NAME: &'static str = "blocking-batched";

    fn alone<M: Machine + 'static, W: Watch + 'static>(
        machine: M,
        server: Option<(SocketAddr, UdpSocket)>,
        run: &Arc<Run<W>>,
    ) -> Status {
        let Some((local, udp)) = server else {
            return Blocking::alone(machine, None, run);
        };
        match BlockingWire::server::<W::Observer>(udp, local) {
            Ok(wire) => alone(machine, wire.coupled(), Begin::Bound(local), run),
            Err(error) => broken(&error),
        }
    }

    fn serve_streams<S: Service + 'static, W: Watch + 'static>(
        address: SocketAddr,
        service: Arc<S>,
        run: &Arc<Run<W>>,
    ) -> Status {
        Blocking::serve_streams(address, service, run)
    }
}

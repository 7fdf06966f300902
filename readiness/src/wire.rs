//! A nonblocking socket, UDP or TCP.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use socket2::SockRef;
use socklab_core::{Link, Received, Transport};
use socklab_system::{self as system, Clock, stream_received};

use crate::model::{Model, Watched};

/// The socket of a conversation.
pub(crate) type Wire<L> = system::Wire<<L as Model>::Udp, <L as Model>::Tcp>;

/// Opens a socket to `link`. Returns its own address if it is open already. A TCP connection is
/// not: the model reports when it is.
pub(crate) fn open<L: Model>(
    transport: Transport,
    link: Link,
    model: &L,
) -> io::Result<(Option<SocketAddr>, Wire<L>)> {
    match transport {
        Transport::Datagram => {
            let (local, wire) = system::Wire::udp_client(link, |udp| model.udp(udp))?;
            Ok((Some(local), wire))
        }
        Transport::Stream => Ok((None, system::Wire::Stream(model.connect(link.peer)?))),
    }
}

/// The own address of a TCP connection that was being opened; `None` while it is not open yet.
pub(crate) fn opened<L: Model>(wire: &Wire<L>) -> io::Result<Option<SocketAddr>> {
    match wire {
        system::Wire::Stream(tcp) if L::is_connected(tcp)? => {
            let local = SockRef::from(tcp).local_addr()?.as_socket();
            local.ok_or(ErrorKind::AddrNotAvailable.into()).map(Some)
        }
        _ => Ok(None),
    }
}

/// The socket, as the model takes it to watch; `None` if there is none.
pub(crate) fn watched<L: Model>(wire: &mut Wire<L>) -> Option<Watched<'_, L>> {
    match wire {
        system::Wire::Closed => None,
        system::Wire::Datagrams(datagrams) => Some(Watched::Udp(&mut datagrams.udp)),
        system::Wire::Stream(tcp) => Some(Watched::Tcp(tcp)),
    }
}

/// Receives once: the rest of an earlier receive, or else from the system.
#[inline(always)]
pub(crate) fn receive<L: Model>(
    wire: &mut Wire<L>,
    buffer: &mut [u8],
    clock: &Clock,
) -> io::Result<Received> {
    match wire {
        system::Wire::Closed => Err(ErrorKind::WouldBlock.into()),
        system::Wire::Datagrams(datagrams) => match datagrams.take_rest(buffer) {
            Some(rest) => Ok(rest),
            None => L::receive(datagrams, buffer, clock),
        },
        system::Wire::Stream(tcp) => stream_received(L::read(tcp, buffer)),
    }
}

/// Sends as many bytes as the system takes now. Datagrams are `segment` bytes long, but for the
/// last.
#[inline(always)]
pub(crate) fn send<L: Model>(
    wire: &mut Wire<L>,
    link: &Link,
    bytes: &[u8],
    segment: usize,
) -> io::Result<usize> {
    match wire {
        system::Wire::Closed => Err(ErrorKind::NotConnected.into()),
        system::Wire::Datagrams(datagrams) if datagrams.is_batched() => {
            datagrams.send_batch(link, bytes, segment)
        }
        system::Wire::Datagrams(datagrams) => L::send(datagrams, link, bytes),
        system::Wire::Stream(tcp) => L::write(tcp, bytes),
    }
}

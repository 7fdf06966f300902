//! A nonblocking socket, UDP or TCP.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use socket2::SockRef;
use socklab_core::{Link, Received, Transport};
use socklab_system::{self as system, Clock, read};

use crate::model::{Model, Watched};

/// What a conversation talks through.
pub(crate) type Wire<L> = system::Wire<<L as Model>::Udp, <L as Model>::Tcp>;

/// Opens a socket to `link`. Returns its address if it is open already; a TCP connection opens in
/// its own time.
pub(crate) fn open<L: Model>(
    transport: Transport,
    link: Link,
    model: &L,
) -> io::Result<(Option<SocketAddr>, Wire<L>)> {
    match transport {
        Transport::Datagram => {
            let (local, wire) = system::Wire::client(link, |udp| model.udp(udp))?;
            Ok((Some(local), wire))
        }
        Transport::Stream => Ok((None, system::Wire::Stream(model.connect(link.peer)?))),
    }
}

/// Its own address, if the connection that was being opened is open by now; `None` while that is
/// not known.
pub(crate) fn opened<L: Model>(wire: &Wire<L>) -> io::Result<Option<SocketAddr>> {
    match wire {
        system::Wire::Stream(tcp) if L::is_connected(tcp)? => {
            let local = SockRef::from(tcp).local_addr()?.as_socket();
            local.ok_or(ErrorKind::AddrNotAvailable.into()).map(Some)
        }
        _ => Ok(None),
    }
}

/// The socket, to be watched.
pub(crate) fn watched<L: Model>(wire: &mut Wire<L>) -> Option<Watched<'_, L>> {
    match wire {
        system::Wire::Closed => None,
        system::Wire::Datagrams(datagrams) => Some(Watched::Udp(&mut datagrams.udp)),
        system::Wire::Stream(tcp) => Some(Watched::Tcp(tcp)),
    }
}

/// Takes what there is, once.
#[inline]
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
        system::Wire::Stream(tcp) => read(L::read(tcp, buffer)),
    }
}

/// Sends what the system takes now.
#[inline]
pub(crate) fn send<L: Model>(
    wire: &mut Wire<L>,
    link: &Link,
    bytes: &[u8],
    segment: usize,
) -> io::Result<usize> {
    match wire {
        system::Wire::Closed => Err(ErrorKind::NotConnected.into()),
        system::Wire::Datagrams(datagrams) if segment < bytes.len() => {
            datagrams.send_train(link, bytes, segment)
        }
        system::Wire::Datagrams(datagrams) => L::send(datagrams, link, bytes),
        system::Wire::Stream(tcp) => L::write(tcp, bytes),
    }
}

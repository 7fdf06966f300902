//! Finds whether a program listens at a port, without connecting to it: a server that answers only
//! once must not spend its answer on the test.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::ops::Range;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use socket2::{Domain, Socket, Type};
use socklab_core::Transport;

use crate::{children, sockets};

/// Whether a program listens at a port of this machine. A busy system may show it only at a later
/// look.
pub(crate) fn is_taken(transport: Transport, port: u16) -> bool {
    if let Some(listening) = sockets::listening(transport) {
        return listening.iter().any(|one| one.address.port() == port);
    }
    // On other systems: a port that cannot be bound is in use.
    let there = (Ipv4Addr::LOCALHOST, port);
    let free = match transport {
        Transport::Stream => TcpListener::bind(there).map(drop),
        Transport::Datagram => UdpSocket::bind(there).map(drop),
    };
    matches!(free, Err(error) if error.kind() == io::ErrorKind::AddrInUse)
}

/// The ports that [`free_port`] chooses from. They lie below those that systems give to clients
/// (49152 and up by RFC 6335, section 6; 32768 and up on Linux, ip(7)). If the system chose the
/// port, it could give it to some client before the program that we start has bound it.
const PORTS: Range<u16> = 20_000..32_000;

/// A port at which any program can bind a server now, UDP or TCP.
///
/// # Errors
/// `AddrInUse` if there is none.
pub fn free_port() -> io::Result<u16> {
    // Processes that run at the same time begin at different ports.
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let first = process::id().wrapping_mul(101);
    let ports = u32::from(PORTS.end - PORTS.start);
    // A copy of a socket that is tried here would keep its port.
    let _no_spawn = children::running();
    (0..ports)
        .map(|_| first.wrapping_add(CALLS.fetch_add(1, Ordering::Relaxed)) % ports)
        .filter_map(|offset| u16::try_from(offset).ok())
        .map(|offset| PORTS.start + offset)
        .find(|port| can_bind(*port))
        .ok_or(io::ErrorKind::AddrInUse.into())
}

/// Whether a server can be bound to a port on all addresses, even one that does not set
/// `SO_REUSEADDR`.
fn can_bind(port: u16) -> bool {
    let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into();
    [Type::DGRAM, Type::STREAM].into_iter().all(|kind| {
        Socket::new(Domain::IPV4, kind, None).is_ok_and(|socket| socket.bind(&any).is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_soon_taken(transport: Transport, port: u16) -> bool {
        (0..100).any(|_| is_taken(transport, port))
    }

    #[test]
    fn a_socket_is_seen_while_it_is_there() {
        let _no_spawn = children::running();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("bound").port();
        assert!(is_soon_taken(Transport::Stream, port));
        drop(listener);
        assert!(!is_taken(Transport::Stream, port));
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = socket.local_addr().expect("bound").port();
        assert!(is_soon_taken(Transport::Datagram, port));
        drop(socket);
        assert!(!is_taken(Transport::Datagram, port));
    }

    #[test]
    fn a_free_port_is_free_and_not_one_of_the_clients() {
        let ports: Vec<u16> = (0..20).map(|_| free_port().expect("one is free")).collect();
        let _no_spawn = children::running();
        for (index, port) in ports.iter().enumerate() {
            assert!(!is_taken(Transport::Stream, *port));
            assert!(!is_taken(Transport::Datagram, *port));
            assert!(
                PORTS.contains(port) && !ports[..index].contains(port),
                "{ports:?}"
            );
        }
        let _held = UdpSocket::bind((Ipv4Addr::LOCALHOST, ports[0])).expect("it was free");
        assert!(!can_bind(ports[0]));
    }
}

//! Finds the sockets of a program, and the program that holds a port.

use std::net::{IpAddr, SocketAddr};

use socklab_core::Transport;

/// A socket that waits for peers: a TCP listener, or a bound UDP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listening {
    pub(crate) transport: Transport,
    pub(crate) address: SocketAddr,
}

/// Another program that holds a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The process ID, if the system reports it.
    pub process: Option<u32>,
    /// The command, as far as it is known.
    pub command: String,
}

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
pub(crate) use linux::{all, holder, is_open, of_program};
#[cfg(target_os = "linux")]
pub(crate) use socklab_process::sockets::is_lingering;

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{all, holder, is_lingering, is_open, of_program};

/// The address at which this machine reaches a socket that is bound to `address`.
pub(crate) fn reached(address: SocketAddr) -> SocketAddr {
    let host = match address.ip() {
        IpAddr::V4(host) if host.is_unspecified() => std::net::Ipv4Addr::LOCALHOST.into(),
        // A socket bound to every IPv6 address takes IPv4 too on most systems, but not always.
        IpAddr::V6(host) if host.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    SocketAddr::new(host, address.port())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn our_own_sockets_are_found_and_nobody_elses() {
        let udp = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let tcp = std::net::TcpListener::bind("[::1]:0").expect("a socket");
        let own = of_program(std::process::id(), 0).expect("Linux says it");
        for (transport, address) in [
            (Transport::Datagram, udp.local_addr().expect("bound")),
            (Transport::Stream, tcp.local_addr().expect("bound")),
        ] {
            assert!(own.contains(&Listening { transport, address }), "{own:?}");
            let holder = holder(transport, address.port()).expect("a holder");
            assert_eq!(holder.process, Some(std::process::id()));
        }
        assert_eq!(of_program(u32::MAX, 0), Some(Vec::new()));
    }

    #[test]
    fn a_port_lingers_after_the_end_that_listened_closed_first() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a socket");
        let address = listener.local_addr().expect("bound");
        assert!(!is_lingering(address.port()));
        let client = std::net::TcpStream::connect(address).expect("connected");
        drop(listener.accept().expect("accepted"));
        assert!(is_lingering(address.port()), "the server's end waits");
        drop((client, listener));
        assert!(is_lingering(address.port()), "TIME_WAIT");
    }
}

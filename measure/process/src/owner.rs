//! Finds the process that owns a socket, so that a server that we did not start can be measured
//! too.

use std::net::SocketAddr;

use socklab_core::Transport;

use crate::sockets;

/// The process whose socket listens at a loopback address. `None` for any other address, and if the
/// system does not tell: only Linux does, and only of the user's own processes.
pub fn owner(transport: Transport, address: SocketAddr) -> Option<u32> {
    if !address.ip().is_loopback() {
        return None;
    }
    sockets::process_of(&sockets::at_port(transport, address.port())?)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener, UdpSocket};

    #[test]
    fn a_socket_of_ours_is_ours() {
        let _no_spawn = crate::children::running();
        let any = (Ipv4Addr::LOCALHOST, 0);
        let listener = TcpListener::bind(any).expect("a port");
        let at = listener.local_addr().expect("bound");
        assert_eq!(owner(Transport::Stream, at), Some(std::process::id()));
        let socket = UdpSocket::bind(any).expect("a port");
        let at = socket.local_addr().expect("bound");
        assert_eq!(owner(Transport::Datagram, at), Some(std::process::id()));
        drop(socket);
        assert_eq!(owner(Transport::Datagram, at), None);
        let far = SocketAddr::from(([192, 0, 2, 1], at.port()));
        assert_eq!(owner(Transport::Datagram, far), None);
    }
}

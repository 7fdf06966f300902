//! The sockets of the standard library, for models that bring none of their own.

use std::io;

use socket2::{SockRef, Socket};

use crate::model::{Model, Watched};

/// The sockets of a [`Model`] that uses those of `std::net`: `readiness::std_sockets!();` among its
/// items.
#[macro_export]
macro_rules! std_sockets {
    () => {
        type Udp = std::net::UdpSocket;
        type Tcp = std::net::TcpStream;
        type Listener = std::net::TcpListener;

        fn udp(socket: std::net::UdpSocket) -> std::io::Result<Self::Udp> {
            Ok(socket)
        }

        fn listener(socket: std::net::TcpListener) -> std::io::Result<Self::Listener> {
            Ok(socket)
        }

        fn connect(to: std::net::SocketAddr) -> std::io::Result<Self::Tcp> {
            socklab_system::socket::connecting_stream(to)
        }

        fn accept(listener: &Self::Listener) -> std::io::Result<(Self::Tcp, std::net::SocketAddr)> {
            let (tcp, peer) = listener.accept()?;
            tcp.set_nonblocking(true)?;
            Ok((tcp, peer))
        }

        fn receive(udp: &Self::Udp, buffer: &mut [u8]) -> std::io::Result<usize> {
            udp.recv(buffer)
        }

        fn receive_from(
            udp: &Self::Udp,
            buffer: &mut [u8],
        ) -> std::io::Result<(usize, std::net::SocketAddr)> {
            udp.recv_from(buffer)
        }

        fn send_to(
            udp: &Self::Udp,
            bytes: &[u8],
            to: std::net::SocketAddr,
        ) -> std::io::Result<usize> {
            udp.send_to(bytes, to)
        }
    };
}

/// A second descriptor of a socket, for a model that must own what it watches.
///
/// # Errors
/// When the system has no descriptor for it.
pub fn duplicate<L: Model>(socket: Watched<'_, L>) -> io::Result<Socket> {
    match socket {
        Watched::Udp(udp) => SockRef::from(&*udp).try_clone(),
        Watched::Tcp(tcp) => SockRef::from(&*tcp).try_clone(),
        Watched::Listener(listener) => SockRef::from(&*listener).try_clone(),
    }
}

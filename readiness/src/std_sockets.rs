//! The sockets of the standard library, for models without sockets of their own.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;

use socket2::{SockRef, Socket};
use socklab_system::SystemSocket;

use crate::model::{Model, Watched};

/// Defines the socket types of a [`Model`] that uses those of `std::net`, and the functions that
/// make them: write `readiness::std_sockets!();` among its items. Each socket is in an `Arc`:
/// while the model keeps a share of it, its descriptor stays open and its number is not given to
/// another socket. A model that accepts in its own way names its function,
/// `std_sockets!(accept_if_possible)`, which has the arguments of [`accept`].
#[macro_export]
macro_rules! std_sockets {
    () => {
        $crate::std_sockets!($crate::accept);
    };
    ($accept:path) => {
        type Udp = std::sync::Arc<std::net::UdpSocket>;
        type Tcp = std::sync::Arc<std::net::TcpStream>;
        type Listener = std::sync::Arc<std::net::TcpListener>;

        fn udp(&self, socket: std::net::UdpSocket) -> std::io::Result<Self::Udp> {
            socket.set_nonblocking(true)?;
            Ok(socket.into())
        }

        fn listener(&self, socket: std::net::TcpListener) -> std::io::Result<Self::Listener> {
            socket.set_nonblocking(true)?;
            Ok(socket.into())
        }

        fn connect(&self, to: std::net::SocketAddr) -> std::io::Result<Self::Tcp> {
            Ok(socklab_system::socket::start_connecting(to)?.into())
        }

        fn accept(listener: &Self::Listener) -> std::io::Result<(Self::Tcp, std::net::SocketAddr)> {
            $accept(listener)
        }
    };
}

/// Accepts a connection, and makes it nonblocking.
///
/// # Errors
/// What the system says; `WouldBlock` if there is none.
pub fn accept(listener: &TcpListener) -> io::Result<(Arc<TcpStream>, SocketAddr)> {
    let (tcp, peer) = listener.accept()?;
    tcp.set_nonblocking(true)?;
    Ok((tcp.into(), peer))
}

/// A share of a watched socket, which keeps its descriptor open.
pub type SharedSocket = Arc<dyn SystemSocket + Send + Sync>;

/// Returns a share of a socket, for a model to keep for as long as it watches the socket.
pub fn share<L>(socket: &Watched<'_, L>) -> SharedSocket
where
    L: Model<Udp = Arc<UdpSocket>, Tcp = Arc<TcpStream>, Listener = Arc<TcpListener>>,
{
    match socket {
        Watched::Udp(udp) => Arc::clone(udp) as SharedSocket,
        Watched::Tcp(tcp) => Arc::clone(tcp) as SharedSocket,
        Watched::Listener(listener) => Arc::clone(listener) as SharedSocket,
    }
}

/// Makes a second descriptor of a socket, for a model that must own what it watches.
///
/// # Errors
/// When the system has no descriptor left.
pub fn duplicate<L: Model>(socket: Watched<'_, L>) -> io::Result<Socket> {
    match socket {
        Watched::Udp(udp) => SockRef::from(&*udp).try_clone(),
        Watched::Tcp(tcp) => SockRef::from(&*tcp).try_clone(),
        Watched::Listener(listener) => SockRef::from(&*listener).try_clone(),
    }
}

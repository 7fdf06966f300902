//! The sockets of the standard library, for models that bring none of their own.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::ops::Deref;
use std::sync::Arc;

use socket2::{SockRef, Socket};
use socklab_system::SystemSocket;

use crate::model::{Model, Watched};

/// A socket of the standard library that its conversation and its model can share: while the model
/// watches it, its descriptor stays open and stands for nothing else.
#[derive(Debug)]
pub struct Shared<S>(Arc<S>);

impl<S> From<S> for Shared<S> {
    fn from(socket: S) -> Self {
        Shared(Arc::new(socket))
    }
}

impl<S> Deref for Shared<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}

#[cfg(unix)]
impl<S: std::os::fd::AsFd> std::os::fd::AsFd for Shared<S> {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(windows)]
impl<S: std::os::windows::io::AsSocket> std::os::windows::io::AsSocket for Shared<S> {
    fn as_socket(&self) -> std::os::windows::io::BorrowedSocket<'_> {
        self.0.as_socket()
    }
}

impl Read for Shared<TcpStream> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(buffer)
    }
}

impl Write for Shared<TcpStream> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self.0).flush()
    }
}

/// The sockets of a [`Model`] that uses those of `std::net`: `readiness::std_sockets!();` among its
/// items. A model that takes connections in its own way names its function:
/// `std_sockets!(accept_if_possible)`, which has the arguments of [`accept`].
#[macro_export]
macro_rules! std_sockets {
    () => {
        $crate::std_sockets!($crate::accept);
    };
    ($accept:path) => {
        type Udp = $crate::Shared<std::net::UdpSocket>;
        type Tcp = $crate::Shared<std::net::TcpStream>;
        type Listener = $crate::Shared<std::net::TcpListener>;

        fn udp(socket: std::net::UdpSocket) -> std::io::Result<Self::Udp> {
            Ok(socket.into())
        }

        fn listener(socket: std::net::TcpListener) -> std::io::Result<Self::Listener> {
            Ok(socket.into())
        }

        fn connect(to: std::net::SocketAddr) -> std::io::Result<Self::Tcp> {
            Ok(socklab_system::socket::connecting_stream(to)?.into())
        }

        fn accept(listener: &Self::Listener) -> std::io::Result<(Self::Tcp, std::net::SocketAddr)> {
            $accept(listener)
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

/// Takes a connection, which does not block.
///
/// # Errors
/// What the system says; `WouldBlock` if there is none.
pub fn accept(listener: &TcpListener) -> io::Result<(Shared<TcpStream>, SocketAddr)> {
    let (tcp, peer) = listener.accept()?;
    tcp.set_nonblocking(true)?;
    Ok((tcp.into(), peer))
}

/// What a model keeps of a socket that it watches.
pub type Kept = Arc<dyn SystemSocket + Send + Sync>;

/// A share of a socket, for a model to keep until it watches it no more.
pub fn keep<L>(socket: &Watched<'_, L>) -> Kept
where
    L: Model<Udp = Shared<UdpSocket>, Tcp = Shared<TcpStream>, Listener = Shared<TcpListener>>,
{
    match socket {
        Watched::Udp(udp) => Arc::clone(&udp.0) as Kept,
        Watched::Tcp(tcp) => Arc::clone(&tcp.0) as Kept,
        Watched::Listener(listener) => Arc::clone(&listener.0) as Kept,
    }
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

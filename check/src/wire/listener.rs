//! The ports that we listen on as a server.

use std::io;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};

use socklab_core::Transport;

/// A port that we listen on, for the exercise's transport and, as a trap, for the other one.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) udp: Option<UdpSocket>,
    pub(super) tcp: Option<TcpListener>,
}

impl Listener {
    /// Listens on a port, or on any free one if `port` is 0. Also returns the port.
    pub(super) fn open(port: u16, transport: Transport) -> io::Result<(Self, u16)> {
        let udp = |port| -> io::Result<(UdpSocket, u16)> {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port))?;
            socket.set_nonblocking(true)?;
            let port = socket.local_addr()?.port();
            Ok((socket, port))
        };
        let tcp = |port| -> io::Result<(TcpListener, u16)> {
            let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
            socket.set_nonblocking(true)?;
            let port = socket.local_addr()?.port();
            Ok((socket, port))
        };
        let (listener_udp, listener_tcp, port) = match transport {
            Transport::Datagram => {
                let (socket, port) = udp(port)?;
                (Some(socket), tcp(port).ok().map(|(one, _)| one), port)
            }
            Transport::Stream => {
                let (socket, port) = tcp(port)?;
                (udp(port).ok().map(|(one, _)| one), Some(socket), port)
            }
        };
        let (udp, tcp) = (listener_udp, listener_tcp);
        Ok((Listener { udp, tcp }, port))
    }
}

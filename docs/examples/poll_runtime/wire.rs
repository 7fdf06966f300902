//! A socket that never blocks, of either kind.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;

use polling::Poller;
use socklab_core::{Link, Transport};
use socklab_system::{Unsent, socket};

use super::watched::Watched;

/// How many bytes may wait to be written before the machine is given no more to answer.
const HIGH_WATER: usize = 64 * 1024;

/// What a conversation talks through.
pub(super) enum Wire {
    /// Nothing, yet or any more.
    Closed,
    /// A UDP socket, with its peer if it is a client's, and the datagrams that wait for room.
    Datagram(
        Watched<UdpSocket>,
        Option<Link>,
        VecDeque<(SocketAddr, Vec<u8>)>,
    ),
    /// A TCP connection.
    Stream(Stream),
}

/// A TCP connection, and how it stands.
pub(super) struct Stream {
    socket: Watched<TcpStream>,
    link: Link,
    connecting: bool,
    /// There is nothing more to read: the peer has ended, or the connection is broken.
    ended: bool,
    /// Bytes that wait for room.
    unsent: Unsent,
}

impl Wire {
    pub(super) fn datagram(
        poller: &Arc<Poller>,
        key: usize,
        udp: UdpSocket,
        peer: Option<Link>,
    ) -> io::Result<Self> {
        udp.set_nonblocking(true)?;
        let socket = Watched::new(poller, key, udp)?;
        Ok(Wire::Datagram(socket, peer, VecDeque::new()))
    }

    /// A connection that was accepted.
    pub(super) fn stream(
        poller: &Arc<Poller>,
        key: usize,
        tcp: TcpStream,
        link: Link,
    ) -> io::Result<Self> {
        tcp.set_nonblocking(true)?;
        Ok(Wire::Stream(Stream {
            socket: Watched::new(poller, key, tcp)?,
            link,
            connecting: false,
            ended: false,
            unsent: Unsent::default(),
        }))
    }

    /// A connection that is being opened: it is writable when that is over, well or badly.
    pub(super) fn connect(poller: &Arc<Poller>, key: usize, to: SocketAddr) -> io::Result<Self> {
        use socket2::{Domain, Protocol, Socket, Type};
        let tcp = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
        tcp.set_nonblocking(true)?;
        match tcp.connect(&to.into()) {
            Err(error) if !in_progress(&error) => return Err(error),
            _ => {}
        }
        let mut wire = Wire::stream(poller, key, tcp.into(), Link::first(to))?;
        if let Wire::Stream(stream) = &mut wire {
            stream.connecting = true;
        }
        Ok(wire)
    }

    pub(super) fn transport(&self) -> Transport {
        match self {
            Wire::Stream(_) => Transport::Stream,
            Wire::Closed | Wire::Datagram(..) => Transport::Datagram,
        }
    }

    /// Has the poller look for what is wanted now: something to read, if the machine wants it and there can be any; and
    /// room, if something waits for it.
    pub(super) fn ask(&mut self, wants_bytes: bool) -> io::Result<()> {
        let read = wants_bytes && self.can_read();
        let write = self.is_connecting() || self.has_unsent();
        match self {
            Wire::Closed => Ok(()),
            Wire::Datagram(socket, ..) => socket.ask(read, write),
            Wire::Stream(stream) => stream.socket.ask(read, write),
        }
    }

    /// An event came for it.
    pub(super) fn came(&mut self) {
        match self {
            Wire::Closed => {}
            Wire::Datagram(socket, ..) => socket.came(),
            Wire::Stream(stream) => stream.socket.came(),
        }
    }

    /// Whether there can be something to read, and room to answer it.
    pub(super) fn can_read(&self) -> bool {
        match self {
            Wire::Closed => false,
            Wire::Datagram(_, _, unsent) => unsent.is_empty(),
            Wire::Stream(one) => !one.connecting && !one.ended && one.unsent.len() < HIGH_WATER,
        }
    }

    /// Takes what there is, once: from whom, and how many bytes. None, on a stream, is its end.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> io::Result<(Link, usize)> {
        match self {
            Wire::Closed => Err(ErrorKind::WouldBlock.into()),
            Wire::Datagram(udp, Some(link), _) => Ok((*link, udp.socket().recv(buffer)?)),
            Wire::Datagram(udp, None, _) => {
                let (len, peer) = udp.socket().recv_from(buffer)?;
                Ok((Link::first(peer), len))
            }
            Wire::Stream(stream) => {
                let len = stream.socket.socket().read(buffer)?;
                stream.ended = len == 0;
                Ok((stream.link, len))
            }
        }
    }

    /// Has bytes wait for the next [`write`](Self::write).
    pub(super) fn push(&mut self, link: Link, bytes: &[u8]) {
        match self {
            Wire::Closed => {}
            Wire::Datagram(_, _, unsent) => unsent.push_back((link.peer, bytes.to_vec())),
            Wire::Stream(stream) => stream.unsent.push(bytes),
        }
    }

    /// Whether something waits to be written.
    pub(super) fn has_unsent(&self) -> bool {
        match self {
            Wire::Closed => false,
            Wire::Datagram(_, _, unsent) => !unsent.is_empty(),
            Wire::Stream(stream) => !stream.unsent.is_empty(),
        }
    }

    /// Writes the first of what waits, as much as the system takes. What it refuses waits no more.
    pub(super) fn write(&mut self) -> io::Result<usize> {
        let later = |error: &io::Error| {
            matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
        };
        match self {
            Wire::Closed => Ok(0),
            Wire::Datagram(udp, peer, unsent) => {
                let Some((to, bytes)) = unsent.front() else {
                    return Ok(0);
                };
                let sent = match peer {
                    Some(_) => udp.socket().send(bytes),
                    None => udp.socket().send_to(bytes, to),
                };
                if !sent.as_ref().is_err_and(later) {
                    unsent.pop_front();
                }
                sent
            }
            Wire::Stream(stream) => {
                let sent = stream.socket.socket().write(stream.unsent.as_slice());
                match &sent {
                    Ok(len) => stream.unsent.wrote(*len),
                    Err(error) if later(error) => {}
                    Err(_) => stream.unsent.clear(),
                }
                sent
            }
        }
    }

    /// All is written: closes a stream's writing side; asks a UDP socket, once, what the system already knows.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        match self {
            Wire::Closed => Ok(()),
            Wire::Datagram(udp, ..) => udp.socket().take_error()?.map_or(Ok(()), Err),
            Wire::Stream(stream) => stream.socket.socket().shutdown(Shutdown::Write),
        }
    }

    pub(super) fn is_connecting(&self) -> bool {
        matches!(self, Wire::Stream(stream) if stream.connecting)
    }

    /// Whether the connection that was being opened is open by now; nothing while it is not known.
    pub(super) fn opened(&mut self) -> Option<io::Result<(Link, SocketAddr)>> {
        let Wire::Stream(stream) = self else {
            return None;
        };
        let tcp = stream.socket.socket();
        let result = match tcp.take_error() {
            Ok(Some(error)) | Err(error) => Err(error),
            Ok(None) => match tcp.peer_addr() {
                // Told of too early, as may happen on any system.
                Err(error) if error.kind() == ErrorKind::NotConnected => return None,
                Err(error) => Err(error),
                Ok(_) => tcp.local_addr().map(|local| (stream.link, local)),
            },
        };
        stream.connecting = false;
        Some(result)
    }

    /// A stream is dead after an error: there is nothing more to read from it. A UDP socket is not.
    pub(super) fn failed(&mut self) {
        if let Wire::Stream(stream) = self {
            stream.ended = true;
        }
    }

    /// Closes it at once. What is unsent is lost, and a stream's peer is told so by a reset.
    pub(super) fn abort(&mut self) {
        if let Wire::Stream(stream) = self {
            socket::reset_on_close(stream.socket.socket());
        }
        *self = Wire::Closed;
    }
}

fn in_progress(error: &io::Error) -> bool {
    // EINPROGRESS has no stable ErrorKind; Windows says WSAEWOULDBLOCK.
    error.kind() == ErrorKind::WouldBlock || error.raw_os_error() == Some(IN_PROGRESS)
}

const IN_PROGRESS: i32 = if cfg!(any(target_os = "linux", target_os = "android")) {
    115
} else {
    36
};

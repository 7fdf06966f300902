//! A socket that never blocks, of either kind.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};

use mio::net::{TcpStream, UdpSocket};
use mio::{Interest, Registry, Token};
use socket2::SockRef;
use socklab_core::{Link, Mono, Observer, Transport};
use socklab_system::{Clock, Moved, Unsent, receive_stamped};

/// How many bytes may wait to be written before the machine is given no more to answer.
const HIGH_WATER: usize = 64 * 1024;

/// What a conversation talks through.
pub(crate) enum Wire {
    /// Nothing, yet or any more.
    Closed,
    /// A UDP socket: a server's, which hears everybody, or a client's, connected to its peer.
    Datagram {
        socket: UdpSocket,
        peer: Option<Link>,
        /// Datagrams that the system had no room for. While there are any, none are read.
        unsent: VecDeque<(SocketAddr, Vec<u8>)>,
    },
    /// A TCP connection.
    Stream {
        stream: TcpStream,
        link: Link,
        /// It is being opened; the first that is heard of it is whether it was.
        connecting: bool,
        /// Bytes that the system had no room for.
        unsent: Unsent,
    },
}

/// What came out of a receive.
pub(crate) enum Received {
    /// With when the kernel had it, where that is known.
    Datagram(Link, usize, Option<Mono>),
    Bytes(Link, usize),
    End(Link),
}

impl Received {
    /// What is told of it.
    pub(crate) fn moved(&self) -> Moved {
        let (items, bytes, arrived) = match *self {
            Received::Datagram(_, len, arrived) => (1, len, arrived),
            Received::Bytes(_, len) => (1, len, None),
            Received::End(_) => (0, 0, None),
        };
        Moved {
            items,
            bytes,
            arrived,
        }
    }
}

impl Wire {
    /// A UDP socket; with a peer if it is connected.
    pub(crate) fn datagram(socket: std::net::UdpSocket, peer: Option<Link>) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Wire::Datagram {
            socket: UdpSocket::from_std(socket),
            peer,
            unsent: VecDeque::new(),
        })
    }

    /// A TCP connection that was accepted, or is being opened.
    pub(crate) fn stream(stream: TcpStream, link: Link, connecting: bool) -> Self {
        Wire::Stream {
            stream,
            link,
            connecting,
            unsent: Unsent::default(),
        }
    }

    /// What kind it is.
    pub(crate) fn transport(&self) -> Transport {
        match self {
            Wire::Stream { .. } => Transport::Stream,
            Wire::Closed | Wire::Datagram { .. } => Transport::Datagram,
        }
    }

    /// Has the system tell when there is something to read, or room to write again.
    ///
    /// A datagram socket nearly always has room, and asking to be told of it costs the kernel work at each send (3 % of an
    /// echo's CPU time): it is asked only [while there is none](Wire::ask_for_room).
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        match self {
            Wire::Closed => Ok(()),
            Wire::Datagram { socket, .. } => registry.register(socket, token, Interest::READABLE),
            Wire::Stream { stream, .. } => {
                registry.register(stream, token, Interest::READABLE | Interest::WRITABLE)
            }
        }
    }

    /// Has the system tell when a datagram socket has room again, from now on if it is `full`, no more if not.
    pub(crate) fn ask_for_room(
        &mut self,
        full: bool,
        registry: &Registry,
        token: Token,
    ) -> io::Result<()> {
        let Wire::Datagram { socket, .. } = self else {
            return Ok(());
        };
        let interest = if full {
            Interest::READABLE | Interest::WRITABLE
        } else {
            Interest::READABLE
        };
        registry.reregister(socket, token, interest)
    }

    /// Takes what there is. Nothing is `WouldBlock`.
    pub(crate) fn receive<O: Observer>(
        &mut self,
        buffer: &mut [u8],
        clock: &Clock,
    ) -> io::Result<Received> {
        match self {
            Wire::Closed => Err(ErrorKind::WouldBlock.into()),
            Wire::Datagram {
                socket,
                peer: Some(link),
                ..
            } => Ok(Received::Datagram(*link, socket.recv(buffer)?, None)),
            Wire::Datagram { socket, .. } => {
                let plain = |buffer: &mut [u8]| socket.recv_from(buffer);
                let (len, peer, arrived) = receive_stamped::<O>(&*socket, buffer, clock, plain)?;
                Ok(Received::Datagram(Link::first(peer), len, arrived))
            }
            Wire::Stream { stream, link, .. } => match stream.read(buffer)? {
                0 => Ok(Received::End(*link)),
                len => Ok(Received::Bytes(*link, len)),
            },
        }
    }

    /// Sends what the system takes now, and keeps the rest.
    pub(crate) fn send(&mut self, link: Link, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Closed => Err(ErrorKind::NotConnected.into()),
            Wire::Datagram {
                socket,
                peer,
                unsent,
            } => {
                let sent = match peer {
                    _ if !unsent.is_empty() => Err(ErrorKind::WouldBlock.into()),
                    Some(_) => socket.send(bytes),
                    None => socket.send_to(bytes, link.peer),
                };
                if is_would_block(&sent) {
                    unsent.push_back((link.peer, bytes.to_vec()));
                }
                sent
            }
            Wire::Stream { stream, unsent, .. } => {
                let sent = match unsent.is_empty() {
                    true => stream.write(bytes),
                    false => Err(ErrorKind::WouldBlock.into()),
                };
                let taken = match &sent {
                    Ok(len) => *len,
                    Err(_) if is_would_block(&sent) => 0,
                    Err(_) => return sent,
                };
                unsent.push(&bytes[taken..]);
                sent
            }
        }
    }

    /// Whether something waits for the system to have room.
    pub(crate) fn has_unsent(&self) -> bool {
        match self {
            Wire::Closed => false,
            Wire::Datagram { unsent, .. } => !unsent.is_empty(),
            Wire::Stream { unsent, .. } => !unsent.is_empty(),
        }
    }

    /// Whether so much waits that the machine should be given no more to answer.
    pub(crate) fn is_full(&self) -> bool {
        match self {
            Wire::Closed => false,
            Wire::Datagram { unsent, .. } => !unsent.is_empty(),
            Wire::Stream { unsent, .. } => unsent.len() >= HIGH_WATER,
        }
    }

    /// Sends on what waits. `WouldBlock` when the system has no more room.
    pub(crate) fn flush(&mut self) -> io::Result<usize> {
        let mut total = 0;
        match self {
            Wire::Closed => {}
            Wire::Datagram {
                socket,
                peer,
                unsent,
            } => {
                while let Some((to, bytes)) = unsent.front() {
                    let sent = match peer {
                        Some(_) => socket.send(bytes),
                        None => socket.send_to(bytes, *to),
                    };
                    if is_would_block(&sent) {
                        return sent;
                    }
                    unsent.pop_front();
                    total += sent?;
                }
            }
            Wire::Stream { stream, unsent, .. } => {
                while !unsent.is_empty() {
                    match stream.write(unsent.as_slice()) {
                        Ok(len) => {
                            unsent.wrote(len);
                            total += len;
                        }
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        Ok(total)
    }

    /// All is written and no more will be: closes a stream's writing side; asks a UDP client's
    /// socket, once, what the system already knows.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        match self {
            Wire::Closed => Ok(()),
            Wire::Datagram { socket, .. } => socket.take_error()?.map_or(Ok(()), Err),
            Wire::Stream { stream, .. } => stream.shutdown(Shutdown::Write),
        }
    }

    /// Whether the connection that was being opened is open by now; nothing while it is not known.
    pub(crate) fn opened(&mut self) -> Option<io::Result<(Link, SocketAddr)>> {
        let Wire::Stream {
            stream,
            link,
            connecting,
            ..
        } = self
        else {
            return None;
        };
        if !*connecting {
            return None;
        }
        let result = match stream.take_error() {
            Ok(Some(error)) | Err(error) => Err(error),
            Ok(None) => match stream.peer_addr() {
                // Told of too early, as may happen on any system.
                Err(error) if error.kind() == ErrorKind::NotConnected => return None,
                Err(error) => Err(error),
                Ok(_) => stream.local_addr().map(|local| (*link, local)),
            },
        };
        *connecting = false;
        Some(result)
    }

    /// Whether it is still being opened.
    pub(crate) fn is_connecting(&self) -> bool {
        matches!(
            self,
            Wire::Stream {
                connecting: true,
                ..
            }
        )
    }

    /// Makes the close a reset: what is unsent is lost, and the peer is told so.
    pub(crate) fn abort(&mut self) {
        if let Wire::Stream { stream, .. } = self {
            let _ = SockRef::from(&*stream).set_linger(Some(std::time::Duration::ZERO));
        }
        *self = Wire::Closed;
    }
}

fn is_would_block<T>(result: &io::Result<T>) -> bool {
    matches!(result, Err(error) if error.kind() == ErrorKind::WouldBlock)
}

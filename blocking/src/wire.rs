//! A socket that blocks, of either kind.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use socklab_core::{Link, Mono, Observer};
use socklab_system::{Bell, Clock, Moved, Unsent, receive_stamped, socket};

/// How many bytes of a stream are read in one call.
const STREAM_BUFFER: usize = 4096;

/// What a conversation talks through. Shared with the waker of a stop, hence the `Arc`s.
pub(crate) enum Wire {
    /// Nothing, yet or any more.
    Closed,
    /// A UDP server's socket: it hears everybody.
    Server {
        socket: Arc<UdpSocket>,
        /// From where a stop wakes the blocked `recv`.
        alarm: Arc<UdpSocket>,
        timeout: Option<Duration>,
    },
    /// A UDP client's socket, connected: it hears only its peer, and of refusals.
    Datagram {
        socket: Arc<UdpSocket>,
        link: Link,
        timeout: Option<Duration>,
    },
    /// A TCP connection, with what could not be written yet.
    Stream {
        stream: Arc<TcpStream>,
        link: Link,
        unsent: Unsent,
        finishing: bool,
    },
}

/// What came out of a receive.
pub(crate) enum Received {
    /// With when the kernel had it, where that is known.
    Datagram(Link, usize, Option<Mono>),
    Bytes(Link, usize),
    End(Link),
    /// A stop woke us.
    Alarm,
}

impl Received {
    /// What is told of it.
    pub(crate) fn moved(&self) -> Moved {
        let (items, bytes, arrived) = match *self {
            Received::Datagram(_, len, arrived) => (1, len, arrived),
            Received::Bytes(_, len) => (1, len, None),
            Received::End(_) | Received::Alarm => (0, 0, None),
        };
        Moved {
            items,
            bytes,
            arrived,
        }
    }
}

impl Wire {
    pub(crate) fn server(socket: UdpSocket, local: SocketAddr) -> io::Result<Self> {
        let to = socket::reachable(local);
        let alarm = UdpSocket::bind(SocketAddr::new(to.ip(), 0))?;
        alarm.connect(to)?;
        Ok(Wire::Server {
            socket: Arc::new(socket),
            alarm: Arc::new(alarm),
            timeout: None,
        })
    }

    pub(crate) fn datagram(socket: UdpSocket, link: Link) -> Self {
        Wire::Datagram {
            socket: Arc::new(socket),
            link,
            timeout: None,
        }
    }

    pub(crate) fn stream(stream: TcpStream, link: Link) -> Self {
        Wire::Stream {
            stream: Arc::new(stream),
            link,
            unsent: Unsent::default(),
            finishing: false,
        }
    }

    /// How large a buffer to receive into.
    pub(crate) fn buffer(&self) -> usize {
        match self {
            Wire::Closed => 0,
            Wire::Stream { .. } => STREAM_BUFFER,
            Wire::Server { .. } | Wire::Datagram { .. } => socket::DATAGRAM_BUFFER,
        }
    }

    /// Something that ends a receive that blocks.
    pub(crate) fn waker(&self) -> Box<dyn Fn() + Send> {
        match self {
            Wire::Closed => Box::new(|| {}),
            Wire::Server { alarm, .. } => {
                let alarm = Arc::clone(alarm);
                Box::new(move || {
                    let _ = alarm.send(&[]);
                })
            }
            Wire::Datagram { socket, .. } => {
                let socket = Arc::clone(socket);
                Box::new(move || socket::wake_reader(&*socket))
            }
            Wire::Stream { stream, .. } => {
                let stream = Arc::clone(stream);
                Box::new(move || socket::wake_reader(&*stream))
            }
        }
    }

    /// What a signal itself can write to, to end a receive that blocks.
    pub(crate) fn bell(&self) -> Option<Bell> {
        match self {
            Wire::Server { alarm, .. } => Some(alarm.try_clone().ok()?.into()),
            _ => None,
        }
    }

    /// Blocks until something comes, or for `limit`, which ends in `WouldBlock` or `TimedOut`.
    pub(crate) fn receive<O: Observer>(
        &mut self,
        buffer: &mut [u8],
        limit: Option<Duration>,
        clock: &Clock,
    ) -> io::Result<Received> {
        match self {
            Wire::Closed => Err(ErrorKind::NotConnected.into()),
            Wire::Server {
                socket,
                alarm,
                timeout,
                ..
            } => {
                // Setting a time-out is a system call, so it is made only for another one.
                if *timeout != limit {
                    socket.set_read_timeout(limit)?;
                    *timeout = limit;
                }
                let plain = |buffer: &mut [u8]| socket.recv_from(buffer);
                let (len, peer, arrived) = receive_stamped::<O>(&**socket, buffer, clock, plain)?;
                // Empty, or the one byte that a signal writes.
                if len <= 1 && alarm.local_addr().is_ok_and(|alarm| alarm == peer) {
                    return Ok(Received::Alarm);
                }
                Ok(Received::Datagram(Link::first(peer), len, arrived))
            }
            Wire::Datagram {
                socket,
                link,
                timeout,
            } => {
                if *timeout != limit {
                    socket.set_read_timeout(limit)?;
                    *timeout = limit;
                }
                Ok(Received::Datagram(*link, socket.recv(buffer)?, None))
            }
            Wire::Stream { stream, link, .. } => {
                stream.set_read_timeout(limit)?;
                match (&**stream).read(buffer)? {
                    0 => Ok(Received::End(*link)),
                    len => Ok(Received::Bytes(*link, len)),
                }
            }
        }
    }

    /// Sends a datagram, or puts bytes behind those that are to be written.
    pub(crate) fn send(&mut self, link: Link, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Closed => Err(ErrorKind::NotConnected.into()),
            Wire::Server { socket, .. } => socket.send_to(bytes, link.peer),
            Wire::Datagram { socket, .. } => socket.send(bytes),
            Wire::Stream { unsent, .. } => {
                unsent.push(bytes);
                Ok(bytes.len())
            }
        }
    }

    /// Whether bytes of a stream wait to be written.
    pub(crate) fn has_unsent(&self) -> bool {
        matches!(self, Wire::Stream { unsent, .. } if !unsent.is_empty())
    }

    /// Blocks until some bytes are written, or for `limit`.
    pub(crate) fn write(&mut self, limit: Option<Duration>) -> io::Result<usize> {
        let Wire::Stream { stream, unsent, .. } = self else {
            return Ok(0);
        };
        stream.set_write_timeout(limit)?;
        let written = (&**stream).write(unsent.as_slice())?;
        unsent.wrote(written);
        Ok(written)
    }

    /// The machine asked to finish: once all is written, nothing more will be.
    pub(crate) fn finish(&mut self) {
        if let Wire::Stream { finishing, .. } = self {
            *finishing = true;
        }
    }

    /// Closes the writing side if it is to be closed and can be; says on which link.
    pub(crate) fn try_finish(&mut self) -> Option<io::Result<Link>> {
        match self {
            Wire::Stream {
                stream,
                link,
                unsent,
                finishing,
            } if *finishing && unsent.is_empty() => {
                *finishing = false;
                Some(stream.shutdown(Shutdown::Write).map(|()| *link))
            }
            _ => None,
        }
    }

    /// What the system already knows to have gone wrong with a UDP client's datagrams: asked once,
    /// without waiting.
    pub(crate) fn pending_error(&self) -> io::Result<()> {
        match self {
            Wire::Datagram { socket, .. } => match socket.take_error()? {
                Some(error) => Err(error),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Gives the connection up: what is unsent is lost, and the peer is told so.
    pub(crate) fn abort(&mut self) {
        if let Wire::Stream { stream, .. } = self {
            socket::reset_on_close(&**stream);
        }
        *self = Wire::Closed;
    }
}

//! A socket that blocks, of either kind.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use socklab_core::{Link, Observer, Received, Transport};
use socklab_system::{Ancillary, Bell, Clock, socket};

/// How many bytes of a stream are read in one call.
const STREAM_BUFFER: usize = 4096;

/// How long a receive blocks at most on Windows, where [`socket::wake_reader`] is only promised to
/// end the calls that come after it (`shutdown`, winsock2.h). Then the stop is looked at.
const LOOK_AT_STOP: Duration = Duration::from_millis(500);

/// What a conversation talks through. Shared with the waker of a stop, hence the `Arc`s.
pub(crate) enum Wire {
    /// There is none, yet or any more.
    Closed,
    /// A UDP server's socket: it hears everybody.
    Server {
        socket: Arc<UdpSocket>,
        ancillary: Ancillary,
        /// From where a stop wakes the blocked `recv`.
        alarm: Arc<UdpSocket>,
        /// The time-out that is set. Setting another is a system call.
        timeout: Option<Duration>,
    },
    /// A UDP client's socket, connected: it hears only its peer, and of refusals.
    Datagram {
        socket: Arc<UdpSocket>,
        link: Link,
        timeout: Option<Duration>,
    },
    /// A TCP connection.
    Stream {
        stream: Arc<TcpStream>,
        read_timeout: Option<Duration>,
        write_timeout: Option<Duration>,
    },
}

impl Wire {
    pub(crate) fn server<O: Observer>(socket: UdpSocket, local: SocketAddr) -> io::Result<Self> {
        let to = socket::reachable(local);
        let alarm = UdpSocket::bind(SocketAddr::new(to.ip(), 0))?;
        alarm.connect(to)?;
        Ok(Wire::Server {
            ancillary: Ancillary::ask::<O>(&socket, local),
            socket: Arc::new(socket),
            alarm: Arc::new(alarm),
            timeout: None,
        })
    }

    /// Blocks until a socket is open and connected to `to`. Also returns its own address.
    pub(crate) fn open(
        transport: Transport,
        to: SocketAddr,
        limit: Option<Duration>,
    ) -> io::Result<(SocketAddr, Self)> {
        match transport {
            Transport::Datagram => {
                let udp = socket::datagram_client(to)?;
                let (local, link) = (udp.local_addr()?, Link::first(to));
                let (socket, timeout) = (Arc::new(udp), None);
                let wire = Wire::Datagram {
                    socket,
                    link,
                    timeout,
                };
                Ok((local, wire))
            }
            Transport::Stream => {
                let tcp = socket::stream_client(to, limit)?;
                Ok((tcp.local_addr()?, Wire::stream(tcp)))
            }
        }
    }

    pub(crate) fn stream(stream: TcpStream) -> Self {
        Wire::Stream {
            stream: Arc::new(stream),
            read_timeout: None,
            write_timeout: None,
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

    /// Blocks until something comes, or for `limit`: then it is `WouldBlock`. It may be so earlier.
    pub(crate) fn receive(
        &mut self,
        buffer: &mut [u8],
        limit: Option<Duration>,
        clock: &Clock,
    ) -> io::Result<Received> {
        match self {
            Wire::Closed => Err(ErrorKind::WouldBlock.into()),
            Wire::Server {
                socket,
                ancillary,
                alarm,
                timeout,
            } => {
                if *timeout != limit {
                    socket.set_read_timeout(limit)?;
                    *timeout = limit;
                }
                let plain = |buffer: &mut [u8]| socket.recv_from(buffer);
                let received = ancillary.receive(&**socket, buffer, clock, plain);
                if let Ok(Received::Datagram(link, 0 | 1, _)) = received
                    && alarm.local_addr().is_ok_and(|alarm| alarm == link.peer)
                {
                    // A stop: an empty datagram, or the one byte that a signal writes.
                    return Err(ErrorKind::Interrupted.into());
                }
                received.map_err(timed_out)
            }
            Wire::Datagram {
                socket,
                link,
                timeout,
            } => {
                let limit = until_a_look(limit);
                if *timeout != limit {
                    socket.set_read_timeout(limit)?;
                    *timeout = limit;
                }
                let len = socket.recv(buffer).map_err(timed_out)?;
                Ok(Received::Datagram(*link, len, None))
            }
            Wire::Stream {
                stream,
                read_timeout,
                ..
            } => {
                let limit = until_a_look(limit);
                if *read_timeout != limit {
                    stream.set_read_timeout(limit)?;
                    *read_timeout = limit;
                }
                match (&**stream).read(buffer).map_err(timed_out)? {
                    0 => Ok(Received::End),
                    len => Ok(Received::Bytes(len)),
                }
            }
        }
    }

    /// Sends a datagram, or some bytes of a stream. Blocks until there is room; for a stream, or
    /// for `limit`: then it is `WouldBlock`.
    pub(crate) fn send(&mut self, link: Link, bytes: &[u8], limit: Duration) -> io::Result<usize> {
        match self {
            Wire::Closed => Err(ErrorKind::NotConnected.into()),
            Wire::Server {
                socket, ancillary, ..
            } => ancillary.send(&**socket, link, bytes, |bytes, to| {
                socket.send_to(bytes, to)
            }),
            Wire::Datagram { socket, .. } => socket.send(bytes),
            Wire::Stream {
                stream,
                write_timeout,
                ..
            } => {
                let limit = limit.max(Duration::from_millis(1));
                if cfg!(windows) {
                    return write_some(stream, bytes, limit);
                }
                if *write_timeout != Some(limit) {
                    stream.set_write_timeout(Some(limit))?;
                    *write_timeout = Some(limit);
                }
                (&**stream).write(bytes).map_err(timed_out)
            }
        }
    }

    /// Closes the writing side of a stream. Asks a UDP socket, once, without waiting, what the
    /// system already knows to have gone wrong.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        match self {
            Wire::Stream { stream, .. } => stream.shutdown(Shutdown::Write),
            Wire::Datagram { socket, .. } => socket.take_error()?.map_or(Ok(()), Err),
            Wire::Closed | Wire::Server { .. } => Ok(()),
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

/// A send that blocks on Windows waits until all is taken, and after a time-out it does not say how
/// much was. So there a send takes what it can without waiting, and this waits between two.
fn write_some(mut stream: &TcpStream, bytes: &[u8], limit: Duration) -> io::Result<usize> {
    const PAUSE: Duration = Duration::from_millis(1);
    let mut left = limit;
    stream.set_nonblocking(true)?;
    let written = loop {
        match stream.write(bytes) {
            Err(error) if error.kind() == ErrorKind::WouldBlock && left > PAUSE => {
                thread::sleep(PAUSE);
                left -= PAUSE;
            }
            written => break written,
        }
    };
    stream.set_nonblocking(false)?;
    written
}

/// The limit of a receive that a stop may be unable to end.
fn until_a_look(limit: Option<Duration>) -> Option<Duration> {
    match cfg!(windows) {
        true => Some(limit.map_or(LOOK_AT_STOP, |limit| limit.min(LOOK_AT_STOP))),
        false => limit,
    }
}

/// A blocking call's own time-out is `WouldBlock` on Unix, and `TimedOut` on Windows. On Unix
/// `TimedOut` is something else, a connection that the system has given up.
fn timed_out(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::TimedOut if cfg!(windows) => ErrorKind::WouldBlock.into(),
        _ => error,
    }
}

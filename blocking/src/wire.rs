//! A blocking socket, UDP or TCP.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use socklab_core::{CLOSE_LIMIT, Link, Received, Transport};
use socklab_system::{Clock, Wire, read, socket};

/// How many bytes of a stream are read in one call.
const STREAM_BUFFER: usize = 4096;

/// How long a receive blocks at most on Windows, where [`socket::wake_reader`] is only promised to
/// end the calls that come after it (`shutdown`, winsock2.h). Then the stop is looked at.
const LOOK_AT_STOP: Duration = Duration::from_millis(500);

/// The socket of a conversation, and the time-outs of its calls. A stop shares the socket, to end a
/// call that blocks.
#[derive(Default)]
pub(crate) struct BlockingWire {
    pub(crate) wire: Wire<Arc<UdpSocket>, Arc<TcpStream>>,
    /// From where a stop wakes the blocked `recv` of a UDP server.
    alarm: Option<Arc<UdpSocket>>,
    /// The time-outs that are set. Setting another is a system call.
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
}

impl BlockingWire {
    /// A UDP server's, bound to `local`. Where the system can do that, a call of a `batched` one
    /// moves several datagrams.
    pub(crate) fn server(
        udp: UdpSocket,
        local: SocketAddr,
        stamps: bool,
        batched: bool,
    ) -> io::Result<Self> {
        let to = socket::reachable(local);
        let alarm = UdpSocket::bind(SocketAddr::new(to.ip(), 0))?;
        alarm.connect(to)?;
        let mut wire = Wire::server(udp, local, stamps, |udp| Ok(udp.into()))?;
        if batched {
            wire.couple();
        }
        Ok(BlockingWire {
            wire,
            alarm: Some(alarm.into()),
            ..BlockingWire::default()
        })
    }

    /// Blocks until a socket is open and connected to its peer. Also returns its own address.
    pub(crate) fn open(
        transport: Transport,
        link: Link,
        limit: Option<Duration>,
    ) -> io::Result<(SocketAddr, Self)> {
        let (local, wire) = match transport {
            Transport::Datagram => Wire::client(link, |udp| Ok(udp.into()))?,
            Transport::Stream => {
                let tcp = socket::stream_client(link.peer, limit)?;
                (tcp.local_addr()?, Wire::Stream(tcp.into()))
            }
        };
        Ok((local, BlockingWire::of(wire)))
    }

    pub(crate) fn stream(stream: TcpStream) -> Self {
        BlockingWire::of(Wire::Stream(stream.into()))
    }

    fn of(wire: Wire<Arc<UdpSocket>, Arc<TcpStream>>) -> Self {
        BlockingWire {
            wire,
            ..BlockingWire::default()
        }
    }

    /// How large a buffer to receive into.
    pub(crate) fn buffer(&self) -> usize {
        match self.wire {
            Wire::Closed => 0,
            Wire::Stream(_) => STREAM_BUFFER,
            Wire::Datagrams(_) => socket::DATAGRAM_BUFFER,
        }
    }

    /// Something that ends a receive that blocks.
    pub(crate) fn waker(&self) -> Box<dyn Fn() + Send> {
        match (&self.wire, &self.alarm) {
            (_, Some(alarm)) => {
                let alarm = Arc::clone(alarm);
                Box::new(move || drop(alarm.send(&[])))
            }
            (Wire::Closed, None) => Box::new(|| {}),
            (Wire::Datagrams(datagrams), None) => {
                let udp = Arc::clone(&datagrams.udp);
                Box::new(move || socket::wake_reader(&udp))
            }
            (Wire::Stream(stream), None) => {
                let stream = Arc::clone(stream);
                Box::new(move || socket::wake_reader(&stream))
            }
        }
    }

    /// What a signal itself can write to, to end a receive that blocks.
    pub(crate) fn bell(&self) -> Option<&UdpSocket> {
        self.alarm.as_deref()
    }

    /// Blocks until something comes, or for `limit`: then it is `WouldBlock`. It may be so earlier.
    pub(crate) fn receive(
        &mut self,
        buffer: &mut [u8],
        limit: Option<Duration>,
        clock: &Clock,
    ) -> io::Result<Received> {
        let limit = until_a_look(limit);
        let set = self.read_timeout != limit;
        self.read_timeout = limit;
        if let Wire::Datagrams(datagrams) = &mut self.wire
            && let Some(rest) = datagrams.take_rest(buffer)
        {
            return Ok(rest);
        }
        let received = match &self.wire {
            Wire::Closed => return Err(ErrorKind::WouldBlock.into()),
            Wire::Datagrams(datagrams) => {
                if set {
                    datagrams.udp.set_read_timeout(limit)?;
                }
                let one = |udp: &Arc<UdpSocket>, buffer: &mut [u8]| udp.recv(buffer);
                let any = |udp: &Arc<UdpSocket>, buffer: &mut [u8]| udp.recv_from(buffer);
                datagrams.receive(buffer, clock, one, any)
            }
            Wire::Stream(stream) => {
                if set {
                    stream.set_read_timeout(limit)?;
                }
                read((&**stream).read(buffer))
            }
        };
        if let (Ok(Received::Datagram(link, 0 | 1, _)), Some(alarm)) = (&received, &self.alarm)
            && alarm.local_addr().is_ok_and(|alarm| alarm == link.peer)
        {
            // A stop: an empty datagram, or the one byte that a signal writes.
            return Err(ErrorKind::Interrupted.into());
        }
        received.map_err(timed_out)
    }

    /// Sends a datagram, or some bytes of a stream. Blocks until there is room; for a stream, or
    /// for `limit`: then it is `WouldBlock`.
    pub(crate) fn send(
        &mut self,
        link: &Link,
        bytes: &[u8],
        segment: usize,
        limit: Option<Duration>,
    ) -> io::Result<usize> {
        if let Wire::Stream(stream) = &self.wire {
            // A stop cannot wake a blocked write without cutting off what it writes, so the write
            // itself ends after a while.
            let limit = limit.map_or(CLOSE_LIMIT, |limit| limit.min(CLOSE_LIMIT));
            let limit = limit.max(Duration::from_millis(1));
            if cfg!(windows) {
                return write_some(stream, bytes, limit);
            }
            if self.write_timeout != Some(limit) {
                stream.set_write_timeout(Some(limit))?;
                self.write_timeout = Some(limit);
            }
        }
        match &mut self.wire {
            Wire::Datagrams(server) if segment < bytes.len() => {
                server.send_train(link, bytes, segment)
            }
            // Nearly every reply. socket2 would fill a `sockaddr_storage` of 128 bytes for each.
            Wire::Datagrams(server) if server.peer.is_none() && link.local.is_none() => {
                server.udp.send_to(bytes, link.peer)
            }
            wire => wire.send(link, bytes).map_err(timed_out),
        }
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

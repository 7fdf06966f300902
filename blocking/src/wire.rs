//! A blocking socket, UDP or TCP.

use std::io::{self, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use socklab_core::{CLOSE_TIMEOUT, Link, Received, Transport, with_port};
use socklab_system::{Clock, Wire, socket, stream_received, transfer};

/// How many bytes of a stream are read in one call.
const STREAM_BUFFER: usize = 4096;

/// How long a receive blocks at most before it looks for a stop, where a stop may be unable to end
/// it. On Windows [`socket::wake_reader`] is only promised to end the calls that come after it
/// (`shutdown`, winsock2.h). A UDP server bound to one address cannot be sent a datagram once this
/// machine has lost that address.
const STOP_CHECK: Duration = Duration::from_millis(500);

/// The socket of a conversation, and the time-outs of its calls. The socket is shared with the
/// stop, which ends a call that blocks.
#[derive(Default)]
pub(crate) struct BlockingWire {
    pub(crate) inner: Wire<Arc<UdpSocket>, Arc<TcpStream>>,
    /// The socket from which a stop wakes the blocked `recv` of a UDP server.
    wake_socket: Option<Arc<UdpSocket>>,
    /// A stop may be unable to end a receive.
    looks_for_stop: bool,
    /// The time-outs that the socket has now. Setting another one is a system call.
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
}

impl BlockingWire {
    /// The socket of a UDP server, bound to `local`. If it is `batched`, one call moves several
    /// datagrams, where the system can do that.
    pub(crate) fn udp_server(
        udp: UdpSocket,
        local: SocketAddr,
        arrivals: bool,
        batched: bool,
    ) -> io::Result<Self> {
        let to = socket::reachable(local);
        let wake_socket = UdpSocket::bind(with_port(to, 0))?;
        wake_socket.connect(to)?;
        let mut inner = Wire::udp_server(udp, local, arrivals, |udp| Ok(udp.into()))?;
        if batched {
            inner.enable_batching();
        }
        Ok(BlockingWire {
            inner,
            wake_socket: Some(wake_socket.into()),
            looks_for_stop: cfg!(windows) || !to.ip().is_loopback(),
            ..BlockingWire::default()
        })
    }

    /// Blocks until a socket is open and connected to its peer. Also returns its own address.
    pub(crate) fn open(
        transport: Transport,
        link: Link,
        timeout: Option<Duration>,
    ) -> io::Result<(SocketAddr, Self)> {
        let (local, wire) = match transport {
            Transport::Datagram => Wire::udp_client(link, |udp| Ok(udp.into()))?,
            Transport::Stream => {
                let tcp = socket::connect_stream(link.peer, timeout)?;
                (tcp.local_addr()?, Wire::Stream(tcp.into()))
            }
        };
        Ok((local, BlockingWire::of(wire)))
    }

    pub(crate) fn stream(stream: TcpStream) -> Self {
        BlockingWire::of(Wire::Stream(stream.into()))
    }

    fn of(inner: Wire<Arc<UdpSocket>, Arc<TcpStream>>) -> Self {
        BlockingWire {
            inner,
            looks_for_stop: cfg!(windows),
            ..BlockingWire::default()
        }
    }

    /// How large a buffer to receive into must be.
    pub(crate) fn buffer(&self) -> usize {
        match self.inner {
            Wire::Closed => 0,
            Wire::Stream(_) => STREAM_BUFFER,
            Wire::Datagrams(_) => socket::DATAGRAM_BUFFER,
        }
    }

    /// Returns a function that ends a blocked receive.
    pub(crate) fn wake_fn(&self) -> Box<dyn Fn() + Send> {
        match (&self.inner, &self.wake_socket) {
            (_, Some(socket)) => {
                let socket = Arc::clone(socket);
                Box::new(move || drop(socket.send(&[])))
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

    /// The socket to which a signal handler can write to end a blocked receive.
    pub(crate) fn wake_socket(&self) -> Option<&UdpSocket> {
        self.wake_socket.as_deref()
    }

    /// Blocks until something comes, or for at most `timeout`; then returns `WouldBlock`. That may
    /// be earlier than `timeout`.
    #[inline(always)]
    pub(crate) fn receive(
        &mut self,
        buffer: &mut [u8],
        timeout: Option<Duration>,
        clock: &Clock,
    ) -> io::Result<Received> {
        if let Wire::Datagrams(datagrams) = &mut self.inner
            && let Some(rest) = datagrams.take_rest(buffer)
        {
            return Ok(rest);
        }
        let timeout = match self.looks_for_stop {
            true => Some(timeout.map_or(STOP_CHECK, |timeout| timeout.min(STOP_CHECK))),
            false => timeout,
        };
        let known = &mut self.read_timeout;
        let received = match &self.inner {
            Wire::Closed => return Err(ErrorKind::WouldBlock.into()),
            Wire::Datagrams(datagrams) => {
                set_timeout(known, timeout, |to| datagrams.udp.set_read_timeout(to))?;
                datagrams.receive(buffer, clock)
            }
            Wire::Stream(stream) => {
                set_timeout(known, timeout, |to| stream.set_read_timeout(to))?;
                stream_received(transfer::receive(stream, buffer))
            }
        };
        if let (Ok(Received::Datagram(link, 0 | 1, _)), Some(socket)) =
            (&received, &self.wake_socket)
            && socket.local_addr().is_ok_and(|ours| {
                // To a server on all IPv6 addresses, an IPv4 address is a mapped one.
                (ours.ip(), ours.port()) == (link.peer.ip().to_canonical(), link.peer.port())
            })
        {
            // A stop: an empty datagram, or the one byte that a signal writes.
            return Err(ErrorKind::Interrupted.into());
        }
        received.map_err(timed_out)
    }

    /// Sends a datagram, or some bytes of a stream. Blocks until there is room; on a stream for at
    /// most `timeout`, and then returns `WouldBlock`.
    #[inline(always)]
    pub(crate) fn send(
        &mut self,
        link: &Link,
        bytes: &[u8],
        segment: usize,
        timeout: Option<Duration>,
    ) -> io::Result<usize> {
        if let Wire::Stream(stream) = &self.inner {
            // A stop can end a blocked write only by cutting the connection. So a write has a
            // time-out, after which the driver looks for a stop.
            let timeout = timeout.map_or(CLOSE_TIMEOUT, |timeout| timeout.min(CLOSE_TIMEOUT));
            let timeout = timeout.max(Duration::from_millis(1));
            if cfg!(windows) {
                return write_some(stream, bytes, timeout);
            }
            let (known, timeout) = (&mut self.write_timeout, Some(timeout));
            set_timeout(known, timeout, |to| stream.set_write_timeout(to))?;
        }
        match &mut self.inner {
            Wire::Datagrams(server) if server.is_batched() => {
                server.send_batch(link, bytes, segment)
            }
            wire => wire.send(link, bytes).map_err(timed_out),
        }
    }
}

/// Sets a time-out if it is not the one `known` to be set, and notes it. macOS refuses all options
/// of a stream that is closed in both directions (`EINVAL`). Then the call that follows does not
/// block, and returns what has happened to the stream.
#[inline]
fn set_timeout(
    known: &mut Option<Duration>,
    timeout: Option<Duration>,
    set: impl FnOnce(Option<Duration>) -> io::Result<()>,
) -> io::Result<()> {
    if *known == timeout {
        return Ok(());
    }
    match set(timeout) {
        Ok(()) => *known = timeout,
        Err(error) if error.kind() == ErrorKind::InvalidInput => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

/// On Windows a blocking send waits until all bytes are taken, and after a time-out it does not say
/// how many were. So this sends what the system takes without waiting, and sleeps between two
/// attempts.
fn write_some(mut stream: &TcpStream, bytes: &[u8], timeout: Duration) -> io::Result<usize> {
    const PAUSE: Duration = Duration::from_millis(1);
    let mut left = timeout;
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

/// Unifies what a blocking call returns after its own time-out: `WouldBlock` on Unix, `TimedOut` on
/// Windows. On Unix `TimedOut` means that the system has given the connection up.
fn timed_out(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::TimedOut if cfg!(windows) => ErrorKind::WouldBlock.into(),
        _ => error,
    }
}

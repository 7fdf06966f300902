//! Sockets with the options that the lab needs.
//!
//! The standard library fixes the backlog at 128 and leaves other options to the system's defaults,
//! which differ between Linux, macOS and Windows.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};

// A socket of any library, of which `SockRef` can be asked.
#[cfg(unix)]
pub use std::os::fd::AsFd as SystemSocket;
#[cfg(windows)]
pub use std::os::windows::io::AsSocket as SystemSocket;

/// How many connections may wait to be accepted. The lab asks for at least 5; the system cuts
/// this to its own limit (`net.core.somaxconn`, 4,096 on Linux since 5.4).
pub const BACKLOG: i32 = 4096;

/// How many bytes of datagrams may wait to be received, asked for on servers: 4 MiB, room for a
/// burst from a whole class. The system may grant less (`net.core.rmem_max`).
pub const RECEIVE_BUFFER: usize = 4 << 20;

/// More than the largest datagram, so that none is ever cut.
pub const DATAGRAM_BUFFER: usize = 64 * 1024;

/// A UDP socket that hears at `address`, and its own address.
///
/// Without `SO_REUSEADDR`, which for UDP would let another program take the datagrams away.
///
/// # Errors
/// What the system says when the address cannot be had.
pub fn bind_datagrams(address: SocketAddr) -> io::Result<(SocketAddr, UdpSocket)> {
    let udp = UdpSocket::from(bound(address, Type::DGRAM, false)?);
    Ok((udp.local_addr()?, udp))
}

/// A TCP socket that listens at `address`, and its own address.
///
/// With `SO_REUSEADDR` where it means that connections in TIME_WAIT do not keep the port
/// (Unix); not on Windows, where it means that another program may take it away.
///
/// # Errors
/// What the system says when the address cannot be had.
pub fn bind_streams(address: SocketAddr) -> io::Result<(SocketAddr, TcpListener)> {
    let socket = bound(address, Type::STREAM, false)?;
    socket.listen(BACKLOG)?;
    let tcp = TcpListener::from(socket);
    Ok((tcp.local_addr()?, tcp))
}

/// A server's socket, which may share its address with others of this program.
fn bound(address: SocketAddr, kind: Type, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, None)?;
    both_families(&socket, address)?;
    if kind == Type::DGRAM {
        // Less is no reason not to serve.
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    } else if cfg!(unix) {
        socket.set_reuse_address(true)?;
    }
    if shared {
        let share = SHARE.ok_or(io::ErrorKind::Unsupported)?;
        share(&socket, true)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

/// A UDP socket connected to `to`, so that it hears only from there and is told of refusals.
///
/// # Errors
/// What the system says when there is no way there.
pub fn datagram_client(to: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(any(to))?;
    socket.connect(to)?;
    Ok(socket)
}

/// Whether the system spreads over several sockets what comes to the one address that they share:
/// datagrams and connections go by the peer's address and port, so that a peer always meets the
/// same socket.
///
/// Linux does since 3.9 (`SO_REUSEPORT`, socket(7)), DragonFly BSD by the same name, FreeBSD since
/// 12 as `SO_REUSEPORT_LB` (setsockopt(2)). Elsewhere an option of that name lets sockets share an
/// address, and one of them gets everything.
pub const SPREADS: bool = SHARE.is_some();

/// Has a socket share its address with others, where the system [spreads](SPREADS) what comes.
const SHARE: Option<fn(&Socket, bool) -> io::Result<()>> = {
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "dragonfly"))]
    let share = Some(Socket::set_reuse_port as _);
    #[cfg(target_os = "freebsd")]
    let share = Some(Socket::set_reuse_port_lb as _);
    #[cfg(not(any(
        target_os = "linux",
        target_os = "android",
        target_os = "dragonfly",
        target_os = "freebsd"
    )))]
    let share = None;
    share
};

/// So many UDP sockets that hear at `address` and share what comes; see [`SPREADS`].
///
/// # Errors
/// What the system says when the address cannot be had; `Unsupported` where it does not spread.
pub fn datagram_servers(address: SocketAddr, count: usize) -> io::Result<Vec<UdpSocket>> {
    let sockets = at_one_address(address, Type::DGRAM, count)?;
    Ok(sockets.into_iter().map(UdpSocket::from).collect())
}

/// So many TCP sockets that listen at `address` and share what comes, each with a backlog of its
/// own; see [`SPREADS`].
///
/// # Errors
/// What the system says when the address cannot be had; `Unsupported` where it does not spread.
pub fn stream_servers(address: SocketAddr, count: usize) -> io::Result<Vec<TcpListener>> {
    let sockets = at_one_address(address, Type::STREAM, count)?;
    sockets.iter().try_for_each(|one| one.listen(BACKLOG))?;
    Ok(sockets.into_iter().map(TcpListener::from).collect())
}

fn at_one_address(address: SocketAddr, kind: Type, count: usize) -> io::Result<Vec<Socket>> {
    // Alone at first: sockets that share their address would share it with another program of the
    // same user too, and nobody would be told that the port is in use. It also finds the port,
    // where any will do.
    let alone = bound(address, kind, false)?;
    let address = alone.local_addr()?.as_socket().unwrap_or(address);
    drop(alone);
    (0..count).map(|_| bound(address, kind, true)).collect()
}

/// A TCP connection to `to`, waited for at most for `limit` (rounded up to a millisecond).
///
/// # Errors
/// What the system says; `TimedOut` when the time has passed.
pub fn stream_client(to: SocketAddr, limit: Option<Duration>) -> io::Result<TcpStream> {
    match limit {
        Some(limit) => TcpStream::connect_timeout(&to, limit.max(Duration::from_millis(1))),
        None => TcpStream::connect(to),
    }
}

/// A TCP connection to `to` that is being opened, and does not block: it is writable when that is
/// over, well or badly.
///
/// # Errors
/// What the system knows at once.
pub fn connecting_stream(to: SocketAddr) -> io::Result<TcpStream> {
    let tcp = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
    tcp.set_nonblocking(true)?;
    match tcp.connect(&to.into()) {
        Err(error) if !in_progress(&error) => Err(error),
        _ => Ok(tcp.into()),
    }
}

/// A connection was begun. `EINPROGRESS` has no stable kind; Windows says `WSAEWOULDBLOCK`.
fn in_progress(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(IN_PROGRESS)
}

const IN_PROGRESS: i32 = if cfg!(any(target_os = "linux", target_os = "android")) {
    115
} else {
    36
};

/// The address that reaches a server of this machine bound to `local`: itself, or the loopback
/// address where it is bound to all.
pub fn reachable(mut local: SocketAddr) -> SocketAddr {
    if local.ip().is_unspecified() {
        local.set_ip(match local {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    local
}

/// Any address and port of the family of `to`.
fn any(to: SocketAddr) -> SocketAddr {
    match to {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}

/// A server bound to all IPv6 addresses hears IPv4 too, on every system.
fn both_families(socket: &Socket, address: SocketAddr) -> io::Result<()> {
    match address {
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => socket.set_only_v6(false),
        _ => Ok(()),
    }
}

/// Wakes a thread that is blocked in receiving on a connected socket of either kind: from now on
/// there is nothing to receive. What can be sent still can. On Linux also one that is blocked in
/// `accept`: the socket listens no more, whoever has it.
pub fn wake_reader<'a>(socket: impl Into<SockRef<'a>>) {
    let _ = socket.into().shutdown(std::net::Shutdown::Read);
}

/// A connection from ourselves, which ends an `accept` that blocks. Its socket is made ahead: when
/// it is needed there may be no descriptor left.
#[derive(Debug)]
pub struct Knock {
    socket: Socket,
    to: SocketAddr,
}

impl Knock {
    /// A waker for a thread that accepts at `local`.
    ///
    /// # Errors
    /// When there is no descriptor now.
    pub fn at(local: SocketAddr) -> io::Result<Self> {
        let to = reachable(local);
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
        Ok(Knock { socket, to })
    }

    /// Connects. If it cannot, the backlog is full of others, and `accept` does not block; or
    /// nobody listens any more.
    pub fn knock(&self) {
        let _ = self.socket.connect_timeout(&self.to.into(), KNOCKS);
    }
}

/// How long to wait for a full backlog.
const KNOCKS: Duration = Duration::from_millis(200);

/// Makes closing a stream a reset: what is unsent is lost, and the peer is told at once.
pub fn reset_on_close<'a>(stream: impl Into<SockRef<'a>>) {
    let _ = stream.into().set_linger(Some(Duration::ZERO));
}

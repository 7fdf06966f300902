//! Sockets with the options that the lab needs.
//!
//! The standard library fixes the backlog at 128 and leaves other options to the system's defaults,
//! which differ between Linux, macOS and Windows.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};

// A socket of any library, whose options `SockRef` can read and set.
#[cfg(unix)]
pub use std::os::fd::AsFd as SystemSocket;
#[cfg(windows)]
pub use std::os::windows::io::AsSocket as SystemSocket;

/// The backlog: how many connections may wait to be accepted. The lab asks for at least 5. The
/// system cuts this to its own limit (`net.core.somaxconn`, 4,096 on Linux since 5.4).
pub const BACKLOG: i32 = 4096;

/// The receive buffer that UDP servers ask for, in bytes: 4 MiB, room for a burst from a whole
/// class. The system may grant less (`net.core.rmem_max`).
pub const RECEIVE_BUFFER: usize = 4 << 20;

/// The size of a buffer for datagrams: more than the largest datagram, so that none is ever cut.
pub const DATAGRAM_BUFFER: usize = 64 * 1024;

/// Binds a UDP socket to `address`. Also returns its own address.
///
/// Does not set `SO_REUSEADDR`, which for UDP would let another program take the datagrams away.
///
/// # Errors
/// What the system says when it refuses the address.
pub fn bind_datagrams(address: SocketAddr) -> io::Result<(SocketAddr, UdpSocket)> {
    let udp = UdpSocket::from(bind(address, Type::DGRAM, false)?);
    Ok((udp.local_addr()?, udp))
}

/// Binds a TCP socket to `address` and listens. Also returns its own address.
///
/// Sets `SO_REUSEADDR` on Unix, where it means that connections in TIME_WAIT do not keep the port.
/// Does not set it on Windows, where it means that another program may take the port away.
///
/// # Errors
/// What the system says when it refuses the address.
pub fn bind_streams(address: SocketAddr) -> io::Result<(SocketAddr, TcpListener)> {
    let socket = bind(address, Type::STREAM, false)?;
    socket.listen(BACKLOG)?;
    let tcp = TcpListener::from(socket);
    Ok((tcp.local_addr()?, tcp))
}

/// Binds a server's socket. If `shared`, other sockets of this program may have the same address.
fn bind(address: SocketAddr, kind: Type, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, None)?;
    both_families(&socket, address)?;
    if kind == Type::DGRAM {
        // Ignore errors: the server can do with a smaller buffer.
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    } else if cfg!(unix) {
        socket.set_reuse_address(true)?;
    }
    if shared {
        let share = SHARE_ADDRESS.ok_or(io::ErrorKind::Unsupported)?;
        share(&socket, true)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

/// A UDP socket connected to `to`: it receives only from there, and reports ICMP refusals.
///
/// # Errors
/// What the system says when there is no route.
pub fn connect_datagrams(to: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(wildcard(to))?;
    socket.connect(to)?;
    Ok(socket)
}

/// Whether the system distributes datagrams and connections over several sockets with the same
/// address. It does so by the peer's address and port, so a peer always meets the same socket.
///
/// Linux does since 3.9 (`SO_REUSEPORT`, socket(7)), DragonFly BSD by the same name, FreeBSD since
/// 12 as `SO_REUSEPORT_LB` (setsockopt(2)). Elsewhere an option of that name lets sockets share an
/// address, and one of them gets everything.
pub const DISTRIBUTES: bool = SHARE_ADDRESS.is_some();

/// Lets a socket share its address with others, on systems that [distribute](DISTRIBUTES).
const SHARE_ADDRESS: Option<fn(&Socket, bool) -> io::Result<()>> = {
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

/// Binds `count` UDP sockets to `address`, between which the system distributes datagrams; see
/// [`DISTRIBUTES`].
///
/// # Errors
/// What the system says when it refuses the address; `Unsupported` where it does not distribute.
pub fn bind_many_datagrams(address: SocketAddr, count: usize) -> io::Result<Vec<UdpSocket>> {
    let sockets = bind_many(address, Type::DGRAM, count)?;
    Ok(sockets.into_iter().map(UdpSocket::from).collect())
}

/// Binds `count` listening TCP sockets to `address`, each with its own backlog, between which the
/// system distributes connections; see [`DISTRIBUTES`].
///
/// # Errors
/// What the system says when it refuses the address; `Unsupported` where it does not distribute.
pub fn bind_many_streams(address: SocketAddr, count: usize) -> io::Result<Vec<TcpListener>> {
    let sockets = bind_many(address, Type::STREAM, count)?;
    sockets.iter().try_for_each(|one| one.listen(BACKLOG))?;
    Ok(sockets.into_iter().map(TcpListener::from).collect())
}

fn bind_many(address: SocketAddr, kind: Type, count: usize) -> io::Result<Vec<Socket>> {
    // First bind one socket that does not share. Otherwise another program of the same user could
    // have the address already, and no error would say so. This also chooses the port if `address`
    // has port 0.
    let alone = bind(address, kind, false)?;
    let address = alone.local_addr()?.as_socket().unwrap_or(address);
    drop(alone);
    (0..count).map(|_| bind(address, kind, true)).collect()
}

/// Opens a TCP connection to `to`, waiting for at most `timeout` (at least a millisecond).
///
/// # Errors
/// What the system says; `TimedOut` when the time has passed.
pub fn connect_stream(to: SocketAddr, timeout: Option<Duration>) -> io::Result<TcpStream> {
    match timeout {
        Some(timeout) => TcpStream::connect_timeout(&to, timeout.max(Duration::from_millis(1))),
        None => TcpStream::connect(to),
    }
}

/// Begins to open a TCP connection to `to`, without blocking. The socket becomes writable when the
/// connection is open or has failed.
///
/// # Errors
/// What the system says at once.
pub fn start_connecting(to: SocketAddr) -> io::Result<TcpStream> {
    let tcp = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
    tcp.set_nonblocking(true)?;
    match tcp.connect(&to.into()) {
        Err(error) if !in_progress(&error) => Err(error),
        _ => Ok(tcp.into()),
    }
}

/// Whether connecting has begun. `EINPROGRESS` has no stable kind; Windows says `WSAEWOULDBLOCK`.
fn in_progress(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(IN_PROGRESS)
}

const IN_PROGRESS: i32 = if cfg!(any(target_os = "linux", target_os = "android")) {
    115
} else {
    36
};

/// The address at which this machine reaches a server bound to `local`: the same, or the loopback
/// address if the server is bound to all addresses. A server on all IPv6 addresses serves IPv4 too,
/// so that is the way to it on a machine without `::1`, such as many containers.
pub fn reachable(mut local: SocketAddr) -> SocketAddr {
    if local.ip().is_unspecified() {
        let v6 = local.is_ipv6() && UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
        local.set_ip(match v6 {
            true => Ipv6Addr::LOCALHOST.into(),
            false => Ipv4Addr::LOCALHOST.into(),
        });
    }
    local
}

/// The wildcard address of the family of `to`, with any port.
fn wildcard(to: SocketAddr) -> SocketAddr {
    match to {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}

/// Lets a server on all IPv6 addresses serve IPv4 too, whatever the system's default.
fn both_families(socket: &Socket, address: SocketAddr) -> io::Result<()> {
    match address {
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => socket.set_only_v6(false),
        _ => Ok(()),
    }
}

/// Wakes a thread that is blocked in receiving on a connected socket, UDP or TCP: there is nothing
/// more to receive, but the socket can still send. On Linux this also wakes a thread that is
/// blocked in `accept`; the socket then listens no more, in any process that shares it.
pub fn wake_reader<'a>(socket: impl Into<SockRef<'a>>) {
    let _ = socket.into().shutdown(std::net::Shutdown::Read);
}

/// A connection to ourselves, which ends a blocked `accept`. Its socket is made in advance, because
/// later there may be no descriptor left.
#[derive(Debug)]
pub struct AcceptWaker {
    socket: Socket,
    to: SocketAddr,
}

impl AcceptWaker {
    /// Makes a waker for a thread that accepts at `local`.
    ///
    /// # Errors
    /// When the system has no descriptor left.
    pub fn at(local: SocketAddr) -> io::Result<Self> {
        let to = reachable(local);
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
        Ok(AcceptWaker { socket, to })
    }

    /// Connects. Returns whether it could: if not, the backlog is full, and then `accept` does not
    /// block; or no thread accepts any more; or this machine has lost the address.
    pub fn wake(&self) -> bool {
        (self.socket.connect_timeout(&self.to.into(), WAKE_LIMIT)).is_ok()
    }
}

/// How long to wait for a full backlog.
const WAKE_LIMIT: Duration = Duration::from_millis(200);

/// Makes closing a stream a reset: what is unsent is lost, and the peer is told at once.
pub fn reset_on_close<'a>(stream: impl Into<SockRef<'a>>) {
    let _ = stream.into().set_linger(Some(Duration::ZERO));
}

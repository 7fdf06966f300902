//! Sockets with the options that the lab wants, made in one place.
//!
//! The standard library fixes the backlog at 128 and leaves the rest to the system's defaults,
//! which differ between Linux, macOS and Windows.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, Type};

/// How many connections may wait to be accepted. The lab asks for at least 5; the system cuts
/// this to its own limit (`net.core.somaxconn`, 4,096 on Linux since 5.4).
pub const BACKLOG: i32 = 4096;

/// How many bytes of datagrams may wait to be received, asked for on servers: 4 MiB, room for a
/// burst from a whole class. The system may grant less (`net.core.rmem_max`).
pub const RECEIVE_BUFFER: usize = 4 << 20;

/// The largest datagram there can be, with room to spare: nothing is ever cut.
pub const DATAGRAM_BUFFER: usize = 64 * 1024;

/// A UDP socket that hears at `address`.
///
/// Without `SO_REUSEADDR`, which for UDP would let another program take the datagrams away.
///
/// # Errors
/// What the system says when the address cannot be had.
pub fn datagram_server(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    both_families(&socket, address)?;
    // Less is no reason not to serve.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    socket.bind(&address.into())?;
    Ok(socket.into())
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

/// A TCP socket that listens at `address`.
///
/// With `SO_REUSEADDR` where it means that connections in TIME_WAIT do not keep the port
/// (Unix); not on Windows, where it means that another program may take it away.
///
/// # Errors
/// What the system says when the address cannot be had.
pub fn stream_server(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    both_families(&socket, address)?;
    if cfg!(unix) {
        socket.set_reuse_address(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
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

/// The address that reaches a server of this machine bound to `local`: itself, or the loopback
/// address where it is bound to all.
pub fn reachable(local: SocketAddr) -> SocketAddr {
    match local {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => {
            SocketAddr::new(std::net::Ipv4Addr::LOCALHOST.into(), v4.port())
        }
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => {
            SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), v6.port())
        }
        local => local,
    }
}

/// Any address and port of the family of `to`.
fn any(to: SocketAddr) -> SocketAddr {
    match to {
        SocketAddr::V4(_) => (std::net::Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
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
/// there is nothing to receive. What can be sent still can.
pub fn wake_reader<'a>(socket: impl Into<SockRef<'a>>) {
    let _ = socket.into().shutdown(std::net::Shutdown::Read);
}

/// Makes closing a stream a reset: what is unsent is lost, and the peer is told at once.
pub fn reset_on_close<'a>(stream: impl Into<SockRef<'a>>) {
    let _ = stream.into().set_linger(Some(Duration::ZERO));
}

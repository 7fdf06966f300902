//! The source addresses of connections.
//!
//! A connection uses a port of its source address, which has some 28,000. On Linux all of
//! 127.0.0.0/8 is this machine, so connections to a server there come from many addresses in turn.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use mio::net::TcpStream;
use socket2::{Domain, Protocol, Socket, Type};

/// How many source addresses take turns: as many as the C programs in `bench/peers` use.
const ADDRESSES: u32 = 200;

/// Opens connections to one server, from several source addresses.
#[derive(Debug)]
pub(crate) struct Sources {
    to: SocketAddr,
    spread: bool,
    next: u32,
}

impl Sources {
    pub(crate) fn to(to: SocketAddr) -> Sources {
        let here = matches!(to.ip(), IpAddr::V4(ip) if ip.is_loopback());
        Sources {
            to,
            spread: here && cfg!(target_os = "linux"),
            next: 0,
        }
    }

    /// Begins to open a connection. Closing it will reset it, so that its port is free at once and
    /// neither end keeps it in TIME_WAIT.
    pub(crate) fn connect(&mut self) -> io::Result<TcpStream> {
        let socket = nonblocking(self.to, Type::STREAM, Protocol::TCP)?;
        socket.set_linger(Some(Duration::ZERO))?;
        if self.spread {
            choose_port_when_connecting(&socket)?;
            let source = Ipv4Addr::new(127, 0, 0, 2 + (self.next % ADDRESSES) as u8);
            self.next = self.next.wrapping_add(1);
            socket.bind(&SocketAddr::from((source, 0)).into())?;
        }
        match socket.connect(&self.to.into()) {
            Err(error) if !is_under_way(&error) => Err(error),
            _ => Ok(TcpStream::from_std(socket.into())),
        }
    }
}

/// A socket of the family of `to` whose calls do not wait.
pub(crate) fn nonblocking(to: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let domain = Domain::for_address(to);
    // Two system calls fewer for each connection.
    #[cfg(target_os = "linux")]
    return Socket::new(domain, kind.nonblocking(), Some(protocol));
    #[cfg(not(target_os = "linux"))]
    {
        let socket = Socket::new(domain, kind, Some(protocol))?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }
}

fn is_under_way(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(nix::Error::EINPROGRESS as i32) {
        return true;
    }
    error.kind() == io::ErrorKind::WouldBlock
}

/// Without this, binding takes a port that no other connection of the same address may have,
/// whoever it is to.
#[cfg(target_os = "linux")]
fn choose_port_when_connecting(socket: &Socket) -> io::Result<()> {
    use nix::sys::socket::{setsockopt, sockopt::IpBindAddressNoPort};
    setsockopt(socket, IpBindAddressNoPort, &true).map_err(io::Error::from)
}

#[cfg(not(target_os = "linux"))]
fn choose_port_when_connecting(_: &Socket) -> io::Result<()> {
    Ok(())
}

/// Writes what the system takes now; `sent` counts it.
///
/// It ends with a call that would block, after which every system tells when there is room.
pub(crate) fn send(stream: &mut TcpStream, bytes: &[u8], sent: &mut usize) -> io::Result<()> {
    use io::ErrorKind as Kind;
    while *sent < bytes.len() {
        match stream.write(&bytes[*sent..]) {
            Ok(more) => *sent += more,
            Err(error) => match error.kind() {
                // Not connected yet, as some systems call it.
                Kind::WouldBlock | Kind::NotConnected => break,
                Kind::Interrupted => {}
                _ => return Err(error),
            },
        }
    }
    Ok(())
}

/// What a failed connection means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nobody listens, or there is no way there.
    Refused,
    /// There is no port left here.
    OutOfPorts,
    /// It was made, and broke.
    Broken,
}

/// What an error of a socket says of its question; the error itself if it says nothing of the kind.
pub(crate) fn classify_failure(error: io::Error) -> io::Result<Failure> {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::ConnectionRefused | Kind::HostUnreachable | Kind::NetworkUnreachable => {
            Ok(Failure::Refused)
        }
        Kind::AddrNotAvailable | Kind::AddrInUse => Ok(Failure::OutOfPorts),
        Kind::ConnectionReset
        | Kind::ConnectionAborted
        | Kind::BrokenPipe
        | Kind::NotConnected
        | Kind::TimedOut => Ok(Failure::Broken),
        _ => Err(error),
    }
}

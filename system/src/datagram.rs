//! What the kernel knows of a datagram besides its bytes and sender.
//!
//! A UDP server on a wildcard address must answer from the address that was asked, because a client
//! with a connected socket receives from no other. The kernel reports that address (`IP_PKTINFO`,
//! ip(7); `IPV6_RECVPKTINFO`, RFC 3542, 6.1), and accepts it as the source of the reply. In C that
//! costs 12 to 16 % of an echo's CPU time, so only wildcard sockets ask for it.
//!
//! A blocking receive waits until there is a datagram, and then copies it (Stevens, *UNIX Network
//! Programming*, vol. 1, 6.2). Linux can give a datagram the timestamp of its arrival in the
//! socket's buffer (`SO_TIMESTAMPNS`, socket(7)), which separates the two phases. The timestamp is
//! requested only for observers [that want it](socklab_core::Observers::wants_arrivals).

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod unix;
#[cfg(windows)]
mod windows;

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use socket2::SockRef;
#[cfg(unix)]
use socklab_core::Link;
use socklab_core::Received;

use crate::clock::Clock;
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
use unix as system;
#[cfg(windows)]
use windows as system;

/// What a UDP socket reports with each datagram besides its bytes and sender.
#[derive(Debug, Default)]
pub struct Ancillary(Option<system::Enabled>);

impl Ancillary {
    /// Enables what the driver of a UDP server needs from the socket, bound to `local`. Where the
    /// system cannot report it, the server does without. Timestamps are requested only if the
    /// observers want `arrivals`.
    ///
    /// Linux begins to give timestamps a moment later. A datagram that came before gets the time at
    /// which it is received, so a measurement waits a few milliseconds before the first datagram.
    ///
    /// On Windows this makes a wildcard socket blocking; make it nonblocking afterwards if it must
    /// be.
    pub fn enable(socket: &UdpSocket, local: SocketAddr, arrivals: bool) -> Self {
        Ancillary(system::enable(socket, local, arrivals))
    }

    /// Whether anything was enabled. If so, receive with [`receive`](Self::receive).
    pub fn is_used(&self) -> bool {
        self.0.is_some()
    }

    /// Asks for several datagrams of a peer in one call. Returns whether the system can do that.
    #[cfg(target_os = "linux")]
    pub(crate) fn enable_batches(&mut self, socket: &impl std::os::fd::AsFd) -> bool {
        let enabled = system::enable_batches(socket);
        self.0 = self.0.or(enabled);
        enabled.is_some()
    }

    /// Receives a datagram or a batch of them, with what was enabled.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is none.
    pub fn receive(
        &self,
        socket: &SockRef<'_>,
        buffer: &mut [u8],
        clock: &Clock,
    ) -> io::Result<Received> {
        let enabled = self.0.as_ref().ok_or(io::ErrorKind::Unsupported)?;
        system::receive(enabled, socket, buffer, clock)
    }

    /// Sends a datagram to `peer` from the address that the peer wrote to.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is no room.
    pub fn send(
        &self,
        socket: &SockRef<'_>,
        bytes: &[u8],
        peer: SocketAddr,
        local: IpAddr,
    ) -> io::Result<usize> {
        let enabled = self.0.as_ref().ok_or(io::ErrorKind::Unsupported)?;
        system::send(enabled, socket, bytes, peer, local)
    }

    /// Sends several datagrams, each `segment` bytes long but for the last.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is no room.
    #[cfg(target_os = "linux")]
    pub(crate) fn send_batch(
        &self,
        socket: &SockRef<'_>,
        bytes: &[u8],
        segment: u16,
        link: &Link,
    ) -> io::Result<usize> {
        system::send_batch(socket, bytes, segment, link)
    }
}

/// Converts the kernel's timestamp to the run's clock, for a driver that receives timestamps
/// itself.
#[cfg(target_os = "linux")]
pub fn arrival(timestamp: std::time::Duration, clock: &Clock) -> Option<socklab_core::Mono> {
    system::arrival(timestamp, clock)
}

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    windows
)))]
mod system {
    use super::*;

    /// Uninhabited: this system reports neither addresses nor times of datagrams.
    #[derive(Debug)]
    pub(super) enum Enabled {}

    pub(super) fn enable(_: &UdpSocket, _: SocketAddr, _: bool) -> Option<Enabled> {
        None
    }

    pub(super) fn receive(
        enabled: &Enabled,
        _: &SockRef<'_>,
        _: &mut [u8],
        _: &Clock,
    ) -> io::Result<Received> {
        match *enabled {}
    }

    pub(super) fn send(
        enabled: &Enabled,
        _: &SockRef<'_>,
        _: &[u8],
        _: SocketAddr,
        _: IpAddr,
    ) -> io::Result<usize> {
        match *enabled {}
    }
}

#[cfg(test)]
mod tests {
    use socklab_core::{Link, Mono};

    use super::*;
    use crate::wire::UdpWire;

    const TOLD: bool = cfg!(any(target_os = "linux", target_vendor = "apple", windows));

    fn receive(
        receiver: &UdpSocket,
        ancillary: Ancillary,
        clock: &Clock,
    ) -> io::Result<(Vec<u8>, Link, Option<Mono>)> {
        let mut buffer = [0; 100];
        let server = UdpWire::new(receiver, None, ancillary);
        match server.receive(&mut buffer, clock)? {
            Received::Datagram(link, len, arrival) => Ok((buffer[..len].to_vec(), link, arrival)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_stamp_lies_between_sending_and_receiving() {
        for to in ["127.0.0.1:0", "[::1]:0"] {
            // This machine may have no IPv6.
            let (Ok(sender), Ok(receiver)) = (UdpSocket::bind(to), UdpSocket::bind(to)) else {
                continue;
            };
            let local = receiver.local_addr().unwrap();
            let ancillary = Ancillary::enable(&receiver, local, true);
            let clock = Clock::start();
            let before = clock.mono();
            sender.send_to(b"hola", local).unwrap();
            let (bytes, link, arrival) = receive(&receiver, ancillary, &clock).unwrap();
            let peer = Link::first(sender.local_addr().unwrap());
            assert_eq!((&bytes[..], link), (&b"hola"[..], peer));
            assert_eq!(arrival.is_some(), cfg!(target_os = "linux"));
            if let Some(arrival) = arrival {
                assert!(before <= arrival && arrival <= clock.mono(), "{arrival:?}");
            }
        }
    }

    #[test]
    fn a_bound_socket_needs_nothing_enabled() {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let local = receiver.local_addr().unwrap();
        assert!(!Ancillary::enable(&receiver, local, false).is_used());
    }

    /// A reply leaves from the address that was asked; a connected socket would not receive
    /// another.
    #[test]
    fn answers_from_the_address_that_was_asked() {
        for (any, asked) in [
            ("0.0.0.0:0", "127.0.0.2"),
            ("[::]:0", "127.0.0.3"),
            ("[::]:0", "::1"),
        ] {
            let address: SocketAddr = any.parse().unwrap();
            let Ok((local, server)) = crate::socket::bind_datagrams(address) else {
                continue;
            };
            let ancillary = Ancillary::enable(&server, local, false);
            if cfg!(windows) && ancillary.0.is_none() {
                eprintln!("SKIPPED: this system (wine 8) lacks a socket option of quinn-udp's");
                continue;
            }
            let to = SocketAddr::new(asked.parse().unwrap(), local.port());
            let client = UdpSocket::bind(SocketAddr::new(any_of(to), 0)).unwrap();
            if client.connect(to).is_err() || client.send(b"hola").is_err() {
                continue;
            }
            let clock = Clock::start();
            let (_, link, _) = receive(&server, ancillary, &clock).unwrap();
            if !TOLD {
                continue;
            }
            assert_eq!(link.local.map(|ip| ip.to_canonical()), Some(to.ip()));
            let timeout = Some(std::time::Duration::from_secs(20));
            client.set_read_timeout(timeout).unwrap();
            let server = UdpWire::new(&server, None, Ancillary::enable(&server, local, false));
            server.send(&link, b"HOLA").unwrap();
            assert_eq!(client.recv(&mut [0; 8]).unwrap(), 4, "{any} {asked}");
        }
    }

    fn any_of(to: SocketAddr) -> IpAddr {
        match to {
            SocketAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
        }
    }

    #[test]
    fn what_would_block_says_so() {
        let receiver = UdpSocket::bind("0.0.0.0:0").unwrap();
        let local = receiver.local_addr().unwrap();
        let ancillary = Ancillary::enable(&receiver, local, true);
        receiver.set_nonblocking(true).unwrap();
        let error = receive(&receiver, ancillary, &Clock::start()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_timestamp_from_the_future_is_ignored() {
        let clock = Clock::start();
        let now = clock.now().unix;
        let later = now + std::time::Duration::from_secs(60);
        assert_eq!(system::arrival(later, &clock), None);
        assert!(system::arrival(now, &clock).is_some_and(|at| at <= clock.mono()));
    }
}

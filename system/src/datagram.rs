//! What the kernel knows of a datagram beside its bytes and its sender.
//!
//! A UDP server on a wildcard address must answer from the address that was asked: a client that
//! has connected its socket hears no other. The kernel tells which one that was (`IP_PKTINFO`,
//! ip(7); `IPV6_RECVPKTINFO`, RFC 3542, 6.1), and takes it as the source of the reply. In C that
//! costs 12 to 16 % of an echo's CPU time, so only wildcard sockets ask.
//!
//! A receive that blocks does two things: it waits until there is a datagram, and then it copies it
//! (Stevens, *UNIX Network Programming*, vol. 1, 6.2). Linux notes when it put a datagram into the
//! socket's buffer (`SO_TIMESTAMPNS`, socket(7)), which tells the two apart. Only an observer
//! [that wants it](Observer::STAMPS) has it asked for.

#[cfg(windows)]
mod windows;

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use socket2::SockRef;
#[cfg(unix)]
use socklab_core::Link;
use socklab_core::{Observer, Received};

use crate::clock::Clock;
#[cfg(windows)]
use windows as system;

/// What a socket was asked to tell with each datagram.
#[derive(Debug, Default)]
pub struct Ancillary(Option<system::Asked>);

impl Ancillary {
    /// Asks a UDP server's socket, bound to `local`, for what its driver needs. A system that
    /// cannot tell is used without.
    ///
    /// Linux begins to stamp a moment later. What it had before that it stamps when it is received,
    /// so a measurement lets a few milliseconds pass before the first datagram.
    ///
    /// On Windows a wildcard socket blocks afterwards. One that must not is told so after this.
    pub fn ask<O: Observer>(socket: &UdpSocket, local: SocketAddr) -> Self {
        Ancillary(system::ask(socket, local, O::STAMPS))
    }

    /// Whether anything was asked for, so that [`receive`](Self::receive) is the call to make.
    pub fn is_used(&self) -> bool {
        self.0.is_some()
    }

    /// Receives a datagram, and what was asked for.
    ///
    /// # Errors
    /// Those of receiving; what would block is `WouldBlock`.
    pub fn receive(
        &self,
        socket: &SockRef<'_>,
        buffer: &mut [u8],
        clock: &Clock,
    ) -> io::Result<Received> {
        let asked = self.0.as_ref().ok_or(io::ErrorKind::Unsupported)?;
        system::receive(asked, socket, buffer, clock)
    }

    /// Sends a datagram to `peer` from the address that it wrote to.
    ///
    /// # Errors
    /// Those of sending; what would block is `WouldBlock`.
    pub fn send(
        &self,
        socket: &SockRef<'_>,
        bytes: &[u8],
        peer: SocketAddr,
        local: IpAddr,
    ) -> io::Result<usize> {
        let asked = self.0.as_ref().ok_or(io::ErrorKind::Unsupported)?;
        system::send(asked, socket, bytes, peer, local)
    }
}

/// The moment of the kernel's stamp, for a driver that receives stamps itself.
#[cfg(target_os = "linux")]
pub fn arrival(stamp: std::time::Duration, clock: &Clock) -> Option<socklab_core::Mono> {
    system::moment(stamp, clock)
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod system {
    use std::io::{self, IoSlice, IoSliceMut};
    use std::net::{Ipv4Addr, Ipv6Addr};
    use std::os::fd::AsRawFd;

    use nix::libc::{in_pktinfo, in6_pktinfo};
    use nix::sys::socket::sockopt::{Ipv4PacketInfo, Ipv6RecvPacketInfo};
    use nix::sys::socket::{
        ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg,
        setsockopt,
    };
    use socklab_core::Mono;

    use super::*;

    /// The kernel remembers what was asked for, so this does not.
    pub(super) type Asked = ();

    /// Where the kernel writes what was asked for: a time and two addresses at most.
    #[repr(align(8))]
    struct Space([u8; 128]);

    pub(super) fn ask(socket: &UdpSocket, local: SocketAddr, stamps: bool) -> Option<Asked> {
        let mut asked = stamps && ask_for_stamps(socket);
        if local.ip().is_unspecified() {
            asked |= match local {
                SocketAddr::V4(_) => setsockopt(socket, Ipv4PacketInfo, &true),
                SocketAddr::V6(_) => setsockopt(socket, Ipv6RecvPacketInfo, &true),
            }
            .is_ok();
        }
        asked.then_some(())
    }

    pub(super) fn receive(
        (): &Asked,
        socket: &SockRef<'_>,
        buffer: &mut [u8],
        clock: &Clock,
    ) -> io::Result<Received> {
        let (mut pieces, mut space) = ([IoSliceMut::new(buffer)], Space([0; 128]));
        let received = recvmsg::<SockaddrStorage>(
            socket.as_raw_fd(),
            &mut pieces,
            Some(&mut space.0),
            MsgFlags::empty(),
        )?;
        let peer = received.address.and_then(address);
        let mut link = Link::first(peer.ok_or(io::ErrorKind::AddrNotAvailable)?);
        let mut arrived = None;
        for message in received.cmsgs()? {
            match message {
                ControlMessageOwned::Ipv4PacketInfo(info) => {
                    let bits = u32::from_be(info.ipi_addr.s_addr);
                    link.local = Some(Ipv4Addr::from_bits(bits).into());
                }
                ControlMessageOwned::Ipv6PacketInfo(info) => {
                    link.local = Some(Ipv6Addr::from(info.ipi6_addr.s6_addr).into());
                }
                other => arrived = arrived.or(stamp(&other, clock)),
            }
        }
        Ok(Received::Datagram(link, received.bytes, arrived))
    }

    pub(super) fn send(
        (): &Asked,
        socket: &SockRef<'_>,
        bytes: &[u8],
        peer: SocketAddr,
        local: IpAddr,
    ) -> io::Result<usize> {
        let (v4, v6);
        let message = match local {
            IpAddr::V4(local) => {
                v4 = in_pktinfo {
                    ipi_ifindex: 0,
                    ipi_spec_dst: nix::libc::in_addr {
                        s_addr: local.to_bits().to_be(),
                    },
                    ipi_addr: nix::libc::in_addr { s_addr: 0 },
                };
                ControlMessage::Ipv4PacketInfo(&v4)
            }
            IpAddr::V6(local) => {
                v6 = in6_pktinfo {
                    ipi6_addr: nix::libc::in6_addr {
                        s6_addr: local.octets(),
                    },
                    // A link-local address means something on one link only.
                    ipi6_ifindex: match peer {
                        SocketAddr::V6(peer) => peer.scope_id() as _,
                        SocketAddr::V4(_) => 0,
                    },
                };
                ControlMessage::Ipv6PacketInfo(&v6)
            }
        };
        let peer = SockaddrStorage::from(peer);
        let (pieces, flags) = ([IoSlice::new(bytes)], MsgFlags::empty());
        Ok(sendmsg(
            socket.as_raw_fd(),
            &pieces,
            &[message],
            flags,
            Some(&peer),
        )?)
    }

    fn address(from: SockaddrStorage) -> Option<SocketAddr> {
        let v4 = from.as_sockaddr_in().map(|v4| SocketAddr::from(*v4));
        v4.or_else(|| from.as_sockaddr_in6().map(|v6| SocketAddr::from(*v6)))
    }

    #[cfg(not(target_os = "linux"))]
    fn ask_for_stamps(_: &UdpSocket) -> bool {
        false
    }

    #[cfg(not(target_os = "linux"))]
    fn stamp(_: &ControlMessageOwned, _: &Clock) -> Option<Mono> {
        None
    }

    #[cfg(target_os = "linux")]
    fn ask_for_stamps(socket: &UdpSocket) -> bool {
        setsockopt(socket, nix::sys::socket::sockopt::ReceiveTimestampns, &true).is_ok()
    }

    #[cfg(target_os = "linux")]
    fn stamp(message: &ControlMessageOwned, clock: &Clock) -> Option<Mono> {
        match message {
            ControlMessageOwned::ScmTimestampns(stamp) => moment((*stamp).into(), clock),
            _ => None,
        }
    }

    /// The moment of a stamp: as long before now on one clock as on the other. The stamp is of the
    /// clock that can be set: if it was, the stamp may lie in the future, and is not believed.
    #[cfg(target_os = "linux")]
    pub(super) fn moment(stamp: std::time::Duration, clock: &Clock) -> Option<Mono> {
        let now = clock.now();
        let age = now.unix.checked_sub(stamp)?;
        let age = u64::try_from(age.as_nanos()).ok()?;
        now.mono.as_nanos().checked_sub(age).map(Mono::from_nanos)
    }
}

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    windows
)))]
mod system {
    use super::*;

    /// Uninhabited: this system tells neither addresses nor times of datagrams.
    #[derive(Debug)]
    pub(super) enum Asked {}

    pub(super) fn ask(_: &UdpSocket, _: SocketAddr, _: bool) -> Option<Asked> {
        None
    }

    pub(super) fn receive(
        asked: &Asked,
        _: &SockRef<'_>,
        _: &mut [u8],
        _: &Clock,
    ) -> io::Result<Received> {
        match *asked {}
    }

    pub(super) fn send(
        asked: &Asked,
        _: &SockRef<'_>,
        _: &[u8],
        _: SocketAddr,
        _: IpAddr,
    ) -> io::Result<usize> {
        match *asked {}
    }
}

#[cfg(test)]
mod tests {
    use socklab_core::{Link, Mono};

    use super::*;
    use crate::wire::Datagrams;

    /// Asks for stamps.
    struct Asks;

    impl Observer for Asks {
        const STAMPS: bool = true;
    }

    const TOLD: bool = cfg!(any(target_os = "linux", target_vendor = "apple", windows));

    fn receive(
        receiver: &UdpSocket,
        ancillary: Ancillary,
        clock: &Clock,
    ) -> io::Result<(Vec<u8>, Link, Option<Mono>)> {
        let mut buffer = [0; 100];
        let (udp, peer) = (receiver, None);
        let server = Datagrams {
            udp,
            peer,
            ancillary,
        };
        let one = |_: &&UdpSocket, _: &mut [u8]| panic!("it is not connected");
        let any = |udp: &&UdpSocket, buffer: &mut [u8]| udp.recv_from(buffer);
        match server.receive(&mut buffer, clock, one, any)? {
            Received::Datagram(link, len, arrived) => Ok((buffer[..len].to_vec(), link, arrived)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_stamp_lies_between_sending_and_receiving() {
        for to in ["127.0.0.1:0", "[::1]:0"] {
            // There may be no IPv6.
            let (Ok(sender), Ok(receiver)) = (UdpSocket::bind(to), UdpSocket::bind(to)) else {
                continue;
            };
            let local = receiver.local_addr().unwrap();
            let ancillary = Ancillary::ask::<Asks>(&receiver, local);
            let clock = Clock::start();
            let before = clock.mono();
            sender.send_to(b"hola", local).unwrap();
            let (bytes, link, arrived) = receive(&receiver, ancillary, &clock).unwrap();
            let peer = Link::first(sender.local_addr().unwrap());
            assert_eq!((&bytes[..], link), (&b"hola"[..], peer));
            assert_eq!(arrived.is_some(), cfg!(target_os = "linux"));
            if let Some(arrived) = arrived {
                assert!(before <= arrived && arrived <= clock.mono(), "{arrived:?}");
            }
        }
    }

    #[test]
    fn a_bound_socket_is_asked_for_nothing() {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let local = receiver.local_addr().unwrap();
        assert!(!Ancillary::ask::<()>(&receiver, local).is_used());
    }

    /// A reply leaves from the address that was asked, or a connected socket would not hear it.
    #[test]
    fn answers_from_the_address_that_was_asked() {
        for (any, asked) in [
            ("0.0.0.0:0", "127.0.0.2"),
            ("[::]:0", "127.0.0.3"),
            ("[::]:0", "::1"),
        ] {
            let address: SocketAddr = any.parse().unwrap();
            let Ok(server) = crate::socket::datagram_server(address) else {
                continue;
            };
            let local = server.local_addr().unwrap();
            let ancillary = Ancillary::ask::<()>(&server, local);
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
            let server = Datagrams {
                udp: &server,
                peer: None,
                ancillary: Ancillary::ask::<()>(&server, local),
            };
            server.send(link, b"HOLA").unwrap();
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
        let ancillary = Ancillary::ask::<Asks>(&receiver, local);
        receiver.set_nonblocking(true).unwrap();
        let error = receive(&receiver, ancillary, &Clock::start()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_stamp_from_the_future_is_not_believed() {
        let clock = Clock::start();
        let now = clock.now().unix;
        let later = now + std::time::Duration::from_secs(60);
        assert_eq!(system::moment(later, &clock), None);
        assert!(system::moment(now, &clock).is_some_and(|at| at <= clock.mono()));
    }
}

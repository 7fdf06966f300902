//! Linux, Android and Apple's systems: `recvmsg` and `sendmsg` with control messages, through nix.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::AsRawFd;

use nix::libc::{in_pktinfo, in6_pktinfo};
use nix::sys::socket::sockopt::{Ipv4PacketInfo, Ipv6RecvPacketInfo};
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg, setsockopt,
};
#[cfg(target_os = "linux")]
use nix::sys::socket::{
    getsockopt,
    sockopt::{UdpGroSegment, UdpGsoSegment},
};
use socklab_core::Mono;

use super::*;

/// Holds no state: the kernel remembers what was enabled.
pub(super) type Enabled = ();

/// Room for the control messages of a receive: at most a time, two addresses and a length.
#[repr(align(8))]
struct Space([u8; 160]);

pub(super) fn enable(socket: &UdpSocket, local: SocketAddr, arrivals: bool) -> Option<Enabled> {
    let mut asked = arrivals && enable_timestamps(socket);
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
    (): &Enabled,
    socket: &SockRef<'_>,
    buffer: &mut [u8],
    clock: &Clock,
) -> io::Result<Received> {
    let (mut pieces, mut space) = ([IoSliceMut::new(buffer)], Space([0; 160]));
    let received = recvmsg::<SockaddrStorage>(
        socket.as_raw_fd(),
        &mut pieces,
        Some(&mut space.0),
        MsgFlags::empty(),
    )?;
    let peer = received.address.and_then(address);
    let mut link = Link::first(peer.ok_or(io::ErrorKind::AddrNotAvailable)?);
    let mut arrival = None;
    #[cfg_attr(not(target_os = "linux"), allow(unused_mut))]
    let mut segment = None;
    for message in received.cmsgs()? {
        match message {
            ControlMessageOwned::Ipv4PacketInfo(info) => {
                // ip(7): `ipi_addr` is what the sender wrote to, and `ipi_spec_dst` our address.
                // They differ for a broadcast. Apple's systems leave the second one empty.
                let ours = match cfg!(target_vendor = "apple") {
                    true => info.ipi_addr,
                    false => info.ipi_spec_dst,
                };
                let bits = u32::from_be(ours.s_addr);
                link.local = Some(Ipv4Addr::from_bits(bits).into());
            }
            ControlMessageOwned::Ipv6PacketInfo(info) => {
                let asked = Ipv6Addr::from(info.ipi6_addr.s6_addr);
                // A reply cannot leave from a group's address.
                link.local = (!asked.is_multicast()).then_some(asked.into());
            }
            #[cfg(target_os = "linux")]
            ControlMessageOwned::UdpGroSegments(len) => segment = usize::try_from(len).ok(),
            other => arrival = arrival.or(arrival_of(&other, clock)),
        }
    }
    let len = received.bytes;
    Ok(match segment {
        Some(segment) if 0 < segment && segment < len => Received::Batch {
            link,
            len,
            segment,
            arrival,
        },
        _ => Received::Datagram(link, len, arrival),
    })
}

pub(super) fn send(
    (): &Enabled,
    socket: &SockRef<'_>,
    bytes: &[u8],
    peer: SocketAddr,
    local: IpAddr,
) -> io::Result<usize> {
    let source = Source::of(local, peer);
    send_with(socket, bytes, peer, &[source.message()])
}

/// The address that a datagram leaves from.
enum Source {
    V4(in_pktinfo),
    V6(in6_pktinfo),
}

impl Source {
    fn of(local: IpAddr, peer: SocketAddr) -> Self {
        match local {
            IpAddr::V4(local) => Source::V4(in_pktinfo {
                ipi_ifindex: 0,
                ipi_spec_dst: nix::libc::in_addr {
                    s_addr: local.to_bits().to_be(),
                },
                ipi_addr: nix::libc::in_addr { s_addr: 0 },
            }),
            IpAddr::V6(local) => Source::V6(in6_pktinfo {
                ipi6_addr: nix::libc::in6_addr {
                    s6_addr: local.octets(),
                },
                // A link-local address is only valid on one interface.
                ipi6_ifindex: match peer {
                    SocketAddr::V6(peer) => peer.scope_id() as _,
                    SocketAddr::V4(_) => 0,
                },
            }),
        }
    }

    fn message(&self) -> ControlMessage<'_> {
        match self {
            Source::V4(info) => ControlMessage::Ipv4PacketInfo(info),
            Source::V6(info) => ControlMessage::Ipv6PacketInfo(info),
        }
    }
}

fn send_with(
    socket: &SockRef<'_>,
    bytes: &[u8],
    peer: SocketAddr,
    messages: &[ControlMessage<'_>],
) -> io::Result<usize> {
    let peer = SockaddrStorage::from(peer);
    let (pieces, flags) = ([IoSlice::new(bytes)], MsgFlags::empty());
    let (socket, to) = (socket.as_raw_fd(), Some(&peer));
    Ok(sendmsg(socket, &pieces, messages, flags, to)?)
}

/// Has the kernel join consecutive datagrams of one peer (GRO), if it can also split what is sent
/// (GSO).
#[cfg(target_os = "linux")]
pub(super) fn enable_batches(socket: &impl std::os::fd::AsFd) -> Option<Enabled> {
    getsockopt(socket, UdpGsoSegment).ok()?;
    setsockopt(socket, UdpGroSegment, &true).ok()
}

#[cfg(target_os = "linux")]
pub(super) fn send_batch(
    socket: &SockRef<'_>,
    bytes: &[u8],
    segment: u16,
    link: &Link,
) -> io::Result<usize> {
    let segments = ControlMessage::UdpGsoSegments(&segment);
    match link.local {
        None => send_with(socket, bytes, link.peer, &[segments]),
        Some(local) => {
            let source = Source::of(local, link.peer);
            send_with(socket, bytes, link.peer, &[segments, source.message()])
        }
    }
}

fn address(from: SockaddrStorage) -> Option<SocketAddr> {
    let v4 = from.as_sockaddr_in().map(|v4| SocketAddr::from(*v4));
    v4.or_else(|| from.as_sockaddr_in6().map(|v6| SocketAddr::from(*v6)))
}

#[cfg(not(target_os = "linux"))]
fn enable_timestamps(_: &UdpSocket) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
fn arrival_of(_: &ControlMessageOwned, _: &Clock) -> Option<Mono> {
    None
}

#[cfg(target_os = "linux")]
fn enable_timestamps(socket: &UdpSocket) -> bool {
    setsockopt(socket, nix::sys::socket::sockopt::ReceiveTimestampns, &true).is_ok()
}

#[cfg(target_os = "linux")]
fn arrival_of(message: &ControlMessageOwned, clock: &Clock) -> Option<Mono> {
    match message {
        ControlMessageOwned::ScmTimestampns(timestamp) => arrival((*timestamp).into(), clock),
        _ => None,
    }
}

/// Converts a timestamp to the monotonic clock by its age. A timestamp is Unix time: if that clock
/// was set meanwhile, the timestamp may lie in the future and is dropped.
#[cfg(target_os = "linux")]
pub(super) fn arrival(timestamp: std::time::Duration, clock: &Clock) -> Option<Mono> {
    let now = clock.now();
    let age = now.unix.checked_sub(timestamp)?;
    let age = u64::try_from(age.as_nanos()).ok()?;
    now.mono.as_nanos().checked_sub(age).map(Mono::from_nanos)
}

//! Addresses and control messages in the kernel's format.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use nix::libc::{
    AF_INET, AF_INET6, IP_PKTINFO, IPPROTO_IP, IPPROTO_IPV6, IPV6_PKTINFO, SCM_TIMESTAMPNS,
    SOL_SOCKET,
};
use socklab_core::{Link, Received};
use socklab_system::{Clock, arrival};

/// The length of a `sockaddr_in6`, the longest address.
pub(crate) const ADDRESS_LEN: usize = 28;

/// Room for all control messages that a socket may have asked for.
pub(crate) const CONTROL_LEN: usize = 128;

/// The length of a control message's header (`struct cmsghdr`). Its fields are the length of the
/// whole message, the level and the type.
const HEADER_LEN: usize = 16;

/// Reads what a multishot receive wrote, and copies the datagram to `buffer`. What it wrote is a
/// `struct io_uring_recvmsg_out`, [`ADDRESS_LEN`] bytes for the sender (in the kernel's words, the
/// name), [`CONTROL_LEN`] bytes for control messages, and the datagram. If the socket has only one
/// peer, the sender is `peer`.
pub(crate) fn datagram(
    written: &[u8],
    peer: Option<Link>,
    clock: &Clock,
    buffer: &mut [u8],
) -> Option<Received> {
    let control_len = u32::from_ne_bytes(take(written, 4)?) as usize;
    let (name, rest) = written.get(16..)?.split_at_checked(ADDRESS_LEN)?;
    let (control, bytes) = rest.split_at_checked(CONTROL_LEN)?;
    let (local, timestamp) = read_control(control.get(..control_len).unwrap_or(control));
    let sender = || Some(Link::first(address(name)?));
    let link = peer.or_else(|| sender().map(|link| Link { local, ..link }))?;
    buffer.get_mut(..bytes.len())?.copy_from_slice(bytes);
    let arrival = timestamp.and_then(|timestamp| arrival(timestamp, clock));
    Some(Received::Datagram(link, bytes.len(), arrival))
}

/// The address that the kernel wrote, if it is IPv4 or IPv6.
pub(crate) fn address(name: &[u8]) -> Option<SocketAddr> {
    let family = i32::from(u16::from_ne_bytes(take(name, 0)?));
    let port = u16::from_be_bytes(take(name, 2)?);
    match family {
        AF_INET => Some((take::<4>(name, 4)?, port).into()),
        AF_INET6 => {
            let ip = take::<16>(name, 8)?.into();
            let scope = u32::from_ne_bytes(take(name, 24)?);
            Some(SocketAddrV6::new(ip, port, 0, scope).into())
        }
        _ => None,
    }
}

/// Reads the control messages of a datagram: the address that it was sent to, and when the kernel
/// received it.
fn read_control(mut control: &[u8]) -> (Option<IpAddr>, Option<Duration>) {
    let (mut local, mut timestamp) = (None, None);
    while let (Some(len), Some(level), Some(kind)) =
        (take(control, 0), take(control, 8), take(control, 12))
    {
        let len = usize::from_ne_bytes(len);
        let Some(data) = control.get(HEADER_LEN..len) else {
            break;
        };
        match (i32::from_ne_bytes(level), i32::from_ne_bytes(kind)) {
            // `in_pktinfo` has the interface, our address, and the one that the sender wrote to,
            // which may be a broadcast address.
            (IPPROTO_IP, IP_PKTINFO) => local = local.or(take::<4>(data, 4).map(IpAddr::from)),
            // A reply cannot leave from a group's address.
            (IPPROTO_IPV6, IPV6_PKTINFO) => {
                let asked = take::<16>(data, 0).map(IpAddr::from);
                local = asked.filter(|asked| !asked.is_multicast());
            }
            (SOL_SOCKET, SCM_TIMESTAMPNS) => timestamp = time(data),
            _ => {}
        }
        control = control.get(len.next_multiple_of(8)..).unwrap_or_default();
    }
    (local, timestamp)
}

fn time(data: &[u8]) -> Option<Duration> {
    let seconds = u64::try_from(i64::from_ne_bytes(take(data, 0)?)).ok()?;
    let nanos = u32::try_from(i64::from_ne_bytes(take(data, 8)?)).ok()?;
    Some(Duration::new(seconds, nanos))
}

/// Writes the control message that chooses the source address of a datagram.
pub(crate) fn write_source(local: IpAddr, peer: SocketAddr, control: &mut Vec<u8>) {
    let (level, kind, len) = match local {
        IpAddr::V4(_) => (IPPROTO_IP, IP_PKTINFO, HEADER_LEN + 12),
        IpAddr::V6(_) => (IPPROTO_IPV6, IPV6_PKTINFO, HEADER_LEN + 20),
    };
    control.resize(len.next_multiple_of(8), 0);
    control[..8].copy_from_slice(&len.to_ne_bytes());
    control[8..12].copy_from_slice(&level.to_ne_bytes());
    control[12..16].copy_from_slice(&kind.to_ne_bytes());
    match (local, peer) {
        (IpAddr::V4(ip), _) => control[20..24].copy_from_slice(&ip.octets()),
        (IpAddr::V6(ip), SocketAddr::V6(peer)) => {
            control[16..32].copy_from_slice(&ip.octets());
            // A link-local address is only valid on one interface.
            control[32..36].copy_from_slice(&peer.scope_id().to_ne_bytes());
        }
        // Cannot happen: both addresses are of the socket's family.
        (IpAddr::V6(_), SocketAddr::V4(_)) => {}
    }
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_both_families() {
        for (text, bytes) in [
            ("192.0.2.1:53", &[0, 53, 192, 0, 2, 1][..]),
            (
                "[::7%9]:258",
                &[&[1, 2], &[0; 19][..], &[7, 9, 0, 0, 0]].concat(),
            ),
        ] {
            let there: SocketAddr = text.parse().unwrap();
            let family = if there.is_ipv4() { AF_INET } else { AF_INET6 };
            let name = [&(family as u16).to_ne_bytes(), bytes].concat();
            assert_eq!(address(&name), Some(there), "{text}");
        }
        assert_eq!(address(&[]), None);
        assert_eq!(address(&[1, 0, 0, 0]), None);
    }

    #[test]
    fn what_is_written_is_read() {
        let peer = "[2001:db8::9]:1".parse().unwrap();
        let mut control = Vec::new();
        let v6: IpAddr = "2001:db8::1".parse().unwrap();
        write_source(v6, peer, &mut control);
        assert_eq!(read_control(&control), (Some(v6), None));
        let v4 = std::net::Ipv4Addr::new(127, 0, 0, 2);
        write_source(v4.into(), peer, &mut control);
        assert_eq!(read_control(&control), (Some(v4.into()), None));
    }

    #[test]
    fn an_incomplete_message_is_ignored() {
        let mut control = Vec::new();
        let v6: IpAddr = "2001:db8::1".parse().unwrap();
        write_source(v6, "[::1]:1".parse().unwrap(), &mut control);
        for len in 0..HEADER_LEN + 20 {
            assert_eq!(read_control(&control[..len]), (None, None), "{len}");
        }
        // A message whose length is shorter than its header ends the list.
        control[0] = 3;
        assert_eq!(read_control(&control), (None, None));
    }
}

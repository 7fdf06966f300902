//! Addresses and control messages as the kernel reads and writes them: as bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::time::Duration;

use nix::libc::{
    AF_INET, AF_INET6, IP_PKTINFO, IPPROTO_IP, IPPROTO_IPV6, IPV6_PKTINFO, SCM_TIMESTAMPNS,
    SOL_SOCKET,
};

/// Room for a socket's address: a `sockaddr_in` or a `sockaddr_in6`, and how much of it is used.
#[derive(Clone, Debug, Default)]
#[repr(C, align(8))]
pub(crate) struct Name {
    pub(crate) bytes: [u8; Name::SIZE],
    pub(crate) len: u32,
}

impl Name {
    /// That of a `sockaddr_in6`, the longer one.
    pub(crate) const SIZE: usize = 28;

    /// Room for an address that the kernel is to write.
    pub(crate) fn room() -> Self {
        Name {
            len: Name::SIZE as u32,
            ..Name::default()
        }
    }
}

impl From<SocketAddr> for Name {
    fn from(address: SocketAddr) -> Self {
        let mut name = Name::default();
        let bytes = &mut name.bytes;
        bytes[2..4].copy_from_slice(&address.port().to_be_bytes());
        let (family, len) = match address {
            SocketAddr::V4(v4) => {
                bytes[4..8].copy_from_slice(&v4.ip().octets());
                (AF_INET, 16)
            }
            SocketAddr::V6(v6) => {
                bytes[4..8].copy_from_slice(&v6.flowinfo().to_ne_bytes());
                bytes[8..24].copy_from_slice(&v6.ip().octets());
                bytes[24..28].copy_from_slice(&v6.scope_id().to_ne_bytes());
                (AF_INET6, 28)
            }
        };
        bytes[..2].copy_from_slice(&(family as u16).to_ne_bytes());
        name.len = len;
        name
    }
}

/// The address that the kernel wrote, if it is one of IPv4 or IPv6.
pub(crate) fn address(name: &[u8]) -> Option<SocketAddr> {
    let family = i32::from(u16::from_ne_bytes(take(name, 0)?));
    let port = u16::from_be_bytes(take(name, 2)?);
    match family {
        AF_INET => Some(SocketAddrV4::new(take::<4>(name, 4)?.into(), port).into()),
        AF_INET6 => {
            let flow = u32::from_ne_bytes(take(name, 4)?);
            let ip = Ipv6Addr::from(take::<16>(name, 8)?);
            let scope = u32::from_ne_bytes(take(name, 24)?);
            Some(SocketAddrV6::new(ip, port, flow, scope).into())
        }
        _ => None,
    }
}

/// The header of a control message: its length with this header, its level, its type.
const HEADER: usize = 16;

/// Room for all control messages that a socket may have been asked for.
pub(crate) const CONTROL: usize = 128;

/// What the kernel told beside a datagram: the address that was asked, and when it had it.
pub(crate) fn told(mut control: &[u8]) -> (Option<IpAddr>, Option<Duration>) {
    let (mut local, mut stamp) = (None, None);
    while let Some((level, kind, data, rest)) = message(control) {
        match (level, kind) {
            (IPPROTO_IP, IP_PKTINFO) => {
                // After the interface and the address of the route.
                local = local.or(take::<4>(data, 8).map(|ip| Ipv4Addr::from(ip).into()));
            }
            (IPPROTO_IPV6, IPV6_PKTINFO) => {
                local = take::<16>(data, 0).map(|ip| Ipv6Addr::from(ip).into());
            }
            (SOL_SOCKET, SCM_TIMESTAMPNS) => stamp = time(data),
            _ => {}
        }
        control = rest;
    }
    (local, stamp)
}

fn message(control: &[u8]) -> Option<(i32, i32, &[u8], &[u8])> {
    let len = usize::from_ne_bytes(take(control, 0)?);
    let level = i32::from_ne_bytes(take(control, 8)?);
    let kind = i32::from_ne_bytes(take(control, 12)?);
    let data = control.get(HEADER..len)?;
    let rest = control.get(len.next_multiple_of(8)..).unwrap_or_default();
    Some((level, kind, data, rest))
}

fn time(data: &[u8]) -> Option<Duration> {
    let seconds = u64::try_from(i64::from_ne_bytes(take(data, 0)?)).ok()?;
    let nanos = u32::try_from(i64::from_ne_bytes(take(data, 8)?)).ok()?;
    Some(Duration::new(seconds, nanos))
}

/// The control message that has a datagram leave from an address of this host.
pub(crate) fn leave_from(local: IpAddr, peer: SocketAddr, control: &mut Vec<u8>) {
    let (level, kind, len) = match local {
        IpAddr::V4(_) => (IPPROTO_IP, IP_PKTINFO, HEADER + 12),
        IpAddr::V6(_) => (IPPROTO_IPV6, IPV6_PKTINFO, HEADER + 20),
    };
    control.clear();
    control.extend_from_slice(&len.to_ne_bytes());
    control.extend_from_slice(&level.to_ne_bytes());
    control.extend_from_slice(&kind.to_ne_bytes());
    match local {
        IpAddr::V4(ip) => {
            control.extend_from_slice(&0_u32.to_ne_bytes());
            control.extend_from_slice(&ip.octets());
            control.extend_from_slice(&[0; 4]);
        }
        IpAddr::V6(ip) => {
            control.extend_from_slice(&ip.octets());
            // A link-local address means something on one link only.
            let scope = match peer {
                SocketAddr::V6(peer) => peer.scope_id(),
                SocketAddr::V4(_) => 0,
            };
            control.extend_from_slice(&scope.to_ne_bytes());
        }
    }
    control.resize(len.next_multiple_of(8), 0);
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_there_and_back() {
        for text in ["192.0.2.1:53", "[2001:db8::1]:65535", "[fe80::1%7]:1"] {
            let there: SocketAddr = text.parse().unwrap();
            let name = Name::from(there);
            assert_eq!(
                address(&name.bytes[..name.len as usize]),
                Some(there),
                "{text}"
            );
        }
        assert_eq!(address(&[]), None);
        assert_eq!(address(&[1, 0, 0, 0]), None);
    }

    #[test]
    fn what_is_said_is_what_is_told() {
        let peer = "[2001:db8::9]:1".parse().unwrap();
        let mut control = Vec::new();
        let v6: IpAddr = "2001:db8::1".parse().unwrap();
        leave_from(v6, peer, &mut control);
        assert_eq!(told(&control), (Some(v6), None));
        // The kernel tells the address that was asked in another place than it is told one.
        let v4 = Ipv4Addr::new(127, 0, 0, 2);
        leave_from(v4.into(), peer, &mut control);
        control.copy_within(20..24, 24);
        assert_eq!(told(&control), (Some(v4.into()), None));
    }

    #[test]
    fn half_a_message_tells_nothing() {
        let mut control = Vec::new();
        let v6: IpAddr = "2001:db8::1".parse().unwrap();
        leave_from(v6, "[::1]:1".parse().unwrap(), &mut control);
        for len in 0..HEADER + 20 {
            assert_eq!(told(&control[..len]), (None, None), "{len}");
        }
        // One that says that it is shorter than its header ends the list.
        control[0] = 3;
        assert_eq!(told(&control), (None, None));
    }
}

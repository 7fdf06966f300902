//! The addresses that a server tells its users.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// All addresses of this computer, of the same family as that one.
pub(crate) fn everywhere(local: SocketAddr) -> IpAddr {
    match local {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

/// The addresses that others should use for a server bound to `bound`.
///
/// Empty if the server is bound to one address, which is then the one to use, or if this computer
/// has no network. Otherwise these are the computer's own addresses towards the Internet and
/// towards private networks, in which a laboratory or its VPN may be. Finding them sends no packet:
/// connecting a UDP socket only chooses the route, and with it the source address.
pub(crate) fn listen_hint(bound: SocketAddr) -> Vec<SocketAddr> {
    if !bound.ip().is_unspecified() {
        return Vec::new();
    }
    let towards: &[&str] = match bound {
        // RFC 5737 and RFC 3849 (documentation), RFC 1918 and RFC 4193 (private); 9 is discard.
        SocketAddr::V4(_) => &["192.0.2.1:9", "10.0.0.1:9", "172.16.0.1:9", "192.168.0.1:9"],
        SocketAddr::V6(_) => &["[2001:db8::1]:9", "[fd00::1]:9"],
    };
    let mut found = Vec::new();
    for there in towards {
        if let Ok(ip) = own_address(SocketAddr::new(bound.ip(), 0), there)
            && others_can_use(ip)
            && !found.contains(&SocketAddr::new(ip, bound.port()))
        {
            found.push(SocketAddr::new(ip, bound.port()));
        }
    }
    found
}

fn own_address(any: SocketAddr, there: &str) -> io::Result<IpAddr> {
    let socket = UdpSocket::bind(any)?;
    socket.connect(there)?;
    Ok(socket.local_addr()?.ip())
}

fn others_can_use(ip: IpAddr) -> bool {
    // A link-local IPv6 address is useless without the other computer's own zone.
    let zoned = matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local());
    !(ip.is_unspecified() || ip.is_loopback() || zoned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORT: u16 = 16_000;

    #[test]
    fn a_bound_address_needs_no_hint() {
        assert_eq!(listen_hint(([127, 0, 0, 1], PORT).into()), []);
        assert_eq!(listen_hint((Ipv6Addr::LOCALHOST, PORT).into()), []);
    }

    #[test]
    fn every_address_is_of_the_same_family() {
        for (local, all) in [("127.0.0.1:1", "0.0.0.0"), ("[::1]:1", "::")] {
            let local = local.parse().expect("an address");
            assert_eq!(everywhere(local).to_string(), all);
        }
    }

    #[test]
    fn hints_are_addresses_that_others_can_use() {
        // This computer may have no network or no IPv6.
        for any in ["0.0.0.0:16000", "[::]:16000"] {
            let any: SocketAddr = any.parse().expect("an address");
            let hints = listen_hint(any);
            for (at, hint) in hints.iter().enumerate() {
                assert_eq!((hint.is_ipv4(), hint.port()), (any.is_ipv4(), PORT));
                assert!(others_can_use(hint.ip()), "{hint}");
                assert!(!hints[..at].contains(hint), "{hint} twice");
                // A hint is an own address if it can be bound.
                UdpSocket::bind(SocketAddr::new(hint.ip(), 0)).expect("own");
            }
        }
        for (ip, usable) in [
            ("192.168.1.7", true),
            ("2001:db8::7", true),
            ("fd00::7", true),
            ("127.0.0.1", false),
            ("0.0.0.0", false),
            ("::1", false),
            ("::", false),
            ("fe80::7", false),
        ] {
            assert_eq!(others_can_use(ip.parse().expect(ip)), usable, "{ip}");
        }
    }
}

//! The names that a machine has for its sockets and peers.

use core::net::{IpAddr, SocketAddr};

/// One of the sockets that belong to a machine, by number.
///
/// Number 0 is the one it was bound to, accepted on, or opened first. A relay opens number 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Socket(pub u16);

/// One peer on one socket: a stream's other end, or the sender of a datagram.
///
/// The link itself carries the addresses, so a driver keeps no table of datagram peers, which
/// strangers could fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    /// Which of the machine's sockets.
    pub socket: Socket,
    /// Who is at the other end.
    pub peer: SocketAddr,
    /// The address of this host that the peer wrote to, if the socket is bound to several (UDP);
    /// else `None`. A reply must leave from this address, because a connected socket receives from
    /// no other.
    pub local: Option<IpAddr>,
}

impl Link {
    /// The link to `peer` on the machine's first socket.
    pub const fn first(peer: SocketAddr) -> Self {
        Link::on(Socket(0), peer)
    }

    /// The link to `peer` on a socket that has one address.
    pub const fn on(socket: Socket, peer: SocketAddr) -> Self {
        Link {
            socket,
            peer,
            local: None,
        }
    }
}

/// What carries an exercise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// UDP: separate datagrams that may be lost, repeated or reordered.
    Datagram,
    /// TCP: a stream of bytes that may be split and merged anywhere.
    Stream,
}

impl Transport {
    /// `udp` or `tcp`.
    pub const fn name(self) -> &'static str {
        match self {
            Transport::Datagram => "udp",
            Transport::Stream => "tcp",
        }
    }
}

/// The largest UDP payload to `peer`, in bytes.
///
/// IPv4 carries 65,535 less 20 bytes of IP header and 8 of UDP header: 65,507 (RFC 768, RFC 791).
/// IPv6 does not count its own header: 65,527 (RFC 8200, section 3). An IPv4 peer of an IPv6 socket
/// (`::ffff:a.b.c.d`) is reached over IPv4.
pub const fn max_datagram(peer: SocketAddr) -> usize {
    match peer.ip().to_canonical() {
        IpAddr::V4(_) => 65_507,
        IpAddr::V6(_) => 65_527,
    }
}

/// The same address with another port. It keeps the scope of a link-local IPv6 address, without
/// which that address cannot be bound (RFC 4007).
pub fn with_port(mut address: SocketAddr, port: u16) -> SocketAddr {
    address.set_port(port);
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_port_keeps_the_scope() {
        for (address, same) in [
            ("192.0.2.1:1", "192.0.2.1:9"),
            ("[fe80::1%2]:1", "[fe80::1%2]:9"),
        ] {
            let same: SocketAddr = same.parse().unwrap();
            assert_eq!(with_port(address.parse().unwrap(), 9), same, "{address}");
        }
    }

    #[test]
    fn the_largest_datagram_depends_on_what_carries_it() {
        for (peer, most) in [
            ("192.0.2.1:1", 65_507),
            ("[::ffff:192.0.2.1]:1", 65_507),
            ("[2001:db8::1]:1", 65_527),
            ("[::1]:1", 65_527),
        ] {
            assert_eq!(max_datagram(peer.parse().unwrap()), most, "{peer}");
        }
    }
}

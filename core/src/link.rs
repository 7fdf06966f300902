//! Whom a machine talks to, without saying how.

use core::net::SocketAddr;

/// One of the sockets that belong to a machine, by number.
///
/// Number 0 is the one it was bound to, accepted on, or opened first. A relay opens number 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Socket(pub u16);

/// One peer on one socket: a stream's other end, or the sender of a datagram.
///
/// A driver keeps no table of datagram peers, because the link itself carries the address:
/// strangers cannot make it hold anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    /// Which of the machine's sockets.
    pub socket: Socket,
    /// Who is at the other end.
    pub peer: SocketAddr,
}

impl Link {
    /// The link to `peer` on the machine's first socket.
    pub const fn first(peer: SocketAddr) -> Self {
        Link {
            socket: Socket(0),
            peer,
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

/// The largest UDP payload over IPv4: 65,535 less 20 bytes of IP header and 8 of UDP header
/// (RFC 768, RFC 791). IPv6 could carry 20 more; one limit for both keeps exercises the same.
pub const MAX_DATAGRAM: usize = 65_507;

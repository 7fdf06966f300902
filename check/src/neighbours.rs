//! Finds other places on this machine where a program listens, if none listens at the expected
//! address.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use socklab_core::Transport;
use socklab_core::lab::EXERCISES;

use crate::program::sockets::{Holder, Listening, all, holder, is_lingering, is_open};

/// A program that listens near the address that was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Neighbour {
    /// A program listens at the same port of another address.
    Address(SocketAddr),
    /// A program listens at the same port with the other transport protocol.
    Protocol,
    /// A program listens at a port that may have been meant.
    Port(u16, Option<Holder>),
}

/// The first ephemeral port on Linux; other systems begin higher. No program is expected to ask for
/// such a port by number.
const CHOSEN: u16 = 32_768;

/// Looks in the system's tables for a program that `sought` may have meant. `None` if `sought` is
/// on another machine, or the tables do not show it.
pub fn find_neighbour(transport: Transport, sought: SocketAddr) -> Option<Neighbour> {
    if !is_here(sought.ip()) {
        return None;
    }
    let found = beside(transport, sought, &all())?;
    Some(match found {
        Neighbour::Port(port, _) => Neighbour::Port(port, holder(transport, port)),
        found => found,
    })
}

/// Whether an address belongs to this machine.
pub fn is_here(ip: IpAddr) -> bool {
    ip.is_loopback() || UdpSocket::bind((ip, 0)).is_ok()
}

/// Whether a program of this machine has that address now; `None` if the system does not say. A UDP
/// server that has connected its socket to a client has it too.
pub fn is_listening(transport: Transport, address: SocketAddr) -> Option<bool> {
    is_open(transport, |one| hears(one, transport, address))
}

/// Whether no program has a TCP port, and the system only keeps it for a minute after its last
/// connection (TIME_WAIT). False if the system does not say.
pub fn is_port_waiting(port: u16) -> bool {
    holder(Transport::Stream, port).is_none() && is_lingering(port)
}

/// Whether what is sent to `sought` reaches that socket.
fn hears(one: &Listening, transport: Transport, sought: SocketAddr) -> bool {
    let (at, ip) = (one.address.ip().to_canonical(), sought.ip().to_canonical());
    let is_address = at == ip || (at.is_unspecified() && (at.is_ipv6() || ip.is_ipv4()));
    is_address && one.transport == transport && one.address.port() == sought.port()
}

fn beside(transport: Transport, sought: SocketAddr, all: &[Listening]) -> Option<Neighbour> {
    let same = |one: &&Listening| one.transport == transport;
    let there = |one: &&Listening| one.address.port() == sought.port();
    if all.iter().any(|one| hears(one, transport, sought)) {
        // A program has begun to listen at the expected address meanwhile.
        return None;
    }
    if let Some(found) = all.iter().filter(same).find(there) {
        return Some(Neighbour::Address(found.address));
    }
    if all.iter().any(|one| there(&one)) {
        return Some(Neighbour::Protocol);
    }
    let mut ports: Vec<u16> = (all.iter().filter(same))
        .map(|one| one.address.port())
        .collect();
    ports.retain(|port| *port < CHOSEN && sought.port() < CHOSEN);
    let likely = ports.iter().find(|port| is_like(**port, sought.port()));
    let of_the_lab = |port: &&u16| {
        let exercises = EXERCISES.iter();
        (exercises.filter(|one| one.transport == transport)).any(|one| one.port == **port)
    };
    let port = likely.or_else(|| ports.iter().find(of_the_lab))?;
    Some(Neighbour::Port(*port, None))
}

/// Whether one port may be a typing error for the other: a digit too many, missing or wrong, two
/// digits swapped, or the next number.
fn is_like(one: u16, other: u16) -> bool {
    if one.abs_diff(other) <= 10 {
        return true;
    }
    let (one, other) = (one.to_string(), other.to_string());
    let (short, long) = match one.len() < other.len() {
        true => (one.as_bytes(), other.as_bytes()),
        false => (other.as_bytes(), one.as_bytes()),
    };
    match long.len() - short.len() {
        0 => {
            let differ = (0..long.len()).filter(|&at| short[at] != long[at]);
            match differ.collect::<Vec<_>>()[..] {
                [_] => true,
                [a, b] => b == a + 1 && (short[a], short[b]) == (long[b], long[a]),
                _ => false,
            }
        }
        1 => (0..long.len()).any(|at| [&long[..at], &long[at + 1..]].concat() == short),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_a_port_are_known() {
        for (one, other) in [
            (16_000, 1_600),
            (19_000, 19_001),
            (15_002, 15_020),
            (21_000, 12_000),
        ] {
            assert!(is_like(one, other) && is_like(other, one), "{one} {other}");
        }
        for (one, other) in [
            (16_000, 19_900),
            (22, 16_000),
            (631, 15_002),
            (5_432, 16_000),
        ] {
            assert!(
                !is_like(one, other) && !is_like(other, one),
                "{one} {other}"
            );
        }
    }

    #[test]
    fn the_nearest_is_found_first() {
        let listening = |transport, address: &str| Listening {
            transport,
            address: address.parse().expect("an address"),
        };
        let (udp, tcp) = (Transport::Datagram, Transport::Stream);
        let sought = "127.0.0.1:16000".parse().expect("an address");
        let at = |all: &[Listening]| beside(udp, sought, all);
        let mut all = vec![
            listening(udp, "0.0.0.0:68"),
            listening(tcp, "127.0.0.1:16001"),
        ];
        assert_eq!(at(&all), None);
        all.push(listening(udp, "0.0.0.0:40000"));
        assert_eq!(at(&all), None, "a client's own port");
        all.push(listening(udp, "0.0.0.0:15002"));
        assert_eq!(at(&all), Some(Neighbour::Port(15_002, None)));
        all.push(listening(udp, "0.0.0.0:1600"));
        assert_eq!(at(&all), Some(Neighbour::Port(1_600, None)));
        all.push(listening(tcp, "0.0.0.0:16000"));
        assert_eq!(at(&all), Some(Neighbour::Protocol));
        all.push(listening(udp, "[::1]:16000"));
        let there = "[::1]:16000".parse().expect("an address");
        assert_eq!(at(&all), Some(Neighbour::Address(there)));
        all.push(listening(udp, "0.0.0.0:16000"));
        assert_eq!(at(&all), None, "it listens by now");
    }
}

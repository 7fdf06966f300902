//! Finds whether a program listens at a port, without connecting to it: a server that answers only
//! once must not spend its answer on the test.

use std::io;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};

use socklab_core::Transport;

/// Whether any program has a socket at a port of this machine.
pub(crate) fn is_taken(transport: Transport, port: u16) -> bool {
    let (files, state) = match transport {
        Transport::Stream => (["/proc/net/tcp", "/proc/net/tcp6"], Some("0A")),
        Transport::Datagram => (["/proc/net/udp", "/proc/net/udp6"], None),
    };
    let tables = files.map(std::fs::read_to_string);
    if tables.iter().any(Result::is_ok) {
        return tables.iter().flatten().any(|table| has(table, port, state));
    }
    // On other systems: a port that cannot be bound is in use.
    let there = (Ipv4Addr::LOCALHOST, port);
    let free = match transport {
        Transport::Stream => TcpListener::bind(there).map(drop),
        Transport::Datagram => UdpSocket::bind(there).map(drop),
    };
    matches!(free, Err(error) if error.kind() == io::ErrorKind::AddrInUse)
}

/// Whether a table of sockets lists one at that port, in that state.
fn has(table: &str, port: u16, state: Option<&str>) -> bool {
    let port = format!(":{port:04X}");
    table.lines().skip(1).any(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let (local, found) = (fields.next(), fields.nth(1));
        local.is_some_and(|local| local.ends_with(&port)) && (state.is_none() || found == state)
    })
}

/// A port that no program uses at the moment.
pub(crate) fn free_port(transport: Transport) -> io::Result<u16> {
    let any = (Ipv4Addr::LOCALHOST, 0);
    let address = match transport {
        Transport::Stream => TcpListener::bind(any)?.local_addr()?,
        Transport::Datagram => UdpSocket::bind(any)?.local_addr()?,
    };
    Ok(address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_seen_while_it_is_there() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("bound").port();
        assert!(is_taken(Transport::Stream, port));
        drop(listener);
        assert!(!is_taken(Transport::Stream, port));
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = socket.local_addr().expect("bound").port();
        assert!(is_taken(Transport::Datagram, port));
        drop(socket);
        assert!(!is_taken(Transport::Datagram, port));
        let free = free_port(Transport::Stream).expect("one is free");
        assert!(!is_taken(Transport::Stream, free));
    }

    #[test]
    fn only_those_that_listen_count() {
        let table = "  sl  local_address rem_address   st\n\
            0: 0100007F:3E80 00000000:0000 0A 0\n\
            1: 0100007F:3E81 0100007F:1234 01 0\n";
        assert!(has(table, 16000, Some("0A")));
        assert!(!has(table, 16001, Some("0A")));
        assert!(has(table, 16001, None));
        assert!(!has(table, 16002, None));
    }
}

//! Finds the process that owns a socket, so that a server that we did not start can be measured
//! too.

use std::fs;
use std::net::SocketAddr;

use socklab_core::Transport;

/// The process whose socket listens at a loopback address. `None` for any other address, and if the
/// system does not tell: only Linux does, and only of the user's own processes.
pub fn owner(transport: Transport, address: SocketAddr) -> Option<u32> {
    if !address.ip().is_loopback() {
        return None;
    }
    let name = format!("socket:[{}]", inode(transport, address.port())?);
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let numbers = processes.filter_map(|one| one.file_name().to_str()?.parse::<u32>().ok());
    let mut owners = numbers.filter(|process| {
        let descriptors = fs::read_dir(format!("/proc/{process}/fd"));
        let links = descriptors.into_iter().flatten().flatten();
        let mut links = links.filter_map(|one| fs::read_link(one.path()).ok());
        links.any(|link| link.as_os_str() == name.as_str())
    });
    // If several processes share the socket, the first is the parent.
    owners.next()
}

/// The inode of the socket at a port, from the system's tables.
fn inode(transport: Transport, port: u16) -> Option<u64> {
    let (files, state) = match transport {
        // The state of a listening socket.
        Transport::Stream => (["/proc/net/tcp", "/proc/net/tcp6"], Some("0A")),
        Transport::Datagram => (["/proc/net/udp", "/proc/net/udp6"], None),
    };
    let port = format!(":{port:04X}");
    files.iter().find_map(|file| {
        let table = fs::read_to_string(file).ok()?;
        table.lines().skip(1).find_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (local, its_state) = (fields.get(1)?, fields.get(3)?);
            let is = local.ends_with(&port) && state.is_none_or(|state| *its_state == state);
            is.then(|| fields.get(9)?.parse().ok()).flatten()
        })
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener, UdpSocket};

    #[test]
    fn a_socket_of_ours_is_ours() {
        let _none_starts = crate::children::running();
        let any = (Ipv4Addr::LOCALHOST, 0);
        let listener = TcpListener::bind(any).expect("a port");
        let at = listener.local_addr().expect("bound");
        assert_eq!(owner(Transport::Stream, at), Some(std::process::id()));
        let socket = UdpSocket::bind(any).expect("a port");
        let at = socket.local_addr().expect("bound");
        assert_eq!(owner(Transport::Datagram, at), Some(std::process::id()));
        drop(socket);
        assert_eq!(owner(Transport::Datagram, at), None);
        let far = SocketAddr::from(([192, 0, 2, 1], at.port()));
        assert_eq!(owner(Transport::Datagram, far), None);
    }
}

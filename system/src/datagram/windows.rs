//! Windows: `WSARecvMsg` and `WSASendMsg` with `IP_PKTINFO` and `IPV6_PKTINFO`, through quinn-udp.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};

use dontfrag::UdpSocketExt;
use quinn_udp::{RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use socket2::SockRef;
use socklab_core::{Link, Received};

use crate::clock::Clock;

/// quinn-udp's state of the socket.
pub(super) type Enabled = UdpSocketState;

/// Ignores `arrivals`: Windows has none.
pub(super) fn enable(socket: &UdpSocket, local: SocketAddr, _: bool) -> Option<Enabled> {
    if !local.ip().is_unspecified() {
        return None;
    }
    let state = UdpSocketState::new(UdpSockRef::from(socket));
    // quinn-udp has set up the socket for QUIC: nonblocking, and refusing datagrams larger than a
    // packet. Undo both, even if quinn-udp failed later. A server on all IPv6 addresses sends IPv4
    // packets too.
    let _ = socket.set_nonblocking(false);
    let _ = socket.set_dontfrag_v4(false);
    if local.is_ipv6() {
        let _ = socket.set_dontfrag_v6(false);
    }
    state.ok()
}

pub(super) fn receive(
    state: &Enabled,
    socket: &SockRef<'_>,
    buffer: &mut [u8],
    _: &Clock,
) -> io::Result<Received> {
    let mut meta = [RecvMeta::default()];
    let mut pieces = [IoSliceMut::new(buffer)];
    state.recv(UdpSockRef::from(&**socket), &mut pieces, &mut meta)?;
    let [meta] = meta;
    let link = Link {
        local: meta.dst_ip,
        ..Link::first(meta.addr)
    };
    Ok(Received::Datagram(link, meta.len, None))
}

pub(super) fn send(
    state: &Enabled,
    socket: &SockRef<'_>,
    bytes: &[u8],
    peer: SocketAddr,
    local: IpAddr,
) -> io::Result<usize> {
    let transmit = Transmit {
        destination: peer,
        ecn: None,
        contents: bytes,
        segment_size: None,
        src_ip: Some(local),
    };
    state.try_send(UdpSockRef::from(&**socket), &transmit)?;
    Ok(bytes.len())
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::time::Duration;

    use super::*;
    use crate::socket::bind_datagrams;

    /// The blocking driver waits in the receive, and the largest datagram is cut into packets.
    #[test]
    fn the_socket_still_blocks_and_fragments() {
        for any in ["0.0.0.0:0", "[::]:0"] {
            // There may be no IPv6.
            let Ok((local, server)) = bind_datagrams(any.parse().unwrap()) else {
                continue;
            };
            let state = enable(&server, local, false);
            assert!(!server.dontfrag_v4().unwrap(), "{any}");
            assert!(local.is_ipv4() || !server.dontfrag_v6().unwrap());
            let Some(state) = state else {
                eprintln!("SKIPPED: this system (wine 8) lacks a socket option of quinn-udp's");
                continue;
            };
            let limit = Some(Duration::from_millis(50));
            server.set_read_timeout(limit).unwrap();
            let (socket, clock) = (SockRef::from(&server), Clock::start());
            let received = receive(&state, &socket, &mut [0; 8], &clock);
            assert_eq!(received.unwrap_err().kind(), ErrorKind::TimedOut, "{any}");
        }
    }
}

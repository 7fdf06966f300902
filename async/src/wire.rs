//! A socket that a task awaits, UDP or TCP.

use std::error::Error;
use std::future::{pending, poll_fn};
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::ready;
use std::time::Duration;

use async_std::io::{Read, Write};
use async_std::net::{TcpStream, UdpSocket};
use async_std::task;
use socket2::SockRef;
use socklab_core::{Link, Received};
use socklab_system::{self as system, Clock, UdpWire, socket, stream_received};

/// How many bytes of a stream are read in one call.
const STREAM_BUFFER: usize = 4096;

/// How long to wait before trying again to send a datagram from a chosen address. async-std cannot
/// wait for room to do that.
const RETRY_INTERVAL: Duration = Duration::from_millis(1);

/// `WSAEMSGSIZE`: Windows returns it for a datagram that was longer than the buffer. Other systems
/// cut the datagram without an error.
const DATAGRAM_WAS_CUT: i32 = 10_040;

/// The socket of a conversation.
pub(crate) type Wire = system::Wire<UdpSocket, TcpStream>;

/// Waits until data come, and receives them.
///
/// Cancel-safe: the poll that takes data from the kernel returns them.
pub(crate) async fn receive(
    wire: &Wire,
    buffer: &mut Vec<u8>,
    clock: &Clock,
) -> io::Result<Received> {
    match wire {
        Wire::Closed => pending().await,
        Wire::Datagrams(datagrams) => {
            buffer.resize(socket::DATAGRAM_BUFFER, 0);
            let udp = &datagrams.udp;
            if let Some(link) = datagrams.peer {
                return Ok(Received::Datagram(link, udp.recv(buffer).await?, None));
            }
            if !datagrams.ancillary.is_used() {
                let (len, peer) = udp.recv_from(buffer).await?;
                return Ok(Received::Datagram(Link::first(peer), len, None));
            }
            // async-std has no call for control messages, so the system is called directly. But the
            // reactor watches a socket only after a call of async-std's own would have blocked.
            // That call is this peek at the next datagram.
            loop {
                let ancillary = &datagrams.ancillary;
                match ancillary.receive(&SockRef::from(udp), buffer, clock) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    received => return received,
                }
                // Boxed, so that the tasks of other sockets keep no room for this future.
                match Box::pin(udp.peek_from(&mut [])).await {
                    Err(error) if error.raw_os_error() == Some(DATAGRAM_WAS_CUT) => {}
                    peeked => drop(peeked?),
                }
            }
        }
        Wire::Stream(tcp) => {
            // Read to the stack, so that an idle connection keeps no buffer.
            let len = poll_fn(|cx| {
                let mut bytes = [0; STREAM_BUFFER];
                let len = ready!(Pin::new(&mut &*tcp).poll_read(cx, &mut bytes))?;
                buffer.clear();
                buffer.extend_from_slice(&bytes[..len]);
                io::Result::Ok(len).into()
            });
            stream_received(len.await)
        }
    }
}

/// Waits until there is room, and sends what has been waiting for it: async-std cannot wait for
/// room without sending. Cancel-safe, as [`receive`] is.
pub(crate) async fn send_unsent(wire: &Wire, waiting: Option<(&Link, &[u8])>) -> io::Result<usize> {
    match (wire, waiting) {
        (Wire::Closed, _) | (_, None) => pending().await,
        (Wire::Stream(tcp), Some((_, bytes))) => {
            poll_fn(|cx| Pin::new(&mut &*tcp).poll_write(cx, bytes)).await
        }
        // Boxed, because it is rare: the task of a TCP connection keeps no room for it.
        (Wire::Datagrams(datagrams), Some((link, bytes))) => {
            Box::pin(send_datagram(datagrams, link, bytes)).await
        }
    }
}

async fn send_datagram(
    datagrams: &UdpWire<UdpSocket>,
    link: &Link,
    bytes: &[u8],
) -> io::Result<usize> {
    if datagrams.peer.is_some() {
        return datagrams.udp.send(bytes).await;
    }
    if link.local.is_some() {
        // async-std cannot choose the source address, and would send from another than the one that
        // was asked.
        task::sleep(RETRY_INTERVAL).await;
        return datagrams.send(link, bytes);
    }
    let sent = datagrams.udp.send_to(bytes, link.peer).await;
    sent.map_err(unwrapped)
}

/// Unwraps the system's own error, with its number. async-std wraps it when a datagram cannot be
/// sent.
fn unwrapped(error: io::Error) -> io::Error {
    let code = error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>())
        .and_then(io::Error::raw_os_error);
    match code {
        Some(code) => io::Error::from_raw_os_error(code),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::net::TcpListener;
    use std::pin::pin;
    use std::task::{Context, Waker};
    use std::thread;

    use async_std::task::block_on;

    use super::*;

    fn udp(address: &str) -> (std::net::UdpSocket, Link) {
        let udp = std::net::UdpSocket::bind(address).unwrap();
        let link = Link::first(udp.local_addr().unwrap());
        (udp, link)
    }

    /// A datagram that had to wait is sent once there is room; all are received in order.
    #[test]
    fn datagrams_that_had_to_wait() {
        block_on(async {
            let clock = Clock::start();
            let (server, link) = udp("127.0.0.1:0");
            let (client, peer) = udp("127.0.0.1:0");
            client.connect(link.peer).unwrap();
            let server = Wire::udp_server(server, link.peer, false, |udp| Ok(udp.into())).unwrap();
            let mut inbox = Vec::new();
            let (_, client) = Wire::udp_client(link, |_| Ok(client.into())).unwrap();
            for (wire, to, text) in [(&client, link, b"one"), (&server, link, b"two")] {
                let sent = send_unsent(wire, Some((&to, text))).await;
                assert_eq!(sent.unwrap(), 3);
            }
            for (from, expected) in [(peer, b"one"), (link, b"two")] {
                match receive(&server, &mut inbox, &clock).await {
                    Ok(Received::Datagram(link, 3, None)) => assert_eq!(link, from),
                    other => panic!("{other:?}"),
                }
                assert_eq!(&inbox[..3], expected);
            }
        });
    }

    /// Also where the receive, or the reply, had to wait.
    #[cfg(any(target_os = "linux", target_os = "android", windows))]
    #[test]
    fn a_wildcard_server_answers_from_the_address_that_was_asked() {
        let clock = Clock::start();
        let (server, any) = udp("0.0.0.0:0");
        let server = Wire::udp_server(server, any.peer, false, |udp| Ok(udp.into())).unwrap();
        let mut inbox = Vec::new();
        let (client, peer) = udp("127.0.0.1:0");
        client.connect(("127.0.0.2", any.peer.port())).unwrap();
        let limit = Some(Duration::from_secs(20));
        client.set_read_timeout(limit).unwrap();
        let asked = Link {
            local: Some("127.0.0.2".parse().unwrap()),
            ..peer
        };
        let client = &client;
        thread::scope(|threads| {
            for waits in [false, true] {
                let asks = threads.spawn(move || {
                    if waits {
                        thread::sleep(Duration::from_millis(50));
                    }
                    client.send(b"hola").unwrap();
                });
                if !waits {
                    asks.join().unwrap();
                }
                match block_on(receive(&server, &mut inbox, &clock)) {
                    Ok(Received::Datagram(link, 4, None)) => assert_eq!(link, asked),
                    other => panic!("{other:?}"),
                }
                let sent = match waits {
                    false => server.send(&asked, b"HOLA"),
                    true => block_on(send_unsent(&server, Some((&asked, b"HOLA")))),
                };
                assert_eq!(sent.unwrap(), 4);
                assert_eq!(client.recv(&mut [0; 8]).unwrap(), 4);
            }
        });
    }

    #[test]
    fn the_number_of_a_send_error_is_kept() {
        let (server, link) = udp("127.0.0.1:0");
        let server = Wire::udp_server(server, link.peer, false, |udp| Ok(udp.into())).unwrap();
        let now = server.send(&link, &[0; 70_000]).unwrap_err();
        let later = block_on(send_unsent(&server, Some((&link, &[0; 70_000])))).unwrap_err();
        assert!(now.raw_os_error().is_some());
        assert_eq!(now.raw_os_error(), later.raw_os_error(), "{later:?}");
    }

    /// A peer that does not read: the wait for room ends when it does, and not before.
    #[test]
    fn a_full_stream_waits_for_room() {
        block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let link = Link::first(listener.local_addr().unwrap());
            let wire = Wire::Stream(TcpStream::connect(link.peer).await.unwrap());
            let (mut reader, _) = listener.accept().unwrap();
            let bytes = vec![7; 64 * 1024];
            let mut left = 0;
            let full = loop {
                match wire.send(&link, &bytes) {
                    Ok(len) => left += len,
                    Err(error) => break error,
                }
            };
            assert_eq!(full.kind(), ErrorKind::WouldBlock);
            let mut sent = pin!(send_unsent(&wire, Some((&link, &bytes))));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(sent.as_mut().poll(&mut cx).is_pending());
            let mut buffer = vec![0; 64 * 1024];
            while left > 0 {
                left -= reader.read(&mut buffer).unwrap();
            }
            assert!(sent.await.unwrap() > 0);
        });
    }
}

//! A socket whose readiness the reactor reports, UDP or TCP.

use std::future::pending;
use std::io::{self, ErrorKind};

use socklab_core::{Link, Received, Wait};
use socklab_system::{self as system, Clock, stream_received};
use tokio::io::{Interest, Ready};
use tokio::net::{TcpStream, UdpSocket};

/// The socket of a conversation.
pub(crate) type Wire = system::Wire<UdpSocket, TcpStream>;

/// Waits until the socket may be ready for what `wait` asks: the reactor has reported it, and no
/// call has returned `WouldBlock` since. Cancel-safe: it consumes no data.
pub(crate) async fn ready(wire: &Wire, wait: Wait) -> Ready {
    let read = match wire {
        // A client's socket may have an error and no data: no program listens at its peer's port.
        Wire::Datagrams(datagrams) if datagrams.peer.is_some() => {
            Interest::READABLE | Interest::ERROR
        }
        _ => Interest::READABLE,
    };
    let interest = match (wait.readable, wait.writable) {
        (true, true) => read | Interest::WRITABLE,
        (true, false) => read,
        (false, true) => Interest::WRITABLE,
        (false, false) => return pending().await,
    };
    let ready = match wire {
        Wire::Closed => pending().await,
        Wire::Datagrams(datagrams) => datagrams.udp.ready(interest).await,
        Wire::Stream(tcp) => tcp.ready(interest).await,
    };
    // If the reactor is gone, the next call on the socket returns the error.
    ready.unwrap_or(Ready::ALL)
}

/// Receives once. After `WouldBlock` this makes no system call until the reactor reports the socket
/// as readable.
pub(crate) fn receive(wire: &Wire, buffer: &mut [u8], clock: &Clock) -> io::Result<Received> {
    match wire {
        Wire::Closed => Err(ErrorKind::WouldBlock.into()),
        Wire::Datagrams(datagrams) => {
            let udp = &datagrams.udp;
            let mut receive = || datagrams.receive(buffer, clock);
            match udp.try_io(Interest::READABLE, &mut receive) {
                // tokio makes no call if only an error was reported (tokio's issue 8082), nor for
                // two interests together.
                Err(error) if error.kind() == ErrorKind::WouldBlock && datagrams.peer.is_some() => {
                    udp.try_io(Interest::ERROR, receive)
                }
                received => received,
            }
        }
        Wire::Stream(tcp) => stream_received(tcp.try_read(buffer)),
    }
}

/// Sends a datagram, or some bytes of a stream; `WouldBlock` if there is no room.
///
/// Until the reactor has `reported` that a new socket has room, this calls the system directly; the
/// sockets of a reactor never block. From then on tokio must see a send fail, or it would report
/// room forever.
pub(crate) fn send(wire: &Wire, link: &Link, bytes: &[u8], reported: bool) -> io::Result<usize> {
    let send = || wire.send(link, bytes);
    match wire {
        Wire::Datagrams(datagrams) if reported => datagrams.udp.try_io(Interest::WRITABLE, send),
        Wire::Stream(tcp) if reported => tcp.try_io(Interest::WRITABLE, send),
        _ => send(),
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use socklab_tasks::AsyncRuntime;
    use tokio::net::TcpListener;

    use super::*;
    use crate::TokioRuntime;

    const RECEIVE: Wait = Wait {
        readable: true,
        writable: false,
        line: false,
        until: None,
    };
    const ROOM: Wait = Wait {
        readable: false,
        writable: true,
        ..RECEIVE
    };

    fn on_tokio(test: impl Future<Output = ()>) {
        let mut one_thread = tokio::runtime::Builder::new_current_thread();
        one_thread.enable_io().build().unwrap().block_on(test);
    }

    /// A datagram is received once, and then the socket waits for the next.
    #[test]
    fn datagrams_to_itself() {
        let clock = Clock::start();
        on_tokio(async {
            for connected in [false, true] {
                let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
                let local = udp.local_addr().unwrap();
                let link = Link::first(local);
                let wire = match connected {
                    false => Wire::udp_server(udp, local, false, TokioRuntime::udp).unwrap(),
                    true => {
                        udp.connect(local).unwrap();
                        Wire::udp_client(link, |_| TokioRuntime::udp(udp))
                            .unwrap()
                            .1
                    }
                };
                // Before and after the reactor has said that there is room.
                assert_eq!(send(&wire, &link, b"one", false).unwrap(), 3);
                assert!(ready(&wire, ROOM).await.is_writable());
                assert_eq!(send(&wire, &link, b"two", true).unwrap(), 3);
                let mut buffer = [0; 8];
                for expected in [b"one", b"two"] {
                    assert!(ready(&wire, RECEIVE).await.is_readable());
                    let received = receive(&wire, &mut buffer, &clock);
                    let Ok(Received::Datagram(from, len, None)) = received else {
                        panic!("no datagram: {received:?}");
                    };
                    assert_eq!((from, &buffer[..len]), (link, &expected[..]));
                }
                let none = receive(&wire, &mut buffer, &clock).unwrap_err();
                assert_eq!(none.kind(), ErrorKind::WouldBlock);
                let mut cx = Context::from_waker(Waker::noop());
                assert!(pin!(ready(&wire, RECEIVE)).poll(&mut cx).is_pending());
            }
        });
    }

    /// If the peer does not read, the wait for room ends when it does, and not before.
    #[test]
    fn a_full_stream_waits_for_room() {
        on_tokio(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let peer = listener.local_addr().unwrap();
            let client = TcpStream::connect(peer).await.unwrap();
            let (reader, _) = listener.accept().await.unwrap();
            let (wire, link) = (Wire::Stream(client), Link::first(peer));
            let bytes = vec![7; 64 * 1024];
            let fill = |reported| {
                let mut sent = 0;
                loop {
                    match send(&wire, &link, &bytes, reported) {
                        Ok(len) => sent += len,
                        Err(error) if error.kind() == ErrorKind::WouldBlock => return sent,
                        Err(error) => panic!("{error}"),
                    }
                }
            };
            let first = fill(false);
            assert!(first > 0);
            let mut cx = Context::from_waker(Waker::noop());
            // The reactor's note may be left from before the stream was full.
            let note = pin!(ready(&wire, ROOM)).poll(&mut cx);
            let again = fill(true);
            assert!(note.is_ready() || again == 0);
            assert!(pin!(ready(&wire, ROOM)).poll(&mut cx).is_pending());

            let mut left = first + again;
            let mut buffer = vec![0; 64 * 1024];
            while left > 0 {
                reader.readable().await.unwrap();
                match reader.try_read(&mut buffer) {
                    Ok(len) => left -= len,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                }
            }
            assert!(ready(&wire, ROOM).await.is_writable());
            assert!(send(&wire, &link, &bytes, true).unwrap() > 0);
        });
    }
}

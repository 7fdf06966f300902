//! A socket that a task awaits, of either kind.

use std::error::Error;
use std::future::{pending, poll_fn};
use std::io::{self, ErrorKind};
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::task::ready;
use std::time::Duration;

use async_std::io::{Read, Write};
use async_std::net::{TcpStream, UdpSocket};
use async_std::task;
use socket2::SockRef;
use socklab_core::{Link, Observer, Received};
use socklab_system::{Ancillary, Clock, socket};

/// How many bytes of a stream are read in one call.
const STREAM_BUFFER: usize = 4096;

/// How long to wait before a datagram is tried again that has to leave from one address of several.
const NO_ROOM: Duration = Duration::from_millis(1);

/// Windows says so (`WSAEMSGSIZE`) of a datagram that was longer than the buffer; others cut it.
const DATAGRAM_WAS_CUT: i32 = 10_040;

/// What a conversation talks through.
#[derive(Debug, Default)]
pub(crate) enum Wire {
    /// There is none, yet or any more.
    #[default]
    Closed,
    /// A UDP server's socket: it hears everybody. In a box, as is a client's.
    Server(Box<(UdpSocket, Ancillary)>),
    /// A UDP client's socket, connected: it hears only its peer, and of refusals. In a box, so that
    /// a TCP connection keeps no room for the addresses.
    Client(Box<(UdpSocket, Link)>),
    /// A TCP connection.
    Stream(TcpStream),
}

/// Where a conversation receives.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    /// What was received last is at the beginning.
    pub(crate) bytes: Vec<u8>,
    /// In a box, because only UDP servers need it, and few of them.
    ancillary: Option<Box<Ancillary>>,
}

impl Wire {
    /// A UDP server's socket, which is bound to `local`, and where it receives.
    pub(crate) fn server<O: Observer>(
        udp: std::net::UdpSocket,
        local: SocketAddr,
    ) -> (Self, Inbox) {
        let ancillary = Ancillary::ask::<O>(&udp, local);
        let server = Box::new((udp.into(), ancillary.to_send()));
        let ancillary = ancillary.is_used().then(|| Box::new(ancillary));
        let bytes = Vec::new();
        (Wire::Server(server), Inbox { bytes, ancillary })
    }

    /// A UDP client's socket, connected to its peer, and the address that it has.
    pub(crate) fn client(peer: Link) -> io::Result<(SocketAddr, Self)> {
        let udp = socket::datagram_client(peer.peer)?;
        Ok((
            udp.local_addr()?,
            Wire::Client(Box::new((udp.into(), peer))),
        ))
    }

    /// Waits until something comes, and receives it.
    ///
    /// Cancel-safe: what was received is returned by the poll that took it from the kernel.
    pub(crate) async fn receive(&self, inbox: &mut Inbox, clock: &Clock) -> io::Result<Received> {
        let buffer = &mut inbox.bytes;
        match self {
            Wire::Closed => pending().await,
            Wire::Server(server) => {
                let udp = &server.0;
                buffer.resize(socket::DATAGRAM_BUFFER, 0);
                let Some(ancillary) = &mut inbox.ancillary else {
                    let (len, peer) = udp.recv_from(buffer).await?;
                    return Ok(Received::Datagram(Link::first(peer), len, None));
                };
                // async-std has no call for it, so its socket is asked directly. Only a call of
                // async-std's own that would block has the reactor watch a socket: that call looks
                // at the next datagram.
                loop {
                    let plain = |_: &mut [u8]| Err(ErrorKind::Unsupported.into());
                    match ancillary.receive(udp, buffer, clock, plain) {
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                        received => return received,
                    }
                    // In a box, so that those who do not ask for more keep no room for it.
                    match Box::pin(udp.peek_from(&mut [])).await {
                        Err(error) if error.raw_os_error() == Some(DATAGRAM_WAS_CUT) => {}
                        peeked => drop(peeked?),
                    }
                }
            }
            Wire::Client(client) => {
                let (udp, link) = &**client;
                buffer.resize(socket::DATAGRAM_BUFFER, 0);
                Ok(Received::Datagram(*link, udp.recv(buffer).await?, None))
            }
            Wire::Stream(tcp) => {
                // The bytes are read to the stack, so that an idle connection keeps no buffer.
                let len = poll_fn(|cx| {
                    let mut bytes = [0; STREAM_BUFFER];
                    let len = ready!(Pin::new(&mut &*tcp).poll_read(cx, &mut bytes))?;
                    buffer.clear();
                    buffer.extend_from_slice(&bytes[..len]);
                    io::Result::Ok(len).into()
                });
                match len.await? {
                    0 => Ok(Received::End),
                    len => Ok(Received::Bytes(len)),
                }
            }
        }
    }

    /// Sends a datagram, or some bytes of a stream; `WouldBlock` if there is no room.
    ///
    /// The system is asked itself: the sockets of a reactor never block, and this is what a future
    /// of async-std's would try first.
    pub(crate) fn send(&self, link: Link, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Closed => Err(ErrorKind::NotConnected.into()),
            Wire::Server(server) => {
                let (udp, ancillary) = &**server;
                ancillary.send(udp, link, bytes, |bytes, to| {
                    SockRef::from(udp).send_to(bytes, &to.into())
                })
            }
            Wire::Client(client) => SockRef::from(&client.0).send(bytes),
            Wire::Stream(tcp) => SockRef::from(tcp).send(bytes),
        }
    }

    /// Waits until there is room, and sends what has been waiting for it. async-std has no wait for
    /// room that does not send. Cancel-safe, as [`receive`](Self::receive) is.
    pub(crate) async fn send_waiting(&self, waiting: Option<(Link, &[u8])>) -> io::Result<usize> {
        let Some((link, bytes)) = waiting else {
            return pending().await;
        };
        match self {
            Wire::Closed => pending().await,
            Wire::Stream(tcp) => poll_fn(|cx| Pin::new(&mut &*tcp).poll_write(cx, bytes)).await,
            // In a box: it is rare, and a TCP connection keeps no room for it.
            Wire::Server(_) | Wire::Client(_) => Box::pin(self.send_datagram(link, bytes)).await,
        }
    }

    async fn send_datagram(&self, link: Link, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Client(client) => client.0.send(bytes).await,
            Wire::Server(server) if link.local.is_none() => {
                let sent = server.0.send_to(bytes, link.peer).await;
                sent.map_err(unwrapped)
            }
            _ => {
                // async-std would send it from another address than the one that was asked.
                task::sleep(NO_ROOM).await;
                self.send(link, bytes)
            }
        }
    }

    /// Closes the writing side of a stream. Asks a UDP client's socket, once, for an error that the
    /// system already knows of.
    pub(crate) fn finish(&self) -> io::Result<()> {
        match self {
            Wire::Stream(tcp) => tcp.shutdown(Shutdown::Write),
            Wire::Client(client) => SockRef::from(&client.0).take_error()?.map_or(Ok(()), Err),
            Wire::Closed | Wire::Server(_) => Ok(()),
        }
    }

    /// Gives the connection up: what is unsent is lost, and the peer is told so.
    pub(crate) fn abort(&mut self) {
        if let Wire::Stream(tcp) = self {
            socket::reset_on_close(&*tcp);
        }
        *self = Wire::Closed;
    }
}

/// The system's own error, which async-std wraps when a datagram cannot be sent: its number is
/// wanted.
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

    /// What had to wait is sent at once where there is room, and received in order.
    #[test]
    fn datagrams_that_had_to_wait() {
        block_on(async {
            let clock = Clock::start();
            let (server, link) = udp("127.0.0.1:0");
            let (client, peer) = udp("127.0.0.1:0");
            client.connect(link.peer).unwrap();
            let (server, mut inbox) = Wire::server::<()>(server, link.peer);
            let client = Wire::Client(Box::new((client.into(), link)));
            for (wire, to, text) in [(&client, link, b"one"), (&server, link, b"two")] {
                let sent = wire.send_waiting(Some((to, text))).await;
                assert_eq!(sent.unwrap(), 3);
            }
            for (from, expected) in [(peer, b"one"), (link, b"two")] {
                match server.receive(&mut inbox, &clock).await {
                    Ok(Received::Datagram(link, 3, None)) => assert_eq!(link, from),
                    other => panic!("{other:?}"),
                }
                assert_eq!(&inbox.bytes[..3], expected);
            }
        });
    }

    /// Also where the receive, or the reply, had to wait.
    #[cfg(any(target_os = "linux", target_os = "android", windows))]
    #[test]
    fn a_wildcard_server_answers_from_the_address_that_was_asked() {
        let clock = Clock::start();
        let (server, any) = udp("0.0.0.0:0");
        let (server, mut inbox) = Wire::server::<()>(server, any.peer);
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
                match block_on(server.receive(&mut inbox, &clock)) {
                    Ok(Received::Datagram(link, 4, None)) => assert_eq!(link, asked),
                    other => panic!("{other:?}"),
                }
                let sent = match waits {
                    false => server.send(asked, b"HOLA"),
                    true => block_on(server.send_waiting(Some((asked, b"HOLA")))),
                };
                assert_eq!(sent.unwrap(), 4);
                assert_eq!(client.recv(&mut [0; 8]).unwrap(), 4);
            }
        });
    }

    #[test]
    fn the_number_of_a_send_error_is_kept() {
        let (server, link) = udp("127.0.0.1:0");
        let (server, _) = Wire::server::<()>(server, link.peer);
        let now = server.send(link, &[0; 70_000]).unwrap_err();
        let later = block_on(server.send_waiting(Some((link, &[0; 70_000])))).unwrap_err();
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
                match wire.send(link, &bytes) {
                    Ok(len) => left += len,
                    Err(error) => break error,
                }
            };
            assert_eq!(full.kind(), ErrorKind::WouldBlock);
            let mut sent = pin!(wire.send_waiting(Some((link, &bytes))));
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

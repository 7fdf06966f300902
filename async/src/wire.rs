//! A socket that a task awaits, of either kind.

use std::collections::VecDeque;
use std::error::Error;
use std::future::{pending, poll_fn};
use std::io::{self, ErrorKind};
use std::net::Shutdown;
use std::pin::Pin;
use std::task::ready;

use async_std::io::{Read, Write};
use async_std::net::{TcpStream, UdpSocket};
use socket2::SockRef;
use socklab_core::{Link, Observer};
use socklab_system::{Clock, Received, Unsent, receive_stamped, socket};

/// How many bytes of a stream are read in one call.
const STREAM_BUFFER: usize = 4096;

/// A socket of any kind, with what could not be sent yet.
#[derive(Debug)]
pub(crate) struct Wire {
    socket: Socket,
    /// Bytes of a stream.
    unsent: Unsent,
    /// Datagrams that the system had no room for: hardly ever any.
    datagrams: VecDeque<(Link, Vec<u8>)>,
    finishing: Option<Link>,
    ended: bool,
}

#[derive(Debug)]
enum Socket {
    /// Nothing, yet or any more.
    Closed,
    /// A UDP server's: it hears everybody.
    Server(UdpSocket),
    /// A UDP client's, connected: it hears only its peer, and of refusals.
    Datagram(UdpSocket, Link),
    /// A TCP connection's.
    Stream(TcpStream, Link),
}

impl Wire {
    fn new(socket: Socket) -> Self {
        Wire {
            socket,
            unsent: Unsent::default(),
            datagrams: VecDeque::new(),
            finishing: None,
            ended: false,
        }
    }

    pub(crate) fn closed() -> Self {
        Wire::new(Socket::Closed)
    }

    pub(crate) fn server(socket: std::net::UdpSocket) -> Self {
        Wire::new(Socket::Server(socket.into()))
    }

    pub(crate) fn datagram(socket: std::net::UdpSocket, link: Link) -> Self {
        Wire::new(Socket::Datagram(socket.into(), link))
    }

    pub(crate) fn stream(stream: TcpStream, link: Link) -> Self {
        Wire::new(Socket::Stream(stream, link))
    }

    /// Whether there may be something to receive, and there is room to answer it.
    pub(crate) fn can_receive(&self) -> bool {
        !self.ended && !self.unsent.is_full() && self.datagrams.is_empty()
    }

    /// Waits until something comes.
    ///
    /// Can be dropped at any time without loss: what was received is returned by the very poll that
    /// took it from the kernel.
    pub(crate) async fn receive<O: Observer>(
        &self,
        buffer: &mut Vec<u8>,
        clock: &Clock,
    ) -> io::Result<Received> {
        match &self.socket {
            Socket::Closed => Err(ErrorKind::NotConnected.into()),
            Socket::Server(socket) => {
                buffer.resize(socket::DATAGRAM_BUFFER, 0);
                if O::STAMPS {
                    // In a box, so that those who do not ask keep no room for it.
                    return Box::pin(stamped::<O>(socket, buffer, clock)).await;
                }
                let (len, peer) = socket.recv_from(buffer).await?;
                Ok(Received::Datagram(Link::first(peer), len, None))
            }
            Socket::Datagram(socket, link) => {
                buffer.resize(socket::DATAGRAM_BUFFER, 0);
                Ok(Received::Datagram(*link, socket.recv(buffer).await?, None))
            }
            Socket::Stream(stream, link) => {
                // The bytes are read to the stack, so that an idle connection keeps no buffer.
                let len = poll_fn(|cx| {
                    let mut bytes = [0; STREAM_BUFFER];
                    let len = ready!(Pin::new(&mut &*stream).poll_read(cx, &mut bytes))?;
                    buffer.clear();
                    buffer.extend_from_slice(&bytes[..len]);
                    io::Result::Ok(len).into()
                });
                match len.await? {
                    0 => Ok(Received::End(*link)),
                    len => Ok(Received::Bytes(*link, len)),
                }
            }
        }
    }

    /// Notes that the peer of a stream will send no more.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// Sends a datagram, or puts bytes behind those that are to be written. Does not wait: a datagram
    /// that would have to is kept for [`write`](Self::write).
    pub(crate) fn send(&mut self, link: Link, bytes: &[u8]) -> io::Result<usize> {
        let sent = match &self.socket {
            Socket::Closed => return Err(ErrorKind::NotConnected.into()),
            Socket::Stream(..) => {
                self.unsent.push(bytes);
                return Ok(bytes.len());
            }
            // Order is kept, although nobody could rely on it.
            _ if !self.datagrams.is_empty() => Err(ErrorKind::WouldBlock.into()),
            // The sockets of a reactor never block. This is what the future would try first.
            Socket::Server(socket) => SockRef::from(socket).send_to(bytes, &link.peer.into()),
            Socket::Datagram(socket, _) => SockRef::from(socket).send(bytes),
        };
        match sent {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.datagrams.push_back((link, bytes.to_vec()));
                Ok(bytes.len())
            }
            sent => sent,
        }
    }

    /// Whether it is a connection's.
    pub(crate) fn is_stream(&self) -> bool {
        matches!(self.socket, Socket::Stream(..))
    }

    /// Whether anything waits to be sent.
    pub(crate) fn has_unsent(&self) -> bool {
        !self.unsent.is_empty() || !self.datagrams.is_empty()
    }

    /// Waits until some bytes are written, or a datagram is sent. Can be dropped at any time, as
    /// [`receive`](Self::receive) can.
    pub(crate) async fn write(&self) -> io::Result<usize> {
        match (&self.socket, self.datagrams.front()) {
            (Socket::Stream(stream, _), _) => {
                let unsent = self.unsent.as_slice();
                poll_fn(|cx| Pin::new(&mut &*stream).poll_write(cx, unsent)).await
            }
            (Socket::Server(socket), Some((link, bytes))) => {
                let sent = socket.send_to(bytes, link.peer).await;
                sent.map_err(unwrapped)
            }
            (Socket::Datagram(socket, _), Some((_, bytes))) => socket.send(bytes).await,
            _ => pending().await,
        }
    }

    /// Notes what a write wrote. After an error nothing more can be written to a stream, and a
    /// datagram is lost.
    pub(crate) fn wrote(&mut self, written: &io::Result<usize>) {
        match written {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ if self.datagrams.pop_front().is_some() => {}
            Ok(len) => self.unsent.wrote(*len),
            Err(_) => self.unsent.clear(),
        }
    }

    /// The machine asked to finish: once all is sent, nothing more will be.
    pub(crate) fn finish(&mut self, link: Link) {
        self.finishing = Some(link);
    }

    /// If all is sent and that was to be the end: closes a stream's writing side, or asks the system,
    /// once, what it already knows to have gone wrong with a UDP client's datagrams.
    pub(crate) fn try_finish(&mut self) -> Option<io::Result<Link>> {
        if self.has_unsent() {
            return None;
        }
        let link = self.finishing.take()?;
        let finished = match &self.socket {
            Socket::Stream(stream, _) => stream.shutdown(Shutdown::Write),
            Socket::Datagram(socket, _) => match SockRef::from(socket).take_error() {
                Ok(Some(error)) | Err(error) => Err(error),
                Ok(None) => Ok(()),
            },
            _ => Ok(()),
        };
        Some(finished.map(|()| link))
    }

    /// Gives the connection up: what is unsent is lost, and the peer is told so.
    pub(crate) fn abort(&mut self) {
        if let Socket::Stream(stream, _) = &self.socket {
            socket::reset_on_close(stream);
        }
        *self = Wire::closed();
    }
}

/// A datagram, and when the kernel had it. async-std does not hand that over, so its socket is asked directly; and as only
/// a call of its own that would block has the reactor watch a socket, that call is to look at the next datagram.
async fn stamped<O: Observer>(
    socket: &UdpSocket,
    buffer: &mut [u8],
    clock: &Clock,
) -> io::Result<Received> {
    loop {
        let plain = |_: &mut [u8]| Err(ErrorKind::Unsupported.into());
        match receive_stamped::<O>(socket, buffer, clock, plain) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                let (len, peer) = socket.recv_from(buffer).await?;
                return Ok(Received::Datagram(Link::first(peer), len, None));
            }
            received => {
                let (len, peer, arrived) = received?;
                return Ok(Received::Datagram(Link::first(peer), len, arrived));
            }
        }
        socket.peek_from(&mut []).await?;
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
    use super::*;

    fn udp() -> (std::net::UdpSocket, Link) {
        let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let link = Link::first(udp.local_addr().unwrap());
        (udp, link)
    }

    #[test]
    fn a_stream_is_not_read_while_too_much_is_unsent() {
        async_std::task::block_on(async {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let stream = TcpStream::connect(address).await.unwrap();
            let link = Link::first(address);
            let mut wire = Wire::stream(stream, link);
            wire.send(link, &[0]).unwrap();
            assert!(wire.has_unsent() && wire.can_receive());
            wire.send(link, &[0; 128 * 1024]).unwrap();
            assert!(!wire.can_receive());
            let written = wire.write().await;
            wire.wrote(&written);
            assert!(wire.can_receive());
        });
    }

    /// What the system had no room for is sent later, in order, before anything is received or finished.
    #[test]
    fn datagrams_that_must_wait() {
        async_std::task::block_on(async {
            let (udp, link) = udp();
            let mut wire = Wire::server(udp);
            // As a send that would block leaves it; the kernel's own buffer of a loopback is hard to fill.
            wire.datagrams.push_back((link, b"one".to_vec()));
            wire.send(link, b"two").unwrap();
            wire.finish(link);
            assert!(wire.has_unsent() && !wire.can_receive() && wire.try_finish().is_none());
            while wire.has_unsent() {
                let written = wire.write().await;
                wire.wrote(&written);
            }
            assert!(wire.try_finish().is_some_and(|finished| finished.is_ok()));
            let (clock, mut buffer) = (Clock::start(), Vec::new());
            for expected in [b"one", b"two"] {
                let received = wire.receive::<()>(&mut buffer, &clock).await;
                let Ok(Received::Datagram(_, len, None)) = received else {
                    panic!("no datagram");
                };
                assert_eq!(&buffer[..len], expected);
            }
        });
    }

    #[test]
    fn the_number_of_a_send_error_is_kept() {
        async_std::task::block_on(async {
            let (udp, link) = udp();
            let mut wire = Wire::server(udp);
            let now = wire.send(link, &[0; 70_000]).unwrap_err();
            wire.datagrams.push_back((link, vec![0; 70_000]));
            let later = wire.write().await.unwrap_err();
            assert!(now.raw_os_error().is_some());
            assert_eq!(now.raw_os_error(), later.raw_os_error(), "{later:?}");
        });
    }
}

//! A socket of which the reactor says when it is ready, of either kind.

use std::collections::VecDeque;
use std::future::pending;
use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown, SocketAddr};

use socket2::SockRef;
use socklab_core::{Link, Observer, Transport};
use socklab_system::{Clock, Received, Unsent, receive_stamped, socket};
use tokio::io::{Interest, Ready};
use tokio::net::{TcpStream, UdpSocket};

/// What a conversation talks through, with what the system had no room for yet.
#[derive(Debug)]
pub(crate) enum Wire {
    /// Nothing, yet or any more.
    Closed,
    /// A UDP socket: a server's, which hears everybody, or a client's, connected to its peer.
    Datagram {
        udp: UdpSocket,
        peer: Option<Link>,
        unsent: VecDeque<(SocketAddr, Vec<u8>)>,
    },
    /// A TCP connection.
    Stream {
        tcp: TcpStream,
        link: Link,
        unsent: Unsent,
        /// There is nothing more to read: the peer has ended, or the connection is broken.
        ended: bool,
    },
}

impl Wire {
    /// A UDP socket; with a peer if it is connected.
    pub(crate) fn datagram(udp: std::net::UdpSocket, peer: Option<Link>) -> io::Result<Self> {
        udp.set_nonblocking(true)?;
        Ok(Wire::Datagram {
            udp: UdpSocket::from_std(udp)?,
            peer,
            unsent: VecDeque::new(),
        })
    }

    /// A TCP connection.
    pub(crate) fn stream(tcp: TcpStream, link: Link) -> Self {
        Wire::Stream {
            tcp,
            link,
            unsent: Unsent::default(),
            ended: false,
        }
    }

    pub(crate) fn transport(&self) -> Transport {
        match self {
            Wire::Stream { .. } => Transport::Stream,
            Wire::Closed | Wire::Datagram { .. } => Transport::Datagram,
        }
    }

    /// Whether there can be something to receive, and room to answer it.
    pub(crate) fn can_receive(&self) -> bool {
        match self {
            Wire::Closed => false,
            Wire::Datagram { unsent, .. } => unsent.is_empty(),
            Wire::Stream { unsent, ended, .. } => !ended && !unsent.is_full(),
        }
    }

    /// Waits until there may be something to receive, if it `receives`, or room for what waits to be sent: the reactor has
    /// said so, and nobody has found otherwise since. Can be dropped at any time, for it takes nothing.
    pub(crate) async fn ready(&self, receives: bool) -> Ready {
        let read = match self {
            // A client's socket may have nothing but the news that nobody listens there.
            Wire::Datagram { peer: Some(_), .. } => Interest::READABLE | Interest::ERROR,
            _ => Interest::READABLE,
        };
        let interest = match (receives, self.has_unsent()) {
            (true, true) => read | Interest::WRITABLE,
            (true, false) => read,
            (false, true) => Interest::WRITABLE,
            (false, false) => return pending().await,
        };
        let ready = match self {
            Wire::Closed => pending().await,
            Wire::Datagram { udp, .. } => udp.ready(interest).await,
            Wire::Stream { tcp, .. } => tcp.ready(interest).await,
        };
        // A socket whose reactor is gone says so when it is used.
        ready.unwrap_or(Ready::ALL)
    }

    /// Takes what there is, once. Nothing is `WouldBlock`, and from then on it is not readable until the reactor says so.
    ///
    /// Where it is not readable it makes no system call.
    pub(crate) fn receive<O: Observer>(
        &self,
        buffer: &mut [u8],
        clock: &Clock,
    ) -> io::Result<Received> {
        match self {
            Wire::Closed => Err(ErrorKind::WouldBlock.into()),
            Wire::Datagram {
                udp,
                peer: Some(link),
                ..
            } => {
                let len = match udp.try_recv(buffer) {
                    // tokio does not try where there is an error and nothing else (its issue 8082).
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        udp.try_io(Interest::ERROR, || (&*SockRef::from(udp)).read(buffer))?
                    }
                    received => received?,
                };
                Ok(Received::Datagram(*link, len, None))
            }
            Wire::Datagram { udp, .. } => {
                let plain = |buffer: &mut [u8]| udp.try_recv_from(buffer);
                let (len, peer, arrived) = match O::STAMPS {
                    // tokio does not hand stamps over, but lets its socket be asked directly.
                    true => udp.try_io(Interest::READABLE, || {
                        receive_stamped::<O>(udp, buffer, clock, plain)
                    })?,
                    false => receive_stamped::<O>(udp, buffer, clock, plain)?,
                };
                Ok(Received::Datagram(Link::first(peer), len, arrived))
            }
            Wire::Stream { tcp, link, .. } => match tcp.try_read(buffer)? {
                0 => Ok(Received::End(*link)),
                len => Ok(Received::Bytes(*link, len)),
            },
        }
    }

    /// There is nothing more to read from a stream: it has ended, or it is broken. A UDP socket is not.
    pub(crate) fn end(&mut self) {
        if let Wire::Stream { ended, .. } = self {
            *ended = true;
        }
    }

    /// Sends what the system takes now, and [keeps](Self::keep) the rest; `WouldBlock` if it takes nothing.
    ///
    /// Only while nothing is kept. A socket that is new has room before its reactor says so. So the system is asked itself: the sockets of a reactor
    /// never block.
    pub(crate) fn send(&mut self, link: Link, bytes: &[u8]) -> io::Result<usize> {
        let sent = match self {
            Wire::Closed => return Err(ErrorKind::NotConnected.into()),
            Wire::Datagram {
                udp, peer: None, ..
            } => SockRef::from(&*udp).send_to(bytes, &link.peer.into()),
            Wire::Datagram { udp, .. } => SockRef::from(&*udp).send(bytes),
            Wire::Stream { tcp, .. } => SockRef::from(&*tcp).send(bytes),
        };
        match &sent {
            Ok(len) if *len < bytes.len() => self.keep(link, &bytes[*len..]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.keep(link, bytes),
            _ => {}
        }
        sent
    }

    /// Has a datagram, or bytes of a stream, wait for room, behind what waits already.
    pub(crate) fn keep(&mut self, link: Link, bytes: &[u8]) {
        match self {
            Wire::Closed => {}
            Wire::Datagram { unsent, .. } => unsent.push_back((link.peer, bytes.to_vec())),
            Wire::Stream { unsent, .. } => unsent.push(bytes),
        }
    }

    /// Whether anything waits for room.
    pub(crate) fn has_unsent(&self) -> bool {
        match self {
            Wire::Closed => false,
            Wire::Datagram { unsent, .. } => !unsent.is_empty(),
            Wire::Stream { unsent, .. } => !unsent.is_empty(),
        }
    }

    /// Sends on what waits, once. What the system refuses waits no more, and nothing behind it on a stream.
    pub(crate) fn write(&mut self) -> io::Result<usize> {
        let later = |error: &io::Error| {
            matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
        };
        match self {
            Wire::Closed => Ok(0),
            Wire::Datagram { udp, peer, unsent } => {
                let Some((to, bytes)) = unsent.front() else {
                    return Ok(0);
                };
                let sent = match peer {
                    Some(_) => udp.try_send(bytes),
                    None => udp.try_send_to(bytes, *to),
                };
                if !sent.as_ref().is_err_and(later) {
                    unsent.pop_front();
                }
                sent
            }
            Wire::Stream { tcp, unsent, .. } => {
                let sent = tcp.try_write(unsent.as_slice());
                match &sent {
                    Ok(len) => unsent.wrote(*len),
                    Err(error) if later(error) => {}
                    Err(_) => unsent.clear(),
                }
                sent
            }
        }
    }

    /// All is sent: closes a stream's writing side; asks a UDP socket, once, what the system already knows.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        match self {
            Wire::Closed => Ok(()),
            Wire::Datagram { udp, .. } => udp.take_error()?.map_or(Ok(()), Err),
            Wire::Stream { tcp, .. } => SockRef::from(&*tcp).shutdown(Shutdown::Write),
        }
    }

    /// Gives the connection up: what is unsent is lost, and the peer is told so.
    pub(crate) fn abort(&mut self) {
        if let Wire::Stream { tcp, .. } = self {
            socket::reset_on_close(&*tcp);
        }
        *self = Wire::Closed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_tokio(test: impl Future<Output = ()>) {
        let mut one_thread = tokio::runtime::Builder::new_current_thread();
        one_thread.enable_io().build().unwrap().block_on(test);
    }

    /// A UDP socket, and the link to itself.
    fn udp(peer: bool) -> (Wire, Link) {
        let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let link = Link::first(udp.local_addr().unwrap());
        if peer {
            udp.connect(link.peer).unwrap();
        }
        (Wire::datagram(udp, peer.then_some(link)).unwrap(), link)
    }

    /// What the system had no room for is sent later, in order, before anything is received.
    #[test]
    fn datagrams_that_must_wait() {
        let clock = Clock::start();
        on_tokio(async {
            for peer in [false, true] {
                let (mut wire, link) = udp(peer);
                // As a send that would block leaves them; the kernel's own buffer of a loopback is hard to fill.
                wire.keep(link, b"one");
                wire.keep(link, b"two");
                assert!(wire.has_unsent() && !wire.can_receive());
                while wire.has_unsent() {
                    assert!(wire.ready(true).await.is_writable());
                    wire.write().unwrap();
                }
                assert!(wire.can_receive());
                let mut buffer = [0; 8];
                for expected in [b"one", b"two"] {
                    assert!(wire.ready(true).await.is_readable());
                    let received = wire.receive::<()>(&mut buffer, &clock);
                    let Ok(Received::Datagram(_, len, None)) = received else {
                        panic!("no datagram");
                    };
                    assert_eq!(&buffer[..len], expected);
                }
                let none = wire.receive::<()>(&mut buffer, &clock).unwrap_err();
                assert_eq!(none.kind(), ErrorKind::WouldBlock);
            }
        });
    }

    #[test]
    fn what_cannot_be_sent_waits_no_more() {
        on_tokio(async {
            let (mut wire, link) = udp(false);
            let now = wire.send(link, &[0; 70_000]).unwrap_err();
            assert!(!wire.has_unsent());
            wire.keep(link, &[0; 70_000]);
            wire.ready(false).await;
            let later = wire.write().unwrap_err();
            assert!(!wire.has_unsent());
            assert!(now.raw_os_error().is_some());
            assert_eq!(now.raw_os_error(), later.raw_os_error(), "{later:?}");
        });
    }
}

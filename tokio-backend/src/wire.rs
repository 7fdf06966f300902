//! A socket of which the reactor says when it is ready, of either kind.

use std::future::pending;
use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown, SocketAddr};

use socket2::SockRef;
use socklab_core::{Link, Observer, Received, Wait};
use socklab_system::{Ancillary, Clock, socket};
use tokio::io::{Interest, Ready};
use tokio::net::{TcpStream, UdpSocket};

/// What a conversation talks through.
#[derive(Debug, Default)]
pub(crate) enum Wire {
    /// There is none, yet or any more.
    #[default]
    Closed,
    /// A UDP socket, in a box, so that a TCP connection keeps no room for what it needs.
    Datagrams(Box<Datagrams>),
    /// A TCP connection.
    Stream(TcpStream),
}

#[derive(Debug)]
pub(crate) struct Datagrams {
    udp: UdpSocket,
    /// The only peer of a client, whose socket is connected. A server's socket hears everybody.
    peer: Option<Link>,
    ancillary: Ancillary,
}

impl Wire {
    /// A UDP server's socket, which is bound to `local`.
    pub(crate) fn server<O: Observer>(
        udp: std::net::UdpSocket,
        local: SocketAddr,
    ) -> io::Result<Self> {
        let ancillary = Ancillary::ask::<O>(&udp, local);
        Wire::datagrams(udp, None, ancillary)
    }

    /// A UDP client's socket, connected to its peer, and the address that it has.
    pub(crate) fn client(peer: Link) -> io::Result<(SocketAddr, Self)> {
        let udp = socket::datagram_client(peer.peer)?;
        let local = udp.local_addr()?;
        let wire = Wire::datagrams(udp, Some(peer), Ancillary::default())?;
        Ok((local, wire))
    }

    fn datagrams(
        udp: std::net::UdpSocket,
        peer: Option<Link>,
        ancillary: Ancillary,
    ) -> io::Result<Self> {
        udp.set_nonblocking(true)?;
        let udp = UdpSocket::from_std(udp)?;
        Ok(Wire::Datagrams(Box::new(Datagrams {
            udp,
            peer,
            ancillary,
        })))
    }

    /// Waits until the socket may be ready for what `wait` asks: the reactor has said so, and no
    /// call has found otherwise since. Cancel-safe: takes nothing from the socket.
    pub(crate) async fn ready(&self, wait: Wait) -> Ready {
        let read = match self {
            // A client's socket may have nothing but the news that nobody listens there.
            Wire::Datagrams(datagrams) if datagrams.peer.is_some() => {
                Interest::READABLE | Interest::ERROR
            }
            _ => Interest::READABLE,
        };
        let interest = match (wait.receive, wait.room) {
            (true, true) => read | Interest::WRITABLE,
            (true, false) => read,
            (false, true) => Interest::WRITABLE,
            (false, false) => return pending().await,
        };
        let ready = match self {
            Wire::Closed => pending().await,
            Wire::Datagrams(datagrams) => datagrams.udp.ready(interest).await,
            Wire::Stream(tcp) => tcp.ready(interest).await,
        };
        // A socket whose reactor is gone says so when it is used.
        ready.unwrap_or(Ready::ALL)
    }

    /// Receives once. After a `WouldBlock` the socket is not readable until the reactor says so;
    /// until then this makes no system call.
    pub(crate) fn receive(&mut self, buffer: &mut [u8], clock: &Clock) -> io::Result<Received> {
        match self {
            Wire::Closed => Err(ErrorKind::WouldBlock.into()),
            Wire::Datagrams(datagrams) => {
                let udp = &datagrams.udp;
                if let Some(link) = datagrams.peer {
                    let len = match udp.try_recv(buffer) {
                        // tokio does not try where there is an error and nothing else (its issue
                        // 8082).
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {
                            udp.try_io(Interest::ERROR, || (&*SockRef::from(udp)).read(buffer))?
                        }
                        received => received?,
                    };
                    return Ok(Received::Datagram(link, len, None));
                }
                let ancillary = &mut datagrams.ancillary;
                let plain = |buffer: &mut [u8]| udp.try_recv_from(buffer);
                match ancillary.is_used() {
                    // tokio has no call for it, but lets its socket be asked directly.
                    true => udp.try_io(Interest::READABLE, || {
                        ancillary.receive(udp, buffer, clock, plain)
                    }),
                    false => ancillary.receive(udp, buffer, clock, plain),
                }
            }
            Wire::Stream(tcp) => match tcp.try_read(buffer)? {
                0 => Ok(Received::End),
                len => Ok(Received::Bytes(len)),
            },
        }
    }

    /// Sends a datagram, or some bytes of a stream; `WouldBlock` if there is no room.
    ///
    /// A new socket has room before the reactor has `noted` it, so at first the system is asked
    /// itself: the sockets of a reactor never block. Once the reactor has said that there is room,
    /// tokio has to see a send fail, or it would go on saying so.
    pub(crate) fn send(&self, link: Link, bytes: &[u8], noted: bool) -> io::Result<usize> {
        match self {
            Wire::Closed => Err(ErrorKind::NotConnected.into()),
            Wire::Datagrams(datagrams) => {
                let udp = &datagrams.udp;
                let send = || match datagrams.peer {
                    Some(_) => SockRef::from(udp).send(bytes),
                    None => datagrams.ancillary.send(udp, link, bytes, |bytes, to| {
                        SockRef::from(udp).send_to(bytes, &to.into())
                    }),
                };
                match noted {
                    true => udp.try_io(Interest::WRITABLE, send),
                    false => send(),
                }
            }
            Wire::Stream(tcp) => match noted {
                true => tcp.try_write(bytes),
                false => SockRef::from(tcp).send(bytes),
            },
        }
    }

    /// Closes the writing side of a stream. Asks a UDP socket, once, for an error that the system
    /// already knows of.
    pub(crate) fn finish(&self) -> io::Result<()> {
        match self {
            Wire::Closed => Ok(()),
            Wire::Datagrams(datagrams) => datagrams.udp.take_error()?.map_or(Ok(()), Err),
            Wire::Stream(tcp) => SockRef::from(tcp).shutdown(Shutdown::Write),
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

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use tokio::net::TcpListener;

    use super::*;

    const RECEIVE: Wait = Wait {
        receive: true,
        room: false,
        line: false,
        until: None,
    };
    const ROOM: Wait = Wait {
        receive: false,
        room: true,
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
                let mut wire = match connected {
                    false => Wire::server::<()>(udp, local).unwrap(),
                    true => {
                        udp.connect(local).unwrap();
                        Wire::datagrams(udp, Some(link), Ancillary::default()).unwrap()
                    }
                };
                // Before and after the reactor has said that there is room.
                assert_eq!(wire.send(link, b"one", false).unwrap(), 3);
                assert!(wire.ready(ROOM).await.is_writable());
                assert_eq!(wire.send(link, b"two", true).unwrap(), 3);
                let mut buffer = [0; 8];
                for expected in [b"one", b"two"] {
                    assert!(wire.ready(RECEIVE).await.is_readable());
                    let received = wire.receive(&mut buffer, &clock);
                    let Ok(Received::Datagram(from, len, None)) = received else {
                        panic!("no datagram: {received:?}");
                    };
                    assert_eq!((from, &buffer[..len]), (link, &expected[..]));
                }
                let none = wire.receive(&mut buffer, &clock).unwrap_err();
                assert_eq!(none.kind(), ErrorKind::WouldBlock);
                let mut cx = Context::from_waker(Waker::noop());
                assert!(pin!(wire.ready(RECEIVE)).poll(&mut cx).is_pending());
            }
        });
    }

    /// A peer that does not read: the wait for room ends when it does, and not before.
    #[test]
    fn a_full_stream_waits_for_room() {
        on_tokio(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let peer = listener.local_addr().unwrap();
            let client = TcpStream::connect(peer).await.unwrap();
            let (reader, _) = listener.accept().await.unwrap();
            let (wire, link) = (Wire::Stream(client), Link::first(peer));
            let bytes = vec![7; 64 * 1024];
            let fill = |noted| {
                let mut sent = 0;
                loop {
                    match wire.send(link, &bytes, noted) {
                        Ok(len) => sent += len,
                        Err(error) if error.kind() == ErrorKind::WouldBlock => return sent,
                        Err(error) => panic!("{error}"),
                    }
                }
            };
            let first = fill(false);
            assert!(first > 0);
            let mut cx = Context::from_waker(Waker::noop());
            // The note may still be there, from before the stream was full.
            let note = pin!(wire.ready(ROOM)).poll(&mut cx);
            let again = fill(true);
            assert!(note.is_ready() || again == 0);
            assert!(pin!(wire.ready(ROOM)).poll(&mut cx).is_pending());

            let mut left = first + again;
            let mut buffer = vec![0; 64 * 1024];
            while left > 0 {
                reader.readable().await.unwrap();
                match reader.try_read(&mut buffer) {
                    Ok(len) => left -= len,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                }
            }
            assert!(wire.ready(ROOM).await.is_writable());
            assert!(wire.send(link, &bytes, true).unwrap() > 0);
        });
    }
}

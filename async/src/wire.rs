//! A socket that a task awaits, of either kind.

use std::error::Error;
use std::future::{pending, poll_fn};
use std::io::{self, ErrorKind};
use std::net::Shutdown;
use std::pin::Pin;
use std::task::ready;
use std::time::Duration;

use async_std::io::{Read, Write};
use async_std::net::{TcpStream, UdpSocket};
use socket2::SockRef;
use socklab_core::Link;
use socklab_system::socket;

use crate::unsent::Unsent;

/// How many bytes of a stream are read in one call.
const STREAM_BUFFER: usize = 4096;

/// A stream is read only while fewer bytes than this wait to be written: a peer that asks and does
/// not take the answers must not fill the memory.
const HIGH_WATER: usize = 64 * 1024;

/// What a conversation talks through.
#[derive(Debug)]
pub(crate) enum Wire {
    /// Nothing, yet or any more.
    Closed,
    /// A UDP server's socket: it hears everybody.
    Server(UdpSocket),
    /// A UDP client's socket, connected: it hears only its peer, and of refusals.
    Datagram { socket: UdpSocket, link: Link },
    /// A TCP connection, with what could not be written yet.
    Stream {
        stream: TcpStream,
        link: Link,
        unsent: Unsent,
        finishing: bool,
        ended: bool,
    },
}

/// What came out of a receive; the payload is in the buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Received {
    Datagram(Link, usize),
    Bytes(Link, usize),
    End(Link),
}

impl Wire {
    pub(crate) fn stream(stream: TcpStream, link: Link) -> Self {
        Wire::Stream {
            stream,
            link,
            unsent: Unsent::default(),
            finishing: false,
            ended: false,
        }
    }

    /// Whether there is anything to receive that there is room to answer.
    pub(crate) fn can_receive(&self) -> bool {
        match self {
            Wire::Stream { unsent, ended, .. } => !ended && unsent.len() < HIGH_WATER,
            _ => true,
        }
    }

    /// Waits until something comes.
    ///
    /// Can be dropped at any time without loss: what was received is returned by the very poll that
    /// took it from the kernel.
    pub(crate) async fn receive(&self, buffer: &mut Vec<u8>) -> io::Result<Received> {
        match self {
            Wire::Closed => Err(ErrorKind::NotConnected.into()),
            Wire::Server(socket) => {
                buffer.resize(socket::DATAGRAM_BUFFER, 0);
                let (len, peer) = socket.recv_from(buffer).await?;
                Ok(Received::Datagram(Link::first(peer), len))
            }
            Wire::Datagram { socket, link } => {
                buffer.resize(socket::DATAGRAM_BUFFER, 0);
                Ok(Received::Datagram(*link, socket.recv(buffer).await?))
            }
            Wire::Stream { stream, link, .. } => {
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
        if let Wire::Stream { ended, .. } = self {
            *ended = true;
        }
    }

    /// Sends a datagram, or puts bytes behind those that are to be written.
    pub(crate) async fn send(&mut self, link: Link, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Closed => Err(ErrorKind::NotConnected.into()),
            Wire::Server(socket) => socket.send_to(bytes, link.peer).await.map_err(unwrapped),
            Wire::Datagram { socket, .. } => socket.send(bytes).await,
            Wire::Stream { unsent, .. } => {
                unsent.push(bytes);
                Ok(bytes.len())
            }
        }
    }

    /// Whether bytes of a stream wait to be written.
    pub(crate) fn has_unsent(&self) -> bool {
        matches!(self, Wire::Stream { unsent, .. } if !unsent.is_empty())
    }

    /// Waits until some bytes are written. Can be dropped at any time, as
    /// [`receive`](Self::receive) can.
    pub(crate) async fn write(&self) -> io::Result<usize> {
        let Wire::Stream { stream, unsent, .. } = self else {
            return pending().await;
        };
        poll_fn(|cx| Pin::new(&mut &*stream).poll_write(cx, unsent.as_slice())).await
    }

    /// Notes what a write wrote; nothing more can be written after an error.
    pub(crate) fn wrote(&mut self, written: &io::Result<usize>) {
        if let Wire::Stream { unsent, .. } = self {
            match written {
                Ok(len) => unsent.wrote(*len),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => unsent.clear(),
            }
        }
    }

    /// The machine asked to finish: once all is written, nothing more will be.
    pub(crate) fn finish(&mut self) {
        if let Wire::Stream { finishing, .. } = self {
            *finishing = true;
        }
    }

    /// Closes the writing side if it is to be closed and can be; says on which link.
    pub(crate) fn try_finish(&mut self) -> Option<io::Result<Link>> {
        match self {
            Wire::Stream {
                stream,
                link,
                unsent,
                finishing,
                ..
            } if *finishing && unsent.is_empty() => {
                *finishing = false;
                Some(stream.shutdown(Shutdown::Write).map(|()| *link))
            }
            _ => None,
        }
    }

    /// What the system already knows to have gone wrong with a UDP client's datagrams: asked once,
    /// without waiting.
    pub(crate) fn pending_error(&self) -> io::Result<()> {
        match self {
            Wire::Datagram { socket, .. } => match SockRef::from(socket).take_error()? {
                Some(error) => Err(error),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Gives the connection up: what is unsent is lost, and the peer is told so.
    pub(crate) fn abort(&mut self) {
        if let Wire::Stream { stream, .. } = self {
            let _ = SockRef::from(&*stream).set_linger(Some(Duration::ZERO));
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
    use super::*;

    #[test]
    fn a_stream_is_not_read_while_too_much_is_unsent() {
        async_std::task::block_on(async {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let stream = TcpStream::connect(address).await.unwrap();
            let link = Link::first(address);
            let mut wire = Wire::stream(stream, link);
            wire.send(link, &[0; HIGH_WATER - 1]).await.unwrap();
            assert!(wire.has_unsent() && wire.can_receive());
            wire.send(link, &[0]).await.unwrap();
            assert!(!wire.can_receive());
            let written = wire.write().await;
            wire.wrote(&written);
            assert!(wire.can_receive());
        });
    }

    #[test]
    fn the_number_of_a_send_error_is_kept() {
        async_std::task::block_on(async {
            let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
            let link = Link::first(udp.local_addr().unwrap());
            let mut wire = Wire::Server(udp.into());
            let error = wire.send(link, &[0; 70_000]).await.unwrap_err();
            assert!(error.raw_os_error().is_some(), "{error:?}");
        });
    }
}

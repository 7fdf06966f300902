//! A socket that never blocks, of either kind.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, UdpSocket};

use socket2::SockRef;
use socklab_core::{Link, Observer, Received, Transport};
use socklab_system::{Ancillary, Clock, socket};

use crate::model::{Model, Watched};

/// What a conversation talks through.
pub enum Wire<L: Model> {
    /// There is none, yet or any more.
    Closed,
    /// A UDP socket. In a box, so that a connection keeps no room for it.
    Datagram(Box<Datagram<L>>),
    /// A TCP connection, or one that is being opened.
    Stream(L::Tcp),
}

/// A UDP socket: a server's, which hears everybody, or a client's, connected to its peer.
pub struct Datagram<L: Model> {
    udp: L::Udp,
    peer: Option<Link>,
    ancillary: Ancillary,
}

impl<L: Model> fmt::Debug for Wire<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Wire::Closed => "Closed",
            Wire::Datagram(_) => "Datagram",
            Wire::Stream(_) => "Stream",
        })
    }
}

impl<L: Model> Wire<L> {
    /// A UDP server's socket, bound to `local`.
    ///
    /// # Errors
    /// What the system says.
    pub fn server<O: Observer>(udp: UdpSocket, local: SocketAddr) -> io::Result<Self> {
        let ancillary = Ancillary::ask::<O>(&udp, local);
        Self::datagram(udp, None, ancillary)
    }

    fn datagram(udp: UdpSocket, peer: Option<Link>, ancillary: Ancillary) -> io::Result<Self> {
        udp.set_nonblocking(true)?;
        Ok(Wire::Datagram(Box::new(Datagram {
            udp: L::udp(udp)?,
            peer,
            ancillary,
        })))
    }

    /// Opens a socket to `to`. Returns its address if it is open already; a TCP connection opens in
    /// its own time.
    pub(crate) fn open(
        transport: Transport,
        to: SocketAddr,
    ) -> io::Result<(Option<SocketAddr>, Self)> {
        match transport {
            Transport::Datagram => {
                let udp = socket::datagram_client(to)?;
                let (local, link) = (udp.local_addr()?, Link::first(to));
                let wire = Self::datagram(udp, Some(link), Ancillary::default())?;
                Ok((Some(local), wire))
            }
            Transport::Stream => Ok((None, Wire::Stream(L::connect(to)?))),
        }
    }

    /// Its own address, if the connection that was being opened is open by now; `None` while that
    /// is not known.
    pub(crate) fn opened(&self) -> Option<io::Result<SocketAddr>> {
        let Wire::Stream(tcp) = self else {
            return None;
        };
        let tcp = SockRef::from(tcp);
        let no_address = || io::Error::from(ErrorKind::AddrNotAvailable);
        let local = || tcp.local_addr()?.as_socket().ok_or_else(no_address);
        match tcp.take_error() {
            Ok(Some(error)) | Err(error) => Some(Err(error)),
            Ok(None) => match tcp.peer_addr() {
                // Any system may report too early.
                Err(error) if error.kind() == ErrorKind::NotConnected => None,
                Err(error) => Some(Err(error)),
                Ok(_) => Some(local()),
            },
        }
    }

    /// The socket, to be watched.
    pub(crate) fn watched(&mut self) -> Option<Watched<'_, L>> {
        match self {
            Wire::Closed => None,
            Wire::Datagram(datagram) => Some(Watched::Udp(&mut datagram.udp)),
            Wire::Stream(tcp) => Some(Watched::Tcp(tcp)),
        }
    }

    /// Whether it is a stream's.
    pub(crate) fn is_stream(&self) -> bool {
        matches!(self, Wire::Stream(_))
    }

    /// Takes what there is, once.
    #[inline]
    pub(crate) fn receive(&mut self, buffer: &mut [u8], clock: &Clock) -> io::Result<Received> {
        match self {
            Wire::Closed => Err(ErrorKind::WouldBlock.into()),
            Wire::Datagram(datagram) => {
                let Datagram {
                    udp,
                    peer,
                    ancillary,
                } = &mut **datagram;
                if let Some(link) = peer {
                    return Ok(Received::Datagram(*link, L::receive(udp, buffer)?, None));
                }
                let plain = |buffer: &mut [u8]| L::receive_from(udp, buffer);
                match ancillary.is_used() {
                    true => L::try_io(udp, || ancillary.receive(&*udp, buffer, clock, plain)),
                    false => ancillary.receive(&*udp, buffer, clock, plain),
                }
            }
            Wire::Stream(tcp) => match tcp.read(buffer)? {
                0 => Ok(Received::End),
                len => Ok(Received::Bytes(len)),
            },
        }
    }

    /// Sends what the system takes now.
    #[inline]
    pub(crate) fn send(&mut self, link: Link, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Closed => Err(ErrorKind::NotConnected.into()),
            Wire::Datagram(datagram) => {
                let udp = &datagram.udp;
                L::try_io(udp, || {
                    if datagram.peer.is_some() {
                        return SockRef::from(udp).send(bytes);
                    }
                    let plain = |bytes: &[u8], to: SocketAddr| L::send_to(udp, bytes, to);
                    datagram.ancillary.send(udp, link, bytes, plain)
                })
            }
            Wire::Stream(tcp) => tcp.write(bytes),
        }
    }

    /// Closes the writing side of a stream. Asks a UDP socket, once, what the system already knows
    /// to have gone wrong.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        match self {
            Wire::Closed => Ok(()),
            Wire::Datagram(datagram) => {
                let error = SockRef::from(&datagram.udp).take_error()?;
                error.map_or(Ok(()), Err)
            }
            Wire::Stream(tcp) => SockRef::from(&*tcp).shutdown(Shutdown::Write),
        }
    }

    /// Makes the close a reset: what is unsent is lost, and the peer is told so.
    pub(crate) fn abort(&mut self) {
        if let Wire::Stream(tcp) = self {
            socket::reset_on_close(&*tcp);
        }
    }
}

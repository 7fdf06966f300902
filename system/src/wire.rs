//! A socket, UDP or TCP, of any library.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream, UdpSocket};

use socket2::SockRef;
use socklab_core::{Link, Received};

use crate::batching::Batching;
use crate::clock::Clock;
use crate::datagram::Ancillary;
#[cfg(target_os = "linux")]
use crate::segmentation::Segmentation;
use crate::socket::{self, SystemSocket};
use crate::transfer;

/// The socket of a conversation: a library's UDP socket or its TCP connection.
#[derive(Debug, Default)]
pub enum Wire<U, T> {
    /// There is no socket, not yet or not any more.
    #[default]
    Closed,
    /// A UDP socket. Boxed, so that a TCP connection keeps no room for it.
    Datagrams(Box<UdpWire<U>>),
    /// A TCP connection, or one that is being opened.
    Stream(T),
}

/// A UDP socket: a server's, which receives from every peer, or a client's, connected to its peer.
#[derive(Debug)]
pub struct UdpWire<U> {
    /// The socket.
    pub udp: U,
    /// The only peer of a client.
    pub peer: Option<Link>,
    /// What a server's socket reports with each datagram.
    pub ancillary: Ancillary,
    /// How several datagrams are moved in one call.
    pub(crate) batching: Batching,
    #[cfg(target_os = "linux")]
    segmentation: Segmentation,
}

impl<U: SystemSocket, T: SystemSocket> Wire<U, T> {
    /// The socket of a UDP server, bound to `local`. `make` turns it into the library's socket.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn udp_server(
        udp: UdpSocket,
        local: SocketAddr,
        arrivals: bool,
        make: impl FnOnce(UdpSocket) -> io::Result<U>,
    ) -> io::Result<Self> {
        let ancillary = Ancillary::enable(&udp, local, arrivals);
        Ok(UdpWire::new(make(udp)?, None, ancillary).wire())
    }

    /// Makes the socket of a UDP client, connected to its peer. Also returns its own address.
    ///
    /// # Errors
    /// When there is no route, and those of `make`.
    pub fn udp_client(
        peer: Link,
        make: impl FnOnce(UdpSocket) -> io::Result<U>,
    ) -> io::Result<(SocketAddr, Self)> {
        let udp = socket::connect_datagrams(peer.peer)?;
        let local = udp.local_addr()?;
        let wire = UdpWire::new(make(udp)?, Some(peer), Ancillary::default()).wire();
        Ok((local, wire))
    }

    /// Lets one call receive or send several datagrams, where the system can do that.
    pub fn enable_batching(&mut self) {
        #[cfg(target_os = "linux")]
        if let Wire::Datagrams(datagrams) = self
            && datagrams.ancillary.enable_batches(&datagrams.udp)
        {
            datagrams.batching.enabled = true;
        }
    }

    /// How many datagrams one call sends at most.
    pub fn max_batch(&self) -> usize {
        match self {
            Wire::Datagrams(datagrams) => datagrams.batching.max_batch(),
            Wire::Closed | Wire::Stream(_) => 1,
        }
    }

    /// Keeps the rest of a receive that the machine did not take, until it wants more.
    pub fn keep(&mut self, received: &Received, rest: &[u8]) {
        if let Wire::Datagrams(datagrams) = self {
            datagrams.batching.keep(received, rest);
        }
    }

    /// Sends a datagram, or some bytes of a stream, by a call on the system's socket. If a library
    /// must see each call that would block, call this through that library.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is no room.
    #[inline]
    pub fn send(&self, link: &Link, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Closed => Err(ErrorKind::NotConnected.into()),
            Wire::Datagrams(datagrams) => datagrams.send(link, bytes),
            Wire::Stream(tcp) => transfer::send(tcp, bytes),
        }
    }

    /// Closes the writing side of a stream. On a UDP socket, asks for an error that the system
    /// already knows of.
    ///
    /// # Errors
    /// That error, or what the system says.
    pub fn finish(&self) -> io::Result<()> {
        match self {
            Wire::Closed => Ok(()),
            Wire::Datagrams(datagrams) => {
                let error = SockRef::from(&datagrams.udp).take_error()?;
                error.map_or(Ok(()), Err)
            }
            Wire::Stream(tcp) => SockRef::from(tcp).shutdown(Shutdown::Write),
        }
    }

    /// Makes closing a stream a reset: what is unsent is lost, and the peer is told at once.
    pub fn reset_on_close(&self) {
        if let Wire::Stream(tcp) = self {
            socket::reset_on_close(tcp);
        }
    }

    /// Has the system send small segments of a stream at once. Nagle's algorithm would keep them
    /// until the peer has acknowledged what was sent before.
    pub fn no_delay(&self) {
        if let Wire::Stream(tcp) = self {
            let _ = SockRef::from(tcp).set_tcp_nodelay(true);
        }
    }

    /// Closes the socket. A TCP peer sees a reset.
    pub fn abort(&mut self) {
        self.reset_on_close();
        *self = Wire::Closed;
    }
}

impl<U: SystemSocket> UdpWire<U> {
    /// With a `peer`, a client's socket that is connected to it; without, a server's, which
    /// receives what `ancillary` enabled.
    pub fn new(udp: U, peer: Option<Link>, ancillary: Ancillary) -> Self {
        UdpWire {
            udp,
            peer,
            ancillary,
            batching: Batching::default(),
            #[cfg(target_os = "linux")]
            segmentation: Segmentation::default(),
        }
    }

    fn wire<T>(self) -> Wire<U, T> {
        Wire::Datagrams(Box::new(self))
    }

    /// Takes the rest of an earlier receive that the machine did not want then.
    #[inline]
    pub fn take_rest(&mut self, buffer: &mut [u8]) -> Option<Received> {
        self.batching.take_rest(buffer)
    }

    /// Receives a datagram by a call on the system's socket. If a library must see each call that
    /// would block, call this through that library.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is none.
    #[inline(always)]
    pub fn receive(&self, buffer: &mut [u8], clock: &Clock) -> io::Result<Received> {
        let udp = &self.udp;
        let (link, len) = match self.peer {
            Some(link) => (link, transfer::receive(udp, buffer)?),
            None if self.ancillary.is_used() => {
                return self.ancillary.receive(&SockRef::from(udp), buffer, clock);
            }
            None => {
                let (len, peer) = transfer::receive_from(udp, buffer)?;
                (Link::first(peer), len)
            }
        };
        Ok(Received::Datagram(link, len, None))
    }

    /// Sends a datagram: to the only peer, or from the address that the peer wrote to.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is no room.
    #[inline(always)]
    pub fn send(&self, link: &Link, bytes: &[u8]) -> io::Result<usize> {
        match self.peer {
            Some(_) => transfer::send(&self.udp, bytes),
            None => send(&self.udp, &self.ancillary, link, bytes),
        }
    }

    /// Whether one call moves several datagrams. Then all sends go through
    /// [`send_batch`](Self::send_batch).
    #[inline]
    pub fn is_batched(&self) -> bool {
        self.batching.enabled
    }

    /// Sends one datagram or several, each `segment` bytes long but for the last. If the system
    /// refuses them together, sends only the first. Returns how many bytes were sent.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is no room.
    #[cfg(target_os = "linux")]
    pub fn send_batch(&mut self, link: &Link, bytes: &[u8], segment: usize) -> io::Result<usize> {
        let (udp, ancillary) = (&self.udp, &self.ancillary);
        let (batching, segmentation) = (&mut self.batching, &mut self.segmentation);
        batching.send(bytes, segment, |bytes, length| {
            match (length, link.local) {
                (None, _) => segmentation.stop(udp)?,
                (Some(length), None) if segmentation.splits_by(length, udp) => {}
                (Some(length), _) => {
                    return ancillary.send_batch(&SockRef::from(udp), bytes, length, link);
                }
            }
            send(udp, ancillary, link, bytes)
        })
    }

    /// Sends the first of several datagrams of `segment` bytes each: this system sends one at a
    /// time.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is no room.
    #[cfg(not(target_os = "linux"))]
    pub fn send_batch(&mut self, link: &Link, bytes: &[u8], segment: usize) -> io::Result<usize> {
        self.send(link, &bytes[..segment])
    }
}

/// Sends a datagram from the address that the peer wrote to.
#[inline(always)]
fn send(
    udp: &impl SystemSocket,
    ancillary: &Ancillary,
    link: &Link,
    bytes: &[u8],
) -> io::Result<usize> {
    match link.local {
        Some(local) => ancillary.send(&SockRef::from(udp), bytes, link.peer, local),
        None => transfer::send_to(udp, bytes, link.peer),
    }
}

/// Whether this system can receive and send several datagrams in one call.
pub fn supports_batching() -> bool {
    let supported = || {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let local = udp.local_addr()?;
        let mut wire = Wire::<UdpSocket, TcpStream>::udp_server(udp, local, false, Ok)?;
        wire.enable_batching();
        io::Result::Ok(wire.max_batch() > 1)
    };
    supported().unwrap_or(false)
}

/// Converts the result of reading from a stream: zero bytes are its end.
///
/// # Errors
/// That of the read.
#[inline]
pub fn stream_received(len: io::Result<usize>) -> io::Result<Received> {
    Ok(match len? {
        0 => Received::End,
        len => Received::Bytes(len),
    })
}

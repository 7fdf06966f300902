//! A socket that never blocks, of either kind.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};

use socket2::SockRef;
use socklab_core::{Link, Observer, Received, Transport};
use socklab_system::{self as system, Clock, read};

use crate::model::{Model, Watched};

/// What a conversation talks through.
pub(crate) struct Wire<L: Model>(system::Wire<L::Udp, L::Tcp>);

impl<L: Model> Wire<L> {
    /// There is none, yet or any more.
    pub(crate) const CLOSED: Self = Wire(system::Wire::Closed);

    /// A UDP server's socket, bound to `local`.
    pub(crate) fn server<O: Observer>(
        socket: UdpSocket,
        local: SocketAddr,
        model: &L,
    ) -> io::Result<Self> {
        let mut wire = system::Wire::server::<O>(socket, local, |udp| model.udp(udp))?;
        if L::BATCHED {
            wire.couple();
        }
        Ok(Wire(wire))
    }

    /// How many datagrams one call sends at most.
    pub(crate) fn most(&self) -> usize {
        self.0.most()
    }

    /// Keeps what the machine did not take of what was received.
    pub(crate) fn keep(&mut self, received: &Received, rest: &[u8]) {
        self.0.keep(received, rest);
    }

    /// An accepted connection.
    pub(crate) fn accepted(tcp: L::Tcp) -> Self {
        Wire(system::Wire::Stream(tcp))
    }

    /// Opens a socket to `link`. Returns its address if it is open already; a TCP connection opens
    /// in its own time.
    pub(crate) fn open(
        transport: Transport,
        link: Link,
        model: &L,
    ) -> io::Result<(Option<SocketAddr>, Self)> {
        match transport {
            Transport::Datagram => {
                let (local, wire) = system::Wire::client(link, |udp| model.udp(udp))?;
                Ok((Some(local), Wire(wire)))
            }
            Transport::Stream => Ok((None, Wire::accepted(model.connect(link.peer)?))),
        }
    }

    /// Its own address, if the connection that was being opened is open by now; `None` while that
    /// is not known.
    pub(crate) fn opened(&self) -> io::Result<Option<SocketAddr>> {
        match &self.0 {
            system::Wire::Stream(tcp) if L::is_connected(tcp)? => {
                let local = SockRef::from(tcp).local_addr()?.as_socket();
                local.ok_or(ErrorKind::AddrNotAvailable.into()).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The socket, to be watched.
    pub(crate) fn watched(&mut self) -> Option<Watched<'_, L>> {
        match &mut self.0 {
            system::Wire::Closed => None,
            system::Wire::Datagrams(datagrams) => Some(Watched::Udp(&mut datagrams.udp)),
            system::Wire::Stream(tcp) => Some(Watched::Tcp(tcp)),
        }
    }

    /// Whether it is a stream's.
    pub(crate) fn is_stream(&self) -> bool {
        matches!(self.0, system::Wire::Stream(_))
    }

    /// Takes what there is, once.
    #[inline]
    pub(crate) fn receive(&mut self, buffer: &mut [u8], clock: &Clock) -> io::Result<Received> {
        match &mut self.0 {
            system::Wire::Closed => Err(ErrorKind::WouldBlock.into()),
            system::Wire::Datagrams(datagrams) => match datagrams.take_rest(buffer) {
                Some(rest) => Ok(rest),
                None => L::receive(datagrams, buffer, clock),
            },
            system::Wire::Stream(tcp) => read(L::read(tcp, buffer)),
        }
    }

    /// Sends what the system takes now.
    #[inline]
    pub(crate) fn send(&mut self, link: Link, bytes: &[u8], segment: usize) -> io::Result<usize> {
        match &mut self.0 {
            system::Wire::Closed => Err(ErrorKind::NotConnected.into()),
            system::Wire::Datagrams(datagrams) if segment < bytes.len() => {
                datagrams.send_train(link, bytes, segment)
            }
            system::Wire::Datagrams(datagrams) => L::send(datagrams, link, bytes),
            system::Wire::Stream(tcp) => L::write(tcp, bytes),
        }
    }

    /// How many sends have landed, and the error of one that failed.
    pub(crate) fn landed(&mut self) -> (u32, io::Result<()>) {
        self.watched()
            .map_or((0, Ok(())), |socket| L::landed(&socket))
    }

    /// Closes the writing side of a stream, or asks a UDP socket for an error.
    pub(crate) fn finish(&self) -> io::Result<()> {
        self.0.finish()
    }

    /// Makes the close a reset.
    pub(crate) fn reset_on_close(&self) {
        self.0.reset_on_close();
    }

    pub(crate) fn no_delay(&self) {
        self.0.no_delay();
    }
}

//! A socket that never blocks, of either kind.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, UdpSocket};

use socket2::SockRef;
use socklab_core::{Link, Observer, Received, Transport};
use socklab_system::{self as system, Clock, read};

use crate::model::{Model, Watched};

/// What a conversation talks through.
#[derive(Debug)]
pub struct Wire<L: Model>(system::Wire<L::Udp, L::Tcp>);

/// Makes a socket of the model's, which does not block.
fn udp<L: Model>(udp: UdpSocket) -> io::Result<L::Udp> {
    udp.set_nonblocking(true)?;
    L::udp(udp)
}

impl<L: Model> Wire<L> {
    /// There is none, yet or any more.
    pub const CLOSED: Self = Wire(system::Wire::Closed);

    /// A UDP server's socket, bound to `local`.
    ///
    /// # Errors
    /// What the system says.
    pub fn server<O: Observer>(udp: UdpSocket, local: SocketAddr) -> io::Result<Self> {
        system::Wire::server::<O>(udp, local, self::udp::<L>).map(Wire)
    }

    /// An accepted connection.
    pub(crate) fn accepted(tcp: L::Tcp) -> Self {
        Wire(system::Wire::Stream(tcp))
    }

    /// Opens a socket to `link`. Returns its address if it is open already; a TCP connection opens
    /// in its own time.
    pub(crate) fn open(transport: Transport, link: Link) -> io::Result<(Option<SocketAddr>, Self)> {
        match transport {
            Transport::Datagram => {
                let (local, wire) = system::Wire::client(link, udp::<L>)?;
                Ok((Some(local), Wire(wire)))
            }
            Transport::Stream => Ok((None, Wire::accepted(L::connect(link.peer)?))),
        }
    }

    /// Its own address, if the connection that was being opened is open by now; `None` while that
    /// is not known.
    pub(crate) fn opened(&self) -> Option<io::Result<SocketAddr>> {
        let system::Wire::Stream(tcp) = &self.0 else {
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
            system::Wire::Datagrams(datagrams) => {
                let mut receive = || datagrams.receive(buffer, clock, L::receive, L::receive_from);
                match datagrams.ancillary.is_used() {
                    true => L::try_io(&datagrams.udp, receive),
                    false => receive(),
                }
            }
            system::Wire::Stream(tcp) => read(tcp.read(buffer)),
        }
    }

    /// Sends what the system takes now.
    #[inline]
    pub(crate) fn send(&mut self, link: Link, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            system::Wire::Closed => Err(ErrorKind::NotConnected.into()),
            system::Wire::Datagrams(datagrams) => {
                L::try_io(&datagrams.udp, || datagrams.send(link, bytes))
            }
            system::Wire::Stream(tcp) => tcp.write(bytes),
        }
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

//! The trait of a readiness model.

use std::io::{self, ErrorKind, Read};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

use socket2::SockRef;
use socklab_core::{Link, Received};
use socklab_system::{Clock, Datagrams, SystemSocket};

/// What a socket is watched for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// Something to receive, or a connection.
    pub read: bool,
    /// Room to send, or the end of connecting.
    pub write: bool,
}

impl Interest {
    /// In reading only.
    pub const READ: Interest = Interest {
        read: true,
        write: false,
    };
    /// In writing only.
    pub const WRITE: Interest = Interest {
        read: false,
        write: true,
    };
}

/// A socket that a wait found ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// The key that the socket is watched under.
    pub key: usize,
    /// For what. An error counts as both: it shows when the socket is used.
    pub interest: Interest,
}

/// When a wait reports a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Once, when it becomes ready.
    Edge,
    /// With every wait for as long as it is ready.
    Level,
    /// Once for each call of [`Model::watch`].
    OneShot,
}

/// A socket to be watched.
pub enum Watched<'a, L: Model> {
    /// A UDP socket.
    Udp(&'a mut L::Udp),
    /// A TCP connection.
    Tcp(&'a mut L::Tcp),
    /// A listening TCP socket.
    Listener(&'a mut L::Listener),
}

/// One model of the family: its sockets, no call on which blocks, and its wait.
pub trait Model: Sized + 'static {
    /// A UDP socket.
    type Udp: SystemSocket;
    /// A TCP connection.
    type Tcp: SystemSocket;
    /// A listening TCP socket.
    type Listener: SystemSocket;

    /// Its name on the command line and in transcripts.
    const NAME: &'static str;

    /// When its wait reports a socket.
    const TRIGGER: Trigger;

    /// Whether its wait waits. One that does not looks at a stop in each round, and needs no
    /// waking.
    const WAITS: bool = true;

    /// Whether it has TCP.
    const STREAMS: bool = true;

    /// Whether a call of a UDP server moves several datagrams, where the system can do that.
    const BATCHED: bool = false;

    /// Whether a call only asks for something to be done, and a socket is ready when it has been
    /// done. Then a send that was taken is in flight until it has [landed](Model::landed).
    const COMPLETIONS: bool = false;

    /// Whether this system has what the model needs.
    ///
    /// # Errors
    /// Why it has not.
    fn available() -> io::Result<()> {
        Ok(())
    }

    /// What one thread waits with.
    ///
    /// # Errors
    /// When the system has no descriptor for it.
    fn new() -> io::Result<Self>;

    /// Watches a socket for `interest` from now on, instead of `before` if it is watched already.
    ///
    /// # Errors
    /// What the system says.
    fn watch(
        &mut self,
        key: usize,
        socket: Watched<'_, Self>,
        before: Option<Interest>,
        interest: Interest,
    ) -> io::Result<()>;

    /// Watches a socket no more. It is about to be closed.
    fn unwatch(&mut self, key: usize, socket: Watched<'_, Self>);

    /// The one call that blocks: until a watched socket is ready, or `limit` has passed. Adds what
    /// is ready to `ready`.
    ///
    /// # Errors
    /// What the system says; a signal is `Interrupted`.
    fn wait(&mut self, limit: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()>;

    /// Makes a socket of the model's, which does not block, from one that does.
    ///
    /// # Errors
    /// What the system says.
    fn udp(&self, socket: UdpSocket) -> io::Result<Self::Udp>;

    /// Makes a listening socket of the model's, which does not block, from one that does.
    ///
    /// # Errors
    /// What the system says.
    fn listener(&self, socket: TcpListener) -> io::Result<Self::Listener>;

    /// Begins to connect.
    ///
    /// # Errors
    /// What the system knows at once.
    fn connect(&self, to: SocketAddr) -> io::Result<Self::Tcp>;

    /// Whether a connection that was begun is open.
    ///
    /// # Errors
    /// Why it cannot be opened.
    fn is_connected(tcp: &Self::Tcp) -> io::Result<bool> {
        let tcp = SockRef::from(tcp);
        tcp.take_error()?.map_or(Ok(()), Err)?;
        match tcp.peer_addr() {
            // Any system may report too early.
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
            peer => peer.map(|_| true),
        }
    }

    /// Takes a connection.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is none.
    fn accept(listener: &Self::Listener) -> io::Result<(Self::Tcp, SocketAddr)>;

    /// Takes one more connection, after one has been taken. Often there is none.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is none.
    #[inline]
    fn accept_more(listener: &Self::Listener) -> io::Result<(Self::Tcp, SocketAddr)> {
        Self::accept(listener)
    }

    /// Receives a datagram.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is none.
    fn receive(
        datagrams: &Datagrams<Self::Udp>,
        buffer: &mut [u8],
        clock: &Clock,
    ) -> io::Result<Received>;

    /// Sends a datagram.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is no room.
    #[inline]
    fn send(datagrams: &Datagrams<Self::Udp>, link: &Link, bytes: &[u8]) -> io::Result<usize> {
        datagrams.send(link, bytes)
    }

    /// Receives some bytes of a stream; none at its end.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there are none.
    #[inline]
    fn read(tcp: &Self::Tcp, buffer: &mut [u8]) -> io::Result<usize> {
        (&*SockRef::from(tcp)).read(buffer)
    }

    /// Sends what the system takes of these bytes.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is no room.
    #[inline]
    fn write(tcp: &Self::Tcp, bytes: &[u8]) -> io::Result<usize> {
        SockRef::from(tcp).send(bytes)
    }

    /// How many sends have landed since the last call, and the error of one that failed. A socket
    /// is writable when there are any that the loop has to know of.
    fn landed(socket: &Watched<'_, Self>) -> (u32, io::Result<()>) {
        let _ = socket;
        (0, Ok(()))
    }
}

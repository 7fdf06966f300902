//! The trait of a readiness model.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

use socket2::SockRef;
use socklab_core::{Link, Received};
use socklab_system::{Clock, SystemSocket, UdpWire, transfer};

/// What a socket is watched for: reading, writing, both or neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// Readable: there are data to receive, or a connection to accept.
    pub read: bool,
    /// Writable: there is room to send, or connecting is over.
    pub write: bool,
}

impl Interest {
    /// Reading only.
    pub const READ: Interest = Interest {
        read: true,
        write: false,
    };
    /// Writing only.
    pub const WRITE: Interest = Interest {
        read: false,
        write: true,
    };
}

/// A socket that a wait found ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// The key under which the model watches the socket.
    pub key: usize,
    /// What the socket is ready for. An error counts as both, because the next call returns it.
    pub interest: Interest,
}

/// When a wait reports a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Edge-triggered: once, when it becomes ready.
    Edge,
    /// Level-triggered: with every wait, for as long as it is ready.
    Level,
    /// One-shot: once for each call of [`Model::watch`].
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

/// One model of the family: its nonblocking sockets, and its wait.
pub trait Model: Sized + 'static {
    /// A UDP socket.
    type Udp: SystemSocket;
    /// A TCP connection.
    type Tcp: SystemSocket;
    /// A listening TCP socket.
    type Listener: SystemSocket;

    /// The model's name on the command line and in transcripts.
    const NAME: &'static str;

    /// When the model's wait reports a socket.
    const TRIGGER: Trigger;

    /// Whether [`wait`](Model::wait) really waits. If not, the loop looks for a stop in each round,
    /// and no other thread needs to wake it.
    const WAITS: bool = true;

    /// Whether the model supports TCP.
    const STREAMS: bool = true;

    /// Whether a UDP server moves several datagrams with one call, where the system can do that.
    const BATCHED: bool = false;

    /// Whether the model works by completion: a call only submits an operation, and the socket is
    /// ready when that is done. A send is then in flight until it has
    /// [completed](Model::completed).
    const COMPLETIONS: bool = false;

    /// Whether this system has what the model needs.
    ///
    /// # Errors
    /// Says why the model cannot run here.
    fn available() -> io::Result<()> {
        Ok(())
    }

    /// Makes what one thread waits with, such as an `epoll` instance.
    ///
    /// # Errors
    /// When the system has no descriptor left.
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

    /// Stops watching a socket, which is about to be closed.
    fn unwatch(&mut self, key: usize, socket: Watched<'_, Self>);

    /// The one call that blocks: until a watched socket is ready, or `timeout` has passed. Appends
    /// the sockets that are ready to `ready`.
    ///
    /// # Errors
    /// What the system says; `Interrupted` after a signal.
    fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()>;

    /// Turns a blocking UDP socket into a nonblocking one of the model's type.
    ///
    /// # Errors
    /// What the system says.
    fn udp(&self, socket: UdpSocket) -> io::Result<Self::Udp>;

    /// Turns a blocking listening socket into a nonblocking one of the model's type.
    ///
    /// # Errors
    /// What the system says.
    fn listener(&self, socket: TcpListener) -> io::Result<Self::Listener>;

    /// Begins to open a TCP connection.
    ///
    /// # Errors
    /// What the system says at once. [`is_connected`](Model::is_connected) returns a later failure.
    fn connect(&self, to: SocketAddr) -> io::Result<Self::Tcp>;

    /// Whether a connection that is being opened is open.
    ///
    /// # Errors
    /// Says why the connection cannot be opened.
    fn is_connected(tcp: &Self::Tcp) -> io::Result<bool> {
        let tcp = SockRef::from(tcp);
        tcp.take_error()?.map_or(Ok(()), Err)?;
        match tcp.peer_addr() {
            // On any system the event may come before the connection is open.
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
            peer => peer.map(|_| true),
        }
    }

    /// Accepts a connection.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if none waits.
    fn accept(listener: &Self::Listener) -> io::Result<(Self::Tcp, SocketAddr)>;

    /// Accepts another connection after one was accepted. Often none waits, so a model may check
    /// first, where that is cheaper than an accept that fails.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if none waits.
    #[inline]
    fn accept_more(listener: &Self::Listener) -> io::Result<(Self::Tcp, SocketAddr)> {
        Self::accept(listener)
    }

    /// Receives a datagram.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is none.
    #[inline(always)]
    fn receive(
        wire: &UdpWire<Self::Udp>,
        buffer: &mut [u8],
        clock: &Clock,
    ) -> io::Result<Received> {
        wire.receive(buffer, clock)
    }

    /// Sends a datagram. Returns how many bytes the system took.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is no room.
    #[inline(always)]
    fn send(wire: &UdpWire<Self::Udp>, link: &Link, bytes: &[u8]) -> io::Result<usize> {
        wire.send(link, bytes)
    }

    /// Receives some bytes of a stream; zero bytes at its end.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there are none.
    #[inline]
    fn read(tcp: &Self::Tcp, buffer: &mut [u8]) -> io::Result<usize> {
        transfer::receive(tcp, buffer)
    }

    /// Sends some of these bytes. Returns how many the system took.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is no room.
    #[inline]
    fn write(tcp: &Self::Tcp, bytes: &[u8]) -> io::Result<usize> {
        transfer::send(tcp, bytes)
    }

    /// How many sends have completed since the last call, and the error of one that failed. The
    /// wait reports the socket as writable when the loop has to know of completed sends.
    fn completed(socket: &Watched<'_, Self>) -> (u32, io::Result<()>) {
        let _ = socket;
        (0, Ok(()))
    }
}

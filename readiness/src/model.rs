//! What one model of the family is.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

use socklab_system::SystemSocket;

/// What a socket is watched for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// Something to receive, or a connection.
    pub read: bool,
    /// Room to send, or the end of connecting.
    pub write: bool,
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

/// One model that waits for readiness: its sockets, which never block, and its wait.
pub trait Model: Sized + 'static {
    /// A UDP socket.
    type Udp: SystemSocket + fmt::Debug;
    /// A TCP connection.
    type Tcp: SystemSocket + Read + Write + fmt::Debug;
    /// A listening TCP socket.
    type Listener: SystemSocket + fmt::Debug;
    /// Wakes the thread that waits, from another one.
    type Waker: Send + Sync + 'static;

    /// Its name on the command line and in transcripts.
    const NAME: &'static str;

    /// When its wait reports a socket.
    const TRIGGER: Trigger;

    /// Whether its wait waits. One that does not looks at a stop in each round, and needs no
    /// waking.
    const WAITS: bool = true;

    /// What one thread waits with.
    ///
    /// # Errors
    /// When the system has no descriptor for it.
    fn new() -> io::Result<Self>;

    /// A waker for it. What it does is not reported as an event.
    ///
    /// # Errors
    /// When the system has no descriptor for it.
    fn waker(&self) -> io::Result<Self::Waker>;

    /// Wakes the thread that waits, or the next wait.
    fn wake(waker: &Self::Waker);

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

    /// The one call that blocks: until a watched socket is ready, the waker is used, or `limit` has
    /// passed. Adds what is ready to `ready`.
    ///
    /// # Errors
    /// What the system says; a signal is `Interrupted`.
    fn wait(&mut self, limit: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()>;

    /// Makes a socket of the model's from one that does not block.
    ///
    /// # Errors
    /// What the system says.
    fn udp(socket: UdpSocket) -> io::Result<Self::Udp>;

    /// Makes a listening socket of the model's from one that does not block.
    ///
    /// # Errors
    /// What the system says.
    fn listener(socket: TcpListener) -> io::Result<Self::Listener>;

    /// Begins to connect.
    ///
    /// # Errors
    /// What the system knows at once.
    fn connect(to: SocketAddr) -> io::Result<Self::Tcp>;

    /// Takes a connection.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is none.
    fn accept(listener: &Self::Listener) -> io::Result<(Self::Tcp, SocketAddr)>;

    /// Makes a call on a UDP socket for which this trait has no method. A model that counts on
    /// seeing each `WouldBlock` sees it here: mio on Windows asks for the next event only then.
    ///
    /// # Errors
    /// Those of the call.
    fn try_io<T>(udp: &Self::Udp, call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let _ = udp;
        call()
    }

    /// Receives from the peer that a UDP socket is connected to.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is no datagram.
    fn receive(udp: &Self::Udp, buffer: &mut [u8]) -> io::Result<usize>;

    /// Receives from any peer.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is no datagram.
    fn receive_from(udp: &Self::Udp, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)>;

    /// Sends to a peer, from a socket that is not connected.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is no room.
    fn send_to(udp: &Self::Udp, bytes: &[u8], to: SocketAddr) -> io::Result<usize>;
}

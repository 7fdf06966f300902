//! The trait of an async runtime.

mod conversation;

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

use socklab_core::{Link, Machine, Now, Outbox, Status, Wait, Watch};
use socklab_system::SystemSocket;

pub use conversation::{Conversation, Happened, Others, Socket};

use crate::alarm::Sleep;
use crate::watched::Times;

/// One runtime of tasks: its executor and its timers, its sockets, and its wait.
pub trait Runtime: Sized + 'static {
    /// Its name on the command line and in transcripts.
    const NAME: &'static str;

    /// Whether a wait for a socket begins with a call on it; the observer is told of one that would
    /// block. Otherwise no call is made before the reactor has said that the socket is ready.
    const TRIES_FIRST: bool;

    /// A UDP socket.
    type Udp: SystemSocket + Send + Sync;
    /// A TCP connection.
    type Tcp: SystemSocket + Send + Sync;
    /// What it keeps with a socket.
    type Notes: Default + Send;
    /// A listening TCP socket.
    type Listener: Send + Sync;
    /// What a wait for a socket gives.
    type Event;

    /// Runs a task on the thread that called, until it is over.
    ///
    /// # Errors
    /// When the system has no descriptor for the reactor.
    fn block_on<T>(task: impl Future<Output = T>) -> io::Result<T>;

    /// The same for a task that spawns others, which run on so many threads, or on the runtime's
    /// own number of them.
    ///
    /// # Errors
    /// When the system has no descriptor for the reactor.
    fn serve<T: Send + 'static>(
        threads: usize,
        task: impl Future<Output = T> + Send + 'static,
    ) -> io::Result<T>;

    /// Starts a task that no other task awaits.
    fn spawn(task: impl Future<Output = ()> + Send + 'static);

    /// A timer.
    fn sleep(time: Duration) -> Sleep;

    /// Makes a UDP socket of its own.
    ///
    /// # Errors
    /// What the system says.
    fn udp(udp: UdpSocket) -> io::Result<Self::Udp>;

    /// Sends a datagram, or some bytes of a stream; returns how many bytes the system took. Does
    /// not wait.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is no room.
    fn send(socket: &mut Socket<Self>, link: &Link, bytes: &[u8]) -> io::Result<usize> {
        socket.wire.send(link, bytes)
    }

    /// Opens a TCP connection, which has an address then.
    fn connect(
        to: SocketAddr,
    ) -> impl Future<Output = io::Result<(SocketAddr, Self::Tcp)>> + Send + 'static;

    /// Makes a listening socket.
    ///
    /// # Errors
    /// What the system says.
    fn listener(tcp: TcpListener) -> io::Result<Self::Listener>;

    /// Waits for a connection. Dropped before it is ready, it has taken none.
    fn accept(
        listener: &Self::Listener,
    ) -> impl Future<Output = io::Result<(Self::Tcp, SocketAddr)>> + Send;

    /// The one place where a conversation waits: for its socket and [for others](crate::Others),
    /// whatever comes first. Dropped before it is ready, it has taken nothing from the socket.
    fn wait<M: Machine, W: Watch>(
        conversation: &mut Conversation<Self, M, W>,
        wait: Wait,
    ) -> impl Future<Output = (Happened<Self>, Times)> + Send;

    /// Hands over what a wait for the socket gave, and carries out what that causes. Returns what
    /// to wait for then.
    ///
    /// # Errors
    /// How the conversation has ended.
    fn take<M: Machine, W: Watch>(
        conversation: &mut Conversation<Self, M, W>,
        event: Self::Event,
        times: &Times,
        now: Now,
        out: &mut Outbox,
    ) -> Result<Wait, Status>;
}

//! The trait of an async runtime.

mod conversation;

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

use socklab_core::{Link, Machine, Now, Observers, Outbox, Status, Wait};
use socklab_system::SystemSocket;

pub use conversation::{Conversation, Event, OtherSources, Socket};

use crate::deadline_timer::Sleep;
use crate::timed_wait::WaitTimes;

/// An async runtime: its executor and timers, its sockets, and a conversation's one wait.
pub trait AsyncRuntime: Sized + 'static {
    /// The runtime's name on the command line and in transcripts.
    const NAME: &'static str;

    /// Whether a wait for a socket begins with a call on it; if that would block, the observer is
    /// told. Otherwise no call is made before the reactor has reported the socket as ready.
    const TRIES_FIRST: bool;

    /// A UDP socket.
    type Udp: SystemSocket + Send + Sync;
    /// A TCP connection.
    type Tcp: SystemSocket + Send + Sync;
    /// What the runtime keeps with a socket.
    type SocketState: Default + Send;
    /// A listening TCP socket.
    type Listener: Send + Sync;
    /// The result of a wait for a socket.
    type SocketEvent;

    /// Runs a task on the calling thread, until it is over.
    ///
    /// # Errors
    /// When the system has no descriptor left for the reactor.
    fn block_on<T>(task: impl Future<Output = T>) -> io::Result<T>;

    /// Runs a task that spawns others. They run on `threads` threads, or on as many as the runtime
    /// has of its own.
    ///
    /// # Errors
    /// When the system has no descriptor left for the reactor.
    /// When the system has no descriptor for the reactor.
    fn serve<T: Send + 'static>(
        threads: usize,
        task: impl Future<Output = T> + Send + 'static,
    ) -> io::Result<T>;

    /// Starts a task that no other task awaits.
    fn spawn(task: impl Future<Output = ()> + Send + 'static);

    /// Returns a timer that is ready after `time`.
    fn sleep(time: Duration) -> Sleep;

    /// Turns a UDP socket into one of the runtime's.
    ///
    /// # Errors
    /// What the system says.
    fn udp(udp: UdpSocket) -> io::Result<Self::Udp>;

    /// Sends a datagram, or some bytes of a stream, without waiting. Returns how many bytes the
    /// system took.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is no room.
    fn send(socket: &mut Socket<Self>, link: &Link, bytes: &[u8]) -> io::Result<usize> {
        socket.wire.send(link, bytes)
    }

    /// Opens a TCP connection. Also returns its own address.
    fn connect(
        to: SocketAddr,
    ) -> impl Future<Output = io::Result<(SocketAddr, Self::Tcp)>> + Send + 'static;

    /// Turns a listening socket into one of the runtime's.
    ///
    /// # Errors
    /// What the system says.
    fn listener(tcp: TcpListener) -> io::Result<Self::Listener>;

    /// Waits for a connection. Cancel-safe: if dropped before it is ready, it has accepted none.
    fn accept(
        listener: &Self::Listener,
    ) -> impl Future<Output = io::Result<(Self::Tcp, SocketAddr)>> + Send;

    /// The one place where a conversation waits: for its socket or [another
    /// source](crate::OtherSources), whichever comes first. Cancel-safe: if dropped before it is
    /// ready, it has consumed no data.
    fn wait<M: Machine, W: Observers>(
        conversation: &mut Conversation<Self, M, W>,
        wait: Wait,
    ) -> impl Future<Output = (Event<Self>, WaitTimes)> + Send;

    /// Hands the event of a socket to the session, and carries out what follows. Returns what to
    /// wait for next.
    ///
    /// # Errors
    /// The conversation's status, if it has ended.
    fn handle_socket_event<M: Machine, W: Observers>(
        conversation: &mut Conversation<Self, M, W>,
        event: Self::SocketEvent,
        times: &WaitTimes,
        now: Now,
        out: &mut Outbox,
    ) -> Result<Wait, Status>;
}

//! The sockets of the model, their operations, and the one place where the program waits.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::mem;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use io_uring::types::CancelBuilder;
use nix::libc::{ECANCELED, ENOBUFS};
use socket2::{Domain, Type};
use socklab_core::Link;
use socklab_readiness::{Clock, Interest, Model, Ready, Received, Trigger, UdpWire, Watched};

use crate::message;
use crate::ring::{Completed, Completion, ReceivedBuffer, Request, Ring, fd};

/// How many datagrams of a socket may be in flight. A stream has one send in flight: two could
/// overtake each other.
const MAX_SENDS: u32 = 1024;

/// The largest send of a stream, in bytes.
const MAX_STREAM_SEND: usize = 64 * 1024;

/// The ring of one thread, which its sockets share.
#[derive(Clone)]
pub struct UringModel(Rc<RefCell<Ring<SharedState>>>);

type SharedState = Rc<RefCell<SocketState>>;

/// A socket, and its operations in the kernel.
pub struct Socket {
    ring: UringModel,
    socket: Rc<socket2::Socket>,
    /// The request that receives or, for a listener, accepts.
    receive: Request<'static>,
    state: SharedState,
}

/// What is known of a socket.
#[derive(Default)]
struct SocketState {
    /// The loop's key for the socket; `None` before it is watched, and once it is closed.
    key: Option<usize>,
    interest: Interest,
    /// The receive, accept or connect that is in flight.
    in_flight: Option<u64>,
    /// How many sends are in flight.
    sends_in_flight: u32,
    /// How many sends have completed since the loop asked last, and the error of one that failed.
    completed: u32,
    send_error: Option<io::Error>,
    /// Results of receives, accepts and connects that the loop has not taken yet.
    results: VecDeque<io::Result<Completed>>,
}

impl Model for UringModel {
    const NAME: &'static str = "uring";

    /// Level-triggered: a receive is submitted only while its conversation wants data.
    const TRIGGER: Trigger = Trigger::Level;

    const COMPLETIONS: bool = true;

    type Udp = Socket;
    type Tcp = Socket;
    type Listener = Socket;

    /// Makes a ring, once, to see whether that works: containers often forbid it, and the options
    /// used here need Linux 6.1.
    fn available() -> io::Result<()> {
        static ERROR: OnceLock<Option<i32>> = OnceLock::new();
        let made = || Self::new().err()?.raw_os_error();
        // On a thread of its own: when a ring is closed, the kernel interrupts any call in which
        // the thread that made it is blocked.
        let error = ERROR.get_or_init(|| thread::spawn(made).join().ok().flatten());
        error.map_or(Ok(()), |code| Err(io::Error::from_raw_os_error(code)))
    }

    fn new() -> io::Result<Self> {
        Ok(UringModel(Rc::new(RefCell::new(Ring::new()?))))
    }

    /// The one place where the program waits: until any operation is complete.
    fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()> {
        let mut ring = self.0.borrow_mut();
        ring.wait(timeout)?;
        while let Some(completion) = ring.next() {
            let state = Rc::clone(&completion.owner);
            ready.extend(state.borrow_mut().complete(completion));
        }
        Ok(())
    }

    fn watch(
        &mut self,
        key: usize,
        socket: Watched<'_, Self>,
        before: Option<Interest>,
        interest: Interest,
    ) -> io::Result<()> {
        let (Watched::Udp(socket) | Watched::Tcp(socket) | Watched::Listener(socket)) = socket;
        let mut state = socket.state.borrow_mut();
        (state.key, state.interest) = (Some(key), interest);
        let read = before.is_some_and(|before| before.read);
        match state.in_flight {
            None if interest.read && state.results.is_empty() => {
                socket.arm(&mut state, socket.receive)?;
            }
            Some(key) if read && !interest.read => {
                self.0.borrow_mut().cancel(CancelBuilder::user_data(key));
            }
            _ => {}
        }
        Ok(())
    }

    /// Does nothing: dropping the socket cancels its operations.
    fn unwatch(&mut self, _: usize, _: Watched<'_, Self>) {}

    fn udp(&self, udp: UdpSocket) -> io::Result<Socket> {
        Ok(Socket::new(self, udp.into(), Request::ReceiveMultishot))
    }

    fn listener(&self, listener: TcpListener) -> io::Result<Socket> {
        Ok(Socket::new(self, listener.into(), Request::Accept))
    }

    fn connect(&self, to: SocketAddr) -> io::Result<Socket> {
        let tcp = socket2::Socket::new(Domain::for_address(to), Type::STREAM, None)?;
        let tcp = Socket::new(self, tcp, Request::Receive);
        tcp.arm(&mut tcp.state.borrow_mut(), Request::Connect(to))?;
        Ok(tcp)
    }

    fn is_connected(tcp: &Socket) -> io::Result<bool> {
        let connected = tcp.state.borrow_mut().results.pop_front();
        connected.map_or(Ok(false), |connected| connected.map(|_| true))
    }

    fn accept(listener: &Socket) -> io::Result<(Socket, SocketAddr)> {
        let Completed::Accepted(tcp, peer) = listener.take_result()? else {
            return Err(ErrorKind::WouldBlock.into());
        };
        Ok((Socket::new(&listener.ring, tcp, Request::Receive), peer))
    }

    fn receive(wire: &UdpWire<Socket>, buffer: &mut [u8], clock: &Clock) -> io::Result<Received> {
        let written = wire.udp.received()?;
        let received = message::datagram(written.bytes(), wire.peer, clock, buffer);
        received.ok_or(ErrorKind::InvalidData.into())
    }

    fn read(tcp: &Socket, buffer: &mut [u8]) -> io::Result<usize> {
        let received = tcp.received()?;
        let bytes = received.bytes();
        buffer[..bytes.len()].copy_from_slice(bytes);
        Ok(bytes.len())
    }

    fn send(wire: &UdpWire<Socket>, link: &Link, bytes: &[u8]) -> io::Result<usize> {
        let to = wire.peer.is_none().then_some(link);
        wire.udp.send(bytes, to, MAX_SENDS)
    }

    fn write(tcp: &Socket, bytes: &[u8]) -> io::Result<usize> {
        tcp.send(&bytes[..bytes.len().min(MAX_STREAM_SEND)], None, 1)
    }

    fn completed(socket: &Watched<'_, Self>) -> (u32, io::Result<()>) {
        let (Watched::Udp(socket) | Watched::Tcp(socket) | Watched::Listener(socket)) = socket;
        let state = &mut *socket.state.borrow_mut();
        let sent = state.send_error.take().map_or(Ok(()), Err);
        (mem::take(&mut state.completed), sent)
    }
}

impl Socket {
    fn new(ring: &UringModel, socket: socket2::Socket, receive: Request<'static>) -> Self {
        Socket {
            ring: ring.clone(),
            socket: Rc::new(socket),
            receive,
            state: Rc::default(),
        }
    }

    fn submit(&self, request: Request<'_>) -> io::Result<u64> {
        let (mut ring, owner) = (self.ring.0.borrow_mut(), Rc::clone(&self.state));
        ring.submit(owner, &self.socket, request)
    }

    /// Submits a receive, an accept or a connect, unless one is in flight.
    fn arm(&self, state: &mut SocketState, request: Request<'_>) -> io::Result<()> {
        if state.in_flight.is_none() {
            state.in_flight = Some(self.submit(request)?);
        }
        Ok(())
    }

    /// Takes what the kernel has received or accepted. If there is none, submits the operation.
    fn take_result(&self) -> io::Result<Completed> {
        let mut state = self.state.borrow_mut();
        if state.results.is_empty() {
            self.arm(&mut state, self.receive)?;
        }
        let done = state.results.pop_front();
        done.unwrap_or_else(|| Err(ErrorKind::WouldBlock.into()))
    }

    fn received(&self) -> io::Result<ReceivedBuffer> {
        match self.take_result()? {
            Completed::Received(buffer) => Ok(buffer),
            _ => Err(ErrorKind::WouldBlock.into()),
        }
    }

    /// Submits a send, unless `most` sends are in flight.
    fn send(&self, bytes: &[u8], to: Option<&Link>, most: u32) -> io::Result<usize> {
        let mut state = self.state.borrow_mut();
        if state.sends_in_flight == most {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.submit(Request::Send(bytes, to))?;
        state.sends_in_flight += 1;
        Ok(bytes.len())
    }
}

impl SocketState {
    /// Notes a completion. Returns what the loop has to know of it.
    fn complete(&mut self, completion: Completion<SharedState>) -> Option<Ready> {
        let (key, more, result) = (self.key?, completion.more, completion.result);
        if completion.is_send {
            (self.sends_in_flight, self.completed) = (self.sends_in_flight - 1, self.completed + 1);
            self.send_error = result.err().or(self.send_error.take());
            let (interest, last) = (Interest::WRITE, self.sends_in_flight == 0);
            // While other sends are in flight, the loop need not know of one that succeeded, unless
            // it waits for room.
            let matters = last || self.send_error.is_some() || self.interest.write;
            return matters.then_some(Ready { key, interest });
        }
        let known = more && !self.results.is_empty();
        let mut interest = Interest::READ;
        // A connect has completed, or an operation has failed.
        interest.write = !matches!(result, Ok(Completed::Received(_) | Completed::Accepted(..)));
        self.in_flight = self.in_flight.filter(|_| more);
        let code = result.as_ref().err().and_then(io::Error::raw_os_error);
        // Drop the result if there was no buffer or the operation was cancelled: the loop submits
        // it again if it still wants to.
        if ![Some(ENOBUFS), Some(ECANCELED)].contains(&code) {
            self.results.push_back(result);
        }
        (!known).then_some(Ready { key, interest })
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for Socket {
    /// Cancels the socket's operations. The kernel closes the socket when the last has completed.
    fn drop(&mut self) {
        let mut state = self.state.borrow_mut();
        state.key = None;
        state.results.clear();
        if state.in_flight.is_some() || state.sends_in_flight > 0 {
            // Without this, an operation in flight would keep the socket open until the peer closes
            // it.
            let all = CancelBuilder::fd(fd(&self.socket)).all();
            self.ring.0.borrow_mut().cancel(all);
        }
    }
}

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
use socklab_readiness::{Clock, Datagrams, Interest, Model, Ready, Received, Trigger, Watched};

use crate::message;
use crate::ring::{Completion, Done, Incoming, Request, Ring, fd};

/// How many datagrams of a socket may be in flight. A stream has one send in flight: two could
/// overtake each other.
const DATAGRAMS: u32 = 1024;

/// The largest send of a stream, in bytes.
const PIECE: usize = 64 * 1024;

/// The ring of one thread, which its sockets share.
#[derive(Clone)]
pub struct UringModel(Rc<RefCell<Ring<Shared>>>);

type Shared = Rc<RefCell<State>>;

/// A socket, and its operations in the kernel.
pub struct Socket {
    ring: UringModel,
    socket: Rc<socket2::Socket>,
    /// The request that receives or, for a listener, accepts.
    receive: Request<'static>,
    state: Shared,
}

/// What is known of a socket.
#[derive(Default)]
struct State {
    /// The loop's key for the socket; `None` before it is watched, and once it is closed.
    key: Option<usize>,
    interest: Interest,
    /// The receive, accept or connect that is in flight.
    asked: Option<u64>,
    /// How many sends are in flight.
    sending: u32,
    /// How many sends have completed since the loop asked last, and the error of one that failed.
    completed: u32,
    failed: Option<io::Error>,
    /// Results of receives, accepts and connects that the loop has not taken yet.
    done: VecDeque<io::Result<Done>>,
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
    fn wait(&mut self, limit: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()> {
        let mut ring = self.0.borrow_mut();
        ring.wait(limit)?;
        while let Some(completion) = ring.next() {
            let state = Rc::clone(&completion.whose);
            ready.extend(state.borrow_mut().note(completion));
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
        match state.asked {
            None if interest.read && state.done.is_empty() => {
                socket.arm(&mut state, socket.receive)?;
            }
            Some(asked) if read && !interest.read => {
                self.0.borrow_mut().cancel(CancelBuilder::user_data(asked));
            }
            _ => {}
        }
        Ok(())
    }

    /// Does nothing: dropping the socket cancels its operations.
    fn unwatch(&mut self, _: usize, _: Watched<'_, Self>) {}

    fn udp(&self, udp: UdpSocket) -> io::Result<Socket> {
        Ok(Socket::new(self, udp.into(), Request::ReceiveAll))
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
        let connected = tcp.state.borrow_mut().done.pop_front();
        connected.map_or(Ok(false), |connected| connected.map(|_| true))
    }

    fn accept(listener: &Socket) -> io::Result<(Socket, SocketAddr)> {
        let Done::Accepted(tcp, peer) = listener.next()? else {
            return Err(ErrorKind::WouldBlock.into());
        };
        Ok((Socket::new(&listener.ring, tcp, Request::Receive), peer))
    }

    fn receive(
        datagrams: &Datagrams<Socket>,
        buffer: &mut [u8],
        clock: &Clock,
    ) -> io::Result<Received> {
        let written = datagrams.udp.received()?;
        let received = message::datagram(written.bytes(), datagrams.peer, clock, buffer);
        received.ok_or(ErrorKind::InvalidData.into())
    }

    fn read(tcp: &Socket, buffer: &mut [u8]) -> io::Result<usize> {
        let incoming = tcp.received()?;
        let bytes = incoming.bytes();
        buffer[..bytes.len()].copy_from_slice(bytes);
        Ok(bytes.len())
    }

    fn send(datagrams: &Datagrams<Socket>, link: &Link, bytes: &[u8]) -> io::Result<usize> {
        let to = datagrams.peer.is_none().then_some(link);
        datagrams.udp.send(bytes, to, DATAGRAMS)
    }

    fn write(tcp: &Socket, bytes: &[u8]) -> io::Result<usize> {
        tcp.send(&bytes[..bytes.len().min(PIECE)], None, 1)
    }

    fn completed(socket: &Watched<'_, Self>) -> (u32, io::Result<()>) {
        let (Watched::Udp(socket) | Watched::Tcp(socket) | Watched::Listener(socket)) = socket;
        let state = &mut *socket.state.borrow_mut();
        let sent = state.failed.take().map_or(Ok(()), Err);
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

    fn ask(&self, request: Request<'_>) -> io::Result<u64> {
        let (mut ring, whose) = (self.ring.0.borrow_mut(), Rc::clone(&self.state));
        ring.ask(whose, &self.socket, request)
    }

    /// Submits a receive, an accept or a connect, unless one is in flight.
    fn arm(&self, state: &mut State, request: Request<'_>) -> io::Result<()> {
        if state.asked.is_none() {
            state.asked = Some(self.ask(request)?);
        }
        Ok(())
    }

    /// Takes what the kernel has received or accepted. If there is none, submits the operation.
    fn next(&self) -> io::Result<Done> {
        let mut state = self.state.borrow_mut();
        if state.done.is_empty() {
            self.arm(&mut state, self.receive)?;
        }
        let done = state.done.pop_front();
        done.unwrap_or_else(|| Err(ErrorKind::WouldBlock.into()))
    }

    fn received(&self) -> io::Result<Incoming> {
        match self.next()? {
            Done::Received(incoming) => Ok(incoming),
            _ => Err(ErrorKind::WouldBlock.into()),
        }
    }

    /// Submits a send, unless `most` sends are in flight.
    fn send(&self, bytes: &[u8], to: Option<&Link>, most: u32) -> io::Result<usize> {
        let mut state = self.state.borrow_mut();
        if state.sending == most {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.ask(Request::Send(bytes, to))?;
        state.sending += 1;
        Ok(bytes.len())
    }
}

impl State {
    /// Notes a completion. Returns what the loop has to know of it.
    fn note(&mut self, completion: Completion<Shared>) -> Option<Ready> {
        let (key, more, result) = (self.key?, completion.more, completion.result);
        if completion.of_send {
            (self.sending, self.completed) = (self.sending - 1, self.completed + 1);
            self.failed = result.err().or(self.failed.take());
            let (interest, last) = (Interest::WRITE, self.sending == 0);
            // While other sends are in flight, the loop need not know of one that succeeded, unless
            // it waits for room.
            let matters = last || self.failed.is_some() || self.interest.write;
            return matters.then_some(Ready { key, interest });
        }
        let known = more && !self.done.is_empty();
        let mut interest = Interest::READ;
        // A connect has completed, or an operation has failed.
        interest.write = !matches!(result, Ok(Done::Received(_) | Done::Accepted(..)));
        self.asked = self.asked.filter(|_| more);
        let code = result.as_ref().err().and_then(io::Error::raw_os_error);
        // Drop the result if there was no buffer or the operation was cancelled: the loop submits
        // it again if it still wants to.
        if ![Some(ENOBUFS), Some(ECANCELED)].contains(&code) {
            self.done.push_back(result);
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
        state.done.clear();
        if state.asked.is_some() || state.sending > 0 {
            // Without this, an operation in flight would keep the socket open until the peer closes
            // it.
            let all = CancelBuilder::fd(fd(&self.socket)).all();
            self.ring.0.borrow_mut().cancel(all);
        }
    }
}

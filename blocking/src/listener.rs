//! A blocking listener, for one or several threads that accept.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Wake, Waker};
use std::thread::{self, Thread};

use socklab_core::{
    Fault, Mono, Notice, Observer, Observers, OperationKind, Resource, Service, Status, Subject,
    Wait,
};
use socklab_system::{AcceptStep, Acceptor, Incoming, Run, StopGuard, lock, socket, timed};

use crate::conversation::Conversation;
use crate::wire::BlockingWire;

/// The stack of a thread that serves connections. The loop and a machine need little, and the
/// system backs only the pages that are touched.
pub(crate) const STACK: usize = 256 * 1024;

/// A design of a blocking TCP server: which thread serves which connection.
pub trait Design {
    /// The name on the command line and in transcripts.
    const NAME: &'static str;

    /// Whether the UDP server moves several datagrams with one call, where the system can do that.
    const BATCHED: bool = false;

    /// Accepts until told to stop, then waits for the connections to end.
    ///
    /// # Errors
    /// When the system cannot start a thread.
    fn serve<S: Service, W: Observers + 'static>(listener: &Listener<'_, S, W>) -> io::Result<()>;
}

/// The listening socket of a server, and what all designs share.
pub struct Listener<'a, S: Service, W: Observers> {
    /// `None` once the server stops. The socket is closed when no thread accepts on it any more.
    tcp: Mutex<Option<Arc<TcpListener>>>,
    local: SocketAddr,
    service: &'a S,
    pub(crate) run: &'a Arc<Run<W>>,
    refusals: OnceLock<Refusals<S::Machine, W>>,
    /// Other processes accept on this socket too, and any of them may shut it down.
    inherited: bool,
    _stop_guard: StopGuard,
}

/// A conversation that has begun, and what it waits for.
type Begun<M, W> = (Box<Conversation<M, W>>, Result<Wait, Status>);

/// Hands conversations over a limit to the thread that waits until their peers have read the
/// refusal. `None` if the system could not start that thread.
type Refusals<M, W> = Option<Sender<Begun<M, W>>>;

/// A thread that accepts on a listener.
pub(crate) struct BlockingAcceptor<'l, 'a, S: Service, W: Observers> {
    listener: &'l Listener<'a, S, W>,
    acceptor: Acceptor<TcpStream>,
    observer: W::Observer,
    _stop_guard: StopGuard,
}

/// Wakes a thread that is parked.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl<'a, S: Service, W: Observers + 'static> Listener<'a, S, W> {
    /// Tells the user that the server is ready, unless the socket is `inherited` from a process
    /// that has done so. An inherited socket is shared with other processes: a stop shuts it down,
    /// which ends the `accept` of all of them. So does a stop if no connection can be made any
    /// more, because this machine has lost the address.
    pub(crate) fn new(
        (local, tcp): (SocketAddr, TcpListener),
        inherited: bool,
        service: &'a S,
        run: &'a Arc<Run<W>>,
    ) -> io::Result<Self> {
        let tcp = Arc::new(tcp);
        let listening = Arc::downgrade(&tcp);
        let waker = match inherited {
            true => None,
            false => Some(socket::AcceptWaker::at(local)?),
        };
        let stop_guard = run.stop.on_request(move || {
            let woken = waker.as_ref().is_some_and(socket::AcceptWaker::wake);
            if let Some(tcp) = listening.upgrade().filter(|_| !woken) {
                socket::wake_reader(&*tcp);
            }
        });
        if !inherited {
            run.console.notice(Notice::Ready(local));
        }
        Ok(Listener {
            tcp: Mutex::new(Some(tcp)),
            local,
            service,
            run,
            refusals: OnceLock::new(),
            inherited,
            _stop_guard: stop_guard,
        })
    }

    /// Returns what the calling thread needs to accept.
    pub(crate) fn acceptor(&self) -> BlockingAcceptor<'_, 'a, S, W> {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let wake = waker.clone();
        BlockingAcceptor {
            listener: self,
            acceptor: Acceptor::new(self.run, self.local, self.service, waker),
            observer: self.run.observers.observer(Subject::Driver),
            _stop_guard: self.run.stop.on_request(move || wake.wake_by_ref()),
        }
    }

    /// Closes the listener, and wakes the next thread that is blocked in `accept`.
    fn close(&self, tcp: &Arc<TcpListener>) {
        drop(lock(&self.tcp).take());
        // One connection unblocks one `accept`. Each thread that leaves connects once more, with
        // the descriptor just freed.
        if Arc::strong_count(tcp) > 1
            && let Ok(waker) = socket::AcceptWaker::at(self.local)
        {
            waker.wake();
        }
    }

    /// Starts the conversation with a connection, on the calling thread.
    fn begin(&self, incoming: Incoming<TcpStream>) -> Begun<S::Machine, W> {
        let (session, begin) = incoming.session(self.service, self.run);
        let wire = BlockingWire::stream(incoming.tcp);
        let mut conversation = Conversation::new(session, wire, Some(incoming.permit), self.run);
        let begun = conversation.begin(begin);
        (conversation, begun)
    }

    /// Serves a connection to its end.
    pub(crate) fn serve(&self, incoming: Incoming<TcpStream>) {
        let (mut conversation, begun) = self.begin(incoming);
        conversation.run(begun);
    }

    /// Tells a peer that its connection exceeds a limit. Then it remains to wait until the peer
    /// closes: one thread, started for the first refusal, does that for all of them.
    fn refuse(&self, incoming: Incoming<TcpStream>) {
        let start = || {
            let (sender, refusals) = channel::<Begun<S::Machine, W>>();
            let thread = thread::Builder::new().stack_size(STACK);
            // Each refusal has one second from its own beginning, so waiting for the oldest delays
            // none.
            let drain = move || {
                for (mut conversation, begun) in refusals {
                    conversation.run(begun);
                }
            };
            thread.spawn(drain).ok().map(|_| sender)
        };
        if let Some(refusals) = self.refusals.get_or_init(start) {
            let _ = refusals.send(self.begin(incoming));
        }
    }
}

impl<S: Service, W: Observers + 'static> BlockingAcceptor<'_, '_, S, W> {
    /// Blocks in `accept`, then until there is room. Returns `None` once the server is to stop.
    pub(crate) fn next(&mut self) -> Option<Incoming<TcpStream>> {
        let (listener, run) = (self.listener, self.listener.run);
        let tcp = lock(&listener.tcp).clone()?;
        // Look for a stop before each `accept`. A thread that is blocked in `accept` holds a
        // descriptor already, and the threads that leave need one to wake the next thread.
        while !run.stop.requested() {
            match self.acceptor.next(run) {
                AcceptStep::Accept => {
                    let (accepted, operation) =
                        timed::<W::Observer, _>(&run.clock, OperationKind::Accept, || tcp.accept());
                    (operation.iter()).for_each(|one| self.observer.operation(one));
                    // accept(2): EINVAL, the socket does not listen any more.
                    let shut = |error: &io::Error| error.kind() == ErrorKind::InvalidInput;
                    if listener.inherited && accepted.as_ref().is_err_and(shut) {
                        run.stop.request();
                    }
                    if !run.stop.requested() {
                        self.acceptor.accepted(run, accepted);
                    }
                }
                AcceptStep::Serve(incoming) if incoming.exceeded.is_some() => {
                    listener.refuse(incoming);
                }
                AcceptStep::Serve(incoming) => return Some(incoming),
                AcceptStep::Wait(until) => self.park(until),
            }
        }
        listener.close(&tcp);
        None
    }

    /// Called when the system has no more of a resource: waits until a connection ends, or for a
    /// while.
    pub(crate) fn pause(&self, resource: Resource, fault: Fault) {
        self.park(self.acceptor.pause(self.listener.run, resource, fault));
    }

    /// Sleeps until the thread is unparked, or until that time.
    fn park(&self, until: Option<Mono>) {
        match until {
            Some(until) => thread::park_timeout(until.since(self.listener.run.clock.mono())),
            None => thread::park(),
        }
    }
}

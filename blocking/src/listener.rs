//! A socket that listens and blocks, for one thread that accepts or for several.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use socklab_core::{
    Begin, Fault, Link, Notice, Observer, OperationKind, Resource, Service, Status, Subject, Wait,
    Watch,
};
use socklab_system::socket::{self, Knock};
use socklab_system::{AcceptPause, Admitted, Permit, Run, StopGuard, timed};

use crate::conversation::Conversation;
use crate::semaphore::{self, Semaphore};
use crate::wire::BlockingWire;

/// The stack of a thread that serves connections: the loop and a machine need little, and the
/// system only backs what is touched.
pub(crate) const STACK: usize = 256 * 1024;

/// The listening socket of a server, and what its designs have in common.
pub(crate) struct Listener<'a, S: Service, W: Watch> {
    /// Gone once the server stops; closed when no thread accepts on it any more.
    tcp: Mutex<Option<Arc<TcpListener>>>,
    local: SocketAddr,
    service: &'a S,
    run: &'a Arc<Run<W>>,
    capacity: Arc<Semaphore>,
    accepted: AtomicU64,
    pause: Mutex<AcceptPause>,
    refusals: OnceLock<Refusals<S::Machine, W>>,
    _waker: StopGuard,
}

/// A connection over a limit: the refusal has been sent, and the peer has a moment to read it.
type Refusal<M, W> = (Conversation<M, W>, Result<Wait, Status>, Option<Permit>);

/// The channel to the thread that keeps refused connections; `None` if the system has no thread
/// for it.
type Refusals<M, W> = Option<Sender<Refusal<M, W>>>;

impl<'a, S: Service, W: Watch + 'static> Listener<'a, S, W> {
    /// Listens at `address`, for up to `most` connections at once, and says that the server is
    /// ready.
    pub(crate) fn open(
        address: SocketAddr,
        most: usize,
        service: &'a S,
        run: &'a Arc<Run<W>>,
    ) -> Result<Self, Status> {
        let (local, tcp) = socket::bind_streams(address)?;
        let knock = Knock::at(local).map_err(|error| socket::cannot_listen(address, &error))?;
        let capacity = Arc::new(Semaphore::new(most));
        let waker = run.stop.on_request({
            let capacity = Arc::clone(&capacity);
            move || {
                capacity.wake();
                knock.knock();
            }
        });
        run.console.notice(Notice::Ready(local));
        Ok(Listener {
            tcp: Mutex::new(Some(Arc::new(tcp))),
            local,
            service,
            run,
            capacity,
            accepted: AtomicU64::new(0),
            pause: Mutex::default(),
            refusals: OnceLock::new(),
            _waker: waker,
        })
    }

    /// Blocks until there is capacity, and then in `accept`; `None` once the server is to stop.
    pub(crate) fn accept(&self, observer: &mut W::Observer) -> Option<Connection<'_, 'a, S, W>> {
        let (run, tcp) = (self.run, lock(&self.tcp).clone()?);
        while let Some(capacity) = self.capacity.take(|| run.stop.requested()) {
            // A thread that waits in `accept` has taken a descriptor, which those that leave need.
            if run.stop.requested() {
                break;
            }
            let (accepted, operation) =
                timed::<W::Observer, _>(&run.clock, OperationKind::Accept, || tcp.accept());
            operation
                .iter()
                .for_each(|operation| observer.operation(operation));
            if run.stop.requested() {
                break;
            }
            let Some((stream, peer)) = self.took(accepted) else {
                continue;
            };
            let Some(admitted) = run.admit(peer, self.service.tells_refused()) else {
                // Over a limit, and so many are being told so that this one is just closed.
                continue;
            };
            let connection = Connection {
                stream,
                peer,
                number: self.accepted.fetch_add(1, Ordering::Relaxed) + 1,
                listener: self,
                admitted,
                capacity,
            };
            match connection.admitted.over {
                Some(_) => connection.refuse(),
                None => return Some(connection),
            }
        }
        self.close(&tcp);
        None
    }

    /// The connection, if there is one; else waits until one may be had.
    fn took<T>(&self, accepted: io::Result<T>) -> Option<T> {
        let mut pause = lock(&self.pause);
        let connection = pause.took(accepted, &self.run.clock, &*self.run.console);
        let waits = connection.is_none() && pause.until().is_some();
        pause.end();
        drop(pause);
        if waits {
            self.capacity.wait(AcceptPause::LENGTH);
        }
        connection
    }

    /// The system has no more of a resource: waits until a connection ends, or for a while.
    pub(crate) fn out_of(&self, resource: Resource, fault: Fault) {
        let now = self.run.clock.mono();
        let notice = lock(&self.pause).out_of(now, resource, fault);
        (notice.into_iter()).for_each(|notice| self.run.console.notice(notice));
        self.capacity.wait(AcceptPause::LENGTH);
    }

    /// A server that is leaving lets no more wait for it.
    fn close(&self, tcp: &Arc<TcpListener>) {
        drop(lock(&self.tcp).take());
        // One connection unblocks one `accept`. Each thread that leaves connects once more, with
        // the descriptor just freed.
        if Arc::strong_count(tcp) > 1
            && let Ok(knock) = Knock::at(self.local)
        {
            knock.knock();
        }
    }

    /// Where connections go that have been told they are too many: one thread for all of them,
    /// started by the first.
    fn refusals(&self) -> Option<&Sender<Refusal<S::Machine, W>>> {
        let start = || {
            let (sender, refusals) = channel::<Refusal<S::Machine, W>>();
            let thread = thread::Builder::new().stack_size(STACK);
            // Each has a second from its own beginning, so waiting for the oldest delays none.
            let drain = move || {
                for (conversation, begun, _permit) in refusals {
                    conversation.run(begun);
                }
            };
            thread.spawn(drain).ok().map(|_| sender)
        };
        self.refusals.get_or_init(start).as_ref()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection that was accepted, counted while it lives.
pub(crate) struct Connection<'l, 'a, S: Service, W: Watch> {
    stream: TcpStream,
    peer: SocketAddr,
    number: u64,
    listener: &'l Listener<'a, S, W>,
    admitted: Admitted,
    capacity: semaphore::Permit<'l>,
}

impl<'l, S: Service, W: Watch + 'static> Connection<'l, '_, S, W> {
    /// Serves it to its end, on this thread.
    pub(crate) fn serve(self) {
        let (conversation, begun, _counted) = self.begin();
        conversation.run(begun);
    }

    /// Tells its peer that it is one too many. After that it only waits for the peer to close.
    fn refuse(self) {
        let refusals = self.listener.refusals();
        let (conversation, begun, (permit, _)) = self.begin();
        if let Some(refusals) = refusals {
            let _ = refusals.send((conversation, begun, permit));
        }
    }

    /// Starts its machine. Also returns what counts it.
    fn begin(self) -> Begun<'l, S::Machine, W> {
        let Listener {
            local,
            service,
            run,
            ..
        } = *self.listener;
        let link = Link::first(self.peer);
        let observer = run.watch.watch(Subject::Connection {
            number: self.number,
            peer: self.peer,
            local,
        });
        let wire = BlockingWire::stream(self.stream);
        let mut conversation = Conversation::new(service.accept(link), observer, wire, run);
        let over = self.admitted.over;
        let begun = conversation.begin(Begin::Accepted { link, local, over });
        let counted = (self.admitted.permit, self.capacity);
        (conversation, begun, counted)
    }
}

/// A connection whose machine has started, what it waits for, and what counts it.
type Begun<'l, M, W> = (
    Conversation<M, W>,
    Result<Wait, Status>,
    (Option<Permit>, semaphore::Permit<'l>),
);

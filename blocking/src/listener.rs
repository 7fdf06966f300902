//! A socket that listens and blocks, for one thread that accepts or for several.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use socklab_core::{
    Failure, FaultKind, Input, Link, Notice, OperationKind, Service, Status, Subject, Watch,
};
use socklab_system::socket::{self, Knock};
use socklab_system::{AcceptPause, Run, StopGuard, fault, timed};

use crate::conversation::Conversation;
use crate::slots::{Slot, Slots};
use crate::wire::Wire;

/// The stack of a thread that serves connections: the loop and a machine need little, and the system only backs what is
/// touched.
pub(crate) const STACK: usize = 256 * 1024;

/// The listening socket of a server, and what its designs have in common.
pub(crate) struct Listener<'a, W: Watch> {
    /// Gone once the server stops; closed when nobody accepts on it any more.
    tcp: Mutex<Option<Arc<TcpListener>>>,
    local: SocketAddr,
    run: &'a Run<W>,
    slots: Arc<Slots>,
    accepted: AtomicU64,
    pause: Mutex<AcceptPause>,
    _waker: StopGuard,
}

impl<'a, W: Watch> Listener<'a, W> {
    /// Listens at `address`, for up to `most` connections at once, and says that the server is ready.
    pub(crate) fn open(address: SocketAddr, most: usize, run: &'a Run<W>) -> Result<Self, Status> {
        let bound = socket::stream_server(address).and_then(|tcp| {
            let local = tcp.local_addr()?;
            Ok((local, tcp, Knock::at(local)?))
        });
        let (local, tcp, knock) =
            bound.map_err(|error| Status::Failed(Failure::Listen(address, fault(&error))))?;
        let slots = Arc::new(Slots::new(most));
        let waker = run.stop.on_request({
            let slots = Arc::clone(&slots);
            move || {
                slots.wake();
                knock.knock();
            }
        });
        run.console.notice(Notice::Ready(local));
        Ok(Listener {
            tcp: Mutex::new(Some(Arc::new(tcp))),
            local,
            run,
            slots,
            accepted: AtomicU64::new(0),
            pause: Mutex::default(),
            _waker: waker,
        })
    }

    /// Blocks until there is a slot, and then in `accept`; no connection once the server is to stop.
    pub(crate) fn accept(&self, observer: &mut W::Observer) -> Option<Connection<'_, 'a, W>> {
        let Some(slot) = self.slots.take(|| self.run.stop.requested()) else {
            self.close();
            return None;
        };
        let stop = &self.run.stop;
        let tcp = Arc::clone(lock(&self.tcp).as_ref()?);
        while !stop.requested() {
            let accepted = timed(
                observer,
                &self.run.clock,
                OperationKind::Accept,
                |_| (1, 0),
                || tcp.accept(),
            );
            match accepted {
                _ if stop.requested() => {}
                Ok((stream, peer)) => {
                    return Some(Connection {
                        stream,
                        peer,
                        number: self.accepted.fetch_add(1, Ordering::Relaxed) + 1,
                        listener: self,
                        slot,
                    });
                }
                Err(error) => self.refused(&error),
            }
        }
        self.close();
        // A connection wakes one thread only. So each that it wakes wakes another, with the descriptor that it had.
        if Arc::strong_count(&tcp) > 1
            && let Ok(knock) = Knock::at(self.local)
        {
            knock.knock();
        }
        None
    }

    /// The system has no descriptor left, or no thread: waits until a connection ends, or for a while.
    pub(crate) fn refused(&self, error: &io::Error) {
        let fault = fault(error);
        // A peer that left before it was accepted, or a signal, is nobody's trouble.
        if fault.kind == FaultKind::Reset || error.kind() == io::ErrorKind::Interrupted {
            return;
        }
        let news = lock(&self.pause).refused(self.run.clock.mono(), fault);
        self.tell(news);
        self.slots.wait(AcceptPause::LENGTH);
    }

    /// A connection is served.
    fn served(&self) {
        let mut pause = lock(&self.pause);
        if pause.is_announced() {
            let news = pause.accepted(self.run.clock.mono());
            self.tell(news);
        }
    }

    fn tell(&self, news: Option<Notice>) {
        let console = &self.run.console;
        news.into_iter().for_each(|news| console.notice(news));
    }

    /// Nobody shall come to wait for a server that is leaving.
    fn close(&self) {
        drop(lock(&self.tcp).take());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection that was accepted, and its slot.
pub(crate) struct Connection<'l, 'a, W: Watch> {
    stream: TcpStream,
    peer: SocketAddr,
    number: u64,
    listener: &'l Listener<'a, W>,
    slot: Slot<'l>,
}

impl<W: Watch> Connection<'_, '_, W> {
    /// Serves it to its end, on this thread.
    pub(crate) fn serve<S: Service>(self, service: &S) {
        let Listener { local, run, .. } = *self.listener;
        self.listener.served();
        let (peer, number) = (self.peer, self.number);
        let link = Link::first(peer);
        let machine = service.accept(link);
        let observer = run.watch.watch(Subject::Connection {
            number,
            peer,
            local,
        });
        let wire = Wire::stream(self.stream, link);
        Conversation::new(machine, observer, wire, run).run(&[Input::Opened { link, local }]);
        drop(self.slot);
    }
}

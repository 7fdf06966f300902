//! Records operations with their threads.

use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use socklab_core::{DynObserver, Input, Mono, Now, Observer, Operation, Output, Subject, Watch};
use socklab_system::Clock;

/// A thread of the run, by a number of our own. 0 is the thread that [runs the
/// server](Recording::this_is_main).
pub type Thread = u32;

/// The party whose operations a [`Page`] records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// A machine of the server, or its driver.
    Server(Subject),
    /// A client.
    Client {
        /// Counted from 1.
        number: u32,
        /// Whether the client pauses on purpose.
        slow: bool,
        /// Its own address, once it has one.
        address: Option<SocketAddr>,
    },
}

/// One recorded event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// An operation has ended.
    Did(Operation),
    /// The machine was given an input.
    Heard(Mono, Heard),
    /// The machine asked to send to that peer.
    Sending(SocketAddr),
    /// A client paused on purpose.
    Paused(Mono, Mono),
}

/// A machine's input, as far as it explains the operation before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Bytes or a datagram, from that peer.
    Network(SocketAddr),
    /// The user's line, or the end of the input.
    Line,
    /// A decision of the register.
    Decision,
    /// Anything else.
    Other,
}

/// The record of one observer, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Whose record it is.
    pub who: Who,
    /// The thread on which the observer was made.
    pub thread: Thread,
    /// When the observer was made.
    pub began: Mono,
    /// When the observer was dropped: the conversation, or the driver, is over.
    pub ended: Mono,
    /// The events, each with its thread.
    pub events: Vec<(Thread, Event)>,
}

/// All pages of a run. Clones are the same log.
#[derive(Clone, Debug)]
pub struct Log(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    pages: Mutex<Vec<Page>>,
    changed: Condvar,
    threads: Mutex<Vec<ThreadId>>,
}

impl Log {
    /// An empty log, on the run's clock.
    pub fn new(clock: Clock) -> Self {
        Log(Arc::new(Inner {
            clock,
            pages: Mutex::default(),
            changed: Condvar::new(),
            threads: Mutex::default(),
        }))
    }

    /// Declares that the calling thread runs the server. Call this before any other thread records.
    pub fn this_is_main(&self) {
        self.thread(thread::current().id());
    }

    /// An observer for a client.
    pub fn client(&self, number: u32, slow: bool) -> Recorder {
        self.page(Who::Client {
            number,
            slow,
            address: None,
        })
    }

    /// Waits until `number` connections of the server are over, for at most `limit`.
    pub fn wait_for_connections(&self, number: usize, limit: Duration) {
        let fewer = |pages: &mut Vec<Page>| {
            let over = pages
                .iter()
                .filter(|page| matches!(page.who, Who::Server(Subject::Connection { .. })));
            over.count() < number
        };
        drop(
            self.0
                .changed
                .wait_timeout_while(self.pages(), limit, fewer),
        );
    }

    /// The pages of all observers that have been dropped.
    pub fn take(&self) -> Vec<Page> {
        std::mem::take(&mut *self.pages())
    }

    fn page(&self, who: Who) -> Recorder {
        Recorder {
            log: self.clone(),
            who,
            thread: thread::current().id(),
            began: self.0.clock.mono(),
            events: Vec::new(),
        }
    }

    fn pages(&self) -> MutexGuard<'_, Vec<Page>> {
        self.0.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn thread(&self, id: ThreadId) -> Thread {
        let mut known = self
            .0
            .threads
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let place = known.iter().position(|one| *one == id);
        let place = place.unwrap_or_else(|| {
            known.push(id);
            known.len() - 1
        });
        Thread::try_from(place).unwrap_or(Thread::MAX)
    }
}

impl Watch for Log {
    type Observer = DynObserver;

    fn observer(&self, subject: Subject) -> DynObserver {
        DynObserver::new(self.page(Who::Server(subject)))
    }

    fn wants_arrivals(&self) -> bool {
        true
    }
}

/// Fills one page, and adds it to the log when dropped. Nothing is shared until then, so that
/// recording threads do not wait for each other.
#[derive(Debug)]
pub struct Recorder {
    log: Log,
    who: Who,
    thread: ThreadId,
    began: Mono,
    events: Vec<(ThreadId, Event)>,
}

impl Recorder {
    /// Notes the client's own address.
    pub fn is_at(&mut self, own: SocketAddr) {
        if let Who::Client { address, .. } = &mut self.who {
            *address = Some(own);
        }
    }

    /// Notes that the client has paused on purpose since `start`.
    pub fn paused(&mut self, start: Mono) {
        let now = self.log.0.clock.mono();
        self.note(Event::Paused(start, now));
    }

    fn note(&mut self, event: Event) {
        self.events.push((thread::current().id(), event));
    }
}

impl Observer for Recorder {
    fn input(&mut self, now: Now, input: &Input<'_>) {
        let heard = match input {
            Input::Datagram { link, .. } | Input::Bytes { link, .. } => Heard::Network(link.peer),
            Input::Line(_) | Input::InputEnd => Heard::Line,
            Input::Stored { .. } => Heard::Decision,
            _ => Heard::Other,
        };
        self.note(Event::Heard(now.mono, heard));
    }

    fn output(&mut self, _: Now, output: &Output<'_>) {
        if let Output::Send { link, .. } = output {
            self.note(Event::Sending(link.peer));
        }
    }

    fn operation(&mut self, operation: &Operation) {
        self.note(Event::Did(*operation));
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let ended = self.log.0.clock.mono();
        let mut noted = std::mem::take(&mut self.events).into_iter();
        let thread = self.log.thread(self.thread);
        let mut last = (self.thread, thread);
        let events = noted.by_ref().map(|(id, event)| {
            if id != last.0 {
                last = (id, self.log.thread(id));
            }
            (last.1, event)
        });
        let page = Page {
            who: self.who,
            thread,
            began: self.began,
            ended,
            events: events.collect(),
        };
        self.log.pages().push(page);
        self.log.0.changed.notify_all();
    }
}

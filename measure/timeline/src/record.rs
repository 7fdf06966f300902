//! Records operations with their threads.

use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use socklab_core::{
    DynObserver, Input, Mono, Now, Observer, Observers, Operation, Output, Subject,
};
use socklab_system::Clock;

/// A thread of the run, by a number of our own. 0 is the thread that [runs the
/// server](Recording::this_is_main).
pub type Thread = u32;

/// The party whose operations a [`Record`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
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
    Operation(Operation),
    /// The machine was given an input.
    Input(Mono, InputKind),
    /// The machine asked to send to that peer.
    Sending(SocketAddr),
    /// A client paused on purpose.
    Paused(Mono, Mono),
}

/// A machine's input, as far as it explains the operation before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
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
pub struct Record {
    /// Whose record it is.
    pub party: Party,
    /// The thread on which the observer was made.
    pub thread: Thread,
    /// When the observer was made.
    pub began: Mono,
    /// When the observer was dropped: the conversation, or the driver, is over.
    pub ended: Mono,
    /// The events, each with its thread.
    pub events: Vec<(Thread, Event)>,
}

/// All records of a run. Clones share them.
#[derive(Clone, Debug)]
pub struct Recording(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    records: Mutex<Vec<Record>>,
    changed: Condvar,
    threads: Mutex<Vec<ThreadId>>,
}

impl Recording {
    /// An empty recording, on the run's clock.
    pub fn new(clock: Clock) -> Self {
        Recording(Arc::new(Inner {
            clock,
            records: Mutex::default(),
            changed: Condvar::new(),
            threads: Mutex::default(),
        }))
    }

    /// Declares that the calling thread runs the server. Call this before any other thread records.
    pub fn this_is_main(&self) {
        self.thread(thread::current().id());
    }

    /// An observer for a client.
    pub fn client(&self, number: u32, slow: bool) -> OperationRecorder {
        self.record(Party::Client {
            number,
            slow,
            address: None,
        })
    }

    /// Waits until `number` connections of the server are over, for at most `timeout`.
    pub fn wait_for_connections(&self, number: usize, timeout: Duration) {
        let fewer = |records: &mut Vec<Record>| {
            let over = records
                .iter()
                .filter(|record| matches!(record.party, Party::Server(Subject::Connection { .. })));
            over.count() < number
        };
        drop(
            self.0
                .changed
                .wait_timeout_while(self.records(), timeout, fewer),
        );
    }

    /// The records of all observers that have been dropped.
    pub fn take(&self) -> Vec<Record> {
        std::mem::take(&mut *self.records())
    }

    fn record(&self, party: Party) -> OperationRecorder {
        OperationRecorder {
            recording: self.clone(),
            party,
            thread: thread::current().id(),
            began: self.0.clock.mono(),
            events: Vec::new(),
        }
    }

    fn records(&self) -> MutexGuard<'_, Vec<Record>> {
        self.0
            .records
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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

impl Observers for Recording {
    type Observer = DynObserver;

    fn observer(&self, subject: Subject) -> DynObserver {
        DynObserver::new(self.record(Party::Server(subject)))
    }

    fn wants_arrivals(&self) -> bool {
        true
    }
}

/// Fills one record, and adds it to the recording when dropped. Nothing is shared until then, so
/// that recording threads do not wait for each other.
#[derive(Debug)]
pub struct OperationRecorder {
    recording: Recording,
    party: Party,
    thread: ThreadId,
    began: Mono,
    events: Vec<(ThreadId, Event)>,
}

impl OperationRecorder {
    /// Notes the client's own address.
    pub fn is_at(&mut self, own: SocketAddr) {
        if let Party::Client { address, .. } = &mut self.party {
            *address = Some(own);
        }
    }

    /// Notes that the client has paused on purpose since `start`.
    pub fn paused(&mut self, start: Mono) {
        let now = self.recording.0.clock.mono();
        self.note(Event::Paused(start, now));
    }

    fn note(&mut self, event: Event) {
        self.events.push((thread::current().id(), event));
    }
}

impl Observer for OperationRecorder {
    fn input(&mut self, now: Now, input: &Input<'_>) {
        let input = match input {
            Input::Datagram { link, .. } | Input::Bytes { link, .. } => {
                InputKind::Network(link.peer)
            }
            Input::Line(_) | Input::InputEnd => InputKind::Line,
            Input::Stored { .. } => InputKind::Decision,
            _ => InputKind::Other,
        };
        self.note(Event::Input(now.mono, input));
    }

    fn output(&mut self, _: Now, output: &Output<'_>) {
        if let Output::Send { link, .. } = output {
            self.note(Event::Sending(link.peer));
        }
    }

    fn operation(&mut self, operation: &Operation) {
        self.note(Event::Operation(*operation));
    }
}

impl Drop for OperationRecorder {
    fn drop(&mut self) {
        let ended = self.recording.0.clock.mono();
        let mut noted = std::mem::take(&mut self.events).into_iter();
        let thread = self.recording.thread(self.thread);
        let mut last = (self.thread, thread);
        let events = noted.by_ref().map(|(id, event)| {
            if id != last.0 {
                last = (id, self.recording.thread(id));
            }
            (last.1, event)
        });
        let record = Record {
            party: self.party,
            thread,
            began: self.began,
            ended,
            events: events.collect(),
        };
        self.recording.records().push(record);
        self.recording.0.changed.notify_all();
    }
}

//! A machine that goes on after its stream has had a fault.

use core::time::Duration;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use socklab_core::{
    Deadline, Doing, Input, Interest, Link, Machine, Mono, Now, Observer, Observers, Operation,
    OperationKind, Outbox, Service, Status, Subject, Why,
};

use super::{BIG, pattern};

/// Makes a survivor for each connection, and observes their drivers.
#[derive(Clone, Debug, Default)]
pub struct Survivors(Arc<Mutex<SurvivorLog>>);

/// The events of all survivors of a server.
#[derive(Debug, Default)]
pub struct SurvivorLog {
    /// The faults that machines were told of.
    pub faults: Vec<Doing>,
    /// The inputs of machines after a fault, except timers and stops.
    pub given: Vec<String>,
    /// The receives and sends of drivers after a fault.
    pub used: Vec<Operation>,
    /// How many machines have finished sending after a fault.
    pub silent: usize,
    /// The number of all inputs of all machines.
    pub steps: usize,
    /// The number of all operations of the drivers, waits included.
    pub operations: usize,
    dead: BTreeSet<SocketAddr>,
}

impl Survivors {
    /// The events so far.
    pub fn log(&self) -> MutexGuard<'_, SurvivorLog> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service for Survivors {
    type Machine = Survivor;

    fn accept(&self, link: Link) -> Survivor {
        Survivor {
            link,
            all: self.clone(),
            words_left: 0,
            next: None,
            lingers: false,
            status: Status::Running,
        }
    }
}

/// Repeats what it receives, and answers `!` with [`BIG`] bytes of [`pattern`]. After a fault it is
/// still interested in the network, sends at once and each time its timer fires, and then finishes,
/// although the stream is dead. It ends when it is told to stop. One that has received `?` lingers:
/// it ends a tenth of a second after the stop, or as soon as its peer closes.
#[derive(Debug)]
pub struct Survivor {
    link: Link,
    all: Survivors,
    words_left: u32,
    next: Option<Mono>,
    lingers: bool,
    status: Status,
}

/// How often a survivor sends after a fault.
const WORDS: u32 = 3;

/// The time between two such sends.
const REST: Duration = Duration::from_millis(5);

/// How long after a stop a survivor that lingers ends.
const LINGERS: Duration = Duration::from_millis(100);

impl Survivor {
    fn speak(&mut self, now: Now, out: &mut Outbox) {
        out.send(self.link, b"still here");
        self.words_left -= 1;
        if self.words_left > 0 {
            self.next = Some(now.mono.plus(REST));
        } else {
            self.next = None;
            out.finish(self.link);
            self.all.log().silent += 1;
        }
    }

    /// Notes the input.
    fn note(&self, input: &Input<'_>) {
        let mut log = self.all.log();
        log.steps += 1;
        let own = matches!(input, Input::Timer | Input::Stop);
        if !own && log.dead.contains(&self.link.peer) {
            log.given.push(format!("{input:?}"));
        }
        if let Input::Fault { doing, .. } = *input {
            log.faults.push(doing);
            log.dead.insert(self.link.peer);
        }
    }
}

impl Machine for Survivor {
    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        self.note(&input);
        match input {
            Input::Bytes { bytes: b"!", .. } => {
                out.send_with(&self.link, |to| to.extend((0..BIG).map(pattern)));
            }
            Input::Bytes { bytes: b"?", .. } => self.lingers = true,
            Input::Bytes { bytes, .. } => {
                out.send(self.link, bytes);
            }
            Input::Fault { .. } => {
                self.words_left = WORDS;
                self.speak(now, out);
            }
            Input::Timer | Input::End { .. } if self.lingers => {
                self.next = None;
                self.status = Status::Stopped;
            }
            Input::Stop if self.lingers => self.next = Some(now.mono.plus(LINGERS)),
            Input::Timer => self.speak(now, out),
            Input::End { .. } => out.finish(self.link),
            Input::Finished { .. } => self.status = Status::Done,
            Input::Stop => self.status = Status::Stopped,
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        let why = Why::Silence;
        self.next.map(|at| Deadline { at, why })
    }

    fn interest(&self) -> Interest {
        Interest::NETWORK
    }

    fn state(&self) -> &'static str {
        "Living"
    }

    fn status(&self) -> Status {
        self.status
    }
}

impl Observers for Survivors {
    type Observer = SurvivorObserver;

    fn observer(&self, subject: Subject) -> SurvivorObserver {
        let peer = match subject {
            Subject::Connection { peer, .. } => Some(peer),
            _ => None,
        };
        let all = self.clone();
        SurvivorObserver { all, peer }
    }
}

/// An observer that notes a driver's operations.
#[derive(Debug)]
pub struct SurvivorObserver {
    all: Survivors,
    peer: Option<SocketAddr>,
}

impl Observer for SurvivorObserver {
    const STEPS: bool = false;
    const TIMES: bool = false;

    fn operation(&mut self, operation: &Operation) {
        let mut log = self.all.log();
        log.operations += 1;
        let uses = matches!(operation.kind, OperationKind::Receive | OperationKind::Send);
        if uses && self.peer.is_some_and(|peer| log.dead.contains(&peer)) {
            log.used.push(*operation);
        }
    }
}

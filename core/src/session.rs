//! The engine: one conversation between two waits, the same on every I/O model.
//!
//! A [`Session`] owns a machine and what could not be sent yet. Its driver lends it an outbox for a
//! [`Turn`], tells it what happened, and asks what to do [`next`](Turn::next), one thing at a time,
//! until the answer is to wait. A driver adds only how to make a call, and how to wait:
//!
//! ```text
//!     driver                                     session
//!     receives       ──  turn.received(..)  ──►  feeds the machine, which fills the outbox
//!                    ◄──  turn.next()  ─────     Send, Open, Finish, Store …
//!     sends          ──  turn.sent(..)  ─────►   keeps what did not fit
//!                    ◄──  turn.next()  ─────     Wait { readable, writable, line, until }
//!     waits
//! ```

mod next;
mod opening;
mod received;
#[cfg(test)]
mod tests;
mod turn;

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::fault::{Doing, Failure, Fault, FaultKind};
use crate::input::LineEvent;
use crate::link::{Link, Transport};
use crate::machine::{Machine, Status};
use crate::observer::Observer;
use crate::outbox::Outbox;
use crate::pump::Pump;
use crate::time::Mono;
use crate::unsent::{BlockedDatagrams, Unsent};
use opening::Opening;

pub use next::{Next, Wait};
pub use received::Received;
pub use turn::{Begin, Turn};

/// One machine, and what else its conversation needs.
///
/// A session is small, because a server may hold many idle ones: what is rare is in a box, and the
/// driver owns one outbox and one receive buffer for each loop or thread.
#[derive(Debug)]
pub struct Session<M, O> {
    pump: Pump<M, O>,
    wire: WireState,
    /// The other end of a stream.
    link: Option<Link>,
    /// Whether the peer may send more: its stream has not ended.
    read_open: bool,
    /// Whether a send may succeed: no send has returned `WouldBlock` since the driver reported
    /// room.
    writable: bool,
    /// Whether the machine has been told to stop.
    stopped: bool,
    /// Whether the machine looks at the time.
    reads_time: bool,
    /// How many faults of the socket itself have come in a row.
    faults: u8,
    /// How many submitted sends have not completed yet.
    in_flight: u32,
    unsent: Unsent,
    rare: Option<Box<Rare>>,
}

/// What most sessions never need.
#[derive(Debug, Default)]
struct Rare {
    opening: Option<Opening>,
    blocked: BlockedDatagrams,
    /// The link to be finished once everything has been sent.
    finishing: Option<Link>,
    /// A line that came after the machine no longer wanted one.
    line: Option<LineEvent>,
    /// When to stop a connection over a limit that has not ended by then.
    refused_until: Option<Mono>,
    /// After the machine has ended: until when its last bytes may be sent.
    closing: Option<Mono>,
    /// Why the socket cannot be used any more.
    broken: Option<Failure>,
}

/// The session's view of its socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WireState {
    /// There is no socket yet.
    None,
    Datagrams,
    Stream,
    /// A stream that cannot be used any more: it failed, or was given up.
    Dead,
}

/// After this many faults in a row a socket counts as broken. Faults that a peer can cause do not
/// count, because a peer can cause any number of them.
const MAX_FAULTS: u8 = 100;

impl<M: Machine, O: Observer> Session<M, O> {
    /// Makes a session for a machine that has had no input yet. Call [`Turn::begin`] first.
    pub fn new(machine: M, observer: O) -> Self {
        Session {
            reads_time: machine.reads_time(),
            pump: Pump::new(machine, observer),
            wire: WireState::None,
            link: None,
            read_open: true,
            writable: true,
            stopped: false,
            faults: 0,
            in_flight: 0,
            unsent: Unsent::default(),
            rare: None,
        }
    }

    /// Lends the session an outbox. It is empty again once [`Turn::next`] has said to wait.
    #[inline]
    pub fn turn<'a>(&'a mut self, out: &'a mut Outbox) -> Turn<'a, M, O> {
        Turn::new(self, out)
    }

    /// The machine's status, or that its socket is broken. The conversation is over only when
    /// [`Turn::next`] says so.
    pub fn status(&self) -> Status {
        let broken = self.rare.as_ref().and_then(|rare| rare.broken);
        broken.map_or_else(|| self.pump.status(), Status::Failed)
    }

    /// Whether the machine has been told to stop. It may go on for a while.
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Whether the next input needs the present time. If not, it may have that of an earlier input,
    /// and the driver saves a reading of the clock. After a call that failed the driver reads it.
    #[inline]
    pub fn needs_time(&self) -> bool {
        self.reads_time || self.stopped || self.rare.is_some() || O::STEPS || O::TIMES
    }

    /// The machine, to look at.
    pub fn machine(&self) -> &M {
        self.pump.machine()
    }

    /// The bytes to be sent first once there is room, for a driver that waits for room by sending.
    /// It reports the result with [`Turn::retried`].
    pub fn unsent(&self) -> Option<(&Link, &[u8])> {
        if !self.unsent.is_empty() {
            return Some((self.link.as_ref()?, self.unsent.as_slice()));
        }
        self.first_blocked().map(|(link, bytes)| (link, &**bytes))
    }

    /// The observer, when the conversation is over.
    pub fn into_observer(self) -> O {
        self.pump.into_observer()
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    #[inline]
    fn transport(&self) -> Transport {
        match self.wire {
            WireState::Stream | WireState::Dead => Transport::Stream,
            WireState::None | WireState::Datagrams => Transport::Datagram,
        }
    }

    /// Whether anything waits for room.
    #[inline]
    fn has_unsent(&self) -> bool {
        !self.unsent.is_empty() || self.first_blocked().is_some()
    }

    /// The first datagram that waits for room.
    #[inline]
    fn first_blocked(&self) -> Option<&(Link, Vec<u8>)> {
        self.rare.as_ref()?.blocked.front()
    }

    /// Whether there is a socket that can be used.
    #[inline]
    fn is_open(&self) -> bool {
        matches!(self.wire, WireState::Datagrams | WireState::Stream)
    }

    /// Whether the system has taken everything that was sent, or it was lost.
    fn all_sent(&self) -> bool {
        self.in_flight == 0 && !self.has_unsent()
    }

    /// Whether the socket may receive, and there is room for the answers.
    #[inline]
    fn can_receive(&self) -> bool {
        match self.wire {
            WireState::Stream => self.read_open && !self.unsent.is_full(),
            WireState::Datagrams => self.first_blocked().is_none(),
            WireState::None | WireState::Dead => false,
        }
    }

    /// Whether to give the machine what its peers send.
    fn receives(&self) -> bool {
        self.pump.is_running() && self.pump.machine().interest().network && self.can_receive()
    }

    /// Drops what could not be sent, and the finish that was to follow.
    fn drop_unsent(&mut self) {
        self.unsent.clear();
        if let Some(rare) = &mut self.rare {
            rare.blocked.clear();
            rare.finishing = None;
        }
    }

    /// Notes a fault. A stream is dead after it, and neither receives nor sends any more; a
    /// datagram socket goes on.
    fn note_fault(&mut self, doing: Doing, fault: Fault) {
        if self.wire == WireState::Stream {
            self.wire = WireState::Dead;
            self.drop_unsent();
        }
        if matches!(fault.kind, FaultKind::Other | FaultKind::Exhausted) {
            self.faults = self.faults.saturating_add(1);
            if self.faults > MAX_FAULTS {
                self.rare().broken = Some(Failure::Io(doing, fault));
            }
        }
    }
}

//! Outputs that wait to be sent, and when each of them leaves.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::{GAP, HELD_BACK, Impairments, MAX_HELD, SEND_OVERHEAD};
use crate::link::{Link, Transport};
use crate::outbox::Outbox;
use crate::output::Notice;
use crate::rng::Rng;
use crate::time::Mono;

/// Decides what happens to each send, and keeps it until it leaves.
#[derive(Debug)]
pub struct ImpairedQueue {
    transport: Transport,
    impairments: Impairments,
    rng: Rng,
    /// In the order in which they leave.
    held: VecDeque<Held>,
    /// How many bytes are held, with what each send takes besides.
    bytes: usize,
    /// How many of those held are held back. Usually none, and then the queue is not searched.
    held_back: usize,
    /// Before this moment no further piece of a stream leaves.
    next_piece: Mono,
    /// The stream is dead: nothing leaves any more.
    dead: bool,
}

#[derive(Debug)]
struct Held {
    at: Mono,
    link: Link,
    kind: HeldKind,
}

#[derive(Debug)]
enum HeldKind {
    /// One datagram, or bytes of a stream of which so many have left.
    Send(Vec<u8>, usize),
    /// A datagram that waits for another to overtake it.
    HeldBack(Vec<u8>),
    Finish,
    Reset,
}

impl HeldKind {
    /// How many bytes it counts for.
    fn weight(&self) -> usize {
        match self {
            HeldKind::Send(bytes, _) | HeldKind::HeldBack(bytes) => bytes.len() + SEND_OVERHEAD,
            HeldKind::Finish | HeldKind::Reset => 0,
        }
    }

    fn is_held_back(&self) -> bool {
        matches!(self, HeldKind::HeldBack(_))
    }
}

impl ImpairedQueue {
    /// An empty one. The same seed makes the same faults.
    pub const fn new(transport: Transport, impairments: Impairments, seed: u64) -> Self {
        ImpairedQueue {
            transport,
            impairments,
            rng: Rng::new(seed),
            held: VecDeque::new(),
            bytes: 0,
            held_back: 0,
            next_piece: Mono::ZERO,
            dead: false,
        }
    }

    /// What it is for.
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// Whether all that was sent has left.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Whether it holds as much as it may.
    pub const fn is_full(&self) -> bool {
        self.bytes >= MAX_HELD
    }

    /// When the next of it leaves.
    pub fn next(&self) -> Option<Mono> {
        Some(self.held.front()?.at.max(self.next_piece))
    }

    /// Takes a datagram, or bytes of a stream. One that is lost is said.
    pub fn send(&mut self, now: Mono, link: Link, bytes: &[u8], out: &mut Outbox) {
        let at = now.plus(self.impairments.delay);
        match self.transport {
            Transport::Stream => self.send_stream(at, link, bytes),
            Transport::Datagram => self.send_datagram(at, link, bytes, out),
        }
    }

    fn send_stream(&mut self, at: Mono, link: Link, bytes: &[u8]) {
        let reset = self.rng.chance(self.impairments.reset);
        let bytes = match reset {
            true => &bytes[..bytes.len() / 2],
            false => bytes,
        };
        if !bytes.is_empty() {
            self.hold(at, link, HeldKind::Send(bytes.to_vec(), 0));
        }
        if reset {
            self.hold(at, link, HeldKind::Reset);
        }
    }

    fn send_datagram(&mut self, at: Mono, link: Link, bytes: &[u8], out: &mut Outbox) {
        if self.is_full() || self.rng.chance(self.impairments.lose) {
            return out.notice(Notice::Lost(link.peer, bytes.len()));
        }
        let overtaken = self.take_held_back(link);
        let again = self.rng.chance(self.impairments.duplicate);
        if overtaken.is_none() && self.rng.chance(self.impairments.reorder) {
            self.hold(at.plus(HELD_BACK), link, HeldKind::HeldBack(bytes.to_vec()));
        } else {
            self.hold(at, link, HeldKind::Send(bytes.to_vec(), 0));
        }
        if again {
            self.hold(at, link, HeldKind::Send(bytes.to_vec(), 0));
        }
        if let Some(overtaken) = overtaken {
            self.hold(at, link, HeldKind::Send(overtaken, 0));
        }
    }

    /// Takes out the datagram to the same peer that waits to be overtaken.
    fn take_held_back(&mut self, link: Link) -> Option<Vec<u8>> {
        if self.held_back == 0 {
            return None;
        }
        let waits =
            |held: &Held| held.link.peer == link.peer && matches!(held.kind, HeldKind::HeldBack(_));
        let held = self.held.remove(self.held.iter().position(waits)?)?;
        self.count_out(&held.kind);
        match held.kind {
            HeldKind::HeldBack(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Closes the writing side of a stream, or asks a datagram socket for an error, once all that
    /// was sent before has left.
    pub fn finish(&mut self, now: Mono, link: Link) {
        let last = self.held.back().map_or(now, |held| held.at);
        self.hold(last.max(now), link, HeldKind::Finish);
    }

    fn hold(&mut self, at: Mono, link: Link, kind: HeldKind) {
        if self.dead {
            return;
        }
        self.bytes += kind.weight();
        self.held_back += usize::from(kind.is_held_back());
        // A stream's delay is always the same, so this is the end of the queue.
        let place = self.held.partition_point(|held| held.at <= at);
        self.held.insert(place, Held { at, link, kind });
    }

    /// Hands over what may leave by now. Returns the link of a stream that is reset, and forgets
    /// what was to follow.
    pub fn release(&mut self, now: Mono, out: &mut Outbox) -> Option<Link> {
        while self.next().is_some_and(|at| at <= now) {
            let held = self.held.front_mut()?;
            let link = held.link;
            match &mut held.kind {
                HeldKind::Send(bytes, left) if self.transport == Transport::Stream => {
                    let rest = &bytes[*left..];
                    let len = match self.impairments.pieces {
                        Some(most) => {
                            self.next_piece = now.plus(self.impairments.delay.max(GAP));
                            self.rng.below(most.get() as u64) as usize + 1
                        }
                        None => rest.len(),
                    };
                    let piece = &rest[..len.min(rest.len())];
                    out.send(link, piece);
                    *left += piece.len();
                    if *left < bytes.len() {
                        continue;
                    }
                }
                HeldKind::Send(bytes, _) | HeldKind::HeldBack(bytes) => out.send(link, bytes),
                HeldKind::Finish => out.finish(link),
                HeldKind::Reset => {
                    self.abort();
                    out.abort(link);
                    return Some(link);
                }
            }
            self.pop();
        }
        None
    }

    /// Hands over all at once: there is no time left.
    pub fn flush(&mut self, out: &mut Outbox) {
        while let Some(Held { link, kind, .. }) = self.pop() {
            match kind {
                HeldKind::Send(bytes, left) => out.send(link, &bytes[left..]),
                HeldKind::HeldBack(bytes) => out.send(link, &bytes),
                HeldKind::Finish => out.finish(link),
                HeldKind::Reset => {}
            }
        }
    }

    fn pop(&mut self) -> Option<Held> {
        let held = self.held.pop_front()?;
        self.count_out(&held.kind);
        Some(held)
    }

    fn count_out(&mut self, left: &HeldKind) {
        self.bytes -= left.weight();
        self.held_back -= usize::from(left.is_held_back());
    }

    /// The system has reported an error: a stream is dead after it.
    pub fn fault(&mut self) {
        if self.transport == Transport::Stream {
            self.abort();
        }
    }

    /// A link is given up: forgets what has not left. A stream takes no more.
    pub fn abort(&mut self) {
        self.held.clear();
        (self.bytes, self.held_back) = (0, 0);
        self.dead = self.transport == Transport::Stream;
    }
}

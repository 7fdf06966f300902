//! The deadlines of all conversations.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use socklab_core::Mono;

/// Which conversation, and that it is still the same one: keys are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address {
    pub(crate) key: usize,
    pub(crate) number: u64,
}

/// A heap of moments at which to look at a conversation.
///
/// An entry is never moved: most deadlines are moved later (with each byte) or not needed any more,
/// and that costs nothing here. When an entry comes up, the conversation is looked at, and put in
/// again for whatever its deadline is by then. So a conversation has one entry that matters, and
/// those of conversations that are gone are swept when they are most of the heap. Adding and taking
/// are O(log n), which at 100,000 connections is 17 steps.
#[derive(Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Mono, Address)>>,
}

/// Below this a heap is too small to be worth sweeping.
const SMALL: usize = 1024;

impl Timers {
    /// Has a conversation looked at, at that moment.
    pub(crate) fn add(&mut self, at: Mono, address: Address) {
        self.heap.push(Reverse((at, address)));
    }

    /// The next moment at which there is something to look at.
    pub(crate) fn next(&self) -> Option<Mono> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// A conversation whose moment has come, and which moment that was.
    pub(crate) fn take_due(&mut self, now: Mono) -> Option<(Mono, Address)> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(due)| due)
    }

    /// Forgets entries of conversations that are gone, if they are most of the heap.
    pub(crate) fn sweep(&mut self, living: usize, lives: impl Fn(Address) -> bool) {
        if self.heap.len() > SMALL && self.heap.len() > 2 * living {
            self.heap.retain(|Reverse((_, address))| lives(*address));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_in_order_and_swept() {
        let mut timers = Timers::default();
        let at = Mono::from_nanos;
        let address = |key| Address { key, number: 0 };
        for key in [3, 1, 2] {
            timers.add(at(key as u64), address(key));
        }
        assert_eq!(timers.next(), Some(at(1)));
        assert_eq!(timers.take_due(at(0)), None);
        assert_eq!(timers.take_due(at(2)), Some((at(1), address(1))));
        assert_eq!(timers.take_due(at(2)), Some((at(2), address(2))));
        assert_eq!(timers.take_due(at(2)), None);
        for key in 0..2 * SMALL {
            timers.add(at(9), address(key));
        }
        timers.sweep(10, |address| address.key < 10);
        assert_eq!(timers.heap.len(), 11);
    }
}

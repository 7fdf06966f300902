//! Bytes and datagrams that the system had no room for.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::link::Link;

/// Back-pressure: a stream is read only while fewer bytes than this wait to be sent, so that a peer
/// that asks and does not read the answers cannot fill the memory.
const HIGH_WATER: usize = 64 * 1024;

/// How many unsent bytes an empty queue may keep room for.
const IDLE_CAPACITY: usize = 4096;

/// Bytes of a stream, in the order of sending. What has been sent is removed from the front in
/// bulk: a large answer is not moved each time that the peer takes a little of it.
#[derive(Debug, Default)]
pub(crate) struct Unsent {
    bytes: Vec<u8>,
    sent: usize,
}

impl Unsent {
    /// The bytes that wait, the next to be sent first.
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// Whether no byte waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.sent == self.bytes.len()
    }

    /// Whether so many bytes wait that the machine should be given no more to answer.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() - self.sent >= HIGH_WATER
    }

    /// Appends bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Removes the first `len` bytes, which have been sent.
    pub(crate) fn sent(&mut self, len: usize) {
        self.sent += len;
        if self.is_empty() {
            self.clear();
        } else if self.sent > self.bytes.len() / 2 {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
    }

    /// Removes all bytes, and frees the memory of a large answer.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(IDLE_CAPACITY);
        self.sent = 0;
    }
}

/// Datagrams that wait for room, in the order of sending.
pub(crate) type BlockedDatagrams = VecDeque<(Link, Vec<u8>)>;

#[cfg(test)]
mod tests {
    use std::prelude::v1::*;
    use std::vec;

    use super::*;

    #[test]
    fn full_at_the_high_water_mark() {
        let mut unsent = Unsent::default();
        unsent.push(&vec![0; HIGH_WATER - 1]);
        assert!(!unsent.is_full());
        unsent.push(&[0]);
        assert!(unsent.is_full());
        unsent.sent(1);
        assert!(!unsent.is_full());
    }

    #[test]
    fn in_order_whatever_the_pieces() {
        let all: Vec<u8> = (0..200).collect();
        for piece in 1..50 {
            let (mut unsent, mut sent) = (Unsent::default(), Vec::new());
            for some in all.chunks(30) {
                unsent.push(some);
                let len = piece.min(unsent.as_slice().len());
                sent.extend_from_slice(&unsent.as_slice()[..len]);
                unsent.sent(len);
            }
            sent.extend_from_slice(unsent.as_slice());
            assert_eq!(sent, all);
        }
    }
}

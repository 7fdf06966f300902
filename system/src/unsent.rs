//! What waits to be written to a stream.

/// A stream is read only while fewer bytes than this wait to be written: a peer that asks and does
/// not take the answers must not fill the memory.
const HIGH_WATER: usize = 64 * 1024;

/// How many unsent bytes an empty queue may keep room for.
const KEEP: usize = 4096;

/// Bytes in the order of sending. What is written is dropped from the front in bulk, so that a
/// large answer to a peer that takes little at a time is not moved along for each piece.
#[derive(Debug, Default)]
pub struct Unsent {
    bytes: Vec<u8>,
    written: usize,
}

impl Unsent {
    /// Those that wait, the first to be sent first.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.bytes.len() - self.written
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether so many wait that the machine should be given no more to answer.
    pub fn is_full(&self) -> bool {
        self.len() >= HIGH_WATER
    }

    /// Adds some at the end.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Notes that so many of them are written.
    pub fn wrote(&mut self, len: usize) {
        self.written += len;
        if self.is_empty() {
            self.clear();
        } else if self.written > self.bytes.len() / 2 {
            self.bytes.drain(..self.written);
            self.written = 0;
        }
    }

    /// Forgets them all, and the memory of a large answer.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEEP);
        self.written = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_at_the_high_water_mark() {
        let mut unsent = Unsent::default();
        unsent.push(&[0; HIGH_WATER - 1]);
        assert!(!unsent.is_full());
        unsent.push(&[0]);
        assert!(unsent.is_full());
        unsent.wrote(1);
        assert!(!unsent.is_full());
    }

    #[test]
    fn in_order_whatever_the_pieces() {
        let all: Vec<u8> = (0..200).collect();
        for piece in 1..50 {
            let (mut unsent, mut written) = (Unsent::default(), Vec::new());
            for some in all.chunks(30) {
                unsent.push(some);
                let len = piece.min(unsent.len());
                written.extend_from_slice(&unsent.as_slice()[..len]);
                unsent.wrote(len);
            }
            written.extend_from_slice(unsent.as_slice());
            assert_eq!(written, all);
        }
    }
}

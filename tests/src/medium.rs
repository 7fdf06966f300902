//! The network between two machines.

use std::time::Duration;

use socklab_core::Rng;

/// Decides whether and when sent data arrive.
///
/// A medium knows neither addresses nor machines, so one medium can decorate another.
pub trait Medium: Send {
    /// How long anything takes to arrive without faults.
    fn latency(&self) -> Duration;

    /// When each copy of a datagram arrives, counted from now. No copy means that it is lost.
    fn datagram(&mut self) -> Vec<Duration>;

    /// How `len` bytes of a stream are cut, and when each piece arrives, counted from now.
    ///
    /// The network ensures that no piece overtakes an earlier one.
    fn stream(&mut self, len: usize) -> Vec<(usize, Duration)>;
}

/// A wire on which everything arrives whole, once, in order, after the same time.
#[derive(Clone, Copy, Debug)]
pub struct PerfectWire(
    /// The time.
    pub Duration,
);

impl Default for PerfectWire {
    fn default() -> Self {
        PerfectWire(Duration::from_millis(1))
    }
}

impl Medium for PerfectWire {
    fn latency(&self) -> Duration {
        self.0
    }

    fn datagram(&mut self) -> Vec<Duration> {
        vec![self.0]
    }

    fn stream(&mut self, len: usize) -> Vec<(usize, Duration)> {
        vec![(len, self.0)]
    }
}

/// The probability of each fault, in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// A datagram is lost.
    pub drop: u16,
    /// A datagram arrives twice.
    pub duplicate: u16,
    /// A datagram is held back until later ones have overtaken it.
    pub reorder: u16,
    /// Anything takes up to 30 ms longer.
    pub delay: u16,
    /// A stream is cut after a byte.
    pub split: u16,
    /// A piece of a stream waits for those that follow it.
    pub merge: u16,
}

impl Faults {
    /// All faults, all frequent.
    pub const ALL: Faults = Faults {
        drop: 150,
        duplicate: 150,
        reorder: 150,
        delay: 300,
        split: 200,
        merge: 300,
    };
}

/// Decorates a medium with faults, from a seed.
#[derive(Clone, Debug)]
pub struct Faulty<M> {
    inner: M,
    faults: Faults,
    rng: Rng,
}

impl<M: Medium> Faulty<M> {
    /// The same seed makes the same faults.
    pub const fn new(inner: M, faults: Faults, seed: u64) -> Self {
        Faulty {
            inner,
            faults,
            rng: Rng::new(seed),
        }
    }

    fn later(&mut self, at: Duration) -> Duration {
        if self.rng.chance(self.faults.delay) {
            at + Duration::from_micros(self.rng.below(30_000))
        } else {
            at
        }
    }
}

/// How long a datagram is held back: longer than a [`Faulty`] medium delays any other.
const HELD_BACK: Duration = Duration::from_millis(200);

/// Pieces that merge arrive at the next multiple of this time, in nanoseconds.
const TOGETHER: u64 = 20_000_000;

impl<M: Medium> Medium for Faulty<M> {
    fn latency(&self) -> Duration {
        self.inner.latency()
    }

    fn datagram(&mut self) -> Vec<Duration> {
        let mut copies = Vec::new();
        for at in self.inner.datagram() {
            let times = if self.rng.chance(self.faults.drop) {
                0
            } else if self.rng.chance(self.faults.duplicate) {
                2
            } else {
                1
            };
            for _ in 0..times {
                let held = self.rng.chance(self.faults.reorder);
                let at = self.later(at);
                copies.push(if held { at + HELD_BACK } else { at });
            }
        }
        copies
    }

    fn stream(&mut self, len: usize) -> Vec<(usize, Duration)> {
        let mut pieces = Vec::new();
        for (len, at) in self.inner.stream(len) {
            let mut piece = 0;
            for nth in 1..=len {
                piece += 1;
                if nth == len || self.rng.chance(self.faults.split) {
                    let at = self.later(at);
                    let at = if self.rng.chance(self.faults.merge) {
                        let nanos = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
                        Duration::from_nanos(nanos.next_multiple_of(TOGETHER))
                    } else {
                        at
                    };
                    pieces.push((piece, at));
                    piece = 0;
                }
            }
        }
        pieces
    }
}

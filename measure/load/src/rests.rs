//! Who waits a moment before asking again.

use std::collections::VecDeque;

/// How long after a refusal, or for want of a port, in nanoseconds: asking at once would do nothing
/// but ask.
const REST: u64 = 1_000_000;

/// Those that rest, in the order in which they wake.
#[derive(Debug, Default)]
pub(crate) struct Rests(VecDeque<(u64, u32)>);

impl Rests {
    pub(crate) fn add(&mut self, now: u64, who: u32) {
        self.0.push_back((now + REST, who));
    }

    /// When the next one wakes.
    pub(crate) fn next(&self) -> Option<u64> {
        self.0.front().map(|&(until, _)| until)
    }

    /// One that has rested.
    pub(crate) fn wake(&mut self, now: u64) -> Option<u32> {
        let &(until, who) = self.0.front()?;
        (until <= now).then(|| {
            self.0.pop_front();
            who
        })
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

//! Sockets that pause before they ask again.

use std::collections::VecDeque;

/// How long to pause after a refusal or without a free port, in nanoseconds. Without a pause, the
/// load would only be refused again and again.
const REST: u64 = 1_000_000;

/// Which sockets pause, in the order in which their pauses end.
#[derive(Debug, Default)]
pub(crate) struct Rests(VecDeque<(u64, u32)>);

impl Rests {
    pub(crate) fn add(&mut self, now: u64, who: u32) {
        self.0.push_back((now + REST, who));
    }

    /// When the next pause ends.
    pub(crate) fn next(&self) -> Option<u64> {
        self.0.front().map(|&(until, _)| until)
    }

    /// Takes a socket whose pause has ended.
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

//! Sockets that back off before they ask again.

use std::collections::VecDeque;

/// How long to wait after a refusal or without a free port, in nanoseconds. Without a delay, the
/// load would only be refused again and again.
const DELAY: u64 = 1_000_000;

/// Which sockets wait, in the order in which their delays end.
#[derive(Debug, Default)]
pub(crate) struct Backoff(VecDeque<(u64, u32)>);

impl Backoff {
    pub(crate) fn add(&mut self, now: u64, socket: u32) {
        self.0.push_back((now + DELAY, socket));
    }

    /// When the next delay ends.
    pub(crate) fn next_end(&self) -> Option<u64> {
        self.0.front().map(|&(until, _)| until)
    }

    /// Takes a socket whose delay has ended.
    pub(crate) fn take_ended(&mut self, now: u64) -> Option<u32> {
        let &(until, socket) = self.0.front()?;
        (until <= now).then(|| {
            self.0.pop_front();
            socket
        })
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

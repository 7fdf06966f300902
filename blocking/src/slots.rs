//! How many connections are served at once.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A counting semaphore: one slot for each connection.
pub(crate) struct Slots {
    free: Mutex<usize>,
    changed: Condvar,
}

impl Slots {
    pub(crate) fn new(free: usize) -> Self {
        Slots {
            free: Mutex::new(free),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a slot, waiting for one; gives up, with nothing, when `stop` says so.
    pub(crate) fn take(&self, stop: impl Fn() -> bool) -> Option<Slot<'_>> {
        let mut free = self.lock();
        while *free == 0 {
            if stop() {
                return None;
            }
            free = self
                .changed
                .wait(free)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Some(Slot(self))
    }

    /// Waits until some slot is given back, or for `limit`.
    pub(crate) fn wait(&self, limit: Duration) {
        let free = self.lock();
        drop(self.changed.wait_timeout(free, limit));
    }

    /// Has whoever waits look again.
    pub(crate) fn wake(&self) {
        drop(self.lock());
        self.changed.notify_all();
    }
}

/// A slot, given back when dropped.
pub(crate) struct Slot<'a>(&'a Slots);

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        *self.0.lock() += 1;
        self.0.changed.notify_all();
    }
}

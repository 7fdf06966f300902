//! How many connections are served at once.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A counting semaphore: one slot for each connection.
pub(crate) struct Slots {
    free: Mutex<Free>,
    changed: Condvar,
}

struct Free {
    slots: usize,
    /// How many wait to hear of a change: telling nobody is a system call too.
    waiting: usize,
}

impl Slots {
    pub(crate) fn new(free: usize) -> Self {
        Slots {
            free: Mutex::new(Free {
                slots: free,
                waiting: 0,
            }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Free> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a slot, waiting for one; gives up, with nothing, when `stop` says so.
    pub(crate) fn take(&self, stop: impl Fn() -> bool) -> Option<Slot<'_>> {
        let mut free = self.lock();
        while free.slots == 0 {
            if stop() {
                return None;
            }
            free.waiting += 1;
            free = self
                .changed
                .wait(free)
                .unwrap_or_else(PoisonError::into_inner);
            free.waiting -= 1;
        }
        free.slots -= 1;
        Some(Slot(self))
    }

    /// Waits until some slot is given back, or for `limit`.
    pub(crate) fn wait(&self, limit: Duration) {
        let mut free = self.lock();
        free.waiting += 1;
        let waited = self.changed.wait_timeout(free, limit);
        let (mut free, _) = waited.unwrap_or_else(PoisonError::into_inner);
        free.waiting -= 1;
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
        let mut free = self.0.lock();
        free.slots += 1;
        if free.waiting > 0 {
            self.0.changed.notify_all();
        }
    }
}

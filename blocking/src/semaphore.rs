//! How many connections are served at once: a counting semaphore.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One permit for each connection that may be served.
pub(crate) struct Semaphore {
    free: Mutex<usize>,
    changed: Condvar,
}

impl Semaphore {
    pub(crate) fn new(free: usize) -> Self {
        Semaphore {
            free: Mutex::new(free),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a permit and takes it; `None` once `stop` says so.
    pub(crate) fn take(&self, stop: impl Fn() -> bool) -> Option<Permit<'_>> {
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
        Some(Permit(self))
    }

    /// Waits until some permit is given back, or for `limit`.
    pub(crate) fn wait(&self, limit: Duration) {
        let free = self.lock();
        drop(self.changed.wait_timeout(free, limit));
    }

    /// Wakes all that wait, so that they look at `stop` again.
    pub(crate) fn wake(&self) {
        drop(self.lock());
        self.changed.notify_all();
    }
}

/// A permit, given back when dropped.
pub(crate) struct Permit<'a>(&'a Semaphore);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.0.lock() += 1;
        self.0.changed.notify_all();
    }
}

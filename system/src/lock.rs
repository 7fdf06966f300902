//! How a lock is taken.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also where a thread has panicked meanwhile: what these locks guard is whole between any
/// two statements, so one conversation that panics takes no other with it.
#[inline]
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The programs that run, so that Ctrl-C can end them.

use std::sync::{Mutex, MutexGuard, PoisonError};

static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

fn lock() -> MutexGuard<'static, Vec<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn add(process: u32) {
    lock().push(process);
}

pub(super) fn remove(process: u32) {
    lock().retain(|&one| one != process);
}

pub(super) fn all() -> Vec<u32> {
    lock().clone()
}

//! A register that forgets: for students who want to try.

use std::sync::{Arc, Mutex, PoisonError};

use socklab_core::policy::Ledger;
use socklab_core::register::{Attempt, Done, Register};
use socklab_register::Journal;

use super::journal::Log;

/// Judges as a real register does, throttles nobody, and keeps nothing.
pub(super) struct Rehearsal {
    ledger: Mutex<Ledger>,
    log: Arc<Log>,
}

impl Rehearsal {
    pub(super) fn new(log: Arc<Log>) -> Self {
        Rehearsal {
            ledger: Mutex::default(),
            log,
        }
    }
}

impl Register for Rehearsal {
    fn store(&self, attempt: Attempt, done: Done) {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let decision = ledger.judge(&attempt);
        drop(ledger);
        self.log.decided(&attempt, &decision);
        done(decision);
    }
}

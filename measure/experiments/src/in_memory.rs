//! A register for exercises that are played to be watched.

use std::sync::{Arc, Mutex, PoisonError};

use socklab_core::lab::{Exercise, ExerciseOption};
use socklab_core::policy::Ledger;
use socklab_core::register::{Attempt, Decision, Done, Register};

/// An empty register, if the exercise needs one.
pub(crate) fn register(exercise: &Exercise) -> Option<Arc<dyn Register>> {
    let needed = exercise.options.contains(&ExerciseOption::Register);
    needed.then(|| Arc::new(InMemory::default()) as _)
}

/// A register that is kept in memory only.
#[derive(Default)]
pub(crate) struct InMemory(Mutex<Ledger>);

impl InMemory {
    /// Decides an attempt, and remembers it.
    pub(crate) fn judge(&self, attempt: &Attempt) -> Decision {
        let mut ledger = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ledger.judge(attempt)
    }
}

impl Register for InMemory {
    fn store(&self, attempt: Attempt, done: Done) {
        done(self.judge(&attempt));
    }
}

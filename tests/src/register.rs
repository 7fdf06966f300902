//! Registers for tests.

use std::sync::{Mutex, PoisonError};

use socklab_core::otp::{Code, Dni, Key, TimeStep};
use socklab_core::policy::Ledger;
use socklab_core::register::{Attempt, Done, Register};

/// A register in memory that decides at once, by the policy.
#[derive(Debug, Default)]
pub struct MemoryRegister(Mutex<Ledger>);

impl MemoryRegister {
    /// An empty one.
    pub fn new() -> Self {
        MemoryRegister::default()
    }

    /// How many submissions count.
    pub fn submissions(&self) -> u64 {
        let ledger = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ledger.submissions()
    }
}

impl Register for MemoryRegister {
    fn store(&self, attempt: Attempt, done: Done) {
        let mut ledger = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let decision = ledger.judge(&attempt);
        drop(ledger);
        done(decision);
    }
}

/// A register that never decides.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Register for Silent {
    fn store(&self, _: Attempt, _: Done) {}
}

/// The code of a DNI at a Unix time in seconds.
///
/// # Panics
/// When `dni` is no DNI.
pub fn code_at(dni: &str, unix_seconds: u64) -> Code {
    let dni = Dni::parse(dni).expect("a DNI");
    Key::from_dni(&dni).code(TimeStep::at(unix_seconds))
}

//! What a register tells its server while it works.

use socklab_core::policy::Reading;
use socklab_core::register::{Attempt, Decision};

use crate::error::{Error, Notice};

/// Is told what a register does, on the register's own thread. It must not block for long.
pub trait Journal: Send + Sync {
    /// These attempts were decided together, and the decisions are durable and answered.
    fn decided(&self, _batch: &[(Attempt, Decision)]) {}

    /// Something happened to the register.
    fn event(&self, _event: &Event) {}
}

/// Ignores everything.
impl Journal for () {}

/// What can happen to a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It failed: nothing is confirmed until it has been opened anew and checked.
    Failed(Error),
    /// It was opened anew and is whole.
    Recovered,
    /// The system's clock has jumped, or stands before a code that was accepted.
    Clock(Reading),
    /// It works, but its lecturer should know.
    Notice(Notice),
    /// What the register has of these DNIs cannot be used; no other student is concerned.
    Damaged {
        /// The DNIs.
        dnis: Vec<String>,
        /// What is wrong with it.
        detail: String,
    },
    /// The server was not told what codes are made from, and the register remembers random
    /// secrets.
    SecretsRemembered,
    /// The server was told that codes are made from the DNI, and the register had random secrets.
    SecretsGivenUp,
}

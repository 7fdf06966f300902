//! What a register tells its server while it works.

use socklab_core::policy::ClockState;
use socklab_core::register::{Attempt, Decision};

use crate::detail::Detail;
use crate::error::{Error, Notice};

/// Is told what a register does, on the register's thread unless an event says otherwise. Must not
/// block for long.
pub trait RegisterObserver: Send + Sync {
    /// A batch was decided. The decisions are durable, and have been answered.
    fn decided(&self, _batch: &[(Attempt, Decision)]) {}

    /// Something happened to the register.
    fn event(&self, _event: &RegisterEvent) {}
}

/// Ignores everything.
impl RegisterObserver for () {}

/// What can happen to a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegisterEvent {
    /// The register failed. Nothing is confirmed until it has been opened again and checked.
    Failed(Error),
    /// The register was opened again and is whole.
    Recovered,
    /// Too many attempts wait: further ones are answered that the register is unavailable. Told
    /// once, until none waits, and on the thread that brought the attempt.
    QueueFull,
    /// The system's clock has jumped, or is behind an accepted code.
    Clock(ClockState),
    /// The register works, but its lecturer should know this.
    Notice(Notice),
    /// The entries of these DNIs cannot be used; no other student is affected.
    Damaged {
        /// The DNIs.
        dnis: Vec<String>,
        /// What is wrong with the entries.
        detail: Detail,
    },
    /// The server was not told what codes are made from, and the register remembers random
    /// secrets.
    SecretsRemembered,
    /// The server was told that codes are made from the DNI, and the register had random secrets.
    SecretsGivenUp,
}

//! What drivers made of tasks have in common, whatever polls the tasks.
//!
//! A task is left when it waits, and polled again when something may have happened. What is here
//! knows no executor, no reactor and no socket. Those are the model, and each driver has its own.

mod alarm;
mod budget;
mod lend;
mod mailbox;
mod watched;

pub use alarm::{Alarm, Sleep};
pub use budget::Budget;
pub use lend::lend;
pub use mailbox::{Mailbox, Wakeup};
pub use watched::{Times, WOKEN, watched};

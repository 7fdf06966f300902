//! What drivers made of tasks have in common, whatever polls the tasks.
//!
//! A task is left when it waits, and polled again when something may have happened. What is here says only that: it knows
//! no executor, no reactor and no socket. Those are the model, and each driver has its own.

mod alarm;
mod mailbox;
mod watched;

pub use alarm::{Alarm, Sleep};
pub use mailbox::{Mailbox, Wakeup};
pub use watched::{Times, WOKEN, watched};

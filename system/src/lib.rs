//! What every driver needs of an operating system, whatever its I/O model: the clock, the options
//! of sockets, the meaning of error codes, the user's lines, and a way to be told to stop.
//!
//! The core knows none of this, and no driver should write it again. What is *not* here is how to
//! wait, read and write: that is what the drivers differ in, and each shows it plainly.

#![forbid(unsafe_code)]

mod caused;
mod clock;
mod fault;
mod gate;
mod lines;
mod observed;
mod pause;
mod run;
#[cfg(unix)]
mod signals;
pub mod socket;
mod stamp;
mod stop;
pub mod task;
mod unsent;

pub use caused::{Caused, Received};
pub use clock::Clock;
pub use fault::{Errors, fault};
pub use gate::Gate;
pub use lines::{LineEvent, LineReader, MAX_LINE};
pub use observed::{Moved, moment, report, timed};
pub use pause::AcceptPause;
pub use run::{Backend, Run};
pub use stamp::{ask_for_stamps, receive_stamped};
pub use stop::{Bell, Stop, StopGuard};
pub use unsent::Unsent;

//! What every driver needs of an operating system, whatever its I/O model: the clock, socket
//! options, the meaning of error codes, the user's lines, and a way to be told to stop.
//!
//! The core knows none of this, and no driver should repeat it. How to wait, read and write is
//! *not* here: that is what the drivers differ in, so each shows it.

#![forbid(unsafe_code)]

mod acceptor;
mod batching;
mod budget;
mod carry_out;
mod clock;
mod datagram;
mod fault;
mod limit;
mod lines;
mod lock;
mod mailbox;
mod observed;
mod run;
#[cfg(target_os = "linux")]
mod segmentation;
#[cfg(unix)]
mod signals;
pub mod socket;
mod stop;
pub mod transfer;
mod wire;

pub use acceptor::{AcceptStep, Acceptor, Incoming};
pub use budget::Budget;
pub use carry_out::{
    Calls, Opened, RunContext, ThreadMessage, ThreadMessageSender, carry_out, deliver,
};
pub use clock::{Clock, LoopClock};
pub use datagram::Ancillary;
#[cfg(target_os = "linux")]
pub use datagram::arrival;
pub use fault::{call_error, fault};
pub use limit::{AcceptPause, ConnectionLimit, MAX_REFUSALS, Permit, SILENCE};
pub use lines::{Lines, MAX_LINE};
pub use lock::lock;
pub use mailbox::Mailbox;
pub use observed::{Moved, observed_time, operation, timed};
pub use run::{Backend, Run, serve_at, setup_failed};
#[cfg(unix)]
pub use signals::{is_ignored, stop_signals};
pub use socket::SystemSocket;
pub use stop::{Stop, StopGuard};
pub use wire::{UdpWire, Wire, stream_received, supports_batching};

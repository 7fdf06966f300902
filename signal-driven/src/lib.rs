//! Signal-driven I/O (Stevens, *UNIX Network Programming*, vol. 1, figure 6.4 and chapter 25): the
//! kernel sends `SIGIO` when something happens to a socket.
//!
//! * **Where it waits.** In `sigtimedwait`, for the signal. A program could compute meanwhile and
//!   be interrupted; a server has nothing else to do.
//! * **What it costs.** One signal for any amount of data, because signals do not queue. The signal
//!   does not name the socket or the number of datagrams, so the loop receives from every socket
//!   until it would block.
//! * **Where it breaks down.** With TCP. The signal comes for everything that can happen to a
//!   connection: it was accepted, bytes came, room came, one side was shut (UNP 25.2). It does not
//!   say which of these happened, and would come almost all the time. So this model serves UDP
//!   only. Stevens names one real user of it, the NTP server.
//!
//! `model` has the one place where it waits; `signal` makes the two system calls that no safe
//! library offers. The loop is [`socklab_readiness`]'s. Linux only: on other systems a signal goes
//! to a process, not to a thread.

#![cfg(target_os = "linux")]
#![deny(unsafe_code)]

mod model;
mod signal;

use socklab_readiness::OneLoop;

pub use model::SignalModel;

/// The signal-driven model. It has no TCP: serving or opening a connection fails.
pub type SignalDriven = OneLoop<SignalModel>;

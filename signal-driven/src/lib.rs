//! Signal-driven I/O (Stevens, *UNIX Network Programming*, vol. 1, figure 6.4 and chapter 25): the
//! kernel sends `SIGIO` when something happens to a socket.
//!
//! * **Where it waits.** In `sigtimedwait`, for the signal. A program could do something else
//!   meanwhile, and be interrupted; a server has nothing else to do.
//! * **What it costs.** One signal, however much came: signals do not queue. It does not say for
//!   which socket, nor whether there is one datagram or a hundred, so every socket is received from
//!   until it would block.
//! * **Where it breaks down.** With TCP. The signal comes for everything that can happen to a
//!   connection: a connection was accepted, bytes came, room came, one side was shut (UNP 25.2).
//!   It says no more than that something did, and would hardly ever be silent. So this model serves
//!   UDP only; Stevens's one real user of it is the NTP server.
//!
//! `model` is the model, with the one place where it waits; `signal` makes the two system calls
//! that no safe library has. The loop is [`socklab_readiness`]'s. Linux only: elsewhere a signal
//! goes to a process, not to a thread.

#![cfg(target_os = "linux")]
#![deny(unsafe_code)]

mod model;
mod signal;

use socklab_readiness::OneLoop;

pub use model::SignalLoop;

/// This I/O model. A TCP server of it fails, and so does opening a connection.
pub type SignalDriven = OneLoop<SignalLoop>;

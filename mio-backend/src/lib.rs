//! The lab on one raw mio event loop: one thread waits for all sockets at once.
//!
//! # How the model works
//!
//! No call on a socket waits. A call that has nothing to do returns `WouldBlock`, and the one
//! thread asks the system which of its sockets are ready: Stevens calls it I/O multiplexing (*UNIX
//! Network Programming*, vol. 1, 6.2). mio is `epoll` on Linux, `kqueue` on macOS and the BSDs, and
//! completion ports on Windows.
//!
//! * **Where it waits.** In `poll`, and nowhere else. The user's lines, the register's decisions
//!   and a stop come from other threads through a mailbox that wakes it.
//! * **What a connection costs.** An entry in a slab: its machine, a few words, and bytes only
//!   while some are unsent. No stack, no context switch. One outbox and one receive buffer serve
//!   all.
//! * **Where it breaks down.** One thread is one core, and all others wait for whatever a machine
//!   computes. The order of the exercise is no longer the order of the code: it is in the machine.
//!
//! # Edge-triggered
//!
//! mio reports a *change*: a socket that was empty and has bytes is reported once. So a socket is
//! read until it returns `WouldBlock`; and where that is cut short, because the machine wants no
//! more for now or has had its turn, the loop remembers that the socket is readable.
//!
//! # Where to look
//!
//! `model` is what is mio's own: a poll, and the one call that waits. The loop around it is
//! [`socklab_readiness`], which all models of this family share. `loops` runs several of them,
//! `batched` has each of its calls move many datagrams.

#![forbid(unsafe_code)]

mod batched;
mod loops;
mod model;

use socklab_readiness::OneLoop;

pub use batched::MioBatched;
pub use loops::MioLoops;
pub use model::MioPoll;

/// This I/O model: one loop.
pub type Mio = OneLoop<MioPoll>;

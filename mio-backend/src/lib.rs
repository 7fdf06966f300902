//! The lab on one mio event loop: one thread waits for all sockets at once.
//!
//! # How the model works
//!
//! No call on a socket blocks: if it cannot proceed, it returns `WouldBlock`. The one thread asks
//! the system which of its sockets are ready. Stevens calls this I/O multiplexing (*UNIX Network
//! Programming*, vol. 1, 6.2). mio uses `epoll` on Linux, `kqueue` on macOS and the BSDs, and
//! completion ports on Windows.
//!
//! * **Where it waits.** In `poll`, and nowhere else. The user's lines, the register's decisions
//!   and a stop come from other threads, through a mailbox that wakes the loop.
//! * **What a connection costs.** An entry in a slab: its machine, a few words, and bytes only
//!   while some are unsent. It needs no stack and no context switch. All connections share one
//!   outbox and one receive buffer.
//! * **Where it breaks down.** One thread uses one core, and while a machine computes, all others
//!   wait. The order of the exercise is no longer the order of the code: it is in the machine.
//!
//! # Edge-triggered
//!
//! mio reports a *change*: a socket that was empty and has bytes is reported once. So the loop
//! reads a socket until it returns `WouldBlock`. If it stops earlier, because the machine wants no
//! more for now or has used up its turn, it remembers that the socket is readable.
//!
//! # Where to look
//!
//! `model` is what is specific to mio: a poll, and the one call that waits. The loop around it is
//! [`socklab_readiness`], which all models of this family share. `loops` runs several of them, and
//! `batched` moves many datagrams with each call.

#![forbid(unsafe_code)]

mod batched;
mod loops;
mod model;

use socklab_readiness::OneLoop;

pub use batched::MioBatched;
pub use loops::MioLoops;
pub use model::MioModel;

/// This I/O model: one loop.
pub type Mio = OneLoop<MioModel>;

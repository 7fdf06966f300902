//! Asynchronous I/O (Stevens, *UNIX Network Programming*, vol. 1, figure 6.5) on io_uring: the
//! program submits an operation, and is told when it has been *done*.
//!
//! In the other models the kernel says that a call would not block, and then the program makes the
//! call, which copies the data. Here no copy is left to make: when the program is told, the
//! datagram is in its memory. That is the difference between readiness and completion.
//!
//! * **Where it waits.** In `io_uring_enter`, for completions. The same call submits all operations
//!   since the last one.
//! * **What it costs.** One system call for all datagrams that have come, instead of two or three
//!   for each. A receive is submitted once (a *multishot* operation), with a list of buffers from
//!   which the kernel takes one for each datagram.
//! * **Where it is difficult.** Memory: a buffer that the kernel works on must stay in place until
//!   its completion, even if the conversation has ended.
//!
//! # Where to look
//!
//! `model` has the one place where it waits, the operations that its sockets submit, and their
//! completions. The loop is [`socklab_readiness`]'s. Compared with the other models it also hears
//! that a send has completed; until then the bytes are in flight. `ring` has the memory that the
//! kernel works on, and all `unsafe` code. `message` reads and writes addresses in the kernel's
//! format.

#![cfg(all(target_os = "linux", target_pointer_width = "64"))]
#![deny(unsafe_code)]

mod message;
mod model;
mod ring;

use socklab_readiness::OneLoop;

pub use model::UringModel;

/// The io_uring model.
pub type Uring = OneLoop<UringModel>;

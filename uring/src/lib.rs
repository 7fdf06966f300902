//! Asynchronous I/O (Stevens, *UNIX Network Programming*, vol. 1, figure 6.5) on io_uring: the
//! program asks for something to be *done*, and is told when it has been done.
//!
//! In the other models the kernel says that a call would not block, and then the program makes the
//! call, which copies. Here nothing is left to copy: when the program is told, the datagram lies in
//! its memory. That is the difference between readiness and completion.
//!
//! * **Where it waits.** In `io_uring_enter`, for completions; the same call submits all that was
//!   asked for since the last one.
//! * **What it costs.** One system call for as many datagrams as have come, instead of two or three
//!   for each. Receiving is asked for once (a *multishot* operation), into buffers that the kernel
//!   takes from a list when something has come.
//! * **What it is hard on.** Memory. Whatever the kernel works on must stay where it is until the
//!   completion has come, whatever has become of the conversation meanwhile.
//!
//! # Where to look
//!
//! `model` is the model, with the one place where it waits: what its sockets are asked to do, and
//! what has been done. The loop is [`socklab_readiness`]'s. That a send has landed is all it hears
//! here beside what it hears of the other models: until then the bytes are in flight. `ring` holds
//! the memory that the kernel works on, and all `unsafe` code; `message` reads and writes addresses
//! as the kernel does.

#![cfg(all(target_os = "linux", target_pointer_width = "64"))]
#![deny(unsafe_code)]

mod message;
mod model;
mod ring;

use socklab_readiness::OneLoop;

pub use model::Completions;

/// This I/O model.
pub type Uring = OneLoop<Completions>;

//! The lab on async-std: a task for each connection, which waits at its `.await`s.
//!
//! # How the model works
//!
//! An `async fn` is compiled to a state machine that can be left at each `.await` and taken up
//! again. A *task* is such a machine on an *executor*, which polls it when something may have
//! happened for it. So a conversation reads from top to bottom, as with threads, and yet no
//! thread sleeps in it. Nothing in this crate blocks; what waits is hidden below it:
//!
//! ```text
//!     conversation   tries its socket; would block?  ──►  leaves its waker, returns Pending
//!     executor       polls another task, or, with none left, waits in the reactor
//!     reactor        one epoll, kqueue or IOCP for the whole program, and the timers
//!                    an event  ──►  wakes the task  ──►  the executor polls it: it tries again
//! ```
//!
//! * **Where it waits.** In one `poll` of the reactor, for all sockets and timers together, done by
//!   whichever thread has nothing better to do: the one that called, in `task::block_on`; one of
//!   the executor's, of which there is one for each core (`ASYNC_STD_THREAD_COUNT` changes that);
//!   or async-io's own when they are all busy. A client or a UDP server is one task, run by the
//!   calling thread. A TCP server accepts on the calling thread, and each connection is a task that
//!   any of the executor's threads may run.
//! * **What a connection costs.** A heap block for the task, with the machine in it and room for
//!   the one await it can be left at; a mailbox; a place in the reactor's table. No stack, and no
//!   buffer while it is idle: some 2.2 KB on Linux, where a thread costs 15 KB.
//! * **Where it breaks down.** With work that does not wait: a task that computes, or writes to a
//!   console that blocks, keeps its thread from all others, and no scheduler takes it away. Tasks
//!   yield here after a number of receives, but only because the code says so.
//!   And waiting is dear. async-io arms a socket for one event only, and re-arms its timer and its
//!   notifier for each wait, so where a loop of one's own makes one `epoll_wait`, this makes six
//!   system calls, and two or three more when the thread that waited is not the one that polls the
//!   task. A busy socket seldom waits and does not notice. When the system has nothing left for its
//!   epoll or its threads, async-std panics.
//!
//! The only `.await` of a conversation that waits is the one for what happens next. Carrying out
//! what a machine asks for never waits: the [`Session`](socklab_core::Session) keeps what the
//! system has no room for, and then the wait is for that to be sent.
//!
//! Two things at once are natural here: a task that wants the network *and* the user's line awaits
//! both, and takes what comes first. What comes second must not be lost with the future that is
//! dropped. It is not: these futures wait for readiness, and take a datagram from the kernel only
//! in the poll that returns it. Dropped before, they leave it where it was.
//!
//! The user's lines come from a thread, through a mailbox, so that reading them never blocks the
//! executor. So do decisions of the register, and a stop.
//!
//! # Why async-std
//!
//! Its authors discontinued it in 2025 in favour of [smol](https://docs.rs/smol), whose executor
//! and reactor it had been using since 2020. It stays in the lab because programs written for it
//! are about, and because its names are those of the standard library: `std::net::UdpSocket`
//! becomes `async_std::net::UdpSocket`, and the difference that is left is the model. It is a
//! dependency of this crate alone. `default` is the smallest set of its features that has sockets
//! and tasks; `io_safety` is for the options that it does not offer itself.
//!
//! # Where to look
//!
//! `runtime` is what is async-std's own: how a task hears of its socket, a `wire`, and the
//! executor. The conversation and the listener around it are [`socklab_tasks`], which the models of
//! this family share.

#![forbid(unsafe_code)]

mod runtime;
mod wire;

use socklab_tasks::Tasks;

pub use runtime::AsyncStdRuntime;

/// This I/O model.
pub type AsyncStd = Tasks<AsyncStdRuntime>;

//! The lab on async-std: a task for each connection, which waits at its `.await`s.
//!
//! # How the model works
//!
//! An `async fn` is compiled to a state machine that can be suspended at each `.await` and resumed.
//! A *task* is such a machine on an *executor*, which polls it when something may have happened for
//! it. So a conversation reads from top to bottom, as with threads, but no thread sleeps in it. No
//! call in this crate blocks; the wait is hidden below it:
//!
//! ```text
//!     conversation   tries its socket; would block?  ──►  leaves its waker, returns Pending
//!     executor       polls another task, or, with none left, waits in the reactor
//!     reactor        one epoll, kqueue or IOCP for the whole program, and the timers
//!                    an event  ──►  wakes the task  ──►  the executor polls it: it tries again
//! ```
//!
//! * **Where it waits.** In one `poll` of the reactor, for all sockets and timers together. An idle
//!   thread makes it: the calling one, in `task::block_on`; one of the executor's, one for each
//!   core (`ASYNC_STD_THREAD_COUNT` changes that); or async-io's own if all of these are busy. A
//!   client or a UDP server is one task, run by the calling thread. A TCP server accepts on the
//!   calling thread, and any of the executor's threads may run the task of a connection.
//! * **What a connection costs.** A heap block for the task, with the machine and the state of its
//!   one suspended await; a mailbox; an entry in the reactor's table. It needs no stack, and no
//!   buffer while it is idle: some 2.2 KB on Linux, where a thread costs 15 KB.
//! * **Where it breaks down.** With work that does not wait: a task that computes, or writes to a
//!   blocking console, keeps its thread from all other tasks, and no scheduler takes the thread
//!   away. Tasks here yield after a number of receives, but only because the code says so. Waiting
//!   is also expensive. async-io arms a socket for one event only, and re-arms its timer and its
//!   notifier for each wait. So where an event loop makes one `epoll_wait`, async-std makes six
//!   system calls, and two or three more if the thread that waited is not the one that polls the
//!   task. A busy socket seldom waits, so this hardly costs it anything. async-std panics if the
//!   system has no resources left for its epoll or its threads.
//!
//! A conversation waits at one `.await` only: the one for the next event. Carrying out what a
//! machine asks for never waits. The [`Session`](socklab_core::Session) keeps what the system has
//! no room for, and then the next event includes room to send.
//!
//! Waiting for two things is natural here: a task that wants the network *and* the user's line
//! awaits both, and takes the first. The future of the second is dropped, but no data is lost with
//! it: these futures are cancel-safe. They wait for readiness, and take a datagram from the kernel
//! only in the poll that returns it.
//!
//! The user's lines come from a thread, through a mailbox, so reading them never blocks the
//! executor. The register's decisions and a stop come in the same way.
//!
//! # Why async-std
//!
//! Its authors discontinued it in 2025 in favour of [smol](https://docs.rs/smol), whose executor
//! and reactor it had used since 2020. It stays in the lab because programs written for it still
//! exist, and because its names are those of the standard library: `std::net::UdpSocket` becomes
//! `async_std::net::UdpSocket`, and the remaining difference is the model. Only this crate depends
//! on it. `default` is the smallest set of its features with sockets and tasks; `io_safety` is for
//! socket options that it does not offer itself.
//!
//! # Where to look
//!
//! `runtime` is what is specific to async-std: how a task learns about its socket, a `wire`, and
//! the executor. The conversation and the listener around it are [`socklab_tasks`], which the
//! models of this family share.

#![forbid(unsafe_code)]

mod runtime;
mod wire;

use socklab_tasks::Tasks;

pub use runtime::AsyncStdRuntime;

/// The async-std model.
pub type AsyncStd = Tasks<AsyncStdRuntime>;

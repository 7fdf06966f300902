//! The lab on tokio: a task for each connection, and a reactor that notes on each socket whether it
//! is ready.
//!
//! # How the model works
//!
//! A task reads from top to bottom, as with threads, and is left at an `.await`, where no thread
//! sleeps. tokio is the two things that tasks need: an *executor*, which polls them, and a
//! *reactor*, which waits for all of them in one place.
//!
//! ```text
//!     conversation  waits for its socket; no note?  ──►  leaves its waker, returns Pending
//!     executor      polls another task, or, with none left, waits in the reactor
//!     reactor       one epoll, kqueue or IOCP (it is mio's) for the whole runtime, and the timers
//!                   an event  ──►  notes on the socket that it is ready, and wakes the task
//!     conversation  receives until a call would block: then tokio takes the note off
//! ```
//!
//! * **Where it waits.** In one poll of the reactor, for all sockets and timers together (I/O
//!   multiplexing: Stevens, *UNIX Network Programming*, vol. 1, 6.2), done by a thread of the
//!   runtime that has nothing better to do. A client or a UDP server is one task on a runtime of
//!   one thread, the one that called. A TCP server has a thread for each core that the process may
//!   use (`--threads` sets another number): one of them polls, the others sleep on a condition
//!   variable, and a task that is woken runs on any of them.
//! * **What a connection costs.** A heap block for the task, with the machine in it and room for
//!   the one await it can be left at; a mailbox; an entry of the reactor's. No stack, and no buffer
//!   while it is idle: some 2 KB on Linux, where a thread costs 15 KB. And two system calls: it is
//!   made known to the reactor when it is accepted and taken out at its end, whether it ever waits
//!   or not.
//! * **Where it breaks down.** With work that does not wait: a task that computes, or writes to a
//!   console that blocks, keeps its thread from all others, and no scheduler takes it away. A task
//!   yields here after a number of receives, but only because the code says so. With little to do,
//!   the threads themselves cost: to wake one that sleeps is a system call, and a context switch.
//!   And a UDP server is one socket and one task, so it uses one core however many there are. When
//!   the system has no threads left for its workers, tokio panics.
//!
//! # Readiness
//!
//! tokio offers two ways. `socket.recv_from(..).await` waits and receives in one. `socket.ready(..)
//! .await` only waits, and the `try_` functions only try. This driver uses the second: its wait can
//! be dropped at any time without losing anything, and where many datagrams have come, they are
//! received one after the other without a wait between them. A socket is registered once, for as
//! long as it lives, and edge-triggered: the reactor is not asked again for each wait, as
//! async-std's is.
//!
//! The only `.await` of a conversation that waits is the one for what happens next. Carrying out
//! what a machine asks for never waits: the [`Session`](socklab_core::Session) keeps what the
//! system has no room for. The user's lines, the register's decisions and a stop come from other
//! threads through a mailbox that wakes the task.
//!
//! The note on a socket says that it *may* be ready. Where there is none, tokio makes no system
//! call and says `WouldBlock` itself; the observer is told of real calls only. A new connection has
//! no note yet, so its first sends ask the system without asking tokio.
//!
//! # Where to look
//!
//! `runtime` is what is tokio's own: how a task hears of its socket, a `wire`, and the set-up of
//! its runtime. The conversation and the listener around it are [`socklab_tasks`], which the models
//! of this family share.

#![forbid(unsafe_code)]

mod runtime;
mod wire;

use socklab_tasks::Tasks;

pub use runtime::TokioRuntime;

/// This I/O model.
pub type Tokio = Tasks<TokioRuntime>;

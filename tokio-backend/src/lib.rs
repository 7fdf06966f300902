//! The lab on tokio: a task for each connection, and a reactor that marks each socket as ready or
//! not.
//!
//! # How the model works
//!
//! A task reads from top to bottom, as with threads, and is suspended at an `.await`, where no
//! thread sleeps. tokio provides the two things that tasks need: an *executor*, which polls them,
//! and a *reactor*, which waits for all of them in one place.
//!
//! ```text
//!     conversation  waits for its socket; not marked?  ──►  leaves its waker, returns Pending
//!     executor      polls another task, or, with none left, waits in the reactor
//!     reactor       one epoll, kqueue or IOCP (it is mio's) for the whole runtime, and the timers
//!                   an event  ──►  marks the socket as ready, and wakes the task
//!     conversation  receives until a call would block: then tokio removes the mark
//! ```
//!
//! * **Where it waits.** In one poll of the reactor, for all sockets and timers together (I/O
//!   multiplexing: Stevens, *UNIX Network Programming*, vol. 1, 6.2), made by an idle thread of the
//!   runtime. A client or a UDP server is one task on a runtime with one thread, the calling one. A
//!   TCP server has a thread for each core that the process may use (`--threads` sets another
//!   number). One of them polls, the others sleep on a condition variable, and any of them may run
//!   a woken task.
//! * **What a connection costs.** A heap block for the task, with the machine and the state of its
//!   one suspended await; a mailbox; an entry in the reactor. It needs no stack, and no buffer
//!   while it is idle: some 2 KB on Linux, where a thread costs 15 KB. It also costs two system
//!   calls, because it is registered with the reactor when it is accepted and removed at its end,
//!   whether it ever waits or not.
//! * **Where it breaks down.** With work that does not wait: a task that computes, or writes to a
//!   blocking console, keeps its thread from all other tasks, and no scheduler takes the thread
//!   away. A task here yields after a number of receives, but only because the code says so. Under
//!   a light load the threads themselves cost: waking one takes a system call and a context switch.
//!   A UDP server is one socket and one task, so it uses one core however many there are. tokio
//!   panics if the system has no threads left for its workers.
//!
//! # Readiness
//!
//! tokio offers two ways. `socket.recv_from(..).await` waits and receives in one step.
//! `socket.ready(..).await` only waits, and the `try_` functions only try. This driver uses the
//! second way: its wait is cancel-safe, and datagrams that have come together are received one
//! after the other without a wait between them. A socket is registered once for its lifetime,
//! edge-triggered; async-std asks its reactor again for each wait.
//!
//! A conversation waits at one `.await` only: the one for the next event. Carrying out what a
//! machine asks for never waits: the [`Session`](socklab_core::Session) keeps what the system has
//! no room for. The user's lines, the register's decisions and a stop come from other threads,
//! through a mailbox that wakes the task.
//!
//! The mark on a socket says that it *may* be ready. Without it, tokio makes no system call and
//! returns `WouldBlock` itself; the observer hears of real calls only. A new connection has no mark
//! yet, so its first sends go to the system directly, without tokio.
//!
//! # Where to look
//!
//! `runtime` is what is specific to tokio: how a task learns about its socket, a `wire`, and the
//! set-up of its runtime. The conversation and the listener around it are [`socklab_tasks`], which
//! the models of this family share.

#![forbid(unsafe_code)]

mod runtime;
mod wire;

use socklab_tasks::Tasks;

pub use runtime::TokioRuntime;

/// The tokio model.
pub type Tokio = Tasks<TokioRuntime>;

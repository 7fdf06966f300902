//! Two of Stevens's five I/O models on plain system calls (*UNIX Network Programming*, vol. 1,
//! 6.2).
//!
//! No call on a socket blocks, and one thread serves all sockets. How does it know which of them
//! are ready?
//!
//! * [`nonblocking`] does not know. It tries every socket, again and again, and uses a whole core.
//! * [`select`], [`poll`] and (on Linux) `epoll_level` ask the system, in one call that waits for
//!   all sockets: I/O multiplexing.
//!
//! Each file is one model: what it watches, and the one place where it waits. The loop around it is
//! [`socklab_readiness`], which `mio` shares.

#![forbid(unsafe_code)]

#[cfg(target_os = "linux")]
pub mod epoll_level;
pub mod nonblocking;
#[cfg(unix)]
pub mod poll;
#[cfg(unix)]
pub mod select;

use socklab_readiness::OneLoop;

/// One thread that asks every socket again and again.
pub type Nonblocking = OneLoop<nonblocking::NonblockingModel>;

/// One thread that waits in `poll`.
#[cfg(unix)]
pub type Poll = OneLoop<poll::PollModel>;

/// One thread that waits in a level-triggered `epoll_wait`.
#[cfg(target_os = "linux")]
pub type EpollLevel = OneLoop<epoll_level::EpollModel>;

/// One thread that waits in `select`.
#[cfg(unix)]
pub type Select = OneLoop<select::SelectModel>;

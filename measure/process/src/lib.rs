//! Programs that are measured from outside, in any language.
//!
//! [`Program::start`] starts one on the cores that it may use, and waits until it has its socket.
//! [`prove`] asks it the questions of its exercise, and compares the replies with the reference
//! before anything is timed. [`ProcessUsage::of`] says what it and its children have used so far.
//! Dropping a [`Program`] ends it with all its children.
//!
//! On Linux a process's CPU time is the clock of clock_getcpuclockid(3), in nanoseconds, which
//! includes all its threads, also those that have ended. Context switches, memory and threads come
//! from `/proc`. On other systems all usage is zero.

#![forbid(unsafe_code)]

mod affinity;
mod children;
mod core_time;
mod listening;
mod owner;
mod peers;
mod program;
mod proof;
pub mod sockets;
mod tree;
mod usage;

pub use affinity::{allowed_cores, pin};
pub use children::{end, end_all, spawn, spawn_dependent};
pub use core_time::CoreTime;
pub use listening::free_port;
pub use owner::owner;
pub use peers::{Missing, Peer, peers};
pub use program::{Program, ProgramSpec};
pub use proof::{Unproved, prove};
pub use tree::members;
pub use usage::{ProcessUsage, own_cpu};

//! A server that is measured, in a process of its own: the program itself, started again.
//!
//! [`Measured`] starts it as a child, with the hidden command [`COMMAND`]; the child
//! [serves](serve).

mod blocks;
mod counter;
mod extra;
mod process;
mod server;
mod spec;
mod usage;

pub use process::{Footprint, Measured};
pub use server::{Unserved, serve};
pub use spec::{COMMAND, ServerSpec};
pub use usage::{Usage, raise_descriptors};

//! A server that is measured, in a process of its own: the program itself, started again.
//!
//! [`MeasuredServer`] starts it as a child, with the hidden command [`COMMAND`]; the child
//! [serves](serve).

mod counter;
mod handicap;
mod process;
mod server;
mod slow_work;
mod spec;
mod usage;

pub use process::{Footprint, MeasuredServer};
pub use server::{Unserved, serve};
pub use spec::{COMMAND, ServerSpec};
pub use usage::{ReportedUsage, raise_descriptors};

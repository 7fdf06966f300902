//! What the tests of socklab share.
//!
//! * [`Bench`]: one machine, given one input at a time. Its reactions come back as lines of its
//!   transcript, so that a test reads as a transcript does.
//! * [`VirtualNet`] and [`Pair`]: machines that talk to each other in memory, under a clock that
//!   jumps to the next event. Between them is a [`Medium`]: a plain wire, or one that [loses,
//!   repeats, reorders, delays, splits and merges](Faulty), from a seed.
//! * [`assert_transcript`]: the one snapshot of each end of an exercise. Every runtime must play
//!   its [scene](socklab_core::scene) the same way.
//! * [`real`]: the same scenes between two runtimes, over real sockets.
//! * [`kit`]: what any runtime must do over real sockets; [`backend_tests!`] makes its tests.
//! * [`postgres`]: a private server for tests of the register.
//! * [`MemoryRegister`], [`RawClient`], [`Keyboard`] and [`Screen`]: the other stand-ins.

mod bench;
mod keyboard;
pub mod kit;
mod machines;
mod medium;
mod net;
mod pair;
#[cfg_attr(not(unix), path = "postgres_absent.rs")]
pub mod postgres;
pub mod real;
mod record;
mod register;
mod screen;
mod snapshot;

pub use bench::{Bench, CLIENT, SERVER, fault};
pub use keyboard::Keyboard;
pub use machines::{RawClient, ServiceFn};
pub use medium::{Faults, Faulty, Medium, PerfectWire};
pub use net::{HostId, Script, VirtualNet};
pub use pair::Pair;
pub use record::{Recording, SharedText, header, read};
pub use register::{MemoryRegister, Silent, code_at};
pub use screen::{Said, Screen};
pub use snapshot::{DNI, assert_transcript, exercise};

use std::time::Duration;

/// Unix time at which every virtual run begins.
pub const EPOCH: Duration = Duration::from_secs(1_700_000_000);

/// Parses a socket address.
///
/// # Panics
/// When the text is none.
pub fn address(text: &str) -> std::net::SocketAddr {
    text.parse()
        .unwrap_or_else(|_| panic!("not an address: {text}"))
}

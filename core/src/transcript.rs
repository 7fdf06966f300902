//! Transcripts: what a machine saw and did, as text.
//!
//! A transcript is a header and one line for each event: the time since the run began, an arrow, a
//! word and its details, with the payload last.
//!
//! ```text
//! socklab transcript 1
//! exercise echo
//! role client
//! runtime blocking
//! epoch 1700000000.000000000
//!
//! 0.000000000 -> start
//! 0.000004100 -- server = 127.0.0.1:16000
//! 0.000004100 <- open s0 udp server
//! 0.000071300 -> opened server
//! 0.000071300 <- prompt echo
//! 0.000071300 -- state Typing
//! 1.200000000 -> line "hola"
//! 1.200000000 <- send server "hola"
//! 1.200000000 -- state Waiting
//! 1.200000000 -- deadline reply +5s
//! ```
//!
//! `->` is an input, `<-` an output, `--` a change of the machine. Peers have names; a line with
//! `=` gives the address of a name. Payload is quoted text, or `hex:` if it is not UTF-8. If an
//! exercise's payload is secret, its digits become `*`, unless unmasked output is requested.

mod canonical;
mod line;
mod parse;
mod record;
mod replay;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

pub use line::{Arrow, Line, parse_payload};
pub use parse::{Expected, ParseError, parse};
pub use record::Recorder;
pub use replay::{Divergence, replay};

/// Which end of an exercise a transcript is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The end that begins.
    Client,
    /// The end that waits.
    Server,
}

impl Role {
    /// `client` or `server`.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Client => "client",
            Role::Server => "server",
        }
    }
}

/// The header of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The exercise's name.
    pub exercise: String,
    /// Which end of the exercise the machine is.
    pub role: Role,
    /// The runtime's name.
    pub runtime: String,
    /// The Unix time at offset zero.
    pub epoch: Duration,
    /// Whether the digits of payloads are masked.
    pub masked: bool,
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "socklab transcript 1")?;
        writeln!(f, "exercise {}", self.exercise)?;
        writeln!(f, "role {}", self.role.name())?;
        writeln!(f, "runtime {}", self.runtime)?;
        let (seconds, nanos) = (self.epoch.as_secs(), self.epoch.subsec_nanos());
        writeln!(f, "epoch {seconds}.{nanos:09}")?;
        if self.masked {
            writeln!(f, "masked digits")?;
        }
        writeln!(f)
    }
}

/// One conversation, parsed from text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// The header.
    pub header: Header,
    /// The events.
    pub lines: Vec<Line>,
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.header.fmt(f)?;
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

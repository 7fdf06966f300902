//! Time as a machine sees it: handed in with every input, never read.

use core::time::Duration;

use crate::words::words;

/// A monotonic instant, in nanoseconds since an origin that one run shares.
///
/// Only differences mean anything. `u64` nanoseconds last 584 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(u64);

impl Mono {
    /// The origin of the run.
    pub const ZERO: Mono = Mono(0);

    /// The instant `nanos` nanoseconds after the origin.
    pub const fn from_nanos(nanos: u64) -> Self {
        Mono(nanos)
    }

    /// Nanoseconds since the origin.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// This instant moved later by `by`, stopping at the end of time.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        Mono(self.0.saturating_add(nanos))
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub fn since(self, earlier: Mono) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// The moment of an input: one clock for deadlines, one for one-time codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// For deadlines and offsets in transcripts. Never runs backwards.
    pub mono: Mono,
    /// Since 1970-01-01T00:00:00Z (Unix time), for codes and for the record. May jump.
    pub unix: Duration,
}

impl Now {
    /// A moment for tests and replays: `mono` and `unix` run together from `epoch`.
    pub fn at(epoch: Duration, offset: Duration) -> Self {
        Now {
            mono: Mono::ZERO.plus(offset),
            unix: epoch.saturating_add(offset),
        }
    }
}

/// When a machine wants its timer, and what it is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// The timer may fire at this instant or later, never sooner.
    pub at: Mono,
    /// What the machine gives up on when it fires.
    pub why: Why,
}

impl Deadline {
    /// The deadline so long after `since`; `None` without a time-out.
    pub fn after(since: Mono, timeout: Option<Duration>, why: Why) -> Option<Self> {
        let at = since.plus(timeout?);
        Some(Deadline { at, why })
    }
}

words! {
    /// Why a machine has a deadline. Transcripts show it, so "why is it waiting?" has an answer.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Why {
        /// The connection is being opened.
        Connect = "connect",
        /// The peer owes a reply.
        Reply = "reply",
        /// The peer began and then fell silent.
        Silence = "silence",
        /// The whole exchange has a limit, however slowly its bytes come.
        Patience = "patience",
        /// The register owes a decision.
        Store = "store",
        /// The last bytes of a peer are read and thrown away before closing.
        Drain = "drain",
        /// What was sent leaves late, as its [impairment](crate::impair) has it.
        Impaired = "impaired",
    }
}

//! The results of a load.

use std::time::Duration;

use hdrhistogram::Histogram;

/// The result of a load. Histograms have times in nanoseconds, to three digits.
///
/// A question counts if it was due during the measurement; it is then followed to its end, even
/// after the measurement. Only [`replies`](Outcome::replies) and [`intervals`](Outcome::intervals)
/// count what arrived during the measurement.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How long the warm-up took.
    pub warm_up: Duration,
    /// Whether the rate was [steady](crate::steady::steady) when the measurement began. If not, the
    /// warm-up had reached its longest time.
    pub steady: bool,
    /// The length of the measurement, in seconds.
    pub seconds: f64,
    /// Right replies that arrived during the measurement.
    pub replies: u64,
    /// Right replies in all, including those that arrived after the measurement.
    pub answered: u64,
    /// With persistent connections: how many had at least one question answered. A server that
    /// serves one connection at a time answers one.
    pub served: u32,
    /// Right replies in each whole interval.
    pub intervals: Vec<u64>,
    /// Response times: from when a question was due to its reply. Counts every question of the
    /// measurement that was not [`wrong`](Outcome::wrong) or [`stale`](Outcome::stale). One that
    /// was lost, refused or found no port has no reply: it counts with the time-out, from when it
    /// was sent. Under a closed load a question is due when it is sent.
    pub response: Histogram<u64>,
    /// Service times: from when a question was sent to its reply, for right replies in time.
    pub service: Histogram<u64>,
    /// How late each question was sent after it was due. Empty under a closed load.
    pub lag: Histogram<u64>,
    /// Questions without an answer in time: it never came, came too late, or the connection broke.
    pub lost: u64,
    /// How many of the lost questions were answered later, before the load ended.
    pub late: u64,
    /// Duplicate replies.
    pub duplicated: u64,
    /// Right replies in time that arrived after the reply to a later question of the same socket.
    pub reordered: u64,
    /// Replies with other content than expected.
    pub wrong: u64,
    /// Questions that were refused: no program listened.
    pub refused: u64,
    /// Connections that could not be opened because this machine had no free port.
    pub out_of_ports: u64,
    /// Submissions that were refused because their code's step ended before the answer came. This
    /// is no mistake of the server.
    pub stale: u64,
    /// The share of the measured time in which this thread had something to do, from 0 to 1. CPU
    /// time would be misleading: the thread spins for a moment before it sleeps, and always just
    /// before a question is due.
    pub busy: f64,
    /// The first wrong reply.
    pub first_wrong: Option<Mismatch>,
    /// How many questions were asked in all, warm-up included.
    pub asked: u64,
}

/// A wrong reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The expected reply.
    pub expected: Vec<u8>,
    /// The reply that came.
    pub got: Vec<u8>,
}

/// How a warm-up went.
#[derive(Clone, Copy, Debug)]
pub struct WarmUp {
    /// How long it took.
    pub took: Duration,
    /// Whether the rate became steady.
    pub steady: bool,
}

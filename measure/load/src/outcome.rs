//! The results of a load.

use std::time::Duration;

use hdrhistogram::Histogram;

/// What a load found. Times in histograms are in nanoseconds, to three digits.
///
/// A question belongs to the measurement if it was due while it was measured, and is then followed
/// to its end even after. [`replies`](Outcome::replies) and [`intervals`](Outcome::intervals) alone
/// count what arrived while it was measured.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How long the load ran before it was measured.
    pub warm_up: Duration,
    /// Whether it was [steady](crate::steady::steady) by then. If not, the time for it had run out,
    /// and it was measured all the same.
    pub steady: bool,
    /// How long was measured.
    pub seconds: f64,
    /// Right replies that arrived in that time.
    pub replies: u64,
    /// Right replies in all, with those that came after that time, before the load stopped
    /// listening.
    pub answered: u64,
    /// Of how many connections at least one question was answered, if they stay. A server of one
    /// connection at a time answers one.
    pub served: u32,
    /// How many in each whole interval.
    pub intervals: Vec<u64>,
    /// From when a question was due to its reply, of all that the measurement owns but those that
    /// are [`wrong`](Outcome::wrong) or [`stale`](Outcome::stale). Those that were lost, refused or
    /// found no port have no reply: each stands here with the time-out, counted from when it was
    /// sent. Under a closed load a question is due when it is sent.
    pub response: Histogram<u64>,
    /// From when a question was sent to its reply, of those that were answered rightly and in time.
    pub service: Histogram<u64>,
    /// How long after it was due each question was sent. Empty under a closed load.
    pub lag: Histogram<u64>,
    /// Questions without an answer in time, because it never came, came later, or the connection
    /// broke.
    pub lost: u64,
    /// How many of the lost were answered after all, before the load ended.
    pub late: u64,
    /// Replies that came again.
    pub duplicated: u64,
    /// Replies, right and in time, that came after that to a later question of the same socket.
    pub reordered: u64,
    /// Replies that were not what they had to be.
    pub wrong: u64,
    /// Questions for which nobody listened.
    pub refused: u64,
    /// Connections that could not be made for want of a port of our own.
    pub out_of_ports: u64,
    /// Submissions turned down whose code's step had ended before the answer came: nobody's
    /// mistake.
    pub stale: u64,
    /// The share of the measured time in which there was something to do (1 is all of it). Looking
    /// in vain is not: this thread looks a little before it sleeps, and all the time just before a
    /// question is due, so its CPU time would tell less.
    pub busy: f64,
    /// The first wrong reply, after what it had to be.
    pub first_wrong: Option<(Vec<u8>, Vec<u8>)>,
    /// How many questions were asked in all, warm-up included.
    pub asked: u64,
}

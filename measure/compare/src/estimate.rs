//! Figures that were estimated from several rounds, and what may be said of two of them.

use serde::{Deserialize, Serialize};

/// A range that a figure lies in, with a confidence of 95 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// A figure that was estimated from several rounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The median over the rounds.
    pub value: f64,
    /// Where the median of many rounds would be. `None` if there are too few rounds to say.
    pub interval: Option<Interval>,
}

impl Estimate {
    /// A known part of it.
    pub(crate) fn times(self, part: f64) -> Self {
        let interval = self.interval.map(|one| Interval {
            low: one.low * part,
            high: one.high * part,
        });
        Estimate {
            value: self.value * part,
            interval,
        }
    }
}

/// What is compared between models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Replies a second. More is better; with all others less is.
    Rate,
    /// The median response time.
    P50,
    /// The 99th percentile of the response time.
    P99,
    /// The server's CPU time for each reply.
    Cpu,
}

impl Metric {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Metric; 4] = [Metric::Rate, Metric::P50, Metric::P99, Metric::Cpu];
}

/// What may be said of the ratio of two models' figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The model's figure is higher than the baseline's.
    Higher,
    /// It is lower.
    Lower,
    /// They cannot be told apart by this measurement.
    NoDetectableDifference,
    /// There are too few rounds to say anything.
    TooFew,
}

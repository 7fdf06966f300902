//! Figures that were estimated from several rounds, and verdicts on two of them.

use serde::{Deserialize, Serialize};

/// A 95 % interval.
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
    /// The confidence interval of the median. `None` if there are too few rounds.
    pub interval: Option<Interval>,
}

impl Estimate {
    /// The estimate multiplied by a known factor.
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

/// The figures that are compared between models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Replies per second. Higher is better; for all other metrics lower is better.
    Rate,
    /// The median response time.
    P50,
    /// The 99th percentile of the response time.
    P99,
    /// The server's CPU time for each reply.
    Cpu,
}

impl Metric {
    /// All metrics, in the order in which they are shown.
    pub const ALL: [Metric; 4] = [Metric::Rate, Metric::P50, Metric::P99, Metric::Cpu];
}

/// The verdict on the ratio of two models' figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The model's figure is higher than the baseline's.
    Higher,
    /// The model's figure is lower.
    Lower,
    /// No detectable difference.
    NoDetectableDifference,
    /// There are too few rounds for a verdict.
    TooFew,
}

//! The measurements, as they are stored: these types are the schema of the JSON files.
//! Times are in microseconds unless a name says otherwise, memory is in KiB, and everything that is
//! "for each reply" is left as a total beside the number of replies, so that nothing is divided
//! twice. Definitions: `docs/metrics.md`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The version of this schema. A change that a reader would notice adds one.
pub const SCHEMA: u32 = 1;

/// One comparison: what was asked, on what machine, and every trial of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Of socklab.
    pub version: String,
    /// When it began, in Unix time.
    pub started: u64,
    /// How long it took, in seconds.
    pub took: f64,
    /// What the order of the trials and the bootstrap were drawn from.
    pub seed: u64,
    /// `echo`, `welcome` or `submit`.
    pub exercise: String,
    /// The models, in the order they were asked for. With `--target` that address is one of them.
    pub models: Vec<String>,
    /// Which of the models the others are compared with.
    pub baseline: String,
    /// The loads, which trials name by their place here.
    pub loads: Vec<Load>,
    /// The machine.
    pub environment: Environment,
    /// What was proved of each model before anything was timed.
    pub proofs: Vec<Proof>,
    /// How long each slice was, in seconds, if servers took turns: a trial is the slices of a round
    /// together.
    #[serde(default)]
    pub slice: Option<f64>,
    /// Every trial, in the order in which they were run.
    pub trials: Vec<Trial>,
    /// What idle connections cost, if it was asked.
    #[serde(default)]
    pub idle: Vec<Idle>,
    /// The highest rates that were kept up, if it was asked.
    #[serde(default)]
    pub knees: Vec<Knee>,
}

/// What a server was put under.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Load {
    /// Each connection asks again as soon as it is answered.
    Closed {
        /// How many at once.
        connections: u32,
    },
    /// Questions are asked at their time, answered or not.
    Open {
        /// How many take turns.
        connections: u32,
        /// Questions a second.
        rate: f64,
    },
}

/// The machine and how it was set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// In the order in which they are shown: `kernel`, `cpu`, `cores`, `governor`, …, each with its
    /// value; `unknown` where the system does not say.
    pub facts: Vec<(String, String)>,
    /// Reservations about these figures, as ids of messages: `shared-core`, `virtual-machine`, …
    pub cautions: Vec<String>,
}

/// The result of proving a model before anything was timed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// The model.
    pub model: String,
    /// Whether the model's transcript equals the reference's. A model with another transcript has
    /// no trials.
    pub same: bool,
    /// The first difference: the reference's line and the model's.
    pub difference: Option<(String, String)>,
}

/// One measurement of one model under one load.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Which round, from 0: in each every model has every load once, in a shuffled order.
    pub round: u32,
    /// Which model.
    pub model: String,
    /// Which of [`Results::loads`].
    pub load: usize,
    /// The length of the warm-up, in seconds. No figure below includes it.
    pub warm_up: f64,
    /// Whether the rate became steady within the longest warm-up.
    pub steady: bool,
    /// The length of the measurement, in seconds.
    pub seconds: f64,
    /// Right replies during the measurement. Beside a slow client or request there may be none.
    pub replies: u64,
    /// How many in each interval of the same length, to see how even it was.
    pub intervals: Vec<u64>,
    /// Response times: from when a question was due to its reply. Under a closed load a question is
    /// due when the one before is answered, so these are the service times.
    pub response: Latencies,
    /// Service times: from when a question was sent to its reply.
    pub service: Latencies,
    /// What went wrong.
    pub losses: Losses,
    /// The load generator's own figures.
    pub generator: Generator,
    /// How many of its slices others disturbed: those do not count, as long as there are enough
    /// others.
    #[serde(default)]
    pub disturbed: u32,
    /// What the server used. `None` for a target, which cannot be asked.
    pub server: Option<ServerUsage>,
    /// What limits the figures: they depend on the generator, and so are bounds.
    #[serde(default)]
    pub limits: Vec<Invalid>,
    /// Why this trial is invalid.
    pub invalid: Vec<Invalid>,
}

impl ServerUsage {
    /// CPU time, in its own code and in the kernel.
    pub(crate) fn cpu(&self) -> f64 {
        self.user + self.system
    }
}

impl Trial {
    /// Whether any right reply came. On a busy computer, or beside a slow client, all replies may
    /// come after the measurement.
    pub fn is_answered(&self) -> bool {
        self.service.samples > 0
    }

    /// A figure of the server for each reply. Where waits are measured, a trial may have none:
    /// replies that come after a slice are not counted.
    pub(crate) fn per_reply(&self, figure: impl FnOnce(&ServerUsage) -> f64) -> Option<f64> {
        let server = self.server.as_ref().filter(|_| self.replies > 0)?;
        Some(figure(server) / self.replies as f64)
    }
}

/// A distribution of times.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latencies {
    /// The number of times.
    pub samples: u64,
    /// The arithmetic mean.
    pub mean: f64,
    /// The longest.
    pub max: f64,
    /// The histogram: upper limits, each with the number of times up to it and above the one
    /// before. Times have three digits.
    pub buckets: Vec<(f64, u64)>,
}

impl Latencies {
    /// The quantile at `part` (0 to 1); `None` if fewer than ten times are beyond it, too few to
    /// mean anything.
    pub fn percentile(&self, part: f64) -> Option<f64> {
        let beyond = self.samples as f64 * (1.0 - part);
        (beyond >= 10.0 || (part <= 0.5 && self.samples >= 10)).then(|| self.at(part))
    }

    /// The quantile at `part` (0 to 1), however few times there are.
    pub fn at(&self, part: f64) -> f64 {
        let wanted = (self.samples as f64 * part).ceil() as u64;
        let mut seen = 0;
        for (limit, count) in &self.buckets {
            seen += count;
            if seen >= wanted {
                return limit.min(self.max);
            }
        }
        self.max
    }
}

/// What went wrong under a load, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Losses {
    /// Questions that were not answered in time. Each counts as the time-out in the response times.
    pub lost: u64,
    /// Duplicate replies.
    pub duplicated: u64,
    /// Replies that came after that to a later question of the same connection.
    pub reordered: u64,
    /// Wrong replies.
    pub wrong: u64,
    /// Connections that were refused.
    pub refused: u64,
    /// Connections that could not be opened because this machine had no free port.
    pub out_of_ports: u64,
}

/// The load generator's own figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Generator {
    /// The share of the measured time in which the generator had work, from 0 to 1. Spinning before
    /// it sleeps is no work. Under an open load it spins until the next question is due, so there
    /// its lag says more.
    pub busy: f64,
    /// How late questions were sent, under an open load.
    pub lag: Latencies,
}

/// What a server used while it was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerUsage {
    /// CPU time in its own code.
    pub user: f64,
    /// CPU time in the kernel.
    pub system: f64,
    /// The share of its cores' time that the server used, from 0 to 1.
    pub busy: f64,
    /// Voluntary context switches: a thread waited.
    pub voluntary: u64,
    /// Involuntary context switches: the scheduler ran another thread.
    pub involuntary: u64,
    /// Threads at the end.
    pub threads: u32,
    /// Resident memory at the end.
    pub memory: u64,
    /// Peak resident memory since the server began.
    pub peak: u64,
    /// The driver's operations, by name. Empty if they were not counted.
    pub operations: BTreeMap<String, Operations>,
}

/// How often a driver made one kind of operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operations {
    /// All calls.
    pub calls: u64,
    /// Calls that returned `WouldBlock`.
    pub would_block: u64,
    /// How many datagrams, connections or events they moved.
    pub items: u64,
}

/// Why a trial is invalid, or what limits its figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Invalid {
    /// The load generator was saturated while the server was idle for more than a tenth of the
    /// time: the figure is the generator's.
    GeneratorSaturated,
    /// Under an open load, questions were sent late by more than a tenth of the median service
    /// time.
    LateSchedule,
    /// This machine had no free port left.
    OutOfPorts,
    /// Some replies were wrong.
    WrongReplies,
    /// There are too few replies for the percentiles.
    TooFewSamples,
    /// The rate was not steady within the longest warm-up.
    NotSteady,
    /// The server ended, or did not report what it used.
    ServerGone,
}

/// What idle connections cost a model: one step of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Idle {
    /// Which model.
    pub model: String,
    /// The number of idle connections.
    pub connections: u32,
    /// The server's resident memory.
    pub memory: u64,
    /// Its threads.
    pub threads: u32,
    /// Response times of one more client, which does ask.
    pub reply: Latencies,
}

/// The highest rate that a model kept up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Knee {
    /// Which model.
    pub model: String,
    /// How many connections took turns.
    pub connections: u32,
    /// The limit for the 99th percentile of the response time.
    pub limit: f64,
    /// The highest rate that was tried, in questions per second, of which at least 0.99 is answered
    /// within the limit.
    pub rate: Option<f64>,
    /// The lowest rate that was tried and not kept up.
    #[serde(default)]
    pub above: Option<f64>,
    /// Why it is not known whether still higher rates are kept up, or lower ones than `above`.
    #[serde(default)]
    pub unknown: Option<Invalid>,
    /// The steps of the search that show what the server did: rate offered, rate achieved, 99th
    /// percentile.
    pub steps: Vec<(f64, f64, f64)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_without_replies_has_no_figure_for_each() {
        let server = ServerUsage {
            user: 20.0,
            system: 10.0,
            ..ServerUsage::default()
        };
        let mut trial = Trial {
            replies: 10,
            server: Some(server),
            ..Trial::default()
        };
        assert_eq!(trial.per_reply(ServerUsage::cpu), Some(3.0));
        trial.replies = 0;
        assert_eq!(trial.per_reply(ServerUsage::cpu), None);
        trial.server = None;
        assert_eq!(trial.per_reply(ServerUsage::cpu), None);
    }
}

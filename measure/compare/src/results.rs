//! What was measured, as it is kept: the schema of the JSON files is these types.
//!
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
    /// What makes these figures less than they could be, by the id of a message: `shared-core`,
    /// `virtual-machine`, …
    pub cautions: Vec<String>,
}

/// What was proved of a model before the clock ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// Which.
    pub model: String,
    /// Whether its transcript of the exercise is the reference's. A model for which it is not has
    /// no trials.
    pub same: bool,
    /// Where it differs first: the reference's line and its own.
    pub difference: Option<(String, String)>,
}

/// One model under one load, once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Which round, from 0: in each every model has every load once, in a shuffled order.
    pub round: u32,
    /// Which model.
    pub model: String,
    /// Which of [`Results::loads`].
    pub load: usize,
    /// How long the load ran before its rate was steady, in seconds. Nothing of it is in any figure
    /// below.
    pub warm_up: f64,
    /// Whether it became steady within the time for it.
    pub steady: bool,
    /// How long was measured, in seconds.
    pub seconds: f64,
    /// Right replies while it was.
    pub replies: u64,
    /// How many in each interval of the same length, to see how even it was.
    pub intervals: Vec<u64>,
    /// From the moment when a question was due to its answer. Under a closed load it is due when
    /// the one before is answered, so this is the service time.
    pub response: Latencies,
    /// From the moment when a question was sent to its answer.
    pub service: Latencies,
    /// What went wrong.
    pub losses: Losses,
    /// How the program fared that made the load.
    pub generator: Generator,
    /// How many of its slices others disturbed: those do not count, as long as there are enough
    /// others.
    #[serde(default)]
    pub disturbed: u32,
    /// What the server used. Nothing for a target that is not ours to ask.
    pub server: Option<Server>,
    /// What its figures are limited by: they are the generator's in part, and so are bounds.
    #[serde(default)]
    pub limits: Vec<Invalid>,
    /// Why this trial must not be believed.
    pub invalid: Vec<Invalid>,
}

/// How long something took, of many.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latencies {
    /// How many.
    pub samples: u64,
    /// The arithmetic mean.
    pub mean: f64,
    /// The longest.
    pub max: f64,
    /// All of them: an upper limit, and how many took no longer than it but longer than the one
    /// before. Three digits are kept.
    pub buckets: Vec<(f64, u64)>,
}

impl Latencies {
    /// The time within which a `part` (0 to 1) of them were done; nothing if there are fewer than
    /// ten beyond it, for then it would be an anecdote.
    pub fn percentile(&self, part: f64) -> Option<f64> {
        let beyond = self.samples as f64 * (1.0 - part);
        (beyond >= 10.0 || (part <= 0.5 && self.samples >= 10)).then(|| self.at(part))
    }

    /// The time within which a `part` (0 to 1) of them were done, however few they are.
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

/// What went wrong under a load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Losses {
    /// Questions that were not answered in time. Each counts as the time-out in the response times.
    pub lost: u64,
    /// Answers that came again.
    pub duplicated: u64,
    /// Answers that came after that to a later question of the same connection.
    pub reordered: u64,
    /// Answers that were not what they had to be.
    pub wrong: u64,
    /// Connections that could not be made.
    pub refused: u64,
    /// Connections that could not be made for want of a port of our own.
    pub out_of_ports: u64,
}

/// How the load was made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Generator {
    /// The share of the measured time in which it had something to do (1 is all of it): before it
    /// sleeps it looks a little, which is no work. Under an open load it waits busily for the time
    /// of the next question, so there its lag says more.
    pub busy: f64,
    /// How long after its time a question was sent, under an open load.
    pub lag: Latencies,
}

/// What a server used while it was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Server {
    /// CPU time in its own code.
    pub user: f64,
    /// CPU time in the kernel.
    pub system: f64,
    /// The share of its cores' time that it used (1 is all of it).
    pub busy: f64,
    /// Context switches because it waited.
    pub voluntary: u64,
    /// Context switches because others had their turn.
    pub involuntary: u64,
    /// Threads at the end.
    pub threads: u32,
    /// Resident memory at the end.
    pub memory: u64,
    /// Resident memory at most since it began.
    pub peak: u64,
    /// What its driver did, by the name of the operation. Empty if nobody watched.
    pub operations: BTreeMap<String, Operations>,
}

/// How often a driver did something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operations {
    /// All.
    pub calls: u64,
    /// Those that found nothing to do (`WouldBlock`).
    pub would_block: u64,
    /// How many datagrams, connections or events they moved.
    pub items: u64,
}

/// Why a trial must not be believed, or what limits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Invalid {
    /// The generator could do no more while the server idled for more than a tenth of the time: the
    /// figure is the generator's.
    GeneratorSaturated,
    /// Under an open load, questions left late by more than a tenth of the median service time.
    LateSchedule,
    /// Our own ports ran out.
    OutOfPorts,
    /// Some replies were wrong.
    WrongReplies,
    /// There are too few replies for the percentiles.
    TooFewSamples,
    /// The rate was not steady within the time for it.
    NotSteady,
    /// The server ended, or did not say what it used.
    ServerGone,
}

/// What idle connections cost a model: one step of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Idle {
    /// Which model.
    pub model: String,
    /// How many are connected and say nothing.
    pub connections: u32,
    /// The server's resident memory.
    pub memory: u64,
    /// Its threads.
    pub threads: u32,
    /// How long one more client, who does say something, waits for its answer.
    pub reply: Latencies,
}

/// The highest rate that a model kept up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Knee {
    /// Which model.
    pub model: String,
    /// How many connections took turns.
    pub connections: u32,
    /// The most that the 99th percentile of the response time might be.
    pub limit: f64,
    /// The highest rate with at least 0.99 of it answered within the limit, a second.
    pub rate: Option<f64>,
    /// What was tried: rate offered, rate achieved, 99th percentile.
    pub steps: Vec<(f64, f64, f64)>,
}

//! Conclusions from all rounds of a comparison.
//!
//! For each model under each load a [`Cell`]: medians over the rounds, with 95 % bootstrap
//! intervals. For each model that is not the baseline a [`Ratio`] for each load and metric. For
//! each model whose idle connections were counted an [`IdleCost`].

mod cells;
mod idle;
mod modes;
mod ratios;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use cells::{is_bound, is_valid};
pub(crate) use idle::extremes;
pub use modes::Mode;

pub use crate::estimate::{Estimate, Interval, Metric, Verdict};
use crate::results::{Invalid, Losses, Results};

/// The content of a file: the measurements and their summary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The measurements. The summary can be computed from them again.
    pub results: Results,
    /// The conclusions from them.
    pub summary: Summary,
}

impl Document {
    /// The measurements with their summary.
    pub fn new(results: Results) -> Self {
        let summary = Summary::new(&results);
        Document { results, summary }
    }
}

/// Conclusions from all rounds of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// One for each model and load that were tried, in the order of the models and then of the
    /// loads.
    pub cells: Vec<Cell>,
    /// One for each model but the baseline, load and metric, in that order.
    pub ratios: Vec<Ratio>,
    /// One for each load and metric that some model has a figure of.
    pub best: Vec<Best>,
    /// One for each model whose idle connections were counted.
    pub idle: Vec<IdleCost>,
}

/// One model under one load.
///
/// An [invalid](Cell::invalid) cell has no figures. If a cell has [bounds](Cell::bounds), its rate
/// is a lower bound of what the server can do, and its times are upper bounds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Which model.
    pub model: String,
    /// Which of [`Results::loads`].
    pub load: usize,
    /// The number of rounds.
    pub trials: u32,
    /// The number of valid rounds. All figures come from these.
    pub valid: u32,
    /// Why the other rounds are invalid: for each reason the number of rounds.
    pub reasons: BTreeMap<Invalid, u32>,
    /// Why the whole cell is invalid. Empty if it is valid.
    pub invalid: Vec<Invalid>,
    /// What makes the rate and the times bounds in at least half of the valid rounds. Empty if they
    /// are no bounds.
    #[serde(default)]
    pub bounds: Vec<Invalid>,
    /// Right replies a second.
    pub rate: Option<Estimate>,
    /// The two speeds that the server has, the slower first, if it has two. The rate and the times
    /// are then those of neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modes: Option<[Mode; 2]>,
    /// From the moment when a question was due to its answer.
    pub response: Percentiles,
    /// From the moment when a question was sent to its answer.
    pub service: Percentiles,
    /// The server's CPU time for each reply, in microseconds: all of it.
    pub cpu: Option<Estimate>,
    /// That of its own code: the share of all rounds together, of the median.
    pub user: Option<Estimate>,
    /// That of the kernel.
    pub system: Option<Estimate>,
    /// The share of its cores' time that the server used.
    pub busy: Option<Estimate>,
    /// Context switches because the server waited, for each reply.
    pub voluntary: Option<Estimate>,
    /// Context switches because others had their turn, for each reply.
    pub involuntary: Option<Estimate>,
    /// What the server's driver did for each reply, by the name of the operation. Empty if
    /// operations were not counted.
    pub operations: BTreeMap<String, OperationsPerReply>,
    /// The server's threads at the end.
    pub threads: Option<Estimate>,
    /// Its resident memory at the end, in KiB.
    pub memory: Option<Estimate>,
    /// Its resident memory at most, in KiB.
    pub peak: Option<Estimate>,
    /// How long the load ran before its rate was steady, in seconds.
    pub warm_up: Option<Estimate>,
    /// The share of the measured time in which the generator was on a CPU.
    pub generator_busy: Option<Estimate>,
    /// What went wrong in the valid rounds, all together.
    pub losses: Losses,
    /// Right replies in the valid rounds, all together.
    pub replies: u64,
}

/// Percentiles of a time, in microseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Half took no longer.
    pub p50: Option<Estimate>,
    /// 90 % took no longer.
    pub p90: Option<Estimate>,
    /// 99 % took no longer.
    pub p99: Option<Estimate>,
    /// 99.9 % took no longer.
    pub p999: Option<Estimate>,
    /// The longest.
    pub max: Option<Estimate>,
    /// Which of these are left out, by their names here, and why.
    pub left_out: BTreeMap<String, Invalid>,
}

/// How often a driver did something for each reply.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OperationsPerReply {
    /// Calls.
    pub calls: Option<Estimate>,
    /// Those that found nothing to do.
    pub would_block: Option<Estimate>,
    /// Datagrams, connections or events that they moved.
    pub items: Option<Estimate>,
}

/// A model compared with the baseline: the model's figure divided by the baseline's in the same
/// round under the same load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// Which model.
    pub model: String,
    /// Which of [`Results::loads`].
    pub load: usize,
    /// Of what.
    pub metric: Metric,
    /// In how many rounds both figures are valid.
    pub pairs: u32,
    /// The median over these rounds. Nothing if there are none.
    pub ratio: Option<f64>,
    /// Where the ratio is, with a confidence of 95 %.
    pub interval: Option<Interval>,
    /// Where a second run of as many rounds would find it, with a probability of 95 %.
    pub prediction: Option<Interval>,
    /// What may be said.
    pub verdict: Verdict,
}

/// What a model's idle connections cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdleCost {
    /// Which model.
    pub model: String,
    /// The server's resident memory for each idle connection, in bytes: the slope over all steps,
    /// not one point.
    pub bytes: Option<Estimate>,
    /// Its threads for each idle connection: the slope.
    pub threads: Option<Estimate>,
    /// How much longer one more client waits for its answer for each idle connection, in
    /// microseconds (of the median): the slope.
    pub delay: Option<Estimate>,
}

/// Which model does best, under one load by one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Which of [`Results::loads`].
    pub load: usize,
    /// By what.
    pub metric: Metric,
    /// The model with the best median.
    pub model: String,
    /// Those that cannot be told apart from it, in the order of the models; it is then no more than
    /// one of the best.
    pub tied: Vec<String>,
    /// Those that are surely worse, the worst last.
    #[serde(default)]
    pub worse: Vec<Worse>,
}

/// A model that is surely worse than the best one, under one load by one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worse {
    /// Which.
    pub model: String,
    /// Its figure divided by the best one's.
    pub ratio: f64,
    /// Where that ratio is, with a confidence of 95 %.
    pub interval: Interval,
}

impl Cell {
    /// Its figure of what is compared.
    pub fn figure(&self, metric: Metric) -> Option<Estimate> {
        match metric {
            Metric::Rate => self.rate,
            Metric::P50 => self.response.p50,
            Metric::P99 => self.response.p99,
            Metric::Cpu => self.cpu,
        }
    }
}

impl Summary {
    /// What the results say. The same results give the same summary: the bootstrap is drawn from
    /// their seed.
    pub fn new(results: &Results) -> Self {
        let cells = cells::all(results);
        Summary {
            ratios: ratios::all(results, &cells),
            best: ratios::best(results, &cells),
            idle: idle::all(results),
            cells,
        }
    }

    /// The cell of a model under a load.
    pub fn cell(&self, model: &str, load: usize) -> Option<&Cell> {
        let is = |cell: &&Cell| cell.model == model && cell.load == load;
        self.cells.iter().find(is)
    }

    /// The ratio of a model to the baseline under a load.
    pub fn ratio(&self, model: &str, load: usize, metric: Metric) -> Option<&Ratio> {
        let is = |one: &&Ratio| one.model == model && one.load == load && one.metric == metric;
        self.ratios.iter().find(is)
    }
}

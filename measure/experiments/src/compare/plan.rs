//! What is to be measured, and how long that takes.

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use socklab_compare::results::Load;
use socklab_core::lab::{Exercise, ExerciseOption};

use crate::cores::Cores;
pub use crate::testbed::{Contestant, ContestantKind};

/// A comparison to be made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is done.
    pub exercise: &'static Exercise,
    /// In the order in which they are shown. The same model may stand here twice, under two names.
    pub contestants: Vec<Contestant>,
    /// The contestant that the others are compared with.
    pub baseline: String,
    /// What each contestant is put under.
    pub loads: Vec<Load>,
    /// How often.
    pub rounds: u32,
    /// How long a trial is measured.
    pub measure: Duration,
    /// How long a load runs before it is measured, at least and at most.
    pub warm_up: Range<Duration>,
    /// After how long a reply is lost.
    pub timeout: Duration,
    /// Datagrams in flight for each socket.
    pub depth: u32,
    /// Whether the servers' operations are counted.
    pub observe: bool,
    /// Which cores the generator and the servers have.
    pub cores: Cores,
    /// Where registers are made, for the exercise that needs one.
    pub folder: PathBuf,
    /// Decides the order of the trials.
    pub seed: u64,
    /// How much CPU time the last contestant uses for each reply on purpose.
    pub handicap: Duration,
    /// Numbers of idle connections to try, if any.
    pub idle: Vec<u32>,
    /// The most that the 99th percentile may be at the knee, if it is to be found.
    pub knee: Option<Duration>,
}

/// How thorough a comparison is.
#[derive(Clone, Copy, Debug)]
pub struct Thoroughness {
    /// Numbers of connections.
    pub loads: &'static [u32],
    /// How often each load at least.
    pub rounds: u32,
    /// How many seconds all trials together are measured, about.
    pub budget: f64,
    /// How many seconds a load runs before it is measured, at least and at most.
    pub warm_up: (f64, f64),
}

/// About how long a slice is.
const SLICE: Duration = Duration::from_millis(100);

/// How many slices a trial has, and how long each is.
pub(super) fn slices(measure: Duration) -> (u32, Duration) {
    let count = measure.as_secs_f64() / SLICE.as_secs_f64();
    let count = (count.round() as u32).max(1);
    (count, measure / count)
}

/// How many slices of a round follow each other.
const BLOCKS: u32 = 5;

/// How many rounds there are at most, if there is time for more.
const MOST_ROUNDS: u32 = 40;

// What differs between processes is averaged by rounds alone, so there are as many rounds as fit,
// of a few slices each.
impl Thoroughness {
    /// A quarter of a minute.
    pub const QUICK: Thoroughness = Thoroughness {
        loads: &[1, 10, 100],
        rounds: 5,
        budget: 9.0,
        warm_up: (0.05, 0.3),
    };
    /// A minute.
    pub const USUAL: Thoroughness = Thoroughness {
        loads: &[1, 10, 100],
        rounds: 9,
        budget: 40.0,
        warm_up: (0.05, 0.5),
    };
    /// Everything.
    pub const FULL: Thoroughness = Thoroughness {
        loads: &[1, 10, 100, 1000, 10_000],
        rounds: 10,
        budget: 600.0,
        warm_up: (0.2, 2.0),
    };

    /// How many rounds of trials fit, and how long each trial is measured, when there are so many
    /// servers and loads together.
    pub fn fit(&self, cells: usize) -> (u32, Duration) {
        let slices = self.budget / (cells.max(1) as f64 * SLICE.as_secs_f64());
        let rounds = (slices as u32 / BLOCKS).clamp(self.rounds, MOST_ROUNDS);
        let blocks = (slices as u32 / rounds).clamp(1, 2 * BLOCKS);
        (rounds, SLICE * blocks)
    }
}

/// A trial to be run: its round, and the indices of the contestant and the load.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlannedTrial {
    pub(super) round: u32,
    pub(super) contestant: usize,
    pub(super) load: usize,
}

/// How long starting and ending a server takes.
const OVERHEAD: Duration = Duration::from_millis(60);

impl Plan {
    /// Whether its servers record what they are asked, and so have a register.
    pub fn records(&self) -> bool {
        self.exercise.options.contains(&ExerciseOption::Register)
    }

    /// How long it will take, about.
    pub fn estimate(&self) -> Duration {
        let trial = self.measure + (self.warm_up.start + self.warm_up.end) / 4 + OVERHEAD;
        let contestants = u32::try_from(self.contestants.len()).unwrap_or(u32::MAX);
        let loads = u32::try_from(self.loads.len()).unwrap_or(u32::MAX);
        let trials = trial * (self.rounds * contestants * loads);
        let connections: u32 = self.idle.iter().sum();
        let idle = (Duration::from_millis(1500) * u32::try_from(self.idle.len()).unwrap_or(0)
            + Duration::from_micros(150) * connections)
            * contestants;
        let knee = self
            .knee
            .map_or(Duration::ZERO, |_| trial * 16 * contestants);
        trials + idle + knee
    }

    /// The order of the trials: rounds, each with every contestant under every load once, shuffled,
    /// so that what changes on the machine with time meets all alike.
    pub(super) fn order(&self) -> Vec<PlannedTrial> {
        let mut rng = fastrand::Rng::with_seed(self.seed);
        let mut order = Vec::new();
        for round in 0..self.rounds {
            let mut all: Vec<PlannedTrial> = (0..self.contestants.len())
                .flat_map(|contestant| {
                    (0..self.loads.len()).map(move |load| PlannedTrial {
                        round,
                        contestant,
                        load,
                    })
                })
                .collect();
            rng.shuffle(&mut all);
            order.extend(all);
        }
        order
    }
}

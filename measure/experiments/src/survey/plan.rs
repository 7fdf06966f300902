//! Which questions are asked of which servers, and for how long.

use std::time::Duration;

use socklab_compare::results::Load;
use socklab_compare::survey::Question;
use socklab_core::Transport;
use socklab_load::Workload;
use socklab_runtimes::Runtime;

use crate::cores::Cores;
use crate::testbed::{Contestant, ContestantKind};

/// How many silent connections there are.
pub(super) const SILENT: u32 = 1000;

/// How many there are before memory is looked at the first time: what a server allocates for its
/// first connections is not what one more costs.
pub(super) const SILENT_BEFORE: u32 = 100;

/// How many blocks each round of a question of who waits has. Three rounds then have twelve slices
/// of each server: of the best one three may be disturbed, and the verdict stands.
pub(super) const BLOCKS_OF_WAITS: u32 = 4;

/// A survey to be made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Who is asked, in the order in which they are shown.
    pub contestants: Vec<Contestant>,
    /// Which cores the generator and the servers have.
    pub cores: Cores,
    /// How thorough it is.
    pub thoroughness: Thoroughness,
    /// Decides the order of the slices.
    pub seed: u64,
}

/// How thorough a survey is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thoroughness {
    /// How long all slices together may take.
    pub budget: Duration,
    /// How often servers are started anew for a question.
    pub rounds: u32,
    /// How often for the questions of who waits, whose differences are large.
    pub rounds_of_waits: u32,
    /// How long a slice is.
    pub slice: Duration,
    /// How long a slice is beside a slow client or slow requests. A slow request and the pause
    /// after it take 20 ms each; the slice ends in a pause.
    pub slice_of_waits: Duration,
    /// How long each load runs before it counts.
    pub warm_up: Duration,
}

impl Thoroughness {
    /// A minute, of seven servers.
    pub const USUAL: Thoroughness = Thoroughness {
        budget: Duration::from_secs(40),
        rounds: 5,
        rounds_of_waits: 3,
        slice: Duration::from_millis(100),
        slice_of_waits: Duration::from_millis(75),
        warm_up: Duration::from_millis(40),
    };
    /// A third of a minute.
    pub const QUICK: Thoroughness = Thoroughness {
        budget: Duration::from_secs(12),
        rounds: 3,
        rounds_of_waits: 3,
        slice: Duration::from_millis(60),
        slice_of_waits: Duration::from_millis(35),
        warm_up: Duration::from_millis(15),
    };
}

/// What starting and ending a server and its load takes, about.
const OVERHEAD: Duration = Duration::from_millis(45);

impl Plan {
    /// How many blocks each round of a question has, so that all fit into the budget.
    pub(super) fn blocks(&self) -> u32 {
        let how = &self.thoroughness;
        let waits = 2 * how.rounds_of_waits * BLOCKS_OF_WAITS * how.slice_of_waits;
        // Three questions in all rounds, and the silent ones in as many as the waits.
        let one = (3 * how.rounds + how.rounds_of_waits) * how.slice;
        let servers = u32::try_from(self.contestants.len()).unwrap_or(1).max(1);
        let left = (how.budget / servers).saturating_sub(waits);
        let blocks = left.as_secs_f64() / one.as_secs_f64();
        (blocks as u32).clamp(1, 4)
    }

    /// How long it will take, about.
    pub fn estimate(&self) -> Duration {
        let how = &self.thoroughness;
        let rounds = 3 * how.rounds + 3 * how.rounds_of_waits;
        let slices = (3 * how.rounds + how.rounds_of_waits) * how.slice * self.blocks()
            + 2 * how.rounds_of_waits * BLOCKS_OF_WAITS * how.slice_of_waits;
        let servers = u32::try_from(self.contestants.len()).unwrap_or(1);
        let silent = Duration::from_millis(150) * how.rounds_of_waits;
        let proof = Duration::from_millis(150);
        servers * (slices + rounds * (OVERHEAD + how.warm_up) + silent + proof)
    }

    /// How often a question's servers are started.
    pub(super) fn rounds(&self, question: Question) -> u32 {
        match question {
            Question::OneClient | Question::HundredBusy | Question::ShortVisits => {
                self.thoroughness.rounds
            }
            Question::SlowClient | Question::SlowRequest | Question::Silent => {
                self.thoroughness.rounds_of_waits
            }
        }
    }
}

/// What is asked in a question, and under which load.
pub(super) fn load(question: Question) -> (Workload, Load) {
    let closed = |workload, connections| (workload, Load::Closed { connections });
    let open = |rate| {
        let connections = 500;
        (Workload::CapitalsOnce, Load::Open { connections, rate })
    };
    match question {
        Question::OneClient | Question::Silent => closed(Workload::Capitals, 1),
        Question::HundredBusy => closed(Workload::Capitals, 100),
        Question::ShortVisits => closed(Workload::Welcome, 32),
        // Those who come in the meantime come at their time: if each waited for its reply, few
        // would be there to wait.
        Question::SlowClient | Question::SlowRequest => open(1000.0),
    }
}

/// Up to seven models that are each another idea, of those that this program has: how the book
/// orders them.
pub fn usual() -> Vec<Contestant> {
    const IDEAS: [&str; 8] = [
        "blocking-iterative",
        "blocking",
        "nonblocking",
        "select",
        "mio",
        "tokio",
        "uring",
        // As long as there is room.
        "blocking-pool",
    ];
    const MOST: usize = 7;
    let here = Runtime::distinct(Transport::Stream);
    let mut models: Vec<Runtime> = IDEAS
        .iter()
        .filter_map(|name| Runtime::find(name))
        .filter(|model| here.contains(model))
        .take(MOST)
        .collect();
    models.sort_by_key(|model| IDEAS_SHOWN.iter().position(|name| *name == model.name()));
    let contestant = |model: Runtime| Contestant {
        name: model.name().to_owned(),
        kind: ContestantKind::Model(model),
    };
    models.into_iter().map(contestant).collect()
}

/// The order in which they are shown.
const IDEAS_SHOWN: [&str; 8] = [
    "blocking-iterative",
    "blocking",
    "blocking-pool",
    "nonblocking",
    "select",
    "mio",
    "tokio",
    "uring",
];

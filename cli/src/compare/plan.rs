//! What is to be measured, and how long that takes.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use socklab_compare::results::Load;
use socklab_core::lab::{Exercise, Offer};

use crate::measured::Cores;

/// A comparison to be made.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) exercise: &'static Exercise,
    /// In the order in which they are shown. The same model may stand here twice, under two names.
    pub(super) entries: Vec<Entry>,
    pub(super) baseline: String,
    pub(super) loads: Vec<Load>,
    pub(super) rounds: u32,
    pub(super) measure: Duration,
    /// How long a load runs before it is measured, at least and at most.
    pub(super) warm_up: (Duration, Duration),
    /// After how long a reply is lost.
    pub(super) timeout: Duration,
    /// Datagrams in flight for each socket.
    pub(super) depth: u32,
    pub(super) observe: bool,
    pub(super) cores: Cores,
    /// Where registers are made, for the exercise that needs one.
    pub(super) folder: PathBuf,
    pub(super) seed: u64,
    /// Numbers of idle connections to try, if any.
    pub(super) idle: Vec<u32>,
    /// The most that the 99th percentile may be at the knee, if it is to be found.
    pub(super) knee: Option<Duration>,
}

/// One of those that are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// What it is called in this comparison.
    pub(super) name: String,
    /// What it is.
    pub(super) kind: Kind,
}

/// Whom a load is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A model of ours, in a process of its own.
    Model(String),
    /// Somebody else's server.
    Target(SocketAddr),
}

/// What starting and ending a server takes, besides.
const OVERHEAD: Duration = Duration::from_millis(60);

impl Plan {
    /// Whether its servers record what they are asked, and so have a register.
    pub(super) fn records(&self) -> bool {
        self.exercise.offers.contains(&Offer::Register)
    }

    /// How long it will take, about.
    pub(super) fn estimate(&self) -> Duration {
        let trial = self.measure + (self.warm_up.0 + self.warm_up.1) / 4 + OVERHEAD;
        let entries = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let loads = u32::try_from(self.loads.len()).unwrap_or(u32::MAX);
        let trials = trial * (self.rounds * entries * loads);
        let connections: u32 = self.idle.iter().sum();
        let idle = (Duration::from_millis(1500) * u32::try_from(self.idle.len()).unwrap_or(0)
            + Duration::from_micros(150) * connections)
            * entries;
        let knee = self.knee.map_or(Duration::ZERO, |_| trial * 12 * entries);
        trials + idle + knee
    }

    /// The order of the trials: rounds, each with every entry under every load once, shuffled, so that what changes on the
    /// machine with time meets all alike.
    pub(super) fn order(&self) -> Vec<(u32, usize, usize)> {
        let mut dice = fastrand::Rng::with_seed(self.seed);
        let mut order = Vec::new();
        for round in 0..self.rounds {
            let mut all: Vec<(u32, usize, usize)> = (0..self.entries.len())
                .flat_map(|entry| (0..self.loads.len()).map(move |load| (round, entry, load)))
                .collect();
            dice.shuffle(&mut all);
            order.extend(all);
        }
        order
    }
}

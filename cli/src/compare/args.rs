//! What `socklab compare` takes, and the plan that it makes of it.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, Command};
use socklab_compare::results::Load;
use socklab_core::Transport;
use socklab_core::lab;

use super::plan::{Entry, Kind, Plan};
use crate::address;
use crate::measured::Cores;
use crate::runtime::Runtime;
use crate::words::Words;

/// The exercises that a load can be made of.
const EXERCISES: [&str; 3] = ["echo", "welcome", "submit"];

#[derive(Args, Clone, Debug)]
pub(crate) struct CompareArgs {
    #[arg(value_name = "EXERCISE", default_value = "echo", value_parser = PossibleValuesParser::new(EXERCISES))]
    pub(super) load_of: String,
    #[arg(long, value_name = "MODEL,…", value_delimiter = ',', value_parser = PossibleValuesParser::new(Runtime::names()))]
    pub(super) models: Option<Vec<String>>,
    #[arg(long)]
    pub(super) list: bool,
    #[arg(long, value_name = "MODEL")]
    pub(super) baseline: Option<String>,
    #[arg(long, conflicts_with = "full")]
    pub(super) quick: bool,
    #[arg(long)]
    pub(super) full: bool,
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub(super) connections: Option<Vec<u32>>,
    #[arg(long, value_name = "PER_SECOND,…", value_delimiter = ',', value_parser = rate)]
    pub(super) rate: Vec<f64>,
    #[arg(long)]
    pub(super) find_knee: bool,
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 10.0)]
    pub(super) limit: f64,
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub(super) idle: Vec<u32>,
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) rounds: Option<u32>,
    #[arg(long, value_name = "SECONDS", value_parser = rate)]
    pub(super) seconds: Option<f64>,
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(super) depth: u32,
    #[arg(long, value_name = "ADDR")]
    pub(super) target: Option<String>,
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(super) server_cores: u32,
    #[arg(long)]
    pub(super) unobserved: bool,
    #[arg(long, value_name = "FOLDER")]
    pub(super) register_folder: Option<PathBuf>,
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(super) csv: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(super) markdown: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(super) hdr: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,
}

/// A positive number.
fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 1e8 => Ok(number),
        _ => Err(text.to_owned()),
    }
}

pub(crate) fn command() -> Command {
    CompareArgs::augment_args(Command::new("compare"))
        .args_conflicts_with_subcommands(true)
        .disable_help_subcommand(true)
        .subcommand(super::diff::command())
}

/// Why there is no plan.
#[derive(Debug)]
pub(super) enum Unplanned {
    Address(address::Error),
    /// A baseline that is not compared.
    Baseline(String),
    /// There is no such model for this exercise.
    Model(String),
}

impl Unplanned {
    pub(super) fn say(&self, words: &Words) -> String {
        match self {
            Unplanned::Address(error) => error.say(words),
            Unplanned::Baseline(name) => words.say_with("compare-no-baseline", &[("model", name)]),
            Unplanned::Model(name) => {
                words.say_with("compare-same-for-datagrams", &[("model", name)])
            }
        }
    }
}

/// How thorough a comparison is.
struct Manner {
    loads: &'static [u32],
    rounds: u32,
    measure: f64,
    warm_up: (f64, f64),
}

// Many short rounds say more than few long ones: what disturbs a machine comes and goes, and an interval of five rounds is
// twice as wide as one of ten.
const QUICK: Manner = Manner {
    loads: &[1, 10, 100],
    rounds: 5,
    measure: 0.1,
    warm_up: (0.05, 0.5),
};
const USUAL: Manner = Manner {
    loads: &[1, 10, 100],
    rounds: 9,
    measure: 0.25,
    warm_up: (0.05, 1.0),
};
const FULL: Manner = Manner {
    loads: &[1, 10, 100, 1000, 10_000],
    rounds: 10,
    measure: 1.0,
    warm_up: (0.2, 2.0),
};

/// What `--full` asks beside: idle connections.
const FULL_IDLE: [u32; 4] = [10, 1000, 4000, 9000];

impl CompareArgs {
    /// What is to be done.
    pub(super) fn plan(&self, allowed: &[usize]) -> Result<Plan, Unplanned> {
        let exercise = lab::find(&self.load_of).unwrap_or(lab::EXERCISES[0]);
        let manner = match (self.quick, self.full) {
            (true, _) => QUICK,
            (_, true) => FULL,
            _ => USUAL,
        };
        let entries = self.entries(exercise.transport, exercise.port)?;
        let baseline = match &self.baseline {
            Some(name) if entries.iter().any(|entry| entry.name == *name) => name.clone(),
            Some(name) => return Err(Unplanned::Baseline(name.clone())),
            None => entries[0].name.clone(),
        };
        let connections = self.connections.as_deref().unwrap_or(manner.loads);
        let closed = connections
            .iter()
            .map(|&connections| Load::Closed { connections });
        let open = self.rate.iter().map(|&rate| Load::Open {
            connections: self.connections.as_ref().map_or(100, |asked| asked[0]),
            rate,
        });
        // Who asks for rates alone gets rates alone.
        let loads = match (self.rate.is_empty(), &self.connections) {
            (false, None) => open.collect(),
            (false, Some(_)) => closed.chain(open).collect(),
            (true, _) => closed.collect(),
        };
        let seconds = Duration::from_secs_f64;
        Ok(Plan {
            exercise,
            entries,
            baseline,
            loads,
            rounds: self.rounds.unwrap_or(manner.rounds),
            measure: seconds(self.seconds.unwrap_or(manner.measure)),
            warm_up: (seconds(manner.warm_up.0), seconds(manner.warm_up.1)),
            timeout: Duration::from_secs(1),
            depth: self.depth,
            observe: !self.unobserved,
            // Somebody else's server runs where the system puts it, and on the generator's own core a question is a tenth of what it is
            // across two. So nobody has a core then, ours neither.
            cores: match self.target {
                Some(_) => Cores::default(),
                None => Cores::share(allowed, self.server_cores as usize),
            },
            folder: self
                .register_folder
                .clone()
                .unwrap_or_else(|| PathBuf::from(".")),
            seed: self.seed,
            idle: match (
                self.idle.is_empty(),
                self.full && exercise.transport == Transport::Stream,
            ) {
                (true, true) => FULL_IDLE.to_vec(),
                _ => self.idle.clone(),
            },
            knee: self.find_knee.then(|| seconds(self.limit / 1e3)),
        })
    }

    /// Who is compared. A model that is named twice is compared with itself, under two names.
    fn entries(&self, transport: Transport, port: u16) -> Result<Vec<Entry>, Unplanned> {
        let mut entries: Vec<Entry> = Vec::new();
        let different = Runtime::models(transport);
        let models: Vec<Runtime> = match &self.models {
            Some(names) => names
                .iter()
                .filter_map(|name| Runtime::find(name))
                .collect(),
            None if self.target.is_some() => Vec::new(),
            None if self.full => different.clone(),
            None => Runtime::MAIN.to_vec(),
        };
        for model in models {
            if !different.contains(&model) {
                return Err(Unplanned::Model(model.name().to_owned()));
            }
            let kind = Kind::Model(model.name().to_owned());
            let before = entries.iter().filter(|entry| entry.kind == kind).count();
            let name = match before {
                0 => model.name().to_owned(),
                n => format!("{} ({})", model.name(), n + 1),
            };
            entries.push(Entry { name, kind });
        }
        if let Some(text) = &self.target {
            let address = address::client(text, port)
                .map_err(Unplanned::Address)?
                .first;
            entries.push(Entry {
                name: address.to_string(),
                kind: Kind::Target(address),
            });
        }
        Ok(entries)
    }
}

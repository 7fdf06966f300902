//! What `socklab compare` takes, and the plan that it makes of it.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, Command};
use socklab_compare::results::Load;
use socklab_core::Transport;
use socklab_core::lab;
use socklab_experiments::compare::{Entry, Kind, Plan, Thoroughness};
use socklab_experiments::cores::Cores;
use socklab_experiments::{stage, survey};

use crate::{address, runtimes};
use socklab_runtimes::Runtime;
use socklab_text::Messages;

/// The exercises that a load can be made of.
const EXERCISES: [&str; 3] = ["echo", "welcome", "submit"];

#[derive(Args, Clone, Debug)]
pub(crate) struct CompareArgs {
    #[arg(value_name = "EXERCISE", value_parser = PossibleValuesParser::new(EXERCISES))]
    pub(super) load_of: Option<String>,
    #[arg(long, value_name = "MODEL,…", value_delimiter = ',', value_parser = runtimes::parser())]
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
    #[arg(long)]
    pub(super) wait_quiet: bool,
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
    pub(super) fn say(&self, messages: &dyn Messages) -> String {
        match self {
            Unplanned::Address(error) => error.say(messages),
            Unplanned::Baseline(name) => {
                messages.say_with("compare-no-baseline", &[("model", name)])
            }
            Unplanned::Model(name) => {
                messages.say_with("compare-same-for-datagrams", &[("model", name)])
            }
        }
    }
}

/// How many idle connections `--full` also measures.
const FULL_IDLE: [u32; 4] = [10, 1000, 4000, 9000];

impl CompareArgs {
    /// The six questions, if no exercise is named and no option is given that only an exercise has.
    pub(super) fn survey(&self, allowed: &[usize]) -> Option<survey::Plan> {
        let of_an_exercise = self.full
            || self.find_knee
            || self.unobserved
            || self.depth > 1
            || self.server_cores > 1
            || !(self.rate.is_empty() && self.idle.is_empty())
            || self.rounds.or(self.seconds.map(|_| 1)).is_some()
            || self.target.is_some()
            || self.connections.is_some()
            || self.baseline.is_some()
            || self.register_folder.is_some()
            || [&self.csv, &self.markdown, &self.hdr]
                .iter()
                .any(|one| one.is_some());
        if self.load_of.is_some() || of_an_exercise {
            return None;
        }
        let named = |name: &String| {
            let kind = stage::Kind::Model(Runtime::find(name)?);
            let name = name.clone();
            Some(stage::Contestant { name, kind })
        };
        let contestants = match &self.models {
            Some(names) => names.iter().filter_map(named).collect(),
            None => survey::usual(),
        };
        Some(survey::Plan {
            contestants,
            cores: Cores::share(allowed, 1),
            thoroughness: match self.quick {
                true => survey::Thoroughness::QUICK,
                false => survey::Thoroughness::USUAL,
            },
            seed: self.seed,
        })
    }

    /// What is to be done.
    pub(super) fn plan(&self, allowed: &[usize]) -> Result<Plan, Unplanned> {
        let exercise =
            lab::find(self.load_of.as_deref().unwrap_or(EXERCISES[0])).unwrap_or(lab::EXERCISES[0]);
        let thoroughness = match (self.quick, self.full) {
            (true, _) => Thoroughness::QUICK,
            (_, true) => Thoroughness::FULL,
            _ => Thoroughness::USUAL,
        };
        let entries = self.entries(exercise.transport, exercise.port)?;
        let baseline = match &self.baseline {
            Some(name) if entries.iter().any(|entry| entry.name == *name) => name.clone(),
            Some(name) => return Err(Unplanned::Baseline(name.clone())),
            None => entries[0].name.clone(),
        };
        let connections = self.connections.as_deref().unwrap_or(thoroughness.loads);
        let closed = connections
            .iter()
            .map(|&connections| Load::Closed { connections });
        let open = self.rate.iter().map(|&rate| Load::Open {
            connections: self.connections.as_ref().map_or(100, |asked| asked[0]),
            rate,
        });
        // Only rates were asked for.
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
            rounds: self.rounds.unwrap_or(thoroughness.rounds),
            measure: seconds(self.seconds.unwrap_or(thoroughness.measure)),
            warm_up: (
                seconds(thoroughness.warm_up.0),
                seconds(thoroughness.warm_up.1),
            ),
            timeout: Duration::from_secs(1),
            depth: self.depth,
            observe: !self.unobserved,
            // We cannot pin a server that we did not start; on the generator's core its latency would
            // look ten times better, so `--target` pins neither.
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

    /// What is compared. A model that is named twice is compared with itself, under two names.
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
            None => Runtime::compared().collect(),
        };
        for model in models {
            if !different.contains(&model) {
                return Err(Unplanned::Model(model.name().to_owned()));
            }
            let kind = Kind::Model(model);
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

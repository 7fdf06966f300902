//! The arguments of `socklab compare`, and the plan that it makes of them.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, Command};
use socklab_compare::results::Load;
use socklab_core::Transport;
use socklab_core::lab::{self, Exercise, ExerciseOption};
use socklab_experiments::compare::{Contestant, ContestantKind, Plan, Thoroughness};
use socklab_experiments::cores::Cores;
use socklab_experiments::survey;

use crate::numbers::{count, real, whole};
use crate::processes::Design;
use crate::{address, runtimes};
use socklab_runtimes::Runtime;
use socklab_text::{Messages, system_error};

/// The exercises that a load can be generated for.
const EXERCISES: [&str; 4] = ["echo", "welcome", "capitals", "submit"];

#[derive(Args, Clone, Debug)]
pub(crate) struct CompareArgs {
    #[arg(value_name = "EXERCISE", value_parser = PossibleValuesParser::new(EXERCISES))]
    pub(super) load_of: Option<String>,
    #[arg(
        long,
        value_name = "MODEL,…",
        value_delimiter = ',',
        value_parser = runtimes::or_designs()
    )]
    pub(super) models: Option<Vec<String>>,
    #[arg(long)]
    pub(super) list: bool,
    #[arg(long, value_name = "MODEL")]
    pub(super) baseline: Option<String>,
    #[arg(long, conflicts_with = "full")]
    pub(super) quick: bool,
    #[arg(long)]
    pub(super) full: bool,
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = count(1..=60_000))]
    pub(super) connections: Option<Vec<u32>>,
    #[arg(
        long,
        value_name = "PER_SECOND,…",
        value_delimiter = ',',
        value_parser = real(1e-3..=1e8)
    )]
    pub(super) rate: Vec<f64>,
    #[arg(long)]
    pub(super) find_knee: bool,
    #[arg(
        long,
        value_name = "MILLISECONDS",
        default_value_t = 10.0,
        value_parser = real(1e-3..=1e6)
    )]
    pub(super) limit: f64,
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = count(1..=60_000))]
    pub(super) idle: Vec<u32>,
    #[arg(long, value_name = "N", value_parser = count(1..=1000))]
    pub(super) rounds: Option<u32>,
    #[arg(long, value_name = "SECONDS", value_parser = real(1e-3..=1e6))]
    pub(super) seconds: Option<f64>,
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = count(1..=64))]
    pub(super) depth: u32,
    #[arg(long, value_name = "ADDR")]
    pub(super) target: Option<String>,
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = count(1..=1024))]
    pub(super) server_cores: u32,
    #[arg(long)]
    pub(super) unobserved: bool,
    #[arg(long, value_name = "FOLDER")]
    pub(super) register_folder: Option<PathBuf>,
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = whole::<u64>(0..=u64::MAX)
    )]
    pub(super) seed: u64,
    #[arg(long)]
    pub(super) wait_quiet: bool,
    #[arg(long, value_name = "NAME=COMMAND")]
    pub(super) contestant: Vec<String>,
    #[arg(long)]
    pub(super) peers: bool,
    // Slows a server down artificially, to test which differences a comparison detects:
    // bench/trust.py.
    #[arg(long, value_name = "NANOSECONDS", default_value_t = 0, hide = true)]
    pub(super) handicap: u64,
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(super) csv: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(super) markdown: Option<PathBuf>,
    #[arg(long, value_name = "FOLDER")]
    pub(super) hdr: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,
}

pub(crate) fn command() -> Command {
    CompareArgs::augment_args(Command::new("compare"))
        .args_conflicts_with_subcommands(true)
        .disable_help_subcommand(true)
        .subcommand(super::diff::command())
}

/// Why no plan can be made.
#[derive(Debug)]
pub(super) enum PlanError {
    Address(address::Error),
    /// The baseline is not among the compared models.
    Baseline(String),
    /// This exercise has no such model.
    Model(String),
    /// This program's own file, which a design starts again, cannot be found.
    Design(Design, std::io::Error),
    /// A design that starts processes does not serve the exercise.
    NotServed(Design),
    /// The contestant is not of the form `NAME=COMMAND`.
    Contestant(String),
    /// The contestant's command lacks this placeholder.
    Without(String, &'static str),
    /// Two contestants have this name.
    Twice(String),
    /// Programs cannot be proved in the exercise, which records what they are asked.
    Unproved(String, &'static str),
}

impl PlanError {
    pub(super) fn say(&self, messages: &dyn Messages) -> String {
        match self {
            PlanError::Address(error) => error.say(messages),
            PlanError::Baseline(name) => {
                messages.say_with("compare-no-baseline", &[("model", name)])
            }
            PlanError::Model(name) => {
                messages.say_with("compare-same-for-datagrams", &[("model", name)])
            }
            PlanError::Design(design, error) => {
                let detail = system_error::text(messages, error);
                let name = design.name();
                messages.say_with("compare-failed", &[("model", &name), ("detail", &detail)])
            }
            PlanError::NotServed(design) => design.serves_only(messages),
            PlanError::Contestant(text) => {
                messages.say_with("compare-no-contestant", &[("text", text)])
            }
            PlanError::Without(name, what) => messages.say_with(
                "compare-contestant-without",
                &[("name", name), ("what", what)],
            ),
            PlanError::Twice(name) => messages.say_with("compare-twice", &[("name", name)]),
            PlanError::Unproved(name, exercise) => messages.say_with(
                "compare-no-program",
                &[("name", name), ("exercise", exercise)],
            ),
        }
    }
}

/// The numbers of idle connections that `--full` also measures.
const FULL_IDLE: [u32; 4] = [10, 1000, 4000, 9000];

impl CompareArgs {
    /// The exercise to measure: the named one, or the first if an option is given that applies only
    /// to an exercise. `None` for the six questions.
    pub(super) fn exercise(&self) -> Option<&str> {
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
        let named = self.load_of.as_deref();
        named.or_else(|| of_an_exercise.then_some(EXERCISES[0]))
    }

    /// The plan of the survey, if no exercise is named and no option is given that applies only to
    /// an exercise.
    ///
    /// `peers` are contestants beside those that the command line names.
    pub(super) fn survey(
        &self,
        allowed: &[usize],
        peers: &[Contestant],
    ) -> Result<Option<survey::Plan>, PlanError> {
        if self.exercise().is_some() {
            return Ok(None);
        }
        let mut others = self.programs()?;
        others.extend_from_slice(peers);
        let mut contestants = match &self.models {
            Some(names) => {
                let mut contestants = Vec::new();
                self.models_named(names, None, &mut contestants)?;
                contestants
            }
            None if others.is_empty() => survey::usual(),
            // Beside other programs, the main models are enough.
            None => survey::usual().into_iter().filter(is_main).collect(),
        };
        let without = |one: &&Contestant| match &one.kind {
            ContestantKind::Program(command) => {
                !command.iter().any(|part| part.contains("{exercise}"))
            }
            _ => false,
        };
        if let Some(one) = others.iter().find(without) {
            return Err(PlanError::Without(one.name.clone(), "{exercise}"));
        }
        contestants.extend(others);
        names_differ(&contestants)?;
        Ok(Some(survey::Plan {
            contestants,
            cores: Cores::share(allowed, 1),
            thoroughness: match self.quick {
                true => survey::Thoroughness::QUICK,
                false => survey::Thoroughness::USUAL,
            },
            seed: self.seed,
        }))
    }

    /// The programs that the command line names as contestants.
    fn programs(&self) -> Result<Vec<Contestant>, PlanError> {
        let program = |text: &String| {
            let parts = text.split_once('=').filter(|(name, _)| !name.is_empty());
            let command = parts.and_then(|(name, line)| Some((name, shlex::split(line)?)));
            let command = command.filter(|(_, command)| !command.is_empty());
            let Some((name, command)) = command else {
                return Err(PlanError::Contestant(text.clone()));
            };
            if !command.iter().any(|part| part.contains("{port}")) {
                return Err(PlanError::Without(name.to_owned(), "{port}"));
            }
            let (name, kind) = (name.to_owned(), ContestantKind::Program(command));
            Ok(Contestant { name, kind })
        };
        self.contestant.iter().map(program).collect()
    }

    /// The plan of a comparison. `peers` are contestants beside those that the command line names.
    pub(super) fn plan(&self, allowed: &[usize], peers: &[Contestant]) -> Result<Plan, PlanError> {
        let exercise =
            lab::find(self.exercise().unwrap_or(EXERCISES[0])).unwrap_or(lab::EXERCISES[0]);
        let thoroughness = match (self.quick, self.full) {
            (true, _) => Thoroughness::QUICK,
            (_, true) => Thoroughness::FULL,
            _ => Thoroughness::USUAL,
        };
        let mut contestants = self.contestants(exercise)?;
        contestants.extend(self.programs()?);
        contestants.extend_from_slice(peers);
        names_differ(&contestants)?;
        let program = |one: &&Contestant| matches!(one.kind, ContestantKind::Program(_));
        if exercise.options.contains(&ExerciseOption::Register)
            && let Some(one) = contestants.iter().find(program)
        {
            return Err(PlanError::Unproved(one.name.clone(), exercise.name));
        }
        let baseline = match &self.baseline {
            Some(name) if contestants.iter().any(|one| one.name == *name) => name.clone(),
            Some(name) => return Err(PlanError::Baseline(name.clone())),
            None => contestants[0].name.clone(),
        };
        let connections = self.connections.as_deref().unwrap_or(thoroughness.loads);
        let closed = connections
            .iter()
            .map(|&connections| Load::Closed { connections });
        let open = self.rate.iter().map(|&rate| Load::Open {
            connections: self.connections.as_ref().map_or(100, |asked| asked[0]),
            rate,
        });
        // Only rates were given, so measure no closed load.
        let loads: Vec<Load> = match (self.rate.is_empty(), &self.connections) {
            (false, None) => open.collect(),
            (false, Some(_)) => closed.chain(open).collect(),
            (true, _) => closed.collect(),
        };
        let seconds = Duration::from_secs_f64;
        let (rounds, measure) = thoroughness.fit(contestants.len() * loads.len());
        Ok(Plan {
            exercise,
            contestants,
            baseline,
            loads,
            rounds: self.rounds.unwrap_or(rounds),
            measure: self.seconds.map_or(measure, seconds),
            warm_up: seconds(thoroughness.warm_up.0)..seconds(thoroughness.warm_up.1),
            timeout: Duration::from_secs(1),
            depth: self.depth,
            observe: !self.unobserved,
            // We cannot pin a server that we did not start; on the generator's core its latency
            // would look ten times better, so `--target` pins neither.
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
            handicap: Duration::from_nanos(self.handicap),
            knee: self.find_knee.then(|| seconds(self.limit / 1e3)),
        })
    }

    /// Adds models by their names, for an exercise or for the survey. A model that is named twice
    /// is compared with itself, under two names.
    fn models_named(
        &self,
        names: &[String],
        exercise: Option<&Exercise>,
        contestants: &mut Vec<Contestant>,
    ) -> Result<(), PlanError> {
        let transport = exercise.map_or(Transport::Stream, |one| one.transport);
        let different = Runtime::distinct(transport);
        for name in names {
            let kind = match (Runtime::find(name), Design::find(name)) {
                (Some(model), _) if different.contains(&model) => ContestantKind::Model(model),
                (_, Some(design)) if exercise.is_none_or(|one| Design::serves(one.name)) => {
                    (design.contestant()).map_err(|error| PlanError::Design(design, error))?
                }
                (_, Some(design)) => return Err(PlanError::NotServed(design)),
                _ => return Err(PlanError::Model(name.clone())),
            };
            let before = contestants.iter().filter(|one| one.kind == kind).count();
            let name = match before {
                0 => name.clone(),
                n => format!("{name} ({})", n + 1),
            };
            contestants.push(Contestant { name, kind });
        }
        Ok(())
    }

    /// The contestants of a comparison.
    fn contestants(&self, exercise: &Exercise) -> Result<Vec<Contestant>, PlanError> {
        let mut contestants: Vec<Contestant> = Vec::new();
        let named = |models: Vec<Runtime>| models.into_iter().map(|one| one.name().to_owned());
        let names: Vec<String> = match &self.models {
            Some(names) => names.clone(),
            None if self.target.is_some() => Vec::new(),
            None if self.full => named(Runtime::distinct(exercise.transport)).collect(),
            None => named(Runtime::compared().collect()).collect(),
        };
        self.models_named(&names, Some(exercise), &mut contestants)?;
        if let Some(text) = &self.target {
            let address = address::client(text, exercise.port)
                .map_err(PlanError::Address)?
                .first;
            contestants.push(Contestant {
                name: address.to_string(),
                kind: ContestantKind::Target(address),
            });
        }
        Ok(contestants)
    }
}

/// Checks that no two contestants have the same name: their figures would be mixed up.
fn names_differ(contestants: &[Contestant]) -> Result<(), PlanError> {
    for (at, one) in contestants.iter().enumerate() {
        if contestants[..at].iter().any(|other| other.name == one.name) {
            return Err(PlanError::Twice(one.name.clone()));
        }
    }
    Ok(())
}

/// Whether it is one of the three models that every textbook has: a thread for each connection, one
/// event loop, tasks.
fn is_main(contestant: &Contestant) -> bool {
    let main = [Runtime::Blocking, Runtime::Mio, Runtime::Tokio];
    main.iter()
        .any(|one| contestant.kind == ContestantKind::Model(*one))
}

//! Options that several commands share, and how they are read.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{ArgMatches, Args, FromArgMatches};
use socklab_core::lab::EXERCISES;
use socklab_core::transcript::Role;
use socklab_runtimes::Runtime;

use crate::numbers::{Seconds, count, seconds};
use crate::runtimes;

/// Options that every command has.
#[derive(Args, Clone, Debug)]
pub(crate) struct CommonArgs {
    #[arg(long, value_name = "es|en", global = true)]
    pub(crate) lang: Option<String>,
    #[arg(long, global = true)]
    pub(crate) quiet: bool,
}

/// Options of every end of every exercise.
#[derive(Args, Clone, Debug)]
pub(crate) struct ExchangeArgs {
    #[arg(long, value_parser = runtimes::or_designs(), default_value = Runtime::ALL[0].name())]
    pub(crate) runtime: String,
    #[arg(long, value_name = "FILE")]
    pub(crate) transcript: Option<PathBuf>,
    #[arg(long, requires = "transcript")]
    pub(crate) unmasked: bool,
    #[arg(long)]
    pub(crate) raw: bool,
}

/// Options of every client.
#[derive(Args, Clone, Debug)]
pub(crate) struct ClientArgs {
    #[arg(value_name = "ADDR")]
    pub(crate) address: Option<String>,
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Seconds>,
}

/// Options of every server.
#[derive(Args, Clone, Debug)]
pub(crate) struct ServerArgs {
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    #[arg(long, value_name = "N", value_parser = count(1..=1024))]
    pub(crate) threads: Option<u32>,
    // The id of the process that started this one with a socket as its standard input.
    #[arg(long, value_name = "PROCESS", hide = true)]
    pub(crate) inherited: Option<u32>,
}

/// [`ExerciseOption::Retries`](socklab_core::lab::ExerciseOption::Retries).
#[derive(Args, Clone, Debug)]
pub(crate) struct RetriesArgs {
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = count(0..=100))]
    pub(crate) retries: u32,
}

/// [`ExerciseOption::KeepServing`](socklab_core::lab::ExerciseOption::KeepServing).
#[derive(Args, Clone, Debug)]
pub(crate) struct KeepServingArgs {
    #[arg(long)]
    pub(crate) keep_serving: bool,
}

/// [`ExerciseOption::Submission`](socklab_core::lab::ExerciseOption::Submission).
#[derive(Args, Clone, Debug)]
pub(crate) struct SubmissionArgs {
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[arg(long, value_name = "DNI")]
    pub(crate) dni: Option<String>,
    #[arg(long, value_name = "CODE")]
    pub(crate) otp: Option<String>,
    #[arg(long)]
    pub(crate) tls: bool,
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub(crate) ca: Option<PathBuf>,
}

/// The end of an exercise that was asked for, with its arguments.
pub(crate) fn role(matches: &ArgMatches) -> Option<(Role, &ArgMatches)> {
    match matches.subcommand()? {
        ("client", matches) => Some((Role::Client, matches)),
        ("server", matches) => Some((Role::Server, matches)),
        _ => None,
    }
}

/// Reads a group of arguments that the command was given.
pub(crate) fn read<T: FromArgMatches>(matches: &ArgMatches) -> T {
    match T::from_arg_matches(matches) {
        Ok(args) => args,
        Err(error) => unreachable!("the group is part of the command: {error}"),
    }
}

/// The names of the lab's exercises, for an option.
pub(crate) fn exercises() -> PossibleValuesParser {
    PossibleValuesParser::new(EXERCISES.iter().map(|one| one.name))
}

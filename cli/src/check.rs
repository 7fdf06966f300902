//! `socklab check`: is my program right, and if not, what happened and what do I change?

mod all;
pub(crate) mod explanation;
mod formats;
mod ladder;
mod map;
mod text;

pub(crate) use explanation::{End, cure};

use std::ffi::OsString;
use std::iter;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{ArgMatches, Args, Command};
use socklab_check::{
    CheckPlan, CheckedExercise, ParseError, Report, Scenario, ScenarioOutcome, Start, Submitter,
    Verdict, built_in, check,
};
use socklab_core::otp::{Dni, DniError};
use socklab_core::transcript::Role;
use socklab_files::{Outputs, Readers};

use crate::address;
use crate::exit::Exit;
use crate::files::{FileError, LogFile};
use crate::interrupt::end_programs_on_interrupt;
use crate::numbers::whole;
use crate::options::read;
use crate::print;
use crate::wording;
use socklab_text::{Messages, escape, impl_error};

#[derive(Args, Clone, Debug)]
struct CheckArgs {
    #[arg(id = "check-exercise", value_name = "EXERCISE", value_parser = exercises())]
    exercise: String,
    #[arg(id = "check-role", value_name = "ROLE", value_parser = roles())]
    role: Option<String>,
    #[arg(id = "check-only", long = "only", value_name = "NAME")]
    only: Option<String>,
    #[arg(id = "check-list", long = "list")]
    list: bool,
    #[arg(id = "check-scenario", long = "scenario", value_name = "FILE")]
    scenario: Option<PathBuf>,
    #[arg(
        id = "check-connect",
        long = "connect",
        value_name = "ADDR",
        conflicts_with = "check-command"
    )]
    connect: Option<String>,
    #[arg(id = "check-port", long = "port", value_name = "PORT",
        value_parser = whole::<u16>(1..=u16::MAX.into()))]
    port: Option<u16>,
    #[command(flatten)]
    shared: CommonCheckArgs,
    #[arg(id = "check-command", value_name = "COMMAND", last = true)]
    command: Vec<OsString>,
}

/// Where the transcript of each scenario is written.
struct Transcripts(Option<LogFile>);

impl Transcripts {
    fn add(&self, outcome: &ScenarioOutcome) {
        if let (Some(file), Some(transcript)) = (&self.0, &outcome.transcript) {
            file.append(&format!("{transcript}\n"));
        }
    }

    /// Returns `Unchecked` if a transcript could not be written: that is no fault of the checked
    /// program.
    fn end(&self, exit: Exit) -> Exit {
        match &self.0 {
            Some(file) if !file.end() => Exit::Unchecked,
            _ => exit,
        }
    }
}

/// The arguments that checking one program and a whole practical share.
#[derive(Args, Clone, Debug)]
struct CommonCheckArgs {
    #[arg(id = "check-name", long = "name", value_name = "NAME")]
    name: Option<String>,
    #[arg(id = "check-dni", long = "dni", value_name = "DNI")]
    dni: Option<String>,
    #[arg(id = "check-format", long = "format", value_name = "FORMAT", default_value = "text",
        value_parser = PossibleValuesParser::new(["text", "json", "junit"]))]
    format: String,
    #[arg(id = "check-transcript", long = "transcript", value_name = "FILE")]
    transcript: Option<PathBuf>,
}

impl CommonCheckArgs {
    /// The file of transcripts, if one was asked for.
    fn transcripts(&self, messages: &'static dyn Messages) -> Result<Transcripts, CheckError> {
        let open = |path: &PathBuf| {
            let mark = crate::recording::MARK;
            LogFile::open(
                &mut Outputs::default(),
                path,
                Readers::Owner,
                mark,
                messages,
            )
        };
        let file = self.transcript.as_ref().map(open).transpose();
        Ok(Transcripts(file.map_err(CheckError::File)?))
    }

    fn submitter(&self) -> Result<Submitter, CheckError> {
        let made_up = Submitter::default();
        if let Some(dni) = &self.dni {
            Dni::parse(dni).map_err(CheckError::Dni)?;
        }
        Ok(Submitter {
            name: self.name.clone().unwrap_or(made_up.name),
            dni: self.dni.clone().unwrap_or(made_up.dni),
        })
    }
}

fn exercises() -> PossibleValuesParser {
    PossibleValuesParser::new(CheckedExercise::all().iter().map(|one| one.name))
}

fn roles() -> PossibleValuesParser {
    PossibleValuesParser::new(["client", "server"])
}

pub(crate) fn command() -> Command {
    CheckArgs::augment_args(Command::new("check"))
        .args_conflicts_with_subcommands(true)
        .subcommand_negates_reqs(true)
        .disable_help_subcommand(true)
        .subcommand(all::command())
}

pub(crate) fn main(matches: &ArgMatches, messages: &'static dyn Messages) -> Exit {
    if let Some(("all", matches)) = matches.subcommand() {
        return all::main(matches, messages);
    }
    let args: CheckArgs = read(matches);
    let plan = match plan(&args) {
        Ok(plan) => plan,
        Err(error) => return Exit::Usage.because(&error.say(messages)),
    };
    if args.list {
        for one in &plan.scenarios {
            print::payload(&text::listed(one, messages));
        }
        return Exit::Done;
    }
    end_programs_on_interrupt();
    let transcripts = match args.shared.transcripts(messages) {
        Ok(transcripts) => transcripts,
        Err(error) => return Exit::Usage.because(&error.say(messages)),
    };
    let repeat = repeat(&args);
    let report = match args.shared.format.as_str() {
        "json" => {
            let report = check(&plan, |outcome| transcripts.add(outcome));
            print::payload(&formats::json(&report));
            report
        }
        "junit" => {
            let report = check(&plan, |outcome| transcripts.add(outcome));
            print::payload(&formats::junit(&report, messages));
            report
        }
        _ => {
            let mut printer = text::Printer::new(messages, &plan, repeat);
            let report = check(&plan, |outcome| {
                transcripts.add(outcome);
                printer.print(outcome);
            });
            printer.end(&report);
            report
        }
    };
    transcripts.end(exit(&report))
}

fn exit(report: &Report) -> Exit {
    match report.verdict() {
        Verdict::Pass => Exit::Done,
        Verdict::Fail => Exit::Failed,
        Verdict::NotChecked => Exit::Unchecked,
    }
}

/// Why no check can be made.
#[derive(Debug)]
enum CheckError {
    /// Neither a program nor its address was given.
    NoCommand,
    /// The program is a client, which has no address to connect to.
    ConnectToClient,
    /// The exercise has two ends, and none was named; or it has one, and one was named.
    Role(CheckedExercise),
    /// There are no scenarios for this exercise and role.
    NoScenarios,
    /// Every scenario needs a program that we start.
    NoneFromOutside,
    /// There is no scenario of this name. Also has the names that exist.
    NoSuchScenario(String, String),
    Address(address::Error),
    Dni(DniError),
    File(FileError),
    Scenario(PathBuf, ParseError),
    /// A line of the map has the wrong form.
    Map(PathBuf, usize),
}

impl CheckError {
    fn say(&self, messages: &dyn Messages) -> String {
        match self {
            CheckError::NoCommand => messages.say("check-no-command"),
            CheckError::ConnectToClient => messages.say("check-connect-client"),
            CheckError::Role(exercise) => messages.say_with(
                match exercise.transport {
                    Some(_) => "check-no-role",
                    None => "check-one-role",
                },
                &[("exercise", &exercise.name)],
            ),
            CheckError::NoScenarios => messages.say("check-no-scenarios"),
            CheckError::NoneFromOutside => messages.say("check-reason-elsewhere"),
            CheckError::NoSuchScenario(name, list) => {
                messages.say_with("check-no-such-scenario", &[("name", name), ("list", list)])
            }
            CheckError::Address(error) => error.say(messages),
            CheckError::Dni(error) => wording::dni(messages, *error),
            CheckError::File(error) => error.say(messages),
            CheckError::Map(file, line) => {
                messages.say_with("check-map-wrong", &[("file", file), ("line", line)])
            }
            CheckError::Scenario(file, error) => {
                let wrong = messages.say(text::wrong(error.wrong));
                messages.say_with(
                    "check-scenario-wrong",
                    &[("file", file), ("line", &error.line), ("wrong", &wrong)],
                )
            }
        }
    }
}

impl_error!(CheckError);

fn plan(args: &CheckArgs) -> Result<CheckPlan, CheckError> {
    let exercise = CheckedExercise::find(&args.exercise).ok_or(CheckError::NoScenarios)?;
    let named = |role: &&Role| Some(role.name()) == args.role.as_deref();
    let role = match (exercise.roles(), &args.role) {
        ([only], None) => *only,
        ([_], Some(_)) | (_, None) => return Err(CheckError::Role(exercise)),
        (all, Some(_)) => *all.iter().find(named).ok_or(CheckError::Role(exercise))?,
    };
    let connect = connect(args, exercise, role)?;
    if !args.list && args.command.is_empty() && connect.is_empty() {
        return Err(CheckError::NoCommand);
    }
    let submitter = args.shared.submitter()?;
    let start = (!args.command.is_empty()).then(|| Start {
        command: args.command.clone(),
        folder: None,
    });
    let mut scenarios = scenarios(args, exercise, role)?;
    if !connect.is_empty() {
        scenarios = text::from_outside(scenarios);
        if scenarios.is_empty() {
            return Err(CheckError::NoneFromOutside);
        }
    }
    if let Some(only) = &args.only {
        let names: Vec<&str> = scenarios.iter().map(|one| one.name.as_str()).collect();
        let list = names.join(", ");
        scenarios.retain(|one| one.name == *only);
        if scenarios.is_empty() {
            return Err(CheckError::NoSuchScenario(only.clone(), list));
        }
    }
    Ok(CheckPlan {
        exercise,
        role,
        start,
        connect,
        port: args.port.unwrap_or(exercise.port),
        submitter,
        scenarios,
        give_up_after: socklab_check::GIVE_UP_AFTER,
    })
}

fn connect(
    args: &CheckArgs,
    exercise: CheckedExercise,
    role: Role,
) -> Result<Vec<SocketAddr>, CheckError> {
    let Some(text) = &args.connect else {
        return Ok(Vec::new());
    };
    if role == Role::Client {
        return Err(CheckError::ConnectToClient);
    }
    let port = args.port.unwrap_or(exercise.port);
    let found = address::client(text, port).map_err(CheckError::Address)?;
    Ok(iter::once(found.first).chain(found.others).collect())
}

/// The built-in scenarios, or those of a file.
fn scenarios(
    args: &CheckArgs,
    exercise: CheckedExercise,
    role: Role,
) -> Result<Vec<Scenario>, CheckError> {
    let Some(file) = &args.scenario else {
        return Ok(built_in(exercise.name, role));
    };
    let text = std::fs::read_to_string(file)
        .map_err(|error| CheckError::File(FileError::new(file, error)))?;
    let all = socklab_check::parse(&text)
        .map_err(|error| CheckError::Scenario(file.to_owned(), error))?;
    let all: Vec<Scenario> = all
        .into_iter()
        .filter(|one| one.exercise == exercise.name && one.program == role)
        .collect();
    if all.is_empty() {
        return Err(CheckError::NoScenarios);
    }
    Ok(all)
}

/// The command that plays one scenario again: the part before its name, and the part after. Leaves
/// out the DNI.
fn repeat(args: &CheckArgs) -> (String, String) {
    let mut before = format!("socklab check {}", args.exercise);
    if let Some(role) = &args.role {
        before.push_str(&format!(" {role}"));
    }
    if let Some(file) = &args.scenario {
        before.push_str(&format!(" --scenario {}", quoted(&file.to_string_lossy())));
    }
    if let Some(port) = args.port {
        before.push_str(&format!(" --port {port}"));
    }
    let mut after = String::new();
    if let Some(connect) = &args.connect {
        after.push_str(&format!(" --connect {}", quoted(connect)));
    }
    if !args.command.is_empty() {
        after.push_str(" --");
        for word in &args.command {
            after.push(' ');
            after.push_str(&quoted(&word.to_string_lossy()));
        }
    }
    (before, after)
}

fn quoted(word: &str) -> String {
    let word = escape::text(word);
    if word.contains(' ') || word.is_empty() {
        format!("\"{word}\"")
    } else {
        word.into_owned()
    }
}

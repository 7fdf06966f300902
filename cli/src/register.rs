//! `socklab register`: what a lecturer asks of a register, and does to it.

mod deadline;
mod enrol;
mod export;
pub(crate) mod roster;
mod show;

use std::path::PathBuf;

use clap::{ArgMatches, Args, Command};
use socklab_core::otp::Dni;
use socklab_register::{Archive, Error, Location, Trouble};

use crate::Exit;
use crate::args::read;
use crate::say;
use crate::submission::Place;
use crate::words::Words;

#[derive(Args, Debug)]
struct DniArg {
    #[arg(long, value_name = "DNI")]
    dni: String,
}

#[derive(Args, Debug)]
struct BackupArg {
    #[arg(value_name = "FILE", id = "backup")]
    to: PathBuf,
}

#[derive(Args, Debug)]
struct ReceiptArg {
    #[arg(value_name = "CODE", id = "receipt")]
    code: String,
}

#[derive(Args, Debug)]
struct ForgetArg {
    #[arg(long)]
    yes: bool,
}

pub(crate) fn command() -> Command {
    let new = |name| Place::augment_args(Command::new(name));
    let of_dni = |name| DniArg::augment_args(new(name));
    Command::new("register")
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .subcommand(show::StatusArgs::augment_args(new("status")))
        .subcommand(new("list"))
        .subcommand(of_dni("why"))
        .subcommand(export::ExportArgs::augment_args(new("export")))
        .subcommand(ReceiptArg::augment_args(new("receipt")))
        .subcommand(roster::RosterArgs::augment_args(new("roster")))
        .subcommand(enrol::EnrolArgs::augment_args(new("enrol")))
        .subcommand(deadline::DeadlineArgs::augment_args(new("deadline")))
        .subcommand(of_dni("unlock"))
        .subcommand(ForgetArg::augment_args(of_dni("forget")))
        .subcommand(BackupArg::augment_args(new("backup")))
        .subcommand(new("verify"))
}

pub(crate) fn main(matches: &ArgMatches, words: &Words) -> Exit {
    let Some((name, matches)) = matches.subcommand() else {
        return Exit::Usage;
    };
    let place: Place = read(matches);
    let location = place.location();
    // Whoever prepares a class makes its register; whoever asks of one that is not there has mistyped.
    let prepares = ["roster", "enrol"].contains(&name);
    let archive = match location.archive(prepares) {
        Ok(archive) => archive,
        Err(error) => {
            say::line(&trouble(words, &location, &error));
            return Exit::Failed;
        }
    };
    let mut desk = Desk {
        archive,
        lab: place.lab,
        location,
        words,
    };
    match desk.run(name, matches) {
        Ok(exit) => exit,
        Err(Stop::Usage(line)) => {
            say::line(&line);
            Exit::Usage
        }
        Err(Stop::Failed(line)) => {
            say::line(&line);
            Exit::Failed
        }
        Err(Stop::Register(error)) => {
            say::line(&trouble(words, &desk.location, &error));
            Exit::Failed
        }
    }
}

/// An open register, and the user's words.
struct Desk<'a> {
    archive: Archive,
    location: Location,
    lab: String,
    words: &'a Words,
}

/// Why a command ends early.
enum Stop {
    Usage(String),
    Failed(String),
    Register(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Register(error)
    }
}

impl Desk<'_> {
    fn run(&mut self, name: &str, matches: &ArgMatches) -> Result<Exit, Stop> {
        if ["status", "list", "export"].contains(&name) {
            self.hint_at_other_labs()?;
        }
        match name {
            "status" => self.status(&read(matches)),
            "list" => self.list(),
            "why" => {
                let dni = self.dni(matches)?;
                self.why(&dni)
            }
            "export" => self.export(&read(matches)),
            "receipt" => self.receipt(&read::<ReceiptArg>(matches).code),
            "roster" => self.roster(&read(matches)),
            "enrol" => self.enrol(&read(matches)),
            "deadline" => self.deadline(&read(matches)),
            "unlock" => {
                let dni = self.dni(matches)?;
                let id = if self.archive.unlock(&dni)? {
                    "register-unlocked"
                } else {
                    "register-not-locked"
                };
                say::news(&self.words.say_with(id, &[("dni", &dni)]));
                Ok(Exit::Done)
            }
            "forget" => {
                let dni = self.dni(matches)?;
                self.forget(&dni, read::<ForgetArg>(matches).yes)
            }
            "backup" => {
                let file = read::<BackupArg>(matches).to;
                self.archive.backup(&file)?;
                say::news(&self.words.say_with("wrote-file", &[("file", &file)]));
                Ok(Exit::Done)
            }
            _ => self.verify(),
        }
    }

    fn dni(&self, matches: &ArgMatches) -> Result<String, Stop> {
        let dni = Dni::parse(&read::<DniArg>(matches).dni);
        let dni = dni.map_err(|error| Stop::Usage(say::dni(self.words, error)))?;
        Ok(dni.as_str().to_owned())
    }

    fn forget(&mut self, dni: &str, yes: bool) -> Result<Exit, Stop> {
        if !yes {
            let attempts = self.archive.why(dni)?.len();
            return Err(Stop::Usage(self.words.say_with(
                "register-forget-ask",
                &[("dni", &dni), ("count", &attempts)],
            )));
        }
        let count = self.archive.forget(dni)?;
        say::news(&self.words.say_with("register-forgot", &[("count", &count)]));
        Ok(Exit::Done)
    }

    fn verify(&mut self) -> Result<Exit, Stop> {
        let faults = self.archive.verify()?;
        if faults.is_empty() {
            say::news(&self.words.say("register-whole"));
            return Ok(Exit::Done);
        }
        for fault in &faults {
            say::line(&crate::escape::text(fault));
        }
        Err(Stop::Failed(self.words.say("register-damaged")))
    }
}

/// What went wrong with a register, and what to do.
pub(crate) fn trouble(words: &Words, location: &Location, error: &Error) -> String {
    let id = match error.trouble {
        Trouble::Open => "trouble-open",
        Trouble::Foreign => "trouble-foreign",
        Trouble::Newer => "trouble-newer",
        Trouble::NotDurable => "trouble-not-durable",
        Trouble::Busy => "trouble-busy",
        Trouble::Full => "trouble-full",
        Trouble::Broken => "trouble-broken",
        Trouble::Silent => "trouble-silent",
        Trouble::Password => "trouble-password",
        Trouble::Key => "trouble-key",
        Trouble::Input => "trouble-input",
    };
    let (place, detail) = (location.to_string(), error.to_string());
    words.say_with(id, &[("place", &place), ("detail", &detail)])
}

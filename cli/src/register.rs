//! `socklab register`: queries and changes a register, for a lecturer.

mod deadline;
mod enrol;
mod export;
pub(crate) mod roster;
mod show;

use std::fmt;
use std::path::{Path, PathBuf};

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgMatches, Args, Command};
use socklab_core::submit::{is_blank, is_hidden};
use socklab_files::Outputs;
use socklab_register::{Archive, Error, ErrorKind, Location, Notice};

use crate::dni_input;
use crate::exit::Exit;
use crate::files::{FileError, warn_of_mode};
use crate::options::read;
use crate::print;
use roster::RosterFileError;
use socklab_text::Messages;

/// Which register, and which lab in it.
#[derive(Args, Clone, Debug)]
pub(crate) struct LabRegister {
    #[arg(
        long,
        value_name = "FILE|postgres://…",
        default_value = "register.db",
        value_parser = NonEmptyStringValueParser::new()
    )]
    pub(crate) register: String,
    #[arg(
        long,
        value_name = "NAME",
        default_value = "lab",
        value_parser = lab_name
    )]
    pub(crate) lab: String,
}

/// Parses a lab's name, which must be visible wherever it is shown.
fn lab_name(text: &str) -> Result<String, HiddenLetters> {
    match is_blank(text.as_bytes()) || text.chars().any(is_hidden) {
        true => Err(HiddenLetters),
        false => Ok(text.to_owned()),
    }
}

/// The name has invisible characters, or no visible one.
#[derive(Debug)]
pub(crate) struct HiddenLetters;

impl fmt::Display for HiddenLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it has invisible characters, or no others")
    }
}

impl std::error::Error for HiddenLetters {}

impl LabRegister {
    /// Where the register is.
    pub(crate) fn location(&self) -> Location {
        let Ok(location) = self.register.parse();
        location
    }
}

#[derive(Args, Debug)]
struct DniArg {
    #[arg(long, value_name = "DNI")]
    dni: Option<String>,
}

#[derive(Args, Debug)]
struct BackupArg {
    #[arg(value_name = "FILE", id = "backup")]
    to: PathBuf,
}

#[derive(Args, Debug)]
struct RestoreArg {
    #[arg(value_name = "FILE", id = "restore-from")]
    from: PathBuf,
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

#[derive(Args, Debug)]
struct ClockArg {
    #[arg(long)]
    right: bool,
}

pub(crate) fn command() -> Command {
    let new = |name| LabRegister::augment_args(Command::new(name));
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
        .subcommand(enrol::RekeyArgs::augment_args(new("rekey")))
        .subcommand(deadline::DeadlineArgs::augment_args(new("deadline")))
        .subcommand(of_dni("unlock"))
        .subcommand(ClockArg::augment_args(new("clock")))
        .subcommand(ForgetArg::augment_args(of_dni("forget")))
        .subcommand(BackupArg::augment_args(new("backup")))
        .subcommand(RestoreArg::augment_args(new("restore")))
        .subcommand(new("verify"))
}

pub(crate) fn main(matches: &ArgMatches, messages: &dyn Messages) -> Exit {
    let Some((name, matches)) = matches.subcommand() else {
        return Exit::Usage;
    };
    let place: LabRegister = read(matches);
    let location = place.location();
    if name == "restore" {
        return restore(&location, &read::<RestoreArg>(matches).from, messages);
    }
    // Preparing a class creates its register. In other commands, a register that does not exist is
    // probably a typing error.
    let prepares = ["roster", "enrol"].contains(&name);
    let opened = match prepares {
        true => location.archive_or_create(),
        false => location.archive(),
    };
    let mut archive = match opened {
        Ok(archive) => archive,
        Err(error) => return Exit::Failed.because(&register_error(messages, &location, &error)),
    };
    for noticed in archive.notices() {
        notice(messages, &noticed);
    }
    let mut outputs = Outputs::default();
    location.protect(&mut outputs);
    let mut command = RegisterCommand {
        archive,
        outputs,
        lab: place.lab,
        location,
        messages,
    };
    match command.run(name, matches) {
        Ok(exit) => exit,
        Err(stop) => {
            let (exit, line) = match stop {
                RunError::Usage(line) => (Exit::Usage, line),
                RunError::Failed(line) => (Exit::Failed, line),
                RunError::File(error) => (Exit::Failed, error.say(messages)),
                RunError::Roster(error) => (Exit::Failed, error.say(messages)),
                RunError::Register(error) => (
                    Exit::Failed,
                    register_error(messages, &command.location, &error),
                ),
            };
            print::line(&line);
            exit
        }
    }
}

/// An open register, and the user's messages.
struct RegisterCommand<'a> {
    archive: Archive,
    outputs: Outputs,
    location: Location,
    lab: String,
    messages: &'a dyn Messages,
}

/// Why a command ends early.
enum RunError {
    Usage(String),
    Failed(String),
    Register(Error),
    File(FileError),
    Roster(RosterFileError),
}

impl From<FileError> for RunError {
    fn from(error: FileError) -> Self {
        RunError::File(error)
    }
}

impl From<RosterFileError> for RunError {
    fn from(error: RosterFileError) -> Self {
        RunError::Roster(error)
    }
}

impl From<Error> for RunError {
    fn from(error: Error) -> Self {
        RunError::Register(error)
    }
}

impl RegisterCommand<'_> {
    fn run(&mut self, name: &str, matches: &ArgMatches) -> Result<Exit, RunError> {
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
            "rekey" => self.rekey(&read(matches)),
            "deadline" => self.deadline(&read(matches)),
            "unlock" => {
                let dni = self.dni(matches)?;
                let id = if self.archive.unlock(&dni)? {
                    "register-unlocked"
                } else {
                    "register-not-locked"
                };
                print::info(&self.messages.say_with(id, &[("dni", &dni)]));
                Ok(Exit::Done)
            }
            "clock" => self.clock(read::<ClockArg>(matches).right),
            "forget" => {
                let dni = self.dni(matches)?;
                self.forget(&dni, read::<ForgetArg>(matches).yes)
            }
            "backup" => {
                let file = read::<BackupArg>(matches).to;
                self.outputs
                    .check(&file)
                    .map_err(|error| FileError::new(&file, error))?;
                self.archive
                    .backup(&file)
                    .map_err(|error| match error.kind {
                        ErrorKind::Exists => RunError::Failed(
                            self.messages.say_with("output-exists", &[("file", &file)]),
                        ),
                        _ => error.into(),
                    })?;
                print::info(&self.messages.say_with("wrote-file", &[("file", &file)]));
                Ok(Exit::Done)
            }
            _ => self.verify(),
        }
    }

    fn dni(&self, matches: &ArgMatches) -> Result<String, RunError> {
        let dni = dni_input::dni(read::<DniArg>(matches).dni, self.messages);
        let dni = dni.map_err(|error| RunError::Usage(error.say(self.messages)))?;
        Ok(dni.as_str().to_owned())
    }

    fn forget(&mut self, dni: &str, yes: bool) -> Result<Exit, RunError> {
        let messages = self.messages;
        if !yes {
            let attempts = self.archive.why(dni)?.len();
            return Err(RunError::Usage(messages.say_with(
                "register-forget-ask",
                &[("dni", &dni), ("count", &attempts)],
            )));
        }
        let count = self.archive.forget(dni)?;
        print::info(&messages.say_with("register-forgot", &[("count", &count)]));
        Ok(Exit::Done)
    }

    fn verify(&mut self) -> Result<Exit, RunError> {
        let faults = self.archive.verify()?;
        for fault in &faults {
            print::line(&socklab_text::escape::text(&fault.say(self.messages)));
        }
        if !faults.is_empty() {
            return Err(RunError::Failed(self.messages.say("register-damaged")));
        }
        let key = self.location.key_file();
        if key.exists() && self.name_damaged(&key)? {
            return Ok(Exit::Failed);
        }
        print::info(&self.messages.say("register-whole"));
        Ok(Exit::Done)
    }

    /// Names the students whose secrets cannot be decrypted, and says what to do. Returns whether
    /// there are any.
    fn name_damaged(&mut self, key: &Path) -> Result<bool, RunError> {
        let messages = self.messages;
        let damaged = self.archive.damaged_secrets(key)?;
        for dni in &damaged {
            print::line(&messages.say_with("register-bad-secret", &[("dni", dni)]));
        }
        Ok(!damaged.is_empty())
    }
}

/// Replaces the register by a backup. Does not open the old register, because it may be damaged.
fn restore(location: &Location, from: &Path, messages: &dyn Messages) -> Exit {
    let place = location.to_string();
    match location.restore(from) {
        Ok(kept) => {
            print::info(
                &messages.say_with("register-restored", &[("place", &place), ("file", &from)]),
            );
            if let Some(kept) = kept {
                print::info(&messages.say_with("register-kept", &[("file", &kept)]));
            }
            Exit::Done
        }
        Err(error) => Exit::Failed.because(&register_error(messages, location, &error)),
    }
}

/// Says what a lecturer should know of a register that works.
pub(crate) fn notice(messages: &dyn Messages, notice: &Notice) {
    match notice {
        Notice::OpenToAll { path, mode } => warn_of_mode(messages, path, *mode),
        Notice::OtherNames { path, names } => {
            let said = [("file", path as _), ("names", names as _)];
            print::line(&messages.say_with("register-other-names", &said));
        }
        Notice::LogSetAside(log) => {
            print::line(&messages.say_with("log-set-aside", &[("file", log)]));
        }
        Notice::Saved(copy) => print::line(&messages.say_with("register-saved", &[("file", copy)])),
    }
}

/// What went wrong with a register, and what to do.
pub(crate) fn register_error(
    messages: &dyn Messages,
    location: &Location,
    error: &Error,
) -> String {
    let id = match error.kind {
        ErrorKind::Open => "trouble-open",
        ErrorKind::Missing => "trouble-missing",
        ErrorKind::Foreign => "trouble-foreign",
        ErrorKind::Empty => "trouble-empty",
        ErrorKind::Newer => "trouble-newer",
        ErrorKind::NotDurable => "trouble-not-durable",
        ErrorKind::ReadOnly => "trouble-read-only",
        ErrorKind::Busy => "trouble-busy",
        ErrorKind::InUse => "trouble-in-use",
        ErrorKind::Exists => "trouble-exists",
        ErrorKind::Moved => "trouble-moved",
        ErrorKind::Full => "trouble-full",
        ErrorKind::Broken => "trouble-broken",
        ErrorKind::Entry => "trouble-entry",
        ErrorKind::Silent => "trouble-silent",
        ErrorKind::Password => "trouble-password",
        ErrorKind::Key => "trouble-key",
        ErrorKind::KeyName => "trouble-key-name",
        ErrorKind::Uncertain => "trouble-uncertain",
        ErrorKind::Output => "trouble-output",
        ErrorKind::Input => "trouble-input",
    };
    let detail = error.say(messages);
    let place = location.to_string();
    messages.say_with(id, &[("place", &place), ("detail", &detail)])
}

//! Reads a class from a file. Says how the file was understood, or what is wrong with it.

use std::path::{Path, PathBuf};

use clap::Args;
use socklab_core::submit::MAX_NAME;
use socklab_register::{Column, DniFault, Field, Roster, RosterError, RosterFault};

use super::{RegisterCommand, RunError};
use crate::exit::Exit;
use crate::files::{self, FileError};
use crate::print;
use crate::wording;
use socklab_text::{Messages, impl_error};

#[derive(Args, Debug)]
pub(super) struct RosterArgs {
    #[arg(value_name = "FILE", id = "roster-file")]
    file: PathBuf,
    #[arg(long, value_name = "FIELD=HEADER")]
    column: Vec<Column>,
    #[arg(long)]
    empty: bool,
}

impl RegisterCommand<'_> {
    /// Sets the class from a file, and shows how the file was understood.
    pub(super) fn roster(&mut self, args: &RosterArgs) -> Result<Exit, RunError> {
        let roster = read(&args.file, &args.column, args.empty)?;
        self.archive.set_roster(&roster.entries)?;
        report(&args.file, &roster, self.messages, str::to_owned);
        Ok(Exit::Done)
    }
}

/// Why there is no roster.
#[derive(Debug)]
pub(crate) enum RosterFileError {
    /// The file cannot be read.
    File(FileError),
    /// The file is not a valid roster.
    Roster(PathBuf, RosterError),
}

impl RosterFileError {
    /// What is wrong with the file, and on which line.
    pub(crate) fn say(&self, messages: &dyn Messages) -> String {
        match self {
            RosterFileError::File(error) => error.say(messages),
            RosterFileError::Roster(file, error) => {
                let fault = fault(messages, &error.fault);
                messages.say_with(
                    "roster-refused",
                    &[("file", file), ("line", &error.line), ("detail", &fault)],
                )
            }
        }
    }
}

impl_error!(RosterFileError);

/// Reads a roster.
pub(crate) fn read(
    file: &Path,
    columns: &[Column],
    may_be_empty: bool,
) -> Result<Roster, RosterFileError> {
    let bytes = files::read(file).map_err(RosterFileError::File)?;
    Roster::read(&bytes, columns, may_be_empty)
        .map_err(|error| RosterFileError::Roster(file.to_owned(), error))
}

/// Shows what each column was taken for, the first student, and the number of students.
pub(crate) fn report(
    file: &Path,
    roster: &Roster,
    messages: &dyn Messages,
    dni: impl Fn(&str) -> String,
) {
    let of = |wanted: Option<Field>| {
        let those = roster.columns.iter().filter(|(_, field)| *field == wanted);
        let headers: Vec<&str> = those.map(|(header, _)| header.as_str()).collect();
        list(&headers)
    };
    let mut understood: Vec<String> = Vec::new();
    for field in Field::ALL {
        if roster.columns.iter().any(|(_, one)| *one == Some(field)) {
            let what = field_name(messages, field);
            understood.push(format!("{what} = {}", of(Some(field))));
        }
    }
    let (file, columns) = (file.display().to_string(), understood.join(", "));
    print::info(&messages.say_with("roster-columns", &[("file", &file), ("list", &columns)]));
    if roster.columns.iter().any(|(_, field)| field.is_none()) {
        print::info(&messages.say_with("roster-ignored", &[("list", &of(None))]));
    }
    if let Some(first) = roster.entries.first() {
        let values = [&dni(&first.dni), &first.name, &first.team, &first.email];
        let values = values.into_iter().filter(|value| !value.is_empty());
        let list = values.cloned().collect::<Vec<_>>().join(" | ");
        print::info(&messages.say_with("roster-first", &[("list", &list)]));
    }
    let count = roster.entries.len();
    print::info(&messages.say_with("register-roster", &[("count", &count)]));
    let short = roster.short_dnis();
    if short > 0 {
        print::info(&messages.say_with("roster-short", &[("count", &short)]));
    }
}

fn fault(messages: &dyn Messages, fault: &RosterFault) -> String {
    match fault {
        RosterFault::Encoding => messages.say("roster-encoding"),
        RosterFault::QuoteOpen => messages.say("roster-quote-open"),
        RosterFault::QuoteInside => messages.say("roster-quote-inside"),
        RosterFault::AfterQuote => messages.say("roster-after-quote"),
        RosterFault::Values { found, columns } => {
            messages.say_with("roster-values", &[("found", found), ("columns", columns)])
        }
        RosterFault::Blank { value } => messages.say_with("roster-blank", &[("value", value)]),
        RosterFault::Long { bytes, value } => {
            let said = [
                ("bytes", bytes as _),
                ("most", &MAX_NAME as _),
                ("value", value as _),
            ];
            messages.say_with("roster-long", &said)
        }
        RosterFault::NoDni { headers } if headers.is_empty() => messages.say("roster-no-header"),
        RosterFault::NoDni { headers } => {
            messages.say_with("roster-no-dni", &[("list", &list(headers))])
        }
        RosterFault::Twice {
            field,
            first,
            second,
        } => {
            let (field, word) = (field_name(messages, *field), field.word());
            let list = list(&[first, second]);
            messages.say_with(
                "roster-twice",
                &[("list", &list), ("field", &field), ("word", &word)],
            )
        }
        RosterFault::NoColumn { header, headers } => {
            let headers = list(headers);
            messages.say_with("roster-no-column", &[("value", header), ("list", &headers)])
        }
        RosterFault::Dni { value, why } => {
            let why = match why {
                DniFault::Letter(right) => {
                    messages.say_with("roster-dni-letter", &[("letter", &right.to_string())])
                }
                DniFault::Foreign => messages.say("roster-dni-foreign"),
                DniFault::Form(error) => wording::dni(messages, *error),
            };
            messages.say_with("roster-dni", &[("value", value), ("detail", &why)])
        }
        RosterFault::Email { value } => messages.say_with("roster-email", &[("value", value)]),
        RosterFault::Again { first } => messages.say_with("roster-again", &[("first", first)]),
        RosterFault::Empty => messages.say("roster-empty"),
    }
}

fn field_name(messages: &dyn Messages, field: Field) -> String {
    messages.say(match field {
        Field::Dni => "roster-field-dni",
        Field::Name => "roster-field-name",
        Field::Surname => "roster-field-surname",
        Field::SecondSurname => "roster-field-surname2",
        Field::Group => "roster-field-group",
        Field::Email => "roster-field-email",
    })
}

/// Lists the first headers. A file that is not a roster may have thousands.
fn list(headers: &[impl AsRef<str>]) -> String {
    const FEW: usize = 20;
    let dots = if headers.len() > FEW { ", …" } else { "" };
    let quoted = headers
        .iter()
        .take(FEW)
        .map(|header| format!("\"{}\"", header.as_ref()));
    quoted.collect::<Vec<_>>().join(", ") + dots
}

//! `socklab compare diff OLD NEW`.

use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, Command};
use serde_json::Value;
use socklab_compare::diff;
use socklab_compare::results::SCHEMA;
use socklab_compare::summary::Document;

use crate::exit::Exit;
use crate::files::{FileError, read as read_file};
use crate::options::read;
use crate::print;
use socklab_text::{Messages, impl_error};

#[derive(Args, Clone, Debug)]
pub(super) struct DiffArgs {
    #[arg(value_name = "OLD.json")]
    old: PathBuf,
    #[arg(value_name = "NEW.json")]
    new: PathBuf,
}

pub(super) fn command() -> Command {
    DiffArgs::augment_args(Command::new("diff"))
}

pub(super) fn main(matches: &ArgMatches, messages: &dyn Messages) -> Exit {
    let args: DiffArgs = read(matches);
    let (old, new) = match (load(&args.old), load(&args.new)) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(error), _) | (_, Err(error)) => return Exit::Unchecked.because(&error.say(messages)),
    };
    match diff::diff(&old.results, &new.results) {
        Ok(found) => {
            print::lines(&diff::show(&found, messages));
            match found.changes().next() {
                Some(_) => Exit::Failed,
                None if found.compared() == 0 => Exit::Unchecked,
                None => Exit::Done,
            }
        }
        Err(error) => Exit::Unchecked.because(&error.say(messages)),
    }
}

/// Why results cannot be compared.
#[derive(Debug)]
enum LoadError {
    File(FileError),
    /// The file has no results.
    NoResults(PathBuf),
    /// The file has the six questions.
    Survey(PathBuf),
    /// The file's results have this other schema version.
    OtherSchema(PathBuf, u32),
}

impl LoadError {
    fn say(&self, messages: &dyn Messages) -> String {
        match self {
            LoadError::File(error) => error.say(messages),
            LoadError::NoResults(file) => {
                messages.say_with("compare-no-results", &[("file", file)])
            }
            LoadError::Survey(file) => messages.say_with("compare-is-survey", &[("file", file)]),
            LoadError::OtherSchema(file, schema) => messages.say_with(
                "compare-other-schema",
                &[("file", file), ("schema", schema), ("ours", &SCHEMA)],
            ),
        }
    }
}

impl_error!(LoadError);

fn load(path: &Path) -> Result<Document, LoadError> {
    let text = read_file(path).map_err(LoadError::File)?;
    let other = |_| match serde_json::from_slice::<Value>(&text) {
        Ok(document) if document.get("survey").is_some() => LoadError::Survey(path.to_owned()),
        _ => LoadError::NoResults(path.to_owned()),
    };
    let document: Document = serde_json::from_slice(&text).map_err(other)?;
    match document.results.schema {
        SCHEMA => Ok(document),
        other => Err(LoadError::OtherSchema(path.to_owned(), other)),
    }
}

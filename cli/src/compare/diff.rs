//! `socklab compare diff OLD NEW`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, Command};
use socklab_compare::diff;
use socklab_compare::results::SCHEMA;
use socklab_compare::summary::Document;

use crate::Exit;
use crate::args::read;
use crate::files::unreadable;
use crate::outlet;
use crate::say;
use socklab_text::Messages;

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
    let (old, new) = match (load(&args.old, messages), load(&args.new, messages)) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(line), _) | (_, Err(line)) => {
            say::line(&line);
            return Exit::Unchecked;
        }
    };
    match diff::diff(&old.results, &new.results) {
        Ok(found) => {
            outlet::payload(diff::show(&found, messages).as_bytes());
            match found.changes().next() {
                Some(_) => Exit::Failed,
                None => Exit::Done,
            }
        }
        Err(error) => {
            say::line(&error.say(messages));
            Exit::Unchecked
        }
    }
}

fn load(path: &Path, messages: &dyn Messages) -> Result<Document, String> {
    let text = fs::read_to_string(path).map_err(|error| unreadable(messages, path, &error))?;
    let document: Document = serde_json::from_str(&text)
        .map_err(|_| messages.say_with("compare-no-results", &[("file", &path)]))?;
    match document.results.schema {
        SCHEMA => Ok(document),
        other => Err(messages.say_with(
            "compare-other-schema",
            &[("file", &path), ("schema", &other), ("ours", &SCHEMA)],
        )),
    }
}

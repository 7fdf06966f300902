//! `socklab transcript show FILE`.

use std::fs;
use std::path::PathBuf;

use clap::{ArgMatches, Args, Command};
use socklab_core::transcript::{Expected, parse};

use crate::exit::Exit;
use crate::options::read;
use crate::print;
use socklab_text::{Messages, escape, system_error};

#[derive(Args, Debug)]
struct ShowArgs {
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[arg(long)]
    canonical: bool,
}

pub(crate) fn command() -> Command {
    Command::new("transcript")
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .subcommand(ShowArgs::augment_args(Command::new("show")))
}

/// Reads a transcript, so that what is printed is one, and prints it.
pub(crate) fn main(matches: &ArgMatches, messages: &dyn Messages) -> Exit {
    let Some(("show", matches)) = matches.subcommand() else {
        return Exit::Usage;
    };
    let args: ShowArgs = read(matches);
    let failed = |detail: String| {
        print::line(&messages.say_with("file-error", &[("file", &args.file), ("detail", &detail)]));
        Exit::Failed
    };
    let text = match fs::read_to_string(&args.file) {
        Ok(text) => text,
        Err(error) => return failed(system_error::text(messages, &error)),
    };
    let transcripts = match parse(&text) {
        Ok(transcripts) => transcripts,
        Err(error) => {
            let id = match error.expected {
                Expected::Title => "transcript-expects-title",
                Expected::Header => "transcript-expects-header",
                Expected::Event => "transcript-expects-event",
            };
            return failed(messages.say_with(id, &[("line", &error.line)]));
        }
    };
    let shown: Vec<String> = transcripts
        .iter()
        .map(|one| match args.canonical {
            true => one.canonical(),
            false => one.to_string(),
        })
        .collect();
    // Payloads are quoted already, but a file's other words may contain anything.
    for line in shown.join("\n").lines() {
        print::payload(&escape::text(line));
    }
    Exit::Done
}

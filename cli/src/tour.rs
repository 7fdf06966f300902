//! `socklab tour`: every exercise for real, both ends side by side.

use std::sync::Arc;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{ArgMatches, Args, Command};
use socklab_core::lab::{EXERCISES, Settings, find};
use socklab_core::{Status, Transport};
use socklab_experiments::tour::{self, Detail};
use socklab_runtimes::Runtime;
use socklab_text::Messages;

use crate::exit::Exit;
use crate::options::{exercises, read};
use crate::outlet;
use crate::print;
use crate::replies::Replies;
use crate::runtimes;
use crate::wording;

#[derive(Args, Debug)]
struct TourArgs {
    #[arg(value_name = "EXERCISE", value_parser = exercises())]
    exercise: Option<String>,
    #[arg(long, default_value = "all", value_parser = runtimes_or_all())]
    runtime: String,
    #[arg(long = "transcript", id = "tour-transcript")]
    transcript: bool,
}

fn runtimes_or_all() -> PossibleValuesParser {
    let all = [PossibleValue::new("all")].into_iter();
    PossibleValuesParser::new(all.chain(runtimes::values()))
}

pub(crate) fn command() -> Command {
    TourArgs::augment_args(Command::new("tour"))
}

pub(crate) fn main(matches: &ArgMatches, messages: &'static dyn Messages) -> Exit {
    let args: TourArgs = read(matches);
    let chosen: Vec<Runtime> = match Runtime::find(&args.runtime) {
        Some(one) => vec![one],
        None => Runtime::MAIN.to_vec(),
    };
    let detail = match args.transcript {
        true => Detail::Transcript,
        false => Detail::Ladder,
    };
    let of_all = args.exercise.is_none();
    if of_all {
        print::payload(&format!(
            "{}\n",
            print::wrapped("", &messages.say("tour-intro"))
        ));
    }
    let mut exit = Exit::Done;
    let asked = |name: &str| args.exercise.as_deref().is_none_or(|only| only == name);
    let wording = Replies {
        messages,
        nie: false,
    };
    let settings = Settings {
        wording: Arc::new(wording),
        ..Settings::default()
    };
    for &exercise in EXERCISES.iter().filter(|one| asked(one.name)) {
        if outlet::reader_left() {
            break;
        }
        let mut played = Vec::new();
        for &runtime in &chosen {
            // Whoever asks for all exercises has those that there are.
            if of_all && runtime.available().is_ok() && !runtime.serves(exercise.transport) {
                continue;
            }
            if let Some(exit) = runtimes::refused(runtime, exercise, messages) {
                return exit;
            }
            match tour::play(exercise, &settings, runtime) {
                Ok(one) => played.push((runtime, one)),
                Err(status) => {
                    not_played(exercise.name, runtime, status, messages);
                    exit = Exit::Failed;
                }
            }
        }
        if let Some((text, same)) =
            tour::page(exercise, &played, detail, print::columns(), messages)
        {
            print::payload(&text);
            if !same {
                exit = Exit::Failed;
            }
        }
    }
    if of_all && !outlet::reader_left() {
        print::payload(&print::wrapped("", &messages.say("tour-next")));
        for (command, id) in NEXT {
            let command = format!("  {command:32} ");
            print::payload(&print::wrapped(&command, &messages.say(id)));
        }
    }
    exit
}

/// Where to go from here, and the message that says what for.
const NEXT: [(&str, &str); 5] = [
    ("socklab timeline echo", "tour-next-timeline"),
    ("socklab lesson start-order", "tour-next-lesson"),
    ("socklab compare --quick", "tour-next-compare"),
    ("socklab echo server", "tour-next-own"),
    ("socklab tour echo --transcript", "tour-next-transcript"),
];

/// Says that an exchange did not end as it should on that runtime.
pub(crate) fn not_played(
    exercise: &str,
    runtime: Runtime,
    status: Status,
    messages: &dyn Messages,
) {
    let runtime = runtime.name();
    print::line(&messages.say_with(
        "tour-failed",
        &[("exercise", &exercise), ("runtime", &runtime)],
    ));
    if let Status::Failed(failure) = status {
        let transport = find(exercise).map_or(Transport::Datagram, |one| one.transport);
        print::line(&wording::failure(messages, transport, failure));
    }
}

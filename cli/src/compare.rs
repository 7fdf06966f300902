//! `socklab compare`: the same exercise on every I/O model, measured so that a class can believe
//! it.

mod args;
mod diff;
mod noise;
mod outputs;
mod progress;
mod survey;

use std::path::Path;

use clap::ArgMatches;
use socklab_compare::summary::Document;
use socklab_core::Transport;
use socklab_core::lab::{self, EXERCISES, Exercise};
use socklab_experiments::compare::{self, Contestant, ContestantKind, Unmeasured};
use socklab_experiments::cores::{allowed_cores, pin};
use socklab_files::Scratch;
use socklab_runtimes::Runtime;
use socklab_system::supports_batching;
use socklab_text::{Messages, system_error};

use crate::exit::Exit;
use crate::files::FileError;
use crate::interrupt::end_programs_on_interrupt;
use crate::nearby;
use crate::options::read;
use crate::print;
use crate::processes::Design;
use crate::runtimes;

use args::CompareArgs;
pub(crate) use args::command;
use progress::{ComparisonStatus, wrong_reply};

pub(crate) fn main(matches: &ArgMatches, messages: &dyn Messages) -> Exit {
    if let Some(("diff", matches)) = matches.subcommand() {
        return diff::main(matches, messages);
    }
    let args: CompareArgs = read(matches);
    if args.list {
        return list(messages);
    }
    if let Some(exercise) = lab::find(args.exercise().unwrap_or("capitals")) {
        let named = args
            .models
            .iter()
            .flatten()
            .filter_map(|name| Runtime::find(name));
        let refused = |one| runtimes::refused(one, exercise, messages);
        if let Some(exit) = named.into_iter().find_map(refused) {
            return exit;
        }
    }
    if let Err(error) = outputs::can_be_written(&args) {
        return Exit::Failed.because(&error.say(messages));
    }
    let allowed = allowed_cores();
    end_programs_on_interrupt();
    let folder = match args.peers.then(Scratch::new).transpose() {
        Ok(folder) => folder,
        Err(error) => {
            return Exit::Unchecked
                .because(&FileError::new(&std::env::temp_dir(), error).say(messages));
        }
    };
    let peers = folder.as_ref().map(|folder| peers(folder.path(), messages));
    let peers = peers.unwrap_or_default();
    match args.survey(&allowed, &peers) {
        Ok(None) => {}
        Ok(Some(plan)) => {
            noise::say_first(args.wait_quiet, messages);
            return survey::main(&args, &plan, messages);
        }
        Err(error) => return Exit::Usage.because(&error.say(messages)),
    }
    let plan = match args.plan(&allowed, &peers) {
        Ok(plan) => plan,
        Err(error) => return Exit::Usage.because(&error.say(messages)),
    };
    let folder = args.hdr.as_ref();
    let writable = folder.map_or(Ok(()), |folder| {
        outputs::folder_can_be_written(folder, &plan)
    });
    if let Err(error) = writable {
        return Exit::Failed.because(&error.say(messages));
    }
    noise::say_first(args.wait_quiet, messages);
    let transport = plan.exercise.transport;
    let mut progress = ComparisonStatus::new(messages, &plan);
    let measured = compare::measure(plan, &mut progress);
    progress.clear();
    let results = match measured {
        Ok(results) => results,
        Err(error) => return Exit::Failed.because(&unmeasured(&error, transport, messages)),
    };
    // The report's timelines start servers of their own, which must not share the generator's core.
    pin(&allowed);
    match outputs::write(&args, &Document::new(results), messages) {
        Exit::Done if progress.failed() => Exit::Failed,
        exit => exit,
    }
}

/// The servers in other languages. Reports those that cannot be used.
fn peers(folder: &Path, messages: &dyn Messages) -> Vec<Contestant> {
    let mut peers = Vec::new();
    for peer in socklab_process::peers(folder) {
        match peer {
            Ok(peer) => peers.push(Contestant {
                name: peer.name.to_owned(),
                kind: ContestantKind::Program(peer.command),
            }),
            Err(missing) => print::line(&messages.say_with(
                "compare-peer-missing",
                &[
                    ("name", &missing.name),
                    ("needs", &missing.needs),
                    ("detail", &system_error::text(messages, &missing.error)),
                ],
            )),
        }
    }
    peers
}

/// Every model, with the sentence that says what it is.
fn list(messages: &dyn Messages) -> Exit {
    let widest = Runtime::names().map(str::len).max().unwrap_or(0);
    let served = |serves: &dyn Fn(&Exercise) -> bool| {
        let served = EXERCISES.iter().filter(|one| serves(one));
        let served: Vec<&str> = served.map(|one| one.name).collect();
        match served.len() == EXERCISES.len() {
            true => messages.say("compare-every-exercise"),
            false => served.join(", "),
        }
    };
    let line = |name: &str, figure: &str, served: &str| {
        let sentence = messages.say(&format!("model-{name}"));
        let figure = messages.say_with("compare-figure", &[("figure", &figure)]);
        let (head, text) = (
            format!("{name:widest$}  "),
            format!("{figure}. {sentence} ({served})"),
        );
        print::wrapped(&head, &text) + "\n"
    };
    let runtime = |runtime: Runtime| {
        let mut served = served(&|one| runtime.serves(one.transport));
        if runtime.is_batched() && !supports_batching() {
            served += &format!("; {}", messages.say("compare-no-batches"));
        }
        line(runtime.name(), runtime.figure(), &served)
    };
    let design = |one: Design| {
        let served = served(&|one| Design::serves(one.name));
        line(one.name(), Runtime::Blocking.figure(), &served)
    };
    let runtimes = Runtime::offered().map(runtime);
    let lines = runtimes.chain(Design::offered().map(design));
    print::lines(&lines.collect::<String>());
    Exit::Done
}

fn unmeasured(error: &Unmeasured, transport: Transport, messages: &dyn Messages) -> String {
    match error {
        Unmeasured::NoneLeft => messages.say("compare-none-left"),
        Unmeasured::Failed(model, error) => {
            let detail = system_error::text(messages, error);
            messages.say_with("compare-failed", &[("model", model), ("detail", &detail)])
        }
        Unmeasured::Silent(address) => {
            let nearby = nearby::nearby(messages, transport, *address);
            nearby.unwrap_or_else(|| {
                messages.say_with("compare-target-silent", &[("address", address)])
            })
        }
        Unmeasured::Wrong(wrong) => wrong_reply(wrong, messages),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn every_model_is_told_in_one_sentence() {
        for name in Runtime::names().chain(Design::ALL.map(Design::name)) {
            for language in [Language::Es, Language::En] {
                // A missing sentence panics here.
                let sentence = language.messages().say(&format!("model-{name}"));
                assert!(sentence.ends_with('.'), "{sentence}");
                // This fits into two lines on a projector.
                assert!(sentence.chars().count() <= 180, "{sentence}");
            }
        }
    }
}

//! `socklab`: one networking lab on every I/O model.

#![forbid(unsafe_code)]

mod address;
mod bug;
mod chat_wait;
mod check;
mod command;
mod compare;
mod completions;
mod dni_input;
mod doctor;
mod exchange;
mod exit;
mod files;
mod impairments;
mod interrupt;
mod language;
mod lesson;
mod listen_hint;
mod measured;
mod nearby;
mod numbers;
mod options;
mod otp;
mod outlet;
mod print;
mod processes;
mod qr;
mod recording;
mod register;
mod replies;
mod runtimes;
mod submission;
mod terminal;
mod timeline;
mod tour;
mod transcript;
mod unexpected;
mod usage;
mod wording;

use std::process::ExitCode;

use socklab_core::lab;
use socklab_experiments::measured::COMMAND;
use socklab_text::Translations;

use exit::Exit;
use language::Language;
use options::{CommonArgs, read};

fn main() -> ExitCode {
    let exit = run();
    // The last line of a server may still be in the queue.
    outlet::STDERR.end();
    ExitCode::from(exit as u8)
}

fn run() -> Exit {
    let flag = usage::language_flag(std::env::args_os());
    // Leaked on purpose: every thread uses the messages until the program ends.
    let messages: &'static Translations = match Language::choose(flag.as_deref()) {
        Ok(language) => Box::leak(Box::new(language.messages())),
        Err(error) => return Exit::Usage.because(&error.to_string()),
    };
    let command = command::command(messages);
    let matches = match command.clone().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return usage::report(messages, &command, &error),
    };
    let common: CommonArgs = read(&matches);
    if common.quiet {
        print::only_failures();
    }
    let exit = match matches.subcommand() {
        Some(("otp", matches)) => otp::main(matches, messages),
        Some(("completions", matches)) => completions::main(matches, &command),
        Some(("transcript", matches)) => transcript::main(matches, messages),
        Some(("register", matches)) => register::main(matches, messages),
        Some((COMMAND, matches)) => measured::main(matches, messages),
        Some(("bug", matches)) => bug::main(matches, messages),
        Some(("check", matches)) => check::main(matches, messages),
        Some(("compare", matches)) => compare::main(matches, messages),
        Some(("doctor", matches)) => doctor::main(matches, messages),
        Some(("lesson", matches)) => lesson::main(matches, messages),
        Some(("tour", matches)) => tour::main(matches, messages),
        Some(("timeline", matches)) => timeline::main(matches, messages),
        Some((name, matches)) => match lab::find(name) {
            Some(exercise) => exchange::main(exercise, matches, &common, messages),
            None => Exit::Usage,
        },
        None => Exit::Usage,
    };
    exit.with_payload(messages)
}

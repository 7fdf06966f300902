//! What was typed wrong, in one line that says what to type instead.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error};

use crate::exit::Exit;
use crate::outlet;
use socklab_text::Messages;
use socklab_text::escape;

/// The value of `--lang`, read before anything else so that everything else can be said in it.
pub(crate) fn language_flag(args: impl Iterator<Item = OsString>) -> Option<String> {
    let mut args = own_words(args);
    while let Some(arg) = args.next() {
        if arg == "--lang" {
            return args.next();
        }
        if let Some(value) = arg.strip_prefix("--lang=") {
            return Some(value.to_owned());
        }
    }
    None
}

/// The words that were typed, as well as they can be read. Those after `--` belong to another
/// program.
fn own_words(args: impl Iterator<Item = OsString>) -> impl Iterator<Item = String> {
    args.map(|arg| arg.to_string_lossy().into_owned())
        .take_while(|arg| arg != "--")
}

/// Prints help and version; words everything else.
pub(crate) fn report(messages: &dyn Messages, command: &Command, error: &Error) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            outlet::payload(error.to_string().as_bytes());
            Exit::Done.with_payload(messages)
        }
        _ => Exit::Usage.because(&line(messages, command, error)),
    }
}

fn line(messages: &dyn Messages, command: &Command, error: &Error) -> String {
    let (path, command) = reached(command, own_words(std::env::args_os()));
    let offered = command.get_subcommands().filter(|one| !one.is_hide_set());
    let names: Vec<&str> = offered.map(Command::get_name).collect();
    let list = names.join(", ");
    let get = |kind| context(error, kind);
    let (arg, value) = (get(ContextKind::InvalidArg), get(ContextKind::InvalidValue));
    let valid = get(ContextKind::ValidValue);
    let wrong = match error.kind() {
        // The words of a program whose `--` was left out.
        ErrorKind::UnknownArgument
            if !arg.starts_with('-') && command.get_positionals().any(Arg::is_last_set) =>
        {
            messages.say("check-no-command")
        }
        ErrorKind::UnknownArgument => match get(ContextKind::SuggestedArg) {
            near if near.is_empty() => messages.say_with("usage-unknown", &[("arg", &arg)]),
            near => messages.say_with("usage-unknown-near", &[("arg", &arg), ("near", &near)]),
        },
        ErrorKind::InvalidSubcommand => {
            let wrong = get(ContextKind::InvalidSubcommand);
            match likeliest(error, ContextKind::SuggestedSubcommand) {
                Some(near) => messages.say_with(
                    "usage-command-near",
                    &[("command", &wrong), ("near", &near)],
                ),
                None => messages.say_with("usage-command", &[("command", &wrong), ("list", &list)]),
            }
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            messages.say_with("usage-no-command", &[("list", &list)])
        }
        ErrorKind::InvalidValue if value.is_empty() => {
            messages.say_with("usage-no-value", &[("arg", &arg)])
        }
        ErrorKind::WrongNumberOfValues | ErrorKind::TooFewValues => {
            messages.say_with("usage-too-few", &[("arg", &arg)])
        }
        ErrorKind::InvalidValue => match likeliest(error, ContextKind::SuggestedValue) {
            Some(near) => messages.say_with(
                "usage-value-near",
                &[("arg", &arg), ("value", &value), ("near", &near)],
            ),
            None => messages.say_with(
                "usage-value",
                &[("arg", &arg), ("value", &value), ("valid", &valid)],
            ),
        },
        ErrorKind::InvalidUtf8 => messages.say("usage-not-text"),
        ErrorKind::ValueValidation => {
            messages.say_with("usage-invalid", &[("arg", &arg), ("value", &value)])
        }
        ErrorKind::TooManyValues => messages.say_with("usage-too-many", &[("arg", &arg)]),
        ErrorKind::MissingRequiredArgument => messages.say_with("usage-missing", &[("arg", &arg)]),
        ErrorKind::ArgumentConflict => messages.say_with("usage-conflict", &[("arg", &arg)]),
        _ => {
            let text = error.to_string();
            text.lines().next().unwrap_or_default().to_owned()
        }
    };
    let help = messages.say_with("usage-help", &[("command", &path)]);
    format!("{wrong} — {help}")
}

/// The deepest command that the words typed lead to, and how it is called.
fn reached(command: &Command, typed: impl Iterator<Item = String>) -> (String, &Command) {
    let mut path = command.get_name().to_owned();
    let mut command = command;
    for word in typed.skip(1) {
        if let Some(next) = command.find_subcommand(&word) {
            path = format!("{path} {word}");
            command = next;
        }
    }
    (path, command)
}

/// The likeliest of what clap suggests, which stands last.
fn likeliest(error: &Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(one) => Some(one.clone()),
        ContextValue::Strings(all) => all.last().cloned(),
        _ => None,
    }
}

/// One piece of what clap knows of a mistake, safe to print.
fn context(error: &Error, kind: ContextKind) -> String {
    let text = match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(list)) => list.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    escape::text(&text).into_owned()
}

//! What was typed wrong, in one line that says what to type instead.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error};

use crate::exit::Exit;
use crate::numbers::NotInRange;
use crate::outlet;
use crate::register::HiddenLetters;
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
        ErrorKind::InvalidSubcommand | ErrorKind::InvalidValue => {
            match wrong_word(error).as_str() {
                "help" => answer(messages, command, "--help"),
                "version" => answer(messages, command, "--version"),
                _ => Exit::Usage.because(&line(messages, command, error)),
            }
        }
        _ => Exit::Usage.because(&line(messages, command, error)),
    }
}

/// What stands where a command or a value that is no option's is expected.
fn wrong_word(error: &Error) -> String {
    match context(error, ContextKind::InvalidArg).starts_with('-') {
        true => String::new(),
        false => match error.kind() {
            ErrorKind::InvalidSubcommand => context(error, ContextKind::InvalidSubcommand),
            _ => context(error, ContextKind::InvalidValue),
        },
    }
}

/// Answers `socklab help echo` as `socklab echo --help`, and `socklab version` as the option.
fn answer(messages: &dyn Messages, command: &Command, option: &str) -> Exit {
    let typed = own_words(std::env::args_os());
    let words = typed.filter(|word| word != "help" && word != "version");
    let words = words.take(if option == "--version" { 1 } else { usize::MAX });
    match command
        .clone()
        .try_get_matches_from(words.chain([option.to_owned()]))
    {
        Err(answer) => report(messages, command, &answer),
        Ok(_) => Exit::Usage,
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
    let mut typed = own_words(std::env::args_os());
    let after_address = ADDRESSES.iter().any(|one| has(command, one))
        || typed.any(|word| word == "--connect" || word == "--target");
    let wrong = match error.kind() {
        ErrorKind::UnknownArgument if is_number(&arg) && after_address => {
            messages.say_with("usage-port", &[("arg", &arg)])
        }
        ErrorKind::InvalidValue if is_number(&value) && after_address && !arg.starts_with('-') => {
            messages.say_with("usage-port", &[("arg", &value)])
        }
        // The words of a program whose `--` was left out.
        ErrorKind::UnknownArgument
            if !arg.starts_with('-') && command.get_positionals().any(Arg::is_last_set) =>
        {
            messages.say("check-no-command")
        }
        ErrorKind::UnknownArgument if has(command, "listen") && !arg.starts_with('-') => {
            let listen = match is_number(&arg) {
                true => format!(":{arg}"),
                false => arg.clone(),
            };
            messages.say_with("usage-listen", &[("arg", &arg), ("listen", &listen)])
        }
        ErrorKind::UnknownArgument => match get(ContextKind::SuggestedArg) {
            near if near.is_empty() => messages.say_with("usage-unknown", &[("arg", &arg)]),
            near => messages.say_with("usage-unknown-near", &[("arg", &arg), ("near", &near)]),
        },
        ErrorKind::InvalidSubcommand => {
            let wrong = get(ContextKind::InvalidSubcommand);
            match likeliest(error, &wrong, ContextKind::SuggestedSubcommand) {
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
        ErrorKind::InvalidValue => match likeliest(error, &value, ContextKind::SuggestedValue) {
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
            let wrong = messages.say_with("usage-invalid", &[("arg", &arg), ("value", &value)]);
            match expected(messages, error) {
                Some(expected) => format!("{wrong}: {expected}"),
                None => wrong,
            }
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

/// The likeliest of what clap suggests, which stands last, if it may be a slip: clap also suggests
/// what has only some letters in common.
fn likeliest(error: &Error, typed: &str, kind: ContextKind) -> Option<String> {
    let likeliest = match error.get(kind)? {
        ContextValue::String(one) => one,
        ContextValue::Strings(all) => all.last()?,
        _ => return None,
    };
    near(typed, [likeliest.as_str()]).map(str::to_owned)
}

/// The name that may have been meant: a third of its letters differ at most.
pub(crate) fn near<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let differ = |name: &&str| {
        let longer = name.chars().count().max(typed.chars().count());
        let differ = strsim::levenshtein(&typed, name);
        (differ <= longer / 3).then_some(differ)
    };
    let names = names
        .into_iter()
        .filter_map(|name| Some((differ(&name)?, name)));
    names.min().map(|(_, name)| name)
}

/// What an option takes, if its parser says so.
fn expected(messages: &dyn Messages, error: &Error) -> Option<String> {
    let source = std::error::Error::source(error)?;
    if source.is::<HiddenLetters>() {
        return Some(messages.say("range-visible"));
    }
    source
        .downcast_ref::<NotInRange>()
        .map(|range| range.say(messages))
}

/// The arguments that are the address of a server.
const ADDRESSES: [&str; 2] = ["address", "doctor-server"];

fn has(command: &Command, argument: &str) -> bool {
    command.get_arguments().any(|one| one.get_id() == argument)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
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

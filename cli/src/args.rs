//! What can be typed.
//!
//! The commands of the exercises are made from the lab's list, so a new exercise has its own without
//! a line here. All help texts are messages: `help-` and the name of the command or argument.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use socklab_core::lab::{EXERCISES, Exercise, Offer};
use socklab_core::transcript::Role;

use crate::{runtimes, submission};
use socklab_runtimes::Runtime;
use socklab_text::{Messages, Translations};

/// Options that every command has.
#[derive(Args, Clone, Debug)]
pub(crate) struct Common {
    #[arg(long, value_name = "es|en", global = true)]
    pub(crate) lang: Option<String>,
    #[arg(long, global = true)]
    pub(crate) quiet: bool,
}

/// Options of every end of every exercise.
#[derive(Args, Clone, Debug)]
pub(crate) struct Exchange {
    #[arg(long, value_parser = runtimes::parser(), default_value = Runtime::ALL[0].name())]
    pub(crate) runtime: String,
    #[arg(long, value_name = "FILE")]
    pub(crate) transcript: Option<PathBuf>,
    #[arg(long, requires = "transcript")]
    pub(crate) unmasked: bool,
    #[arg(long)]
    pub(crate) raw: bool,
}

/// What every client takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct ClientArgs {
    #[arg(value_name = "ADDR")]
    pub(crate) address: Option<String>,
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Seconds>,
}

/// What every server takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct ServerArgs {
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) threads: Option<u32>,
}

/// [`Offer::Retries`].
#[derive(Args, Clone, Debug)]
pub(crate) struct RetriesArgs {
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=100))]
    pub(crate) retries: u32,
}

/// [`Offer::KeepServing`].
#[derive(Args, Clone, Debug)]
pub(crate) struct KeepServingArgs {
    #[arg(long)]
    pub(crate) keep_serving: bool,
}

/// [`Offer::Submission`].
#[derive(Args, Clone, Debug)]
pub(crate) struct SubmissionArgs {
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[arg(long, value_name = "DNI")]
    pub(crate) dni: Option<String>,
    #[arg(long, value_name = "CODE")]
    pub(crate) otp: Option<String>,
    #[arg(long)]
    pub(crate) tls: bool,
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub(crate) ca: Option<PathBuf>,
}

/// A time in seconds; nothing for none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seconds(pub(crate) Option<std::time::Duration>);

fn seconds(text: &str) -> Result<Seconds, String> {
    match text.parse::<f64>() {
        Ok(0.0) => Ok(Seconds(None)),
        Ok(number) if number > 0.0 && number <= 1e6 => {
            Ok(Seconds(Some(std::time::Duration::from_secs_f64(number))))
        }
        _ => Err(text.to_owned()),
    }
}

/// The whole command, with its help in the user's language.
pub(crate) fn command(messages: &Translations) -> Command {
    let mut command = Command::new("socklab")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .flatten_help(false);
    command = Common::augment_args(command);
    for exercise in EXERCISES {
        command = command.subcommand(of_exercise(exercise));
    }
    command = command
        .subcommand(crate::register::command())
        .subcommand(crate::otp::command())
        .subcommand(crate::transcript::command())
        .subcommand(crate::tour::command())
        .subcommand(crate::timeline::command())
        .subcommand(crate::bug::command())
        .subcommand(crate::check::command())
        .subcommand(crate::compare::command())
        .subcommand(crate::doctor::command())
        .subcommand(crate::lesson::command())
        .subcommand(crate::completions::command())
        .subcommand(crate::measured::command());
    localise(command, messages, "")
}

fn of_exercise(exercise: &Exercise) -> Command {
    let has = |offer| exercise.offers.contains(&offer);
    let mut client = Exchange::augment_args(ClientArgs::augment_args(Command::new("client")));
    if has(Offer::Retries) {
        client = RetriesArgs::augment_args(client);
    }
    if has(Offer::Submission) {
        client = SubmissionArgs::augment_args(client);
    }
    let mut server = Exchange::augment_args(ServerArgs::augment_args(Command::new("server")));
    if has(Offer::KeepServing) {
        server = KeepServingArgs::augment_args(server);
    }
    if has(Offer::Register) {
        server = submission::RegisterArgs::augment_args(server);
    }
    Command::new(exercise.name)
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .subcommand(client)
        .subcommand(server)
}

/// Which end of an exercise was asked for, and with what.
pub(crate) fn role(matches: &ArgMatches) -> Option<(Role, &ArgMatches)> {
    match matches.subcommand()? {
        ("client", matches) => Some((Role::Client, matches)),
        ("server", matches) => Some((Role::Server, matches)),
        _ => None,
    }
}

/// Reads a group of arguments that the command was given.
pub(crate) fn read<T: FromArgMatches>(matches: &ArgMatches) -> T {
    match T::from_arg_matches(matches) {
        Ok(args) => args,
        Err(error) => unreachable!("the group is part of the command: {error}"),
    }
}

/// Puts every help text into the user's language.
///
/// The id of a command's text is `help-` and its messages; that of an argument's is `help-arg-` and its
/// name. Commands may have examples under their own id and `-examples`.
fn localise(command: Command, messages: &Translations, path: &str) -> Command {
    let id = format!("help{path}");
    let examples = format!("{id}-examples");
    let mut command = command
        .help_template(format!(
            "{{about}}\n\n{}: {{usage}}\n\n{{all-args}}{{after-help}}\n",
            messages.say("heading-usage")
        ))
        .subcommand_help_heading(messages.say("heading-commands"))
        .about(messages.say(&id))
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .action(ArgAction::Help)
                .global(false),
        );
    if path.is_empty() {
        command = command.arg(
            Arg::new("version")
                .short('V')
                .long("version")
                .action(ArgAction::Version),
        );
    }
    if messages.has(&examples) {
        let heading = messages.say("heading-examples");
        let lines = messages.say(&examples).replace(" ; ", "\n  ");
        command = command.after_help(format!("{heading}:\n  {lines}"));
    }
    command = command.mut_args(|arg| {
        let id = format!("help-arg-{}", arg.get_id().as_str().replace('_', "-"));
        let heading = if arg.is_positional() {
            "heading-arguments"
        } else {
            "heading-options"
        };
        let help = messages.say(&id) + &notes(&arg, messages);
        let arg = arg.help(help).help_heading(messages.say(heading));
        match arg.get_action() {
            // Whoever says a flag twice means it.
            ArgAction::SetTrue => {
                let id = arg.get_id().clone();
                arg.overrides_with(id)
            }
            action if action.takes_values() => {
                arg.hide_default_value(true).hide_possible_values(true)
            }
            _ => arg,
        }
    });
    command.mut_subcommands(|sub| {
        let path = format!("{path}-{}", sub.get_name());
        localise(sub, messages, &path)
    })
}

/// What an argument takes, and what it is unless given: clap knows it, and says it in English.
fn notes(arg: &Arg, messages: &dyn Messages) -> String {
    if !arg.get_action().takes_values() {
        return String::new();
    }
    let mut notes = Vec::new();
    let values = arg.get_possible_values();
    if !values.is_empty() {
        let names: Vec<&str> = values.iter().map(PossibleValue::get_name).collect();
        notes.push(messages.say_with("arg-values", &[("list", &names.join(", "))]));
    }
    if let Some(value) = arg.get_default_values().first() {
        let value = value.to_string_lossy().into_owned();
        notes.push(messages.say_with("arg-default", &[("value", &value)]));
    }
    if notes.is_empty() {
        return String::new();
    }
    format!(" [{}]", notes.join("; "))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::language::Language;

    /// The ids of the help texts of a command and all below it.
    fn ids(command: &Command, path: &str, ids: &mut BTreeSet<String>) {
        ids.insert(format!("help{path}"));
        for arg in command.get_arguments() {
            ids.insert(format!(
                "help-arg-{}",
                arg.get_id().as_str().replace('_', "-")
            ));
        }
        for sub in command.get_subcommands() {
            let path = format!("{path}-{}", sub.get_name());
            if !sub.is_subcommand_required_set() {
                // Whoever runs something wants to see it done.
                ids.insert(format!("help{path}-examples"));
            }
            self::ids(sub, &path, ids);
        }
    }

    #[test]
    fn every_command_and_argument_is_explained_and_nothing_else_is() {
        let mut needed = BTreeSet::from(["help-examples".to_owned()]);
        for language in [Language::Es, Language::En] {
            // A text that is missing would panic here.
            let mut command = command(&language.messages());
            command.build();
            ids(&command, "", &mut needed);
        }
        let there = crate::language::EN
            .iter()
            .flat_map(|file| file.lines())
            .filter_map(|line| {
                let (id, _) = line.split_once(" = ")?;
                id.starts_with("help").then(|| id.to_owned())
            });
        assert_eq!(there.collect::<BTreeSet<_>>(), needed);
    }

    #[test]
    fn times() {
        assert_eq!(seconds("0").unwrap().0, None);
        let half = std::time::Duration::from_millis(500);
        assert_eq!(seconds("0.5").unwrap().0, Some(half));
        for wrong in ["", "-1", "abc", "nan", "inf", "1e99"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}

//! The whole command, as it can be typed.
//!
//! The commands of the exercises are made from the lab's list, so a new exercise has its own
//! without a line here. All help texts are messages: `help-` and the name of the command or
//! argument.

use clap::builder::PossibleValue;
use clap::{Arg, ArgAction, Args, Command};
use socklab_core::lab::{EXERCISES, Exercise, ExerciseOption};

use crate::impairments::ImpairmentArgs;
use crate::options::{
    ClientArgs, CommonArgs, ExchangeArgs, KeepServingArgs, RetriesArgs, ServerArgs, SubmissionArgs,
};
use crate::print;
use crate::submission;
use socklab_text::{Messages, Translations};

/// The command line with all its help texts, in the user's language.
pub(crate) fn command(messages: &Translations) -> Command {
    let mut command = Command::new("socklab")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .flatten_help(false);
    command = CommonArgs::augment_args(command);
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
    let has = |option| exercise.options.contains(&option);
    let mut client = ExchangeArgs::augment_args(ClientArgs::augment_args(Command::new("client")));
    if has(ExerciseOption::Retries) {
        client = RetriesArgs::augment_args(client);
    }
    if has(ExerciseOption::Submission) {
        client = SubmissionArgs::augment_args(client);
    }
    client = ImpairmentArgs::augment(exercise, client);
    let timeout = exercise.timeout.unwrap_or_default().as_secs_f64();
    client = client.mut_arg("timeout", |arg| arg.default_value(timeout.to_string()));
    let mut server = ExchangeArgs::augment_args(ServerArgs::augment_args(Command::new("server")));
    if has(ExerciseOption::KeepServing) {
        server = KeepServingArgs::augment_args(server);
    }
    if has(ExerciseOption::Register) {
        server = submission::RegisterArgs::augment_args(server);
    }
    server = ImpairmentArgs::augment(exercise, server);
    Command::new(exercise.name)
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .subcommand(client)
        .subcommand(server)
}

/// Puts every help text into the user's language.
///
/// The id of a command's text is `help-` and its messages; that of an argument's is `help-arg-` and
/// its name. Commands may have examples under their own id and `-examples`.
fn localise(command: Command, messages: &Translations, path: &str) -> Command {
    let id = format!("help{path}");
    let examples = format!("{id}-examples");
    let mut command = command
        .help_template(format!(
            "{{about}}\n\n{}: {{usage}}\n\n{{all-args}}{{after-help}}\n",
            messages.say("heading-usage")
        ))
        // Programs that read the help get each entry in one line.
        .term_width(print::columns().unwrap_or(0))
        .subcommand_help_heading(messages.say("heading-commands"))
        .subcommand_value_name(value_name(messages, "COMMAND"))
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
        let names = arg.get_value_names().unwrap_or_default();
        let names: Vec<String> = names.iter().map(|one| value_name(messages, one)).collect();
        let arg = arg
            .value_names(names)
            .help(help)
            .help_heading(messages.say(heading));
        match arg.get_action() {
            // Allow a flag to be repeated.
            ArgAction::SetTrue => {
                let id = arg.get_id().clone();
                arg.overrides_with(id)
            }
            action if action.takes_values() => {
                // Have `--rounds -1` refused by the option and not as an option of its own.
                let negative = !arg.is_positional();
                arg.hide_default_value(true)
                    .hide_possible_values(true)
                    .allow_negative_numbers(negative)
            }
            _ => arg,
        }
    });
    command.mut_subcommands(|sub| {
        let path = format!("{path}-{}", sub.get_name());
        localise(sub, messages, &path)
    })
}

/// The placeholder of a value, such as `FILE`.
pub(crate) fn value_name(messages: &dyn Messages, name: &str) -> String {
    messages.say_with("value-name", &[("name", &name)])
}

/// Says which values an argument takes, and its default. clap would say it in English.
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
    use std::any::TypeId;
    use std::collections::BTreeSet;

    use clap::error::ErrorKind;

    use super::*;
    use crate::language::Language;
    use crate::numbers::Seconds;

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
                // Commands that can be run have examples.
                ids.insert(format!("help{path}-examples"));
            }
            self::ids(sub, &path, ids);
        }
    }

    /// The paths of all options of a command, and of those below it, whose value is a number with
    /// decimals.
    fn decimals(command: &Command, path: &[String], found: &mut Vec<Vec<String>>) {
        let types = [TypeId::of::<f64>(), TypeId::of::<Seconds>()];
        for arg in command.get_arguments() {
            let value = arg.get_value_parser().type_id();
            if types.iter().any(|one| value == *one) {
                let option = format!("--{}", arg.get_long().expect("an option"));
                found.push([path, &[option]].concat());
            }
        }
        for sub in command.get_subcommands() {
            decimals(sub, &[path, &[sub.get_name().to_owned()]].concat(), found);
        }
    }

    #[test]
    fn no_option_takes_a_number_that_is_no_quantity() {
        let command = command(&Language::En.messages());
        let mut options = Vec::new();
        decimals(&command, &["socklab".to_owned()], &mut options);
        assert!(options.len() >= 6, "{options:?}");
        for option in options {
            for number in ["nan", "inf", "-inf", "-1", "1e300", "1e-300", ""] {
                let words = format!("{}={number}", option.join(" "));
                let parsed = command.clone().try_get_matches_from(words.split(' '));
                let kind = parsed.err().map(|error| error.kind());
                // A grade may be as small as one likes.
                let small = words.contains("export") && number == "1e-300";
                let wrong = [
                    Some(ErrorKind::ValueValidation),
                    Some(ErrorKind::InvalidValue),
                ];
                assert!(small || wrong.contains(&kind), "{words}: {kind:?}");
            }
        }
    }

    #[test]
    fn help_in_spanish_names_values_in_spanish() {
        let messages = Language::Es.messages();
        let lines = crate::language::ES.iter().flat_map(|file| file.lines());
        for line in lines.filter(|line| line.starts_with("help-arg-")) {
            for word in line.split(|c: char| !c.is_alphanumeric()) {
                assert_eq!(value_name(&messages, word), word, "{line}");
            }
        }
    }

    #[test]
    fn every_command_and_argument_is_explained_and_nothing_else_is() {
        let mut needed = BTreeSet::from(["help-examples".to_owned()]);
        for language in [Language::Es, Language::En] {
            // A missing help text panics here.
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
}

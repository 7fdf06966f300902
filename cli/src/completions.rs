//! `socklab completions SHELL`: the script with which a shell completes this command.

use clap::{ArgMatches, Args, Command};
use clap_complete::Shell;

use crate::exit::Exit;
use crate::options::read;
use crate::outlet;

#[derive(Args, Debug)]
struct CompletionsArgs {
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

pub(crate) fn command() -> Command {
    CompletionsArgs::augment_args(Command::new("completions"))
}

/// Prints the script for the shell, with its descriptions in the language of `whole`.
pub(crate) fn main(matches: &ArgMatches, whole: &Command) -> Exit {
    let offered = whole.get_subcommands().filter(|one| !one.is_hide_set());
    let mut offered = Command::new("socklab")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_version_flag(true)
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .args(whole.get_arguments())
        .subcommands(offered.cloned());
    let mut script = Vec::new();
    let args: CompletionsArgs = read(matches);
    clap_complete::generate(args.shell, &mut offered, "socklab", &mut script);
    outlet::payload(&script);
    Exit::Done
}

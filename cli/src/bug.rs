//! `socklab bug`: short wrong programs and their cures, for a class to look at.

use clap::{ArgMatches, Args, Command};
use socklab_check::{BUGS, Bug, Cause, CheckedExercise, ProgramLanguage};
use socklab_text::Messages;

use crate::check::{End, cure};
use crate::exit::Exit;
use crate::options::read;
use crate::print;
use crate::usage::near;

#[derive(Args, Clone, Debug)]
struct ShowArgs {
    #[arg(id = "bug-name", value_name = "NAME")]
    name: String,
}

pub(crate) fn command() -> Command {
    Command::new("bug")
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .subcommand(Command::new("list"))
        .subcommand(ShowArgs::augment_args(Command::new("show")))
}

pub(crate) fn main(matches: &ArgMatches, messages: &dyn Messages) -> Exit {
    match matches.subcommand() {
        Some(("list", _)) => list(messages),
        Some(("show", matches)) => show(&read::<ShowArgs>(matches).name, messages),
        _ => Exit::Usage,
    }
}

fn list(messages: &dyn Messages) -> Exit {
    let width = BUGS.iter().map(|bug| bug.name.len()).max().unwrap_or(0);
    for bug in BUGS {
        let what = messages.say(&format!("check-what-{}", bug.cause()));
        print::payload(&format!("{:width$}  {:16} {what}", bug.name, bug.end()));
    }
    Exit::Done
}

fn show(name: &str, messages: &dyn Messages) -> Exit {
    let Some(bug) = BUGS.iter().find(|bug| bug.name == name) else {
        let near = near(name, BUGS.iter().map(|bug| bug.name));
        let said = match near {
            Some(near) => {
                messages.say_with("bug-unknown-near", &[("name", &name), ("near", &near)])
            }
            None => messages.say_with("bug-unknown", &[("name", &name)]),
        };
        return Exit::Usage.because(&said);
    };
    let code = bug.cause();
    print::payload(&format!("{} · {} · {code}", bug.name, bug.end()));
    let what = messages.say(&format!("check-what-{code}"));
    let why = messages.say(&format!("check-why-{code}"));
    print::payload(&what);
    print::payload(&messages.say_with("check-why", &[("text", &why)]));
    for line in shown(bug) {
        print::payload(&line);
    }
    if let Some(&cause) = Cause::ALL.iter().find(|cause| cause.code() == code)
        && let Some(exercise) = CheckedExercise::find(bug.exercise())
    {
        let end = End {
            exercise,
            role: bug.role(),
            port: exercise.port,
            language: ProgramLanguage::Python,
        };
        print::payload(&messages.say("check-cure"));
        for line in cure(cause, end, messages) {
            print::payload(&format!("   {line}"));
        }
    }
    Exit::Done
}

/// The difference, after the names of the files if one of them is what is wrong.
fn shown(bug: &Bug) -> Vec<String> {
    let names = bug.file().map(|name| {
        let right = format!("{}.py", bug.end().replace(' ', "_"));
        [format!("- # {name}"), format!("+ # {right}")]
    });
    names.into_iter().flatten().chain(difference(bug)).collect()
}

/// The wrong program with its cure: `-` begins a line that goes, `+` one that comes.
fn difference(bug: &Bug) -> Vec<String> {
    let wrong: Vec<&str> = bug.wrong().lines().collect();
    let right: Vec<&str> = bug.cure().lines().collect();
    // The longest common subsequence: the programs are short.
    let mut common = vec![vec![0_usize; right.len() + 1]; wrong.len() + 1];
    for (i, a) in wrong.iter().enumerate().rev() {
        for (j, b) in right.iter().enumerate().rev() {
            common[i][j] = match a == b {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < wrong.len() || j < right.len() {
        let same = i < wrong.len() && j < right.len() && wrong[i] == right[j];
        if same {
            lines.push(format!("  {}", wrong[i]).trim_end().to_owned());
            (i, j) = (i + 1, j + 1);
        } else if j == right.len() || (i < wrong.len() && common[i + 1][j] >= common[i][j + 1]) {
            lines.push(format!("- {}", wrong[i]));
            i += 1;
        } else {
            lines.push(format!("+ {}", right[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_is_shown() {
        for bug in BUGS {
            let lines = shown(bug);
            let changes = lines.iter().any(|line| line.starts_with(['-', '+']));
            assert!(changes, "{}", bug.name);
        }
    }

    #[test]
    fn the_two_programs_can_be_read_back() {
        for bug in BUGS {
            let lines = difference(bug);
            let side = |other: char| -> Vec<String> {
                let kept = lines.iter().filter(|line| !line.starts_with(other));
                kept.map(|line| line.get(2..).unwrap_or_default().to_owned())
                    .collect()
            };
            let of = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(side('+'), of(bug.wrong()), "{}", bug.name);
            assert_eq!(side('-'), of(bug.cure()), "{}", bug.name);
        }
    }
}

//! `socklab register deadline`: sets, removes and shows a lab's deadlines.

use clap::Args;
use socklab_register::{local_time, parse_time};

use super::show::print_escaped;
use super::{RegisterCommand, RunError};
use crate::exit::Exit;
use crate::print;

#[derive(Args, Debug)]
pub(super) struct DeadlineArgs {
    #[arg(value_name = "TIME", id = "due", conflicts_with = "remove")]
    due: Option<String>,
    #[arg(long, value_name = "GROUP", id = "due-group")]
    group: Option<String>,
    #[arg(long)]
    remove: bool,
}

impl RegisterCommand<'_> {
    /// Sets or removes a deadline, then shows the lab's deadlines.
    pub(super) fn deadline(&mut self, args: &DeadlineArgs) -> Result<Exit, RunError> {
        let messages = self.messages;
        let due = match &args.due {
            Some(text) => Some(parse_time(text).map_err(|_| {
                RunError::Usage(messages.say_with("deadline-time", &[("value", text)]))
            })?),
            None => None,
        };
        if due.is_some() || args.remove {
            let group = args.group.as_deref();
            self.archive.set_deadline(&self.lab, group, due)?;
        }
        let deadlines = self.archive.deadlines(&self.lab)?;
        if deadlines.is_empty() {
            print::info(&messages.say_with("deadline-none", &[("lab", &self.lab)]));
        }
        if let Some(due) = deadlines.all {
            let time = local_time(due.as_secs());
            print_escaped(&messages.say_with("deadline-all", &[("time", &time)]));
        }
        for (group, due) in &deadlines.groups {
            let time = local_time(due.as_secs());
            print_escaped(
                &messages.say_with("deadline-group", &[("group", group), ("time", &time)]),
            );
        }
        Ok(Exit::Done)
    }

    /// If this lab has no submissions, names the labs that have: a user who gave no `--lab` may
    /// have meant one of them.
    pub(super) fn hint_at_other_labs(&mut self) -> Result<(), RunError> {
        let messages = self.messages;
        let labs = self.archive.labs()?;
        if labs.is_empty() || labs.contains(&self.lab) {
            return Ok(());
        }
        let (lab, list) = (&self.lab, labs.join(", "));
        print::info(&socklab_text::escape::text(
            &messages.say_with("hint-labs", &[("lab", lab), ("list", &list)]),
        ));
        Ok(())
    }
}

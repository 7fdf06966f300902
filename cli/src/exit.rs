//! How the command ends.

use socklab_text::{Messages, system_error};

use crate::outlet;
use crate::print;

/// How the command ended, for the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what it was asked to.
    Done = 0,
    /// The exchange failed.
    Failed = 1,
    /// The command was not typed right.
    Usage = 2,
    /// Nothing could be checked: our fault or the machine's, not the checked program's.
    Unchecked = 3,
    /// A client was stopped by Ctrl-C: 128 and the number of the signal, as shells say it.
    Interrupted = 130,
    /// The reader of standard output closed its pipe: as shells say of SIGPIPE.
    ReaderLeft = 141,
}

impl Exit {
    /// This end, after one line on standard error that says why.
    #[must_use]
    pub(crate) fn because(self, why: &str) -> Exit {
        print::line(why);
        self
    }

    /// How the command ends, seen what became of its payload: one line if it could not be written.
    /// A reader that wanted no more is no failure to speak of.
    pub(crate) fn with_payload(self, messages: &dyn Messages) -> Exit {
        match (outlet::failed(), self) {
            (None, exit) => exit,
            (_, Exit::Done | Exit::Interrupted) if outlet::reader_left() => Exit::ReaderLeft,
            (_, exit) if outlet::reader_left() => exit,
            (Some(error), _) => {
                let file = messages.say("standard-output");
                let detail = system_error::text(messages, error);
                let given = [("file", &file as _), ("detail", &detail as _)];
                Exit::Failed.because(&messages.say_with("file-error", &given))
            }
        }
    }
}

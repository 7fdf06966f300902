//! The exit status of the command.

use socklab_text::{Messages, system_error};

use crate::outlet;
use crate::print;

/// How the command ended, as an exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The command did what it was asked to.
    Done = 0,
    /// The exchange failed.
    Failed = 1,
    /// The command line was wrong.
    Usage = 2,
    /// No check was possible. The fault is ours or the machine's, not the checked program's.
    Unchecked = 3,
    /// Ctrl-C stopped a client: 128 plus the number of the signal, as shells report it.
    Interrupted = 130,
    /// The reader of standard output closed its pipe: as shells report SIGPIPE.
    ReaderLeft = 141,
}

impl Exit {
    /// Returns this status, after writing one line on standard error that says why.
    #[must_use]
    pub(crate) fn because(self, why: &str) -> Exit {
        print::line(why);
        self
    }

    /// Returns this status, unless standard output failed. A reader that has closed its pipe gets
    /// no message; any other error is reported in one line.
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

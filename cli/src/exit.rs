//! How the command ends.

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

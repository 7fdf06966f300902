//! What can go wrong with a register.

use std::fmt;
use std::path::PathBuf;

/// Why a register did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What kind of trouble it is.
    pub trouble: Trouble,
    /// What the system or the database said.
    pub detail: String,
}

/// A kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It cannot be opened or reached.
    Open,
    /// There is none at its path, and none was to be made.
    Missing,
    /// What is there is not a register.
    Foreign,
    /// What is there has no contents at all.
    Empty,
    /// It was made by a newer version of this program.
    Newer,
    /// It must survive a power cut, and its settings would not let it.
    NotDurable,
    /// Its folder, or its file, cannot be written.
    ReadOnly,
    /// It was busy for too long.
    Busy,
    /// Other programs have it open, and must not.
    InUse,
    /// A file is there that must not be.
    Exists,
    /// Its name no longer leads to the file that is open.
    Moved,
    /// Its disk is full, or a limit on the file's size is reached.
    Full,
    /// Its disk failed, or its file is damaged, or its server went away.
    Broken,
    /// What it has of one DNI is damaged; the others are not concerned.
    Entry,
    /// Its server does not answer.
    Silent,
    /// Its address has a password, which everybody on the computer can see.
    Password,
    /// Its key file is missing, or is another register's.
    Key,
    /// What was asked for cannot be written where it is to go.
    Output,
    /// What it was given (a roster, a secret) cannot be used.
    Input,
}

/// Something about a register that its lecturer should know, though it works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Others than its owner may read it.
    OpenToAll {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It has other names (hard links). Its log is found under each by that name, so programs that
    /// use two of them damage it.
    OtherNames {
        /// The one that is used.
        path: PathBuf,
        /// How many there are in all.
        names: u64,
    },
    /// The log beside it belonged to another file, and is there now.
    LogSetAside(PathBuf),
    /// Its file was moved or deleted while it was open: all that was confirmed is here too.
    Saved(PathBuf),
}

impl Error {
    pub(crate) fn new(trouble: Trouble, detail: impl fmt::Display) -> Self {
        Error {
            trouble,
            detail: detail.to_string(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Error {}

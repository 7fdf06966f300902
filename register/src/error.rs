//! What can go wrong with a register.

use std::fmt;

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
    /// What is there is not a register.
    Foreign,
    /// It was made by a newer version of this program.
    Newer,
    /// It must survive a power cut, and its settings would not let it.
    NotDurable,
    /// It was busy for too long.
    Busy,
    /// Its disk is full, or a limit on the file's size is reached.
    Full,
    /// Its disk failed, or its file is damaged, or its server went away.
    Broken,
    /// Its server does not answer.
    Silent,
    /// Its address has a password, which everybody on the computer can see.
    Password,
    /// Its key file is missing, or is another register's.
    Key,
    /// What it was given (a roster, a secret) cannot be used.
    Input,
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

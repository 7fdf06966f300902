//! What can go wrong with a register.

use std::io;
use std::path::PathBuf;

use socklab_text::{Messages, impl_error};

use crate::detail::Detail;

/// Why a register did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Its kind.
    pub kind: ErrorKind,
    /// What is behind it.
    pub detail: Detail,
}

/// What kind of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The register cannot be opened or reached.
    Open,
    /// There is no register at this path, and none was to be created.
    Missing,
    /// The file or database is not a register.
    Foreign,
    /// The file is empty.
    Empty,
    /// The register was made by a newer version of this program.
    Newer,
    /// The register's settings would not let it survive a power cut.
    NotDurable,
    /// The register's file or folder cannot be written.
    ReadOnly,
    /// The register was busy for too long.
    Busy,
    /// Other programs have the register open, and must not.
    InUse,
    /// A file exists that must not.
    Exists,
    /// The register's name no longer leads to the open file.
    Moved,
    /// The disk is full, or a limit on the file's size is reached.
    Full,
    /// The disk failed, the file is damaged, or the database server is gone.
    Broken,
    /// The entry of one DNI is damaged; the others are not affected.
    Entry,
    /// The database server does not answer.
    Silent,
    /// The register's address contains a password, which every user of the computer can see.
    Password,
    /// The key file is missing, or belongs to another register.
    Key,
    /// The new key is in use, but its file still has its temporary name.
    KeyName,
    /// It is not known whether the register recorded the change.
    Uncertain,
    /// The output cannot be written.
    Output,
    /// The input (a roster, a secret) cannot be used.
    Input,
}

/// Something that a lecturer should know about a register that works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Other users than its owner may read the register.
    OpenToAll {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The register's file has other names (hard links). SQLite finds the log by the name that is
    /// used, so programs that use different names damage the register.
    OtherNames {
        /// The name that is used.
        path: PathBuf,
        /// How many there are in all.
        names: u64,
    },
    /// The log beside the register belonged to another file, and was moved here.
    LogSetAside(PathBuf),
    /// The register's file was moved or deleted while it was open. This copy has everything
    /// confirmed.
    Saved(PathBuf),
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, detail: impl Into<Detail>) -> Self {
        Error {
            kind,
            detail: detail.into(),
        }
    }

    /// An error of the system.
    pub(crate) fn system(kind: ErrorKind) -> impl Fn(io::Error) -> Error + Copy {
        move |error| Error::new(kind, error)
    }

    /// Says in the user's language what is behind the error.
    pub fn say(&self, messages: &dyn Messages) -> String {
        self.detail.say(messages)
    }
}

impl_error!(Error);

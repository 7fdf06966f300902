//! The files that commands write.
//!
//! Every file of every command is opened here, so the rules are in one place:
//!
//! * A database, its log and its key are never overwritten, nor is an input or another output of
//!   the same command ([`Outputs`]).
//! * A file that is there is replaced only if the command could have written it: its extension and
//!   its beginning are those of a [`Kind`] of the output. No output gets another extension.
//! * A regular file is written under a temporary name, synced and renamed. So after a crash either
//!   the old or the new file is complete ([`Outputs::replace`]). Devices and pipes are written
//!   directly.
//! * Logs are appended to, never renamed or emptied, and only if the file is a log
//!   ([`Outputs::append`]).
//! * A temporary folder is removed with the program, also if a signal ends it ([`Scratch`]).
//! * A secret goes into a new file that only its owner may read ([`Outputs::secret`]).

#![forbid(unsafe_code)]

mod create;
mod identity;
mod log;
mod output;
mod scratch;

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

pub use create::{
    create_private, new_secret, persist_new, sync_file, sync_folder, temporary_name, unused_name,
};
pub use identity::{FileId, hard_links, is_in_memory, is_same_file, never_blocks, others_may_read};
pub use log::Log;
pub use output::{Output, resolve};
pub use scratch::{Scratch, remove_scratch};

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Its owner alone (mode 0600): it holds names, DNIs or addresses.
    Owner,
    /// Whoever the user's umask allows.
    Anybody,
}

/// What an output is called, and how it begins.
#[derive(Clone, Copy, Debug)]
pub struct Kind<'a> {
    /// The extensions that its name may have. It may also have none.
    pub extensions: &'a [&'a str],
    /// The first bytes of every such file.
    pub begins: &'a [u8],
}

/// Why a file was not written.
#[derive(Debug)]
pub enum Error {
    /// It is a database, or a database's log or key.
    Database,
    /// The same command reads it, or writes something else into it.
    InUse,
    /// The file exists, and must not.
    Exists,
    /// The file exists, and is of no kind that the output has.
    OfAnotherKind,
    /// The name does not end as that of any kind that the output has. Contains the right endings.
    Extension(String),
    /// The file's content is not what is to be appended to.
    Foreign,
    /// It is a named pipe that no program reads.
    Unread,
    /// The system refused.
    Io(io::Error),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Io(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Database => f.write_str("it is a register, or its log or key"),
            Error::InUse => f.write_str("the same command uses this file for something else"),
            Error::Exists => f.write_str("it is there already"),
            Error::OfAnotherKind => f.write_str("it is there already, with other contents"),
            Error::Extension(list) => write!(f, "its name must end in {list}"),
            Error::Foreign => f.write_str("it has other contents"),
            Error::Unread => f.write_str("no program reads this pipe"),
            Error::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

/// What stands beside a database under its name: the log and its index, the rollback journal, the
/// log's owner (`socklab-register` writes it), and the key.
pub const BESIDE_A_DATABASE: [&str; 5] = ["-wal", "-shm", "-journal", "-owner", ".key"];

/// The first bytes of SQLite's databases, logs (in both byte orders) and journals.
const MARKS: [&[u8]; 4] = [
    b"SQLite format 3\0",
    b"\x37\x7f\x06\x82",
    b"\x37\x7f\x06\x83",
    b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7",
];

/// The files of one command: those that it must not touch, and those that it writes.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    protected: Vec<PathBuf>,
}

impl Outputs {
    /// Notes that the command reads this file, so that no output overwrites it.
    pub fn protect(&mut self, path: impl Into<PathBuf>) {
        self.protected.push(path.into());
    }

    /// Notes that the command uses this database, so that no output overwrites it or the files
    /// beside it.
    pub fn protect_database(&mut self, path: &Path) {
        self.protect(path);
        for suffix in BESIDE_A_DATABASE {
            self.protect(with_suffix(path, suffix));
        }
    }

    /// Opens a file whose contents will replace those of an existing file of one of the `kinds`,
    /// once they are [complete](Output::finish).
    ///
    /// # Errors
    /// When the file must not be overwritten, or cannot be.
    pub fn replace(
        &mut self,
        path: &Path,
        readers: Readers,
        kinds: &[Kind<'_>],
    ) -> Result<Output, Error> {
        self.check(path)?;
        check_kind(path, kinds)?;
        let output = Output::open(path, readers)?;
        self.protect(path);
        Ok(output)
    }

    /// Checks whether [`replace`](Outputs::replace) could write that file, without changing it.
    ///
    /// # Errors
    /// As for `replace`.
    pub fn can_replace(
        &self,
        path: &Path,
        readers: Readers,
        kinds: &[Kind<'_>],
    ) -> Result<(), Error> {
        self.check(path)?;
        check_kind(path, kinds)?;
        Output::open(path, readers).map(drop)
    }

    /// Opens a file to append lines. Makes it if it does not exist; otherwise it must begin with
    /// `mark`.
    ///
    /// # Errors
    /// When the file has other content, or cannot be opened.
    pub fn append(&mut self, path: &Path, readers: Readers, mark: &[u8]) -> Result<Log, Error> {
        self.check(path)?;
        let log = Log::open(path, readers, mark)?;
        self.protect(path);
        Ok(log)
    }

    /// Writes a secret into a new file that only its owner may read: durably, and whole or not at
    /// all. Its name has one of the `extensions`, or none.
    ///
    /// # Errors
    /// When the file exists, even as a dangling link, or cannot be written.
    pub fn secret(&mut self, path: &Path, bytes: &[u8], extensions: &[&str]) -> Result<(), Error> {
        self.check(path)?;
        check_extension(path, extensions)?;
        new_secret(path, bytes).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => Error::Exists,
            _ => error.into(),
        })?;
        self.protect(path);
        Ok(())
    }

    /// Checks whether the command may create or overwrite that file.
    ///
    /// # Errors
    /// When it is a database or belongs to one, or the command uses it for something else.
    pub fn check(&self, path: &Path) -> Result<(), Error> {
        if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
            return Ok(()); // A device or a pipe loses nothing.
        }
        // First compare names and identities. The command's own database must not be opened here: a
        // process that closes a database loses the locks that it holds on it elsewhere (POSIX).
        if self
            .protected
            .iter()
            .any(|protected| is_same_file(protected, path))
        {
            return Err(Error::InUse);
        }
        let stem = |suffix| without_suffix(path, suffix).is_some_and(|stem| is_database(&stem));
        match BESIDE_A_DATABASE.into_iter().any(stem) || is_database(path) {
            true => Err(Error::Database),
            false => Ok(()),
        }
    }
}

/// Checks that a file may get this name, and that a regular file of this name is empty or of one of
/// these kinds.
fn check_kind(path: &Path, kinds: &[Kind<'_>]) -> Result<(), Error> {
    let extensions: Vec<&str> = kinds
        .iter()
        .flat_map(|kind| kind.extensions.to_vec())
        .collect();
    check_extension(path, &extensions)?;
    let longest = kinds.iter().map(|kind| kind.begins.len()).max();
    let head = match head(path, longest.unwrap_or(0)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        head => head?,
    };
    let is_ours = head.is_empty() || kinds.iter().any(|kind| head.starts_with(kind.begins));
    is_ours.then_some(()).ok_or(Error::OfAnotherKind)
}

/// Checks that the name has one of these extensions, or none. A device or a pipe may have any.
fn check_extension(path: &Path, extensions: &[&str]) -> Result<(), Error> {
    let fits = |one: &OsStr| {
        extensions
            .iter()
            .any(|known| one.eq_ignore_ascii_case(known))
    };
    let special = fs::metadata(path).is_ok_and(|there| !there.is_file());
    if special || path.extension().is_none_or(fits) {
        return Ok(());
    }
    let mut list: Vec<String> = Vec::new();
    for one in extensions.iter().map(|one| format!(".{one}")) {
        if !list.contains(&one) {
            list.push(one);
        }
    }
    Err(Error::Extension(list.join(", ")))
}

/// The first bytes of a regular file.
fn head(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    if fs::metadata(path)?.is_file() {
        let mut start = fs::File::open(path)?.take(most as u64);
        start.read_to_end(&mut head)?;
    }
    Ok(head)
}

/// Whether a file begins as SQLite's files do.
fn is_database(path: &Path) -> bool {
    let head = head(path, 16).unwrap_or_default();
    MARKS.iter().any(|mark| head.starts_with(mark))
}

/// Appends a suffix to the last name of a path.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn without_suffix(path: &Path, suffix: &str) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?.strip_suffix(suffix)?;
    (!name.is_empty()).then(|| path.with_file_name(name))
}

#[cfg(test)]
mod tests;

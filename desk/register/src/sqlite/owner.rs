//! Records to which file a log belongs.
//!
//! SQLite finds a database's log by its name alone. If another file is moved to a register's name,
//! the log beside it still belongs to the previous file, and SQLite would apply it to the wrong
//! one. So a small file beside the register (`-owner`) records the owner of the log. It is on disk
//! before the log has any content.

use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rusqlite::OpenFlags;
use socklab_files::{
    FileId, create_private, sync_folder, temporary_name, unused_name, with_suffix,
};

use super::file::{alone, connect, copy_of, remove};
use super::integrity;
use crate::error::{Error, ErrorKind};

/// The file that a log belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Owner {
    inode: u64,
    /// When the file was created, in nanoseconds, because inode numbers are reused. Zero if the
    /// system does not know it.
    born: u128,
    /// The number of the file; `-` if it has none.
    copy: String,
}

impl Owner {
    fn new(there: &Metadata, copy: Option<String>) -> Self {
        let born = there.created().ok();
        let born = born.and_then(|born| born.duration_since(UNIX_EPOCH).ok());
        Owner {
            inode: FileId::from(there).inode(),
            born: born.unwrap_or_default().as_nanos(),
            copy: copy.unwrap_or_else(|| "-".to_owned()),
        }
    }

    fn read(path: &Path) -> Option<Self> {
        let text = fs::read_to_string(name(path)).ok()?;
        let mut words = text.split_whitespace();
        Some(Owner {
            inode: words.next()?.parse().ok()?,
            born: words.next()?.parse().ok()?,
            copy: words.next()?.to_owned(),
        })
    }

    fn is_file(&self, other: &Owner) -> bool {
        (self.inode, self.born) == (other.inode, other.born)
    }

    /// Whether the numbers agree, or one is missing. A register of an older version has no number
    /// until this version opens it.
    fn may_be_copy(&self, other: &Owner) -> bool {
        self.copy == other.copy || [&self.copy, &other.copy].into_iter().any(|one| one == "-")
    }
}

fn name(path: &Path) -> PathBuf {
    with_suffix(path, "-owner")
}

/// Records durably that the log belongs to this file. A log that exists already must belong to it.
pub(super) fn record(path: &Path, copy: Option<String>) -> io::Result<()> {
    let owner = Owner::new(&fs::metadata(path)?, copy);
    if Owner::read(path).as_ref() == Some(&owner) {
        return Ok(());
    }
    let name = name(path);
    let new = temporary_name(&name);
    let written = create_private(&new).and_then(|mut file| {
        writeln!(file, "{} {} {}", owner.inode, owner.born, owner.copy)?;
        file.sync_all()?;
        fs::rename(&new, &name)
    });
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written.and_then(|()| sync_folder(&name))
}

/// To be called before a register is opened. Sets aside a log that belongs to another file, and
/// returns its new path.
pub(super) fn settle(path: &Path) -> Result<Option<PathBuf>, Error> {
    let broken = Error::system(ErrorKind::Broken);
    let log = with_suffix(path, "-wal");
    if fs::metadata(&log).map_or(0, |log| log.len()) == 0 {
        return Ok(None);
    }
    // Older versions did not record the owner.
    let Some(owner) = Owner::read(path) else {
        return Ok(None);
    };
    let there = fs::metadata(path).map_err(broken)?;
    let copy = alone(path).and_then(|file| copy_of(&file)).ok().flatten();
    let here = Owner::new(&there, copy);
    // A register that was copied or moved to another disk is also another file. If the log came
    // with it, the two fit together.
    let fits = owner.may_be_copy(&here) && (owner.is_file(&here) || fit(path, &log)?);
    match fits {
        true => Ok(None),
        false => set_aside(path).map(Some).map_err(broken),
    }
}

/// To be called before a register is created. Sets aside a log whose register is gone, and returns
/// its new path.
pub(super) fn orphan(named: &Path) -> Result<Option<PathBuf>, Error> {
    let log = with_suffix(named, "-wal");
    match fs::metadata(&log).map_or(0, |log| log.len()) {
        0 => Ok(None),
        _ => set_aside(named)
            .map(Some)
            .map_err(Error::system(ErrorKind::Open)),
    }
}

/// Renames the log of another file, and removes the log's index. Returns the log's new path.
pub(super) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let log = with_suffix(path, "-wal");
    let aside = unused_name(&with_suffix(path, "-wal.old"));
    fs::rename(&log, &aside)?;
    let _ = fs::remove_file(with_suffix(path, "-shm"));
    sync_folder(path)?;
    Ok(aside)
}

/// Whether a file and a log together make an undamaged register. Tries it on copies.
fn fit(path: &Path, log: &Path) -> Result<bool, Error> {
    let trial = temporary_name(path);
    let copied = create_private(&trial)
        .and_then(|_| fs::copy(path, &trial))
        .and_then(|_| fs::copy(log, with_suffix(&trial, "-wal")));
    let whole = copied.map_err(Error::system(ErrorKind::Broken)).map(|_| {
        connect(&trial, OpenFlags::SQLITE_OPEN_READ_WRITE)
            .and_then(|connection| integrity(&connection))
            .is_ok_and(|faults| faults.is_empty())
    });
    remove(&trial);
    whole
}

//! Copies, and the way back.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use socklab_files::{
    beside, create_private, free, resolve, same, sync_file, sync_folder, with_suffix,
};

use super::file::{alone, close, connect, mark_as_copy, put, remove};
use super::{APPLICATION, integrity, opening, owner};
use crate::error::{Error, Trouble};

/// How long to wait for another program to leave a register that is to be replaced.
const PATIENCE: Duration = Duration::from_secs(1);

/// Copies what a connection sees into a new file, whole or not at all.
pub(super) fn copy(from: &Connection, to: &Path) -> Result<(), Error> {
    if fs::symlink_metadata(to).is_ok() {
        return Err(Error::new(Trouble::Exists, to.display()));
    }
    let new = beside(to);
    let copied = copy_into(from, &new).and_then(|()| put(&new, to));
    remove(&new);
    copied
}

fn copy_into(from: &Connection, new: &Path) -> Result<(), Error> {
    create_private(new).map_err(|e| Error::new(Trouble::Open, e))?;
    let path = std::path::absolute(new).map_err(|e| Error::new(Trouble::Open, e))?;
    let name = path.to_str();
    let name = name.ok_or_else(|| Error::new(Trouble::Open, "its path is not UTF-8 text"))?;
    from.execute("VACUUM INTO ?1", [name])?;
    let copy = connect(new, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    mark_as_copy(&copy)?;
    close(copy)
}

/// Puts a copy of `backup` in a register's place. What was there keeps another name, which is
/// returned.
pub(crate) fn restore(backup: &Path, named: &Path) -> Result<Option<PathBuf>, Error> {
    let failed = |e: std::io::Error| Error::new(Trouble::Open, e);
    let path = resolve(named).map_err(failed)?;
    let new = beside(&path);
    let made = source(backup, &path).and_then(|from| copy_into(&from, &new));
    let restored = made.and_then(|()| replace(&new, &path));
    remove(&new);
    restored
}

/// A register to copy from, checked.
fn source(backup: &Path, register: &Path) -> Result<Connection, Error> {
    let failed = |e| Error::new(Trouble::Input, format!("{}: {e}", backup.display()));
    let not = |what: &str| {
        let detail = format!("{}: {what}", backup.display());
        Err(Error::new(Trouble::Input, detail))
    };
    let path = dunce::canonicalize(backup).map_err(failed)?;
    // To open a pipe would wait for its writer.
    if !path.is_file() {
        return not("it is not a file");
    }
    if same(&path, register) {
        return not("it is the register itself");
    }
    let log = fs::metadata(with_suffix(&path, "-wal")).map_or(0, |log| log.len());
    // A register in use is read as its users read it; of a backup nothing else is touched.
    let connection = match log > 0 || with_suffix(&path, "-shm").exists() {
        true => connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?,
        false => alone(&path)?,
    };
    let read = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    if read("PRAGMA application_id").ok() != Some(APPLICATION) {
        return not("it is not a register");
    }
    match integrity(&connection)?.first() {
        Some(fault) => not(&format!("it is damaged ({fault})")),
        None => Ok(connection),
    }
}

/// Has the new file take the register's name.
fn replace(new: &Path, path: &Path) -> Result<Option<PathBuf>, Error> {
    let failed = |e: std::io::Error| Error::new(Trouble::Open, e);
    if fs::symlink_metadata(path).is_err() {
        // The log of a register that is gone is of no use to another.
        if with_suffix(path, "-wal").exists() {
            owner::set_aside(path).map_err(failed)?;
        }
        return put(new, path).map(|()| None);
    }
    owner::settle(path)?;
    let mut alone = lock(path)?;
    sync_file(new).map_err(failed)?;
    let kept = free(&with_suffix(path, ".before-restore"));
    // At no time is there no register: a server that started then would make an empty one.
    fs::hard_link(path, &kept)
        .or_else(|_| fs::copy(path, &kept).map(drop))
        .map_err(failed)?;
    // Empty, but for a register that was damaged.
    for suffix in ["-wal", "-shm"] {
        let _ = fs::rename(with_suffix(path, suffix), with_suffix(&kept, suffix));
    }
    if cfg!(windows) {
        // A file that is open keeps its name there.
        alone = None;
    }
    fs::rename(new, path).map_err(failed)?;
    sync_folder(path).map_err(failed)?;
    drop(alone);
    Ok(Some(kept))
}

/// A connection that has a register to itself, its log merged; `None` for a file that SQLite cannot
/// read.
fn lock(path: &Path) -> Result<Option<Connection>, Error> {
    let attempt = || -> Result<Connection, Error> {
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.busy_timeout(PATIENCE).map_err(opening)?;
        let alone = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT;
                     PRAGMA wal_checkpoint(TRUNCATE);";
        connection.execute_batch(alone).map_err(opening)?;
        Ok(connection)
    };
    match attempt() {
        Ok(connection) => Ok(Some(connection)),
        Err(e) if e.trouble == Trouble::Busy => Err(Error::new(Trouble::InUse, e)),
        Err(_) => Ok(None),
    }
}

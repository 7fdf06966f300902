//! Copies a register, and restores one from a copy.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use socklab_files::{
    create_private, is_same_file, resolve, sync_file, sync_folder, temporary_name, unused_name,
    with_suffix,
};

use super::file::{alone, close, connect, exists, mark_as_copy, put, remove};
use super::{APPLICATION, integrity, opening, owner};
use crate::detail::Detail;
use crate::error::{Error, ErrorKind};

/// How long to wait for other programs to close a register that is to be replaced.
const PATIENCE: Duration = Duration::from_secs(1);

/// Copies a connection's database into a new file, completely or not at all.
pub(super) fn copy(from: &Connection, to: &Path) -> Result<(), Error> {
    if fs::symlink_metadata(to).is_ok() {
        return Err(exists(to));
    }
    let new = temporary_name(to);
    let copied = copy_into(from, &new).and_then(|()| put(&new, to));
    remove(&new);
    copied
}

fn copy_into(from: &Connection, new: &Path) -> Result<(), Error> {
    create_private(new).map_err(Error::system(ErrorKind::Open))?;
    let path = std::path::absolute(new).map_err(Error::system(ErrorKind::Open))?;
    let name = path.to_str();
    let name = name.ok_or_else(|| Error::new(ErrorKind::Open, Detail::NotText))?;
    from.execute("VACUUM INTO ?1", [name])?;
    let copy = connect(new, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    mark_as_copy(&copy)?;
    close(copy)
}

/// Replaces a register by a copy of `backup`. Keeps the old register under another name, which it
/// returns.
pub(crate) fn restore(backup: &Path, named: &Path) -> Result<Option<PathBuf>, Error> {
    let failed = Error::system(ErrorKind::Open);
    let path = resolve(named).map_err(failed)?;
    let new = temporary_name(&path);
    let made = source(backup, &path).and_then(|from| copy_into(&from, &new));
    let restored = made.and_then(|()| replace(&new, &path));
    remove(&new);
    restored
}

/// Opens and checks the register to copy from.
fn source(backup: &Path, register: &Path) -> Result<Connection, Error> {
    let refused = |detail| Error::new(ErrorKind::Input, Detail::of(backup, detail));
    let path = dunce::canonicalize(backup).map_err(|e| refused(e.into()))?;
    // Check first: opening a pipe would wait for its writer.
    if !path.is_file() {
        return Err(refused(Detail::NotAFile));
    }
    if is_same_file(&path, register) {
        return Err(refused(Detail::Itself));
    }
    let log = fs::metadata(with_suffix(&path, "-wal")).map_or(0, |log| log.len());
    // A register in use must be opened with its log and locks. A backup is opened alone, so that no
    // file is written beside it.
    let connection = match log > 0 || with_suffix(&path, "-shm").exists() {
        true => connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?,
        false => alone(&path)?,
    };
    let read = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    if read("PRAGMA application_id").ok() != Some(APPLICATION) {
        return Err(refused(Detail::NotARegister));
    }
    match integrity(&connection)?.into_iter().next() {
        Some(fault) => Err(refused(Detail::Damaged(fault))),
        None => Ok(connection),
    }
}

/// Gives the new file the register's name.
fn replace(new: &Path, path: &Path) -> Result<Option<PathBuf>, Error> {
    let failed = Error::system(ErrorKind::Open);
    if fs::symlink_metadata(path).is_err() {
        // SQLite would apply the log of the old register to the new one.
        if with_suffix(path, "-wal").exists() {
            owner::set_aside(path).map_err(failed)?;
        }
        return put(new, path).map(|()| None);
    }
    owner::settle(path)?;
    let mut alone = lock(path)?;
    sync_file(new).map_err(failed)?;
    let kept = unused_name(&with_suffix(path, ".before-restore"));
    // The register's name must exist at all times: a server that starts without it would create an
    // empty one.
    fs::hard_link(path, &kept)
        .or_else(|_| fs::copy(path, &kept).map(drop))
        .map_err(failed)?;
    // These are empty unless the register is damaged.
    for suffix in ["-wal", "-shm"] {
        let _ = fs::rename(with_suffix(path, suffix), with_suffix(&kept, suffix));
    }
    if cfg!(windows) {
        // Windows does not replace a file that is open.
        alone = None;
    }
    fs::rename(new, path).map_err(failed)?;
    sync_folder(path).map_err(Error::system(ErrorKind::Uncertain))?;
    drop(alone);
    Ok(Some(kept))
}

/// Opens a register exclusively, and merges its log. Returns `None` for a file that SQLite cannot
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
        Err(e) if e.kind == ErrorKind::Busy => Err(Error::new(ErrorKind::InUse, e.detail)),
        Err(_) => Ok(None),
    }
}

//! The file behind a register's path: finds it, creates it, and recognises it later.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use socklab_files::{
    FileId, create_private, persist_new, resolve, sync_file, temporary_name, with_suffix,
};

use super::{opening, schema_of_a_new_file};
use crate::detail::Detail;
use crate::error::{Error, ErrorKind};
use crate::keys::random;

/// The key in `meta` of the random number that tells a register's file from copies of it.
const COPY: &str = "copy";

/// The path of the file itself, with links resolved. If the file does not exist, creates it if
/// `create`.
pub(super) fn find(named: &Path, create: bool) -> Result<PathBuf, Error> {
    let text = named.to_string_lossy();
    if text == ":memory:" || text.starts_with("file:") {
        let detail = Detail::SqliteName(text.into_owned());
        return Err(Error::new(ErrorKind::NotDurable, detail));
    }
    let failed = Error::system(ErrorKind::Open);
    match fs::metadata(named) {
        Ok(there) if there.is_file() && there.len() == 0 => {
            Err(Error::new(ErrorKind::Empty, Detail::None))
        }
        Ok(there) if !there.is_file() => Err(Error::new(ErrorKind::Open, Detail::NotAFile)),
        Ok(_) => dunce::canonicalize(named).map_err(failed),
        Err(e) if e.kind() == io::ErrorKind::NotFound && create => {
            let path = resolve(named).map_err(failed)?;
            make(&path)?;
            dunce::canonicalize(path).map_err(failed)
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Err(Error::new(ErrorKind::Missing, e)),
        Err(e) => Err(failed(e)),
    }
}

/// Creates a register. It is first completed under another name, so that no program opens an
/// incomplete one.
fn make(path: &Path) -> Result<(), Error> {
    let new = temporary_name(path);
    create_private(&new).map_err(Error::system(ErrorKind::Open))?;
    let made = fill(&new).and_then(|()| put(&new, path));
    remove(&new);
    match made {
        // Another program has created the register meanwhile; use that one.
        Err(e) if e.kind == ErrorKind::Exists => Ok(()),
        other => other,
    }
}

fn fill(new: &Path) -> Result<(), Error> {
    let connection = connect(new, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    schema_of_a_new_file(&connection)?;
    close(connection)
}

/// Gives a complete file its name, durably. No file may have that name yet.
pub(super) fn put(new: &Path, path: &Path) -> Result<(), Error> {
    sync_file(new).map_err(Error::system(ErrorKind::Broken))?;
    persist_new(new, path).map_err(|e| match e.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => Error::new(ErrorKind::Open, e),
    })
}

/// The error of a name that must be unused.
pub(super) fn exists(path: &Path) -> Error {
    Error::new(
        ErrorKind::Exists,
        Detail::Quoted(path.display().to_string()),
    )
}

/// Removes a file that was never in use, with all that SQLite may have left beside it.
pub(super) fn remove(file: &Path) {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let _ = fs::remove_file(with_suffix(file, suffix));
    }
}

pub(super) fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, Error> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // An absolute path is never taken for SQLite's own names, such as `file:…`.
    let path = std::path::absolute(path).map_err(Error::system(ErrorKind::Open))?;
    Connection::open_with_flags(path, flags).map_err(opening)
}

/// Closes a connection. If it is the last one to the file, SQLite merges the log.
pub(super) fn close(connection: Connection) -> Result<(), Error> {
    Ok(connection.close().map_err(|(_, error)| error)?)
}

/// Gives a file a new number, which tells it from its copies.
pub(super) fn mark_as_copy(connection: &Connection) -> Result<(), Error> {
    let number = random::<16>()?;
    let sql = "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)";
    connection.execute(sql, (COPY, &number[..]))?;
    Ok(())
}

/// The number of a file, as hexadecimal digits; `None` if it has none.
pub(super) fn copy_of(connection: &Connection) -> Result<Option<String>, Error> {
    let sql = "SELECT hex(value) FROM meta WHERE key = ?1";
    let row = connection.query_row(sql, [COPY], |row| row.get(0));
    row.optional().map_err(opening)
}

/// Opens the file alone: without its log, without locks, and without writing any file beside it.
pub(super) fn alone(path: &Path) -> Result<Connection, Error> {
    let mut uri = String::from("file:");
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => uri.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            #[cfg(windows)]
            b'\\' => uri.push('/'),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(uri, flags).map_err(opening)
}

/// Whether the folder of a file, or its disk, is read-only.
pub(super) fn is_read_only(path: &Path) -> bool {
    let trial = temporary_name(path);
    let made = create_private(&trial);
    let _ = fs::remove_file(&trial);
    made.is_err_and(|e| {
        let kinds = [
            io::ErrorKind::PermissionDenied,
            io::ErrorKind::ReadOnlyFilesystem,
        ];
        kinds.contains(&e.kind())
    })
}

/// Whether an open file and its log still have their names and content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileState {
    /// File and log are unchanged.
    Same,
    /// Another file, or none, has the register's name.
    Moved,
    /// Another log, or none, has the log's name.
    LogMoved,
    /// The file was overwritten with other content.
    Replaced,
}

/// Identifies an open register's file, to recognise it later.
#[derive(Debug)]
pub(super) struct OpenFile {
    /// The path as the user wrote it, because links on it may change.
    given_path: PathBuf,
    /// The same path, with all links followed.
    real_path: PathBuf,
    log: PathBuf,
    file_id: FileId,
    log_id: Option<FileId>,
    copy: Option<String>,
    /// When the file was last changed, and its size. Between checkpoints, SQLite writes only the
    /// log.
    stamp: Stamp,
}

/// How often, and how far apart, a file that another program has changed is read before it counts
/// as replaced.
const LOOKS: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

type Stamp = (Option<SystemTime>, u64);

fn stamp(metadata: &Metadata) -> Stamp {
    (metadata.modified().ok(), metadata.len())
}

impl OpenFile {
    /// `real_path` has no links, `copy` is the file's number, and the log is open.
    pub(super) fn new(
        given_path: &Path,
        real_path: &Path,
        copy: Option<String>,
    ) -> Result<Self, Error> {
        let there = fs::metadata(real_path).map_err(Error::system(ErrorKind::Open))?;
        let log = with_suffix(real_path, "-wal");
        Ok(OpenFile {
            given_path: std::path::absolute(given_path).unwrap_or_else(|_| given_path.to_owned()),
            real_path: real_path.to_owned(),
            log_id: FileId::of(&log).ok(),
            log,
            file_id: FileId::from(&there),
            copy,
            stamp: stamp(&there),
        })
    }

    pub(super) fn real_path(&self) -> &Path {
        &self.real_path
    }

    pub(super) fn given_path(&self) -> &Path {
        &self.given_path
    }

    /// Notes the file's new time and size, after this program has changed it.
    pub(super) fn refresh(&mut self) {
        if let Ok(there) = fs::metadata(&self.real_path)
            && FileId::from(&there) == self.file_id
        {
            self.stamp = stamp(&there);
        }
    }

    /// Whether the file still has the number of the file that was opened. Tries several times,
    /// because a read may fail while another program is merging the log.
    fn is_the_copy(&self) -> bool {
        (0..LOOKS).any(|look| {
            if look > 0 {
                thread::sleep(BETWEEN_LOOKS);
            }
            let copy = alone(&self.real_path).and_then(|file| copy_of(&file));
            copy.is_ok_and(|copy| copy == self.copy)
        })
    }

    /// Checks whether the names still lead to the open file and log.
    pub(super) fn check(&mut self) -> FileState {
        let Ok(there) = fs::metadata(&self.given_path) else {
            return FileState::Moved;
        };
        if FileId::from(&there) != self.file_id {
            return FileState::Moved;
        }
        let now = stamp(&there);
        if now != self.stamp {
            if !self.is_the_copy() {
                return FileState::Replaced;
            }
            self.stamp = now;
        }
        match FileId::of(&self.log).ok() {
            log if log == self.log_id => FileState::Same,
            _ => FileState::LogMoved,
        }
    }
}

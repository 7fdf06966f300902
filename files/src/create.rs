//! Creates new files, and gives them their names.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::{Readers, with_suffix};

/// An unused name in the same folder as `path`.
pub fn temporary_name(path: &Path) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}-{count}.new", process::id()));
    path.with_file_name(name)
}

/// An unused name: `name` with the first free number.
pub fn unused_name(name: &Path) -> PathBuf {
    let numbered = (1..).map(|n: u32| with_suffix(name, &format!("-{n}")));
    let mut free = numbered.filter(|name| fs::symlink_metadata(name).is_err());
    free.next().unwrap_or_else(|| name.to_owned())
}

/// Creates an empty file. Fails if the name exists, even as a dangling link.
pub(crate) fn create(path: &Path, readers: Readers) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    only_for(&mut options, readers);
    options.open(path)
}

/// Creates an empty file that only its owner may read.
///
/// # Errors
/// When the file exists, or cannot be created.
pub fn create_private(path: &Path) -> io::Result<File> {
    create(path, Readers::Owner)
}

/// Has a file that these options create be readable by its owner alone, if `readers` says so.
pub(crate) fn only_for(options: &mut OpenOptions, readers: Readers) {
    #[cfg(unix)]
    if readers == Readers::Owner {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = (options, readers);
}

/// Gives a complete and synced file its name, durably. The name must be unused.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`] if the name is used; the file is then removed.
pub fn persist_new(file: &Path, name: &Path) -> io::Result<()> {
    let linked = fs::hard_link(file, name).or_else(|error| match error.kind() {
        ErrorKind::AlreadyExists => Err(error),
        // On a file system without hard links, check and rename. Another program could create the
        // same name between the two, but only at that very moment.
        _ if fs::symlink_metadata(name).is_err() => fs::rename(file, name),
        _ => Err(ErrorKind::AlreadyExists.into()),
    });
    let _ = fs::remove_file(file);
    linked.and_then(|()| sync_folder(name))
}

/// Makes the contents of a file durable, including what another handle wrote.
///
/// # Errors
/// When the file cannot be opened for writing, which Windows requires, or cannot be synced.
pub fn sync_file(file: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).open(file)?.sync_all()
}

/// Makes the name of a file durable, by syncing its folder.
///
/// # Errors
/// When the folder cannot be synced.
pub fn sync_folder(of: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let folder = match of.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        match File::open(folder).and_then(|folder| folder.sync_all()) {
            // Ignore the error of a file system that cannot sync folders.
            Err(error)
                if !matches!(
                    error.kind(),
                    ErrorKind::InvalidInput | ErrorKind::Unsupported
                ) =>
            {
                Err(error)
            }
            _ => Ok(()),
        }
    }
    #[cfg(not(unix))]
    {
        let _ = of;
        Ok(())
    }
}

/// Writes a new file that only its owner may read: durably, and whole or not at all.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`] if the name is used, even by a dangling link.
pub fn new_secret(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Follow links only if they are the system's names for devices and pipes.
    let system = ["/dev/", "/proc/"]
        .iter()
        .any(|folder| path.starts_with(folder));
    if system && fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    if fs::symlink_metadata(path).is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let new = temporary_name(path);
    let mut file = create_private(&new)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if let Err(error) = written {
        let _ = fs::remove_file(&new);
        return Err(error);
    }
    persist_new(&new, path)
}

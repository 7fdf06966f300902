//! New files, and their way to their names.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::{Error, Readers, with_suffix};

/// A name in the folder of `path` that nothing else has.
pub fn beside(path: &Path) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}-{count}.new", process::id()));
    path.with_file_name(name)
}

/// A name that nothing has: this one with the first number that is free.
pub fn free(name: &Path) -> PathBuf {
    let numbered = (1..).map(|n: u32| with_suffix(name, &format!("-{n}")));
    let mut free = numbered.filter(|name| fs::symlink_metadata(name).is_err());
    free.next().unwrap_or_else(|| name.to_owned())
}

/// Makes an empty file. It must not be there, not even as a link to nowhere.
pub(crate) fn create(path: &Path, readers: Readers) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    only_for(&mut options, readers);
    options.open(path)
}

/// Makes an empty file that only its owner may read. It must not be there.
///
/// # Errors
/// When it is there, or cannot be made.
pub fn create_private(path: &Path) -> io::Result<File> {
    create(path, Readers::Owner)
}

/// Has a file that is made by these options be readable by its owner alone.
pub(crate) fn only_for(options: &mut OpenOptions, readers: Readers) {
    #[cfg(unix)]
    if readers == Readers::Owner {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = (options, readers);
}

/// Gives a complete and synced file its name, durably. Nothing must have that name.
///
/// # Errors
/// [`Error::Exists`] when something has; the file is then gone.
pub fn place_new(file: &Path, name: &Path) -> Result<(), Error> {
    let linked = fs::hard_link(file, name).or_else(|error| match error.kind() {
        ErrorKind::AlreadyExists => Err(error),
        // A file system without hard links. The look before the rename may be outrun, but only by
        // a program that makes the same file in the same moment.
        _ if fs::symlink_metadata(name).is_err() => fs::rename(file, name),
        _ => Err(ErrorKind::AlreadyExists.into()),
    });
    let _ = fs::remove_file(file);
    match linked {
        Ok(()) => Ok(sync_folder(name)?),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Error::Exists),
        Err(error) => Err(error.into()),
    }
}

/// Makes the contents of a file durable, also those that another handle wrote.
///
/// # Errors
/// When it cannot be opened to write, which Windows wants for this, or cannot be synced.
pub fn sync_file(file: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).open(file)?.sync_all()
}

/// Makes the name of a file durable.
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
            // Some file systems cannot sync a folder: there is nothing more to ask for.
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

/// Writes a new file that only its owner may read, durably, and whole or not at all.
///
/// # Errors
/// [`Error::Exists`] when something has that name, were it only a link to nowhere.
pub fn new_secret(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    // The system's own names for devices and pipes are links; no others are followed.
    let system = ["/dev/", "/proc/"]
        .iter()
        .any(|folder| path.starts_with(folder));
    if system && fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        return Ok(OpenOptions::new()
            .write(true)
            .open(path)?
            .write_all(bytes)?);
    }
    if fs::symlink_metadata(path).is_ok() {
        return Err(Error::Exists);
    }
    let new = beside(path);
    let mut file = create_private(&new)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if let Err(error) = written {
        let _ = fs::remove_file(&new);
        return Err(error.into());
    }
    place_new(&new, path)
}

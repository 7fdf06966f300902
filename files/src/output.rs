//! A file that replaces another once it is complete.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::create::{create, sync_folder, temporary_name};
use crate::{Error, Readers};

/// How many links a path may lead through, as on Linux.
const LINKS: u32 = 40;

/// A file that is being written. If it is dropped before it is [complete](Output::finish), the
/// existing file stays as it was.
#[derive(Debug)]
pub struct Output {
    to: BufWriter<File>,
    /// The temporary and the final name; `None` for a device or a pipe.
    names: Option<(PathBuf, PathBuf)>,
}

impl Output {
    pub(crate) fn open(path: &Path, readers: Readers) -> Result<Self, Error> {
        let there = fs::metadata(path);
        if there.as_ref().is_ok_and(fs::Metadata::is_dir) {
            return Err(io::Error::from(ErrorKind::IsADirectory).into());
        }
        let target = match &there {
            Ok(there) if !there.is_file() => None,
            _ => regular(path)?,
        };
        let Some(target) = target else {
            let file = OpenOptions::new().append(true).open(path)?;
            return Ok(Output {
                to: BufWriter::new(file),
                names: None,
            });
        };
        if there.is_ok() {
            // Refuse to replace a file that this user may not write.
            OpenOptions::new().write(true).open(&target)?;
        }
        let new = temporary_name(&target);
        let file = create(&new, readers)?;
        if let (Ok(there), Readers::Anybody) = (there, readers) {
            file.set_permissions(there.permissions())?;
        }
        Ok(Output {
            to: BufWriter::new(file),
            names: Some((new, target)),
        })
    }

    /// Makes the file durable and gives it its final name. Until then the old file is there.
    ///
    /// # Errors
    /// When the file could not be written completely; then the old file is still there.
    pub fn finish(mut self) -> io::Result<()> {
        self.to.flush()?;
        if let Some((new, name)) = &self.names {
            self.to.get_ref().sync_all()?;
            fs::rename(new, name)?;
            let name = name.clone();
            self.names = None;
            sync_folder(&name)?;
        }
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some((new, _)) = &self.names {
            let _ = fs::remove_file(new);
        }
    }
}

/// The regular file at the end of a path's links, whether it exists or not. `None` if a link is the
/// system's name of an open file (`/dev/stdout`): another program has that file open, and would not
/// see a new file of the same name.
fn regular(path: &Path) -> io::Result<Option<PathBuf>> {
    let path = resolve(path)?;
    Ok((!path.starts_with("/proc")).then_some(path))
}

/// Follows a path's links to their end, whether a file is there or not.
///
/// # Errors
/// When the links form a circle.
pub fn resolve(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&path) {
            // Stop at the system's name of an open file.
            Ok(to) if !path.starts_with("/proc") => {
                path = path.parent().unwrap_or(Path::new("")).join(to);
            }
            _ => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

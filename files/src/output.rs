//! A file that takes the place of another.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::place::{beside, create, sync_folder};
use crate::{Error, Readers};

/// How many links a path may lead through, as on Linux.
const LINKS: u32 = 40;

/// A file on its way. Dropped before it is [complete](Output::finish), it leaves what was there
/// before.
#[derive(Debug)]
pub struct Output {
    to: BufWriter<File>,
    /// Its name until it is complete, and then; none for a device or a pipe.
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
            // A file that this user may not write is not replaced either.
            OpenOptions::new().write(true).open(&target)?;
        }
        let new = beside(&target);
        let file = create(&new, readers)?;
        if let (Ok(there), Readers::Anybody) = (there, readers) {
            file.set_permissions(there.permissions())?;
        }
        Ok(Output {
            to: BufWriter::new(file),
            names: Some((new, target)),
        })
    }

    /// Makes the file durable and gives it its name. Until this returns, the old one is there.
    ///
    /// # Errors
    /// When it could not be written to its end; then the old one is still there.
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

/// The regular file that a path stands for, at the end of its links, whether it is there or not.
/// `None` where a link is the system's own name of an open file (`/dev/stdout`): another program
/// has that one open, and would not see a new file of its name.
fn regular(path: &Path) -> io::Result<Option<PathBuf>> {
    let path = resolve(path)?;
    Ok((!path.starts_with("/proc")).then_some(path))
}

/// The path at the end of a path's links, whether there is a file or not.
///
/// # Errors
/// When the links lead nowhere, in a circle.
pub fn resolve(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&path) {
            // The system's own name of an open file ends here.
            Ok(to) if !path.starts_with("/proc") => {
                path = path.parent().unwrap_or(Path::new("")).join(to);
            }
            _ => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

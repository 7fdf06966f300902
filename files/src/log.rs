//! A file that grows.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use crate::place::only_for;
use crate::{Error, Readers, others_may_read, takes_all};

/// A log, open at its end. It may be another program's too.
#[derive(Debug)]
pub struct Log {
    file: File,
    /// It has something in it already.
    begun: bool,
    /// The last line was not written to its end.
    torn: bool,
    whole: bool,
    others_read: Option<u32>,
}

/// Opens a file to write to it. A named pipe must have its reader already: the system would wait
/// for one without a limit.
fn open_with_reader(options: &mut OpenOptions, path: &Path) -> Result<File, Error> {
    #[cfg(unix)]
    {
        use nix::errno::Errno;
        use nix::fcntl::{FcntlArg, OFlag, fcntl};
        use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
        if fs::metadata(path).is_ok_and(|there| there.file_type().is_fifo()) {
            options.custom_flags(OFlag::O_NONBLOCK.bits());
            let file = options.open(path).map_err(|error| {
                match error.raw_os_error() == Some(Errno::ENXIO as i32) {
                    true => Error::Unread,
                    false => error.into(),
                }
            })?;
            // Later writes wait, as they do to any pipe.
            fcntl(&file, FcntlArg::F_SETFL(OFlag::O_APPEND)).map_err(io::Error::from)?;
            return Ok(file);
        }
    }
    Ok(options.open(path)?)
}

impl Log {
    pub(crate) fn open(path: &Path, readers: Readers, mark: &[u8]) -> Result<Self, Error> {
        let mut head = Vec::new();
        if fs::metadata(path).is_ok_and(|there| there.is_file()) {
            let most = mark.len() as u64;
            File::open(path)?.take(most).read_to_end(&mut head)?;
            if !head.is_empty() && head != mark {
                return Err(Error::Foreign);
            }
        }
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        only_for(&mut options, readers);
        let file = open_with_reader(&mut options, path)?;
        Ok(Log {
            file,
            begun: !head.is_empty(),
            torn: false,
            whole: true,
            others_read: others_may_read(path).filter(|_| readers == Readers::Owner),
        })
    }

    /// Whether writing to it may take as long as a reader likes: it is a pipe or a terminal.
    pub fn waits_for_reader(&self) -> bool {
        !takes_all(&self.file)
    }

    /// Whether there was something in it when it was opened.
    pub fn begun(&self) -> bool {
        self.begun
    }

    /// The mode of a file that was there and that others may read, though it should be its owner's.
    pub fn others_read(&self) -> Option<u32> {
        self.others_read
    }

    /// Whether all that was given has been written.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Adds whole lines, in one write if the system takes them so: those of several programs do not
    /// mix. Returns the error the first time that something could not be written.
    pub fn append(&mut self, lines: &[u8]) -> Option<io::Error> {
        let error = self.try_append(lines).err()?;
        std::mem::replace(&mut self.whole, false).then_some(error)
    }

    fn try_append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.torn {
            self.file.write_all(b"\n")?;
            self.torn = false;
        }
        let mut left = lines;
        while !left.is_empty() {
            match self.file.write(left) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(taken) => {
                    left = &left[taken..];
                    self.torn = !left.is_empty();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

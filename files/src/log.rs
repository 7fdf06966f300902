//! A file to which lines are appended.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use crate::create::only_for;
use crate::{Error, Readers, never_blocks, others_may_read};

/// A log, open at its end. Another program may append to it at the same time.
#[derive(Debug)]
pub struct Log {
    file: File,
    /// Whether the file had content when it was opened.
    had_content: bool,
    /// Whether the last line was written only in part.
    torn: bool,
    /// Whether no write has failed so far.
    whole: bool,
    /// The mode, if others may read the file although only its owner should.
    others_read: Option<u32>,
}

/// Opens a file for writing. A named pipe must have a reader already; otherwise the system would
/// wait for one without limit.
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
            // Make later writes block again, as on any pipe.
            fcntl(&file, FcntlArg::F_SETFL(OFlag::O_APPEND)).map_err(io::Error::from)?;
            return Ok(file);
        }
    }
    Ok(options.open(path)?)
}

impl Log {
    /// Opens a log or makes an empty one. An existing log begins with `mark`; a file that does not
    /// is [foreign](Error::Foreign).
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
            had_content: !head.is_empty(),
            torn: false,
            whole: true,
            others_read: others_may_read(path).filter(|_| readers == Readers::Owner),
        })
    }

    /// Whether a write may wait for a reader without limit: the file is a pipe or a terminal.
    pub fn waits_for_reader(&self) -> bool {
        !never_blocks(&self.file)
    }

    /// Whether the file had content when it was opened.
    pub fn had_content(&self) -> bool {
        self.had_content
    }

    /// The mode of an existing file that others may read, although only its owner should.
    pub fn others_read(&self) -> Option<u32> {
        self.others_read
    }

    /// Whether everything that was appended has been written.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Appends whole lines, in one write if the system allows, so that lines of several programs do
    /// not mix. Returns an error only the first time that a write fails.
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

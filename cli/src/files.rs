//! Files that commands read and write, with errors in the user's language.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::{Mutex, PoisonError};

use socklab_files::{Error, Kind, Log, Outputs, Readers, others_may_read};

use crate::outlet::{Outlet, Sink};
use crate::print;
use socklab_text::{Messages, Variable, impl_error, system_error};

/// Why a file was not read or written.
#[derive(Debug)]
pub(crate) struct FileError {
    path: PathBuf,
    error: Error,
}

impl FileError {
    /// An error about this file.
    pub(crate) fn new(path: &Path, error: impl Into<Error>) -> Self {
        FileError {
            path: path.to_owned(),
            error: error.into(),
        }
    }

    /// Says what happened, and what to do.
    pub(crate) fn say(&self, messages: &dyn Messages) -> String {
        let file = &self.path;
        let id = match &self.error {
            Error::Database => "output-database",
            Error::InUse => "output-in-use",
            Error::Exists => "output-exists",
            Error::OfAnotherKind => "output-of-another-kind",
            Error::Extension(list) => {
                let values: [(&str, &dyn Variable); 2] = [("file", file), ("list", list)];
                return messages.say_with("output-extension", &values);
            }
            Error::Foreign => "output-foreign",
            Error::Unread => "output-unread",
            Error::Io(error) => {
                let detail = system_error::text(messages, error);
                return messages.say_with("file-error", &[("file", file), ("detail", &detail)]);
            }
        };
        messages.say_with(id, &[("file", file)])
    }
}

impl_error!(FileError);

/// Reads a whole file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    fs::read(path).map_err(|error| FileError::new(path, error))
}

/// Writes a file that everyone may read, whole or not at all.
pub(crate) fn write_public(
    outputs: &mut Outputs,
    path: &Path,
    bytes: &[u8],
    kinds: &[Kind<'_>],
) -> Result<(), FileError> {
    let mut write = || {
        let mut output = outputs.replace(path, Readers::Anybody, kinds)?;
        output.write_all(bytes)?;
        Ok::<(), Error>(output.finish()?)
    };
    write().map_err(|error| FileError::new(path, error))
}

/// Warns if others may read a file that only its owner should read.
pub(crate) fn warn_if_open(messages: &dyn Messages, path: &Path) {
    if let Some(mode) = others_may_read(path) {
        warn_of_mode(messages, path, mode);
    }
}

/// Warns that others may read a file, which has this mode.
pub(crate) fn warn_of_mode(messages: &dyn Messages, path: &Path, mode: u32) {
    let mode = format!("{mode:03o}");
    print::line(&messages.say_with("file-open-to-all", &[("file", &path), ("mode", &mode)]));
}

/// How many MiB one run adds to a log or a file of transcripts on a disk. Peers decide how much
/// happens.
const MOST_MIB: u32 = 64;

/// A log that a running program appends to. If it cannot be written any more, the program goes on,
/// says so once, and ends with an error.
///
/// A file on a disk gets every line at once. If the log is a pipe or a terminal, a server's lines
/// go through an [`Outlet`], which drops and counts what the reader does not take.
pub(crate) struct LogFile {
    file: &'static OpenLog,
    outlet: Option<&'static Outlet<&'static OpenLog>>,
}

/// The open file. A program has one or two, and keeps them open to its end.
struct OpenLog {
    log: Mutex<Log>,
    path: PathBuf,
    messages: &'static dyn Messages,
}

impl LogFile {
    /// Opens a log at its end. Warns if it existed and others may read it.
    pub(crate) fn open(
        outputs: &mut Outputs,
        path: &Path,
        readers: Readers,
        mark: &[u8],
        messages: &'static dyn Messages,
    ) -> Result<Self, FileError> {
        let log = outputs.append(path, readers, mark);
        let log = log.map_err(|error| FileError::new(path, error))?;
        if let Some(mode) = log.others_read() {
            warn_of_mode(messages, path, mode);
        }
        let waits = log.waits_for_reader();
        let file: &'static OpenLog = Box::leak(Box::new(OpenLog {
            log: Mutex::new(log),
            path: path.to_owned(),
            messages,
        }));
        let outlet = waits.then(|| &*Box::leak(Box::new(Outlet::new())));
        Ok(LogFile { file, outlet })
    }

    /// Appends whole lines.
    pub(crate) fn append(&self, lines: &str) {
        match self.outlet {
            Some(outlet) => outlet.line(self.file, lines.as_bytes().to_vec()),
            None => self.file.write(lines.as_bytes()),
        }
    }

    /// How many bytes a run may add. What goes through a pipe or to a terminal is not kept.
    pub(crate) fn byte_limit(&self) -> usize {
        match self.outlet {
            Some(_) => usize::MAX,
            None => MOST_MIB as usize * 1024 * 1024,
        }
    }

    /// Says that the run has added [as much as it may](Self::byte_limit).
    pub(crate) fn say_full(&self, id: &str) {
        let (file, messages) = (&self.file.path, self.file.messages);
        print::line(&messages.say_with(id, &[("file", file), ("most", &MOST_MIB)]));
    }

    /// Whether the log had content when it was opened.
    pub(crate) fn had_content(&self) -> bool {
        self.file.with(|log| log.had_content())
    }

    /// Ends the log. Returns whether everything was written. Reports lines that its reader has not
    /// taken.
    pub(crate) fn end(&self) -> bool {
        let Some(outlet) = self.outlet else {
            return self.file.with(|log| log.is_whole());
        };
        let lost = outlet.end();
        if lost > 0 {
            let (file, messages) = (&self.file.path, self.file.messages);
            print::line(&messages.say_with("log-dropped", &[("file", file), ("lines", &lost)]));
        }
        // If the reader takes none, the writing thread still holds the file.
        lost == 0 && self.file.with(|log| log.is_whole())
    }
}

impl OpenLog {
    fn with<T>(&self, work: impl FnOnce(&mut Log) -> T) -> T {
        work(&mut self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl PartialEq for OpenLog {
    fn eq(&self, other: &Self) -> bool {
        ptr::eq(self, other)
    }
}

impl Sink for &'static OpenLog {
    fn write(self, lines: &[u8]) {
        if let Some(error) = self.with(|log| log.append(lines)) {
            let (messages, file) = (self.messages, &self.path);
            let detail = system_error::text(messages, &error);
            print::line(&messages.say_with("log-failed", &[("file", file), ("detail", &detail)]));
        }
    }
}

impl std::fmt::Debug for LogFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LogFile({})", self.file.path.display())
    }
}

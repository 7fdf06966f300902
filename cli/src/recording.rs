//! Transcripts in a file.

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use socklab_core::transcript::{Header, Recorder};
use socklab_core::{DynObserver, Subject, Watch};

use crate::files::LogFile;

/// How every transcript begins, and so every file of them.
pub(crate) const MARK: &[u8] = b"socklab transcript ";

/// Writes the transcript of each machine of a run into one file.
///
/// An endpoint's is written as it happens. What happens beside it, in other machines of the same
/// server, is written when it is over, each whole and none in the middle of another; so are
/// connections, whose length is bounded by what the exercise allows.
#[derive(Clone, Debug)]
pub(crate) struct Recording {
    header: Header,
    transcripts: Arc<Mutex<TranscriptFile>>,
}

#[derive(Debug)]
struct TranscriptFile {
    file: Arc<LogFile>,
    /// A transcript is being written as it happens.
    open: bool,
    /// Whole transcripts that wait for its end.
    waiting: Vec<String>,
    /// There is a transcript before the next.
    begun: bool,
}

impl TranscriptFile {
    /// Writes a transcript, or the next lines of the open one.
    fn write(&mut self, text: &str, begins: bool) {
        if begins && mem::replace(&mut self.begun, true) {
            self.file.append("\n");
        }
        self.file.append(text);
    }
}

impl Recording {
    /// Adds to what is in the file.
    pub(crate) fn new(file: Arc<LogFile>, header: Header) -> Self {
        let transcripts = TranscriptFile {
            begun: file.had_content(),
            file,
            open: false,
            waiting: Vec::new(),
        };
        let transcripts = Arc::new(Mutex::new(transcripts));
        Recording {
            header,
            transcripts,
        }
    }
}

impl Watch for Recording {
    type Observer = DynObserver;

    fn observer(&self, subject: Subject) -> Self::Observer {
        let at_once = match subject {
            Subject::Driver => return DynObserver::new(()),
            Subject::Endpoint => !mem::replace(&mut lock(&self.transcripts).open, true),
            Subject::Connection { .. } => false,
        };
        let writer = TranscriptWriter {
            text: String::new(),
            at_once,
            begins: true,
            transcripts: Arc::clone(&self.transcripts),
        };
        DynObserver::new(Recorder::new(&self.header, writer))
    }
}

fn lock(transcripts: &Mutex<TranscriptFile>) -> MutexGuard<'_, TranscriptFile> {
    transcripts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One transcript on its way into the file.
#[derive(Debug)]
pub(crate) struct TranscriptWriter {
    text: String,
    at_once: bool,
    /// None of it is written.
    begins: bool,
    transcripts: Arc<Mutex<TranscriptFile>>,
}

impl TranscriptWriter {
    fn write(&mut self, transcripts: &mut TranscriptFile) {
        transcripts.write(&self.text, self.begins);
        self.begins = false;
        self.text.clear();
    }
}

impl fmt::Write for TranscriptWriter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.push_str(text);
        if self.at_once && text.ends_with('\n') {
            let transcripts = Arc::clone(&self.transcripts);
            self.write(&mut lock(&transcripts));
        }
        Ok(())
    }
}

impl Drop for TranscriptWriter {
    fn drop(&mut self) {
        let transcripts = Arc::clone(&self.transcripts);
        let mut transcripts = lock(&transcripts);
        if self.at_once {
            self.write(&mut transcripts);
            transcripts.open = false;
            for transcript in mem::take(&mut transcripts.waiting) {
                transcripts.write(&transcript, true);
            }
        } else if transcripts.open {
            transcripts.waiting.push(mem::take(&mut self.text));
        } else {
            self.write(&mut transcripts);
        }
    }
}

//! Transcripts in a file.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use socklab_core::transcript::{Header, Recorder};
use socklab_core::{Subject, Watch};

/// Writes the transcript of each machine of a run into one file.
///
/// An endpoint's is written as it happens. Connections happen side by side, so each is
/// written when it is over, whole; its length is bounded by what the exercise allows.
#[derive(Clone, Debug)]
pub(crate) struct Recording {
    header: Header,
    file: Arc<Mutex<File>>,
}

impl Recording {
    /// Makes the file, or empties it.
    pub(crate) fn create(path: &Path, header: Header) -> io::Result<Self> {
        let file = Arc::new(Mutex::new(File::create(path)?));
        Ok(Recording { header, file })
    }
}

impl Watch for Recording {
    type Observer = Option<Recorder<Page>>;

    fn watch(&self, subject: Subject) -> Self::Observer {
        let at_once = match subject {
            Subject::Driver => return None,
            Subject::Endpoint => true,
            Subject::Connection { .. } => false,
        };
        let page = Page {
            text: String::new(),
            at_once,
            file: Arc::clone(&self.file),
        };
        Some(Recorder::new(&self.header, page))
    }
}

/// One transcript on its way into the file.
#[derive(Debug)]
pub(crate) struct Page {
    text: String,
    at_once: bool,
    file: Arc<Mutex<File>>,
}

impl Page {
    fn flush(&mut self) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk must not end an exchange.
        let _ = file.write_all(self.text.as_bytes());
        self.text.clear();
    }
}

impl fmt::Write for Page {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.push_str(text);
        if self.at_once && text.ends_with('\n') {
            self.flush();
        }
        Ok(())
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if !self.at_once {
            self.text.push('\n');
        }
        self.flush();
    }
}

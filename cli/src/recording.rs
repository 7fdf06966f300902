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
    book: Arc<Mutex<Book>>,
}

#[derive(Debug)]
struct Book {
    file: Arc<LogFile>,
    /// A page is being written as it happens.
    open: bool,
    /// Whole pages that wait for its end.
    waiting: Vec<String>,
    /// There is a page before the next.
    begun: bool,
}

impl Book {
    /// Writes a page, or the next lines of the open one.
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
        let book = Book {
            begun: file.begun(),
            file,
            open: false,
            waiting: Vec::new(),
        };
        let book = Arc::new(Mutex::new(book));
        Recording { header, book }
    }
}

impl Watch for Recording {
    type Observer = DynObserver;

    fn observer(&self, subject: Subject) -> Self::Observer {
        let at_once = match subject {
            Subject::Driver => return DynObserver::new(()),
            Subject::Endpoint => !mem::replace(&mut lock(&self.book).open, true),
            Subject::Connection { .. } => false,
        };
        let page = Page {
            text: String::new(),
            at_once,
            begins: true,
            book: Arc::clone(&self.book),
        };
        DynObserver::new(Recorder::new(&self.header, page))
    }
}

fn lock(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One transcript on its way into the file.
#[derive(Debug)]
pub(crate) struct Page {
    text: String,
    at_once: bool,
    /// None of it is written.
    begins: bool,
    book: Arc<Mutex<Book>>,
}

impl Page {
    fn write(&mut self, book: &mut Book) {
        book.write(&self.text, self.begins);
        self.begins = false;
        self.text.clear();
    }
}

impl fmt::Write for Page {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.push_str(text);
        if self.at_once && text.ends_with('\n') {
            let book = Arc::clone(&self.book);
            self.write(&mut lock(&book));
        }
        Ok(())
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let book = Arc::clone(&self.book);
        let mut book = lock(&book);
        if self.at_once {
            self.write(&mut book);
            book.open = false;
            for page in mem::take(&mut book.waiting) {
                book.write(&page, true);
            }
        } else if book.open {
            book.waiting.push(mem::take(&mut self.text));
        } else {
            self.write(&mut book);
        }
    }
}

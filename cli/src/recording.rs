//! Transcripts in a file.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::mem;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use socklab_core::transcript::{Header, Recorder};
use socklab_core::{Subject, Watch};

/// Writes the transcript of each machine of a run into one file.
///
/// An endpoint's is written as it happens. What happens beside it, in other machines of the same server, is written when it
/// is over, each whole and none in the middle of another; so are connections, whose length is bounded by what the exercise allows.
#[derive(Clone, Debug)]
pub(crate) struct Recording {
    header: Header,
    book: Arc<Mutex<Book>>,
}

#[derive(Debug)]
struct Book {
    file: File,
    /// A page is being written as it happens.
    open: bool,
    /// Whole pages that wait for its end.
    waiting: Vec<String>,
    /// There is a page before the next.
    begun: bool,
}

impl Book {
    /// Writes a page, or the next lines of the open one. A full disk must not end an exchange.
    fn write(&mut self, text: &str, begins: bool) {
        if begins && mem::replace(&mut self.begun, true) {
            let _ = self.file.write_all(b"\n");
        }
        let _ = self.file.write_all(text.as_bytes());
    }
}

impl Recording {
    /// Makes the file, or empties it.
    pub(crate) fn create(path: &Path, header: Header) -> io::Result<Self> {
        let book = Book {
            file: File::create(path)?,
            open: false,
            waiting: Vec::new(),
            begun: false,
        };
        let book = Arc::new(Mutex::new(book));
        Ok(Recording { header, book })
    }
}

impl Watch for Recording {
    type Observer = Option<Recorder<Page>>;

    fn watch(&self, subject: Subject) -> Self::Observer {
        let at_once = match subject {
            Subject::Driver => return None,
            Subject::Endpoint => !mem::replace(&mut lock(&self.book).open, true),
            Subject::Connection { .. } => false,
        };
        let page = Page {
            text: String::new(),
            at_once,
            begins: true,
            book: Arc::clone(&self.book),
        };
        Some(Recorder::new(&self.header, page))
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

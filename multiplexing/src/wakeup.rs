//! How another thread ends a wait: a pipe, whose reading end is watched beside the sockets.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

/// Both ends of the pipe. The loop is woken at most once between two waits, so that the pipe holds
/// few bytes, and writing to it never blocks.
#[derive(Debug)]
pub(crate) struct Wakeup {
    reader: PipeReader,
    writer: Arc<PipeWriter>,
}

/// The end that other threads have.
#[derive(Clone, Debug)]
pub struct Waker(Arc<PipeWriter>);

impl Wakeup {
    pub(crate) fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let writer = Arc::new(writer);
        Ok(Wakeup { reader, writer })
    }

    pub(crate) fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.writer))
    }

    /// Empties the pipe, which a wait has found readable.
    pub(crate) fn heard(&self) -> io::Result<()> {
        (&self.reader).read(&mut [0; 64]).map(drop)
    }
}

impl AsFd for Wakeup {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

impl Waker {
    pub(crate) fn wake(&self) {
        // A loop that cannot be woken has ended.
        let _ = (&*self.0).write(&[0]);
    }
}

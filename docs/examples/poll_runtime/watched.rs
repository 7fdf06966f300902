//! A socket that the poller knows of.

use std::io;
use std::sync::Arc;

use polling::{AsRawSource, AsSource, Event, Poller};

/// A socket, and what the poller looks for on it. The poller forgets it before it is closed.
pub(super) struct Watched<S: AsSource> {
    socket: S,
    poller: Arc<Poller>,
    key: usize,
    /// What the next event can be: something to read, room to write.
    asked: (bool, bool),
}

impl<S: AsSource> Watched<S> {
    pub(super) fn new(poller: &Arc<Poller>, key: usize, socket: S) -> io::Result<Self>
    where
        for<'a> &'a S: AsRawSource,
    {
        // SAFETY: the socket is owned here, and `drop` deletes it from the poller before it is closed.
        unsafe { poller.add(&socket, Event::none(key))? };
        Ok(Watched {
            socket,
            poller: Arc::clone(poller),
            key,
            asked: (false, false),
        })
    }

    pub(super) fn socket(&self) -> &S {
        &self.socket
    }

    /// Has the poller look for this, until the next event; costs nothing if it does already.
    pub(super) fn ask(&mut self, read: bool, write: bool) -> io::Result<()> {
        if self.asked != (read, write) {
            let interest = Event::new(self.key, read, write);
            self.poller.modify(&self.socket, interest)?;
            self.asked = (read, write);
        }
        Ok(())
    }

    /// An event came: the poller looks for nothing any more.
    pub(super) fn came(&mut self) {
        self.asked = (false, false);
    }
}

impl<S: AsSource> Drop for Watched<S> {
    fn drop(&mut self) {
        // It was added, so that it cannot be unknown.
        let _ = self.poller.delete(&self.socket);
    }
}

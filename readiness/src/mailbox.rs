//! How other threads wake the loop.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

use socklab_system::Message;

use crate::model::Model;

/// What another thread has for the loop.
pub(crate) enum Wakeup {
    /// A message for a conversation.
    For(Address, Message),
    /// There may be room for the connection that the loop has in hand, or to accept one.
    Room,
    /// The program is to stop.
    Stop,
}

/// Which conversation, and that it is still the same one: keys are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address {
    pub(crate) key: usize,
    pub(crate) number: u64,
}

/// A queue that wakes the loop.
pub(crate) struct Mailbox<L: Model> {
    wakeups: Mutex<Vec<Wakeup>>,
    waker: L::Waker,
}

impl<L: Model> Mailbox<L> {
    pub(crate) fn new(waker: L::Waker) -> Arc<Self> {
        Arc::new(Mailbox {
            wakeups: Mutex::default(),
            waker,
        })
    }

    /// Leaves a wake-up. The loop is woken by the first, and takes all.
    pub(crate) fn leave(&self, wakeup: Wakeup) {
        let mut wakeups = self.lock();
        wakeups.push(wakeup);
        if wakeups.len() == 1 {
            L::wake(&self.waker);
        }
    }

    /// Takes all of them.
    pub(crate) fn take(&self) -> Vec<Wakeup> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Wakeup>> {
        self.wakeups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L: Model> Wake for Mailbox<L> {
    fn wake(self: Arc<Self>) {
        self.leave(Wakeup::Room);
    }
}

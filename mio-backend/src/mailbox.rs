//! Where other threads leave word for the loop.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use mio::{Registry, Token, Waker};
use socklab_core::register::{Decision, StoreId};
use socklab_system::LineEvent;

/// Word from another thread.
pub(crate) enum Message {
    /// What came of asking the user for a line.
    Line(LineEvent),
    /// A decision, for the conversation that asked.
    Stored(Address, StoreId, Decision),
    /// The place for a connection that the loop waits for.
    Place,
    /// The system has descriptors again: those who paused look again.
    PauseOver,
    /// The program is to stop.
    Stop,
}

/// Which conversation, and that it is still the same one: slots are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) key: usize,
    pub(crate) number: u64,
}

/// A queue that wakes the loop.
pub(crate) struct Mailbox {
    messages: Mutex<Vec<Message>>,
    waker: Waker,
}

impl Mailbox {
    pub(crate) fn new(registry: &Registry, token: Token) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Mailbox {
            messages: Mutex::default(),
            waker: Waker::new(registry, token)?,
        }))
    }

    /// Leaves a message. The loop is woken by the first, and takes all.
    pub(crate) fn leave(&self, message: Message) {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.push(message);
        if messages.len() == 1 {
            // A loop that cannot be woken has ended.
            let _ = self.waker.wake();
        }
    }

    /// Takes all messages.
    pub(crate) fn take(&self) -> Vec<Message> {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *messages)
    }
}

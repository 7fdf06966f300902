//! What the loops of a TCP server share: how many connections there may be, and whether the system has room for more.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use socklab_core::{Fault, Mono, Notice};
use socklab_system::AcceptPause;

use crate::mailbox::{Mailbox, Message};

/// The places for connections, and the one pause in which nobody accepts.
///
/// Whoever finds no free place is put in a queue, and is given the next that is given back: else a loop whose own
/// connections end would always be there first, and the peers of another would wait for ever.
pub(crate) struct Places {
    inner: Mutex<Inner>,
    /// How many connections were accepted.
    accepted: AtomicU64,
    /// There is a pause, or the user believes so. Else nobody need look.
    trouble: AtomicBool,
}

struct Inner {
    free: usize,
    /// The loops that wait for a place.
    queue: VecDeque<Arc<Mailbox>>,
    pause: AcceptPause,
    /// All loops.
    loops: Vec<Arc<Mailbox>>,
}

impl Inner {
    fn give(&mut self, count: usize, mailbox: &Arc<Mailbox>) -> bool {
        let mut own = false;
        for _ in 0..count {
            match self.queue.pop_front() {
                None => self.free += 1,
                Some(next) if Arc::ptr_eq(&next, mailbox) => own = true,
                Some(next) => next.leave(Message::Place),
            }
        }
        own
    }
}

impl Places {
    pub(crate) fn new(free: usize) -> Arc<Self> {
        Arc::new(Places {
            inner: Mutex::new(Inner {
                free,
                queue: VecDeque::new(),
                pause: AcceptPause::default(),
                loops: Vec::new(),
            }),
            accepted: AtomicU64::new(0),
            trouble: AtomicBool::new(false),
        })
    }

    /// The loop with this mailbox is one of those that share them.
    pub(crate) fn join(&self, mailbox: &Arc<Mailbox>) {
        self.lock().loops.push(Arc::clone(mailbox));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for the loop with this mailbox. If there is none, the loop is told when it has one.
    pub(crate) fn take(&self, mailbox: &Arc<Mailbox>) -> bool {
        let mut inner = self.lock();
        if inner.free == 0 {
            inner.queue.push_back(Arc::clone(mailbox));
            return false;
        }
        inner.free -= 1;
        true
    }

    /// Connections of the loop with this mailbox have ended: their places go to those that wait, and there are
    /// descriptors. Whether the loop itself is one that waited.
    pub(crate) fn ended(&self, count: usize, mailbox: &Arc<Mailbox>) -> bool {
        let mut inner = self.lock();
        if inner.pause.until().is_some() {
            inner.pause.end();
            // The others have waited as long.
            for one in &inner.loops {
                if !Arc::ptr_eq(one, mailbox) {
                    one.leave(Message::PauseOver);
                }
            }
        }
        inner.give(count, mailbox)
    }

    /// Gives back a place that was not needed.
    pub(crate) fn give(&self, mailbox: &Arc<Mailbox>) {
        self.lock().give(1, mailbox);
    }

    /// A connection was accepted: its number, and what to tell the user.
    pub(crate) fn accepted(&self, now: impl FnOnce() -> Mono) -> (u64, Option<Notice>) {
        let number = self.accepted.fetch_add(1, Ordering::Relaxed) + 1;
        if !self.trouble.load(Ordering::Relaxed) {
            return (number, None);
        }
        let mut inner = self.lock();
        let news = inner.pause.accepted(now());
        let trouble = inner.pause.is_announced();
        self.trouble.store(trouble, Ordering::Relaxed);
        (number, news)
    }

    /// An accept failed: none is tried until the pause is over. What to tell the user.
    pub(crate) fn refused(&self, now: Mono, fault: Fault) -> Option<Notice> {
        let mut inner = self.lock();
        self.trouble.store(true, Ordering::Relaxed);
        inner.pause.refused(now, fault)
    }

    /// When the pause is over; `None` if there is none.
    pub(crate) fn pause(&self) -> Option<Mono> {
        let trouble = self.trouble.load(Ordering::Relaxed);
        trouble.then(|| self.lock().pause.until())?
    }

    /// Ends the pause if it is over.
    pub(crate) fn look_at_clock(&self, now: Mono) {
        let mut inner = self.lock();
        if inner.pause.until().is_some_and(|at| at <= now) {
            inner.pause.end();
        }
    }
}

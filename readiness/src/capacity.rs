//! What the loops of a TCP server share: how many connections there may be, and whether the system
//! has resources for more.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use socklab_core::{Fault, Mono, Notice, Resource};
use socklab_system::AcceptPause;

use crate::mailbox::{Mailbox, Wakeup};
use crate::model::Model;

/// How many more connections there may be, and the one pause in which no loop accepts.
///
/// A loop that finds none free waits in a queue, and is given the next that ends: else a loop whose
/// own connections end would always be first, and the peers of another would wait for ever.
pub struct Capacity<L: Model> {
    inner: Mutex<Inner<L>>,
    /// How many connections were accepted.
    accepted: AtomicU64,
    /// There is a pause, or the user believes so. Else no loop need look.
    trouble: AtomicBool,
}

struct Inner<L: Model> {
    free: usize,
    /// The loops that wait for one.
    queue: VecDeque<Arc<Mailbox<L>>>,
    pause: AcceptPause,
    /// All loops.
    loops: Vec<Arc<Mailbox<L>>>,
}

impl<L: Model> fmt::Debug for Capacity<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Capacity").field(&self.lock().free).finish()
    }
}

impl<L: Model> Inner<L> {
    fn give(&mut self, count: usize, mailbox: &Arc<Mailbox<L>>) -> bool {
        let mut own = false;
        for _ in 0..count {
            match self.queue.pop_front() {
                None => self.free += 1,
                Some(next) if Arc::ptr_eq(&next, mailbox) => own = true,
                Some(next) => next.leave(Wakeup::Capacity),
            }
        }
        own
    }
}

impl<L: Model> Capacity<L> {
    /// Room for so many connections.
    pub fn new(free: usize) -> Arc<Self> {
        Arc::new(Capacity {
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
    pub(crate) fn join(&self, mailbox: &Arc<Mailbox<L>>) {
        self.lock().loops.push(Arc::clone(mailbox));
    }

    fn lock(&self) -> MutexGuard<'_, Inner<L>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes room for one connection of the loop with this mailbox. If there is none, the loop is
    /// told when it has it.
    pub(crate) fn take(&self, mailbox: &Arc<Mailbox<L>>) -> bool {
        let mut inner = self.lock();
        if inner.free == 0 {
            inner.queue.push_back(Arc::clone(mailbox));
            return false;
        }
        inner.free -= 1;
        true
    }

    /// Connections of the loop with this mailbox have ended: their room goes to the loops that
    /// wait, and there are descriptors. Whether the loop itself is one that waited.
    pub(crate) fn ended(&self, count: usize, mailbox: &Arc<Mailbox<L>>) -> bool {
        let mut inner = self.lock();
        if inner.pause.until().is_some() {
            inner.pause.end();
            // The others have waited as long.
            for one in &inner.loops {
                if !Arc::ptr_eq(one, mailbox) {
                    one.leave(Wakeup::PauseOver);
                }
            }
        }
        inner.give(count, mailbox)
    }

    /// Gives back room that was not needed.
    pub(crate) fn give(&self, mailbox: &Arc<Mailbox<L>>) {
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

    /// The system has no descriptor for one more: none is tried until the pause is over. What to
    /// tell the user.
    pub(crate) fn out_of_descriptors(&self, now: Mono, fault: Fault) -> Option<Notice> {
        let mut inner = self.lock();
        self.trouble.store(true, Ordering::Relaxed);
        inner.pause.out_of(now, Resource::Descriptors, fault)
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

//! The one thread that writes.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use socklab_core::register::{Attempt, Decision, Done, Register};

use crate::book::Book;
use crate::error::{Error, Trouble};
use crate::journal::{Event, Journal};
use crate::sql::Merge;

/// How long after trouble the register is not tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// How long there is nothing to do before the log is merged into the file.
const IDLE: Duration = Duration::from_millis(250);

/// After how long what has only been counted in memory is written.
const COUNTS: Duration = Duration::from_secs(1);

/// A register that servers store into: a queue, and a thread that commits what waits.
///
/// While one commit is on its way the next attempts gather, up to [a number](crate::Rules::batch),
/// so nobody waits for the sake of others and the disk's syncs are shared. An attempt is answered
/// after its COMMIT and never before.
pub struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    queue: Mutex<Queue>,
    arrived: Condvar,
}

/// What there is to do.
enum Taken {
    Batch(Vec<(Attempt, Done)>),
    /// Nothing, for as long as was to be waited.
    Nothing,
    /// Nothing, and there will be no more.
    Closed,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(Attempt, Done)>,
    /// The writer waits, and wants to be told. It does not while it works, and to tell it is a
    /// system call.
    idle: bool,
    closed: bool,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

impl Writer {
    pub(crate) fn start(book: Book, journal: Arc<dyn Journal>) -> Result<Self, Error> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            arrived: Condvar::new(),
        });
        let thread = thread::Builder::new().name("register".to_owned());
        let at_work = Arc::clone(&shared);
        let thread = thread.spawn(move || {
            let mut worker = Worker {
                book,
                journal: &*journal,
                failed: None,
            };
            worker.work(&at_work);
        });
        Ok(Writer {
            shared,
            thread: Some(thread.map_err(|e| Error::new(Trouble::Open, e))?),
        })
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What waits, as soon as something does, or in time.
    fn take(&self, most: usize, time: Option<Duration>) -> Taken {
        let mut queue = self.queue();
        while queue.waiting.is_empty() {
            if queue.closed {
                return Taken::Closed;
            }
            queue.idle = true;
            let late = match time {
                None => {
                    let woken = self.arrived.wait(queue);
                    queue = woken.unwrap_or_else(PoisonError::into_inner);
                    false
                }
                Some(time) => {
                    let woken = self.arrived.wait_timeout(queue, time);
                    let (woken, late) = woken.unwrap_or_else(PoisonError::into_inner);
                    queue = woken;
                    late.timed_out()
                }
            };
            queue.idle = false;
            if late && queue.waiting.is_empty() && !queue.closed {
                return Taken::Nothing;
            }
        }
        let some = queue.waiting.len().min(most);
        Taken::Batch(queue.waiting.drain(..some).collect())
    }
}

impl Register for Writer {
    fn store(&self, attempt: Attempt, done: Done) {
        let mut queue = self.shared.queue();
        queue.waiting.push_back((attempt, done));
        let idle = std::mem::take(&mut queue.idle);
        drop(queue);
        if idle {
            self.shared.arrived.notify_one();
        }
    }
}

/// What waits is still decided.
impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.queue().closed = true;
        self.shared.arrived.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread's own: the register, and what has become of it.
struct Worker<'a> {
    book: Book,
    journal: &'a dyn Journal,
    /// When it last failed, if it has not recovered since.
    failed: Option<Instant>,
}

impl Worker<'_> {
    fn work(&mut self, shared: &Shared) {
        // Whether the log may hold something.
        let mut used = false;
        let mut counted = Instant::now();
        loop {
            let idle = (used && self.failed.is_none()).then_some(IDLE);
            let counts_due = COUNTS.saturating_sub(counted.elapsed());
            let counts_due = self.book.has_counts().then_some(counts_due);
            let time = idle.into_iter().chain(counts_due).min();
            match shared.take(self.book.batch, time) {
                Taken::Batch(batch) => {
                    used = true;
                    self.decide(batch);
                    self.merge(Merge::IfLong);
                }
                Taken::Nothing => {
                    if used {
                        self.merge(Merge::Idle);
                        used = false;
                    }
                }
                Taken::Closed => break,
            }
            if self.book.has_counts() && counted.elapsed() >= COUNTS {
                counted = Instant::now();
                used |= self.write_counts();
            }
        }
        self.write_counts();
        match self.failed {
            None => self.merge(Merge::Last),
            Some(_) => drop(self.book.sql.merge(Merge::Leave)),
        }
    }

    /// Writes what has only been counted, if there is anything and the register works: whether it
    /// has been written. What has not been stays in memory until it can be.
    fn write_counts(&mut self) -> bool {
        if self.failed.is_some() || !self.book.has_counts() {
            return false;
        }
        match self.book.write_counts() {
            Ok(()) => return true,
            // Another program is at work, or the counts cannot be stored: nobody waits for them.
            Err(error) if matches!(error.trouble, Trouble::Busy | Trouble::Entry) => {}
            // The log may have been damaged: nothing is confirmed until it has been checked.
            Err(error) => self.fail(error),
        }
        false
    }

    /// Merges the log, after the answers: nobody waits for it. Its failure is the register's: what
    /// the log holds can no longer be brought to where it stays.
    fn merge(&mut self, when: Merge) {
        if self.failed.is_none()
            && let Err(error) = self.book.sql.merge(when)
        {
            self.fail(error);
        }
    }

    fn fail(&mut self, error: Error) {
        if error.trouble == Trouble::Moved {
            let _ = self.book.sql.merge(Merge::Leave);
        }
        let notices = self.book.sql.notices();
        // Another program that writes for too long does no harm to what is there.
        if error.trouble != Trouble::Busy {
            self.failed = Some(Instant::now());
        }
        self.journal.event(&Event::Failed(error));
        for notice in notices {
            self.journal.event(&Event::Notice(notice));
        }
    }

    /// Decides a batch and answers it.
    fn decide(&mut self, batch: Vec<(Attempt, Done)>) {
        let attempts: Vec<&Attempt> = batch.iter().map(|(attempt, _)| attempt).collect();
        let decisions = self.judge(&attempts);
        let decisions = decisions.unwrap_or_else(|| vec![Decision::Unavailable; batch.len()]);
        let decided = |((attempt, done), decision): ((Attempt, Done), Decision)| {
            done(decision);
            (attempt, decision)
        };
        let decided: Vec<_> = batch.into_iter().zip(decisions).map(decided).collect();
        self.journal.decided(&decided);
    }

    /// The decisions, durable; `None` if the register cannot say.
    fn judge(&mut self, attempts: &[&Attempt]) -> Option<Vec<Decision>> {
        if let Some(when) = self.failed {
            if when.elapsed() < PAUSE {
                return None;
            }
            if self.book.sql.reopen().is_err() {
                self.failed = Some(Instant::now());
                return None;
            }
            self.failed = None;
            self.journal.event(&Event::Recovered);
        }
        let judged = self.book.judge(attempts);
        for event in &judged.events {
            self.journal.event(event);
        }
        if let Some(error) = judged.failed {
            self.fail(error);
        }
        Some(judged.decisions)
    }
}

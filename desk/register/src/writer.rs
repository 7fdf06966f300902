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
        let thread = thread.spawn(move || work(&at_work, book, &*journal));
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

fn work(shared: &Shared, mut book: Book, journal: &dyn Journal) {
    let mut failed: Option<Instant> = None;
    // Whether the log may hold something.
    let mut used = false;
    let mut counted = Instant::now();
    loop {
        let idle = (used && failed.is_none()).then_some(IDLE);
        let counts_due = COUNTS.saturating_sub(counted.elapsed());
        let counts_due = book.has_counts().then_some(counts_due);
        let time = idle.into_iter().chain(counts_due).min();
        match shared.take(book.batch, time) {
            Taken::Batch(batch) => {
                used = true;
                decide(&mut book, batch, &mut failed, journal);
                merge(&mut book, Merge::IfLong, &mut failed, journal);
            }
            Taken::Nothing => {
                if used {
                    merge(&mut book, Merge::Idle, &mut failed, journal);
                    used = false;
                }
            }
            Taken::Closed => break,
        }
        if book.has_counts() && counted.elapsed() >= COUNTS {
            counted = Instant::now();
            used |= write_counts(&mut book, &mut failed, journal);
        }
    }
    write_counts(&mut book, &mut failed, journal);
    match failed {
        None => merge(&mut book, Merge::Last, &mut failed, journal),
        Some(_) => drop(book.sql.merge(Merge::Leave)),
    }
}

/// Writes what has only been counted, if there is anything and the register works: whether it has
/// been written. What has not been stays in memory until it can be.
fn write_counts(book: &mut Book, failed: &mut Option<Instant>, journal: &dyn Journal) -> bool {
    if failed.is_some() || !book.has_counts() {
        return false;
    }
    let written = book.write_counts();
    match &written {
        // Another program is at work, or the counts cannot be stored: nobody waits for them.
        Ok(())
        | Err(Error {
            trouble: Trouble::Busy | Trouble::Entry,
            ..
        }) => {}
        // The log may have been damaged: nothing is confirmed until it has been checked.
        Err(error) => fail(book, error.clone(), failed, journal),
    }
    written.is_ok()
}

/// Merges the log, after the answers: nobody waits for it. Its failure is the register's: what the
/// log holds can no longer be brought to where it stays.
fn merge(book: &mut Book, when: Merge, failed: &mut Option<Instant>, journal: &dyn Journal) {
    if failed.is_none()
        && let Err(error) = book.sql.merge(when)
    {
        fail(book, error, failed, journal);
    }
}

fn fail(book: &mut Book, error: Error, failed: &mut Option<Instant>, journal: &dyn Journal) {
    if error.trouble == Trouble::Moved {
        let _ = book.sql.merge(Merge::Leave);
    }
    let notices = book.sql.notices();
    // Another program that writes for too long does no harm to what is there.
    if error.trouble != Trouble::Busy {
        *failed = Some(Instant::now());
    }
    journal.event(&Event::Failed(error));
    for notice in notices {
        journal.event(&Event::Notice(notice));
    }
}

/// Decides a batch and answers it.
fn decide(
    book: &mut Book,
    batch: Vec<(Attempt, Done)>,
    failed: &mut Option<Instant>,
    journal: &dyn Journal,
) {
    let attempts: Vec<&Attempt> = batch.iter().map(|(attempt, _)| attempt).collect();
    let decisions = judge(book, &attempts, failed, journal);
    let decisions = decisions.unwrap_or_else(|| vec![Decision::Unavailable; batch.len()]);
    let decided = |((attempt, done), decision): ((Attempt, Done), Decision)| {
        done(decision);
        (attempt, decision)
    };
    let decided: Vec<_> = batch.into_iter().zip(decisions).map(decided).collect();
    journal.decided(&decided);
}

/// The decisions, durable; `None` if the register cannot say.
fn judge(
    book: &mut Book,
    attempts: &[&Attempt],
    failed: &mut Option<Instant>,
    journal: &dyn Journal,
) -> Option<Vec<Decision>> {
    if let Some(when) = *failed {
        if when.elapsed() < PAUSE {
            return None;
        }
        if book.sql.reopen().is_err() {
            *failed = Some(Instant::now());
            return None;
        }
        *failed = None;
        journal.event(&Event::Recovered);
    }
    let judged = book.judge(attempts);
    for event in &judged.events {
        journal.event(event);
    }
    if let Some(error) = judged.failed {
        fail(book, error, failed, journal);
    }
    Some(judged.decisions)
}

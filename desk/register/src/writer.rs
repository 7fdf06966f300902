//! The one thread that writes to a register.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use socklab_core::register::{Attempt, Decision, Done, Register};

use crate::decider::Decider;
use crate::error::{Error, ErrorKind};
use crate::observer::{RegisterEvent, RegisterObserver};
use crate::sql::Merge;

/// How long to wait after a failure before trying the register again.
const PAUSE: Duration = Duration::from_secs(1);

/// How long the thread must be idle before it merges the log into the file.
const IDLE: Duration = Duration::from_millis(250);

/// How often counts in memory are written.
const COUNTS: Duration = Duration::from_secs(1);

/// How many attempts wait at most. An attempt stays in the queue when its connection gives up, so
/// connections that come while the database hangs would fill the memory.
const QUEUE_LIMIT: usize = 65_536;

/// A register that servers store into: a queue, and a thread that commits the attempts in it.
///
/// While a commit is under way the next attempts gather, up to [a number](crate::Rules::batch). So
/// one sync of the disk serves many attempts, and no attempt waits only to be grouped. An attempt
/// is answered after its COMMIT, never before.
pub struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    queue: Mutex<Queue>,
    arrived: Condvar,
    observer: Arc<dyn RegisterObserver>,
}

/// What the thread takes from the queue.
enum Taken {
    Batch(Vec<(Attempt, Done)>),
    /// No attempt came within the time.
    Nothing,
    /// The queue is empty and closed.
    Closed,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(Attempt, Done)>,
    /// Whether an attempt was refused since the queue was last empty.
    overflowed: bool,
    /// Whether the thread waits and must be woken. While it works it need not be, and waking it is
    /// a system call.
    idle: bool,
    closed: bool,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

impl Writer {
    pub(crate) fn start(
        decider: Decider,
        observer: Arc<dyn RegisterObserver>,
    ) -> Result<Self, Error> {
        let shared = Arc::new(Shared::new(observer));
        let thread = thread::Builder::new().name("register".to_owned());
        let at_work = Arc::clone(&shared);
        let thread = thread.spawn(move || {
            let mut worker = Worker {
                decider,
                observer: &*at_work.observer,
                failed: None,
            };
            worker.work(&at_work);
        });
        Ok(Writer {
            shared,
            thread: Some(thread.map_err(Error::system(ErrorKind::Open))?),
        })
    }
}

impl Shared {
    fn new(observer: Arc<dyn RegisterObserver>) -> Self {
        Shared {
            queue: Mutex::default(),
            arrived: Condvar::new(),
            observer,
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self, attempt: Attempt, done: Done) {
        let mut queue = self.queue();
        if queue.waiting.len() >= QUEUE_LIMIT {
            let is_first = !std::mem::replace(&mut queue.overflowed, true);
            drop(queue);
            if is_first {
                self.observer.event(&RegisterEvent::QueueFull);
            }
            return done(Decision::Unavailable);
        }
        queue.waiting.push_back((attempt, done));
        let idle = std::mem::take(&mut queue.idle);
        drop(queue);
        if idle {
            self.arrived.notify_one();
        }
    }

    /// Takes up to `most` attempts, waiting for the first for at most `time`.
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
        let batch = queue.waiting.drain(..some).collect();
        queue.overflowed &= !queue.waiting.is_empty();
        Taken::Batch(batch)
    }
}

impl Register for Writer {
    fn store(&self, attempt: Attempt, done: Done) {
        self.shared.store(attempt, done);
    }
}

/// Waits until all attempts in the queue have been decided.
impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.queue().closed = true;
        self.shared.arrived.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread owns.
struct Worker<'a> {
    decider: Decider,
    observer: &'a dyn RegisterObserver,
    /// When the register last failed, if it has not recovered since.
    failed: Option<Instant>,
}

impl Worker<'_> {
    fn work(&mut self, shared: &Shared) {
        // Whether the log may have content to merge.
        let mut used = false;
        let mut counted = Instant::now();
        loop {
            let idle = (used && self.failed.is_none()).then_some(IDLE);
            let counts_due = COUNTS.saturating_sub(counted.elapsed());
            let counts_due = self.decider.has_counts().then_some(counts_due);
            let time = idle.into_iter().chain(counts_due).min();
            match shared.take(self.decider.batch, time) {
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
            if self.decider.has_counts() && counted.elapsed() >= COUNTS {
                counted = Instant::now();
                used |= self.write_counts();
            }
        }
        self.write_counts();
        match self.failed {
            None => self.merge(Merge::Last),
            Some(_) => drop(self.decider.sql.merge(Merge::Leave)),
        }
    }

    /// Writes the counts in memory, if there are any and the register works. Returns whether they
    /// were written; if not, they stay in memory.
    fn write_counts(&mut self) -> bool {
        if self.failed.is_some() || !self.decider.has_counts() {
            return false;
        }
        match self.decider.write_counts() {
            Ok(()) => return true,
            // Another program is writing, or the counts cannot be stored. Try again later: no
            // client waits.
            Err(error) if matches!(error.kind, ErrorKind::Busy | ErrorKind::Entry) => {}
            // The log may be damaged. Confirm no attempt until the register has been checked.
            Err(error) => self.fail(error),
        }
        false
    }

    /// Merges the log, when no client waits for an answer. If that fails, the register has failed:
    /// the content of the log can no longer reach the file.
    fn merge(&mut self, when: Merge) {
        if self.failed.is_none()
            && let Err(error) = self.decider.sql.merge(when)
        {
            self.fail(error);
        }
    }

    fn fail(&mut self, error: Error) {
        if error.kind == ErrorKind::Moved {
            let _ = self.decider.sql.merge(Merge::Leave);
        }
        let notices = self.decider.sql.notices();
        // A program that writes for too long does not damage the register.
        if error.kind != ErrorKind::Busy {
            self.failed = Some(Instant::now());
        }
        self.observer.event(&RegisterEvent::Failed(error));
        for notice in notices {
            self.observer.event(&RegisterEvent::Notice(notice));
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
        self.observer.decided(&decided);
    }

    /// Decides attempts durably. `None` if the register does not work now.
    fn judge(&mut self, attempts: &[&Attempt]) -> Option<Vec<Decision>> {
        if let Some(when) = self.failed {
            if when.elapsed() < PAUSE {
                return None;
            }
            if self.decider.sql.reopen().is_err() {
                self.failed = Some(Instant::now());
                return None;
            }
            self.failed = None;
            self.observer.event(&RegisterEvent::Recovered);
        }
        let judged = self.decider.judge(attempts);
        for event in &judged.events {
            self.observer.event(event);
        }
        if let Some(error) = judged.failed {
            self.fail(error);
        }
        Some(judged.decisions)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use socklab_core::Now;
    use socklab_core::otp::{Code, Dni};

    use super::*;

    #[derive(Default)]
    struct EventLog(Mutex<Vec<RegisterEvent>>);

    impl RegisterObserver for EventLog {
        fn event(&self, event: &RegisterEvent) {
            self.0.lock().unwrap().push(event.clone());
        }
    }

    /// The observer is told once, until the queue has been empty.
    #[test]
    fn what_waits_for_a_database_has_a_limit() {
        let (log, refused) = (Arc::new(EventLog::default()), Arc::new(AtomicUsize::new(0)));
        let shared = Shared::new(Arc::clone(&log) as _);
        let attempt = Attempt {
            name: (*b"Ana").into(),
            dni: Dni::parse("12345678").unwrap(),
            code: Code::parse("123456").unwrap(),
            peer: ([127, 0, 0, 1], 4000).into(),
            at: Now::default(),
        };
        let fill = || {
            for _ in 0..QUEUE_LIMIT + 10 {
                let refused = Arc::clone(&refused);
                let done = move |decision| {
                    assert_eq!(decision, Decision::Unavailable);
                    refused.fetch_add(1, Ordering::Relaxed);
                };
                shared.store(attempt.clone(), Box::new(done));
            }
            assert_eq!(shared.queue().waiting.len(), QUEUE_LIMIT);
        };
        fill();
        assert_eq!(refused.load(Ordering::Relaxed), 10);
        assert_eq!(*log.0.lock().unwrap(), [RegisterEvent::QueueFull]);
        for (taken, told) in [(1, 1), (QUEUE_LIMIT, 2)] {
            assert!(matches!(shared.take(taken, None), Taken::Batch(_)));
            fill();
            assert_eq!(log.0.lock().unwrap().len(), told);
        }
    }
}

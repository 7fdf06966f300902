//! Counts a driver's operations, cheaply enough not to affect the measurement.

use std::collections::BTreeMap;
use std::io::{Write, stdout};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::handicap::Handicap;
use super::usage::ReportedUsage;
use socklab_compare::results::Operations;
use socklab_core::{
    Observer, Observers, Operation, OperationKind, OperationResult, Status, Subject,
};
use socklab_runtimes::{CompiledObservers, Job, Runtime};
use socklab_system::Run;

/// The counts of one observer. Only that observer writes them, so adding is a load and a store, and
/// never an atomic addition. Readers may see a count that is one operation old.
#[derive(Debug, Default)]
struct ObserverCounts([[AtomicU64; 3]; OperationKind::ALL.len()]);

impl ObserverCounts {
    fn add(&self, operation: &Operation) {
        let add = |counter: &AtomicU64, more: u64| {
            counter.store(counter.load(Ordering::Relaxed) + more, Ordering::Relaxed);
        };
        let Some(at) = OperationKind::ALL
            .iter()
            .position(|kind| *kind == operation.kind)
        else {
            return;
        };
        let [calls, would_block, items] = &self.0[at];
        add(calls, 1);
        match operation.result {
            OperationResult::WouldBlock => add(would_block, 1),
            OperationResult::Done { items: moved, .. } => add(items, moved.into()),
            _ => {}
        }
    }

    fn add_to(&self, total: &mut [[u64; 3]; OperationKind::ALL.len()]) {
        for (sum, counters) in total.iter_mut().zip(&self.0) {
            for (sum, counter) in sum.iter_mut().zip(counters) {
                *sum += counter.load(Ordering::Relaxed);
            }
        }
    }
}

/// Makes counters, and adds them up.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters {
    inner: Arc<Mutex<Inner>>,
    asked: Arc<AtomicBool>,
    handicap: Handicap,
    #[cfg(not(unix))]
    requests: Arc<Requests>,
}

/// Requests of the parent, on standard input, that have not been carried out.
#[cfg(not(unix))]
#[derive(Debug, Default)]
struct Requests {
    bytes: Mutex<std::collections::VecDeque<u8>>,
    changed: std::sync::Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    living: Vec<Arc<ObserverCounts>>,
    /// The counts of observers that are gone.
    past: [[u64; 3]; OperationKind::ALL.len()],
}

impl Counters {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counters whose totals the parent can ask for.
    pub(super) fn asked_by_parent() -> Self {
        let counters = Counters::default();
        #[cfg(unix)]
        {
            let asked = Arc::clone(&counters.asked);
            // Ignore errors: without the handler there is no answer, and the parent notices.
            let _ = signal_hook::flag::register(signal_hook::consts::SIGUSR1, asked);
        }
        #[cfg(not(unix))]
        {
            let asked = Arc::clone(&counters.asked);
            let requests = Arc::clone(&counters.requests);
            // Without signals a thread must wait for requests. It costs nothing until one comes.
            std::thread::spawn(move || {
                let bytes = std::io::Read::bytes(std::io::stdin().lock());
                for byte in bytes.map_while(Result::ok) {
                    let mut waiting = requests
                        .bytes
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner);
                    waiting.push_back(byte);
                    asked.store(true, Ordering::Release);
                    requests.changed.notify_one();
                }
                // The parent has ended.
                std::process::exit(0);
            });
        }
        counters
    }

    /// The same for a server that uses this much more CPU time.
    pub(super) fn with_handicap(self, handicap: Handicap) -> Self {
        Counters { handicap, ..self }
    }

    /// Carries out the parent's requests, if there are any. This is called with every operation, so
    /// without a request it must cost almost nothing.
    pub(super) fn answer_if_asked(&self) {
        if self.asked.load(Ordering::Relaxed) && self.asked.swap(false, Ordering::AcqRel) {
            #[cfg(unix)]
            self.answer();
            #[cfg(not(unix))]
            self.do_requests();
        }
    }

    /// Prints on standard output what the server has used.
    fn answer(&self) {
        let usage = ReportedUsage::now(self.total());
        if let Ok(line) = serde_json::to_string(&usage) {
            let _ = writeln!(stdout().lock(), "{line}");
        }
    }

    /// Answers, and blocks while the parent has the server suspended.
    #[cfg(not(unix))]
    fn do_requests(&self) {
        let unpoisoned = PoisonError::into_inner;
        let mut waiting = self.requests.bytes.lock().unwrap_or_else(unpoisoned);
        let mut suspended = false;
        loop {
            match waiting.pop_front() {
                Some(super::process::SUSPEND) => suspended = true,
                Some(super::process::RESUME) => suspended = false,
                Some(_) => self.answer(),
                None if suspended => {
                    let changed = self.requests.changed.wait(waiting);
                    waiting = changed.unwrap_or_else(unpoisoned);
                }
                None => return,
            }
        }
    }

    /// All counts so far, by the name of the operation. Leaves out operations that never happened.
    pub(super) fn total(&self) -> BTreeMap<String, Operations> {
        let inner = self.lock();
        let mut total = inner.past;
        for counts in &inner.living {
            counts.add_to(&mut total);
        }
        let named = OperationKind::ALL.iter().zip(total);
        named
            .filter(|(_, [calls, ..])| *calls > 0)
            .map(|(kind, [calls, would_block, items])| {
                let counted = Operations {
                    calls,
                    would_block,
                    items,
                };
                (kind.name().to_owned(), counted)
            })
            .collect()
    }
}

impl CompiledObservers for Counters {
    fn run(runtime: Runtime, job: Job, run: &Arc<Run<Self>>) -> Status {
        runtime.run_compiled_here(job, run)
    }
}

impl Observers for Counters {
    type Observer = Counter;

    fn observer(&self, subject: Subject) -> Counter {
        let counts = Arc::new(ObserverCounts::default());
        // The observers of a driver and of a UDP server live as long as the server. Those of
        // connections come and go, and removing them from a list would need a search.
        let lasts = !matches!(subject, Subject::Connection { .. });
        if lasts {
            self.lock().living.push(Arc::clone(&counts));
        }
        Counter {
            counts,
            lasts,
            all: self.clone(),
        }
    }
}

/// Counts for one machine, or for the driver.
#[derive(Debug)]
pub(super) struct Counter {
    counts: Arc<ObserverCounts>,
    lasts: bool,
    all: Counters,
}

impl Drop for Counter {
    fn drop(&mut self) {
        if !self.lasts {
            self.counts.add_to(&mut self.all.lock().past);
        }
    }
}

impl Observer for Counter {
    const STEPS: bool = false;
    const TIMES: bool = false;

    fn operation(&mut self, operation: &Operation) {
        self.counts.add(operation);
        self.all.handicap.spend(operation);
        self.all.answer_if_asked();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use socklab_core::Mono;

    #[test]
    fn counts_the_living_and_the_gone() {
        let counters = Counters::default();
        let did = |counter: &mut Counter, kind, result| {
            counter.operation(&Operation {
                kind,
                start: Mono::ZERO,
                end: Mono::ZERO,
                arrival: None,
                result,
            });
        };
        let mut driver = counters.observer(Subject::Driver);
        let mut connection = counters.observer(Subject::Connection {
            number: 1,
            peer: ([127, 0, 0, 1], 1).into(),
            local: ([127, 0, 0, 1], 2).into(),
        });
        let done = OperationResult::Done { items: 3, bytes: 9 };
        did(&mut driver, OperationKind::Wait, done);
        did(&mut driver, OperationKind::Wait, OperationResult::TimedOut);
        did(
            &mut connection,
            OperationKind::Receive,
            OperationResult::WouldBlock,
        );
        drop(connection);
        let total = counters.total();
        let counted = |calls, would_block, items| Operations {
            calls,
            would_block,
            items,
        };
        assert_eq!(total.get("wait"), Some(&counted(2, 0, 3)));
        assert_eq!(total.get("receive"), Some(&counted(1, 1, 0)));
        assert_eq!(total.len(), 2);
    }
}

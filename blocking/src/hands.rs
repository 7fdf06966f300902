//! The threads that serve connections.

use std::collections::VecDeque;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, Scope};
use std::time::Duration;

/// The stack of a connection's thread: the loop and a machine need little, and the system only
/// backs what is touched.
const STACK: usize = 256 * 1024;

/// How long a thread without a connection waits for the next.
const LINGER: Duration = Duration::from_secs(1);

/// A thread for each connection: one that has served another and waits for the next, else a new one.
///
/// For a short exchange a thread and its stack cost more to make and to give back than to use.
pub(crate) struct Hands<J> {
    state: Mutex<State<J>>,
    changed: Condvar,
}

struct State<J> {
    /// Handed over, for threads that wait; never more of them than such threads.
    jobs: VecDeque<J>,
    idle: usize,
    closed: bool,
}

impl<J: Send> Hands<J> {
    pub(crate) fn new() -> Self {
        Hands {
            state: Mutex::new(State {
                jobs: VecDeque::new(),
                idle: 0,
                closed: false,
            }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a thread do `work` with the job, at once.
    ///
    /// # Errors
    /// When there is no thread for it and the system does not give one; then the job is dropped.
    pub(crate) fn take_up<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        job: J,
        work: impl Fn(J) + Send + Copy + 'scope,
    ) -> io::Result<()>
    where
        J: 'scope,
    {
        let mut state = self.lock();
        if state.idle > state.jobs.len() {
            state.jobs.push_back(job);
            drop(state);
            self.changed.notify_one();
            return Ok(());
        }
        drop(state);
        let thread = Builder::new().stack_size(STACK);
        thread.spawn_scoped(scope, move || {
            let mut next = Some(job);
            while let Some(job) = next {
                work(job);
                next = self.next();
            }
        })?;
        Ok(())
    }

    /// The next job, unless there is none for a while.
    fn next(&self) -> Option<J> {
        let mut state = self.lock();
        state.idle += 1;
        let (mut state, _) = self
            .changed
            .wait_timeout_while(state, LINGER, |state| {
                state.jobs.is_empty() && !state.closed
            })
            .unwrap_or_else(PoisonError::into_inner);
        state.idle -= 1;
        state.jobs.pop_front()
    }

    /// Has the threads that wait end.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::thread::{self, ThreadId};

    /// Each job's thread, which the job tells; the first waits in its job until it is let go.
    #[test]
    fn a_thread_that_waits_takes_the_next() {
        let (say, said) = channel::<ThreadId>();
        let hands = Hands::new();
        thread::scope(|scope| {
            let work = |(to, go): (
                std::sync::mpsc::Sender<ThreadId>,
                Option<std::sync::mpsc::Receiver<()>>,
            )| {
                to.send(thread::current().id()).unwrap();
                if let Some(go) = go {
                    go.recv().unwrap();
                }
            };
            let (go, held) = channel();
            hands
                .take_up(scope, (say.clone(), Some(held)), work)
                .unwrap();
            let first = said.recv().unwrap();
            // The first is busy.
            hands.take_up(scope, (say.clone(), None), work).unwrap();
            let second = said.recv().unwrap();
            assert_ne!(first, second);
            while hands.lock().idle == 0 {
                thread::yield_now();
            }
            hands.take_up(scope, (say.clone(), None), work).unwrap();
            assert_eq!(said.recv().unwrap(), second);
            go.send(()).unwrap();
            hands.close();
        });
        assert_eq!(hands.lock().idle, 0);
    }
}

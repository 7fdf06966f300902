//! Measures a task's wait, for the observer.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use socklab_core::{Mono, Observer, Operation, OperationKind, OperationResult};
use socklab_system::{Clock, Moved, observed_time, operation};

/// When a race began, was first suspended, and was last polled. A race polls several futures until
/// one of them is ready.
#[derive(Clone, Copy, Debug, Default)]
pub struct WaitTimes {
    began: Mono,
    slept: Option<Mono>,
    woke: Mono,
}

/// Polls `race` until a future is ready. Notes the times if there is an observer.
pub async fn timed_wait<O: Observer, T>(
    clock: &Clock,
    mut race: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> (T, WaitTimes) {
    let mut times = None::<WaitTimes>;
    let won = poll_fn(|cx| {
        if !O::ENABLED {
            return race(cx);
        }
        let now = observed_time::<O>(clock);
        let times = times.get_or_insert(WaitTimes {
            began: now,
            ..WaitTimes::default()
        });
        times.woke = now;
        let polled = race(cx);
        if polled.is_pending() && times.slept.is_none() {
            times.slept = Some(observed_time::<O>(clock));
        }
        polled
    })
    .await;
    (won, times.unwrap_or_default())
}

impl WaitTimes {
    /// The operations of a wait, if the task was suspended: the call that would have blocked
    /// (`tried`, if there was one), and the wait until the task was woken, by an event or by its
    /// timer.
    pub fn wait_operations<O: Observer>(
        &self,
        tried: Option<OperationKind>,
        timed_out: bool,
    ) -> [Option<Operation>; 2] {
        let Some(slept) = self.slept.filter(|_| O::ENABLED) else {
            return [None, None];
        };
        let operation = |kind, start, end, result| Operation {
            kind,
            start,
            end,
            arrival: None,
            result,
        };
        let blocked = OperationResult::WouldBlock;
        let result = match timed_out {
            true => OperationResult::TimedOut,
            false => OperationResult::Done { items: 1, bytes: 0 },
        };
        [
            tried.map(|kind| operation(kind, self.began, slept, blocked)),
            Some(operation(OperationKind::Wait, slept, self.woke, result)),
        ]
    }

    /// The operation that ended the race. It began when the task was polled for the last time.
    pub fn operation<O: Observer, T: Moved>(
        &self,
        clock: &Clock,
        kind: OperationKind,
        result: &io::Result<T>,
    ) -> Option<Operation> {
        operation::<O, _>(clock, kind, self.woke, result)
    }
}

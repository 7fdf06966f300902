//! What the observer is told of a driver's own operations.

use std::io::{self, ErrorKind};

use socklab_core::{Mono, Observer, Operation, OperationKind, OperationResult};

use crate::clock::Clock;

/// Does something for a machine and reports it to the observer: what it was, when, and how it went.
/// Without an observer it only does it.
///
/// `items` says how many datagrams, connections or events a success moved, and how many bytes.
///
/// # Errors
/// Those of `operation`.
pub fn timed<O: Observer, T>(
    observer: &mut O,
    clock: &Clock,
    kind: OperationKind,
    items: impl FnOnce(&T) -> (u32, usize),
    operation: impl FnOnce() -> io::Result<T>,
) -> io::Result<T> {
    if !O::ENABLED {
        return operation();
    }
    let start = moment::<O>(clock);
    let result = operation();
    report(observer, clock, kind, start, &result, items);
    result
}

/// Reports an operation that began at `start` and ends now.
pub fn report<O: Observer, T>(
    observer: &mut O,
    clock: &Clock,
    kind: OperationKind,
    start: Mono,
    result: &io::Result<T>,
    items: impl FnOnce(&T) -> (u32, usize),
) {
    if !O::ENABLED {
        return;
    }
    observer.operation(&Operation {
        kind,
        start,
        end: moment::<O>(clock),
        result: match result {
            Ok(value) => {
                let (items, bytes) = items(value);
                OperationResult::Done { items, bytes }
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock => OperationResult::WouldBlock,
                ErrorKind::TimedOut => OperationResult::TimedOut,
                ErrorKind::Interrupted => OperationResult::Interrupted,
                _ => OperationResult::Failed,
            },
        },
    });
}

/// The time, if the observer [asks for it](Observer::TIMES).
pub fn moment<O: Observer>(clock: &Clock) -> Mono {
    if O::TIMES { clock.mono() } else { Mono::ZERO }
}

//! What the observer is told of a driver's own operations.

use std::io::{self, ErrorKind};

use socklab_core::{Mono, Observer, Operation, OperationKind, OperationResult};

use crate::clock::Clock;

/// What an operation moved. From how many datagrams, connections or events it was, and how many bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// How many datagrams, connections or events.
    pub items: u32,
    /// How many bytes.
    pub bytes: usize,
    /// When the kernel had what was [received](crate::receive_stamped), if that is known.
    pub arrived: Option<Mono>,
}

impl From<(u32, usize)> for Moved {
    fn from((items, bytes): (u32, usize)) -> Self {
        Moved {
            items,
            bytes,
            arrived: None,
        }
    }
}

/// Does something for a machine and reports it to the observer: what it was, when, and how it went.
/// Without an observer it only does it.
///
/// `items` says what a success [moved].
///
/// [moved]: Moved
///
/// # Errors
/// Those of `operation`.
pub fn timed<O: Observer, T, I: Into<Moved>>(
    observer: &mut O,
    clock: &Clock,
    kind: OperationKind,
    items: impl FnOnce(&T) -> I,
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
pub fn report<O: Observer, T, I: Into<Moved>>(
    observer: &mut O,
    clock: &Clock,
    kind: OperationKind,
    start: Mono,
    result: &io::Result<T>,
    items: impl FnOnce(&T) -> I,
) {
    if !O::ENABLED {
        return;
    }
    let end = moment::<O>(clock);
    let mut arrived = None;
    let result = match result {
        Ok(value) => {
            let moved: Moved = items(value).into();
            arrived = moved.arrived;
            OperationResult::Done {
                items: moved.items,
                bytes: moved.bytes,
            }
        }
        Err(error) => match error.kind() {
            ErrorKind::WouldBlock => OperationResult::WouldBlock,
            ErrorKind::TimedOut => OperationResult::TimedOut,
            ErrorKind::Interrupted => OperationResult::Interrupted,
            _ => OperationResult::Failed,
        },
    };
    observer.operation(&Operation {
        kind,
        start,
        end,
        arrived,
        result,
    });
}

/// The time, if the observer [asks for it](Observer::TIMES).
pub fn moment<O: Observer>(clock: &Clock) -> Mono {
    if O::TIMES { clock.mono() } else { Mono::ZERO }
}

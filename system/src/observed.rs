//! What the observer is told of a driver's own operations.

use std::io::{self, ErrorKind};

use socklab_core::{Mono, Observer, Operation, OperationKind, OperationResult, Received};

use crate::clock::Clock;

/// What an operation moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// How many datagrams, connections or events.
    pub items: u32,
    /// How many bytes.
    pub bytes: usize,
    /// When the kernel had what was received, if that is known.
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

impl From<&Received> for Moved {
    fn from(received: &Received) -> Self {
        let (items, bytes, arrived) = match *received {
            Received::Datagram(_, len, arrived) => (1, len, arrived),
            Received::Bytes(len) => (1, len, None),
            Received::End => (0, 0, None),
        };
        Moved {
            items,
            bytes,
            arrived,
        }
    }
}

/// Makes a call, and notes what it was, when, and how it went, if an observer wants to know.
///
/// `moved` says what a success [moved](Moved).
#[inline]
pub fn timed<O: Observer, T, I: Into<Moved>>(
    clock: &Clock,
    kind: OperationKind,
    moved: impl FnOnce(&T) -> I,
    call: impl FnOnce() -> io::Result<T>,
) -> (io::Result<T>, Option<Operation>) {
    if !O::ENABLED {
        return (call(), None);
    }
    let start = moment::<O>(clock);
    let result = call();
    let operation = operation::<O, _, _>(clock, kind, start, &result, moved);
    (result, operation)
}

/// The operation that began at `start` and ends now, if an observer wants to know.
pub fn operation<O: Observer, T, I: Into<Moved>>(
    clock: &Clock,
    kind: OperationKind,
    start: Mono,
    result: &io::Result<T>,
    moved: impl FnOnce(&T) -> I,
) -> Option<Operation> {
    if !O::ENABLED {
        return None;
    }
    let end = moment::<O>(clock);
    let mut arrived = None;
    let result = match result {
        Ok(value) => {
            let moved: Moved = moved(value).into();
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
    Some(Operation {
        kind,
        start,
        end,
        arrived,
        result,
    })
}

/// The time, if the observer [asks for it](Observer::TIMES).
pub fn moment<O: Observer>(clock: &Clock) -> Mono {
    if O::TIMES { clock.mono() } else { Mono::ZERO }
}

//! What the observer hears of a driver's own operations.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};

use socklab_core::{Mono, Observer, Operation, OperationKind, OperationResult, Received};

use crate::clock::Clock;

/// What a successful call has moved. By default that is one item, such as a connection.
pub trait Moved {
    /// How many datagrams, connections or events.
    fn items(&self) -> u32 {
        1
    }

    /// How many bytes.
    fn bytes(&self) -> usize {
        0
    }

    /// When the kernel received the data, if that is known.
    fn arrival(&self) -> Option<Mono> {
        None
    }
}

impl Moved for () {}

impl Moved for TcpStream {}

/// A socket that was opened, or is being opened.
impl Moved for Option<SocketAddr> {}

/// A socket and an address.
impl<A, B> Moved for (A, B) {}

/// Events.
impl Moved for u32 {
    fn items(&self) -> u32 {
        *self
    }
}

/// Bytes that were sent.
impl Moved for usize {
    fn bytes(&self) -> usize {
        *self
    }
}

impl Moved for Received {
    fn items(&self) -> u32 {
        match self {
            Received::End => 0,
            Received::Batch { len, segment, .. } => datagrams(*len, *segment),
            Received::Datagram(..) | Received::Bytes(_) => 1,
        }
    }

    fn bytes(&self) -> usize {
        self.len()
    }

    fn arrival(&self) -> Option<Mono> {
        match self {
            Received::Datagram(_, _, arrival) | Received::Batch { arrival, .. } => *arrival,
            Received::Bytes(_) | Received::End => None,
        }
    }
}

/// Datagrams that one call sent: their bytes in all, and the length of each.
pub(crate) struct Sent {
    pub(crate) len: usize,
    pub(crate) segment: usize,
}

impl Moved for Sent {
    fn items(&self) -> u32 {
        datagrams(self.len, self.segment)
    }

    fn bytes(&self) -> usize {
        self.len
    }
}

/// How many datagrams of `segment` bytes make up `len` bytes. An empty datagram counts as one.
fn datagrams(len: usize, segment: usize) -> u32 {
    let count = len.div_ceil(segment.max(1)).max(1);
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Makes a call. If there is an observer, also returns what to tell it: kind, times and result.
/// Loops that every datagram passes call [`observed_time`] and [`operation`] themselves: a closure
/// may not be inlined, and then it is one more return after a system call.
pub fn timed<O: Observer, T: Moved>(
    clock: &Clock,
    kind: OperationKind,
    call: impl FnOnce() -> io::Result<T>,
) -> (io::Result<T>, Option<Operation>) {
    let start = observed_time::<O>(clock);
    let result = call();
    let operation = operation::<O, _>(clock, kind, start, &result);
    (result, operation)
}

/// The operation that began at `start` and ends now; `None` without an observer.
#[inline]
pub fn operation<O: Observer, T: Moved>(
    clock: &Clock,
    kind: OperationKind,
    start: Mono,
    result: &io::Result<T>,
) -> Option<Operation> {
    if !O::ENABLED {
        return None;
    }
    let end = observed_time::<O>(clock);
    let arrival = result.as_ref().ok().and_then(Moved::arrival);
    let result = match result {
        Ok(moved) => OperationResult::Done {
            items: moved.items(),
            bytes: moved.bytes(),
        },
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
        arrival,
        result,
    })
}

/// The time, if the observer [asks for it](Observer::TIMES).
#[inline]
pub fn observed_time<O: Observer>(clock: &Clock) -> Mono {
    if O::TIMES { clock.mono() } else { Mono::ZERO }
}

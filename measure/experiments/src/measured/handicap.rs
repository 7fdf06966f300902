//! A measured server that uses more CPU time than it needs, on purpose.

use std::hint::black_box;
use std::time::{Duration, Instant};

use socklab_core::{Operation, OperationKind, OperationResult};

/// Spins for this many turns of a loop for each datagram or piece that is sent. A comparison that
/// claims to detect a difference must detect this one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Handicap(u64);

impl Handicap {
    /// Spins for this long, as fast as this core turns the loop now.
    pub(super) fn of(time: Duration) -> Self {
        const TURNS: u64 = 2_000_000;
        // The fastest of several tries was not interrupted.
        let tries = (0..5).map(|_| {
            let begun = Instant::now();
            turn(TURNS);
            begun.elapsed()
        });
        let fastest = tries.min().unwrap_or_default().as_secs_f64().max(1e-9);
        Handicap((time.as_secs_f64() * TURNS as f64 / fastest).round() as u64)
    }

    /// Spins if the operation was a send, for each datagram or piece.
    pub(super) fn spend(self, operation: &Operation) {
        if self.0 > 0
            && operation.kind == OperationKind::Send
            && let OperationResult::Done { items, .. } = operation.result
        {
            turn(self.0 * u64::from(items));
        }
    }
}

fn turn(times: u64) {
    for count in 0..times {
        black_box(count);
    }
}

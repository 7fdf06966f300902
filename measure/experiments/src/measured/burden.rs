//! What a measured server does besides serving, on purpose. It shows how a driver behaves when its
//! thread is busy or blocked. The machines know nothing about it, because it runs in an observer,
//! in the driver's own thread.

use std::hint::black_box;
use std::time::{Duration, Instant};

use socklab_core::{
    Deadline, Input, Now, Observer, Operation, OperationKind, OperationResult, Output, Status,
    Subject, Watch,
};
use socklab_load::{SLOW_LINE, SLOW_WORK};

/// Two watches at once.
#[derive(Clone, Debug)]
pub(super) struct Both<A, B>(pub(super) A, pub(super) B);

impl<A: Watch, B: Watch> Watch for Both<A, B> {
    type Observer = (A::Observer, B::Observer);

    fn watch(&self, subject: Subject) -> Self::Observer {
        (self.0.watch(subject), self.1.watch(subject))
    }
}

/// Blocks the thread for [`SLOW_WORK`] when a line asks for it: [`SLOW_LINE`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocks;

impl Watch for Blocks {
    type Observer = Blocks;

    fn watch(&self, _: Subject) -> Blocks {
        Blocks
    }
}

impl Observer for Blocks {
    const STEPS: bool = true;
    const TIMES: bool = false;

    fn input(&mut self, _: Now, input: &Input<'_>) {
        // Its client sends it in one segment of a connection of its own.
        if let Input::Bytes { bytes, .. } = input
            && bytes.strip_suffix(b"\n") == Some(SLOW_LINE.as_bytes())
        {
            std::thread::sleep(SLOW_WORK);
        }
    }
    fn output(&mut self, _: Now, _: &Output<'_>) {}
    fn state(&mut self, _: Now, _: &'static str) {}
    fn deadline(&mut self, _: Now, _: Option<Deadline>) {}
    fn ended(&mut self, _: Now, _: Status) {}
    fn operation(&mut self, _: &Operation) {}
}

/// Uses so many turns of a loop of CPU time for each datagram or piece that is sent: what a
/// comparison that claims to see a difference must see.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extra(u64);

impl Extra {
    /// So much time, as this core turns the loop now.
    pub(super) fn of(time: Duration) -> Self {
        const TURNS: u64 = 2_000_000;
        // The fastest of some tries is the one that nothing interrupted.
        let tries = (0..5).map(|_| {
            let begun = Instant::now();
            turn(TURNS);
            begun.elapsed()
        });
        let fastest = tries.min().unwrap_or_default().as_secs_f64().max(1e-9);
        Extra((time.as_secs_f64() * TURNS as f64 / fastest).round() as u64)
    }
}

fn turn(times: u64) {
    for count in 0..times {
        black_box(count);
    }
}

impl Watch for Extra {
    type Observer = Extra;

    fn watch(&self, _: Subject) -> Extra {
        *self
    }
}

impl Observer for Extra {
    const STEPS: bool = false;
    const TIMES: bool = false;

    fn input(&mut self, _: Now, _: &Input<'_>) {}
    fn output(&mut self, _: Now, _: &Output<'_>) {}
    fn state(&mut self, _: Now, _: &'static str) {}
    fn deadline(&mut self, _: Now, _: Option<Deadline>) {}
    fn ended(&mut self, _: Now, _: Status) {}
    fn operation(&mut self, operation: &Operation) {
        if operation.kind == OperationKind::Send
            && let OperationResult::Done { items, .. } = operation.result
        {
            turn(self.0 * u64::from(items));
        }
    }
}

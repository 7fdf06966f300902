//! A measured server that blocks its driver's thread on purpose, to show what each model does then.
//! The machines know nothing of it: the observer blocks, which runs on the driver's thread.

use socklab_core::{DynObserver, Input, Now, Observer, Observers, Subject};
use socklab_load::{SLOW_LINE, SLOW_WORK};

use super::counter::Counters;

/// A watch whose observers also block the thread for [`SLOW_WORK`] when the line [`SLOW_LINE`]
/// comes.
pub(super) struct SlowWork(pub(super) Counters);

impl Observers for SlowWork {
    type Observer = DynObserver;

    fn observer(&self, subject: Subject) -> DynObserver {
        DynObserver::new((self.0.observer(subject), SlowWorkObserver))
    }
}

struct SlowWorkObserver;

impl Observer for SlowWorkObserver {
    fn input(&mut self, _: Now, input: &Input<'_>) {
        // The client sends this line in one segment, on a connection of its own.
        if let Input::Bytes { bytes, .. } = input
            && bytes.strip_suffix(b"\n") == Some(SLOW_LINE.as_bytes())
        {
            std::thread::sleep(SLOW_WORK);
        }
    }
}

//! The time of a load, and of its thread.

use std::time::{Duration, Instant};

/// Nanoseconds since the load began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Clock {
        Clock(Instant::now())
    }

    pub(crate) fn now(&self) -> u64 {
        nanos(self.0.elapsed())
    }
}

pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// How long this thread has been on a CPU; nothing where the system does not say.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub(crate) fn thread_cpu() -> Option<Duration> {
    use nix::time::{ClockId, clock_gettime};
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .ok()
        .map(Duration::from)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub(crate) fn thread_cpu() -> Option<Duration> {
    None
}

//! The two clocks of a run.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use socklab_core::{Mono, Now};

/// Reads the time, counted from when it was made.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock whose monotonic time begins now.
    pub fn start() -> Self {
        Clock {
            origin: Instant::now(),
        }
    }

    /// The monotonic time alone.
    pub fn mono(&self) -> Mono {
        Mono::ZERO.plus(self.origin.elapsed())
    }

    /// Both times.
    pub fn now(&self) -> Now {
        Now {
            mono: self.mono(),
            unix: unix(),
        }
    }

    /// Unix time at this clock's zero, as far as the system's clock has not jumped since.
    pub fn epoch(&self) -> Duration {
        unix().saturating_sub(self.origin.elapsed())
    }
}

/// Unix time; zero on a machine that believes it is before 1970.
fn unix() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

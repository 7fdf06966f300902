//! The server's clock must not be set back: codes that have expired would count again.

use core::time::Duration;

use crate::time::Now;

/// How far Unix time may fall behind what the monotonic clock says before codes are not judged.
const TOLERANCE: Duration = Duration::from_secs(1);

/// How far it may run ahead before that is worth a word: more than a leap second and NTP's slewing.
const NOTABLE: Duration = Duration::from_secs(1);

/// Compares the two clocks of each moment with those of the moments before.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClockGuard {
    /// Unix time at the monotonic zero, as the latest moments had it; `None` before the first.
    origin: Option<Duration>,
    /// No moment may be before this one: the last that the register has on record.
    floor: Duration,
}

/// What the clocks say of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// They agree.
    Steady,
    /// Unix time has jumped ahead by this since the moment before: set by hand, or the machine slept.
    Ahead(Duration),
    /// Unix time has been set back by this.
    Back(Duration),
}

impl ClockGuard {
    /// A guard for a register whose last record is of this Unix time.
    pub fn after(last_record: Duration) -> Self {
        ClockGuard {
            origin: None,
            floor: last_record,
        }
    }

    /// Looks at a moment. Moments may come a little out of order.
    pub fn read(&mut self, now: Now) -> Reading {
        let floor = self.floor.saturating_sub(TOLERANCE);
        if now.unix < floor {
            return Reading::Back(self.floor - now.unix);
        }
        let origin = now
            .unix
            .saturating_sub(Duration::from_nanos(now.mono.as_nanos()));
        let Some(known) = self.origin else {
            self.origin = Some(origin);
            return Reading::Steady;
        };
        if origin + TOLERANCE < known {
            return Reading::Back(known - origin);
        }
        self.origin = Some(known.max(origin));
        match origin.checked_sub(known) {
            Some(ahead) if ahead > NOTABLE => Reading::Ahead(ahead),
            _ => Reading::Steady,
        }
    }
}

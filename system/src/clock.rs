//! The clocks of a run: monotonic time and Unix time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
#[cfg(not(target_os = "linux"))]
use std::{sync::LazyLock, time::Instant};

use socklab_core::{Mono, Now};

/// Reads the monotonic time since the clock was made, and Unix time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// What [`nanos`] returned when the clock was made.
    origin: u64,
}

impl Clock {
    /// A clock whose monotonic time begins now.
    pub fn start() -> Self {
        Clock { origin: nanos() }
    }

    /// The monotonic time.
    #[inline]
    pub fn mono(&self) -> Mono {
        Mono::from_nanos(nanos().saturating_sub(self.origin))
    }

    /// The monotonic time and Unix time.
    pub fn now(&self) -> Now {
        Now {
            mono: self.mono(),
            unix: unix(),
        }
    }

    /// Unix time when this clock was zero, if the system's clock has not jumped since.
    pub fn epoch(&self) -> Duration {
        unix().saturating_sub(self.mono().since(Mono::ZERO))
    }
}

/// A clock for loops that need the time for each datagram. It reads Unix time at most every 10 ms;
/// in between it adds the monotonic time that has passed. That saves 7 % of an echo's instructions.
/// If the system's clock is set, this clock follows up to 10 ms late.
#[derive(Clone, Copy, Debug)]
pub struct LoopClock {
    clock: Clock,
    /// The last reading of Unix time.
    read: Now,
    /// The last time that was told.
    told: Now,
}

/// How long a reading of Unix time is used, in nanoseconds.
const MAX_UNIX_AGE: u64 = 10_000_000;

impl LoopClock {
    /// Makes a loop's clock from the clock of its run.
    pub fn of(clock: Clock) -> Self {
        let now = clock.now();
        LoopClock {
            clock,
            read: now,
            told: now,
        }
    }

    /// The monotonic time and Unix time.
    #[inline]
    pub fn now(&mut self) -> Now {
        let mono = self.clock.mono();
        let since = mono.as_nanos() - self.read.mono.as_nanos();
        if since >= MAX_UNIX_AGE {
            self.read = self.clock.now();
            self.told = self.read;
        } else {
            let unix = self.read.unix + Duration::from_nanos(since);
            self.told = Now { mono, unix };
        }
        self.told
    }

    /// What [`now`](Self::now) returned last, however long ago that is.
    #[inline]
    pub fn last(&self) -> Now {
        self.told
    }
}

/// Unix time; zero on a machine that believes it is before 1970.
fn unix() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// Monotonic time in nanoseconds. `Instant` keeps seconds and nanoseconds apart and takes 60
/// instructions to subtract two; the core wants one number.
#[cfg(target_os = "linux")]
#[inline]
#[expect(clippy::cast_sign_loss, reason = "time since the machine started")]
fn nanos() -> u64 {
    use nix::time::{ClockId, clock_gettime};
    // The default never applies: the call fails only for a clock that does not exist.
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(0, |time| {
        time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64
    })
}

/// Monotonic time in nanoseconds.
#[cfg(not(target_os = "linux"))]
fn nanos() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_of_a_loop_tells_the_same_time() {
        let clock = Clock::start();
        let mut of_loop = LoopClock::of(clock);
        for _ in 0..30 {
            let before = clock.now();
            let between = of_loop.now();
            assert_eq!(of_loop.last(), between);
            let after = clock.now();
            assert!(before.mono <= between.mono && between.mono <= after.mono);
            // The system may slew its clock a little meanwhile.
            let slack = Duration::from_millis(5);
            assert!(before.unix <= between.unix + slack && between.unix <= after.unix + slack);
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

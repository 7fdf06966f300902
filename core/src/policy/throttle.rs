//! Limits on wrong codes, so that guessing does not pay and the register does not fill.

use core::time::Duration;

/// How many attempts there may be in how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// So many.
    pub attempts: u32,
    /// In any time of this length.
    pub within: Duration,
}

/// For one DNI from one address: as many codes as a step has time for.
pub const RATE_HERE: Rate = Rate {
    attempts: 3,
    within: Duration::from_secs(30),
};

/// For one DNI from all addresses.
pub const RATE_EVERYWHERE: Rate = Rate {
    attempts: 30,
    within: Duration::from_secs(30),
};

/// With random secrets: so many failures of a DNI in a row from one address, and that address may
/// be guessing. One guess is right with odds of 2 in 10^6, or 3 in 10^6 where the next code counts.
pub const SUSPECT_AFTER: u32 = 100;

/// So many failures from one address in a row make it wait.
const BACK_OFF_AFTER: u32 = 10;

/// The attempts of a DNI that were judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many there were within the time of the rate, up to its number.
    pub recent: u32,
    /// When the first of these was, as Unix time.
    pub oldest: Duration,
    /// How many have failed since the last that was accepted.
    pub failures: u32,
    /// When the last failed, as Unix time.
    pub last_failure: Duration,
}

impl Tally {
    /// How many seconds the next attempt must wait for the rate's sake.
    pub(super) fn wait(&self, rate: Rate, now: Duration) -> u64 {
        if self.recent < rate.attempts {
            return 0;
        }
        seconds_until(self.oldest.saturating_add(rate.within), now)
    }

    /// How many seconds the next attempt must wait after so many failures.
    pub(super) fn pause(&self, now: Duration) -> u64 {
        self.backed_off(self.failures, now)
    }

    /// How many seconds an address that may be guessing random secrets sends its wrong codes in
    /// vain: they are not recorded.
    pub(super) fn suspicion(&self, now: Duration) -> u64 {
        let over = self.failures.saturating_sub(SUSPECT_AFTER - BACK_OFF_AFTER);
        self.backed_off(over, now)
    }

    fn backed_off(&self, failures: u32, now: Duration) -> u64 {
        seconds_until(self.last_failure.saturating_add(back_off(failures)), now)
    }
}

/// How long to wait after that many failures in a row: zero before the tenth, 30 s after it,
/// doubled by each one more, to 15 min.
pub fn back_off(failures: u32) -> Duration {
    const MOST: u64 = 15 * 60;
    let seconds = match failures.checked_sub(BACK_OFF_AFTER) {
        None => 0,
        Some(more) => 30_u64.checked_shl(more.min(16)).unwrap_or(MOST).min(MOST),
    };
    Duration::from_secs(seconds)
}

/// Rounded up: who waits so long is not sent away again.
fn seconds_until(then: Duration, now: Duration) -> u64 {
    let left = then.saturating_sub(now);
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
}

//! Limits on wrong codes, so that guessing does not pay and the register does not fill.

use core::time::Duration;

/// How many attempts are allowed in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The number of attempts.
    pub attempts: u32,
    /// The length of the period. The limit holds for any period of this length.
    pub within: Duration,
}

/// For one DNI from one address. A student cannot type more codes in one step.
pub const RATE_PER_ADDRESS: Rate = Rate {
    attempts: 3,
    within: Duration::from_secs(30),
};

/// For one DNI from all addresses.
pub const RATE_PER_DNI: Rate = Rate {
    attempts: 30,
    within: Duration::from_secs(30),
};

/// With random secrets: after this many failures of a DNI in a row, an address may be guessing. The
/// probability that a guess is right is 2 in 10^6, or 3 in 10^6 if the next code counts too.
pub const SUSPECT_AFTER: u32 = 100;

/// After this many failures in a row, an address must wait.
const BACK_OFF_AFTER: u32 = 10;

/// The attempts of a DNI that were judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttemptCounts {
    /// How many there were within the rate's period. They are counted up to the rate's limit.
    pub recent: u32,
    /// When the first of these came, as Unix time.
    pub oldest: Duration,
    /// How many have failed since the last accepted one.
    pub failures: u32,
    /// When the last failed, as Unix time.
    pub last_failure: Duration,
}

impl AttemptCounts {
    /// How many seconds the next attempt must wait because of the rate.
    pub(super) fn rate_wait(&self, rate: Rate, now: Duration) -> u64 {
        if self.recent < rate.attempts {
            return 0;
        }
        seconds_until(self.oldest.saturating_add(rate.within), now)
    }

    /// How many seconds the next attempt must wait because of the failures.
    pub(super) fn back_off_wait(&self, now: Duration) -> u64 {
        self.wait_after(self.failures, now)
    }

    /// For an address that may be guessing random secrets: how many seconds its wrong codes are
    /// refused without being recorded.
    pub(super) fn suspect_wait(&self, now: Duration) -> u64 {
        let over = self.failures.saturating_sub(SUSPECT_AFTER - BACK_OFF_AFTER);
        self.wait_after(over, now)
    }

    fn wait_after(&self, failures: u32, now: Duration) -> u64 {
        seconds_until(self.last_failure.saturating_add(back_off(failures)), now)
    }
}

/// How long to wait after this many failures in a row: zero before the tenth, then 30 s, doubled
/// with each further failure, up to 15 min.
pub fn back_off(failures: u32) -> Duration {
    const MOST: u64 = 15 * 60;
    let seconds = match failures.checked_sub(BACK_OFF_AFTER) {
        None => 0,
        Some(more) => 30_u64.checked_shl(more.min(16)).unwrap_or(MOST).min(MOST),
    };
    Duration::from_secs(seconds)
}

/// Rounds up, so that a retry after exactly this long succeeds.
fn seconds_until(then: Duration, now: Duration) -> u64 {
    let left = then.saturating_sub(now);
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
}

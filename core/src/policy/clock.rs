//! A server's clock may be wrong. Once a code has been accepted, no code is judged for an earlier
//! time; otherwise expired codes would count again.
//!
//! Only accepted codes matter, because any client can send a wrong one while the clock is ahead. As
//! soon as the clock passes the time of the latest accepted code, codes are judged again.

use core::time::Duration;

use crate::time::{Mono, Now};

/// How far Unix time may be behind an accepted code before codes are no longer judged.
const TOLERANCE: Duration = Duration::from_secs(1);

/// How far Unix time may jump ahead of the monotonic clock before that is reported: more than a
/// leap second and NTP's slewing.
const NOTABLE: Duration = Duration::from_secs(1);

/// Compares the clock at each attempt with what it showed when codes were accepted.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClockGuard {
    /// The latest reading of the clocks; `None` before the first.
    latest: Option<Now>,
    /// The Unix time of the latest accepted code.
    accepted: Duration,
    /// The monotonic time of that code; the origin if it was accepted before this run.
    accepted_at: Mono,
}

/// The result of comparing the clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockState {
    /// The clocks agree.
    Steady,
    /// Unix time has jumped ahead by this much since the previous reading: it was set by hand, or
    /// the machine slept.
    Ahead(Duration),
    /// Unix time is behind that of an accepted code by this much.
    Behind(Duration),
}

impl ClockGuard {
    /// A guard for a register whose latest code was accepted at this Unix time.
    pub fn after(accepted: Duration) -> Self {
        ClockGuard {
            accepted,
            ..ClockGuard::default()
        }
    }

    /// Notes that a code was accepted at this time.
    pub fn accepted(&mut self, now: Now) {
        if now.unix > self.accepted {
            (self.accepted, self.accepted_at) = (now.unix, now.mono);
        }
    }

    /// By how much the clock is behind the latest accepted code, if that is too much for codes to
    /// be judged. A reading that was taken before that code was accepted may be earlier by the time
    /// between them.
    pub fn behind(&self, now: Now) -> Option<Duration> {
        let due = self
            .accepted
            .saturating_sub(self.accepted_at.since(now.mono));
        let by = due.checked_sub(now.unix);
        by.filter(|by| *by > TOLERANCE)
    }

    /// Compares the clocks of one reading. Readings may come out of order.
    pub fn read(&mut self, now: Now) -> ClockState {
        let before = self.latest.filter(|latest| latest.mono <= now.mono);
        if before.is_some() || self.latest.is_none() {
            self.latest = Some(now);
        }
        if let Some(by) = self.behind(now) {
            return ClockState::Behind(by);
        }
        let ahead = before.and_then(|before| {
            let due = before.unix + now.mono.since(before.mono);
            now.unix.checked_sub(due)
        });
        match ahead {
            Some(ahead) if ahead > NOTABLE => ClockState::Ahead(ahead),
            _ => ClockState::Steady,
        }
    }
}

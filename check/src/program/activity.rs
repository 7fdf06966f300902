//! When has `check` waited long enough for a program?
//!
//! Never after a fixed time, because a correct program on a loaded machine would fail. The clock
//! runs only while the program does nothing. If Python reports that every thread waits in a call
//! that only `check` can end, a short time is enough.

use std::time::{Duration, Instant};

use super::Program;

/// Idle time after which a program that is known to wait for us will do nothing more.
const KNOWN: Duration = Duration::from_millis(400);

/// The same for a program that may be asleep for another reason.
const UNKNOWN: Duration = Duration::from_millis(2_500);

/// CPU time after which a program that makes no progress is in an endless loop.
const CIRCLES: Duration = Duration::from_secs(2);

/// The longest wait, however busy the program is.
const MOST: Duration = Duration::from_secs(20);

/// The most idle time that one look may count: if we did not run, the program may not have run
/// either.
const LOOK: Duration = Duration::from_millis(20);

/// The time between two looks.
const PAUSE: Duration = Duration::from_millis(8);

/// A wait for something that the program should do.
#[derive(Debug)]
pub(crate) struct IdleTimer {
    began: Instant,
    looked: Instant,
    idle: Duration,
    seen: Option<Activity>,
    /// The CPU time that the program had used when the wait began.
    used: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Activity {
    events: usize,
    written: u64,
    used: Option<Duration>,
}

impl IdleTimer {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        IdleTimer {
            began: now,
            looked: now,
            idle: Duration::ZERO,
            seen: None,
            used: None,
        }
    }

    /// Whether the program will do nothing more by itself.
    pub(crate) fn is_over(&mut self, program: &mut Program) -> bool {
        self.is_over_after(program, KNOWN, UNKNOWN)
    }

    /// The same for something that is expected not to happen.
    pub(crate) fn is_quiet(&mut self, program: &mut Program) -> bool {
        self.is_over_after(program, KNOWN / 3, UNKNOWN / 4)
    }

    fn is_over_after(&mut self, program: &mut Program, known: Duration, unknown: Duration) -> bool {
        let now = Instant::now();
        // Do not ask too often: asking takes time that a busy machine lacks.
        if self.seen.is_some() && now - self.looked < PAUSE {
            return false;
        }
        let passed = (now - self.looked).min(LOOK);
        self.looked = now;
        program.evidence.read();
        let (used, runs) = system::activity(program.id());
        let seen = Activity {
            events: program.evidence.events.len(),
            written: program.output.total() + program.errors.total(),
            used,
        };
        if runs || self.seen != Some(seen) {
            self.idle = Duration::ZERO;
        } else {
            self.idle += passed;
        }
        self.seen = Some(seen);
        let first = *self.used.get_or_insert(used.unwrap_or_default());
        let limit = if program.blocked().is_some() {
            known
        } else {
            unknown
        };
        self.idle >= limit
            || used.is_some_and(|used| used.saturating_sub(first) >= CIRCLES)
            || now - self.began >= MOST
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs;
    use std::time::Duration;

    /// The CPU time of the program and everything that it started, and whether any of its threads
    /// is running or runnable.
    pub(super) fn activity(process: u32) -> (Option<Duration>, bool) {
        let (mut used, mut runs) = (Duration::ZERO, false);
        for one in crate::program::sockets::family(process) {
            let Ok(tasks) = fs::read_dir(format!("/proc/{one}/task")) else {
                continue;
            };
            for task in tasks.flatten() {
                let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
                // The command's name is in brackets and may contain anything.
                let state = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
                runs |= state.starts_with(['R', 'D']);
                let times = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
                let nanos = times
                    .split_whitespace()
                    .next()
                    .and_then(|one| one.parse().ok());
                used += Duration::from_nanos(nanos.unwrap_or(0));
            }
        }
        (Some(used), runs)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::time::Duration;

    /// Not known on this system, so only the idle times above count.
    pub(super) fn activity(_: u32) -> (Option<Duration>, bool) {
        (None, false)
    }
}

//! When has `check` waited long enough for a program?
//!
//! Never after a fixed time, because a correct program on a loaded machine would fail. The clock
//! runs only while the program does nothing. If Python reports that every thread waits in a call
//! that only `check` can end, a short time is enough.

use std::time::{Duration, Instant};

use super::Program;

/// Idle time after which a program that is known to wait for us is not going to do anything.
const KNOWN: Duration = Duration::from_millis(400);

/// The same for a program of which this is not known: it may be asleep.
const UNKNOWN: Duration = Duration::from_millis(2_500);

/// Processor time after which a program that does not get on is running in circles.
const CIRCLES: Duration = Duration::from_secs(2);

/// However busy it is.
const MOST: Duration = Duration::from_secs(20);

/// The most that one look may count as idle time: if we ourselves did not run, neither may it have.
const LOOK: Duration = Duration::from_millis(20);

/// The time between two looks.
const PAUSE: Duration = Duration::from_millis(8);

/// A wait for something that the program should do.
#[derive(Debug)]
pub(crate) struct Patience {
    began: Instant,
    looked: Instant,
    idle: Duration,
    seen: Option<Seen>,
    /// The processor time that it had used at first.
    used: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    events: usize,
    written: u64,
    used: Option<Duration>,
}

impl Patience {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Patience {
            began: now,
            looked: now,
            idle: Duration::ZERO,
            seen: None,
            used: None,
        }
    }

    /// Whether the program is not going to do anything more by itself.
    pub(crate) fn is_over(&mut self, program: &mut Program) -> bool {
        self.is_over_after(program, KNOWN, UNKNOWN)
    }

    /// The same for something that is expected not to happen.
    pub(crate) fn is_quiet(&mut self, program: &mut Program) -> bool {
        self.is_over_after(program, KNOWN / 3, UNKNOWN / 4)
    }

    fn is_over_after(&mut self, program: &mut Program, known: Duration, unknown: Duration) -> bool {
        let now = Instant::now();
        // Asking the system takes time that a busy machine lacks.
        if self.seen.is_some() && now - self.looked < PAUSE {
            return false;
        }
        let passed = (now - self.looked).min(LOOK);
        self.looked = now;
        program.evidence.read();
        let (used, runs) = system::activity(program.id());
        let seen = Seen {
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

    /// The processor time of the program and all that it started, and whether any of its threads
    /// runs or would if it had a processor.
    pub(super) fn activity(process: u32) -> (Option<Duration>, bool) {
        let (mut used, mut runs) = (Duration::ZERO, false);
        for one in crate::program::sockets::family(process) {
            let Ok(tasks) = fs::read_dir(format!("/proc/{one}/task")) else {
                continue;
            };
            for task in tasks.flatten() {
                let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
                // The command's name stands in brackets and may hold anything.
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

    /// Not known here, so the times above are what counts.
    pub(super) fn activity(_: u32) -> (Option<Duration>, bool) {
        (None, false)
    }
}

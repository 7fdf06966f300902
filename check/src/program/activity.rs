//! When has `check` waited long enough for a program?
//!
//! A correct program on a loaded machine must not fail, so the clock runs only while the program
//! does nothing. If Python reports that every thread waits in a call that only `check` can end, a
//! short time is enough. A program that is busy is left only if it makes no progress.

use std::time::{Duration, Instant};

use super::Program;

/// Idle time after which a program that is known to wait for us will do nothing more.
const KNOWN: Duration = Duration::from_millis(400);

/// The same for a program that may be asleep for another reason.
const UNKNOWN: Duration = Duration::from_millis(2_500);

/// The time from its start in which a program that has shown no sign of life may still be loading.
const STARTS: Duration = Duration::from_secs(10);

/// CPU time without progress after which a program is in an endless loop.
const CIRCLES: Duration = Duration::from_secs(2);

/// The longest wait, however busy the program is.
const MOST: Duration = Duration::from_secs(20);

/// How many calls and bytes count as progress. More come only of an endless loop.
const CALLS: usize = 4_000;
const BYTES: u64 = super::KEPT as u64;

/// The most idle time that one look may count: if we did not run, the program may not have run
/// either.
const LOOK: Duration = Duration::from_millis(20);

/// A program counts as idle if it uses at most 1/20 of a core: a JVM's threads always wake up.
const HOUSEKEEPING: u32 = 20;

/// The time between two looks.
const PAUSE: Duration = Duration::from_millis(8);

/// A wait for something that the program should do.
#[derive(Debug)]
pub(crate) struct IdleTimer {
    began: Instant,
    looked: Instant,
    idle: Duration,
    seen: Option<Activity>,
    /// The CPU time that the program had used when it last made progress.
    used: Option<Duration>,
}

/// What one look at the program sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Activity {
    progress: Progress,
    /// The CPU time that it has used, and whether it runs now, if the system says so.
    used: Option<Duration>,
    runs: bool,
    /// Whether it may still be loading.
    starts: bool,
}

/// What the program has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Progress {
    calls: usize,
    written: u64,
}

impl IdleTimer {
    pub(crate) fn new() -> Self {
        IdleTimer::at(Instant::now())
    }

    fn at(now: Instant) -> Self {
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
        let silent = program.is_silent();
        self.is_over_after(program, KNOWN, UNKNOWN, silent)
    }

    /// The same for something that is expected not to happen.
    pub(crate) fn is_quiet(&mut self, program: &mut Program) -> bool {
        // Other programs than Python's load fast enough for this.
        let silent = program.should_report && program.is_silent();
        self.is_over_after(program, KNOWN / 3, UNKNOWN / 4, silent)
    }

    fn is_over_after(
        &mut self,
        program: &mut Program,
        known: Duration,
        unknown: Duration,
        silent: bool,
    ) -> bool {
        let now = Instant::now();
        // Do not ask too often: asking takes time that a busy machine lacks.
        if self.seen.is_some() && now - self.looked < PAUSE {
            return false;
        }
        program.evidence.read();
        let (used, runs) = system::activity(program.id());
        let seen = Activity {
            progress: Progress {
                calls: program.evidence.events.len().min(CALLS),
                written: program.output.total().min(BYTES) + program.errors.total().min(BYTES),
            },
            used,
            runs,
            starts: silent && now - program.started < STARTS,
        };
        let limit = if program.blocked().is_some() {
            known
        } else {
            unknown
        };
        self.is_over_at(now, seen, limit)
    }

    fn is_over_at(&mut self, now: Instant, seen: Activity, limit: Duration) -> bool {
        let elapsed = now - self.looked;
        self.looked = now;
        let before = self.seen.replace(seen);
        let progress = before.is_none_or(|before| before.progress != seen.progress);
        if progress {
            self.used = seen.used;
        }
        let since = before.and_then(|before| Some(seen.used?.saturating_sub(before.used?)));
        let works = since.is_some_and(|used| used * HOUSEKEEPING > elapsed);
        if progress || seen.runs || works {
            self.idle = Duration::ZERO;
        } else {
            self.idle += elapsed.min(LOOK);
        }
        let used = seen.used.unwrap_or_default();
        let circles = used.saturating_sub(self.used.unwrap_or_default()) >= CIRCLES;
        // Whether a program that is loading does anything, only its CPU time shows.
        let idle = self.idle >= limit && !(seen.starts && seen.used.is_none());
        idle || (circles && !seen.starts) || now - self.began >= MOST
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
        for one in socklab_process::members(process) {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// For how long a program is waited for that does this. `at` says what a look after so many
    /// milliseconds sees.
    fn waits(at: impl Fn(u64) -> Activity) -> Duration {
        waits_if_looking_every(10, at)
    }

    fn waits_if_looking_every(step: usize, at: impl Fn(u64) -> Activity) -> Duration {
        let began = Instant::now();
        let mut timer = IdleTimer::at(began);
        let over = |after: &u64| {
            let now = began + Duration::from_millis(*after);
            timer.is_over_at(now, at(*after), UNKNOWN)
        };
        let after = (0..).step_by(step).find(over);
        Duration::from_millis(after.expect("an end"))
    }

    const ASLEEP: Activity = Activity {
        progress: Progress {
            calls: 0,
            written: 0,
        },
        used: Some(Duration::ZERO),
        runs: false,
        starts: false,
    };

    /// A program that uses a core.
    fn busy(after: u64) -> Activity {
        let used = Some(Duration::from_millis(after));
        Activity {
            used,
            runs: true,
            ..ASLEEP
        }
    }

    fn after_calls(calls: u64, seen: Activity) -> Activity {
        let calls = usize::try_from(calls).expect("few").min(CALLS);
        let written = 0;
        Activity {
            progress: Progress { calls, written },
            ..seen
        }
    }

    #[test]
    fn an_idle_program_is_left_soon() {
        assert_eq!(waits(|_| ASLEEP), UNKNOWN);
        let ticks = |after: u64| Activity {
            used: Some(Duration::from_micros(after * 20)),
            ..ASLEEP
        };
        assert_eq!(waits(ticks), UNKNOWN);
        // On a busy machine it is looked at less often.
        let slow = waits_if_looking_every(100, |_| ASLEEP);
        assert!(slow < MOST);
        assert_eq!(waits_if_looking_every(100, ticks), slow);
        // It does something for as long again.
        let last = |after: u64| after_calls(after.min(3_000), ASLEEP);
        assert_eq!(waits(last), Duration::from_secs(3) + UNKNOWN);
    }

    #[test]
    fn a_busy_program_is_left_if_it_makes_no_progress() {
        assert_eq!(waits(busy), CIRCLES);
        let calls = |after: u64| after_calls(after.min(5_000) / 1_000, busy(after));
        assert_eq!(waits(calls), Duration::from_secs(5) + CIRCLES);
        // An endless loop of calls makes none.
        let looping = |after: u64| after_calls(after * 100, busy(after));
        assert!(waits(looping) < CIRCLES + Duration::from_millis(100));
        let slowly = |after: u64| after_calls(after / 1_000, busy(after));
        assert_eq!(waits(slowly), MOST);
    }

    #[test]
    fn a_program_may_take_a_while_to_load() {
        let loads = |after: u64, seen: Activity| {
            let starts = Duration::from_millis(after) < STARTS;
            Activity { starts, ..seen }
        };
        assert_eq!(waits(|after| loads(after, busy(after))), STARTS);
        // This system does not say what CPU time a program has used.
        let unknown = Activity {
            used: None,
            ..ASLEEP
        };
        assert_eq!(waits(|after| loads(after, unknown)), STARTS);
        assert_eq!(waits(|_| unknown), UNKNOWN);
    }
}

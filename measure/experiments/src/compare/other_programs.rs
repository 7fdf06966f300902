//! What else ran on the machine while it was measured.

use std::fs;
use std::time::{Duration, Instant};

use socklab_compare::results::Environment;

/// Warn when other processes used more than this share of the CPU time.
const DISTURBS: f64 = 0.05;

/// The CPU time of the whole machine and of ours, when it was made.
#[derive(Debug)]
pub(crate) struct OtherPrograms {
    begun: Instant,
    busy: f64,
    stolen: f64,
    ours: Duration,
}

impl OtherPrograms {
    /// From now on. `None` where the system does not say it.
    pub(crate) fn watch() -> Option<Self> {
        let (busy, stolen) = machine()?;
        Some(OtherPrograms {
            begun: Instant::now(),
            busy,
            stolen,
            ours: ours(),
        })
    }

    /// Notes how much of the cores' time went elsewhere since, and warns if it was more than a
    /// little.
    pub(crate) fn note(&self, environment: &mut Environment) {
        let Some((busy, stolen)) = machine() else {
            return;
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let all = self.begun.elapsed().as_secs_f64() * cores as f64;
        let ours = ours().saturating_sub(self.ours).as_secs_f64();
        let others = ((busy - self.busy - ours) / all).max(0.0);
        let stolen = (stolen - self.stolen) / all;
        let percent = |share: f64| format!("{:.1} %", share * 100.0);
        environment
            .facts
            .push(("others".to_owned(), percent(others)));
        environment
            .facts
            .push(("stolen".to_owned(), percent(stolen)));
        let name = "load-elsewhere";
        if others.max(stolen) > DISTURBS && !environment.cautions.iter().any(|one| one == name) {
            environment.cautions.push(name.to_owned());
        }
    }
}

/// How many seconds all cores together were busy since the machine started, and how many its host
/// kept for itself, by `/proc/stat`.
fn machine() -> Option<(f64, f64)> {
    // USER_HZ, the unit of /proc/stat, is 100 on all of Linux's architectures but one that is gone.
    const HERTZ: f64 = 100.0;
    let text = fs::read_to_string("/proc/stat").ok()?;
    let fields: Vec<f64> = text
        .lines()
        .next()?
        .split_whitespace()
        .filter_map(|field| field.parse().ok())
        .collect();
    let [user, nice, system, _idle, _wait, irq, soft, stolen, ..] = fields[..] else {
        return None;
    };
    Some(((user + nice + system + irq + soft) / HERTZ, stolen / HERTZ))
}

/// The CPU time of this program and of those of its servers that have ended.
fn ours() -> Duration {
    #[cfg(unix)]
    {
        use nix::sys::resource::{UsageWho, getrusage};
        let used = [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN].map(|who| {
            getrusage(who).map_or(Duration::ZERO, |used| {
                Duration::from_micros(micros(used.user_time()) + micros(used.system_time()))
            })
        });
        used[0] + used[1]
    }
    #[cfg(not(unix))]
    Duration::ZERO
}

#[cfg(unix)]
fn micros(time: nix::sys::time::TimeVal) -> u64 {
    use nix::sys::time::TimeValLike;
    u64::try_from(time.num_microseconds()).unwrap_or(0)
}

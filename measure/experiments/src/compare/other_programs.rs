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
    machine: MachineTime,
    ours: Duration,
}

impl OtherPrograms {
    /// From now on. `None` where the system does not say it.
    pub(crate) fn watch() -> Option<Self> {
        Some(OtherPrograms {
            begun: Instant::now(),
            machine: MachineTime::now()?,
            ours: ours(),
        })
    }

    /// Notes how much of the cores' time went elsewhere since, and warns if it was more than a
    /// little.
    pub(crate) fn note(&self, environment: &mut Environment) {
        let Some(now) = MachineTime::now() else {
            return;
        };
        let ours = ours().saturating_sub(self.ours);
        let (others, stolen) = self.machine.shares(&now, self.begun.elapsed(), ours);
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

/// What `/proc/stat` says of all cores together.
#[derive(Clone, Copy, Debug, PartialEq)]
struct MachineTime {
    /// How many seconds the cores were busy since the machine started.
    busy: f64,
    /// How many seconds its host kept for itself.
    stolen: f64,
    /// How many cores these are. Not `available_parallelism`, which counts the cores of this
    /// thread: it is pinned to one.
    cores: usize,
}

impl MachineTime {
    fn now() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/stat").ok()?)
    }

    fn parse(stat: &str) -> Option<Self> {
        // USER_HZ, the unit of /proc/stat, is 100 on all of Linux's architectures but one that is
        // gone.
        const HERTZ: f64 = 100.0;
        let mut lines = stat.lines();
        let fields = lines.next()?.split_whitespace();
        let fields: Vec<f64> = fields.filter_map(|field| field.parse().ok()).collect();
        let [user, nice, system, _idle, _wait, irq, soft, stolen, ..] = fields[..] else {
            return None;
        };
        Some(MachineTime {
            busy: (user + nice + system + irq + soft) / HERTZ,
            stolen: stolen / HERTZ,
            cores: lines.take_while(|line| line.starts_with("cpu")).count(),
        })
    }

    /// The shares of the cores' time that other programs used and that the host kept until `now`,
    /// after `elapsed`, in which we used `ours`.
    fn shares(&self, now: &Self, elapsed: Duration, ours: Duration) -> (f64, f64) {
        let all = elapsed.as_secs_f64() * self.cores.max(1) as f64;
        let others = now.busy - self.busy - ours.as_secs_f64();
        ((others / all).max(0.0), (now.stolen - self.stolen) / all)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_of_all_cores_of_the_machine() {
        let stat = |busy: u32, stolen: u32| {
            let cores: String = (0..16).map(|core| format!("cpu{core} 1 0 0 9\n")).collect();
            let text = format!("cpu  {busy} 0 0 9 0 0 0 {stolen} 0 0\n{cores}intr 1 2\n");
            MachineTime::parse(&text).expect("eight fields")
        };
        let (before, now) = (stat(0, 0), stat(1_000, 160));
        assert_eq!(now.cores, 16);
        // In ten seconds of 16 cores, others used 8 s and the host kept 1.6 s.
        let elapsed = Duration::from_secs(10);
        let shares = before.shares(&now, elapsed, Duration::from_secs(2));
        assert_eq!(shares, (0.05, 0.01));
        let shares = before.shares(&now, elapsed, Duration::from_secs(11));
        assert_eq!(shares.0, 0.0);
        assert_eq!(MachineTime::parse("cpu 1 2\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_cores_are_the_machines_after_pinning_too() {
        std::thread::spawn(|| {
            let before = MachineTime::now().expect("/proc/stat").cores;
            crate::cores::pin(&crate::cores::allowed_cores()[..1]);
            assert_eq!(MachineTime::now().expect("/proc/stat").cores, before);
            assert!(before >= crate::cores::allowed_cores().len());
        })
        .join()
        .expect("no panic");
    }
}

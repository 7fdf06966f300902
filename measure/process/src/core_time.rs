//! How busy some cores were.

use std::fs;
use std::time::{Duration, Instant};

/// A reading of how long some cores have been idle, all together. `/proc/stat` counts in hundredths
/// of a second, so the difference of two readings is exact to one of these for each core.
#[derive(Clone, Copy, Debug)]
pub struct CoreTime {
    at: Instant,
    idle: Duration,
    cores: u32,
}

impl CoreTime {
    /// Reads the idle time of these cores, or of all if the list is empty. `None` if the system
    /// does not say.
    pub fn now(cores: &[usize]) -> Option<CoreTime> {
        let text = fs::read_to_string("/proc/stat").ok()?;
        let (idle, cores) = idle(&text, cores)?;
        Some(CoreTime {
            at: Instant::now(),
            idle,
            cores,
        })
    }

    /// The share of the cores' time since an earlier reading that was neither idle nor `ours`:
    /// other programs, the kernel's work for them, and what the host of a virtual machine kept.
    pub fn others_since(&self, earlier: &CoreTime, ours: Duration) -> f64 {
        let all = self.at.duration_since(earlier.at) * self.cores;
        let idle = self.idle.saturating_sub(earlier.idle);
        let others = all.saturating_sub(idle).saturating_sub(ours);
        others.as_secs_f64() / all.as_secs_f64().max(1e-9)
    }
}

/// How long these cores were idle or waited for a disk, and how many cores there are.
fn idle(stat: &str, cores: &[usize]) -> Option<(Duration, u32)> {
    let mut ticks: u64 = 0;
    let mut count = 0;
    for line in stat.lines() {
        let mut fields = line.split_whitespace();
        let number = fields.next().and_then(|name| name.strip_prefix("cpu"));
        let Some(number) = number.and_then(|number| number.parse::<usize>().ok()) else {
            continue;
        };
        if cores.is_empty() || cores.contains(&number) {
            let idle = fields.skip(3).take(2);
            ticks += idle.filter_map(|one| one.parse::<u64>().ok()).sum::<u64>();
            count += 1;
        }
    }
    (count > 0).then(|| (Duration::from_millis(10 * ticks), count))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "cpu  9 9 9 9 9 9 9 9 9 9\n\
        cpu0 100 0 50 1000 20 0 5 7 0 0\n\
        cpu1 100 0 50 2000 0 0 5 7 0 0\n\
        intr 1 2 3\n";

    #[test]
    fn idle_is_of_the_cores_that_are_asked_for() {
        let of = |cores: &[usize]| idle(STAT, cores);
        assert_eq!(of(&[0]), Some((Duration::from_millis(10_200), 1)));
        assert_eq!(of(&[1]), Some((Duration::from_secs(20), 1)));
        assert_eq!(of(&[]), Some((Duration::from_millis(30_200), 2)));
        assert_eq!(of(&[7]), None);
        assert_eq!(idle("", &[]), None);
    }

    #[test]
    fn what_is_neither_idle_nor_ours_is_the_others() {
        let begun = Instant::now();
        let at = |millis: u64, idle: u64| CoreTime {
            at: begun + Duration::from_millis(millis),
            idle: Duration::from_millis(idle),
            cores: 1,
        };
        let ours = Duration::from_millis(60);
        let share = at(100, 20).others_since(&at(0, 0), ours);
        assert!((share - 0.2).abs() < 1e-9, "{share}");
        // Rounded down there and up here, nothing is left for others.
        assert_eq!(at(100, 50).others_since(&at(0, 0), ours), 0.0);
    }
}

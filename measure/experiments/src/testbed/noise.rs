//! CPU time of other programs on the machine: before a measurement, and in each slice.

use std::thread;
use std::time::{Duration, Instant};

use socklab_process::{CoreTime, own_cpu};

use crate::cores::Cores;

/// Warn when other programs use more than this share of the machine's CPU time.
const NOISY: f64 = 0.05;

/// How long one reading takes.
const READING_TIME: Duration = Duration::from_millis(400);

/// The share of the machine's CPU time that other programs use while we use none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise(pub f64);

impl Noise {
    /// Takes a reading. `None` if the system does not say.
    pub fn now() -> Option<Noise> {
        let before = CoreTime::now(&[])?;
        thread::sleep(READING_TIME);
        let after = CoreTime::now(&[])?;
        Some(Noise(after.others_since(&before, Duration::ZERO)))
    }

    /// Whether other programs would disturb a measurement.
    pub fn is_noisy(self) -> bool {
        self.0 > NOISY
    }

    /// Waits until the machine is quiet, for at most `timeout`. Returns the last reading. `on` is
    /// told each reading that is not quiet.
    pub fn wait_quiet(timeout: Duration, on: &mut dyn FnMut(Noise)) -> Option<Noise> {
        let until = Instant::now() + timeout;
        loop {
            let noise = Noise::now()?;
            if !noise.is_noisy() || Instant::now() >= until {
                return Some(noise);
            }
            on(noise);
        }
    }
}

/// A reading of the cores' time before a slice.
pub(super) struct CpuReading {
    server: Option<CoreTime>,
    generator: Option<CoreTime>,
    cpu: Option<Duration>,
    ours: Option<Duration>,
}

impl CpuReading {
    /// Takes the reading. The server has used `cpu` so far.
    pub(super) fn take(cores: &Cores, cpu: Option<Duration>) -> Self {
        CpuReading {
            server: CoreTime::now(&cores.server),
            generator: CoreTime::now(&cores.generator),
            cpu,
            ours: own_cpu(),
        }
    }

    /// Returns the server's CPU time since the reading, and the share of the busier core's time
    /// that other programs used. If no process is pinned, all cores are counted together.
    pub(super) fn since(&self, cores: &Cores, cpu: Option<Duration>) -> (Option<Duration>, f64) {
        let since =
            |earlier: Option<Duration>, now: Option<Duration>| Some(now?.saturating_sub(earlier?));
        let used = since(self.cpu, cpu);
        let ours = since(self.ours, own_cpu());
        let others = |before: &Option<CoreTime>, cores: &[usize], ours: Duration| {
            let (before, now) = (before.as_ref()?, CoreTime::now(cores)?);
            Some(now.others_since(before, ours))
        };
        let share = match (used, ours) {
            // Time that we cannot attribute to the server must not count as other programs'.
            (None, _) | (_, None) => None,
            (Some(used), Some(ours)) if cores.server.is_empty() => {
                others(&self.server, &[], used + ours)
            }
            (Some(used), Some(ours)) => {
                let server = others(&self.server, &cores.server, used);
                let generator = others(&self.generator, &cores.generator, ours);
                server.zip(generator).map(|(one, other)| one.max(other))
            }
        };
        (used, share.unwrap_or(0.0))
    }
}

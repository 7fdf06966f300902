//! What else runs on the machine: before anything is measured, and in each slice.

use std::thread;
use std::time::{Duration, Instant};

use socklab_process::{CoreTime, own_cpu};

use crate::cores::Cores;

/// From which share of the machine's CPU time on that others use a run says so first: a core's time
/// that somebody else has is not the server's.
const LOUD: f64 = 0.05;

/// How long is listened.
const LISTEN: Duration = Duration::from_millis(400);

/// How much others use of the machine's CPU time, while we use none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise(pub f64);

impl Noise {
    /// Just now. `None` where the system does not say.
    pub fn now() -> Option<Noise> {
        let before = CoreTime::now(&[])?;
        thread::sleep(LISTEN);
        let after = CoreTime::now(&[])?;
        Some(Noise(after.others_since(&before, Duration::ZERO)))
    }

    /// Whether it disturbs.
    pub fn is_loud(self) -> bool {
        self.0 > LOUD
    }

    /// Waits until it is quiet, at most so long; what it is then. `on` is told each time that it is
    /// not.
    pub fn wait_quiet(limit: Duration, on: &mut dyn FnMut(Noise)) -> Option<Noise> {
        let until = Instant::now() + limit;
        loop {
            let noise = Noise::now()?;
            if !noise.is_loud() || Instant::now() >= until {
                return Some(noise);
            }
            on(noise);
        }
    }
}

/// A look at the cores before a slice.
pub(super) struct Watch {
    server: Option<CoreTime>,
    generator: Option<CoreTime>,
    cpu: Option<Duration>,
    ours: Option<Duration>,
}

impl Watch {
    /// Begins, when the server has used `cpu`.
    pub(super) fn begin(cores: &Cores, cpu: Option<Duration>) -> Self {
        Watch {
            server: CoreTime::now(&cores.server),
            generator: CoreTime::now(&cores.generator),
            cpu,
            ours: own_cpu(),
        }
    }

    /// Ends; what the server used since, and the share of the busier core's time that others had.
    /// Where nobody is pinned all cores are looked at together.
    pub(super) fn end(&self, cores: &Cores, cpu: Option<Duration>) -> (Option<Duration>, f64) {
        let since =
            |earlier: Option<Duration>, now: Option<Duration>| Some(now?.saturating_sub(earlier?));
        let used = since(self.cpu, cpu);
        let ours = since(self.ours, own_cpu());
        let others = |before: &Option<CoreTime>, cores: &[usize], ours: Duration| {
            let (before, now) = (before.as_ref()?, CoreTime::now(cores)?);
            Some(now.others_since(before, ours))
        };
        let share = match (used, ours) {
            // What we do not know of a server is not others'.
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

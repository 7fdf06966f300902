//! The resources that a process has used, and its limits.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use socklab_compare::results::Operations;

/// What a server has used since it began. Times are in microseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReportedUsage {
    /// CPU time in the program.
    pub user: f64,
    /// CPU time in the kernel.
    pub system: f64,
    /// Voluntary context switches: a thread waited.
    pub voluntary: u64,
    /// Involuntary context switches: the scheduler ran another thread.
    pub involuntary: u64,
    /// Resident memory in KiB, on systems where only the process itself can read it.
    #[serde(default)]
    pub memory: u64,
    /// The driver's operations, by name.
    pub operations: BTreeMap<String, Operations>,
}

impl ReportedUsage {
    /// The usage of this process, by getrusage(2). Unlike /proc, this includes threads that have
    /// ended.
    pub(super) fn now(operations: BTreeMap<String, Operations>) -> Self {
        #[cfg(unix)]
        {
            use nix::sys::resource::{UsageWho, getrusage};
            use nix::sys::time::TimeValLike;
            if let Ok(used) = getrusage(UsageWho::RUSAGE_SELF) {
                let count = |number| u64::try_from(number).unwrap_or(0);
                return ReportedUsage {
                    user: used.user_time().num_microseconds() as f64,
                    system: used.system_time().num_microseconds() as f64,
                    voluntary: count(used.voluntary_context_switches()),
                    involuntary: count(used.involuntary_context_switches()),
                    memory: elsewhere::memory(),
                    operations,
                };
            }
        }
        ReportedUsage {
            // This includes the kernel's time: the system does not separate the two to the
            // microsecond.
            user: elsewhere::cpu(),
            memory: elsewhere::memory(),
            operations,
            ..ReportedUsage::default()
        }
    }

    /// The usage between an earlier reading and this one.
    pub fn since(&self, earlier: &ReportedUsage) -> ReportedUsage {
        let operations = self.operations.iter().map(|(name, now)| {
            let was = earlier.operations.get(name).copied().unwrap_or_default();
            let since = Operations {
                calls: now.calls - was.calls,
                would_block: now.would_block - was.would_block,
                items: now.items - was.items,
            };
            (name.clone(), since)
        });
        ReportedUsage {
            user: self.user - earlier.user,
            system: self.system - earlier.system,
            voluntary: self.voluntary - earlier.voluntary,
            involuntary: self.involuntary - earlier.involuntary,
            memory: self.memory,
            operations: operations.filter(|(_, since)| since.calls > 0).collect(),
        }
    }
}

/// Systems without `/proc`: crates ask the system.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod elsewhere {
    pub(super) fn cpu() -> f64 {
        let used = cpu_time::ProcessTime::try_now().map(|time| time.as_duration());
        used.map_or(0.0, |used| used.as_secs_f64() * 1e6)
    }

    pub(super) fn memory() -> u64 {
        memory_stats::memory_stats().map_or(0, |used| used.physical_mem as u64 / 1024)
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod elsewhere {
    pub(super) fn cpu() -> f64 {
        0.0
    }

    pub(super) fn memory() -> u64 {
        0
    }
}

/// Has this process end when its parent does.
pub(super) fn end_with_parent() {
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGTERM);
}

/// Raises the limit on descriptors as far as the system allows. Returns the limit.
pub fn raise_descriptors() -> u64 {
    #[cfg(unix)]
    {
        use nix::sys::resource::{Resource, getrlimit, setrlimit};
        if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
            let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
            return getrlimit(Resource::RLIMIT_NOFILE).map_or(soft, |(soft, _)| soft);
        }
    }
    u64::MAX
}

//! The CPU time and memory that a program has used.

use std::fs;
use std::time::Duration;

use crate::tree;

/// What a process and its descendants have used since they began. A field is zero if the system
/// does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessUsage {
    /// CPU time, including that of threads and children that have ended.
    pub cpu: Duration,
    /// The part of the CPU time in the program's own code, measured in the system's clock ticks.
    pub user: Duration,
    /// The part of the CPU time in the kernel, measured in the same ticks.
    pub system: Duration,
    /// Voluntary context switches: a thread waited. Threads that have ended do not count.
    pub voluntary: u64,
    /// Involuntary context switches: the scheduler ran another thread.
    pub involuntary: u64,
    /// Resident memory, in KiB. Pages that several processes share count for each.
    pub memory: u64,
    /// Peak resident memory, in KiB: the sum of the processes' own peaks.
    pub peak: u64,
    /// The number of threads.
    pub threads: u32,
}

impl ProcessUsage {
    /// Measures a process and its descendants. `None` if the process has ended.
    pub fn of(process: u32) -> Option<ProcessUsage> {
        let mut sum = ProcessUsage::default();
        for member in tree::members(process) {
            // A child may have ended meanwhile; its CPU time then counts as its parent's.
            match ProcessUsage::of_one(member) {
                Some(usage) => sum = sum.plus(usage),
                None if member == process => return None,
                None => {}
            }
        }
        Some(sum)
    }

    /// The CPU time alone. This reads less, so it can be called before and after a short slice.
    pub fn cpu(process: u32) -> Option<Duration> {
        let members = tree::members(process).into_iter();
        let times: Vec<Duration> = members.filter_map(cpu_of_one).collect();
        (!times.is_empty()).then(|| times.iter().sum())
    }

    fn of_one(process: u32) -> Option<ProcessUsage> {
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let [user, system] = ticks(process);
        let mut usage = ProcessUsage {
            cpu: cpu_of_one(process)?,
            user,
            system,
            memory: field(&status, "VmRSS:"),
            peak: field(&status, "VmHWM:"),
            threads: u32::try_from(field(&status, "Threads:")).unwrap_or(0),
            ..ProcessUsage::default()
        };
        let tasks = fs::read_dir(format!("/proc/{process}/task"));
        for task in tasks.into_iter().flatten().flatten() {
            let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
            usage.voluntary += field(&status, "voluntary_ctxt_switches:");
            usage.involuntary += field(&status, "nonvoluntary_ctxt_switches:");
        }
        Some(usage)
    }

    fn plus(self, other: ProcessUsage) -> ProcessUsage {
        ProcessUsage {
            cpu: self.cpu + other.cpu,
            user: self.user + other.user,
            system: self.system + other.system,
            voluntary: self.voluntary + other.voluntary,
            involuntary: self.involuntary + other.involuntary,
            memory: self.memory + other.memory,
            peak: self.peak + other.peak,
            threads: self.threads + other.threads,
        }
    }
}

/// The CPU time of this process, without its children. `None` if the system does not say.
pub fn own_cpu() -> Option<Duration> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use nix::time::{ClockId, clock_gettime};
        clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)
            .ok()
            .map(Duration::from)
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    None
}

/// The number after a name at the start of a line.
fn field(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    number.unwrap_or(0)
}

/// The CPU time of a process, and of its children that ended and were waited for.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn cpu_of_one(process: u32) -> Option<Duration> {
    use nix::time::{clock_getcpuclockid, clock_gettime};
    let id = nix::unistd::Pid::from_raw(process.cast_signed());
    let time = clock_gettime(clock_getcpuclockid(id).ok()?).ok()?;
    Some(Duration::from(time) + of_children(process))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn cpu_of_one(_: u32) -> Option<Duration> {
    None
}

/// The CPU time of a process's children that ended and were waited for.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn of_children(process: u32) -> Duration {
    let [.., user, system] = times(process);
    user + system
}

/// CPU time in the program's own code and in the kernel, including children that have ended.
fn ticks(process: u32) -> [Duration; 2] {
    let [user, system, childrens_user, childrens_system] = times(process);
    [user + childrens_user, system + childrens_system]
}

/// `utime`, `stime`, `cutime` and `cstime` of `/proc/PID/stat`, to the hundredth of a second:
/// USER_HZ is 100 on all of Linux's architectures but one that is gone.
fn times(process: u32) -> [Duration; 4] {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name, in brackets, may contain spaces. After it, `state` is the first field and `utime`
    // the twelfth.
    let after = stat.rsplit_once(") ").map_or("", |(_, after)| after);
    let mut ticks = after.split(' ').skip(11);
    [(); 4].map(|()| {
        let ticks = ticks.next().and_then(|one| one.parse().ok());
        Duration::from_millis(10 * ticks.unwrap_or(0_u64))
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::children;
    use std::process::{Child, Command, Stdio};

    fn shell(script: &str) -> Child {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        children::spawn(&mut command).expect("a shell")
    }

    fn end(mut shell: Child) {
        drop(shell.stdin.take());
        shell.wait().expect("it ends");
        children::end(&mut shell, Duration::ZERO);
    }

    #[test]
    fn a_busy_process_is_charged_its_time_and_its_childrens() {
        // A shell that computes in a child of its own, which it waits for, and then waits.
        let script = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; :";
        let outer = format!("sh -c '{script}'; echo done; read _");
        let mut shell = shell(&outer);
        let mut said = [0; 5];
        let output = shell.stdout.as_mut().expect("its output");
        std::io::Read::read_exact(output, &mut said).expect("it ends");
        let usage = ProcessUsage::of(shell.id()).expect("it waits");
        // The child's ticks: a loop of 60,000 takes a shell more than two of them.
        assert!(usage.cpu >= Duration::from_millis(20), "{usage:?}");
        assert!(usage.memory > 100 && usage.peak >= usage.memory);
        assert_eq!(usage.threads, 1);
        assert!(usage.voluntary > 0);
        // Once it waits it uses none: on a loaded machine that takes a moment.
        let idle = (0..100).any(|_| {
            let before = ProcessUsage::cpu(shell.id());
            std::thread::sleep(Duration::from_millis(50));
            ProcessUsage::cpu(shell.id()) == before
        });
        assert!(idle);
        let process = shell.id();
        end(shell);
        assert_eq!(ProcessUsage::of(process), None);
    }

    #[test]
    fn living_children_are_charged_too() {
        let mut shell = shell("cat & cat & echo; wait");
        let output = shell.stdout.as_mut().expect("its output");
        std::io::Read::read_exact(output, &mut [0]).expect("it begins");
        // Background jobs of a shell read nothing, and end; wait for what is there.
        let threads = ProcessUsage::of(shell.id()).map_or(0, |one| one.threads);
        assert!((1..=3).contains(&threads), "{threads}");
        end(shell);
    }
}

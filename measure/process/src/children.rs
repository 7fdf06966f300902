//! The programs that this one has started, so that none of them outlives it.

use std::io;
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::tree;

/// How long a killed program may take to be gone. The system may be busy.
const KILL_TIMEOUT: Duration = Duration::from_secs(2);

/// How often to look whether a program has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// The process ids of those that run, which are also those of their process groups.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// While this is held, no program is started. A process that is being started has copies of all our
/// sockets until its program runs, also of those that we close meanwhile.
pub(crate) fn running() -> MutexGuard<'static, Vec<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a program in a process group of its own, to be ended by [`end`] or [`end_all`].
///
/// # Errors
/// When the program cannot be started.
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    // Locked while starting: `end_all` must not miss a program that exists and is not listed yet.
    let mut running = running();
    let child = command.spawn()?;
    running.push(child.id());
    Ok(child)
}

/// Starts a program that ends by itself when this one does, so that [`end_all`] need not end it.
///
/// # Errors
/// When the program cannot be started.
pub fn spawn_dependent(command: &mut Command) -> io::Result<Child> {
    let _no_other = running();
    command.spawn()
}

/// Ends a program with its process group, and those of its descendants that left the group before.
/// Returns when they are gone. The program is first asked to end, and may take the time of `grace`;
/// zero kills it at once.
pub fn end(child: &mut Child, grace: Duration) {
    // Descendants that left the group can be found only while their parents live. The number of a
    // program that was waited for may belong to another, so only its group is ended: as long as a
    // group has members, its number is not given out again.
    let members = match child.try_wait() {
        Ok(None) => tree::members(child.id()),
        _ => vec![child.id()],
    };
    if !grace.is_zero() && cfg!(unix) {
        signal(child.id(), Signal::Continue);
        signal(child.id(), Signal::End);
        let until = Instant::now() + grace;
        while matches!(child.try_wait(), Ok(None)) && Instant::now() < until {
            thread::sleep(POLL_INTERVAL);
        }
    }
    kill_all(&members);
    let _ = child.kill();
    let _ = child.wait();
    await_end(&members, Instant::now() + KILL_TIMEOUT);
    running().retain(|&one| one != child.id());
}

/// Ends all programs that were started and are not ended yet, and returns when they are gone: for a
/// program that is about to exit. A thread that starts or ends one after that waits for the exit.
/// On Windows it does not wait until they are gone.
pub fn end_all() {
    let running = running();
    // One that stands still starts no other while its descendants are looked for.
    let stopped = running
        .iter()
        .inspect(|&&group| signal(group, Signal::Stop));
    let families: Vec<_> = stopped.map(|&group| tree::members(group)).collect();
    std::mem::forget(running);
    families.iter().for_each(|family| kill_all(family));
    let until = Instant::now() + KILL_TIMEOUT;
    families.iter().for_each(|family| await_end(family, until));
}

/// Kills a process, its group and its descendants.
#[cfg(unix)]
fn kill_all(family: &[u32]) {
    use nix::sys::signal::{SIGKILL, kill, killpg};

    let Some((&first, descendants)) = family.split_first() else {
        return;
    };
    let _ = killpg(id(first), SIGKILL);
    for &process in descendants {
        let _ = kill(id(process), SIGKILL);
    }
}

#[cfg(windows)]
fn kill_all(family: &[u32]) {
    let process = family[0].to_string();
    let mut command = Command::new("taskkill");
    command.args(["/T", "/F", "/PID", &process]);
    // Fails if the process has ended.
    let _ = command.output();
}

/// Waits until killed processes are gone, with their sockets.
#[cfg(unix)]
fn await_end(family: &[u32], until: Instant) {
    use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};

    let Some((&first, descendants)) = family.split_first() else {
        return;
    };
    // Our own child stays in the system's table until it is waited for. Others of its group are
    // children of process 1 by now, which waits for them.
    let lives = || {
        waitpid(id(first), Some(WaitPidFlag::WNOHANG)) == Ok(WaitStatus::StillAlive)
            || tree::group_lives(first)
            || descendants.iter().copied().any(tree::lives)
    };
    while lives() && Instant::now() < until {
        thread::sleep(POLL_INTERVAL);
    }
}

#[cfg(windows)]
fn await_end(_: &[u32], _: Instant) {}

/// What a process group can be told.
#[derive(Clone, Copy)]
pub(crate) enum Signal {
    End,
    Stop,
    Continue,
}

/// Sends a signal to a group of processes. Does nothing on systems that cannot.
#[cfg(unix)]
pub(crate) fn signal(group: u32, signal: Signal) {
    use nix::sys::signal::{Signal as Name, killpg};
    let name = match signal {
        Signal::End => Name::SIGTERM,
        Signal::Stop => Name::SIGSTOP,
        Signal::Continue => Name::SIGCONT,
    };
    // Ignore errors: the group may have ended.
    let _ = killpg(id(group), name);
}

#[cfg(not(unix))]
pub(crate) fn signal(_: u32, _: Signal) {}

#[cfg(unix)]
fn id(process: u32) -> nix::unistd::Pid {
    nix::unistd::Pid::from_raw(process.cast_signed())
}

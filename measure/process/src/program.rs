//! A program in a process of its own.

use std::io::{self, BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use socklab_core::Transport;

use crate::{affinity, listening, tree};

/// How long a program may take until it has its socket.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it may take to end when it is asked to.
const GRACE: Duration = Duration::from_millis(200);

/// The longest part of a line of its errors that is kept.
const LONGEST: u64 = 4096;

/// The process groups that are to be ended if this program is: see [`sweep`].
static LIVING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// What is to be started.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The program and its arguments; `{port}` is replaced by the port that it is to listen at, and
    /// `{exercise}` by the exercise.
    pub command: &'a [String],
    /// The exercise.
    pub exercise: &'a str,
    /// What carries it.
    pub transport: Transport,
    /// The cores that it may use; all if there are none.
    pub cores: &'a [usize],
}

/// A program that was started. Dropping it ends it, with all its children.
#[derive(Debug)]
pub struct Program {
    child: Child,
    said: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Program {
    /// Starts it, and waits until it has its socket.
    ///
    /// # Errors
    /// When it cannot be started, or ended before it had its socket, or has none after 10 s: with
    /// what it said last.
    pub fn start(order: &Order<'_>) -> io::Result<Program> {
        let port = listening::free_port(order.transport)?;
        let fill = |part: &String| {
            let part = part.replace("{port}", &port.to_string());
            part.replace("{exercise}", order.exercise)
        };
        let mut parts = order.command.iter().map(fill);
        let name = parts.next().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(name);
        command.args(parts).env("PYTHONUNBUFFERED", "1");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let ours = affinity::allowed_cores();
        // A child has the cores of the thread that starts it, from its first instruction on.
        affinity::pin(order.cores);
        let child = command.spawn();
        affinity::pin(&ours);
        let mut child = child?;
        living().push(child.id());
        let said = Arc::default();
        let reader = child.stderr.take().map(|errors| {
            let said = Arc::clone(&said);
            thread::spawn(move || keep_last(errors, &said))
        });
        let mut program = Program {
            child,
            said,
            reader,
            address: (Ipv4Addr::LOCALHOST, port).into(),
        };
        let until = Instant::now() + PATIENCE;
        while !listening::is_taken(order.transport, port) {
            if let Some(status) = program.ended() {
                return Err(io::Error::other(program.last_words(Some(status))));
            }
            if Instant::now() >= until {
                return Err(io::Error::other(program.last_words(None)));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(program)
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// The last line that it said on its standard error; how it ended if it said none, and empty if
    /// it has not ended either. One that has just stopped answering may be about to end, so it is
    /// given a moment.
    pub fn last_line(&mut self) -> String {
        let until = Instant::now() + GRACE;
        while self.ended().is_none() && Instant::now() < until {
            thread::sleep(Duration::from_millis(2));
        }
        let ended = self.ended();
        self.last_words(ended)
    }

    fn last_words(&mut self, ended: Option<ExitStatus>) -> String {
        if ended.is_some() {
            // What it said last may be on its way. A child of its own may hold the pipe open.
            let until = Instant::now() + GRACE;
            while self.reader.as_ref().is_some_and(|one| !one.is_finished())
                && Instant::now() < until
            {
                thread::sleep(Duration::from_millis(2));
            }
        }
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        match ended {
            Some(status) if said.is_empty() => status.to_string(),
            _ => said.clone(),
        }
    }

    /// Stops it where it is, so that one which would use a core without being asked does not; and
    /// lets it go on. Does nothing where the system cannot.
    pub fn pause(&self, paused: bool) {
        signal(
            self.id(),
            if paused {
                Signal::Stop
            } else {
                Signal::Continue
            },
        );
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Children that left the group are known only as long as their parents live.
        let members = tree::members(self.id());
        self.pause(false);
        signal(self.id(), Signal::End);
        let until = Instant::now() + GRACE;
        while self.ended().is_none() && Instant::now() < until && cfg!(unix) {
            thread::sleep(Duration::from_millis(2));
        }
        signal(self.id(), Signal::Kill);
        for member in members.into_iter().skip(1) {
            kill_one(member);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        let id = self.id();
        living().retain(|one| *one != id);
    }
}

/// Ends all programs that were started and not dropped: for whoever is told to end at once.
pub fn sweep() {
    for group in living().drain(..) {
        for member in tree::members(group) {
            kill_one(member);
        }
        signal(group, Signal::Kill);
    }
}

fn living() -> MutexGuard<'static, Vec<u32>> {
    LIVING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps the last line that is not empty.
fn keep_last(errors: impl Read, said: &Mutex<String>) {
    let mut errors = BufReader::new(errors);
    let mut line = Vec::new();
    while let Ok(1..) = errors.by_ref().take(LONGEST).read_until(b'\n', &mut line) {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        if !text.is_empty() {
            *said.lock().unwrap_or_else(PoisonError::into_inner) = text;
        }
        line.clear();
    }
}

#[derive(Clone, Copy)]
enum Signal {
    End,
    Kill,
    Stop,
    Continue,
}

/// Signals to a group of processes.
#[cfg(unix)]
fn signal(group: u32, signal: Signal) {
    use nix::sys::signal::{Signal as Name, killpg};
    let name = match signal {
        Signal::End => Name::SIGTERM,
        Signal::Kill => Name::SIGKILL,
        Signal::Stop => Name::SIGSTOP,
        Signal::Continue => Name::SIGCONT,
    };
    // It may have ended.
    let _ = killpg(nix::unistd::Pid::from_raw(group.cast_signed()), name);
}

#[cfg(not(unix))]
fn signal(_: u32, _: Signal) {}

#[cfg(unix)]
fn kill_one(process: u32) {
    let process = nix::unistd::Pid::from_raw(process.cast_signed());
    let _ = nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGKILL);
}

#[cfg(not(unix))]
fn kill_one(_: u32) {}

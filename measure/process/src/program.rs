//! A program in a process of its own.

use std::io::{self, BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use socklab_core::Transport;

use crate::children::{self, Signal};
use crate::{affinity, listening};

/// How long a program may take to open its socket.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a program may take to end after it was told to.
const GRACE: Duration = Duration::from_millis(200);

/// How many bytes are kept of a line on standard error.
const LONGEST: u64 = 4096;

/// How to start a program.
#[derive(Clone, Copy, Debug)]
pub struct ProgramSpec<'a> {
    /// The program and its arguments. `{port}` is replaced by the port to listen at, and
    /// `{exercise}` by the exercise.
    pub command: &'a [String],
    /// The exercise.
    pub exercise: &'a str,
    /// UDP or TCP.
    pub transport: Transport,
    /// The cores that the program may use; all if the list is empty.
    pub cores: &'a [usize],
}

/// A running program. Dropping it ends the program with all its children.
#[derive(Debug)]
pub struct Program {
    child: Child,
    said: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    /// The address at which the program listens.
    pub address: SocketAddr,
}

impl Program {
    /// Starts a program, and waits until it has its socket.
    ///
    /// # Errors
    /// When the program cannot be started, ends before it has a socket, or has none after 10 s. The
    /// error contains its last line on standard error.
    pub fn start(spec: &ProgramSpec<'_>) -> io::Result<Program> {
        let port = listening::free_port()?;
        let fill = |part: &String| {
            let part = part.replace("{port}", &port.to_string());
            part.replace("{exercise}", spec.exercise)
        };
        let mut parts = spec.command.iter().map(fill);
        let name = parts.next().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(name);
        command.args(parts).env("PYTHONUNBUFFERED", "1");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::piped());
        let ours = affinity::allowed_cores();
        // A child inherits the cores of the thread that starts it, from its first instruction on.
        affinity::pin(spec.cores);
        let child = children::spawn(&mut command);
        affinity::pin(&ours);
        let mut child = child?;
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
        while !listening::is_taken(spec.transport, port) {
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

    /// The program's process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The program's exit status, if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// The program's last line on standard error; without one, how it ended; empty if it has not
    /// ended. A program that stopped answering may be about to end, so this waits a moment.
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
            // Its last line may still be on the way. A child of the program may hold the pipe open.
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

    /// Suspends the program, so that one that spins does not use a core while others are measured,
    /// or lets it go on. Does nothing on systems that cannot.
    pub fn set_suspended(&self, suspended: bool) {
        let signal = match suspended {
            true => Signal::Stop,
            false => Signal::Continue,
        };
        children::signal(self.id(), signal);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        children::end(&mut self.child, GRACE);
    }
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

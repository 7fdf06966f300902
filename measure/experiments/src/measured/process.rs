//! The parent's handle of a measured server.

use std::fmt;
#[cfg(not(unix))]
use std::io::Write;
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::spec::{COMMAND, ServerSpec};
use super::usage::ReportedUsage;

/// Whether requests go through the server's standard input, because the system has no signals. The
/// server then ends when that pipe is closed, and so with its parent.
const ASKED_BY_PIPE: bool = cfg!(not(unix));

/// Bytes written into that pipe: this one asks for what the server has used.
#[cfg(not(unix))]
const ASK: u8 = b'?';
/// Suspend: the thread of the server's next operation blocks in it.
#[cfg(not(unix))]
pub(super) const SUSPEND: u8 = b'p';
/// Resume: the thread goes on.
#[cfg(not(unix))]
pub(super) const RESUME: u8 = b'r';

/// How long a server may take to be ready, or to report what it has used. Only one that has ended
/// takes so long.
const LIMIT: Duration = Duration::from_secs(10);

/// A server in its own process. Dropping this ends it.
pub struct MeasuredServer {
    child: Child,
    said: Receiver<String>,
    /// The address at which the server listens.
    pub address: SocketAddr,
}

impl fmt::Debug for MeasuredServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MeasuredServer")
            .field(&self.address)
            .finish()
    }
}

/// A process's memory, in KiB, and its threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Resident now.
    pub memory: u64,
    /// Peak resident memory.
    pub peak: u64,
    /// Threads now.
    pub threads: u32,
}

impl MeasuredServer {
    /// Starts a server, and waits until it listens.
    ///
    /// # Errors
    /// What the system says, or the server's own line on standard error.
    pub fn start(spec: &ServerSpec) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([COMMAND, &serde_json::to_string(spec)?]);
        command.stdin(match ASKED_BY_PIPE {
            true => Stdio::piped(),
            false => Stdio::null(),
        });
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = socklab_process::spawn_dependent(&mut command)?;
        let (sender, said) = channel();
        if let Some(output) = child.stdout.take() {
            thread::spawn(move || {
                let lines = BufReader::new(output).lines().map_while(Result::ok);
                lines.for_each(|line| drop(sender.send(line)));
            });
        }
        let mut measured = MeasuredServer {
            child,
            said,
            address: (std::net::Ipv4Addr::LOCALHOST, 0).into(),
        };
        let ready = measured.said.recv_timeout(LIMIT).ok();
        let address = ready.and_then(|line| line.strip_prefix("ready ")?.parse().ok());
        measured.address = address.ok_or_else(|| measured.why_not())?;
        Ok(measured)
    }

    /// What the server had used when it was [asked](Self::ask), in the order of the requests.
    ///
    /// # Errors
    /// When the server has ended or does not answer.
    pub fn answer(&self) -> io::Result<ReportedUsage> {
        let line = self.said.recv_timeout(LIMIT).map_err(io::Error::other)?;
        serde_json::from_str(&line).map_err(io::Error::other)
    }

    /// Asks the server for what it has used. The [answer](Self::answer) comes with the server's
    /// next reply, so a client must be asking it questions.
    ///
    /// # Errors
    /// When the server has ended.
    pub fn ask(&self) -> io::Result<()> {
        #[cfg(unix)]
        return self.signal(nix::sys::signal::Signal::SIGUSR1);
        #[cfg(not(unix))]
        self.request(ASK)
    }

    #[cfg(not(unix))]
    fn request(&self, request: u8) -> io::Result<()> {
        let mut pipe = self.child.stdin.as_ref().ok_or(io::ErrorKind::BrokenPipe)?;
        pipe.write_all(&[request]).and_then(|()| pipe.flush())
    }

    #[cfg(unix)]
    fn signal(&self, signal: nix::sys::signal::Signal) -> io::Result<()> {
        let id = nix::unistd::Pid::from_raw(self.child.id().cast_signed());
        nix::sys::signal::kill(id, signal).map_err(io::Error::from)
    }

    /// The server's memory and threads; zero if the system does not say.
    pub fn footprint(&self) -> Footprint {
        footprint(self.child.id())
    }

    /// The server's process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Suspends the server or lets it go on. Without signals, a server that counts its operations
    /// stops in its next one.
    pub fn set_suspended(&self, suspended: bool) {
        #[cfg(unix)]
        {
            use nix::sys::signal::Signal;
            let _ = self.signal(match suspended {
                true => Signal::SIGSTOP,
                false => Signal::SIGCONT,
            });
        }
        #[cfg(not(unix))]
        let _ = self.request(if suspended { SUSPEND } else { RESUME });
    }

    fn why_not(&mut self) -> io::Error {
        let _ = self.child.kill();
        let mut said = String::new();
        if let Some(errors) = self.child.stderr.take() {
            let lines = BufReader::new(errors).lines().map_while(Result::ok);
            said = lines.last().unwrap_or_default();
        }
        io::Error::other(said)
    }
}

impl Drop for MeasuredServer {
    fn drop(&mut self) {
        self.set_suspended(false);
        #[cfg(unix)]
        let asked = self.signal(nix::sys::signal::Signal::SIGTERM).is_ok();
        #[cfg(not(unix))]
        let asked = false;
        // The server has no client whose replies it must finish.
        let until = Instant::now() + Duration::from_millis(200);
        while asked && Instant::now() < until {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            thread::sleep(Duration::from_millis(2));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads `/proc`, where there is one.
fn footprint(id: u32) -> Footprint {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let field = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        number.unwrap_or(0)
    };
    Footprint {
        memory: field("VmRSS:"),
        peak: field("VmHWM:"),
        threads: u32::try_from(field("Threads:")).unwrap_or(0),
    }
}

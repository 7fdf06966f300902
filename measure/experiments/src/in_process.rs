//! Both ends of an exercise in this process, on real sockets.

use std::fmt::Display;
use std::io::{BufRead, Cursor};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use socklab_core::{Console, Notice, Observers, Prompt, Status};
use socklab_runtimes::{CompiledObservers, Job, Runtime};
use socklab_system::{Run, Stop};

/// How long a server may take to be ready, and to end. Only a broken one takes so long.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// Any free port of this computer.
pub(crate) const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// What the user of one of our programs would have seen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Notice(Notice),
    Shown(Vec<u8>),
}

/// A console that records what its user would have seen.
struct RecordingConsole(Mutex<Sender<Seen>>);

impl RecordingConsole {
    fn record(&self, seen: Seen) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Ignore errors: the experiment may be over.
        let _ = sender.send(seen);
    }
}

impl Console for RecordingConsole {
    fn prompt(&self, _: Prompt) {}
    fn show(&self, bytes: &[u8]) {
        self.record(Seen::Shown(bytes.to_vec()));
    }
    fn notice(&self, notice: Notice) {
        self.record(Seen::Notice(notice));
    }
}

/// A run whose user types `lines`, and a receiver of what that user sees.
pub(crate) fn run<W: Observers>(
    observers: W,
    lines: impl BufRead + Send + 'static,
) -> (Run<W>, Receiver<Seen>) {
    let (sender, seen) = channel();
    let console = Arc::new(RecordingConsole(Mutex::new(sender)));
    (Run::new(console, observers).with_lines(lines), seen)
}

/// Lines to type.
pub(crate) fn typed<T: Display>(lines: &[T]) -> Cursor<String> {
    Cursor::new(lines.iter().map(|line| format!("{line}\n")).collect())
}

/// A server of the lab in this process. It stops when this is dropped.
pub(crate) struct LocalServer {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Receiver<Seen>,
    stop: Stop,
    ended: Receiver<Status>,
}

impl LocalServer {
    /// Starts a server on a thread, which calls `begin` first, and waits until it listens. On
    /// failure, returns the server's status.
    pub(crate) fn start<W: CompiledObservers>(
        runtime: Runtime,
        job: Job,
        (run, seen): (Run<W>, Receiver<Seen>),
        begin: impl FnOnce() + Send + 'static,
    ) -> Result<Self, Status> {
        let stop = run.stop.clone();
        let (sender, ended) = channel();
        thread::spawn(move || {
            begin();
            sender.send(runtime.run(job, &Arc::new(run)))
        });
        match seen.recv_timeout(LIMIT) {
            Ok(Seen::Notice(Notice::Ready(address))) => Ok(LocalServer {
                address,
                seen,
                stop,
                ended,
            }),
            _ => {
                stop.request();
                Err(ended.recv_timeout(LIMIT).unwrap_or(Status::Stopped))
            }
        }
    }

    /// Waits for a server that ends by itself. On failure, returns its status.
    pub(crate) fn wait(&self) -> Result<(), Status> {
        match self.ended.recv_timeout(LIMIT) {
            Ok(Status::Done | Status::Stopped) => Ok(()),
            Ok(failed) => Err(failed),
            Err(_) => Err(Status::Stopped),
        }
    }

    /// Stops the server. On failure, returns its status.
    pub(crate) fn stop(&self) -> Result<(), Status> {
        self.stop.request();
        self.wait()
    }
}

impl Drop for LocalServer {
    fn drop(&mut self) {
        self.stop.request();
        let _ = self.ended.recv_timeout(LIMIT);
    }
}

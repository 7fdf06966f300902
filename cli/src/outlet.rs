//! Standard output and error of a server, and its logs. The server never waits for their readers.
//!
//! A program that writes to a stopped terminal (Ctrl-S, a mouse selection, a pager), or to a pipe
//! that no program reads, is blocked. So once a server serves, its lines go through a bounded queue
//! to a thread. The first line starts this thread, because a second thread costs a server 5 % of an
//! echo. Lines that do not fit are dropped and counted.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write, stderr, stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

/// How many bytes the queue may hold.
const MOST: usize = 1024 * 1024;

/// How long the thread gathers lines before it writes them. Waking it for each line cost a
/// submission four more system calls and 12 % of its CPU time. A person does not notice the delay.
const GATHER: Duration = Duration::from_millis(5);

/// How long the end of the program waits for a reader that takes no lines.
const PATIENCE: Duration = Duration::from_millis(300);

/// Whether a server serves, so that lines must not wait.
static SERVING: AtomicBool = AtomicBool::new(false);

/// The first error of standard output.
static FAILED: OnceLock<io::Error> = OnceLock::new();

/// Standard output, for payload. An error is kept for [`failed`], which reports it at the end: a
/// full disk must not end an exchange in the middle.
pub(crate) struct StdoutPayload;

impl StdoutPayload {
    fn try_to(&self, work: impl FnOnce(&mut io::StdoutLock<'_>) -> io::Result<()>) {
        if reader_left() {
            return;
        }
        if let Err(error) = work(&mut stdout().lock()) {
            // A server goes on serving if the reader of its lines leaves.
            let ignored = SERVING.load(Ordering::Relaxed) && error.kind() == ErrorKind::BrokenPipe;
            if !ignored {
                let _ = FAILED.set(error);
            }
        }
    }
}

impl Write for StdoutPayload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.try_to(|stdout| stdout.write_all(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.try_to(|stdout| stdout.flush());
        Ok(())
    }
}

/// Why standard output did not take everything.
pub(crate) fn failed() -> Option<&'static io::Error> {
    FAILED.get()
}

/// Whether the reader of standard output has closed its pipe, as `head` does. If so, long work
/// ends.
pub(crate) fn reader_left() -> bool {
    failed().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// Waits this long, or until the reader of standard output has left, which [`failed`] then says.
/// For work that goes on for ever and seldom writes, so that no failed write shows it.
pub(crate) fn wait_while_read(time: Duration) {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;

        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

        let stdout = stdout();
        // The end of the reader is reported without being asked for.
        let mut polled = [PollFd::new(stdout.as_fd(), PollFlags::empty())];
        let timeout = PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX);
        if poll(&mut polled, timeout).is_ok_and(|ready| ready > 0) {
            let _ = FAILED.set(ErrorKind::BrokenPipe.into());
        }
    }
    #[cfg(not(unix))]
    thread::sleep(time);
}

/// Standard error. If both streams are a terminal, standard output goes here too, so that the
/// terminal shows all lines in order.
pub(crate) static STDERR: Outlet<StdStream> = Outlet::new();

/// Standard output.
pub(crate) static STDOUT: Outlet<StdStream> = Outlet::new();

/// A destination of lines.
pub(crate) trait Sink: Copy + PartialEq + Send + 'static {
    /// Writes whole lines, however long their reader takes.
    fn write(self, bytes: &[u8]);
}

/// One of the program's two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StdStream {
    Output,
    Error,
}

impl Sink for StdStream {
    fn write(self, bytes: &[u8]) {
        match self {
            StdStream::Output => payload(bytes),
            // Ignore errors: there is no other stream to report them on.
            StdStream::Error => drop(stderr().lock().write_all(bytes)),
        }
    }
}

/// Writes payload at once.
pub(crate) fn payload(bytes: &[u8]) {
    StdoutPayload.try_to(|stdout| stdout.write_all(bytes).and_then(|()| stdout.flush()));
}

/// A stream of lines, with a queue for when they must not wait.
pub(crate) struct Outlet<S: Sink> {
    queue: Mutex<Queue<S>>,
    arrived: Condvar,
    written: Condvar,
}

struct Queue<S> {
    lines: VecDeque<(S, Vec<u8>)>,
    /// How many bytes are not written yet, in the queue or with the thread.
    bytes: usize,
    left: u64,
    /// How many lines were dropped because the queue was full.
    dropped: u64,
    started: bool,
    /// Whether the thread waits for lines. Only then is it woken, because that is a system call.
    idle: bool,
    /// Whether the end of the program waits for the thread.
    ending: bool,
}

/// From now on lines go through the queue.
pub(crate) fn serve() {
    SERVING.store(true, Ordering::Relaxed);
}

impl<S: Sink> Outlet<S> {
    pub(crate) const fn new() -> Self {
        Outlet {
            queue: Mutex::new(Queue {
                lines: VecDeque::new(),
                bytes: 0,
                left: 0,
                dropped: 0,
                started: false,
                idle: false,
                ending: false,
            }),
            arrived: Condvar::new(),
            written: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue<S>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes lines, each with its line end: at once, or by the thread if a server serves.
    pub(crate) fn line(&'static self, sink: S, line: Vec<u8>) {
        if !SERVING.load(Ordering::Relaxed) {
            return sink.write(&line);
        }
        let mut queue = self.lock();
        if queue.bytes + line.len() > MOST {
            queue.dropped += count(&line);
            return;
        }
        if !queue.started {
            let thread = thread::Builder::new().name("lines out".to_owned());
            queue.started = thread.spawn(|| self.run()).is_ok();
        }
        queue.bytes += line.len();
        queue.left += count(&line);
        queue.lines.push_back((sink, line));
        let idle = std::mem::take(&mut queue.idle);
        drop(queue);
        if idle {
            self.arrived.notify_one();
        }
    }

    fn run(&self) {
        loop {
            let mut queue = self.lock();
            while queue.lines.is_empty() {
                queue.idle = true;
                queue = (self.arrived.wait(queue)).unwrap_or_else(PoisonError::into_inner);
            }
            if !queue.ending {
                drop(queue);
                thread::sleep(GATHER);
                queue = self.lock();
            }
            let lines = std::mem::take(&mut queue.lines);
            drop(queue);
            for lines in Vec::from(lines).chunk_by(|(one, _), (other, _)| one == other) {
                let bytes: Vec<u8> = lines.iter().flat_map(|(_, line)| line).copied().collect();
                lines[0].0.write(&bytes);
                let mut queue = self.lock();
                queue.bytes -= bytes.len();
                queue.left -= count(&bytes);
                if queue.ending {
                    self.written.notify_all();
                }
            }
        }
    }

    /// Waits until all lines are written, but not for a reader that takes none. Returns how many
    /// lines were dropped or are left.
    pub(crate) fn end(&self) -> u64 {
        let mut queue = self.lock();
        queue.ending = true;
        while queue.started && queue.bytes > 0 {
            let before = queue.bytes;
            let (now, waited) = (self.written.wait_timeout(queue, PATIENCE))
                .unwrap_or_else(PoisonError::into_inner);
            queue = now;
            if waited.timed_out() && before == queue.bytes {
                break;
            }
        }
        queue.dropped + queue.left
    }
}

/// Counts the lines of a text.
fn count(text: &[u8]) -> u64 {
    text.iter().filter(|&&byte| byte == b'\n').count() as u64
}

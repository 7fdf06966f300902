//! The checked program: starts it, types its input, reads its output, and ends it with its
//! children.

mod activity;
mod interpreter;
mod language;
pub(crate) mod sockets;

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::evidence::{Event, Evidence, strace};
pub(crate) use activity::IdleTimer;
pub use interpreter::CommandError;
pub(crate) use interpreter::resolve;
pub use language::ProgramLanguage;

/// How many bytes of each output are kept. The rest is read and dropped, so that a program that
/// prints without end never has to wait.
const KEPT: usize = 128 * 1024;

/// How long to wait until a typed line is in the program's pipe. One that is longer than the pipe
/// fits only once the program reads.
const TYPING: Duration = Duration::from_secs(1);

/// How long reading the rest of the output may take once the program has ended.
const REST: Duration = Duration::from_secs(3);

/// How to start the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The command and its arguments.
    pub command: Vec<OsString>,
    /// The folder to start the program in; by default that of this process.
    pub folder: Option<PathBuf>,
}

impl Start {
    /// The program's source: the file that the command names, if it exists.
    pub fn script(&self) -> Option<PathBuf> {
        let folder = self.folder.clone().unwrap_or_default();
        let files = self.command.iter().skip(1).map(|word| folder.join(word));
        let mut files = files.filter(|path| path.is_file());
        files.find(|path| {
            path.extension()
                .is_some_and(|one| one == "py" || one == "pyw")
        })
    }

    /// The file that Python is told to run, if it does not exist.
    pub(crate) fn missing_script(&self) -> Option<String> {
        let (program, script) = (Path::new(self.command.first()?), self.command.get(1)?);
        let is_python = program.file_name()?.to_string_lossy().starts_with("py");
        let name = script.to_string_lossy().into_owned();
        let there = self.folder.clone().unwrap_or_default().join(script);
        (is_python && !name.starts_with('-') && !there.exists()).then_some(name)
    }

    /// The command with a Python option that warns if bytes are compared with text.
    fn with_warnings(&self) -> Vec<OsString> {
        let mut command = self.command.clone();
        let name = |path: &Path| {
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned())
        };
        let python = command.first().and_then(|first| name(Path::new(first)));
        let python = python.is_some_and(|name| name.starts_with("python") || name == "py");
        let options = |word: &&OsString| word.to_string_lossy().starts_with('-');
        let at = 1 + command.iter().skip(1).take_while(options).count();
        let script = self
            .script()
            .is_some_and(|script| command.get(at).is_some_and(|word| script.ends_with(word)));
        if python && script {
            command.insert(at, "-b".into());
        }
        command
    }

    /// The student's compiled program, if the command gives its path: no interpreter, and no
    /// program of the system.
    fn compiled(&self) -> Option<PathBuf> {
        let first = Path::new(self.command.first()?);
        let path = self.folder.clone().unwrap_or_default().join(first);
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let of_system = std::env::split_paths(&folders).any(|one| path.parent() == Some(&one));
        let given = first.components().count() > 1;
        (given && !of_system && self.script().is_none()).then_some(path)
    }

    /// The program's name in a table: its script, or its command.
    pub fn name(&self) -> String {
        let first = self.command.first().map(PathBuf::from).unwrap_or_default();
        let path = self.script().unwrap_or(first);
        let name = path.file_name().unwrap_or(path.as_os_str());
        name.to_string_lossy().into_owned()
    }
}

/// A program that runs.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    keyboard: Keyboard,
    pub(crate) output: Captured,
    pub(crate) errors: Captured,
    pub(crate) evidence: Evidence,
    started: Instant,
    /// Whether it is a Python script, which reports its calls once Python has started.
    should_report: bool,
    exit: Option<ExitStatus>,
}

/// The program's standard input. A thread writes, because a program that does not read blocks it.
#[derive(Debug)]
struct Keyboard {
    lines: Sender<Vec<u8>>,
    written: Receiver<()>,
}

impl Keyboard {
    fn of(mut to: ChildStdin) -> Self {
        let (lines, typed) = channel::<Vec<u8>>();
        let (write, written) = channel();
        thread::spawn(move || {
            for line in typed {
                let _ = to.write_all(&line).and_then(|()| to.flush());
                if write.send(()).is_err() {
                    break;
                }
            }
        });
        Keyboard { lines, written }
    }

    /// Types a line. Returns once it is written, or is not going to be soon.
    fn type_line(&self, line: &[u8]) {
        let _ = self.lines.send([line, b"\n"].concat());
        let _ = self.written.recv_timeout(TYPING);
    }
}

/// What one output of the program has written.
#[derive(Clone, Debug)]
pub(crate) struct Captured(Arc<Mutex<Capture>>);

#[derive(Debug, Default)]
struct Capture {
    bytes: Vec<u8>,
    total: u64,
    closed: bool,
}

impl Captured {
    fn of(mut from: impl Read + Send + 'static) -> Self {
        let captured = Captured(Arc::default());
        let to = captured.clone();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            loop {
                match from.read(&mut piece) {
                    Ok(0) => break,
                    Ok(count) => {
                        let mut to = to.lock();
                        let room = KEPT - to.bytes.len().min(KEPT);
                        to.bytes.extend_from_slice(&piece[..count.min(room)]);
                        to.total += count as u64;
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(_) => break,
                }
            }
            to.lock().closed = true;
        });
        captured
    }

    fn lock(&self) -> MutexGuard<'_, Capture> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.lock().bytes.clone()
    }

    fn total(&self) -> u64 {
        self.lock().total
    }

    fn is_closed(&self) -> bool {
        self.lock().closed
    }
}

/// Redirects a client from the port of the exercise to the port on which we listen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Redirect {
    pub(crate) from: u16,
    pub(crate) to: u16,
}

impl Program {
    pub(crate) fn start(start: &Start, redirect: Option<Redirect>) -> io::Result<Self> {
        let mut evidence = Evidence::new()?;
        let mut command = start.with_warnings();
        let traced = start.compiled();
        let traced = traced.and_then(|program| strace::command(&program, &evidence.path()));
        if let Some(mut traced) = traced {
            evidence.expect_strace();
            traced.append(&mut command);
            command = traced;
        }
        let (first, rest) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(first);
        command
            .args(rest)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .env("PYTHONUNBUFFERED", "1")
            .env("PYTHONIOENCODING", "utf-8")
            .env("PYTHONDONTWRITEBYTECODE", "1");
        let script = start.script();
        let hidden = (script.as_deref()).and_then(crate::evidence::shadowing_file);
        if hidden.is_none() {
            let mut paths = vec![evidence.folder().to_owned()];
            if let Some(before) = std::env::var_os("PYTHONPATH") {
                paths.extend(std::env::split_paths(&before));
            }
            let joined = std::env::join_paths(paths).map_err(io::Error::other)?;
            command.env("PYTHONPATH", joined);
            command.env("SOCKLAB_CHECK_EVIDENCE", evidence.path());
            if let Some(Redirect { from, to }) = redirect {
                command.env("SOCKLAB_CHECK_REDIRECT", format!("{from}:{to}"));
            }
        }
        if let Some(folder) = &start.folder {
            command.current_dir(folder);
        }
        let mut child = socklab_process::spawn(&mut command)?;
        let missing = || io::Error::other("a pipe");
        Ok(Program {
            keyboard: Keyboard::of(child.stdin.take().ok_or_else(missing)?),
            output: Captured::of(child.stdout.take().ok_or_else(missing)?),
            errors: Captured::of(child.stderr.take().ok_or_else(missing)?),
            child,
            evidence,
            started: Instant::now(),
            should_report: script.is_some() && hidden.is_none(),
            exit: None,
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Types a line. Ignores the error if the program reads no more.
    pub(crate) fn type_line(&mut self, line: &[u8]) {
        self.keyboard.type_line(line);
    }

    /// The exit status, once the program has ended and its output has been read.
    pub(crate) fn exit(&mut self) -> Option<ExitStatus> {
        if self.exit.is_none()
            && let Ok(Some(status)) = self.child.try_wait()
        {
            self.exit = Some(status);
            // On a busy computer our threads may need a while to read the rest. A child of the
            // program may hold the pipes open, so do not wait longer than this.
            let until = Instant::now() + REST;
            while !(self.output.is_closed() && self.errors.is_closed()) && Instant::now() < until {
                thread::sleep(Duration::from_millis(1));
            }
            self.evidence.read();
        }
        self.exit
    }

    /// Whether the program has not shown yet that it is past its start: no call, or no output if it
    /// does not report its calls.
    fn is_silent(&self) -> bool {
        match self.evidence.reports() {
            true => self.evidence.has_no_call(),
            false => self.evidence.events.is_empty() && self.output.total() == 0,
        }
    }

    /// The call in which the program waits, if that is known.
    pub(crate) fn blocked(&self) -> Option<&Event> {
        self.evidence.blocked()
    }

    /// The program's last line on standard error.
    pub(crate) fn last_words(&self) -> Option<String> {
        let bytes = self.errors.bytes();
        let text = String::from_utf8_lossy(&bytes);
        let last = text.lines().rev().find(|line| !line.trim().is_empty());
        last.map(|line| line.trim().to_owned())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        socklab_process::end(&mut self.child, Duration::ZERO);
    }
}

/// The text of one line of a source file, counted from 1.
pub(crate) fn source_line(file: &Path, line: u32) -> Option<String> {
    let bytes = std::fs::read(file).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let at = usize::try_from(line.checked_sub(1)?).ok()?;
    text.lines().nth(at).map(|line| line.trim().to_owned())
}

//! What lessons measure with: servers and clients of the lab, in this process or in one of their own.

use std::io::{self, Cursor};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use socklab_core::lab::{Exercise, Settings};
use socklab_core::{Console, Notice, Prompt, Status};
use socklab_load::Outcome;
use socklab_system::{Run, Stop};

use crate::measured::{Cores, Measured, Order, allowed_cores, pin, raise_descriptors};
use crate::runtime::{Runtime, Task};
use crate::say;
use crate::words::Words;

/// How long a server of ours may take to be ready and to end. Only a broken machine takes it.
const LIMIT: Duration = Duration::from_secs(10);

/// Any free port of this computer.
pub(super) const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// How a lesson is to be measured, and in whose words.
pub(super) struct Bench<'a> {
    pub(super) words: &'a Words,
    /// Whether little time is to be spent on it.
    pub(super) quick: bool,
    quiet: bool,
}

impl<'a> Bench<'a> {
    pub(super) fn new(words: &'a Words, quick: bool, quiet: bool) -> Self {
        Bench {
            words,
            quick,
            quiet,
        }
    }

    /// The first when there is time, else the second.
    pub(super) fn choose<T>(&self, usual: T, quick: T) -> T {
        if self.quick { quick } else { usual }
    }

    /// Says what is measured now.
    pub(super) fn progress(&self, what: &str) {
        if !self.quiet {
            say::line(&self.words.say_with("lesson-progress", &[("what", &what)]));
        }
    }

    /// A server in a process of its own, on a core of its own if there are two, and this process on the other.
    pub(super) fn server(&self, exercise: &'static str, model: &str) -> io::Result<Measured> {
        raise_descriptors();
        let cores = Cores::share(&allowed_cores(), 1);
        pin(&cores.generator);
        Measured::start(&Order {
            exercise,
            model: model.to_owned(),
            cores: cores.server,
            observe: false,
            register: None,
            patience: Duration::from_secs(600),
        })
    }

    /// What of a load's questions was not answered as it had to be, if anything.
    pub(super) fn trouble(&self, who: &str, outcome: &Outcome) -> Option<String> {
        let count = outcome.lost + outcome.wrong + outcome.refused + outcome.out_of_ports;
        (count > 0).then(|| {
            self.words
                .say_with("lesson-unanswered", &[("who", &who), ("count", &count)])
        })
    }
}

/// What the user of one of our programs would have seen.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Notice(Notice),
    Shown(Vec<u8>),
}

/// A user who writes down what is seen.
struct Witness(Mutex<Sender<Seen>>);

impl Witness {
    fn note(&self, seen: Seen) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody may want to know any more.
        let _ = sender.send(seen);
    }
}

impl Console for Witness {
    fn prompt(&self, _: Prompt) {}
    fn show(&self, bytes: &[u8]) {
        self.note(Seen::Shown(bytes.to_vec()));
    }
    fn notice(&self, notice: Notice) {
        self.note(Seen::Notice(notice));
    }
}

fn run(lines: &'static str) -> (Run<()>, Receiver<Seen>) {
    let (sender, seen) = channel();
    let witness = Arc::new(Witness(Mutex::new(sender)));
    (Run::new(witness, ()).with_lines(Cursor::new(lines)), seen)
}

/// A server of the lab in this process. It stops when this is dropped.
pub(super) struct Listening {
    pub(super) address: SocketAddr,
    seen: Receiver<Seen>,
    stop: Stop,
    ended: Receiver<Status>,
}

impl Listening {
    /// Starts one, and waits until it listens.
    ///
    /// # Errors
    /// When it does not.
    pub(super) fn start(exercise: &Exercise, at: impl Into<SocketAddr>) -> io::Result<Self> {
        let (run, seen) = run("");
        let stop = run.stop.clone();
        let settings = Settings {
            keep_serving: true,
            ..Settings::default()
        };
        let task = Task::server(exercise, at.into(), &settings);
        let (sender, ended) = channel();
        thread::spawn(move || sender.send(Runtime::Blocking.run(task, &Arc::new(run))));
        match seen.recv_timeout(LIMIT) {
            Ok(Seen::Notice(Notice::Ready(address))) => Ok(Listening {
                address,
                seen,
                stop,
                ended,
            }),
            other => Err(io::Error::other(format!("{}: {other:?}", exercise.name))),
        }
    }

    /// The next sign of a client, if it comes soon enough: a connection, or a datagram that it shows.
    pub(super) fn hears(&self, limit: Duration) -> Option<Seen> {
        let until = Instant::now() + limit;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let seen = self.seen.recv_timeout(left).ok()?;
            if matches!(seen, Seen::Notice(Notice::Connection(_)) | Seen::Shown(_)) {
                return Some(seen);
            }
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop.request();
        let _ = self.ended.recv_timeout(LIMIT);
    }
}

/// What became of a client.
pub(super) struct Went {
    pub(super) status: Status,
    pub(super) seen: Vec<Seen>,
    pub(super) took: Duration,
}

/// Runs a client of the lab to its end. It waits for a reply for as long as `patience`.
pub(super) fn client(
    exercise: &Exercise,
    server: SocketAddr,
    lines: &'static str,
    patience: Duration,
) -> Went {
    let settings = Settings {
        server,
        timeout: Some(patience),
        ..Settings::default()
    };
    let (run, seen) = run(lines);
    let begun = Instant::now();
    let task = Task::Client((exercise.client)(&settings));
    let status = Runtime::Blocking.run(task, &Arc::new(run));
    let took = begun.elapsed();
    Went {
        status,
        seen: seen.try_iter().collect(),
        took,
    }
}

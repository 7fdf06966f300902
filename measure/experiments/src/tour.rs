//! Every exercise on real sockets, both ends side by side.
//!
//! Each server gets a free port, and its client talks to it. The exchange is shown as a ladder, and
//! the inputs and outputs of both machines as one table in the order of time. Both ends share a
//! clock, so the order is true.

mod columns;
mod counts;
mod ladder;

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use socklab_core::lab::{Exercise, ServerKind, Settings};
use socklab_core::transcript::{Header, Recorder, Role, Transcript, parse};
use socklab_core::{DynObserver, DynObservers, Observers, Status, Subject};
use socklab_runtimes::{Job, Runtime};
use socklab_system::Clock;
use socklab_text::{Messages, line_width, wrap};

use crate::in_memory::register;
use crate::in_process::{ANY, LIMIT, LocalServer, run, typed};
use counts::{Counter, Counts, Row};

/// How many characters a line of a page has at most.
const WIDEST: usize = 101;

/// The recorded exchange of both ends.
pub struct Played {
    client: Vec<Transcript>,
    pub(crate) server: Vec<Transcript>,
    /// Counts of the server's driver.
    counts: Counts,
}

impl Played {
    /// The canonical transcripts, which are the same in every run.
    pub(crate) fn canonical(&self) -> Vec<String> {
        let both = self.client.iter().chain(&self.server);
        both.map(Transcript::canonical).collect()
    }
}

/// Plays the exercise on the runtime, with these settings of its server.
///
/// # Errors
/// The status of an end that did not end as it should.
pub fn play(
    exercise: &'static Exercise,
    settings: &Settings,
    runtime: Runtime,
) -> Result<Played, Status> {
    let clock = Clock::start();
    let lines = |role| exercise.scene.lines(role, clock.now().unix.as_secs());
    let (server_transcripts, server_watch) = transcripts(exercise, Role::Server, runtime, &clock);
    let (client_transcripts, client_watch) = transcripts(exercise, Role::Client, runtime, &clock);
    let counter = server_watch.counter.clone();
    let (mut serving, seen) = run(
        Box::new(server_watch) as DynObservers,
        typed(&lines(Role::Server)),
    );
    serving.clock = clock;
    serving.register = register(exercise);
    let job = Job::server(exercise, ANY.into(), settings);
    let server = LocalServer::start(runtime, job, (serving, seen), || ())?;

    let settings = Settings::client(exercise, server.address);
    let (mut asking, _) = run(
        Box::new(client_watch) as DynObservers,
        typed(&lines(Role::Client)),
    );
    asking.clock = clock;
    let client = Job::Client((exercise.client)(&settings));
    let status = runtime.run(client, &Arc::new(asking));
    if status != Status::Done {
        return Err(status);
    }
    // A UDP server ends by itself when the exercise is over; a TCP server is stopped once it has
    // finished with its client.
    match exercise.server {
        ServerKind::Service(_) => {
            server_transcripts.wait();
            server.stop()?;
        }
        ServerKind::Endpoint(_) | ServerKind::Endpoints(_) => server.wait()?,
    }
    Ok(Played {
        client: client_transcripts.take(),
        server: server_transcripts.take(),
        counts: counter.take(),
    })
}

/// How much of an exchange to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Messages between the two ends.
    Ladder,
    /// Inputs and outputs of both machines.
    Transcript,
}

/// The exchange on the first runtime, and how each runtime's driver carried it out, for a terminal
/// of so many columns, if one shows it. Also returns whether all runtimes had the same exchange.
/// `None` if none played it.
pub fn page<'p>(
    exercise: &Exercise,
    played: &'p [(Runtime, Played)],
    detail: Detail,
    columns: Option<usize>,
    messages: &dyn Messages,
) -> Option<(String, bool)> {
    let (first, reference) = played.first()?;
    let width = line_width(columns, WIDEST);
    let about = messages.say(&format!("help-{}", exercise.name));
    let mut text = format!(
        "{} · {} · {}\n{}\n",
        exercise.name,
        exercise.transport.name().to_uppercase(),
        first.name(),
        wrap("", &about, width)
    );
    let ends = [messages.say("tour-client"), messages.say("tour-server")];
    text.push_str(&match detail {
        Detail::Ladder => ladder::ladder(&reference.client, width, messages),
        Detail::Transcript => {
            let (client, server) = (&reference.client, &reference.server);
            columns::side_by_side((&ends[0], client), (&ends[1], server), width)
        }
    });
    let expected = reference.canonical();
    let row = |(runtime, one): &'p (Runtime, Played)| Row {
        runtime: runtime.name(),
        counts: &one.counts,
        same: one.canonical() == expected,
    };
    let rows: Vec<Row<'_>> = played.iter().map(row).collect();
    text.push_str(&match detail {
        Detail::Ladder => counts::sentences(&rows, width, messages),
        Detail::Transcript => format!("\n{}", counts::table(&rows, width, messages)),
    });
    Some((text, rows.iter().all(|row| row.same)))
}

/// Transcripts kept in memory.
#[derive(Clone, Default)]
struct Transcripts(Arc<(Mutex<String>, Condvar)>);

impl Transcripts {
    fn lock(&self) -> MutexGuard<'_, String> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Vec<Transcript> {
        parse(&self.lock()).unwrap_or_default()
    }

    fn add(&self, page: &str) {
        let mut all = self.lock();
        all.push_str(page);
        all.push('\n');
        self.0.1.notify_all();
    }

    /// Waits until the first transcript is complete.
    fn wait(&self) {
        let none = |all: &mut String| all.is_empty();
        drop(self.0.1.wait_timeout_while(self.lock(), LIMIT, none));
    }
}

struct TranscriptObservers {
    header: Header,
    transcripts: Transcripts,
    counter: Counter,
}

/// A transcript that is added to the others when it is complete.
struct TranscriptWriter(String, Transcripts);

impl fmt::Write for TranscriptWriter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push_str(text);
        Ok(())
    }
}

impl Drop for TranscriptWriter {
    fn drop(&mut self) {
        self.1.add(&self.0);
    }
}

impl Observers for TranscriptObservers {
    type Observer = DynObserver;

    fn observer(&self, subject: Subject) -> DynObserver {
        let counter = self.counter.clone();
        if subject == Subject::Driver {
            return DynObserver::new(counter);
        }
        let writer = TranscriptWriter(String::new(), self.transcripts.clone());
        DynObserver::new((Recorder::new(&self.header, writer), counter))
    }
}

fn transcripts(
    exercise: &Exercise,
    role: Role,
    runtime: Runtime,
    clock: &Clock,
) -> (Transcripts, TranscriptObservers) {
    let transcripts = Transcripts::default();
    let header = Header {
        exercise: exercise.name.to_owned(),
        role,
        runtime: runtime.name().to_owned(),
        epoch: clock.epoch(),
        masked: exercise.secret,
    };
    let observers = TranscriptObservers {
        header,
        transcripts: transcripts.clone(),
        counter: Counter::default(),
    };
    (transcripts, observers)
}

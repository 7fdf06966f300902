//! `socklab tour`: every exercise for real, both ends side by side.
//!
//! Each server gets a free port, its client talks to it through real sockets, and what each side
//! saw is printed as one table in the order of time. Both ends share a clock, so the order is true.

mod columns;
mod counts;
pub(crate) mod scenes;

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use clap::{ArgMatches, Args, Command};
use socklab_core::lab::{Exercise, ServerKind};
use socklab_core::transcript::{Header, Recorder, Role, Transcript, parse};
use socklab_core::{Console, Notice, Prompt, Status, Subject, Watch};
use socklab_system::{Clock, Run};

use crate::Exit;
use crate::args::read;
use crate::outlet;
use crate::runtime::{Runtime, Task};
use crate::say;
use crate::words::Words;

use counts::{Counter, Counts};
use scenes::Scene;

#[derive(Args, Debug)]
struct TourArgs {
    #[arg(value_name = "EXERCISE", value_parser = names())]
    exercise: Option<String>,
    #[arg(long, default_value = "all", value_parser = runtimes())]
    runtime: String,
}

fn names() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(
        socklab_core::lab::EXERCISES.iter().map(|one| one.name),
    )
}

fn runtimes() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(["all"].into_iter().chain(Runtime::names()))
}

pub(crate) fn command() -> Command {
    TourArgs::augment_args(Command::new("tour"))
}

/// How long a server may take to be ready, and to end. Only a broken machine takes it.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

pub(crate) fn main(matches: &ArgMatches, words: &Arc<Words>) -> Exit {
    let args: TourArgs = read(matches);
    let chosen: Vec<Runtime> = match Runtime::find(&args.runtime) {
        Some(one) => vec![one],
        None => Runtime::MAIN.to_vec(),
    };
    let mut exit = Exit::Done;
    for scene in scenes::all(words) {
        if outlet::reader_left() {
            break;
        }
        if args
            .exercise
            .as_deref()
            .is_some_and(|only| only != scene.exercise.name)
        {
            continue;
        }
        let mut played = Vec::new();
        for &runtime in &chosen {
            match play(&scene, runtime) {
                Ok(one) => played.push((runtime, one)),
                Err(status) => {
                    let (name, runtime) = (scene.exercise.name, runtime.name());
                    say::line(
                        &words
                            .say_with("tour-failed", &[("exercise", &name), ("runtime", &runtime)]),
                    );
                    if let Status::Failed(failure) = status {
                        say::line(&say::failure(words, failure));
                    }
                    exit = Exit::Failed;
                }
            }
        }
        if !print(&scene, &played, words) {
            exit = Exit::Failed;
        }
    }
    exit
}

/// What both ends saw.
pub(crate) struct Played {
    client: Vec<Transcript>,
    pub(crate) server: Vec<Transcript>,
    /// What the server's driver did.
    counts: Counts,
}

impl Played {
    /// What it has in common with every other run.
    pub(crate) fn canonical(&self) -> Vec<String> {
        let both = self.client.iter().chain(&self.server);
        both.map(Transcript::canonical).collect()
    }
}

pub(crate) fn play(scene: &Scene, runtime: Runtime) -> Result<Played, Status> {
    let clock = Clock::start();
    let (server_pages, server_watch) = pages(scene.exercise, Role::Server, runtime, &clock);
    let (client_pages, client_watch) = pages(scene.exercise, Role::Client, runtime, &clock);
    let counter = server_watch.counter.clone();
    let (console, ready) = Listener::new();
    let mut run = Run::new(Arc::new(console), server_watch).with_lines(lines(scene.server_lines));
    run.clock = clock;
    run.register = scene.register();
    let stop = run.stop.clone();
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let task = Task::server(scene.exercise, any, &scene.settings);
    let (ended, end) = channel();
    thread::spawn(move || ended.send(runtime.run(task, &Arc::new(run))));
    let address = match ready.recv_timeout(LIMIT) {
        Ok(address) => address,
        Err(_) => return Err(end.recv().unwrap_or(Status::Stopped)),
    };

    let mut settings = scene.settings.clone();
    settings.server = address;
    settings.timeout = scene.exercise.timeout;
    let (console, _) = Listener::new();
    let mut run = Run::new(Arc::new(console), client_watch).with_lines(lines(scene.client_lines));
    run.clock = clock;
    let client = Task::Client((scene.exercise.client)(&settings));
    let status = runtime.run(client, &Arc::new(run));
    if status != Status::Done {
        stop.request();
        return Err(status);
    }
    // A UDP server ends by itself when the exercise is over; a TCP server is told to, once it has
    // done with its client.
    if matches!(scene.exercise.server, ServerKind::Service(_)) {
        server_pages.wait();
        stop.request();
    }
    let status = end.recv_timeout(LIMIT).unwrap_or(Status::Stopped);
    match status {
        Status::Done | Status::Stopped => Ok(Played {
            client: client_pages.take(),
            server: server_pages.take(),
            counts: counter.take(),
        }),
        other => Err(other),
    }
}

fn lines(lines: &[&str]) -> std::io::Cursor<Vec<u8>> {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::io::Cursor::new(text.into_bytes())
}

/// Prints the exchange as the first runtime had it, and then how the runtimes went about it; whether
/// all had the same exchange.
fn print(scene: &Scene, played: &[(Runtime, Played)], words: &Words) -> bool {
    let Some((first, reference)) = played.first() else {
        return false;
    };
    let exercise = scene.exercise;
    let title = format!(
        "{} · {} · {}",
        exercise.name,
        exercise.transport.name().to_uppercase(),
        first.name()
    );
    let mut text = format!(
        "{title}\n{}\n\n",
        words.say(&format!("help-{}", exercise.name))
    );
    text.push_str(&columns::side_by_side(
        (&words.say("tour-client"), &reference.client),
        (&words.say("tour-server"), &reference.server),
    ));
    let expected = reference.canonical();
    let rows: Vec<(&str, &Counts, bool)> = played
        .iter()
        .map(|(runtime, one)| (runtime.name(), &one.counts, one.canonical() == expected))
        .collect();
    text.push('\n');
    text.push_str(&counts::table(&rows, words));
    say::payload(&text);
    rows.iter().all(|(_, _, same)| *same)
}

/// A console that only listens for the address of a server.
pub(crate) struct Listener(Mutex<Sender<SocketAddr>>);

impl Listener {
    pub(crate) fn new() -> (Self, Receiver<SocketAddr>) {
        let (sender, receiver) = channel();
        (Listener(Mutex::new(sender)), receiver)
    }
}

impl Console for Listener {
    fn prompt(&self, _: Prompt) {}
    fn show(&self, _: &[u8]) {}
    fn notice(&self, notice: Notice) {
        if let Notice::Ready(address) = notice {
            let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = sender.send(address);
        }
    }
}

/// Transcripts kept in memory.
#[derive(Clone, Default)]
struct Pages(Arc<(Mutex<String>, Condvar)>);

impl Pages {
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

    /// Waits for the first one to be whole.
    fn wait(&self) {
        let none = |all: &mut String| all.is_empty();
        drop(self.0.1.wait_timeout_while(self.lock(), LIMIT, none));
    }
}

struct Keeper {
    header: Header,
    pages: Pages,
    counter: Counter,
}

/// One transcript, added to the others when it is whole.
struct Page(String, Pages);

impl fmt::Write for Page {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push_str(text);
        Ok(())
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.1.add(&self.0);
    }
}

impl Watch for Keeper {
    type Observer = (Option<Recorder<Page>>, Counter);

    fn watch(&self, subject: Subject) -> Self::Observer {
        let recorder = (subject != Subject::Driver).then(|| {
            let page = Page(String::new(), self.pages.clone());
            Recorder::new(&self.header, page)
        });
        (recorder, self.counter.clone())
    }
}

fn pages(exercise: &Exercise, role: Role, runtime: Runtime, clock: &Clock) -> (Pages, Keeper) {
    let pages = Pages::default();
    let header = Header {
        exercise: exercise.name.to_owned(),
        role,
        runtime: runtime.name().to_owned(),
        epoch: clock.epoch(),
        masked: exercise.secret,
    };
    let keeper = Keeper {
        header,
        pages: pages.clone(),
        counter: Counter::default(),
    };
    (pages, keeper)
}

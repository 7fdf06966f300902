//! Plays one exchange on real sockets: a server on the model, and two clients.

use std::io::{self, BufReader, Read};
use std::thread;
use std::time::Duration;

use socklab_core::lab::{Exercise, ServerKind, Settings};
use socklab_core::{DynObservers, Status};
use socklab_runtimes::{Job, Runtime};
use socklab_system::Clock;
use socklab_timeline::{Chart, Exchange, Recording};

use super::clients::{self, CLIENTS};
use crate::in_memory::register;
use crate::in_process::{ANY, LIMIT, LocalServer, run};

/// How long the server's user takes to type a line.
const TYPING: Duration = Duration::from_millis(30);

/// How long the server waits before the first client, so that the chart shows it waiting.
const SETTLING: Duration = Duration::from_millis(5);

/// How long the server is recorded after its last client, so that the chart shows it waiting again.
const AFTERWARDS: Duration = Duration::from_millis(3);

/// Measures a small exchange with two clients, one of them slow, and a server on that runtime.
///
/// # Errors
/// The server's status, if it did not end as it should.
pub fn play(exercise: &'static Exercise, runtime: Runtime) -> Result<Chart, Status> {
    let clock = Clock::start();
    let recording = Recording::new(clock);
    let (mut run, seen) = run(
        Box::new(recording.clone()) as DynObservers,
        BufReader::new(Typist(exercise.scene.server.to_vec())),
    );
    run.clock = clock;
    run.register = register(exercise);
    let job = Job::server(exercise, ANY.into(), &Settings::default());
    let main = recording.clone();
    let server = LocalServer::start(runtime, job, (run, seen), move || main.this_is_main())?;

    thread::sleep(SETTLING);
    let begin = clock.mono();
    clients::play(exercise, server.address, &recording, &clock);
    let end = match exercise.server {
        // A UDP server ends with the exercise.
        ServerKind::Endpoint(_) | ServerKind::Endpoints(_) => {
            server.wait()?;
            clock.mono()
        }
        ServerKind::Service(_) => {
            recording.wait_for_connections(CLIENTS, LIMIT);
            thread::sleep(AFTERWARDS);
            let end = clock.mono();
            server.stop()?;
            end
        }
    };
    let exchange = Exchange {
        exercise: exercise.name.to_owned(),
        model: runtime.name().to_owned(),
        transport: exercise.transport,
        records: recording.take(),
        begin,
        end,
    };
    Ok(exchange.chart())
}

/// A user who pauses before each of these lines, and types the last one first.
struct Typist(Vec<&'static str>);

impl Read for Typist {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(line) = self.0.pop() else {
            return Ok(0);
        };
        thread::sleep(TYPING);
        (&mut &*format!("{line}\n").into_bytes()).read(buffer)
    }
}

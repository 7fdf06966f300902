//! One exchange for real: a server on the model, and two clients.

use std::io::{self, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use socklab_core::Status;
use socklab_core::lab::{Exercise, Offer, ServerKind, Settings};
use socklab_system::{Clock, Run};
use socklab_timeline::{Exchange, Log};

use super::clients::{self, CLIENTS};
use crate::runtime::{Runtime, Task};
use crate::tour::{LIMIT, Listener, scenes};

/// How long the server's user takes for a line.
const TYPING: Duration = Duration::from_millis(30);

/// How long after it is ready a server is left alone, so that what is seen of it first is that it waits.
const SETTLING: Duration = Duration::from_millis(5);

/// For how long a server that serves on is still watched: long enough to see it wait again.
const AFTERWARDS: Duration = Duration::from_millis(3);

/// Plays the exercise's exchange with a server on `runtime`; how the server ended, if it was not as it should.
pub(super) fn play(exercise: &'static Exercise, runtime: Runtime) -> Result<Exchange, Status> {
    let clock = Clock::start();
    let log = Log::new(clock);
    let (console, ready) = Listener::new();
    let typist = BufReader::new(Typist(vec!["buenas"]));
    let mut run = Run::new(Arc::new(console), log.clone()).with_lines(typist);
    run.clock = clock;
    if exercise.offers.contains(&Offer::Register) {
        run.register = Some(Arc::new(scenes::InMemory::default()));
    }
    let stop = run.stop.clone();
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let task = Task::server(exercise, any, &Settings::default());
    let (ended, end) = channel();
    let main = log.clone();
    thread::spawn(move || {
        main.this_is_main();
        ended.send(runtime.run(task, &Arc::new(run)))
    });
    let address = match ready.recv_timeout(LIMIT) {
        Ok(address) => address,
        Err(_) => return Err(end.recv().unwrap_or(Status::Stopped)),
    };

    thread::sleep(SETTLING);
    let begin = clock.mono();
    clients::play(exercise, address, &log, &clock);
    let (status, over) = match exercise.server {
        // It ends with the exercise.
        ServerKind::Endpoint(_) | ServerKind::Endpoints(_) => {
            (end.recv_timeout(LIMIT), clock.mono())
        }
        ServerKind::Service(_) => {
            log.wait_for_connections(CLIENTS, LIMIT);
            thread::sleep(AFTERWARDS);
            let over = clock.mono();
            stop.request();
            (end.recv_timeout(LIMIT), over)
        }
    };
    match status {
        Ok(Status::Done | Status::Stopped) => Ok(Exchange {
            exercise: exercise.name.to_owned(),
            model: runtime.name().to_owned(),
            transport: exercise.transport,
            pages: log.take(),
            begin,
            end: over,
        }),
        Ok(status) => Err(status),
        Err(_) => {
            stop.request();
            Err(Status::Stopped)
        }
    }
}

/// Somebody who takes a while for each line; these are left, the last first.
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

//! What the report shows of the code: the machine of the exercise, and of each driver the file that
//! best shows its wait.

use socklab_compare::report::Source;
use socklab_core::{Transport, lab};
use socklab_runtimes::Runtime;

/// A file of this repository.
struct File {
    path: &'static str,
    text: &'static str,
    /// What stands in the line at which it waits, and in no other.
    wait: Option<&'static str>,
}

macro_rules! file {
    ($path:literal) => {
        file!($path, None)
    };
    ($path:literal, waits in $wait:literal) => {
        file!($path, Some($wait))
    };
    ($path:literal, $wait:expr) => {
        File {
            path: $path,
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../", $path)),
            wait: $wait,
        }
    };
}

const ACCEPT: &str = "acceptor.next()";

const ECHO: File = file!("core/src/echo.rs");
const CAPITALS: File = file!("core/src/capitals.rs");
const WELCOME: File = file!("core/src/welcome.rs");
const SUBMIT: File = file!("core/src/submit/server.rs");
const BLOCKING: File = file!("blocking/src/conversation.rs", waits in "wire.receive(buffer");
const PER_CONNECTION: File = file!("blocking/src/per_connection.rs", Some(ACCEPT));
const ITERATIVE: File = file!("blocking/src/iterative.rs", Some(ACCEPT));
const POOL: File = file!("blocking/src/pool.rs");
const BATCHED: File = file!("blocking/src/batched.rs");
const ASYNC_STD: File = file!("async/src/runtime.rs", waits in "timed_wait::<");
const READINESS: File = file!("readiness/src/event_loop.rs", waits in "model.wait(");
const MIO: File = file!("mio-backend/src/model.rs", waits in "poll.poll(");
const LOOPS: File = file!("mio-backend/src/loops.rs");
const MIO_BATCHED: File = file!("mio-backend/src/batched.rs");
const NONBLOCKING: File = file!("multiplexing/src/nonblocking.rs", waits in "ready.extend(");
const SELECT: File = file!("multiplexing/src/select.rs", waits in "select(highest + 1");
const POLL: File = file!("multiplexing/src/poll.rs", waits in "poll(&mut list");
const EPOLL_LEVEL: File = file!("multiplexing/src/epoll_level.rs", waits in "epoll.wait(");
const SIGNAL_DRIVEN: File = file!("signal-driven/src/model.rs", waits in "signal::wait(if");
const URING: File = file!("uring/src/model.rs", waits in "ring.wait(");
const RING: File = file!("uring/src/ring.rs");
const TOKIO: File = file!("tokio-backend/src/runtime.rs", waits in "timed_wait::<");
const TASKS: File = file!("tasks/src/runtime/conversation.rs");

/// The machine of an exercise.
fn machine(exercise: &str) -> Option<File> {
    match exercise {
        "echo" => Some(ECHO),
        "capitals" => Some(CAPITALS),
        "welcome" => Some(WELCOME),
        "submit" => Some(SUBMIT),
        _ => None,
    }
}

/// The files of a driver. A design of a server has its own, and that of the model it is a design
/// of.
fn driver(runtime: Runtime, transport: Transport) -> Vec<File> {
    match (runtime, transport) {
        (Runtime::Blocking, Transport::Datagram) => vec![BLOCKING],
        (Runtime::Blocking, Transport::Stream) => vec![PER_CONNECTION, BLOCKING],
        (Runtime::BlockingIterative, _) => vec![ITERATIVE, BLOCKING],
        (Runtime::BlockingPool, _) => vec![POOL, ITERATIVE, BLOCKING],
        (Runtime::BlockingBatched, _) => vec![BATCHED, BLOCKING],
        (Runtime::AsyncStd, _) => vec![ASYNC_STD, TASKS],
        (Runtime::Mio, _) => vec![MIO, READINESS],
        (Runtime::MioLoops, _) => vec![LOOPS, MIO, READINESS],
        (Runtime::MioBatched, _) => vec![MIO_BATCHED, MIO, READINESS],
        (Runtime::Tokio, _) => vec![TOKIO, TASKS],
        (Runtime::Nonblocking, _) => vec![NONBLOCKING, READINESS],
        (Runtime::Select, _) => vec![SELECT, READINESS],
        (Runtime::Poll, _) => vec![POLL, READINESS],
        (Runtime::EpollLevel, _) => vec![EPOLL_LEVEL, READINESS],
        (Runtime::SignalDriven, _) => vec![SIGNAL_DRIVEN, READINESS],
        (Runtime::Uring, _) => vec![URING, RING],
    }
}

/// The machine, then the drivers of these models, each file once. A target has no file here.
pub fn sources(exercise: &str, models: &[String]) -> Vec<Source> {
    let mut sources = Vec::<Source>::new();
    let mut add = |title: &str, file: File| {
        if sources.iter().all(|one| one.path != file.path) {
            sources.push(Source {
                title: title.to_owned(),
                path: file.path.to_owned(),
                text: file.text.to_owned(),
                wait: file.wait.map(str::to_owned),
            });
        }
    };
    let transport = lab::find(exercise).map_or(Transport::Datagram, |one| one.transport);
    if let Some(file) = machine(exercise) {
        add(exercise, file);
    }
    // The second of two that are the same has a number after its name.
    let runtimes = models.iter().filter_map(|name| Runtime::find(name));
    for runtime in runtimes {
        for file in driver(runtime, transport) {
            add(runtime.name(), file);
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(models: &[Runtime]) -> Vec<String> {
        models.iter().map(|one| one.name().to_owned()).collect()
    }

    #[test]
    fn where_each_waits_is_one_line() {
        for exercise in ["echo", "welcome", "submit"] {
            let sources = sources(exercise, &named(Runtime::ALL));
            assert_eq!(sources[0].title, exercise);
            for source in &sources {
                let Some(wait) = &source.wait else { continue };
                let lines = source.text.lines();
                let lines = lines.filter(|line| line.contains(wait.as_str()));
                assert_eq!(lines.count(), 1, "{}: {wait}", source.path);
            }
        }
        for runtime in Runtime::ALL {
            for transport in [Transport::Datagram, Transport::Stream] {
                let own = driver(*runtime, transport);
                assert!(own.iter().any(|file| file.wait.is_some()), "{runtime:?}");
            }
        }
    }

    #[test]
    fn each_file_is_shown_once() {
        let mut models = named(&[Runtime::Mio, Runtime::MioLoops]);
        models.extend(["mio (2)".to_owned(), "127.0.0.1:16000".to_owned()]);
        let sources = sources("echo", &models);
        let paths: Vec<&str> = sources.iter().map(|one| one.path.as_str()).collect();
        let shown = [
            "core/src/echo.rs",
            "mio-backend/src/model.rs",
            "readiness/src/event_loop.rs",
            "mio-backend/src/loops.rs",
        ];
        assert_eq!(paths, shown);
    }
}

//! What lessons measure with: servers and clients of the lab, in this process or in one of their
//! own.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use socklab_core::lab::{Exercise, Settings};
use socklab_core::{Notice, Status};
use socklab_load::Outcome;
use socklab_runtimes::{Runtime, Task};
use socklab_text::Messages;

use crate::cores::{Cores, allowed_cores, pin};
use crate::in_process::{LocalServer, Seen, run, typed};
use crate::measured::{Measured, Order, raise_descriptors};

/// Descriptors that neither a server nor a client has for connections.
const SPARE: u64 = 200;

/// How a lesson is measured, and in which language it speaks.
pub struct Bench<'a> {
    /// The language's messages.
    pub messages: &'a dyn Messages,
    /// Whether it should take little time.
    pub quick: bool,
    /// Takes a line that says what is measured now.
    pub progress: &'a dyn Fn(&str),
}

impl Bench<'_> {
    /// The first when there is time, else the second.
    pub(super) fn choose<T>(&self, usual: T, quick: T) -> T {
        if self.quick { quick } else { usual }
    }

    /// Says what is measured now.
    pub(super) fn progress(&self, what: &str) {
        let messages = self.messages;
        (self.progress)(&messages.say_with("lesson-progress", &[("what", &what)]));
    }

    /// A server in a process of its own, on a core of its own if there are two, and this process on
    /// the other.
    pub(super) fn server(&self, exercise: &str, runtime: &str) -> io::Result<Measured> {
        self.server_that(exercise, runtime, Order::default())
    }

    /// The same, with what else the order says.
    pub(super) fn server_that(
        &self,
        exercise: &str,
        runtime: &str,
        order: Order,
    ) -> io::Result<Measured> {
        raise_descriptors();
        let cores = cores();
        pin(&cores.generator);
        Measured::start(&Order {
            exercise: exercise.to_owned(),
            runtime: runtime.to_owned(),
            cores: cores.server.clone(),
            patience: Duration::from_secs(600),
            ..order
        })
    }

    /// Those of the models that this system has, and a sentence about the others, if there are any.
    pub(super) fn offered<'m>(&self, models: &[&'m str]) -> (Vec<&'m str>, Option<String>) {
        let messages = self.messages;
        let here = |name: &&str| Runtime::find(name).is_some_and(|one| one.available().is_ok());
        let (offered, lacking): (Vec<_>, Vec<_>) = models.iter().partition(|name| here(name));
        let note = (!lacking.is_empty()).then(|| {
            let models = lacking.join(", ");
            messages.say_with("lesson-lacks", &[("models", &models)])
        });
        (offered, note)
    }

    /// The numbers of connections that there is time for and that the system's limit of descriptors
    /// allows.
    pub(super) fn steps(&self, all: &[u32]) -> Vec<u32> {
        let most = self.choose(u32::MAX, 100);
        let limit = raise_descriptors().saturating_sub(SPARE);
        let possible = |step: &u32| *step <= most && u64::from(*step) <= limit;
        all.iter().copied().filter(possible).collect()
    }

    /// Which of a load's questions were not answered as they had to be, if any.
    pub(super) fn trouble(&self, who: &str, outcome: &Outcome) -> Option<String> {
        let messages = self.messages;
        let count = outcome.lost + outcome.wrong + outcome.refused + outcome.out_of_ports;
        (count > 0)
            .then(|| messages.say_with("lesson-unanswered", &[("who", &who), ("count", &count)]))
    }
}

/// Whose cores are whose. They are shared before this process is kept to its own: after that it may
/// use no others, and all but the first server of a lesson would share the load's core.
pub(super) fn cores() -> &'static Cores {
    static CORES: OnceLock<Cores> = OnceLock::new();
    CORES.get_or_init(|| Cores::share(&allowed_cores(), 1))
}

/// A server of the lab in this process, which listens.
pub(super) fn listen(exercise: &Exercise, at: impl Into<SocketAddr>) -> io::Result<LocalServer> {
    let settings = Settings {
        keep_serving: true,
        ..Settings::default()
    };
    let task = Task::server(exercise, at.into(), &settings);
    LocalServer::start(Runtime::Blocking, task, run((), typed::<&str>(&[])), || ())
        .map_err(|status| io::Error::other(format!("{}: {status:?}", exercise.name)))
}

/// The next sign of a client that the server sees, if it comes within `limit`: a connection, or a
/// datagram that it shows.
pub(super) fn next_client(server: &LocalServer, limit: Duration) -> Option<Seen> {
    let until = Instant::now() + limit;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let seen = server.seen.recv_timeout(left).ok()?;
        if matches!(seen, Seen::Notice(Notice::Connection(_)) | Seen::Shown(_)) {
            return Some(seen);
        }
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
    lines: &[&str],
    patience: Duration,
) -> Went {
    let settings = Settings {
        server,
        timeout: Some(patience),
        ..Settings::default()
    };
    let (run, seen) = run((), typed(lines));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_server_has_the_core_of_the_first() {
        let first = cores().clone();
        pin(&first.generator);
        assert_eq!(*cores(), first);
    }
}

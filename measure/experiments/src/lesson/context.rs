//! What lessons measure with: the lab's servers and clients, in this process or in processes of
//! their own.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use socklab_core::lab::{Exercise, Settings};
use socklab_core::{Notice, Status};
use socklab_load::Outcome;
use socklab_runtimes::{Job, Runtime};
use socklab_text::{Messages, line_width, wrap};

use crate::cores::{Cores, allowed_cores, pin};
use crate::in_process::{LocalServer, Seen, run, typed};
use crate::measured::{MeasuredServer, ServerSpec, raise_descriptors};

/// How many characters a line of a paragraph has at most.
const WIDTH: usize = 96;

/// Descriptors that are reserved for other purposes than connections.
const SPARE: u64 = 200;

/// How a lesson is measured, and in which language it is shown.
pub struct LessonContext<'a> {
    /// The language's messages.
    pub messages: &'a dyn Messages,
    /// How many columns the terminal has that shows it, if one does.
    pub columns: Option<usize>,
    /// Whether to measure for a short time only.
    pub quick: bool,
    /// Is called with a line that says what is being measured.
    pub progress: &'a dyn Fn(&str),
}

impl LessonContext<'_> {
    /// How many characters the lines of its paragraphs may have.
    pub(super) fn width(&self) -> usize {
        line_width(self.columns, WIDTH)
    }

    /// Breaks lines that the terminal would break.
    pub fn fitted(&self, text: &str) -> String {
        if self.columns.is_none() {
            return text.to_owned();
        }
        let lines = text.lines();
        lines
            .map(|line| wrap("", line, self.width()) + "\n")
            .collect()
    }

    /// Returns `usual`, or `quick` if the measurement should be short.
    pub(super) fn choose<T>(&self, usual: T, quick: T) -> T {
        if self.quick { quick } else { usual }
    }

    /// Reports what is being measured.
    pub(super) fn progress(&self, what: &str) {
        let messages = self.messages;
        (self.progress)(&messages.say_with("lesson-progress", &[("what", &what)]));
    }

    /// Starts a server in a process of its own. If there are two cores, the server has one and this
    /// process the other.
    pub(super) fn server(&self, exercise: &str, runtime: &str) -> io::Result<MeasuredServer> {
        self.server_that(exercise, runtime, ServerSpec::default())
    }

    /// Starts a server in a process of its own, with further settings in `spec`.
    pub(super) fn server_that(
        &self,
        exercise: &str,
        runtime: &str,
        spec: ServerSpec,
    ) -> io::Result<MeasuredServer> {
        raise_descriptors();
        let cores = cores();
        pin(&cores.generator);
        MeasuredServer::start(&ServerSpec {
            exercise: exercise.to_owned(),
            runtime: runtime.to_owned(),
            cores: cores.server.clone(),
            own_session: true,
            patience: Duration::from_secs(600),
            ..spec
        })
    }

    /// The models that are available on this system, and a sentence about the others, if there are
    /// any.
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

    /// The numbers of connections that the time and the limit on descriptors allow.
    pub(super) fn steps(&self, all: &[u32]) -> Vec<u32> {
        let most = self.choose(u32::MAX, 100);
        let limit = raise_descriptors().saturating_sub(SPARE);
        let possible = |step: &u32| *step <= most && u64::from(*step) <= limit;
        all.iter().copied().filter(possible).collect()
    }

    /// Says how many questions of a load were not answered correctly, if any.
    pub(super) fn problem(&self, who: &str, outcome: &Outcome) -> Option<String> {
        let messages = self.messages;
        let count = outcome.lost + outcome.wrong + outcome.refused + outcome.out_of_ports;
        (count > 0)
            .then(|| messages.say_with("lesson-unanswered", &[("who", &who), ("count", &count)]))
    }
}

/// How the cores are divided between load and server. This is decided before this process is
/// pinned. Afterwards it would see only its own core, and all later servers of a lesson would share
/// that one.
pub(super) fn cores() -> &'static Cores {
    static CORES: OnceLock<Cores> = OnceLock::new();
    CORES.get_or_init(|| Cores::share(&allowed_cores(), 1))
}

/// Starts a server of the lab in this process. It is listening when this returns.
pub(super) fn listen(exercise: &Exercise, at: impl Into<SocketAddr>) -> io::Result<LocalServer> {
    let settings = Settings {
        keep_serving: true,
        ..Settings::default()
    };
    let job = Job::server(exercise, at.into(), &settings);
    LocalServer::start(Runtime::Blocking, job, run((), typed::<&str>(&[])), || ())
        .map_err(|status| io::Error::other(format!("{}: {status:?}", exercise.name)))
}

/// Waits up to `timeout` for the next client that the server sees: a connection, or a datagram
/// that it shows.
pub(super) fn next_client(server: &LocalServer, timeout: Duration) -> Option<Seen> {
    let until = Instant::now() + timeout;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let seen = server.seen.recv_timeout(left).ok()?;
        if matches!(seen, Seen::Notice(Notice::Connection(_)) | Seen::Shown(_)) {
            return Some(seen);
        }
    }
}

/// How a client ended, and what its user saw.
pub(super) struct ClientRun {
    pub(super) status: Status,
    pub(super) seen: Vec<Seen>,
    pub(super) took: Duration,
}

/// Runs a client of the lab to its end. The client waits for a reply for up to `patience`.
pub(super) fn client(
    exercise: &Exercise,
    server: SocketAddr,
    lines: &[&str],
    patience: Duration,
) -> ClientRun {
    let settings = Settings {
        server,
        timeout: Some(patience),
        ..Settings::default()
    };
    let (run, seen) = run((), typed(lines));
    let begun = Instant::now();
    let job = Job::Client((exercise.client)(&settings));
    let status = Runtime::Blocking.run(job, &Arc::new(run));
    let took = begun.elapsed();
    ClientRun {
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

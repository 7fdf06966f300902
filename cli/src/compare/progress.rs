//! What is seen of a comparison while it runs: one line on a terminal, that is written over.

use std::io::{IsTerminal, Write, stderr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use socklab_compare::words::Names;

use super::plan::{Entry, Plan};
use crate::say;
use crate::words::Words;

/// How often the line is written at most.
const EVERY: Duration = Duration::from_millis(100);

pub(super) struct Progress {
    words: Arc<Words>,
    quiet: bool,
    terminal: bool,
    begun: Instant,
    written: Instant,
    line: String,
    shown: bool,
}

impl Progress {
    pub(super) fn new(words: Arc<Words>, quiet: bool) -> Self {
        let now = Instant::now();
        Progress {
            words,
            quiet,
            terminal: stderr().is_terminal(),
            begun: now,
            written: now,
            line: String::new(),
            shown: false,
        }
    }

    /// Says what will be done, and how long that takes.
    pub(super) fn begin(&mut self, plan: &Plan) {
        if self.quiet {
            return;
        }
        let names: Vec<&str> = plan
            .entries
            .iter()
            .map(|entry| entry.name.as_str())
            .collect();
        say::line(&self.words.say_with(
            "compare-begin",
            &[
                ("exercise", &plan.exercise.name),
                ("models", &names.join(", ")),
                ("loads", &plan.loads.len()),
                ("rounds", &plan.rounds),
                ("time", &minutes(plan.estimate())),
            ],
        ));
    }

    /// A trial begins.
    pub(super) fn trial(
        &mut self,
        plan: &Plan,
        done: usize,
        of: usize,
        entry: &Entry,
        load: usize,
    ) {
        let load = Names::new(&*self.words).load(&plan.loads[load]);
        let elapsed = self.begun.elapsed();
        let left = match done {
            0 => plan.estimate(),
            done => elapsed.mul_f64((of - done) as f64 / done as f64),
        };
        let percent = 100 * done / of.max(1);
        self.line = self.words.say_with(
            "compare-progress",
            &[
                ("percent", &percent),
                ("model", &entry.name),
                ("load", &load),
                ("time", &minutes(left)),
            ],
        );
        self.write(None);
    }

    /// Something else begins, if it is done at all.
    pub(super) fn step(&mut self, model: &str, what: &'static str, done: bool) {
        if done {
            self.line = format!("{model}: {}", self.words.say(what));
            self.write(None);
        }
    }

    /// How fast it goes just now.
    pub(super) fn rate(&mut self, rate: f64) {
        if self.written.elapsed() >= EVERY {
            self.write(Some(rate));
        }
    }

    fn write(&mut self, rate: Option<f64>) {
        if self.quiet || !self.terminal {
            return;
        }
        self.written = Instant::now();
        self.shown = true;
        let rate = rate.map_or(String::new(), |rate| format!(" · {rate:.0}/s"));
        let _ = write!(stderr().lock(), "\r\x1b[2K{}{rate}", self.line);
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if self.shown {
            self.shown = false;
            let _ = write!(stderr().lock(), "\r\x1b[2K");
        }
    }
}

/// A time as people say it: `45 s`, `3 min`.
fn minutes(time: Duration) -> String {
    match time.as_secs() + 1 {
        seconds @ ..120 => format!("{seconds} s"),
        seconds => format!("{} min", (seconds + 30) / 60),
    }
}

//! The progress of a comparison: one line on a terminal, which is overwritten.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use socklab_check::cause_of;
use socklab_compare::names::Names;
use socklab_compare::results::{Load, Proof};
use socklab_compare::survey::AbsentReason;
use socklab_compare::survey::contestants::failure;
use socklab_core::Transport;
use socklab_experiments::compare::{ComparisonProgress, Plan, Unmeasured, WrongReply};
use socklab_text::Messages;

use crate::{print, unexpected};

/// The least time between two updates of the line.
const EVERY: Duration = Duration::from_millis(100);

/// A status line on standard error that is overwritten, if that is a terminal.
pub(super) struct StatusLine {
    seen: bool,
    written: Instant,
    shown: bool,
}

impl StatusLine {
    pub(super) fn new() -> Self {
        StatusLine {
            seen: !print::is_quiet() && stderr().is_terminal(),
            written: Instant::now(),
            shown: false,
        }
    }

    pub(super) fn write(&mut self, text: &str) {
        if self.seen {
            self.written = Instant::now();
            self.shown = true;
            let _ = write!(stderr().lock(), "\r\x1b[2K{text}");
        }
    }

    /// Whether the line may be updated again.
    pub(super) fn is_due(&self) -> bool {
        self.written.elapsed() >= EVERY
    }

    /// Erases the line.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(stderr().lock(), "\r\x1b[2K");
        }
    }
}

/// The status line of a comparison.
pub(super) struct ComparisonStatus<'m> {
    messages: &'m dyn Messages,
    line: StatusLine,
    estimate: Duration,
    begun: Instant,
    text: String,
    transport: Transport,
    failed: bool,
}

impl<'m> ComparisonStatus<'m> {
    /// Says what will be measured, and about how long it takes.
    pub(super) fn new(messages: &'m dyn Messages, plan: &Plan) -> Self {
        let names = plan
            .contestants
            .iter()
            .map(|contestant| contestant.name.as_str());
        let estimate = plan.estimate();
        print::info(&messages.say_with(
            "compare-begin",
            &[
                ("exercise", &plan.exercise.name),
                ("models", &names.collect::<Vec<_>>().join(", ")),
                ("loads", &plan.loads.len()),
                ("rounds", &plan.rounds),
                ("time", &minutes(estimate)),
            ],
        ));
        ComparisonStatus {
            messages,
            line: StatusLine::new(),
            estimate,
            begun: Instant::now(),
            text: String::new(),
            transport: plan.exercise.transport,
            failed: false,
        }
    }

    /// Whether a part of the comparison could not be measured.
    pub(super) fn failed(&self) -> bool {
        self.failed
    }

    fn step(&mut self, model: &str, what: &'static str) {
        self.text = format!("{model}: {}", self.messages.say(what));
        self.line.write(&self.text);
    }

    /// Erases the line.
    pub(super) fn clear(&mut self) {
        self.line.clear();
    }
}

impl ComparisonProgress for ComparisonStatus<'_> {
    fn proving(&mut self, model: &str) {
        self.step(model, "compare-doing-proof");
    }

    fn refused(&mut self, proof: &Proof) {
        self.clear();
        let (expected, got) = proof.difference.clone().unwrap_or_default();
        print::line(&self.messages.say_with(
            "compare-refused",
            &[
                ("model", &proof.model),
                ("expected", &expected),
                ("got", &got),
            ],
        ));
    }

    fn trial(&mut self, model: &str, load: &Load, done: usize, all: usize) {
        let load = Names::new(self.messages).load(load);
        let left = match done {
            0 => self.estimate,
            done => (self.begun.elapsed()).mul_f64((all - done) as f64 / done as f64),
        };
        self.text = self.messages.say_with(
            "compare-progress",
            &[
                ("percent", &(100 * done / all.max(1))),
                ("model", &model),
                ("load", &load),
                ("time", &minutes(left)),
            ],
        );
        self.line.write(&self.text);
    }

    fn rate(&mut self, rate: f64) {
        if self.line.is_due() {
            self.line.write(&format!("{} · {rate:.0}/s", self.text));
        }
    }

    fn wrong_reply(&mut self, wrong: &WrongReply) {
        self.clear();
        print::line(&wrong_reply(wrong, self.messages));
    }

    fn unproved(&mut self, name: &str, why: &AbsentReason) {
        self.failed = true;
        self.clear();
        let said = failure(name, why, self.messages).unwrap_or_default();
        print::line(&match why {
            AbsentReason::Differs { expected, got } => {
                with_cause(said, expected, got, self.messages)
            }
            _ => said,
        });
    }

    fn stopped(&mut self, name: &str, after: u64, said: &str) {
        let said = said.to_owned();
        self.unproved(name, &AbsentReason::Stopped { after, said });
    }

    fn idle(&mut self, model: &str) {
        self.step(model, "compare-doing-idle");
    }

    fn knee(&mut self, model: &str) {
        self.step(model, "compare-doing-knee");
    }

    fn unfinished(&mut self, why: &Unmeasured) {
        self.failed = true;
        self.clear();
        let why = super::unmeasured(why, self.transport, self.messages);
        print::line(&(self.messages).say_with("compare-unfinished", &[("detail", &why)]));
    }

    fn without(&mut self, why: &Unmeasured) {
        self.failed = true;
        let what = std::mem::take(&mut self.text);
        self.clear();
        let why = super::unmeasured(why, self.transport, self.messages);
        let said =
            (self.messages).say_with("compare-without", &[("what", &what), ("detail", &why)]);
        print::line(&said);
    }
}

/// A wrong reply in words.
pub(super) fn wrong_reply(wrong: &WrongReply, messages: &dyn Messages) -> String {
    let said = messages.say_with(
        "compare-wrong-reply",
        &[
            ("model", &wrong.model),
            ("expected", &wrong.expected),
            ("got", &wrong.got),
        ],
    );
    with_cause(said, &wrong.expected, &wrong.got, messages)
}

/// Adds the cause of a wrong reply, if the bytes prove it.
fn with_cause(said: String, expected: &str, got: &str, messages: &dyn Messages) -> String {
    // `None` stands for a question in lower case, as all questions of a comparison are.
    match cause_of(None, expected.as_bytes(), got.as_bytes()) {
        Some(cause) => {
            let said = said.trim_end_matches('.');
            format!("{said}. {}", unexpected::why(messages, cause))
        }
        None => said,
    }
}

/// A rounded duration: `45 s`, `3 min`.
pub(super) fn minutes(time: Duration) -> String {
    match time.as_secs() + 1 {
        seconds @ ..120 => format!("{seconds} s"),
        seconds => format!("{} min", (seconds + 30) / 60),
    }
}

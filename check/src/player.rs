//! Plays one scenario against one program.

mod enrolment;
mod interrogate;
mod last_word;
mod mask;
mod moves;
mod screen;
mod start;
mod submission;
mod transcript;
mod typing;

use std::thread;
use std::time::{Duration, Instant};

use socklab_core::Transport;
use socklab_core::transcript::Role;

use crate::codes::{Cause, Symptom};
use crate::diagnose;
use crate::evidence::{Event, Evidence};
use crate::given::Given;
use crate::plan::Submitter;
use crate::program::{Patience, Program, Start, source_line};
use crate::report::{Act, Finding, Reason, ScenarioOutcome, ScenarioResult, SourceLine, Step};
use crate::scenario::Scenario;
use crate::subject::Subject;
use crate::wire::Wire;

/// How long a program that we did not start may take to act.
const ELSEWHERE: Duration = Duration::from_secs(5);

/// What all scenarios of a check share.
#[derive(Debug)]
pub(crate) struct Setup<'a> {
    pub(crate) exercise: Subject,
    pub(crate) role: Role,
    /// The program; `None` if it runs already, at `connect`.
    pub(crate) start: Option<&'a Start>,
    pub(crate) connect: Option<std::net::SocketAddr>,
    pub(crate) port: u16,
    pub(crate) submitter: &'a Submitter,
    /// Whether the program was seen to buffer its output.
    pub(crate) holds_output: std::cell::Cell<bool>,
}

/// Why a scenario ends early.
pub(crate) enum Stop {
    Failed(Box<Finding>),
    NotChecked(Reason),
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Stop::NotChecked(Reason::System(error.to_string()))
    }
}

/// How a wait ended.
pub(crate) enum Waited<T> {
    Ready(T),
    /// The program has ended.
    Exited,
    /// The program is not going to do it.
    Over,
}

pub(crate) struct Player<'a> {
    setup: &'a Setup<'a>,
    scenario: &'a Scenario,
    program: Option<Program>,
    wire: Wire,
    steps: Vec<Step>,
    /// Messages that we sent, and right ones that came, in order.
    sent: Vec<Vec<u8>>,
    heard: Vec<Vec<u8>>,
    typed: Vec<Vec<u8>>,
    /// Where in the program's output to look for what it shows next.
    shown: usize,
    /// What a stranger to the chat has sent.
    stranger: Option<Vec<u8>>,
    /// Texts that the program has not shown, and may still have in a buffer.
    owed: Vec<Vec<u8>>,
    /// Whether the wait is over and its condition is checked one last time.
    last_look: bool,
    /// What the last `reply` move received.
    reply: Vec<u8>,
    /// The fields that a submission's program was given.
    given: Given,
}

/// Plays a scenario.
pub(crate) fn play(setup: &Setup<'_>, scenario: &Scenario) -> ScenarioOutcome {
    let (mut outcome, mut expired) = play_once(setup, scenario);
    // If a code expired during the scenario, the result proves nothing: play it again.
    for _ in 0..2 {
        if expired && matches!(outcome.result, ScenarioResult::Failed(_)) {
            (outcome, expired) = play_once(setup, scenario);
        }
    }
    outcome
}

/// Plays a scenario once. Returns its outcome, and whether a given code has expired.
fn play_once(setup: &Setup<'_>, scenario: &Scenario) -> (ScenarioOutcome, bool) {
    let began = Instant::now();
    let mut player = Player {
        setup,
        scenario,
        program: None,
        wire: Wire::clients(setup.exercise.transport.unwrap_or(Transport::Stream)),
        steps: Vec::new(),
        sent: Vec::new(),
        heard: Vec::new(),
        typed: Vec::new(),
        shown: 0,
        stranger: None,
        owed: Vec::new(),
        last_look: false,
        reply: Vec::new(),
        given: Given::default(),
    };
    let result = match player.play() {
        Ok(()) => ScenarioResult::Passed,
        Err(Stop::Failed(finding)) => ScenarioResult::Failed(finding),
        Err(Stop::NotChecked(reason)) => ScenarioResult::NotChecked(reason),
    };
    let outcome = ScenarioOutcome {
        scenario: scenario.name.clone(),
        advice: scenario.advice,
        result,
        steps: std::mem::take(&mut player.steps),
        took: began.elapsed(),
        transcript: player.transcript(),
    };
    (outcome, player.given.has_expired())
}

impl Player<'_> {
    fn play(&mut self) -> Result<(), Stop> {
        self.begin()?;
        let scenario = self.scenario;
        for one in &scenario.moves {
            self.act(one)?;
        }
        self.settle_owed()
    }

    /// Waits until `ready` returns something. Each check takes about two milliseconds.
    fn wait<T>(&mut self, mut ready: impl FnMut(&mut Self) -> Option<T>) -> Waited<T> {
        self.wait_until(&mut ready, Patience::is_over)
    }

    fn wait_until<T>(
        &mut self,
        ready: &mut dyn FnMut(&mut Self) -> Option<T>,
        over: fn(&mut Patience, &mut Program) -> bool,
    ) -> Waited<T> {
        let began = Instant::now();
        let mut patience = Patience::new();
        loop {
            if let Some(one) = ready(self) {
                return Waited::Ready(one);
            }
            let (exited, over) = match &mut self.program {
                Some(program) => (program.exit().is_some(), over(&mut patience, program)),
                None => (false, began.elapsed() >= ELSEWHERE),
            };
            if exited || over {
                // Check once more: it may have happened just before the wait ended.
                self.last_look = true;
                let last = ready(self);
                self.last_look = false;
                return match last {
                    Some(one) => Waited::Ready(one),
                    None if exited => Waited::Exited,
                    None => Waited::Over,
                };
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until the program has nothing more to do, or has ended.
    fn wait_until_quiet(&mut self) -> Waited<()> {
        self.wait_until(&mut |_| None, Patience::is_quiet)
    }

    /// Waits for the program to end. Returns whether it does.
    fn ends(&mut self) -> bool {
        matches!(self.wait(|_| None::<()>), Waited::Exited)
    }

    /// Adds a step of ours to the report.
    fn ours(&mut self, act: Act) {
        let act = self.masked(act);
        self.steps.push(Step {
            act,
            line: None,
            right: None,
        });
    }

    /// Adds a step of the program to the report, with the line that did it.
    fn theirs(&mut self, act: Act, right: bool) {
        let line = self.line_of(&act);
        let act = self.masked(act);
        self.steps.push(Step {
            act,
            line,
            right: Some(right),
        });
    }

    /// The line of the last call that did this.
    fn line_of(&mut self, act: &Act) -> Option<u32> {
        let evidence = &mut self.program.as_mut()?.evidence;
        evidence.read();
        let names: &[&str] = match act {
            Act::Listens(_) => &["bind", "listen"],
            Act::Connects => &["connect", "connect_ex"],
            Act::Sends(_) => &["send", "sendall", "sendto"],
            Act::Closes => &["close", "shutdown"],
            Act::WaitsIn(_) => return evidence.blocked().map(|event| event.line),
            _ => return None,
        };
        let line = evidence.calls(names).next_back()?.line;
        (line > 0).then_some(line)
    }

    /// The program's uncaught exception, if it had one.
    fn raised(&self) -> Option<&Event> {
        self.evidence()?.raised()
    }

    /// What the program has reported, if we started it.
    fn evidence(&self) -> Option<&Evidence> {
        self.program.as_ref().map(|program| &program.evidence)
    }

    fn reports(&self) -> bool {
        self.evidence().is_some_and(Evidence::reports)
    }

    /// Everything that the program has written on its standard output.
    fn output(&self) -> Vec<u8> {
        let program = self.program.as_ref();
        program.map_or_else(Vec::new, |program| program.output.bytes())
    }

    /// What the program has written since we last sent or typed something.
    fn output_since(&self) -> Vec<u8> {
        let mut output = self.output();
        output.split_off(self.shown.min(output.len()))
    }

    /// The program's source, if it is a script.
    fn source(&self) -> Option<Vec<u8>> {
        let script = self.setup.start.and_then(Start::script)?;
        std::fs::read(script).ok()
    }

    /// The call in which the program waits.
    fn blocked(&self) -> Option<Event> {
        self.program.as_ref()?.blocked().cloned()
    }

    /// Ends the scenario with a finding.
    fn fail(&mut self, symptom: Symptom, cause: Option<Cause>) -> Stop {
        self.fail_with(symptom, cause, None, None)
    }

    fn fail_with(
        &mut self,
        symptom: Symptom,
        cause: Option<Cause>,
        expected: Option<Vec<u8>>,
        received: Option<Vec<u8>>,
    ) -> Stop {
        let cause = match cause {
            Some(Cause::NeverChecksFin | Cause::FinCase | Cause::LateFinCheck)
            | Some(Cause::HardCodedAnswer) => self.compares_bytes().or(cause),
            None if symptom == Symptom::NeverEnds => self.compares_bytes(),
            proved => proved,
        };
        let error = self.error().map(|text| self.mask_text(text));
        let place = self.place(symptom, cause);
        Stop::Failed(Box::new(Finding {
            symptom,
            cause,
            expected: expected.map(|bytes| self.mask(bytes)),
            received: received.map(|bytes| self.mask(bytes)),
            place,
            error,
            detail: None,
        }))
    }

    /// Whether Python has warned that bytes and text were compared, which are never equal.
    fn compares_bytes(&self) -> Option<Cause> {
        let mut compared = self.evidence()?.calls(&["compare"]);
        compared.next().map(|_| Cause::BytesCompared)
    }

    /// The program has ended where it should not have.
    fn exited(&mut self, otherwise: Symptom) -> Stop {
        let code = self.exit_code();
        self.theirs(Act::Exits(code), false);
        if self.crashed() {
            let cause = diagnose::crash(self.raised(), self.errors().as_str(), &self.context());
            let module = match cause {
                Some(Cause::ModuleMissing) => self.error(),
                _ => None,
            };
            // No module named 'x'
            let module = module.and_then(|said| Some(said.split('\'').nth(1)?.to_owned()));
            return self.fail(Symptom::Crash, cause).detailed(module);
        }
        let cause = diagnose::early_exit(self.raised(), self.errors().as_str(), &self.context());
        let cause = cause.or_else(|| self.leaves_after_one(code));
        self.fail(otherwise, cause)
    }

    /// Whether the program ended by itself after one exchange, or a server after its first client.
    fn leaves_after_one(&mut self, code: Option<i32>) -> Option<Cause> {
        let loops = matches!(self.setup.exercise.name, "echo" | "chat" | "capitals");
        if code != Some(0) {
            None
        } else if self.setup.role == Role::Server && self.wire.is_stream() {
            (self.has_answered() && self.wire.connects() > 1).then_some(Cause::ServesOnce)
        } else {
            (loops && self.heard.len() == 1).then_some(Cause::NoLoop)
        }
    }

    /// Whether the program has answered any peer, even if the scenario has not received it yet.
    fn has_answered(&mut self) -> bool {
        !self.heard.is_empty() || self.wire.has_received()
    }

    fn exit_code(&mut self) -> Option<i32> {
        self.program.as_mut()?.exit()?.code()
    }

    /// Whether the program ended by an exception or a signal, and not by itself.
    fn crashed(&mut self) -> bool {
        let Some(program) = &mut self.program else {
            return false;
        };
        let Some(status) = program.exit() else {
            return false;
        };
        let errors = String::from_utf8_lossy(&program.errors.bytes()).into_owned();
        program.evidence.raised().is_some()
            || status.code().is_none()
            || (!status.success()
                && (errors.contains("Traceback (") || errors.contains("SyntaxError")))
            || (!status.success() && errors.contains("panicked at"))
    }

    fn errors(&self) -> String {
        let bytes = self.program.as_ref().map(|program| program.errors.bytes());
        String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
    }

    fn error(&self) -> Option<String> {
        if let Some(event) = self.raised() {
            let said = event.data.clone().unwrap_or_default();
            let said = String::from_utf8_lossy(&said).into_owned();
            return Some(format!(
                "{}: {said}",
                event.error.clone().unwrap_or_default()
            ));
        }
        self.program.as_ref()?.last_words()
    }

    /// The facts on which the causes of an exception depend.
    fn context(&self) -> diagnose::CrashContext<'_> {
        diagnose::CrashContext {
            scenario: self.scenario,
            script: self.setup.start.and_then(Start::script),
            evidence: self.evidence(),
            sent: &self.sent,
        }
    }

    /// The line of the program to show.
    fn place(&self, symptom: Symptom, cause: Option<Cause>) -> Option<SourceLine> {
        let event = diagnose::event(self.evidence()?, symptom, cause)?;
        let file = std::path::PathBuf::from(&event.file);
        let folder = self.setup.start.and_then(|start| start.folder.clone());
        let whole = folder.unwrap_or_default().join(&file);
        let line = cause.map_or(event.line, |cause| {
            diagnose::nearest(&whole, event.line, cause)
        });
        Some(SourceLine {
            file: file.file_name()?.to_string_lossy().into_owned(),
            line,
            text: self.mask_text(source_line(&whole, line)?),
        })
    }
}

//! Plays one scenario against one program.

mod elsewhere;
mod enrolment;
mod finding;
mod interrogate;
mod last_word;
mod mask;
mod moves;
mod screen;
mod start;
mod submission;
mod transcript;
mod typing;

use std::cell::Cell;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use socklab_core::Transport;
use socklab_core::transcript::Role;

use crate::evidence::{Event, Evidence};
use crate::exercise::CheckedExercise;
use crate::given::Given;
use crate::plan::Submitter;
use crate::program::{IdleTimer, Program, Start};
use crate::report::{Act, Finding, Reason, ScenarioOutcome, ScenarioResult, Step};
use crate::scenario::Scenario;
use crate::wire::Wire;

/// How long a program that we did not start may take to act.
const ELSEWHERE: Duration = Duration::from_secs(5);

/// What all scenarios of a check share.
#[derive(Debug)]
pub(crate) struct Setup<'a> {
    pub(crate) exercise: CheckedExercise,
    pub(crate) role: Role,
    /// The program; `None` if it runs already, at `connect`.
    pub(crate) start: Option<&'a Start>,
    pub(crate) connect: Option<SocketAddr>,
    pub(crate) port: u16,
    pub(crate) submitter: &'a Submitter,
    /// Whether the program was seen to buffer its output.
    pub(crate) holds_output: Cell<bool>,
    /// For a program that runs already: whether it has answered and was not asked to end, and how
    /// many connections of earlier scenarios it has taken.
    pub(crate) answered: Cell<bool>,
    pub(crate) clients: Cell<usize>,
}

/// Why a scenario ends early.
pub(crate) enum EarlyEnd {
    Failed(Box<Finding>),
    NotChecked(Reason),
}

impl From<std::io::Error> for EarlyEnd {
    fn from(error: std::io::Error) -> Self {
        EarlyEnd::NotChecked(Reason::System(error.to_string()))
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
    not_yet_shown: Vec<Vec<u8>>,
    /// Whether the wait is over and its condition is checked one last time.
    last_look: bool,
    /// Whether a program that runs already had its port when the scenario began.
    had_port: bool,
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
        not_yet_shown: Vec::new(),
        last_look: false,
        had_port: false,
        reply: Vec::new(),
        given: Given::default(),
    };
    let result = match player.play() {
        Ok(()) => ScenarioResult::Passed,
        Err(EarlyEnd::Failed(finding)) => ScenarioResult::Failed(finding),
        Err(EarlyEnd::NotChecked(reason)) => ScenarioResult::NotChecked(reason),
    };
    player.note_for_later();
    let outcome = ScenarioOutcome {
        scenario: scenario.name.clone(),
        advice: scenario.advice,
        address: setup.connect,
        result,
        steps: std::mem::take(&mut player.steps),
        took: began.elapsed(),
        transcript: player.transcript(),
    };
    (outcome, player.given.has_expired())
}

impl Player<'_> {
    fn play(&mut self) -> Result<(), EarlyEnd> {
        self.begin()?;
        let scenario = self.scenario;
        for one in &scenario.moves {
            self.act(one)?;
        }
        self.report_not_shown()
    }

    /// Waits until `ready` returns something. Each check takes about two milliseconds.
    fn wait<T>(&mut self, mut ready: impl FnMut(&mut Self) -> Option<T>) -> Waited<T> {
        self.wait_until(&mut ready, IdleTimer::is_over)
    }

    fn wait_until<T>(
        &mut self,
        ready: &mut dyn FnMut(&mut Self) -> Option<T>,
        over: fn(&mut IdleTimer, &mut Program) -> bool,
    ) -> Waited<T> {
        let began = Instant::now();
        let mut timer = IdleTimer::new();
        loop {
            if let Some(one) = ready(self) {
                return Waited::Ready(one);
            }
            let (exited, over) = match &mut self.program {
                Some(program) => (program.exit().is_some(), over(&mut timer, program)),
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
        self.wait_until(&mut |_| None, IdleTimer::is_quiet)
    }

    /// Waits for the program to end. Returns whether it does.
    fn ends(&mut self) -> bool {
        matches!(self.wait(|_| None::<()>), Waited::Exited)
    }

    /// Adds a step of ours to the report.
    fn our_step(&mut self, act: Act) {
        let act = self.masked(act);
        self.steps.push(Step {
            act,
            line: None,
            right: None,
        });
    }

    /// Adds a step of the program to the report, with the line that did it.
    fn program_step(&mut self, act: Act, right: bool) {
        let line = self.line_of(&act);
        let act = self.masked(act);
        self.steps.push(Step {
            act,
            line,
            right: Some(right),
        });
    }

    /// How many connections the steps show since the program was started.
    fn connections(&self) -> usize {
        let steps = self.steps.iter().rev().map(|step| &step.act);
        let since = steps.take_while(|act| **act != Act::Started);
        since.filter(|act| **act == Act::WeConnect).count()
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
            Act::WaitsIn(_) => {
                let line = evidence.blocked().map(|event| event.line);
                return line.filter(|&line| line > 0);
            }
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
}

//! The result of a check, as data. The caller puts it into words.

use std::net::SocketAddr;

use socklab_core::transcript::{Role, Transcript};

use crate::codes::{Cause, Symptom};
use crate::program::CommandError;
use crate::program::sockets::Holder;

/// The result of one check: every scenario that was played, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The exercise's name.
    pub exercise: String,
    /// Which end the program is; `None` if the exercise has only one.
    pub role: Option<Role>,
    /// The program's name in a table.
    pub program: String,
    /// The scenarios.
    pub outcomes: Vec<ScenarioOutcome>,
}

/// The verdict of a whole check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every essential scenario passed.
    Pass,
    /// An essential scenario failed.
    Fail,
    /// An essential scenario could not be played, and none failed.
    NotChecked,
}

impl Report {
    /// The verdict. Only essential scenarios decide it; advice never does.
    pub fn verdict(&self) -> Verdict {
        let essential = || self.outcomes.iter().filter(|one| !one.advice);
        let failed = |one: &ScenarioOutcome| matches!(one.result, ScenarioResult::Failed(_));
        let unchecked = |one: &ScenarioOutcome| matches!(one.result, ScenarioResult::NotChecked(_));
        if essential().any(failed) {
            Verdict::Fail
        } else if self.outcomes.is_empty() || essential().any(unchecked) {
            Verdict::NotChecked
        } else {
            Verdict::Pass
        }
    }
}

/// One scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioOutcome {
    /// The scenario's name, which is the same in every language.
    pub scenario: String,
    /// Whether the scenario only gives advice.
    pub advice: bool,
    /// The address of the program, if it ran already.
    pub address: Option<SocketAddr>,
    /// The scenario's result.
    pub result: ScenarioResult,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// How long it took.
    pub took: std::time::Duration,
    /// What was sent and received, seen from our end; `None` if no data went either way.
    pub transcript: Option<Transcript>,
}

/// The result of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScenarioResult {
    /// The program did as it should.
    Passed,
    /// The program did not do as it should.
    Failed(Box<Finding>),
    /// The scenario could not be played to its end; that is not the program's fault.
    NotChecked(Reason),
}

/// Why a scenario could not be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Another program holds the exercise's port.
    PortHeld {
        /// The port.
        port: u16,
        /// The program that holds it, if the system reports it.
        holder: Option<Holder>,
    },
    /// No program has this TCP port, but the kernel keeps it for the last connection's end.
    PortWaits(u16),
    /// The program cannot be started.
    Unusable(CommandError),
    /// The program asks a question that no scenario answers. Contains the question.
    Asks(String),
    /// No program listens at the addresses that were given.
    NotReached(Vec<SocketAddr>),
    /// The program keeps its output in a buffer until it ends.
    HoldsOutput,
    /// The scenario needs to see or start the program, which runs elsewhere.
    RunsElsewhere,
    /// An earlier failure makes the scenario pointless.
    After(Symptom),
    /// The system refused something. Contains its message.
    System(String),
}

impl ScenarioOutcome {
    /// Whether the program ran already and has ended: its port is closed.
    pub(crate) fn has_found_the_port_closed(&self) -> bool {
        self.steps.iter().any(|step| step.act == Act::PortClosed)
    }

    /// Whether a program was there: it took our connection, or sent something.
    pub fn has_met_a_program(&self) -> bool {
        let met = |act: &Act| matches!(act, Act::WeConnect | Act::Sends(_) | Act::PortClosed);
        self.steps.iter().any(|step| met(&step.act))
    }
}

impl Reason {
    /// The reason's code, which is the same in every language.
    pub const fn code(&self) -> &'static str {
        match self {
            Reason::PortHeld { .. } => "port-held",
            Reason::PortWaits(_) => "port-waits",
            Reason::Unusable(_) => "unusable",
            Reason::Asks(_) => "asks",
            Reason::NotReached(_) => "not-reached",
            Reason::HoldsOutput => "holds-output",
            Reason::RunsElsewhere => "runs-elsewhere",
            Reason::After(_) => "after",
            Reason::System(_) => "system",
        }
    }

    /// The cause that this reason proves: a program that holds the port would answer instead.
    pub const fn cause(&self) -> Option<Cause> {
        match self {
            Reason::PortHeld { .. } => Some(Cause::OldServerAnswers),
            _ => None,
        }
    }
}

/// What is wrong with the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What the check observed.
    pub symptom: Symptom,
    /// The cause, if it is proved.
    pub cause: Option<Cause>,
    /// What should have come.
    pub expected: Option<Vec<u8>>,
    /// What came instead.
    pub received: Option<Vec<u8>>,
    /// The line of the program to look at.
    pub place: Option<SourceLine>,
    /// The program's own message: its exception, or its last line on standard error.
    pub error: Option<String>,
    /// A value that the cause's text needs: a port, an address, a file.
    pub detail: Option<String>,
}

/// A line of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// The name of the file.
    pub file: String,
    /// The number of the line, from 1.
    pub line: u32,
    /// The text of the line.
    pub text: String,
}

/// One step of a scenario, a rung of the ladder that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What happened.
    pub act: Act,
    /// The line of the program that did it, if that is known.
    pub line: Option<u32>,
    /// Whether the step is right; `None` for a step of ours.
    pub right: Option<bool>,
}

/// What happened in a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// The program was started.
    Started,
    /// The program waits for clients at this address.
    Listens(SocketAddr),
    /// No program has the port any more.
    PortClosed,
    /// We connected.
    WeConnect,
    /// The program connected to us.
    Connects,
    /// We sent this.
    WeSend(Vec<u8>),
    /// The program sent this.
    Sends(Vec<u8>),
    /// We will send no more.
    WeFinish,
    /// We reset the connection.
    WeReset,
    /// From now on, what we send is impaired like this.
    WeImpair(String),
    /// The program closed, or will send no more.
    Closes,
    /// We typed this on the program's standard input.
    WeType(Vec<u8>),
    /// The program showed this.
    Shows(Vec<u8>),
    /// The program was silent, as it should be.
    Silent,
    /// The program waits in this call.
    WaitsIn(String),
    /// The program ended. Has the exit status; `None` if a signal ended the program.
    Exits(Option<i32>),
}

//! The result of a check, as data. The caller puts it into words.

use socklab_core::transcript::{Role, Transcript};

use crate::codes::{Cause, Symptom};
use crate::program::Unusable;
use crate::program::sockets::Holder;

/// The result of one check: every scenario that was played, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The exercise's name.
    pub exercise: String,
    /// Which end the program is; `None` if the exercise has only one.
    pub role: Option<Role>,
    /// What the program is called.
    pub program: String,
    /// The scenarios.
    pub outcomes: Vec<Outcome>,
}

/// What the whole check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every essential scenario passed.
    Pass,
    /// One of them failed.
    Fail,
    /// One could not be played, and none failed.
    NotChecked,
}

impl Report {
    /// Essential scenarios decide; an advice never does.
    pub fn verdict(&self) -> Verdict {
        let essential = || self.outcomes.iter().filter(|one| !one.advice);
        let failed = |one: &Outcome| matches!(one.result, Result::Failed(_));
        let unchecked = |one: &Outcome| matches!(one.result, Result::NotChecked(_));
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
pub struct Outcome {
    /// Its name, the same in every language.
    pub scenario: String,
    /// Whether it only advises.
    pub advice: bool,
    /// How it went.
    pub result: Result,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// How long it took.
    pub took: std::time::Duration,
    /// What came and went, seen from our end; `None` if nothing did.
    pub transcript: Option<Transcript>,
}

/// How a scenario went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Result {
    /// As it should.
    Passed,
    /// Not as it should.
    Failed(Box<Finding>),
    /// It was not played to its end, which is not the program's fault.
    NotChecked(Reason),
}

/// Why a scenario could not be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Another program holds the exercise's port.
    PortHeld {
        /// The port.
        port: u16,
        /// Who holds it, if the system says so.
        holder: Option<Holder>,
    },
    /// The program cannot be started.
    Unusable(Unusable),
    /// It asks for something that the scenario does not know. Its last question.
    Asks(String),
    /// No program listens at the address that was given.
    NotReached(std::net::SocketAddr),
    /// What it prints stays in its buffer until it ends.
    HoldsOutput,
    /// The scenario needs to see or start the program, which runs elsewhere.
    RunsElsewhere,
    /// An earlier failure makes it pointless.
    After(Symptom),
    /// The system refused something; its words.
    System(String),
}

impl Reason {
    /// Its name, the same in every language.
    pub const fn code(&self) -> &'static str {
        match self {
            Reason::PortHeld { .. } => "port-held",
            Reason::Unusable(_) => "unusable",
            Reason::Asks(_) => "asks",
            Reason::NotReached(_) => "not-reached",
            Reason::HoldsOutput => "holds-output",
            Reason::RunsElsewhere => "runs-elsewhere",
            Reason::After(_) => "after",
            Reason::System(_) => "system",
        }
    }

    /// What is proved of it: who holds the port would answer in the program's place.
    pub const fn cause(&self) -> Option<Cause> {
        match self {
            Reason::PortHeld { .. } => Some(Cause::OldServerAnswers),
            _ => None,
        }
    }
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was seen.
    pub symptom: Symptom,
    /// Why, if it is proved.
    pub cause: Option<Cause>,
    /// What should have come.
    pub expected: Option<Vec<u8>>,
    /// What came instead.
    pub received: Option<Vec<u8>>,
    /// Where in the program.
    pub place: Option<Place>,
    /// The program's own words: its exception, or its last line on standard error.
    pub error: Option<String>,
    /// A value that the cause's text needs: a port, an address, a file.
    pub detail: Option<String>,
}

/// A line of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its file's name.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What stands there.
    pub text: String,
}

/// One rung of the ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What happened.
    pub act: Act,
    /// The program's line that did it, where it is known.
    pub line: Option<u32>,
    /// Whether it is as it should be; `None` for what is ours to do.
    pub right: Option<bool>,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// The program was started.
    Started,
    /// It waits for clients here.
    Listens(std::net::SocketAddr),
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
    /// What we send goes through a network that does this from now on.
    WeImpair(String),
    /// The program closed, or will send no more.
    Closes,
    /// We typed this on its standard input.
    WeType(Vec<u8>),
    /// It showed this.
    Shows(Vec<u8>),
    /// It was silent, as it should be.
    Silent,
    /// It waits in this call.
    WaitsIn(String),
    /// It ended; its exit status, if it was not ended by a signal.
    Exits(Option<i32>),
}

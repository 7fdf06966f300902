//! The survey, `socklab compare` without an exercise: six questions that I/O models answer
//! differently, and the measurements for each.
//!
//! A [`Survey`] has the measurements. A [`Matrix`] has the results: one figure for each contestant
//! and question, with how much worse it is than the best. [`sentences`] puts them into one headline
//! and one sentence for each question, and [`table`] into a table that is 100 columns wide.

pub mod contestants;
pub mod figures;
mod headline;
mod matrix;
pub mod page;
pub mod sentences;
pub mod table;
mod waits;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use matrix::{Column, Mark, Matrix, MatrixCell, SurveyMetric};

use crate::results::{Environment, Load, Proof, Trial};

/// The version of this schema. A change that a reader would notice adds one.
pub const SCHEMA: u32 = 1;

/// The measurements of the six questions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Survey {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The version of socklab.
    pub version: String,
    /// When the survey began, in Unix time.
    pub started: u64,
    /// How long the survey took, in seconds.
    pub took: f64,
    /// The seed of the random order of the slices.
    pub seed: u64,
    /// The contestants, in the order in which they are shown.
    pub contestants: Vec<String>,
    /// The machine.
    pub environment: Environment,
    /// What was proved of each of our models before the measurement.
    pub proofs: Vec<Proof>,
    /// The measurements of each question, in the order of [`Question::ALL`].
    pub questions: Vec<QuestionResults>,
    /// The share of a core that each contestant used while idle.
    pub idle_use: BTreeMap<String, f64>,
}

/// A question. [`Question::metrics`] has its figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// `capitals`, one client: how long a reply takes.
    OneClient,
    /// `capitals`, a hundred connections that stay: what a reply costs.
    HundredBusy,
    /// `welcome`: what a connection costs.
    ShortVisits,
    /// `capitals`, beside a client that sends its line a byte at a time: how long the others wait.
    SlowClient,
    /// `capitals`, beside a client whose requests block the server for 20 ms: how long the others
    /// wait.
    SlowRequest,
    /// `capitals`, a thousand silent connections and one active: what each silent connection costs,
    /// and what a reply to the active one costs.
    Silent,
}

impl Question {
    /// All questions, in the order in which they are asked and shown.
    pub const ALL: [Question; 6] = [
        Question::OneClient,
        Question::HundredBusy,
        Question::ShortVisits,
        Question::SlowClient,
        Question::SlowRequest,
        Question::Silent,
    ];

    /// The name in messages and files.
    pub const fn name(self) -> &'static str {
        match self {
            Question::OneClient => "one-client",
            Question::HundredBusy => "hundred-busy",
            Question::ShortVisits => "short-visits",
            Question::SlowClient => "slow-client",
            Question::SlowRequest => "slow-request",
            Question::Silent => "silent",
        }
    }

    /// The exercise with which it is measured.
    pub const fn exercise(self) -> &'static str {
        match self {
            Question::ShortVisits => "welcome",
            _ => "capitals",
        }
    }

    /// The metrics that are shown.
    pub const fn metrics(self) -> &'static [SurveyMetric] {
        match self {
            Question::OneClient => &[SurveyMetric::P50],
            Question::HundredBusy | Question::ShortVisits => &[SurveyMetric::Cpu],
            Question::SlowClient | Question::SlowRequest => &[SurveyMetric::P99],
            Question::Silent => &[SurveyMetric::Bytes, SurveyMetric::Cpu],
        }
    }
}

/// The measurements of a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuestionResults {
    /// The question.
    pub question: Question,
    /// The load.
    pub load: Load,
    /// One trial for each contestant and round.
    pub trials: Vec<Trial>,
    /// For the question of silent connections: their memory, for each contestant and round.
    #[serde(default)]
    pub silent: Vec<Silent>,
    /// For the questions of who waits: how long the others waited, for each contestant and round.
    #[serde(default)]
    pub waits: Vec<Waits>,
    /// Contestants without figures.
    #[serde(default)]
    pub absent: Vec<Absent>,
}

/// The memory of silent connections in one round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Silent {
    /// The contestant.
    pub model: String,
    /// The number of the round.
    pub round: u32,
    /// How many connections there were.
    pub connections: u32,
    /// By how much the server's resident memory grew for each of them, in bytes.
    pub bytes: f64,
}

/// How long clients waited in one round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waits {
    /// The contestant.
    pub model: String,
    /// The number of the round.
    pub round: u32,
    /// The 99th percentile of the response time in each slice, in microseconds; with fewer than a
    /// hundred visits in a slice, the longest.
    pub p99: Vec<f64>,
}

/// A contestant that has no figure for a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Absent {
    /// The contestant.
    pub model: String,
    /// Why it has no figure.
    pub why: AbsentReason,
}

/// Why a contestant has no figure for a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AbsentReason {
    /// It serves only this many connections at once, and the question has more.
    Serves(u32),
    /// It stopped answering.
    Stopped {
        /// After this many replies.
        after: u64,
        /// Its last message on standard error.
        said: String,
    },
    /// It answered wrongly.
    Differs {
        /// The expected reply.
        expected: String,
        /// The reply that came.
        got: String,
    },
    /// It answers the slow request at once, so that there is no slow request beside which others
    /// could wait.
    NotSlow,
    /// It could not be started, or the system failed.
    Failed(String),
}

/// Where the servers ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// On cores of their own.
    OwnCore,
    /// On the load generator's core: the machine has no other.
    SharedCore,
    /// Where the system put them: it cannot pin a program.
    AnyCore,
}

impl Survey {
    /// Where the servers ran.
    pub fn placement(&self) -> Placement {
        let Environment { facts, cautions } = &self.environment;
        let any = |(name, value): &(String, String)| name == "server-cores" && value == "any";
        if !facts.iter().any(any) {
            Placement::OwnCore
        } else if cautions.iter().any(|one| one == "shared-core") {
            Placement::SharedCore
        } else {
            Placement::AnyCore
        }
    }

    /// The measurements of a question, if it was asked.
    pub fn results(&self, question: Question) -> Option<&QuestionResults> {
        self.questions.iter().find(|one| one.question == question)
    }
}

//! Six questions to which I/O models answer differently, and what was measured of each: `socklab
//! compare` without an exercise.
//!
//! A [`Survey`] is what was measured, a [`Matrix`] what it says: one figure for each contestant and
//! question, with how much worse it is than the best. [`sentences`] puts that into one headline and
//! one sentence for each question, and [`table`] into a table of 100 columns.

pub mod contestants;
pub mod figures;
mod matrix;
pub mod page;
pub mod sentences;
pub mod table;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use matrix::{Cell, Column, Mark, Matrix, Measure};

use crate::results::{Environment, Load, Proof, Trial};

/// The version of this schema. A change that a reader would notice adds one.
pub const SCHEMA: u32 = 1;

/// What the six questions gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Survey {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Of socklab.
    pub version: String,
    /// When it began, in Unix time.
    pub started: u64,
    /// How long it took, in seconds.
    pub took: f64,
    /// What the order of the slices was drawn from.
    pub seed: u64,
    /// Those that were asked, in the order in which they are shown.
    pub contestants: Vec<String>,
    /// The machine.
    pub environment: Environment,
    /// What was proved of each of our models before anything was timed.
    pub proofs: Vec<Proof>,
    /// What each question gave, in the order of [`Question::ALL`].
    pub questions: Vec<Asked>,
    /// The share of a core that each contestant used while nobody asked it anything.
    pub idle_use: BTreeMap<String, f64>,
}

/// A question. Its figures are those of [`Question::measures`].
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
    /// `capitals`, a thousand silent connections and one that talks: what each of the silent ones
    /// costs, and what the talking one's replies do.
    Silent,
}

impl Question {
    /// All of them, in the order in which they are asked and shown.
    pub const ALL: [Question; 6] = [
        Question::OneClient,
        Question::HundredBusy,
        Question::ShortVisits,
        Question::SlowClient,
        Question::SlowRequest,
        Question::Silent,
    ];

    /// Its name in messages and files.
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

    /// The exercise that asks it.
    pub const fn exercise(self) -> &'static str {
        match self {
            Question::ShortVisits => "welcome",
            _ => "capitals",
        }
    }

    /// What is shown of it.
    pub const fn measures(self) -> &'static [Measure] {
        match self {
            Question::OneClient => &[Measure::P50],
            Question::HundredBusy | Question::ShortVisits => &[Measure::Cpu],
            Question::SlowClient | Question::SlowRequest => &[Measure::P99],
            Question::Silent => &[Measure::Bytes, Measure::Cpu],
        }
    }
}

/// What a question gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// Which.
    pub question: Question,
    /// The load.
    pub load: Load,
    /// One for each contestant and round.
    pub trials: Vec<Trial>,
    /// What silent connections took, for each contestant and round of that question.
    #[serde(default)]
    pub silent: Vec<Silent>,
    /// Contestants without figures.
    #[serde(default)]
    pub absent: Vec<Absent>,
}

/// What silent connections took, in one round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Silent {
    /// Which contestant.
    pub model: String,
    /// In which round.
    pub round: u32,
    /// How many connections there were.
    pub connections: u32,
    /// By how much the server's resident memory was larger for each of them, in bytes.
    pub bytes: f64,
}

/// A contestant that has no figure for a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Absent {
    /// Which.
    pub model: String,
    /// Why.
    pub why: Why,
}

/// Why a contestant has no figure for a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// It serves so many connections at once, and the question has more.
    Serves(u32),
    /// It stopped answering.
    Stopped {
        /// After so many replies.
        after: u64,
        /// What it said last on its standard error.
        said: String,
    },
    /// It answered something else than it had to.
    Differs {
        /// What it had to answer.
        expected: String,
        /// What it answered.
        got: String,
    },
    /// It answers the slow request at once.
    NotSlow,
    /// It could not be started, or the system does not let it be asked.
    Failed(String),
}

impl Survey {
    /// What a question gave.
    pub fn asked(&self, question: Question) -> Option<&Asked> {
        self.questions.iter().find(|one| one.question == question)
    }
}

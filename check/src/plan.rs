//! What to check: the exercise, the program and the scenarios.

use std::net::SocketAddr;
use std::time::Duration;

use socklab_core::transcript::Role;

use crate::exercise::CheckedExercise;
use crate::program::Start;
use crate::scenario::Scenario;

/// After this time most people have seen enough of a program that fails.
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(8);

/// What to check.
#[derive(Clone, Debug)]
pub struct CheckPlan {
    /// The exercise.
    pub exercise: CheckedExercise,
    /// The end that the program plays.
    pub role: Role,
    /// How to start the program; `None` if it is already running.
    pub start: Option<Start>,
    /// The addresses of a program that is already running. The first that answers is checked.
    pub connect: Vec<SocketAddr>,
    /// The port that it should use: the exercise's.
    pub port: u16,
    /// The person whose submission the program makes.
    pub submitter: Submitter,
    /// The scenarios to play.
    pub scenarios: Vec<Scenario>,
    /// Once an essential scenario has failed, no further one begins after this time.
    pub give_up_after: Duration,
}

/// The person whose submission a client of `submit` makes, if it asks.
#[derive(Clone, PartialEq, Eq)]
pub struct Submitter {
    /// The name.
    pub name: String,
    /// The DNI.
    pub dni: String,
}

impl Default for Submitter {
    fn default() -> Self {
        Submitter {
            name: "Íñigo Peñalver".to_owned(),
            dni: "12345678".to_owned(),
        }
    }
}

// A DNI is never printed by accident.
impl std::fmt::Debug for Submitter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

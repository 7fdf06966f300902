//! What is to be checked.

use std::net::SocketAddr;
use std::time::Duration;

use socklab_core::transcript::Role;

use crate::program::Start;
use crate::scenario::Scenario;
use crate::subject::Subject;

/// After this long most people have seen enough of a program that fails.
pub const ENOUGH: Duration = Duration::from_secs(8);

/// What is to be checked.
#[derive(Clone, Debug)]
pub struct Order {
    /// The exercise.
    pub exercise: Subject,
    /// Which end the program is.
    pub role: Role,
    /// How it is started; `None` if it runs already.
    pub start: Option<Start>,
    /// Where it runs already.
    pub connect: Option<SocketAddr>,
    /// The port that it should use: the exercise's.
    pub port: u16,
    /// Whose submission it makes.
    pub identity: Identity,
    /// What is played.
    pub scenarios: Vec<Scenario>,
    /// After this long no further scenario is begun once one that decides has failed.
    pub enough: Duration,
}

/// Whose submission a client of `submit` makes, as far as it asks.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// The DNI.
    pub dni: String,
}

impl Default for Identity {
    fn default() -> Self {
        Identity {
            name: "Íñigo Peñalver".to_owned(),
            dni: "12345678".to_owned(),
        }
    }
}

// A DNI is never printed by accident.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

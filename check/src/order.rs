//! What is to be checked.

use std::net::SocketAddr;
use std::time::Duration;

use socklab_core::Transport;
use socklab_core::lab;
use socklab_core::transcript::Role;

use crate::program::Start;
use crate::scenario::Scenario;

/// After this long most people have seen enough of a program that fails.
pub const ENOUGH: Duration = Duration::from_secs(8);

/// An exercise as a check sees it: one of the lab's, or the enrolment, which needs no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its name.
    pub name: &'static str,
    /// What carries it, if anything does.
    pub transport: Option<Transport>,
    /// The port that the lab gives it.
    pub port: u16,
    /// Whether what is typed and sent is secret.
    pub secret: bool,
}

/// The enrolment: the program that shows the secret of a DNI and verifies a code.
pub const ENROLMENT: Subject = Subject {
    name: "otp",
    transport: None,
    port: 0,
    secret: true,
};

impl Subject {
    /// Every one of them, in the order of the course, the enrolment before what needs it.
    pub fn all() -> Vec<Subject> {
        let mut all: Vec<Subject> = lab::EXERCISES
            .iter()
            .map(|one| Subject {
                name: one.name,
                transport: Some(one.transport),
                port: one.port,
                secret: one.secret,
            })
            .collect();
        let at = all.iter().position(|one| one.secret).unwrap_or(all.len());
        all.insert(at, ENROLMENT);
        all
    }

    /// The one of that name.
    pub fn find(name: &str) -> Option<Subject> {
        Subject::all().into_iter().find(|one| one.name == name)
    }

    /// Which ends its programs may be: the enrolment has only one, which is taken for a client.
    pub fn roles(&self) -> &'static [Role] {
        match self.transport {
            Some(_) => &[Role::Client, Role::Server],
            None => &[Role::Client],
        }
    }
}

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

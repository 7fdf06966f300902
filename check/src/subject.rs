//! The exercises that can be checked.

use socklab_core::Transport;
use socklab_core::lab;
use socklab_core::transcript::Role;

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

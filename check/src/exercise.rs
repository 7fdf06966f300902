//! The exercises that can be checked.

use socklab_core::Transport;
use socklab_core::lab;
use socklab_core::transcript::Role;

/// What can be checked: one of the lab's exercises, or the enrolment, which needs no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckedExercise {
    /// The name of the exercise.
    pub name: &'static str,
    /// The transport; `None` if the exercise needs no network.
    pub transport: Option<Transport>,
    /// The port that the lab assigns to the exercise.
    pub port: u16,
    /// Whether what is typed and sent is secret.
    pub secret: bool,
}

/// The enrolment: the program that shows the secret of a DNI and verifies a code.
pub const ENROLMENT: CheckedExercise = CheckedExercise {
    name: "otp",
    transport: None,
    port: 0,
    secret: true,
};

impl CheckedExercise {
    /// All of them, in the order of the course. The enrolment comes before the exercise that needs
    /// it.
    pub fn all() -> Vec<CheckedExercise> {
        let mut all: Vec<CheckedExercise> = lab::EXERCISES
            .iter()
            .map(|one| CheckedExercise {
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

    /// The exercise of this name.
    pub fn find(name: &str) -> Option<CheckedExercise> {
        CheckedExercise::all()
            .into_iter()
            .find(|one| one.name == name)
    }

    /// Which ends a program can be. The enrolment has only one, which counts as a client.
    pub fn roles(&self) -> &'static [Role] {
        match self.transport {
            Some(_) => &[Role::Client, Role::Server],
            None => &[Role::Client],
        }
    }
}

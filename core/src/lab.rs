//! The exercises by name: the one place where a new one is registered.

pub use crate::exercise::{
    BoxedService, Exercise, ExerciseOption, ServerKind, Settings, SubmissionLimits,
};
use crate::{capitals, chat, echo, message, submit, welcome};

/// Every exercise of the lab, in the order of the course.
///
/// To add one: write its file, then add it here. Every runtime, transcript and command has it then.
pub static EXERCISES: &[&Exercise] = &[
    &message::EXERCISE,
    &echo::EXERCISE,
    &chat::EXERCISE,
    &welcome::EXERCISE,
    &capitals::EXERCISE,
    &submit::EXERCISE,
];

/// The exercise of that name.
pub fn find(name: &str) -> Option<&'static Exercise> {
    EXERCISES.iter().find(|one| one.name == name).copied()
}

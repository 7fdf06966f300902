//! A model is measured only if it first does the exercise exactly as the machines alone do it.

use socklab_compare::results::Proof;
use socklab_core::lab::{Exercise, Settings};
use socklab_core::transcript::{Arrow, Transcript};
use socklab_runtimes::Runtime;

use super::reference;
use crate::tour;

/// Plays the exercise on a model through real sockets, and compares what both ends did with what
/// the machines do when only memory is between them.
pub(crate) fn of(exercise: &'static Exercise, model: Runtime) -> Proof {
    let expected = canonical(&reference::play(exercise));
    let found = match tour::play(exercise, &Settings::default(), model) {
        Ok(mut played) => {
            // A model of several loops has machines that this one client never met.
            played.server.retain(met_a_client);
            played.canonical().concat()
        }
        Err(status) => format!("{status:?}"),
    };
    let difference = first_difference(&expected, &found);
    Proof {
        model: model.name().to_owned(),
        same: difference.is_none(),
        difference,
    }
}

fn met_a_client(transcript: &Transcript) -> bool {
    let mut lines = transcript.lines.iter();
    lines.any(|line| line.arrow == Arrow::In && matches!(line.event_name(), "datagram" | "opened"))
}

fn canonical(transcripts: &[Transcript]) -> String {
    transcripts.iter().map(Transcript::canonical).collect()
}

/// The first line in which two texts differ, of each.
fn first_difference(expected: &str, found: &str) -> Option<(String, String)> {
    let (mut ours, mut theirs) = (expected.lines(), found.lines());
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return None,
            (one, other) if one == other => {}
            (one, other) => {
                let text = |line: Option<&str>| line.unwrap_or("").to_owned();
                return Some((text(one), text(other)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_runtime_does_what_the_machines_do_alone() {
        for exercise in socklab_core::lab::EXERCISES {
            for model in Runtime::offered().filter(|one| one.serves(exercise.transport)) {
                let proof = of(exercise, model);
                assert_eq!(
                    proof.difference, None,
                    "{} on {}",
                    exercise.name, proof.model
                );
            }
        }
    }

    #[test]
    fn a_difference_is_named() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        let differ = |one: &str, other: &str| Some((one.to_owned(), other.to_owned()));
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), differ("b", "c"));
        assert_eq!(first_difference("a\n", "a\nb\n"), differ("", "b"));
    }
}

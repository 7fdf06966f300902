//! Proves that a program does an exercise, before anything is timed.

use socklab_compare::survey::AbsentReason;
use socklab_core::lab::Exercise;
use socklab_process::{Unproved, prove};

use super::server::{Contestant, Server};
use crate::cores::Cores;
use crate::measured::ServerSpec;

/// Why a program does not do an exercise; `None` if it does.
pub(crate) fn prove_program(
    contestant: &Contestant,
    exercise: &'static Exercise,
    cores: &Cores,
) -> Option<AbsentReason> {
    let mut server = match Server::start(contestant, exercise, cores, ServerSpec::default()) {
        Ok(server) => server,
        Err(error) => return Some(AbsentReason::Failed(error.to_string())),
    };
    match prove(exercise.name, server.address()) {
        Ok(_) => None,
        Err(Unproved::Silent { after }) => Some(AbsentReason::Stopped {
            after: after.into(),
            said: server.last_line(),
        }),
        Err(Unproved::Differs { expected, got }) => Some(differs(&expected, &got)),
    }
}

/// The reason that a reply was wrong.
pub(crate) fn differs(expected: &[u8], got: &[u8]) -> AbsentReason {
    AbsentReason::Differs {
        expected: String::from_utf8_lossy(expected).into_owned(),
        got: String::from_utf8_lossy(got).into_owned(),
    }
}

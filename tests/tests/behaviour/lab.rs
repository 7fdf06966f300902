//! The list of exercises, and what all machines have in common.

use socklab_core::lab::{EXERCISES, ExerciseOption, Settings};
use socklab_core::transcript::Role::{Client, Server};
use socklab_core::{Input, Status, Transport};
use socklab_tests::Bench;

use super::up;

#[test]
fn transports_ports_and_time_outs() {
    let facts = EXERCISES.iter().map(|exercise| {
        let seconds = exercise.timeout.map(|timeout| timeout.as_secs());
        (exercise.name, exercise.transport, exercise.port, seconds)
    });
    assert_eq!(
        facts.collect::<Vec<_>>(),
        [
            ("message", Transport::Datagram, 15_002, None),
            ("echo", Transport::Datagram, 16_000, Some(5)),
            ("chat", Transport::Datagram, 16_000, None),
            ("welcome", Transport::Stream, 19_000, Some(5)),
            ("capitals", Transport::Stream, 16_000, Some(5)),
            ("submit", Transport::Stream, 21_000, Some(20)),
        ]
    );
}

/// A repeated chat message could not be told from a new one, so only `echo` repeats.
#[test]
fn only_echo_repeats() {
    let repeats = |options: &[ExerciseOption]| options.contains(&ExerciseOption::Retries);
    let names = EXERCISES
        .iter()
        .filter(|exercise| repeats(exercise.options))
        .map(|exercise| exercise.name);
    assert_eq!(names.collect::<Vec<_>>(), ["echo"]);
}

#[test]
fn only_submissions_are_secret() {
    for exercise in EXERCISES {
        assert_eq!(exercise.secret, exercise.name == "submit");
    }
}

/// Whatever happens first, a machine that is told to stop stops; nothing keeps it.
#[test]
fn a_stop_ends_every_machine() {
    for exercise in EXERCISES {
        for role in [Client, Server] {
            let mut bench = Bench::new(exercise.name, role, &Settings::default());
            bench.feed(Input::Start);
            bench.feed(Input::Stop);
            assert_eq!(bench.status(), Status::Stopped, "{bench:?}");
            let mut bench = up(exercise.name, role);
            if bench.is_running() {
                bench.feed(Input::Stop);
                assert_eq!(bench.status(), Status::Stopped, "{bench:?}");
            }
        }
    }
}

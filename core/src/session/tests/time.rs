//! When an input needs the present time.

use super::*;
use crate::exercise::{ServerKind, Settings};
use crate::lab::EXERCISES;
use crate::{echo, message};

/// An observer that looks at every step, and so at its time.
struct Steps;

impl Observer for Steps {}

#[test]
fn who_does_not_read_the_time_does_the_same_at_any() {
    let inputs = [
        Input::Start,
        Input::Bound {
            socket: Socket(0),
            local: address(16_000),
        },
        Input::Datagram {
            link: peer(1),
            bytes: b"hola",
        },
        Input::Datagram {
            link: peer(2),
            bytes: b"b'hola'",
        },
        Input::Datagram {
            link: peer(1),
            bytes: &"ΐ".repeat(30_000).into_bytes()[..60_000],
        },
        Input::Fault {
            socket: Socket(0),
            doing: Doing::Sending,
            fault: fault(FaultKind::Refused),
        },
        Input::Datagram {
            link: peer(1),
            bytes: b"fin",
        },
    ];
    let mut without = Vec::new();
    for exercise in EXERCISES {
        let (ServerKind::Endpoint(server) | ServerKind::Endpoints(server)) = &exercise.server
        else {
            continue;
        };
        let mut machines = [0, 1].map(|_| server(&Settings::default()));
        if machines[0].reads_time() {
            continue;
        }
        without.push(exercise.name);
        for (seconds, input) in (0..).zip(&inputs) {
            let late = Now {
                mono: Mono::ZERO.plus(Duration::from_secs(seconds)),
                unix: Duration::from_secs(seconds),
            };
            let seen: Vec<_> = (machines.iter_mut().zip([Now::default(), late]))
                .map(|(machine, now)| {
                    let mut out = Outbox::new();
                    if machine.is_running() {
                        machine.step(now, *input, &mut out);
                    }
                    let outputs: Vec<String> = out.iter().map(|one| format!("{one:?}")).collect();
                    (outputs, machine.state(), machine.deadline())
                })
                .collect();
            assert_eq!(seen[0], seen[1], "{}", exercise.name);
        }
    }
    assert_eq!(without, ["message", "echo"]);
}

#[test]
fn time_is_needed_only_where_somebody_looks_at_it() {
    let bound = || Begin::Bound(address(16_000));
    let mut rig = Rig::new(echo::Server::new(true), (), bound());
    rig.run().unwrap();
    assert!(!rig.session.needs_time());
    // A reply that waits for room may be given up later.
    rig.answers.push_back(Err(CallError::WouldBlock));
    rig.datagram(1, b"hola");
    rig.run().unwrap();
    assert!(rig.session.needs_time());

    let mut rig = Rig::new(message::Server::new(), (), bound());
    rig.run().unwrap();
    assert!(!rig.session.needs_time());
    let now = rig.now;
    rig.turn().stop(now);
    assert!(rig.session.needs_time());

    assert!(
        Rig::new(echo::Server::new(true), Steps, bound())
            .session
            .needs_time()
    );
    assert!(Rig::bound(|_, _, _| {}).session.needs_time());
}

//! Echo against servers that do right, and each kind of wrong: what is counted is exact.

mod servers;

use std::time::Duration;

use servers::{capitals, datagrams, nobody, plan};
use socklab_load::{LoadEvent, Mismatch, Outcome, Plan, Workload, run};

fn load(plan: &Plan) -> Outcome {
    run(plan, &mut |_| {}).unwrap()
}

/// (lost, late, duplicated, reordered, wrong, refused)
fn faults(outcome: &Outcome) -> [u64; 6] {
    [
        outcome.lost,
        outcome.late,
        outcome.duplicated,
        outcome.reordered,
        outcome.wrong,
        outcome.refused,
    ]
}

#[test]
fn right_at_every_depth_and_size() {
    for (connections, depth, payload) in [(1, 1, 24), (8, 1, 32), (8, 7, 33), (2, 40, 2048)] {
        let server = datagrams(0, |seen, question, reply| {
            *seen += 1;
            reply(&capitals(question));
        });
        let outcome = load(&Plan {
            connections,
            depth,
            payload,
            ..plan(Workload::Echo, server.at)
        });
        assert_eq!(outcome.first_wrong, None);
        assert_eq!(faults(&outcome), [0; 6]);
        let seen = server.end();
        assert!(seen > u64::from(connections * depth));
        assert_eq!(outcome.asked, seen);
        assert_eq!(
            (outcome.response.len(), outcome.service.len()),
            (seen, seen)
        );
        // Those of the last moment arrive when it is over.
        assert!(
            outcome.replies <= seen && seen <= outcome.replies + u64::from(connections * depth)
        );
        assert_eq!(outcome.lag.len(), 0);
        assert!(outcome.seconds >= 0.2);
    }
}

#[test]
fn one_in_ten_lost_stands_among_the_response_times() {
    let server = datagrams((0, 0), |(seen, dropped), question, reply| {
        *seen += 1;
        if *seen % 10 == 0 {
            *dropped += 1;
        } else {
            reply(&capitals(question));
        }
    });
    let timeout = Duration::from_millis(300);
    let outcome = load(&Plan {
        connections: 8,
        depth: 2,
        timeout,
        measure: Duration::from_secs(1),
        ..plan(Workload::Echo, server.at)
    });
    let (seen, dropped) = server.end();
    assert!(dropped >= 16);
    // Late ones only if the machine stood still for the time-out.
    assert_eq!(outcome.lost, dropped + outcome.late);
    assert_eq!(outcome.asked, seen);
    assert_eq!(outcome.response.len(), seen);
    assert_eq!(outcome.service.len(), seen - outcome.lost);
    let timeout = timeout.as_nanos() as u64;
    assert_eq!(
        outcome.response.count_between(timeout, u64::MAX),
        outcome.lost
    );
    assert!(outcome.response.value_at_quantile(0.95) >= timeout);
    assert!(outcome.service.max() <= timeout + timeout / 1000);
    assert_eq!((outcome.duplicated, outcome.wrong), (0, 0));
}

#[test]
fn answers_twice() {
    for depth in [1, 8] {
        let server = datagrams(0, |seen, question, reply| {
            *seen += 1;
            reply(&capitals(question));
            reply(&capitals(question));
        });
        let outcome = load(&Plan {
            connections: 3,
            depth,
            linger: Duration::from_millis(500),
            ..plan(Workload::Echo, server.at)
        });
        let seen = server.end();
        assert_eq!(faults(&outcome), [0, 0, seen, 0, 0, 0]);
        assert_eq!(outcome.service.len(), seen);
    }
}

#[test]
fn wrong_in_every_way() {
    // Not in capitals; one letter off; cut; something else; nothing; to another question of another
    // connection.
    type Spoil = fn(&[u8]) -> Vec<u8>;
    let ways: [Spoil; 6] = [
        <[u8]>::to_vec,
        |question| {
            let mut reply = capitals(question);
            *reply.last_mut().unwrap() ^= 1;
            reply
        },
        |question| capitals(&question[..question.len() - 1]),
        |_| b"HOLA".to_vec(),
        |_| Vec::new(),
        |question| {
            let mut reply = capitals(question);
            reply[4] ^= 1;
            reply
        },
    ];
    for spoil in ways {
        let server = datagrams((0, 0), move |(seen, wrong), question, reply| {
            *seen += 1;
            if *seen % 5 == 0 {
                *wrong += 1;
                reply(&spoil(question));
            } else {
                reply(&capitals(question));
            }
        });
        let outcome = load(&Plan {
            connections: 4,
            measure: Duration::from_millis(100),
            ..plan(Workload::Echo, server.at)
        });
        let (seen, wrong) = server.end();
        assert!(wrong > 0);
        assert_eq!(faults(&outcome), [0, 0, 0, 0, wrong, 0]);
        assert_eq!(outcome.service.len(), seen - wrong);
        let Mismatch { expected, got } = outcome.first_wrong.unwrap();
        assert_ne!(expected, got);
        assert_eq!(spoil(&expected).len(), got.len());
        assert!(
            String::from_utf8(expected)
                .unwrap()
                .ends_with(" EL ÑANDÚ CRUZ")
        );
    }
}

#[test]
fn a_server_of_ascii_alone() {
    let server = datagrams((), |(), question, reply| {
        reply(&question.to_ascii_uppercase());
    });
    let mut plan = plan(Workload::Echo, server.at);
    let outcome = load(&plan);
    assert!(outcome.wrong > 0 && outcome.replies == 0);
    plan.ascii = true;
    let outcome = load(&plan);
    assert!(outcome.wrong == 0 && outcome.replies > 0);
}

#[test]
fn two_replies_swapped() {
    let server = datagrams((None, 0), |(held, pairs), question, reply| {
        match held.take() {
            None => *held = Some(capitals(question)),
            Some(before) => {
                *pairs += 1;
                reply(&capitals(question));
                reply(&before);
            }
        }
    });
    let outcome = load(&Plan {
        depth: 2,
        timeout: Duration::from_secs(1),
        ..plan(Workload::Echo, server.at)
    });
    let (held, pairs) = server.end();
    // The last may have waited for another that never came.
    let lost = u64::from(held.is_some());
    assert_eq!(faults(&outcome), [lost, 0, 0, pairs, 0, 0]);
    assert_eq!(outcome.service.len(), 2 * pairs);
}

#[test]
fn late_is_lost_and_neither_wrong_nor_again() {
    // Every fourth question is answered when its time has passed: with the one that follows when it
    // has been given up.
    let server = datagrams(
        (0, Vec::<Vec<u8>>::new(), 0),
        |(seen, held, late), question, reply| {
            *seen += 1;
            for before in held.drain(..) {
                *late += 1;
                reply(&before);
            }
            if *seen % 4 == 0 {
                held.push(capitals(question));
            } else {
                reply(&capitals(question));
            }
        },
    );
    let outcome = load(&Plan {
        timeout: Duration::from_millis(50),
        measure: Duration::from_secs(1),
        ..plan(Workload::Echo, server.at)
    });
    let (seen, held, late) = server.end();
    assert!(late > 0);
    assert_eq!((outcome.wrong, outcome.duplicated), (0, 0));
    // More only if the machine stood still for 50 ms.
    assert!(outcome.late >= late && outcome.lost >= late + held.len() as u64);
    assert_eq!(outcome.lost + outcome.service.len(), seen);
    assert_eq!(outcome.response.len(), seen);
}

#[test]
#[cfg(target_os = "linux")]
fn nobody_listens() {
    for (connections, depth) in [(2, 1), (3, 4)] {
        let outcome = load(&Plan {
            connections,
            depth,
            // Of several in flight, the system tells of one.
            timeout: Duration::from_millis(50),
            ..plan(Workload::Echo, nobody())
        });
        assert!(outcome.refused > 1);
        assert_eq!(outcome.refused + outcome.lost, outcome.asked);
        assert_eq!(outcome.response.len(), outcome.asked);
        if depth == 1 {
            assert_eq!(outcome.lost, 0);
        }
        assert_eq!((outcome.replies, outcome.service.len()), (0, 0));
    }
}

#[test]
fn silence_is_never_steady_and_all_of_it_is_lost() {
    let server = datagrams((), |(), _, _| {});
    let outcome = load(&Plan {
        connections: 5,
        warm_up: Duration::ZERO..Duration::from_millis(50),
        interval: Duration::from_millis(2),
        timeout: Duration::from_millis(100),
        ..plan(Workload::Echo, server.at)
    });
    server.end();
    assert!(!outcome.steady);
    assert!((0.0..0.5).contains(&outcome.busy), "{}", outcome.busy);
    assert!(outcome.lost > 0);
    assert_eq!(outcome.response.len(), outcome.lost);
    assert!(
        outcome.response.min() >= 99_900_000,
        "{}",
        outcome.response.min()
    );
    assert!(outcome.intervals.iter().all(|&replies| replies == 0));
}

#[test]
fn nothing_of_the_warm_up_counts() {
    // Wrong, twice, and then not at all, until it has had 300 questions.
    let server = datagrams(0, |seen, question, reply| {
        *seen += 1;
        match *seen {
            0..100 => reply(b"?"),
            100..200 => reply(&capitals(question)),
            _ => {}
        }
        if *seen != 200 {
            reply(&capitals(question));
        }
    });
    let mut events = Vec::new();
    let plan = Plan {
        connections: 4,
        warm_up: Duration::from_millis(400)..Duration::from_secs(20),
        interval: Duration::from_millis(20),
        measure: Duration::from_millis(210),
        timeout: Duration::from_millis(250),
        ..plan(Workload::Echo, server.at)
    };
    let outcome = run(&plan, &mut |event| events.push(event)).unwrap();
    let seen = server.end();
    assert!(outcome.steady);
    assert!(outcome.warm_up >= Duration::from_millis(400));
    assert_eq!(outcome.lost, outcome.late);
    assert_eq!([outcome.wrong, outcome.duplicated], [0, 0]);
    assert_eq!(outcome.asked, seen);
    assert!(outcome.response.len() < seen - 200);
    assert_eq!(outcome.intervals.len(), (outcome.seconds / 0.02) as usize);
    assert!(outcome.intervals.iter().sum::<u64>() <= outcome.replies);

    let steady = events
        .iter()
        .position(|&one| one == LoadEvent::Steady)
        .unwrap();
    assert!(steady >= 10);
    assert_eq!(events.last(), Some(&LoadEvent::Over));
    let others = events.len() - 2;
    let progress = |one: &&LoadEvent| matches!(one, LoadEvent::Interval { rate } if *rate >= 0.0);
    assert_eq!(events.iter().filter(progress).count(), others);
}

#[test]
fn numbers_begin_where_they_are_told_to() {
    let server = datagrams(None, |first: &mut Option<Vec<u8>>, question, reply| {
        first.get_or_insert_with(|| question.to_vec());
        reply(&capitals(question));
    });
    load(&Plan {
        first: 12_345_678,
        ..plan(Workload::Echo, server.at)
    });
    let first = String::from_utf8(server.end().unwrap()).unwrap();
    assert_eq!(first, "0000000012345678 el ñandú cruz");
}

#[test]
fn plans_without_sense() {
    let good = plan(Workload::Echo, nobody());
    let bad: [fn(&mut Plan); 6] = [
        |plan| plan.connections = 0,
        |plan| plan.depth = 0,
        |plan| plan.connections = 100_000,
        |plan| plan.payload = 23,
        |plan| plan.pace = socklab_load::Pace::Open { rate: f64::NAN },
        |plan| plan.warm_up.start = Duration::from_secs(1),
    ];
    for spoil in bad {
        let mut plan = good.clone();
        spoil(&mut plan);
        assert!(run(&plan, &mut |_| {}).is_err(), "{plan:?}");
    }
}

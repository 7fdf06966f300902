//! A code counts once, whoever is quicker.

use std::sync::Barrier;
use std::thread;

use crate::{TempRegister, on_both, right, rules, wrong};

on_both! {
    eight_servers_and_one_code
    many_at_once
    several_of_one_student_at_once
}

/// Each server has a connection of its own to the register, as separate programs have.
fn eight_servers_and_one_code(register: &TempRegister) {
    const ROUNDS: usize = 20;
    let servers: Vec<_> = (0..8).map(|_| register.serve(rules())).collect();
    let start = Barrier::new(servers.len());
    let answers: Vec<Vec<String>> = thread::scope(|scope| {
        let running: Vec<_> = servers
            .iter()
            .map(|server| {
                let start = &start;
                scope.spawn(move || {
                    let round = |n: usize| {
                        let dni = format!("{}", 1_000_000 + n);
                        start.wait();
                        server.submit(right(&dni, 1, 0))
                    };
                    (0..ROUNDS).map(round).collect()
                })
            })
            .collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for round in 0..ROUNDS {
        let mut said: Vec<&str> = answers.iter().map(|all| all[round].as_str()).collect();
        said.sort_unstable();
        assert!(said[0].starts_with("accepted"), "{said:?}");
        assert!(
            said[1..].iter().all(|one| one.starts_with("already")),
            "{said:?}"
        );
    }
    let mut archive = register.location.archive().unwrap();
    assert_eq!(archive.submissions("lab").unwrap().len(), ROUNDS);
    for round in 0..ROUNDS {
        let dni = format!("{}", 1_000_000 + round);
        assert_eq!(archive.why(&dni).unwrap().len(), 1);
    }
}

fn many_at_once(register: &TempRegister) {
    let server = register.serve(rules());
    let waiting: Vec<_> = (0..600)
        .map(|n| server.store(right(&format!("{}", 2_000_000 + n), 1, 0)))
        .collect();
    for one in waiting {
        assert!(one.recv().unwrap().entry().is_some());
    }
    drop(server);
    let mut archive = register.location.archive().unwrap();
    let numbers: Vec<u64> = archive
        .submissions("lab")
        .unwrap()
        .iter()
        .map(|one| one.number)
        .collect();
    assert_eq!(numbers.len(), 600);
}

/// What waits together is decided together, and still one after the other.
fn several_of_one_student_at_once(register: &TempRegister) {
    const STUDENTS: usize = 20;
    let server = register.serve(rules());
    let dni = |student: usize| format!("{}", 3_000_000 + student);
    let attempts = |student: usize| {
        let dni = dni(student);
        [
            (wrong(&dni, 1, 0), "wrong-code"),
            (right(&dni, 1, 0), "accepted"),
            (right(&dni, 2, 0), "already"),
            (wrong(&dni, 1, 0), "wrong-code"),
            (wrong(&dni, 1, 0), "throttled"),
            (right(&dni, 1, 30), "already"),
        ]
    };
    let waiting: Vec<_> = (0..STUDENTS)
        .flat_map(attempts)
        .map(|(attempt, expected)| (server.store(attempt), expected))
        .collect();
    for (n, (decision, expected)) in waiting.into_iter().enumerate() {
        assert_eq!(decision.recv().unwrap().name(), expected, "{n}");
    }
    drop(server);
    let mut archive = register.location.archive().unwrap();
    assert_eq!(archive.submissions("lab").unwrap().len(), STUDENTS);
    for student in 0..STUDENTS {
        assert_eq!(archive.why(&dni(student)).unwrap().len(), 4);
        assert_eq!(archive.turned_away(&dni(student)).unwrap(), 1);
    }
}

//! A fault of one student's entry is that student's alone.

use std::fs;
use std::sync::Arc;

use socklab_core::register::Decision;
use socklab_register::{Archive, ErrorKind, RegisterEvent};

use crate::guessing::Card;
use crate::{EventLog, TempRegister, on_both, random, right, rules};

on_both! {
    one_damaged_secret
    one_entry_that_cannot_be_written
    secrets_of_a_commit_that_fails
    a_key_of_another_register
}

const BAD: &str = "12345674";

/// How many events there are of a damaged entry, and how many others.
fn damaged(events: &[RegisterEvent]) -> (usize, usize) {
    let about =
        |one: &&RegisterEvent| matches!(one, RegisterEvent::Damaged { dnis, .. } if *dnis == [BAD]);
    let damaged = events.iter().filter(about).count();
    (damaged, events.len() - damaged)
}

fn one_damaged_secret(register: &TempRegister) {
    let (good, bad) = (Card::of("12345679", register), Card::of(BAD, register));
    register.tamper(&format!(
        "UPDATE students SET secret = (SELECT secret FROM students WHERE dni = '12345679')
         WHERE dni = '{BAD}'"
    ));
    let server = register.serve(random());
    // It is said at the start.
    assert_eq!(damaged(&server.events()), (1, 0));
    // What waits together is decided together.
    let waiting: Vec<_> = (0..20)
        .map(|n| match n % 2 {
            0 => server.store(bad.right(9, 0)),
            _ => server.store(good.right(1, 0)),
        })
        .collect();
    for (n, decision) in waiting.into_iter().enumerate() {
        let decision = decision.recv().unwrap();
        match n {
            _ if n % 2 == 0 => assert_eq!(decision, Decision::Unavailable),
            1 => assert_eq!(decision.name(), "accepted"),
            _ => assert_eq!(decision.name(), "already"),
        }
    }
    // It is said once more when one of them comes, and the register has not failed.
    assert_eq!(damaged(&server.events()), (2, 0));
    let mut archive = register.location.archive().unwrap();
    assert_eq!(
        archive.damaged_secrets(&register.beside("key")).unwrap(),
        [BAD]
    );
    assert_eq!(archive.submissions("lab").unwrap().len(), 1);
    // Others are given secrets, and a new one helps.
    let (other, bad) = (Card::of("12345675", register), Card::of(BAD, register));
    assert_eq!(server.submit(other.right(1, 0)), "accepted 2");
    assert_eq!(server.submit(bad.right(9, 0)), "accepted 3");
}

/// The answer to a commit may be lost, so secrets are only said not to count if it was never asked
/// for.
fn secrets_of_a_commit_that_fails(register: &TempRegister) {
    let mut archive = register.location.archive_or_create().unwrap();
    let refusal = |archive: &mut Archive| {
        let key = register.beside("key");
        let secrets = archive.draw_secrets(&[BAD.to_owned()], &key).unwrap();
        archive.give_out(&secrets, true).unwrap_err().kind
    };
    if register.cluster.is_none() {
        register.tamper(
            "CREATE TRIGGER bad BEFORE INSERT ON students BEGIN SELECT RAISE(ABORT, 'bad'); END",
        );
        assert_eq!(refusal(&mut archive), ErrorKind::Entry);
        return;
    }
    register.tamper(
        "CREATE FUNCTION bad() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'bad'; END $$;
         CREATE CONSTRAINT TRIGGER bad AFTER INSERT ON students
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bad()",
    );
    assert_eq!(refusal(&mut archive), ErrorKind::Uncertain);
    register.tamper("ALTER TABLE students ADD CONSTRAINT worse CHECK (dni = '')");
    assert_eq!(refusal(&mut archive), ErrorKind::Entry);
}

/// Whatever the database has against one row, the others of its batch are written.
fn one_entry_that_cannot_be_written(register: &TempRegister) {
    let server = register.serve(rules());
    assert_eq!(server.submit(right("10000000", 1, 0)), "accepted 1");
    let refuse = match register.cluster {
        None => format!(
            "CREATE TRIGGER bad BEFORE INSERT ON attempts WHEN NEW.dni = '{BAD}'
             BEGIN SELECT RAISE(ABORT, 'bad'); END"
        ),
        Some(_) => format!("ALTER TABLE attempts ADD CONSTRAINT bad CHECK (dni <> '{BAD}')"),
    };
    register.tamper(&refuse);
    const STUDENTS: usize = 300;
    let dni = |n: usize| match n {
        150 | 151 => BAD.to_owned(),
        _ => format!("{}", 20_000_000 + n),
    };
    let waiting: Vec<_> = (0..STUDENTS)
        .map(|n| server.store(right(&dni(n), 1, 0)))
        .collect();
    for (n, decision) in waiting.into_iter().enumerate() {
        let expected = if dni(n) == BAD {
            "unavailable"
        } else {
            "accepted"
        };
        assert_eq!(decision.recv().unwrap().name(), expected, "{n}");
    }
    assert_eq!(damaged(&server.events()), (1, 0));
    let mut archive = register.location.archive().unwrap();
    assert_eq!(archive.submissions("lab").unwrap().len(), STUDENTS - 1);
    assert_eq!(archive.verify().unwrap(), []);
}

fn a_key_of_another_register(register: &TempRegister) {
    let (_a, _b) = (Card::of("12345670", register), Card::of(BAD, register));
    let key = register.beside("key");
    let mut bytes = fs::read(&key).unwrap();
    bytes[7] ^= 1;
    fs::write(&key, bytes).unwrap();
    let opened = register
        .location
        .serve(random(), Some(&key), Arc::new(EventLog::default()));
    assert_eq!(opened.map(|_| ()).unwrap_err().kind, ErrorKind::Key);
}

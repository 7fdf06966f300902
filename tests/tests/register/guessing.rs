//! Random secrets: what a guesser learns and how far he gets, and that nobody is locked out for it.

use socklab_core::otp::{Code, Key, TimeStep};
use socklab_core::policy::SecretKind;
use socklab_core::register::Attempt;
use socklab_register::{ErrorKind, RegisterEvent, Rules};

use crate::{EventLog, Server, TempRegister, at, attempt, enrol, on_both, random, right, rules};

on_both! {
    every_refusal_is_the_same
    a_wrong_or_expired_code_learns_nothing
    a_valid_code_is_told_from_anywhere
    a_guesser_is_stopped
    a_code_that_another_must_follow_is_used_up
    nobody_is_locked_out
    a_register_remembers_its_secrets
}

const ANA: &str = "12345678";
const BOB: &str = "01234567";

/// A student's secret, as on the card.
pub(crate) struct Card {
    dni: &'static str,
    key: Key,
}

impl Card {
    pub(crate) fn of(dni: &'static str, register: &TempRegister) -> Card {
        let mut archive = register.location.archive_or_create().unwrap();
        let secret = enrol(&mut archive, dni, &register.beside("key"));
        Card {
            dni,
            key: Key::from_bytes(&secret),
        }
    }

    fn code(&self, seconds: i64) -> Code {
        self.key.code(TimeStep::at(at(seconds).unix.as_secs()))
    }

    pub(crate) fn right(&self, ip: u8, seconds: i64) -> Attempt {
        attempt(self.dni, self.code(seconds), ip, seconds)
    }

    /// A code that is not one of the student's at that time, nor just before.
    pub(crate) fn wrong(&self, ip: u8, seconds: i64) -> Attempt {
        let valid = [-60, -30, 0, 30].map(|off| self.code(seconds + off));
        let codes = ["000000", "111111", "222222", "333333", "444444"];
        let codes = codes.map(|text| Code::parse(text).unwrap());
        let wrong = codes.into_iter().find(|one| !valid.contains(one)).unwrap();
        attempt(self.dni, wrong, ip, seconds)
    }
}

fn all_refused(server: &Server, attempts: impl Iterator<Item = Attempt>) -> bool {
    let said = server.submit_all(attempts);
    said.iter().all(|said| said == "refused")
}

fn every_refusal_is_the_same(register: &TempRegister) {
    let (ana, bob) = (Card::of(ANA, register), Card::of(BOB, register));
    assert_ne!(ana.key, bob.key);
    let server = register.serve(random());
    // One text for all that can be wrong: the DNI's own code, an old one, nobody, too many.
    assert_eq!(server.submit(right(ANA, 1, 0)), "refused");
    let expired = attempt(ANA, ana.code(-60), 2, 0);
    assert_eq!(server.submit(expired), "refused");
    assert_eq!(server.submit(right("999999", 1, 0)), "refused");
    assert_eq!(server.submit(ana.right(3, 0)), "accepted 1");
    for _ in 0..4 {
        assert_eq!(server.submit(ana.wrong(4, 1)), "refused");
    }
    // The lecturer sees what each was.
    let mut archive = register.location.archive().unwrap();
    let why = archive.why(ANA).unwrap();
    let verdicts: Vec<&str> = why.iter().map(|one| one.verdict.as_str()).collect();
    let wrong = "wrong-code";
    assert_eq!(verdicts, [wrong, wrong, "accepted", wrong, wrong, wrong]);
    assert_eq!(archive.turned_away(ANA).unwrap(), 1);
}

fn a_wrong_or_expired_code_learns_nothing(register: &TempRegister) {
    let (ana, _bob) = (Card::of(ANA, register), Card::of(BOB, register));
    let server = register.serve(random());
    assert_eq!(server.submit(ana.right(1, 0)), "accepted 1");
    // Whether Ana has submitted cannot be told from Bob, who has not.
    let used = ana.code(0);
    for dni in [ANA, BOB] {
        assert_eq!(server.submit(attempt(dni, used, 2, 90)), "refused");
        assert_eq!(server.submit(attempt(dni, ana.code(30), 2, 90)), "refused");
    }
    // Nor by her from her own address.
    assert_eq!(server.submit(attempt(ANA, used, 1, 90)), "refused");
}

fn a_valid_code_is_told_from_anywhere(register: &TempRegister) {
    let ana = Card::of(ANA, register);
    let server = register.serve(random());
    assert_eq!(server.submit(ana.right(1, 0)), "accepted 1");
    assert_eq!(server.submit(ana.right(1, 1)), "already 1");
    assert_eq!(server.submit(ana.right(2, 1)), "already 1");
    assert_eq!(server.submit(ana.right(3, 31)), "already 1");
    let mallory = |ip, seconds| Attempt {
        name: (*b"Mallory").into(),
        ..ana.right(ip, seconds)
    };
    assert_eq!(server.submit(mallory(4, 31)), "other-name");
    assert_eq!(server.submit(mallory(4, 61)), "other-name");
}

/// Three hundred guesses of which the last is right: it comes too late.
fn a_guesser_is_stopped(register: &TempRegister) {
    let ana = Card::of(ANA, register);
    let server = register.serve(random());
    assert!(all_refused(&server, (0..299).map(|_| ana.wrong(9, 0))));
    assert_eq!(server.submit(ana.right(9, 0)), "refused");
    let mut archive = register.location.archive().unwrap();
    assert!(archive.submissions("lab").unwrap().is_empty());
    // Few leave a row, and all are counted.
    assert_eq!(archive.why(ANA).unwrap().len(), 3);
    assert_eq!(archive.turned_away(ANA).unwrap(), 297);
    // After a pause one more is recorded, and the next pause is twice as long.
    assert_eq!(server.submit(ana.wrong(9, 30)), "refused");
    assert_eq!(archive.why(ANA).unwrap().len(), 4);
    assert_eq!(server.submit(ana.wrong(9, 89)), "refused");
    assert_eq!(archive.why(ANA).unwrap().len(), 4);
    assert_eq!(server.submit(ana.wrong(9, 90)), "refused");
    assert_eq!(archive.why(ANA).unwrap().len(), 5);
    // One right code among them does nothing, however late.
    assert_eq!(server.submit(ana.right(9, 5_000)), "refused");
    // All the while Ana submits from elsewhere.
    assert_eq!(server.submit(ana.right(1, 5_031)), "accepted 1");
}

/// Mallory fails on purpose behind Ana's router, so that Ana must send a second code, and overhears
/// the first.
fn a_code_that_another_must_follow_is_used_up(register: &TempRegister) {
    let ana = Card::of(ANA, register);
    let server = register.serve(random());
    assert!(all_refused(&server, (0..100).map(|_| ana.wrong(1, 0))));
    assert_eq!(server.submit(ana.right(1, 1)), "refused");
    let mallory = Attempt {
        name: (*b"Mallory").into(),
        ..ana.right(2, 1)
    };
    assert_eq!(server.submit(mallory), "refused");
    // Ana's second code counts, even if she first sends the same one once more.
    assert_eq!(server.submit(ana.right(1, 2)), "refused");
    assert_eq!(server.submit(ana.right(1, 31)), "accepted 1");
}

fn nobody_is_locked_out(register: &TempRegister) {
    let cards = [Card::of(ANA, register), Card::of(BOB, register)];
    let server = register.serve(random());
    let [ana, bob] = &cards;
    // From her own router, and a hundred from 85 addresses.
    assert!(all_refused(&server, (0..3).map(|_| ana.wrong(1, 0))));
    let from_85 = (0..100).map(|n| ana.wrong(10 + n % 85, 1));
    assert!(all_refused(&server, from_85));
    assert_eq!(server.submit(ana.right(1, 2)), "accepted 1");
    // Even where one floods from the same router: a second code counts for sure.
    assert!(all_refused(&server, (0..500).map(|_| bob.wrong(1, 10))));
    assert_eq!(server.submit(bob.right(1, 11)), "refused");
    assert!(all_refused(&server, (0..100).map(|_| bob.wrong(1, 40))));
    assert_eq!(server.submit(bob.right(1, 41)), "accepted 2");
}

fn a_register_remembers_its_secrets(register: &TempRegister) {
    let ana = Card::of(ANA, register);
    let told = |secret| Rules { secret, ..rules() };
    // Secrets have been given out: they count, said or not.
    let server = register.serve(told(None));
    assert_eq!(server.submit(right(ANA, 1, 0)), "refused");
    assert_eq!(server.submit(ana.right(1, 0)), "accepted 1");
    assert_eq!(server.events(), [RegisterEvent::SecretsRemembered]);
    drop(server);
    // Only by a word does it take DNIs, which it remembers too.
    for secret in [Some(SecretKind::Dni), None] {
        let server = register.serve(told(secret));
        let given_up = secret.map(|_| RegisterEvent::SecretsGivenUp);
        assert_eq!(server.events(), Vec::from_iter(given_up));
        assert_eq!(server.submit(right(ANA, 1, 60)), "already 1");
    }
    let server = register.serve(random());
    assert_eq!(server.submit(right(ANA, 1, 90)), "refused");
    drop(server);
    // Without the key it does not start, and never falls back.
    std::fs::remove_file(register.beside("key")).unwrap();
    let key = register.beside("key");
    let opened = register.location.serve(
        rules(),
        Some(&key),
        std::sync::Arc::new(EventLog::default()),
    );
    assert_eq!(opened.map(|_| ()).unwrap_err().kind, ErrorKind::Key);
}

//! Who is accepted, who is refused, and for how long.

use socklab_core::Now;
use socklab_core::otp::Window;
use socklab_core::policy::ClockState;
use socklab_core::register::{Attempt, Decision};
use socklab_register::{Admit, Finding, RegisterEvent, RosterEntry, Rules};

use crate::{TempRegister, at, attempt, code, on_both, right, rules, wrong};

on_both! {
    a_code_counts_once
    the_first_counts_and_may_be_asked_for_again
    three_in_thirty_seconds_then_ten_failures_wait
    a_right_code_waits_for_nobody
    thirty_from_everywhere
    only_the_class
    a_clock_that_is_set_back
    a_clock_that_was_ahead
    somebody_elses_entry
    foreigners
    what_is_known_survives
    one_file_serves_a_course
}

const ANA: &str = "12345678";
const BOB: &str = "01234567";

fn a_code_counts_once(register: &TempRegister) {
    let server = register.serve(rules());
    assert_eq!(server.submit(right(ANA, 1, 0)), "accepted 1");
    // The same code, for another lab of the same register, is used up.
    let other = register.serve(Rules {
        lab: "lab2".to_owned(),
        ..rules()
    });
    assert_eq!(other.submit(right(ANA, 1, 5)), "used-code");
    assert_eq!(other.submit(right(ANA, 1, 30)), "accepted 2");
    assert_eq!(server.submit(right(ANA, 2, 30)), "already 1");
}

fn the_first_counts_and_may_be_asked_for_again(register: &TempRegister) {
    let server = register.serve(rules());
    assert_eq!(server.submit(right(BOB, 1, 0)), "accepted 1");
    assert_eq!(server.submit(right(ANA, 1, 0)), "accepted 2");
    // From anywhere, even long expired, and however often: it is not counted.
    for second in [1, 2, 3, 4, 5, 3600] {
        let again = attempt(BOB, code(BOB, 0), 9, second);
        assert_eq!(server.submit(again), "already 1");
    }
    assert_eq!(server.submit(right(BOB, 1, 3660)), "already 1");
    assert_eq!(
        server.submit(attempt(BOB, code(BOB, 3660), 1, 3690)),
        "already 1"
    );
    // Another's code is nobody's.
    assert_eq!(
        server.submit(attempt(ANA, code(BOB, 0), 1, 3800)),
        "wrong-code"
    );
    assert_eq!(
        register.location.archive().unwrap().why(BOB).unwrap().len(),
        2
    );
}

fn three_in_thirty_seconds_then_ten_failures_wait(register: &TempRegister) {
    let server = register.serve(rules());
    for second in 0..3 {
        assert_eq!(server.submit(wrong(ANA, 1, second)), "wrong-code");
    }
    // The fourth waits until the first is 30 s old.
    assert_eq!(server.submit(wrong(ANA, 1, 10)), "throttled 20");
    assert_eq!(server.submit(wrong(ANA, 1, 29)), "throttled 1");
    // Others are not concerned: another address, another DNI.
    assert_eq!(server.submit(wrong(ANA, 2, 29)), "wrong-code");
    assert_eq!(server.submit(wrong(BOB, 1, 29)), "wrong-code");
    let mut second = 30;
    for _ in 3..10 {
        assert_eq!(server.submit(wrong(ANA, 1, second)), "wrong-code");
        second += 30;
    }
    // The tenth failure was at 210 s: half a minute's wait, then twice that.
    second -= 30;
    assert_eq!(server.submit(wrong(ANA, 1, second + 29)), "throttled 1");
    assert_eq!(server.submit(wrong(ANA, 1, second + 30)), "wrong-code");
    assert_eq!(server.submit(wrong(ANA, 1, second + 80)), "throttled 10");
    let mut archive = register.location.archive().unwrap();
    assert_eq!(archive.turned_away(ANA).unwrap(), 4);
    // Success ends it.
    assert_eq!(server.submit(right(ANA, 1, second + 81)), "accepted 1");
    assert_eq!(server.submit(wrong(ANA, 1, second + 120)), "wrong-code");
    assert_eq!(server.submit(right(ANA, 1, second + 121)), "already 1");
}

/// A classmate behind the same router, and a hundred failures from everywhere.
fn a_right_code_waits_for_nobody(register: &TempRegister) {
    let server = register.serve(rules());
    for _ in 0..3 {
        assert_eq!(server.submit(wrong(ANA, 1, 0)), "wrong-code");
    }
    assert_eq!(server.submit(wrong(ANA, 1, 1)), "throttled 29");
    assert_eq!(server.submit(right(ANA, 1, 1)), "accepted 1");
    let mut archive = register.location.archive().unwrap();
    for range in [0..99, 99..100] {
        assert!(archive.guessed_at().unwrap().is_empty());
        let said = server.submit_all(range.map(|n| wrong(BOB, 10 + n, 2 * i64::from(n))));
        assert!(said.iter().all(|said| said == "wrong-code"), "{said:?}");
    }
    assert_eq!(server.submit(right(BOB, 2, 199)), "accepted 2");
    // The lecturer sees it until it has been seen.
    assert_eq!(archive.guessed_at().unwrap(), [BOB]);
    assert!(archive.unlock(BOB).unwrap());
    assert!(!archive.unlock(BOB).unwrap());
    assert!(archive.guessed_at().unwrap().is_empty());
}

fn thirty_from_everywhere(register: &TempRegister) {
    let server = register.serve(rules());
    let said = server.submit_all((0..30).map(|n| wrong(ANA, 10 + n, 60)));
    assert!(said.iter().all(|said| said == "wrong-code"), "{said:?}");
    assert_eq!(server.submit(wrong(ANA, 2, 61)), "throttled 29");
    assert_eq!(server.submit(wrong(BOB, 2, 61)), "wrong-code");
    assert_eq!(server.submit(wrong(ANA, 2, 90)), "wrong-code");
    assert_eq!(server.submit(right(ANA, 2, 91)), "accepted 1");
}

fn only_the_class(register: &TempRegister) {
    let roster = |dnis: &[&str]| -> Vec<RosterEntry> {
        let entry = |dni: &&str| RosterEntry {
            dni: (*dni).to_owned(),
            ..RosterEntry::default()
        };
        dnis.iter().map(entry).collect()
    };
    let mut archive = register.location.archive_or_create().unwrap();
    archive.set_roster(&roster(&[ANA])).unwrap();
    let server = register.serve(Rules {
        admit: Admit::Listed,
        ..rules()
    });
    assert_eq!(server.submit(right(ANA, 1, 0)), "accepted 1");
    assert_eq!(server.submit(right(BOB, 1, 0)), "unknown-dni");
    archive.set_roster(&roster(&[BOB])).unwrap();
    assert_eq!(server.submit(right(BOB, 1, 1)), "accepted 2");
    assert_eq!(server.submit(right(ANA, 1, 30)), "unknown-dni");
    // What she had is hers, and can be asked for again.
    assert_eq!(
        server.submit(attempt(ANA, code(ANA, 0), 1, 31)),
        "already 1"
    );
}

fn a_clock_that_is_set_back(register: &TempRegister) {
    let server = register.serve(rules());
    assert_eq!(server.submit(right(ANA, 1, 100)), "accepted 1");
    // Set back by 61 s: no code is judged for a time before that of one that was accepted.
    let set = |dni, seconds, mono| {
        let mut attempt = right(dni, 1, seconds);
        attempt.at.mono = at(mono).mono;
        attempt
    };
    assert_eq!(server.submit(set(BOB, 40, 101)), "clock 60");
    // A known attempt is known at any time.
    let again = Attempt {
        at: set(BOB, 40, 101).at,
        ..right(ANA, 1, 100)
    };
    assert_eq!(server.submit(again), "already 1");
    // It recovers by itself, and nobody starts it anew.
    assert_eq!(server.submit(set(BOB, 98, 159)), "clock 2");
    assert_eq!(server.submit(set(BOB, 100, 161)), "accepted 2");
    let events = server.events();
    assert!(
        matches!(events[..], [RegisterEvent::Clock(ClockState::Behind(_))]),
        "{events:?}"
    );
}

fn a_clock_that_was_ahead(register: &TempRegister) {
    const YEAR: i64 = 365 * 86_400;
    let ahead = |attempt: Attempt| Attempt {
        at: Now {
            mono: at(10).mono,
            ..attempt.at
        },
        ..attempt
    };
    let mut archive = register.location.archive_or_create().unwrap();
    let server = register.serve(rules());
    // While it is a year ahead, a stranger sends a wrong code: that proves nothing.
    assert_eq!(server.submit(ahead(wrong(ANA, 1, YEAR))), "wrong-code");
    assert_eq!(server.submit(right(ANA, 2, 20)), "accepted 1");
    assert_eq!(archive.clock_behind(at(20).unix).unwrap(), None);
    // A right one does: until the clock has passed it, or a lecturer says that it is right now.
    assert_eq!(server.submit(ahead(right(BOB, 1, YEAR))), "accepted 2");
    let said = server.submit(right("999999", 1, 30));
    assert_eq!(said, format!("clock {}", YEAR - 30));
    let behind = archive.clock_behind(at(30).unix).unwrap().unwrap();
    assert_eq!(behind.as_secs(), (YEAR - 30) as u64);
    drop(server);
    let server = register.serve(rules());
    let said = server.submit(right("999999", 1, 31));
    assert_eq!(said, format!("clock {}", YEAR - 31));
    archive.trust_clock().unwrap();
    assert_eq!(archive.clock_behind(at(32).unix).unwrap(), None);
    assert_eq!(server.submit(right("999999", 1, 33)), "accepted 3");
}

fn what_is_known_survives(register: &TempRegister) {
    let server = register.serve(rules());
    assert_eq!(server.submit(right(ANA, 1, 0)), "accepted 1");
    for _ in 0..3 {
        assert_eq!(server.submit(wrong(BOB, 1, 0)), "wrong-code");
    }
    drop(server);
    let server = register.serve(rules());
    assert_eq!(server.submit(right(ANA, 1, 1)), "already 1");
    assert_eq!(server.submit(wrong(BOB, 1, 1)), "throttled 29");
}

fn somebody_elses_entry(register: &TempRegister) {
    let named = |name: &str, attempt: Attempt| Attempt {
        name: name.as_bytes().into(),
        ..attempt
    };
    let server = register.serve(rules());
    assert_eq!(
        server.submit(named("Mallory", right(ANA, 1, 0))),
        "accepted 1"
    );
    // Ana is told, by whatever code, and is not given what proves the other's submission.
    let ana = server.store(named("Ana García", right(ANA, 2, 30)));
    assert_eq!(ana.recv().unwrap(), Decision::OtherName);
    assert_eq!(
        server.submit(named("Ana García", right(ANA, 2, 0))),
        "other-name"
    );
    // The same name may be written otherwise.
    assert_eq!(
        server.submit(named("MÁLLORY", right(ANA, 1, 60))),
        "already 1"
    );
    assert_eq!(server.submit(named("Bob", right(BOB, 1, 60))), "accepted 2");
    let mut archive = register.location.archive().unwrap();
    let findings = archive.findings("lab").unwrap();
    let found = findings.iter().find_map(|one| match one {
        Finding::SeveralNames {
            dni,
            submitted,
            others,
        } => Some((dni.as_str(), submitted.as_str(), others.join(", "))),
        _ => None,
    });
    assert_eq!(found, Some((ANA, "Mallory", "Ana García".to_owned())));
    let why = archive.why(ANA).unwrap();
    let verdicts: Vec<&str> = why.iter().map(|one| one.verdict.as_str()).collect();
    assert_eq!(
        verdicts,
        ["accepted", "other-name", "other-name", "already"]
    );
    assert_eq!(archive.failures("lab").unwrap(), 0);
    // The lab's submissions are as they were.
    let submissions = archive.submissions("lab").unwrap();
    assert_eq!(submissions.len(), 2);
    assert_eq!(submissions[0].name, b"Mallory");
}

fn foreigners(register: &TempRegister) {
    const X: &str = "X1234567L";
    const Y: &str = "Y1234567X";
    let server = register.serve(rules());
    assert_eq!(server.submit(right(X, 1, 0)), "dni-letter");
    let mut archive = register.location.archive().unwrap();
    assert!(archive.why(X).unwrap().is_empty());
    drop(server);
    let server = register.serve(Rules {
        nie: true,
        ..rules()
    });
    // The same digits, and three people.
    assert_eq!(server.submit(right(X, 1, 0)), "accepted 1");
    assert_eq!(server.submit(right(Y, 1, 0)), "accepted 2");
    assert_eq!(server.submit(right("1234567", 1, 0)), "accepted 3");
    assert_eq!(server.submit(attempt(Y, code(X, 30), 1, 30)), "wrong-code");
    assert_eq!(server.submit(right(X, 1, 1)), "already 1");
    let dnis: Vec<String> = archive
        .submissions("lab")
        .unwrap()
        .into_iter()
        .map(|one| one.dni)
        .collect();
    assert_eq!(dnis, [X, Y, "1234567"]);
}

fn one_file_serves_a_course(register: &TempRegister) {
    let window = Window {
        behind: 1,
        ahead: 1,
    };
    for (n, lab) in ["one", "two", "three"].into_iter().enumerate() {
        let server = register.serve(Rules {
            lab: lab.to_owned(),
            window,
            ..rules()
        });
        // The code of the next step too, where that is allowed.
        let early = attempt(ANA, code(ANA, 90 * n as i64 + 30), 1, 90 * n as i64);
        assert_eq!(server.submit(early), format!("accepted {}", n + 1));
    }
    let mut archive = register.location.archive().unwrap();
    assert_eq!(archive.labs().unwrap(), ["one", "three", "two"]);
    assert_eq!(archive.submissions("two").unwrap()[0].number, 2);
}

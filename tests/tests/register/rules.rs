//! Who is accepted, who is refused, and for how long.

use socklab_core::otp::{Code, Key, Step, Window};
use socklab_core::policy::{Policy, Reading, Secret};
use socklab_register::{Admit, Event, RosterEntry, Rules};

use crate::{Place, at, attempt, code, enrol, on_both, right, rules, wrong};

on_both! {
    a_code_counts_once
    the_first_counts_and_may_be_asked_for_again
    three_in_thirty_seconds_then_ten_failures_wait
    a_hundred_failures_lock_but_not_whoever_has_succeeded
    thirty_from_everywhere
    only_the_class
    random_secrets
    a_clock_that_is_set_back
    what_is_known_survives
    one_file_serves_a_course
}

const ANA: &str = "12345678";
const BOB: &str = "01234567";

fn a_code_counts_once(place: &Place) {
    let server = place.serve(rules());
    assert_eq!(server.submit(right(ANA, 1, 0)), "accepted 1");
    // The same code, for another lab of the same register, is used up.
    let other = place.serve(Rules {
        lab: "lab2".to_owned(),
        ..rules()
    });
    assert_eq!(other.submit(right(ANA, 1, 5)), "used-code");
    assert_eq!(other.submit(right(ANA, 1, 30)), "accepted 2");
    assert_eq!(server.submit(right(ANA, 2, 30)), "used-code");
}

fn the_first_counts_and_may_be_asked_for_again(place: &Place) {
    let server = place.serve(rules());
    assert_eq!(server.submit(right(BOB, 1, 0)), "accepted 1");
    assert_eq!(server.submit(right(ANA, 1, 0)), "accepted 2");
    // From anywhere, even long expired, and however often: it is not counted.
    for second in [1, 2, 3, 4, 5, 3600] {
        let again = attempt(BOB, code(BOB, 0), 9, second);
        assert_eq!(server.submit(again), "already 1");
    }
    assert_eq!(server.submit(right(BOB, 1, 3660)), "accepted 1");
    assert_eq!(
        server.submit(attempt(BOB, code(BOB, 3660), 1, 3800)),
        "already 1"
    );
    // Another's code is nobody's.
    assert_eq!(
        server.submit(attempt(ANA, code(BOB, 0), 1, 3800)),
        "wrong-code"
    );
    assert_eq!(
        place
            .location
            .archive(false)
            .unwrap()
            .why(BOB)
            .unwrap()
            .len(),
        2
    );
}

fn three_in_thirty_seconds_then_ten_failures_wait(place: &Place) {
    let server = place.serve(rules());
    for second in 0..3 {
        assert_eq!(server.submit(wrong(ANA, 1, second)), "wrong-code");
    }
    // The fourth waits until the first is 30 s old, and is not looked at: even the right one.
    assert_eq!(server.submit(right(ANA, 1, 10)), "throttled 20");
    assert_eq!(server.submit(right(ANA, 1, 29)), "throttled 1");
    // Others are not concerned: another address, another DNI.
    assert_eq!(server.submit(wrong(ANA, 2, 29)), "wrong-code");
    assert_eq!(server.submit(right(BOB, 1, 29)), "accepted 1");
    let mut second = 30;
    for _ in 3..10 {
        assert_eq!(server.submit(wrong(ANA, 1, second)), "wrong-code");
        second += 30;
    }
    // The tenth failure was at 210 s: half a minute's wait, then twice that.
    second -= 30;
    assert_eq!(server.submit(right(ANA, 1, second + 29)), "throttled 1");
    assert_eq!(server.submit(wrong(ANA, 1, second + 30)), "wrong-code");
    assert_eq!(server.submit(right(ANA, 1, second + 80)), "throttled 10");
    // Success ends it.
    assert_eq!(server.submit(right(ANA, 1, second + 90)), "accepted 2");
    assert_eq!(server.submit(wrong(ANA, 1, second + 120)), "wrong-code");
    assert_eq!(server.submit(right(ANA, 1, second + 121)), "accepted 2");
    let mut archive = place.location.archive(false).unwrap();
    assert_eq!(archive.turned_away(ANA).unwrap(), 4);
}

fn a_hundred_failures_lock_but_not_whoever_has_succeeded(place: &Place) {
    let server = place.serve(rules());
    assert_eq!(server.submit(right(ANA, 1, 0)), "accepted 1");
    let mut second = 0;
    for n in 0..100_u8 {
        second += 2;
        assert_eq!(
            server.submit(wrong(ANA, 10 + n, second)),
            "wrong-code",
            "{n}"
        );
    }
    second += 60;
    assert_eq!(server.submit(right(ANA, 2, second)), "locked");
    // Her own address is as good as ever, and does not open the lock for others.
    assert_eq!(server.submit(right(ANA, 1, second)), "accepted 1");
    assert_eq!(server.submit(right(ANA, 2, second + 60)), "locked");
    let mut archive = place.location.archive(false).unwrap();
    assert_eq!(archive.locked().unwrap(), [ANA]);
    assert!(archive.unlock(ANA).unwrap());
    assert!(!archive.unlock(ANA).unwrap());
    assert_eq!(server.submit(right(ANA, 2, second + 90)), "accepted 1");
}

fn thirty_from_everywhere(place: &Place) {
    let server = place.serve(rules());
    assert_eq!(server.submit(right(ANA, 1, 0)), "accepted 1");
    for n in 0..30_u8 {
        assert_eq!(server.submit(wrong(ANA, 10 + n, 60)), "wrong-code", "{n}");
    }
    assert_eq!(server.submit(right(ANA, 2, 61)), "throttled 29");
    assert_eq!(server.submit(right(ANA, 1, 61)), "accepted 1");
    assert_eq!(server.submit(right(BOB, 2, 61)), "accepted 2");
    assert_eq!(server.submit(right(ANA, 2, 90)), "accepted 1");
}

fn only_the_class(place: &Place) {
    let roster = |dnis: &[&str]| -> Vec<RosterEntry> {
        let entry = |dni: &&str| RosterEntry {
            dni: (*dni).to_owned(),
            ..RosterEntry::default()
        };
        dnis.iter().map(entry).collect()
    };
    let mut archive = place.location.archive(true).unwrap();
    archive.set_roster(&roster(&[ANA])).unwrap();
    let server = place.serve(Rules {
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

fn random_secrets(place: &Place) {
    let mut archive = place.location.archive(true).unwrap();
    let secret = enrol(&mut archive, ANA, &place.beside("key"));
    assert_ne!(secret, enrol(&mut archive, BOB, &place.beside("key")));
    let key = Key::from_bytes(&secret);
    let server = place.serve(Rules {
        policy: Policy {
            secret: Secret::Random,
            ..Policy::default()
        },
        ..rules()
    });
    let code_at = |seconds| key.code(Step::at(at(seconds).unix.as_secs()));
    // One text for all that can be wrong: the DNI's own code, an old one, nobody, a used one, too many.
    assert_eq!(server.submit(right(ANA, 1, 0)), "refused");
    assert_eq!(server.submit(attempt(ANA, code_at(-60), 2, 0)), "refused");
    assert_eq!(server.submit(right("999999", 1, 0)), "refused");
    assert_eq!(server.submit(attempt(ANA, code_at(0), 3, 0)), "accepted 1");
    assert_eq!(server.submit(attempt(ANA, code_at(0), 3, 1)), "already 1");
    for _ in 0..4 {
        assert_eq!(
            server.submit(attempt(ANA, Code::parse("000000").unwrap(), 4, 1)),
            "refused"
        );
    }
    // The lecturer sees what each was.
    let why = archive.why(ANA).unwrap();
    let verdicts: Vec<&str> = why.iter().map(|one| one.verdict.as_str()).collect();
    let wrong = "wrong-code";
    assert_eq!(verdicts, [wrong, wrong, "accepted", wrong, wrong, wrong]);
    assert_eq!(archive.turned_away(ANA).unwrap(), 1);
}

fn a_clock_that_is_set_back(place: &Place) {
    let server = place.serve(rules());
    assert_eq!(server.submit(right(ANA, 1, 100)), "accepted 1");
    let mut back = right(BOB, 1, 40);
    back.at.mono = at(101).mono;
    assert_eq!(server.submit(back), "clock 61");
    assert_eq!(server.submit(right(BOB, 1, 102)), "accepted 2");
    // Ahead is only worth a word; and it cannot be taken back unseen, not even by a restart.
    let mut ahead = right(BOB, 1, 1000);
    ahead.at.mono = at(103).mono;
    assert_eq!(server.submit(ahead), "accepted 2");
    let events = server.events();
    assert!(
        matches!(
            events[..],
            [
                Event::Clock(Reading::Back(_)),
                Event::Clock(Reading::Ahead(_))
            ]
        ),
        "{events:?}"
    );
    drop(server);
    let server = place.serve(rules());
    assert_eq!(server.submit(right("999999", 1, 900)), "clock 100");
}

fn what_is_known_survives(place: &Place) {
    let server = place.serve(rules());
    assert_eq!(server.submit(right(ANA, 1, 0)), "accepted 1");
    for _ in 0..3 {
        assert_eq!(server.submit(wrong(BOB, 1, 0)), "wrong-code");
    }
    drop(server);
    let server = place.serve(rules());
    assert_eq!(server.submit(right(ANA, 1, 1)), "already 1");
    assert_eq!(server.submit(right(BOB, 1, 1)), "throttled 29");
}

fn one_file_serves_a_course(place: &Place) {
    let policy = Policy {
        window: Window {
            behind: 1,
            ahead: 1,
        },
        ..Policy::default()
    };
    for (n, lab) in ["one", "two", "three"].into_iter().enumerate() {
        let server = place.serve(Rules {
            lab: lab.to_owned(),
            policy,
            ..rules()
        });
        // The code of the next step too, where that is allowed.
        let early = attempt(ANA, code(ANA, 90 * n as i64 + 30), 1, 90 * n as i64);
        assert_eq!(server.submit(early), format!("accepted {}", n + 1));
    }
    let mut archive = place.location.archive(false).unwrap();
    assert_eq!(archive.labs().unwrap(), ["one", "three", "two"]);
    assert_eq!(archive.submissions("two").unwrap()[0].number, 2);
}

use core::time::Duration;
use std::prelude::v1::*;

use super::*;
use crate::otp::Code;
use crate::register::Decision;
use crate::time::Now;

const NOW: u64 = 1_700_000_000;

fn dni(text: &str) -> Dni {
    Dni::parse(text).unwrap()
}

fn code(of: &str, unix: u64) -> Code {
    Key::from_dni(&dni(of)).code(Step::at(unix))
}

fn attempt(of: &str, code: Code, unix: u64) -> Attempt {
    Attempt {
        name: (*b"Ana").into(),
        dni: dni(of),
        code,
        peer: "127.0.0.1:1".parse().unwrap(),
        at: Now::at(Duration::from_secs(unix), Duration::ZERO),
    }
}

/// A DNI that may submit and has not.
fn fresh() -> History {
    History {
        key: Some(Key::from_dni(&dni("123456"))),
        ..History::default()
    }
}

fn judge(history: &History, code: Code) -> Verdict {
    decide(&Policy::default(), history, &attempt("123456", code, NOW))
}

const fn refused(refusal: Refusal) -> Verdict {
    Verdict::Refuse(refusal)
}

#[test]
fn a_code_counts_once_and_for_two_steps() {
    let mut ledger = Ledger::default();
    let mut judge = |of, code, at| ledger.judge(&attempt(of, code, at)).to_string();
    let one = "123456";
    assert_eq!(judge(one, code(one, NOW - 60), NOW), "code-behind 60");
    assert_eq!(judge(one, code(one, NOW + 30), NOW), "code-ahead 30");
    assert_eq!(judge(one, code(one, NOW - 30), NOW), "accepted 1");
    // The same attempt, even when its code has expired.
    assert_eq!(judge(one, code(one, NOW - 30), NOW), "already 1");
    assert_eq!(judge(one, code(one, NOW - 30), NOW + 600), "already 1");
    // Another code of the same student is right, and changes nothing: the first counts.
    assert_eq!(judge(one, code(one, NOW), NOW), "accepted 1");
    assert_eq!(judge(one, code(one, NOW), NOW), "already 1");
    // Zeros make another student.
    assert_eq!(judge("0123456", code(one, NOW), NOW), "zeros");
    assert_eq!(judge("0123456", code("0123456", NOW), NOW), "accepted 2");
    assert_eq!(ledger.submissions(), 2);
}

#[test]
fn the_window() {
    let ahead = Policy {
        window: Window {
            behind: 1,
            ahead: 1,
        },
        ..Policy::default()
    };
    let next = attempt("123456", code("123456", NOW + 30), NOW);
    let step = Step::at(NOW).offset(1).unwrap();
    assert_eq!(decide(&ahead, &fresh(), &next), Verdict::Accept(step));
    let used = History {
        used: [step].into(),
        ..fresh()
    };
    assert_eq!(decide(&ahead, &used, &next), refused(Refusal::UsedCode));
}

/// For this DNI, `016659` belongs to 484306 and 484307 (found by trying them).
#[test]
fn a_shared_code_counts_for_the_step_that_is_unused() {
    let (of, shared) = ("12345678", Code::parse("016659").unwrap());
    let at = attempt(of, shared, Step(484_307).starts_at());
    let history = |used: &[u64]| History {
        key: Some(Key::from_dni(&dni(of))),
        used: used.iter().map(|&step| Step(step)).collect(),
        ..History::default()
    };
    let judge = |used: &[u64]| decide(&Policy::default(), &history(used), &at);
    assert_eq!(judge(&[]), Verdict::Accept(Step(484_307)));
    assert_eq!(judge(&[484_307]), Verdict::Accept(Step(484_306)));
    assert_eq!(judge(&[484_306, 484_307]), refused(Refusal::UsedCode));
}

#[test]
fn what_comes_before_what() {
    let (right, wrong) = (code("123456", NOW), Code::parse("000000").unwrap());
    let all = History {
        repeated: Some(7),
        locked: true,
        key: None,
        here: Tally {
            recent: 3,
            oldest: Duration::from_secs(NOW - 10),
            ..Tally::default()
        },
        ..History::default()
    };
    assert_eq!(judge(&all, wrong), Verdict::Already(7));
    let all = History {
        repeated: None,
        ..all
    };
    assert_eq!(judge(&all, right), refused(Refusal::Locked));
    let all = History {
        locked: false,
        ..all
    };
    assert_eq!(judge(&all, right), refused(Refusal::Throttled(20)));
    let all = History {
        here: Tally::default(),
        ..all
    };
    assert_eq!(judge(&all, right), refused(Refusal::Unknown));
    assert_eq!(judge(&fresh(), right), Verdict::Accept(Step::at(NOW)));
    let nothing_said = Policy {
        secret: Secret::Random,
        ..Policy::default()
    };
    let early = attempt("123456", code("123456", NOW - 60), NOW);
    let verdict = decide(&nothing_said, &fresh(), &early);
    assert_eq!(verdict, refused(Refusal::WrongCode(Cause::Unknown)));
}

#[test]
fn who_has_succeeded_here_is_not_locked_out_by_others() {
    let right = code("123456", NOW);
    let busy = Tally {
        recent: 30,
        oldest: Duration::from_secs(NOW - 1),
        failures: 200,
        last_failure: Duration::from_secs(NOW),
    };
    let attacked = History {
        everywhere: busy,
        locked: true,
        ..fresh()
    };
    assert_eq!(judge(&attacked, right), refused(Refusal::Locked));
    let unlocked = History {
        locked: false,
        ..attacked.clone()
    };
    assert_eq!(judge(&unlocked, right), refused(Refusal::Throttled(29)));
    let trusted = History {
        trusted: true,
        ..attacked
    };
    assert_eq!(judge(&trusted, right), Verdict::Accept(Step::at(NOW)));
    let own = History {
        here: busy,
        ..trusted
    };
    assert_eq!(judge(&own, right), refused(Refusal::Throttled(900)));
}

#[test]
fn backing_off() {
    let seconds = |failures| back_off(failures).as_secs();
    assert_eq!(
        [0, 9, 10, 11, 14, 15, 100].map(seconds),
        [0, 0, 30, 60, 480, 900, 900]
    );
    assert_eq!(seconds(u32::MAX), 900);
}

#[test]
fn clocks() {
    let now = |unix: f64, mono: u64| Now {
        mono: crate::Mono::ZERO.plus(Duration::from_secs(mono)),
        unix: Duration::from_secs_f64(unix),
    };
    let mut guard = ClockGuard::after(Duration::from_secs(100));
    assert_eq!(
        guard.read(now(98.0, 0)),
        Reading::Back(Duration::from_secs(2))
    );
    assert_eq!(guard.read(now(110.0, 10)), Reading::Steady);
    assert_eq!(guard.read(now(119.5, 20)), Reading::Steady);
    assert_eq!(guard.read(now(119.0, 20)), Reading::Steady);
    assert_eq!(
        guard.read(now(118.0, 20)),
        Reading::Back(Duration::from_secs(2))
    );
    assert_eq!(
        guard.read(now(200.0, 21)),
        Reading::Ahead(Duration::from_secs(79))
    );
    assert_eq!(guard.read(now(201.0, 22)), Reading::Steady);
    assert_eq!(
        guard.read(now(150.0, 30)),
        Reading::Back(Duration::from_secs(59))
    );
}

#[test]
fn decisions_have_words() {
    let decision: Decision = "throttled 29".parse().unwrap();
    assert_eq!(decision, Decision::Refused(Refusal::Throttled(29)));
}

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
    Key::from_dni(&dni(of)).code(TimeStep::at(unix))
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

/// The history of a DNI that may submit and has not submitted yet.
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
    assert_eq!(judge(one, code(one, NOW), NOW), "already 1");
    assert_eq!(judge(one, code(one, NOW), NOW), "already 1");
    // With a leading zero, it is another student.
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
    let step = TimeStep::at(NOW).offset(1).unwrap();
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
    let at = attempt(of, shared, TimeStep(484_307).starts_at());
    let history = |used: &[u64]| History {
        key: Some(Key::from_dni(&dni(of))),
        used: used.iter().map(|&step| TimeStep(step)).collect(),
        ..History::default()
    };
    let judge = |used: &[u64]| decide(&Policy::default(), &history(used), &at);
    assert_eq!(judge(&[]), Verdict::Accept(TimeStep(484_307)));
    assert_eq!(judge(&[484_307]), Verdict::Accept(TimeStep(484_306)));
    assert_eq!(judge(&[484_306, 484_307]), refused(Refusal::UsedCode));
}

#[test]
fn who_sends_a_right_code_for_anothers_entry_is_told_so() {
    let mut ledger = Ledger::default();
    let mut judge = |name: &str, at| {
        let mut one = attempt("123456", code("123456", at), at);
        one.name = name.as_bytes().into();
        ledger.judge(&one).to_string()
    };
    assert_eq!(judge("Mallory", NOW), "accepted 1");
    // With the same code, with another code, and later.
    assert_eq!(judge("Ana", NOW), "other-name");
    assert_eq!(judge("Ana", NOW + 30), "other-name");
    assert_eq!(judge(" MALLORY ", NOW + 30), "already 1");
    assert_eq!(judge("Ana", NOW + 6000), "other-name");
}

#[test]
fn foreigners_are_taken_where_the_lecturer_takes_them() {
    let nie = |of: &str| attempt(of, code(of, NOW), NOW);
    let mut ledger = Ledger::default();
    assert_eq!(ledger.judge(&nie("X1234567L")).to_string(), "dni-letter");
    let mut ledger = Ledger::new(Policy {
        nie: true,
        ..Policy::default()
    });
    // The same digits, but three people.
    assert_eq!(ledger.judge(&nie("X1234567L")).to_string(), "accepted 1");
    assert_eq!(ledger.judge(&nie("Y1234567X")).to_string(), "accepted 2");
    assert_eq!(ledger.judge(&nie("1234567")).to_string(), "accepted 3");
    assert_eq!(ledger.judge(&nie("X1234567L")).to_string(), "already 1");
}

/// Students are remembered for long enough, and strangers cannot fill the memory.
#[test]
fn a_ledger_forgets() {
    let mut ledger = Ledger::default();
    let mut judge = |dni: u32| {
        let dni = std::format!("{dni}");
        ledger.judge(&attempt(&dni, code(&dni, NOW), NOW)).name()
    };
    assert_eq!(judge(20_000_000), "accepted");
    for dni in 30_000_000..30_009_999 {
        assert_eq!(judge(dni), "accepted");
    }
    assert_eq!(judge(20_000_000), "already");
    assert_eq!(judge(40_000_000), "accepted");
    assert_eq!(judge(20_000_000), "accepted");
}

/// A submission with number 7.
fn earlier(same_code: bool) -> Option<EarlierSubmission> {
    Some(EarlierSubmission {
        number: 7,
        same_code,
        same_name: true,
    })
}

#[test]
fn what_comes_before_what() {
    let (right, wrong) = (code("123456", NOW), Code::parse("000000").unwrap());
    let all = History {
        submission: earlier(true),
        here: AttemptCounts {
            recent: 3,
            oldest: Duration::from_secs(NOW - 10),
            ..AttemptCounts::default()
        },
        ..fresh()
    };
    let already = Verdict::Already {
        earlier: earlier(true).unwrap(),
        step: None,
    };
    assert_eq!(judge(&all, wrong), already);
    let all = History {
        submission: earlier(false),
        ..all
    };
    assert_eq!(judge(&all, wrong), refused(Refusal::Throttled(20)));
    // A right code is not throttled.
    let already = Verdict::Already {
        earlier: earlier(false).unwrap(),
        step: Some(TimeStep::at(NOW)),
    };
    assert_eq!(judge(&all, right), already);
    let nobody = |here| History {
        key: None,
        here,
        ..History::default()
    };
    assert_eq!(
        judge(&nobody(all.here), right),
        refused(Refusal::Throttled(20))
    );
    let calm = AttemptCounts::default();
    assert_eq!(judge(&nobody(calm), right), refused(Refusal::Unknown));
    assert_eq!(judge(&fresh(), right), Verdict::Accept(TimeStep::at(NOW)));
}

/// Judges with a random secret, the key of `fresh`.
fn by_secret(history: &History, code: Code) -> Verdict {
    let policy = Policy {
        secret: SecretKind::Random,
        ..Policy::default()
    };
    decide(&policy, history, &attempt("123456", code, NOW))
}

#[test]
fn with_random_secrets_a_wrong_or_expired_code_learns_nothing() {
    let wrong = refused(Refusal::WrongCode(Cause::Unknown));
    let expired = code("123456", NOW - 60);
    let zeros = code("0123456", NOW);
    for history in [
        fresh(),
        History {
            submission: earlier(true),
            ..fresh()
        },
    ] {
        assert_eq!(by_secret(&history, expired), wrong);
        assert_eq!(by_secret(&history, zeros), wrong);
    }
    // If the code is valid now, the answer tells whether it has been used.
    let right = code("123456", NOW);
    let step = TimeStep::at(NOW);
    let said = |used: &[TimeStep]| {
        by_secret(
            &History {
                submission: earlier(false),
                used: used.iter().copied().collect(),
                ..fresh()
            },
            right,
        )
    };
    let already = |step| Verdict::Already {
        earlier: earlier(false).unwrap(),
        step,
    };
    assert_eq!(said(&[]), already(Some(step)));
    assert_eq!(said(&[step]), already(None));
}

#[test]
fn with_random_secrets_others_lock_nobody_out() {
    let right = code("123456", NOW);
    let failures = |failures| AttemptCounts {
        recent: 99,
        oldest: Duration::from_secs(NOW - 1),
        failures,
        last_failure: Duration::from_secs(NOW - 1),
    };
    // Neither failures from other addresses nor some failures of a classmate behind the same router
    // matter.
    let mut history = History {
        everywhere: failures(100_000),
        here: failures(99),
        ..fresh()
    };
    let accepted = Verdict::Accept(TimeStep::at(NOW));
    assert_eq!(by_secret(&history, right), accepted);
    // After a hundred wrong codes from the same address, a right one may be a guess.
    let wrong = code("123456", NOW - 60);
    history.here = failures(100);
    assert_eq!(by_secret(&history, wrong), refused(Refusal::Throttled(29)));
    assert_eq!(
        by_secret(&history, right),
        Verdict::AskAgain(TimeStep::at(NOW))
    );
    // A second right code is not a guess. The same code again does not count as a second one.
    history.first_right = Some(TimeStep::at(NOW));
    assert_eq!(
        by_secret(&history, right),
        Verdict::AskAgain(TimeStep::at(NOW))
    );
    history.first_right = TimeStep::at(NOW).offset(-1);
    assert_eq!(by_secret(&history, right), accepted);
    history.first_right = TimeStep::at(NOW).offset(-9);
    assert_eq!(
        by_secret(&history, right),
        Verdict::AskAgain(TimeStep::at(NOW))
    );
    // The same applies later, but then a wrong code is recorded again.
    history.here.last_failure = Duration::from_secs(NOW - 30);
    assert_eq!(
        by_secret(&history, right),
        Verdict::AskAgain(TimeStep::at(NOW))
    );
    let wrong_code = refused(Refusal::WrongCode(Cause::Unknown));
    assert_eq!(by_secret(&history, wrong), wrong_code);
}

#[test]
fn with_the_dni_as_secret_only_wrong_codes_wait() {
    let (right, wrong) = (code("123456", NOW), Code::parse("000000").unwrap());
    let busy = AttemptCounts {
        recent: 30,
        oldest: Duration::from_secs(NOW - 1),
        failures: 200,
        last_failure: Duration::from_secs(NOW),
    };
    let mut attacked = History {
        everywhere: busy,
        ..fresh()
    };
    assert_eq!(judge(&attacked, wrong), refused(Refusal::Throttled(29)));
    assert_eq!(judge(&attacked, right), Verdict::Accept(TimeStep::at(NOW)));
    attacked.here = busy;
    assert_eq!(judge(&attacked, wrong), refused(Refusal::Throttled(900)));
    assert_eq!(judge(&attacked, right), Verdict::Accept(TimeStep::at(NOW)));
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
    let back = |seconds| ClockState::Behind(Duration::from_secs(seconds));
    let mut guard = ClockGuard::after(Duration::from_secs(100));
    assert_eq!(guard.read(now(98.0, 0)), back(2));
    // The guard recovers by itself.
    assert_eq!(guard.read(now(99.5, 1)), ClockState::Steady);
    assert_eq!(guard.read(now(110.0, 11)), ClockState::Steady);
    // Only accepted codes matter: a clock that was ahead for a while has no effect.
    let ahead = ClockState::Ahead(Duration::from_secs(79));
    assert_eq!(guard.read(now(200.0, 22)), ahead);
    assert_eq!(guard.read(now(201.0, 23)), ClockState::Steady);
    assert_eq!(guard.read(now(124.0, 25)), ClockState::Steady);
    guard.accepted(now(124.0, 25));
    assert_eq!(guard.read(now(121.0, 26)), back(3));
    assert_eq!(guard.read(now(124.0, 29)), ClockState::Steady);
    // A message that came before the accepted code may still wait for its turn.
    assert_eq!(guard.read(now(104.0, 5)), ClockState::Steady);
    assert_eq!(guard.read(now(104.0, 9)), back(4));
}

#[test]
fn decisions_have_words() {
    let decision: Decision = "throttled 29".parse().unwrap();
    assert_eq!(decision, Decision::Refused(Refusal::Throttled(29)));
}

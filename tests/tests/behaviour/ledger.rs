//! A register in memory, as a rehearsal has it, has an end: whoever invents DNIs does not fill it.

use std::time::Duration;

use socklab_core::Now;
use socklab_core::otp::Dni;
use socklab_core::policy::Ledger;
use socklab_core::register::{Attempt, Decision};
use socklab_tests::{EPOCH, address, code_at};

/// The right attempt of an invented student.
fn attempt(number: u32) -> Attempt {
    let dni = number.to_string();
    let now = Now::at(EPOCH, Duration::ZERO);
    Attempt {
        name: b"Ana"[..].into(),
        code: code_at(&dni, now.unix.as_secs()),
        dni: Dni::parse(&dni).unwrap(),
        peer: address("127.0.0.1:4000"),
        at: now,
    }
}

#[test]
fn whoever_came_first_is_forgotten() {
    let (mut ledger, first) = (Ledger::default(), attempt(20_000_000));
    assert_eq!(ledger.judge(&first), Decision::accepted(1));
    assert_eq!(ledger.judge(&first), Decision::already(1));
    for number in 1..=15_000 {
        ledger.judge(&attempt(20_000_000 + number));
    }
    let last = attempt(20_015_000);
    assert_eq!(ledger.judge(&last), Decision::already(15_001));
    assert_eq!(ledger.judge(&first), Decision::accepted(15_002));
}

//! A register in memory, for tests and demonstrations: it forgets everything with the program, and
//! the oldest before.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{History, Policy, Verdict, decide};
use crate::otp::{Code, Dni, Key, Step};
use crate::register::{Attempt, Decision};

/// How many students are remembered: whoever invents DNIs, or codes for one of them, would fill it
/// otherwise. Those who came first are forgotten first.
const MOST: usize = 4096;

/// How many codes of a student are remembered.
const CODES: usize = 16;

/// What the students of one lab have done. It does not throttle.
#[derive(Debug, Default)]
pub struct Ledger {
    policy: Policy,
    students: BTreeMap<Dni, Student>,
    /// The same in the order in which they came.
    order: VecDeque<Dni>,
    submissions: u64,
}

/// One who was accepted.
#[derive(Debug)]
struct Student {
    number: u64,
    codes: VecDeque<Code>,
    used: BTreeSet<Step>,
}

impl Ledger {
    /// Decides an attempt with the DNI as secret, and remembers it if it is accepted.
    pub fn judge(&mut self, attempt: &Attempt) -> Decision {
        let known = self.students.get(&attempt.dni);
        let repeats = |student: &&Student| student.codes.contains(&attempt.code);
        let history = History {
            repeated: known.filter(repeats).map(|student| student.number),
            key: Some(Key::from_dni(&attempt.dni)),
            used: known
                .map(|student| student.used.clone())
                .unwrap_or_default(),
            ..History::default()
        };
        match decide(&self.policy, &history, attempt) {
            Verdict::Accept(step) => Decision::accepted(self.accept(attempt, step)),
            Verdict::Already(number) => Decision::already(number),
            Verdict::Refuse(refusal) => Decision::Refused(refusal),
        }
    }

    /// The number of the submission.
    fn accept(&mut self, attempt: &Attempt, step: Step) -> u64 {
        if !self.students.contains_key(&attempt.dni) {
            self.submissions += 1;
            self.order.push_back(attempt.dni.clone());
            let student = Student {
                number: self.submissions,
                codes: VecDeque::new(),
                used: BTreeSet::new(),
            };
            self.students.insert(attempt.dni.clone(), student);
            if self.order.len() > MOST
                && let Some(first) = self.order.pop_front()
            {
                self.students.remove(&first);
            }
        }
        let Some(student) = self.students.get_mut(&attempt.dni) else {
            return self.submissions;
        };
        if student.used.len() == CODES {
            student.used.pop_first();
        }
        if student.codes.len() == CODES {
            student.codes.pop_front();
        }
        student.used.insert(step);
        student.codes.push_back(attempt.code);
        student.number
    }

    /// How many submissions count.
    pub fn submissions(&self) -> u64 {
        self.submissions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Mono, Now};
    use core::time::Duration;
    use std::prelude::v1::*;

    fn attempt(dni: &str, code: Option<&str>, seconds: u64) -> Attempt {
        let dni = Dni::parse(dni).unwrap();
        let right = Key::from_dni(&dni).code(Step::at(seconds));
        Attempt {
            name: b"Ana"[..].into(),
            dni,
            code: code.map_or(right, |code| Code::parse(code).unwrap()),
            peer: ([127, 0, 0, 1], 4000).into(),
            at: Now {
                mono: Mono::ZERO,
                unix: Duration::from_secs(seconds),
            },
        }
    }

    #[test]
    fn a_ledger_has_an_end() {
        let (mut ledger, now) = (Ledger::default(), 1_700_000_000);
        for n in 0..64 {
            ledger.judge(&attempt(
                &format!("{}", 20_000_000 + n),
                Some("000000"),
                now,
            ));
        }
        assert_eq!(ledger.students.len(), 0, "only the accepted are remembered");
        for n in 0..MOST + 100 {
            ledger.judge(&attempt(&format!("{}", 30_000_000 + n), None, now));
        }
        assert_eq!((ledger.students.len(), ledger.order.len()), (MOST, MOST));
        assert_eq!(ledger.submissions(), (MOST + 100) as u64);
        // The last is known, also by an old code; so many of its codes are.
        let last = format!("{}", 30_000_000 + MOST + 99);
        for step in 1..100 {
            ledger.judge(&attempt(&last, None, now + 30 * step));
        }
        let again = ledger.judge(&attempt(&last, None, now + 30 * 99));
        assert_eq!(again, Decision::already((MOST + 100) as u64));
        let student = &ledger.students[&Dni::parse(&last).unwrap()];
        assert_eq!((student.codes.len(), student.used.len()), (CODES, CODES));
    }
}

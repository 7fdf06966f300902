//! A register in memory, for tests and demonstrations. It is lost with the program, and when it is
//! full it forgets the oldest entries.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{EarlierSubmission, History, Policy, Verdict, decide};
use crate::otp::{Code, Dni, Key, TimeStep};
use crate::register::{Attempt, Decision, Refusal};

/// How many students are remembered, the latest to submit. There is a limit because strangers could
/// invent any number of DNIs.
const STUDENTS: usize = 10_000;

/// How many used steps of a student are remembered: more than a window has.
const STEPS: usize = 16;

/// A register of one lab in memory. It does not throttle.
#[derive(Debug, Default)]
pub struct Ledger {
    policy: Policy,
    students: BTreeMap<Dni, Student>,
    /// The students in the order in which they submitted.
    order: VecDeque<Dni>,
    submissions: u64,
}

/// A student with an accepted submission.
#[derive(Debug, Default)]
struct Student {
    submission: Option<Submission>,
    used: BTreeSet<TimeStep>,
}

#[derive(Debug)]
struct Submission {
    number: u64,
    code: Code,
    name: Box<[u8]>,
}

impl Ledger {
    /// A ledger that decides by this policy.
    pub fn new(policy: Policy) -> Self {
        Ledger {
            policy,
            ..Ledger::default()
        }
    }

    /// Decides an attempt, with the DNI as the secret, and remembers the result.
    pub fn judge(&mut self, attempt: &Attempt) -> Decision {
        let student = self.students.get(&attempt.dni);
        let submission = student.and_then(|student| student.submission.as_ref());
        let history = History {
            submission: submission.map(|one| EarlierSubmission {
                number: one.number,
                same_code: one.code == attempt.code,
                same_name: is_same_name(&one.name, &attempt.name),
            }),
            key: Some(Key::from_dni(&attempt.dni)),
            used: student.map_or_else(BTreeSet::new, |student| student.used.clone()),
            ..History::default()
        };
        match decide(&self.policy, &history, attempt) {
            Verdict::Accept(step) => {
                self.submissions += 1;
                let number = self.submissions;
                if self.order.len() >= STUDENTS
                    && let Some(first) = self.order.pop_front()
                {
                    self.students.remove(&first);
                }
                self.order.push_back(attempt.dni.clone());
                let student = self.students.entry(attempt.dni.clone()).or_default();
                student.used.insert(step);
                student.submission = Some(Submission {
                    number,
                    code: attempt.code,
                    name: attempt.name.clone(),
                });
                Decision::accepted(number)
            }
            Verdict::Already { earlier, step } => {
                if let Some(student) = self.students.get_mut(&attempt.dni) {
                    student.used.extend(step);
                    if student.used.len() > STEPS {
                        student.used.pop_first();
                    }
                }
                match earlier.same_name {
                    true => Decision::already(earlier.number),
                    false => Decision::OtherName,
                }
            }
            Verdict::AskAgain(_) => Decision::Refused(Refusal::Undisclosed),
            Verdict::Refuse(refusal) => Decision::Refused(refusal),
        }
    }

    /// The number of submissions that count.
    pub fn submissions(&self) -> u64 {
        self.submissions
    }
}

/// Whether two names are the same, apart from blanks around them and the case of ASCII letters.
fn is_same_name(one: &[u8], other: &[u8]) -> bool {
    one.trim_ascii().eq_ignore_ascii_case(other.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Mono, Now};
    use core::time::Duration;
    use std::format;
    use std::prelude::v1::*;

    fn attempt(dni: &str, code: Option<&str>, seconds: u64) -> Attempt {
        let dni = Dni::parse(dni).unwrap();
        let right = Key::from_dni(&dni).code(TimeStep::at(seconds));
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
        for n in 0..STUDENTS + 100 {
            ledger.judge(&attempt(&format!("{}", 30_000_000 + n), None, now));
        }
        assert_eq!(
            (ledger.students.len(), ledger.order.len()),
            (STUDENTS, STUDENTS)
        );
        assert_eq!(ledger.submissions(), (STUDENTS + 100) as u64);
        // The last student is recognised by each new code; only the latest steps are remembered.
        let last = format!("{}", 30_000_000 + STUDENTS + 99);
        for step in 1..100 {
            ledger.judge(&attempt(&last, None, now + 30 * step));
        }
        let again = ledger.judge(&attempt(&last, None, now + 30 * 99));
        assert_eq!(again, Decision::already((STUDENTS + 100) as u64));
        let student = &ledger.students[&Dni::parse(&last).unwrap()];
        assert_eq!(student.used.len(), STEPS);
    }
}

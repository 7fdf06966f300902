//! A register in memory, for tests and demonstrations: it forgets everything with the program.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Earlier, History, Policy, Verdict, decide};
use crate::otp::{Code, Dni, Key, Step};
use crate::register::{Attempt, Decision, Refusal};

/// How many students are remembered: those who submitted last. Strangers could invent any number.
const STUDENTS: usize = 10_000;

/// How many of a student's steps are remembered to be used; more than a window has.
const STEPS: usize = 16;

/// What the students of one lab have done. It does not throttle.
#[derive(Debug, Default)]
pub struct Ledger {
    policy: Policy,
    students: BTreeMap<Dni, Student>,
    /// The students in the order in which they submitted.
    order: VecDeque<Dni>,
    submissions: u64,
}

#[derive(Debug, Default)]
struct Student {
    submission: Option<Submission>,
    used: BTreeSet<Step>,
}

#[derive(Debug)]
struct Submission {
    number: u64,
    code: Code,
    name: Box<[u8]>,
}

impl Ledger {
    /// A ledger that judges by this policy.
    pub fn new(policy: Policy) -> Self {
        Ledger {
            policy,
            ..Ledger::default()
        }
    }

    /// Decides an attempt with the DNI as secret, and remembers it.
    pub fn judge(&mut self, attempt: &Attempt) -> Decision {
        let student = self.students.get(&attempt.dni);
        let submission = student.and_then(|student| student.submission.as_ref());
        let history = History {
            submission: submission.map(|one| Earlier {
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
            Verdict::Once(_) => Decision::Refused(Refusal::Undisclosed),
            Verdict::Refuse(refusal) => Decision::Refused(refusal),
        }
    }

    /// How many submissions count.
    pub fn submissions(&self) -> u64 {
        self.submissions
    }
}

/// Whether two names are the same but for blanks around them and the case of ASCII letters.
fn is_same_name(one: &[u8], other: &[u8]) -> bool {
    one.trim_ascii().eq_ignore_ascii_case(other.trim_ascii())
}

//! A register in memory, for tests and demonstrations: it forgets everything with the program.

use alloc::collections::{BTreeMap, BTreeSet};

use super::{History, Policy, Verdict, decide};
use crate::otp::{Code, Dni, Key, Step};
use crate::register::{Attempt, Decision};

/// What the students of one lab have done. It does not throttle.
#[derive(Debug, Default)]
pub struct Ledger {
    policy: Policy,
    students: BTreeMap<Dni, Student>,
    submissions: u64,
}

#[derive(Debug, Default)]
struct Student {
    number: Option<u64>,
    codes: BTreeSet<Code>,
    used: BTreeSet<Step>,
}

impl Ledger {
    /// Decides an attempt with the DNI as secret, and remembers it.
    pub fn judge(&mut self, attempt: &Attempt) -> Decision {
        let student = self.students.entry(attempt.dni.clone()).or_default();
        let repeated = student.codes.contains(&attempt.code);
        let history = History {
            repeated: student.number.filter(|_| repeated),
            key: Some(Key::from_dni(&attempt.dni)),
            used: student.used.clone(),
            ..History::default()
        };
        match decide(&self.policy, &history, attempt) {
            Verdict::Accept(step) => {
                student.used.insert(step);
                student.codes.insert(attempt.code);
                let number = *student.number.get_or_insert_with(|| {
                    self.submissions += 1;
                    self.submissions
                });
                Decision::accepted(number)
            }
            Verdict::Already(number) => Decision::already(number),
            Verdict::Refuse(refusal) => Decision::Refused(refusal),
        }
    }

    /// How many submissions count.
    pub fn submissions(&self) -> u64 {
        self.submissions
    }
}

//! Whether a submission counts: pure, so that a register can call it inside a transaction.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::otp::{Code, Dni, Key, Step};
use crate::register::{Attempt, Decision, Refusal};

/// What is known of one DNI before an attempt.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The submission that counts, if there is one: its number, and the code that it came with.
    pub accepted: Option<(u64, Code)>,
    /// The steps whose codes have been used.
    pub used: BTreeSet<Step>,
}

/// What an attempt comes to, and the step that its code uses up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It counts, and uses the code of this step.
    Accept(Step),
    /// It is the attempt that was accepted, again.
    Already(u64),
    /// It does not count.
    Refuse(Refusal),
}

/// Decides an attempt by the clock at the moment its message was complete.
///
/// The code of the current step counts, and that of the one before: RFC 6238, 5.2 recommends at
/// most one step for the time that a code takes on its way. The current one is tried first, and a
/// code that both share counts for the one that is unused. Each code counts once (same section).
pub fn decide(history: &History, key: &Key, attempt: &Attempt) -> Verdict {
    if let Some((number, code)) = history.accepted
        && code == attempt.code
    {
        return Verdict::Already(number);
    }
    let now = Step::at(attempt.at.unix.as_secs());
    let live = [Some(now), now.0.checked_sub(1).map(Step)];
    // Every step is evaluated whatever the others say, so time tells nothing.
    let matches = live.map(|step| step.filter(|step| key.code(*step) == attempt.code));
    let mut found = matches.iter().flatten();
    match found.clone().find(|step| !history.used.contains(step)) {
        Some(step) => Verdict::Accept(*step),
        None if found.next().is_some() => Verdict::Refuse(Refusal::UsedCode),
        None => Verdict::Refuse(Refusal::WrongCode),
    }
}

/// A register in memory, for tests and demonstrations: it forgets everything with the program.
#[derive(Debug, Default)]
pub struct Ledger {
    students: BTreeMap<Dni, History>,
    submissions: u64,
}

impl Ledger {
    /// Decides an attempt with the DNI as secret, and remembers it.
    pub fn judge(&mut self, attempt: &Attempt) -> Decision {
        let history = self.students.entry(attempt.dni.clone()).or_default();
        match decide(history, &Key::from_dni(&attempt.dni), attempt) {
            Verdict::Accept(step) => {
                history.used.insert(step);
                let (number, _) = *history.accepted.get_or_insert_with(|| {
                    self.submissions += 1;
                    (self.submissions, attempt.code)
                });
                Decision::Accepted { number }
            }
            Verdict::Already(number) => Decision::Already { number },
            Verdict::Refuse(refusal) => Decision::Refused(refusal),
        }
    }

    /// How many submissions count.
    pub fn submissions(&self) -> u64 {
        self.submissions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Now;
    use core::time::Duration;

    fn attempt(dni: &str, code: Code, unix: u64) -> Attempt {
        Attempt {
            name: (*b"Ana").into(),
            dni: Dni::parse(dni).unwrap(),
            code,
            peer: "127.0.0.1:1".parse().unwrap(),
            at: Now::at(Duration::from_secs(unix), Duration::ZERO),
        }
    }

    #[test]
    fn a_code_counts_once_and_for_two_steps() {
        let (dni, now) = ("123456", 1_700_000_000);
        let key = Key::from_dni(&Dni::parse(dni).unwrap());
        let code = |unix: u64| key.code(Step::at(unix));
        let wrong = Decision::Refused(Refusal::WrongCode);
        let accepted = |number| Decision::Accepted { number };
        let mut ledger = Ledger::default();
        let mut judge = |dni, code, at| ledger.judge(&attempt(dni, code, at));
        assert_eq!(judge(dni, code(now - 60), now), wrong);
        assert_eq!(judge(dni, code(now + 30), now), wrong);
        assert_eq!(judge(dni, code(now - 30), now), accepted(1));
        // The same attempt, even when its code has expired.
        assert_eq!(
            judge(dni, code(now - 30), now),
            Decision::Already { number: 1 }
        );
        assert_eq!(
            judge(dni, code(now - 30), now + 600),
            Decision::Already { number: 1 }
        );
        // Another code of the same student is right, and changes nothing: the first counts.
        assert_eq!(judge(dni, code(now), now), accepted(1));
        let used = Decision::Refused(Refusal::UsedCode);
        assert_eq!(judge(dni, code(now), now), used);
        // Zeros make another student.
        assert_eq!(judge("0123456", code(now), now), wrong);
        assert_eq!(ledger.submissions(), 1);
    }
}

//! What an attempt comes to: from what the database knows of it to what is written and answered. No input or output.

use std::borrow::Cow;

use socklab_core::otp::{Dni, Key, Step};
use socklab_core::policy::{
    History, LOCK_AFTER, RATE_EVERYWHERE, RATE_HERE, Reading, Secret, Tally, Verdict, decide,
};
use socklab_core::register::{Attempt, Decision, Entry, Refusal};

use crate::book::{Admit, Rules};
use crate::error::{Error, Trouble};
use crate::facts::{Change, Facts, Failures, Question, Recent, Row, from_micros, micros};
use crate::keys::{KeyFile, RegisterKey};

/// An attempt, with what is worked out before the database is asked.
pub(crate) struct Asked<'a> {
    pub(crate) attempt: &'a Attempt,
    pub(crate) clock: Reading,
    ip: String,
    student: [u8; 32],
}

/// By what attempts are judged.
pub(crate) struct Judge {
    pub(crate) rules: Rules,
    key: RegisterKey,
    secrets: Option<KeyFile>,
}

impl Judge {
    pub(crate) fn new(rules: Rules, key: RegisterKey, secrets: Option<KeyFile>) -> Self {
        Judge {
            rules,
            key,
            secrets,
        }
    }

    pub(crate) fn asked<'a>(&self, attempt: &'a Attempt, clock: Reading) -> Asked<'a> {
        Asked {
            attempt,
            clock,
            ip: attempt.peer.ip().to_canonical().to_string(),
            student: self.key.student(attempt.dni.as_str()),
        }
    }

    pub(crate) fn question<'a>(&'a self, asked: &'a Asked<'_>) -> Question<'a> {
        debug_assert!(RATE_HERE.within == RATE_EVERYWHERE.within);
        let window = self.rules.policy.window;
        debug_assert!(window.behind <= 1 && window.ahead <= 1);
        let unix = asked.attempt.at.unix;
        let step = Step::at(unix.as_secs()).0;
        Question {
            lab: &self.rules.lab,
            dni: asked.attempt.dni.as_str(),
            student: &asked.student,
            code: asked.attempt.code.as_str(),
            ip: &asked.ip,
            at: micros(unix),
            since: micros(unix) - micros(RATE_HERE.within),
            step: i64::try_from(step).unwrap_or(i64::MAX),
            student_matters: self.rules.admit == Admit::Listed
                || self.rules.policy.secret == Secret::Random,
        }
    }

    pub(crate) fn verdict(&self, asked: &Asked<'_>, facts: &Facts) -> Result<Verdict, Error> {
        let recent = |recent: &Recent| Tally {
            recent: recent.count,
            oldest: from_micros(recent.oldest.unwrap_or(0)),
            ..Tally::default()
        };
        let history = History {
            repeated: facts
                .submission
                .map(|(number, _)| number)
                .filter(|_| facts.repeated),
            key: self.key_of(&asked.attempt.dni, facts.listed, &facts.secret)?,
            used: (facts.used.iter())
                .map(|step| Step(step.unsigned_abs()))
                .collect(),
            here: Tally {
                failures: facts.failures_here.count,
                last_failure: from_micros(facts.failures_here.last),
                ..recent(&facts.recent_here)
            },
            everywhere: recent(&facts.recent_everywhere),
            trusted: facts.trusted,
            locked: is_locked(facts),
        };
        Ok(match decide(&self.rules.policy, &history, asked.attempt) {
            already @ Verdict::Already(_) => already,
            verdict => match asked.clock {
                Reading::Back(by) => Verdict::Refuse(Refusal::Clock(by.as_secs())),
                Reading::Steady | Reading::Ahead(_) => verdict,
            },
        })
    }

    fn key_of(&self, dni: &Dni, listed: bool, sealed: &[u8]) -> Result<Option<Key>, Error> {
        if self.rules.admit == Admit::Listed && !listed {
            return Ok(None);
        }
        match (self.rules.policy.secret, &self.secrets) {
            (Secret::Dni, _) => Ok(Some(Key::from_dni(dni))),
            (Secret::Random, Some(file)) if !sealed.is_empty() => {
                let secret = file.unseal(dni.as_str(), sealed)?;
                Ok(Some(Key::from_bytes(&secret)))
            }
            (Secret::Random, _) => Ok(None),
        }
    }

    /// What a verdict changes in the register.
    pub(crate) fn change<'a>(
        &'a self,
        asked: &'a Asked<'_>,
        facts: &Facts,
        verdict: Verdict,
    ) -> Change<'a> {
        let attempt = asked.attempt;
        let at = micros(attempt.at.unix);
        let nothing = Change {
            lab: &self.rules.lab,
            dni: attempt.dni.as_str(),
            student: &asked.student,
            ip: &asked.ip,
            row: None,
            step: None,
            submits: false,
            failures_here: None,
            failures_everywhere: None,
            turned_away: false,
        };
        let row = |verdict: Cow<'static, str>, code| {
            Some(Row {
                name: &attempt.name,
                port: attempt.peer.port(),
                at,
                verdict,
                code,
            })
        };
        let one_more = |failures: Failures| Failures {
            count: failures.count.saturating_add(1),
            last: at,
        };
        let (here, everywhere) = (facts.failures_here, facts.failures_everywhere);
        match verdict {
            Verdict::Already(_) => nothing,
            Verdict::Accept(step) => Change {
                row: row("accepted".into(), Some(attempt.code.as_str())),
                step: Some(i64::try_from(step.0).unwrap_or(i64::MAX)),
                submits: facts.submission.is_none(),
                failures_here: (here.count > 0).then_some(Failures { count: 0, ..here }),
                // A lock stays until a lecturer takes it away, whoever else succeeds.
                failures_everywhere: (everywhere.count > 0 && !is_locked(facts))
                    .then_some(Failures::default()),
                ..nothing
            },
            Verdict::Refuse(refusal) if verdict.is_judged() => Change {
                row: row(Decision::Refused(refusal).to_string().into(), None),
                failures_here: Some(one_more(here)),
                failures_everywhere: (!facts.trusted).then(|| one_more(everywhere)),
                ..nothing
            },
            Verdict::Refuse(_) => Change {
                turned_away: true,
                ..nothing
            },
        }
    }

    pub(crate) fn decision(
        &self,
        asked: &Asked<'_>,
        facts: &Facts,
        verdict: Verdict,
        number: Option<u64>,
    ) -> Result<Decision, Error> {
        let attempt = asked.attempt;
        let entry = |submission: Option<(u64, i64)>| {
            let missing = || Error::new(Trouble::Broken, "a submission was not recorded");
            let (number, at) = submission.ok_or_else(missing)?;
            let lab = &self.rules.lab;
            let receipt = self.key.receipt(lab, attempt.dni.as_str(), number, at);
            Ok(Entry {
                number,
                receipt: Some(receipt),
            })
        };
        Ok(match verdict {
            Verdict::Already(_) => Decision::Already(entry(facts.submission)?),
            Verdict::Accept(_) => {
                let fresh = number.map(|number| (number, micros(attempt.at.unix)));
                Decision::Accepted(entry(facts.submission.or(fresh))?)
            }
            // Where codes are a real secret, a refusal tells nothing but that it is one.
            Verdict::Refuse(_) if self.rules.policy.secret == Secret::Random => {
                Decision::Refused(Refusal::Undisclosed)
            }
            Verdict::Refuse(refusal) => Decision::Refused(refusal),
        })
    }
}

fn is_locked(facts: &Facts) -> bool {
    facts.failures_everywhere.count >= LOCK_AFTER
}

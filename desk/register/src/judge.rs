//! The verdict on an attempt: from what the database knows to what is written and answered. This
//! module does no I/O.

use std::borrow::Cow;
use std::net::IpAddr;

use socklab_core::otp::{Dni, Key, TimeStep};
use socklab_core::policy::{
    AttemptCounts, ClockState, EarlierSubmission, History, Policy, RATE_PER_ADDRESS, RATE_PER_DNI,
    SecretKind, Verdict, decide, prefix,
};
use socklab_core::register::{Attempt, Decision, Entry, Refusal};

use crate::detail::Detail;
use crate::error::{Error, ErrorKind};
use crate::facts::{Change, Facts, Failures, Prefix, Query, Recent, Row, from_micros, micros};
use crate::keys::{KeyFile, RegisterKey};
use crate::name::{folded, shown};
use crate::rules::Admit;

/// This many wrong codes in a row for a DNI, from all addresses, are reported to the lecturer.
pub(crate) const NOTABLE: u32 = 100;

/// An attempt, with values computed before the database is asked.
pub(crate) struct Prepared<'a> {
    pub(crate) attempt: &'a Attempt,
    pub(crate) clock: ClockState,
    /// The prefix as which its address counts.
    pub(crate) prefix: IpAddr,
    /// The hash that stands for its DNI.
    pub(crate) student: [u8; 32],
    from: Prefix,
    /// Its address, if that differs from its prefix.
    ip: Option<String>,
}

/// The rules and keys by which attempts are judged.
pub(crate) struct Judge {
    pub(crate) lab: String,
    pub(crate) policy: Policy,
    pub(crate) admit: Admit,
    pub(crate) key: RegisterKey,
    pub(crate) secrets: Option<KeyFile>,
}

impl Judge {
    pub(crate) fn prepare<'a>(&self, attempt: &'a Attempt, clock: ClockState) -> Prepared<'a> {
        let ip = attempt.peer.ip().to_canonical();
        let prefix = prefix(ip);
        Prepared {
            attempt,
            clock,
            prefix,
            student: self.key.student(attempt.dni.as_str()),
            from: Prefix::of(ip),
            ip: (ip != prefix).then(|| ip.to_string()),
        }
    }

    pub(crate) fn query<'a>(&'a self, prepared: &'a Prepared<'_>) -> Query<'a> {
        debug_assert!(RATE_PER_ADDRESS.within == RATE_PER_DNI.within);
        let window = self.policy.window;
        debug_assert!(window.behind <= 1 && window.ahead <= 1);
        let unix = prepared.attempt.at.unix;
        let step = TimeStep::at(unix.as_secs()).0;
        Query {
            lab: &self.lab,
            dni: prepared.attempt.dni.as_str(),
            student: &prepared.student,
            code: prepared.attempt.code.as_str(),
            from: &prepared.from,
            at: micros(unix),
            since: micros(unix) - micros(RATE_PER_ADDRESS.within),
            step: i64::try_from(step).unwrap_or(i64::MAX),
            student_matters: self.admit == Admit::Listed
                || self.policy.secret == SecretKind::Random,
        }
    }

    /// Judges an attempt. An error means that the register's entry of this one DNI is damaged.
    pub(crate) fn verdict(
        &self,
        prepared: &Prepared<'_>,
        facts: &Facts,
        first_right: Option<TimeStep>,
    ) -> Result<Verdict, Error> {
        let attempt = prepared.attempt;
        let recent = |recent: &Recent| AttemptCounts {
            recent: recent.count,
            oldest: from_micros(recent.oldest.unwrap_or(0)),
            ..AttemptCounts::default()
        };
        let history = History {
            submission: facts.submission.as_ref().map(|one| EarlierSubmission {
                number: one.number,
                same_code: facts.repeated,
                same_name: one.name == *attempt.name
                    || folded(&shown(&one.name)) == folded(&shown(&attempt.name)),
            }),
            key: self.key_of(&attempt.dni, facts.listed, &facts.secret)?,
            used: (facts.used.iter())
                .map(|step| TimeStep(step.unsigned_abs()))
                .collect(),
            first_right,
            here: AttemptCounts {
                failures: facts.failures_here.count,
                last_failure: from_micros(facts.failures_here.last),
                ..recent(&facts.recent_here)
            },
            everywhere: recent(&facts.recent_everywhere),
        };
        let verdict = decide(&self.policy, &history, attempt);
        // If the DNI is the secret, the accepted attempt itself is recognised at any time.
        let timeless = matches!(verdict, Verdict::Already { earlier, .. } if earlier.same_code)
            && self.policy.secret == SecretKind::Dni;
        Ok(match prepared.clock {
            ClockState::Behind(by) if !timeless => Verdict::Refuse(Refusal::Clock(by.as_secs())),
            _ => verdict,
        })
    }

    fn key_of(&self, dni: &Dni, listed: bool, sealed: &[u8]) -> Result<Option<Key>, Error> {
        if self.admit == Admit::Listed && !listed {
            return Ok(None);
        }
        match (self.policy.secret, &self.secrets) {
            (SecretKind::Dni, _) => Ok(Some(Key::from_dni(dni))),
            (SecretKind::Random, Some(file)) if !sealed.is_empty() => {
                let secret = file.unseal(dni.as_str(), sealed)?;
                Ok(Some(Key::from_bytes(&secret)))
            }
            (SecretKind::Random, _) => Ok(None),
        }
    }

    /// Whether the sender may have invented the DNI: it is on no roster, and has never submitted.
    pub(crate) fn is_new(&self, facts: &Facts) -> bool {
        self.admit == Admit::Everybody && self.policy.secret == SecretKind::Dni && !facts.accepted
    }

    /// What a verdict changes in the register. Without `record`, an attempt that is not a
    /// submission leaves no row, and its failure is not counted. A right code is always used up.
    pub(crate) fn change<'a>(
        &'a self,
        prepared: &'a Prepared<'_>,
        facts: &Facts,
        verdict: Option<Verdict>,
        record: bool,
    ) -> Change<'a> {
        let attempt = prepared.attempt;
        let at = micros(attempt.at.unix);
        let unchanged = Change {
            lab: &self.lab,
            dni: attempt.dni.as_str(),
            student: &prepared.student,
            prefix: &prepared.from.text,
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
                ip: prepared.ip.as_deref().unwrap_or(&prepared.from.text),
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
        let used = |step: TimeStep| i64::try_from(step.0).unwrap_or(i64::MAX);
        let (here, everywhere) = (facts.failures_here, facts.failures_everywhere);
        let rows_left = facts.recent_here.count < RATE_PER_ADDRESS.attempts
            && facts.recent_everywhere.count < RATE_PER_DNI.attempts;
        match verdict {
            Some(Verdict::Accept(step)) => Change {
                row: row("accepted".into(), Some(attempt.code.as_str())),
                step: Some(used(step)),
                submits: true,
                failures_here: (here.count > 0).then_some(Failures { count: 0, ..here }),
                // A success does not reset a count that a lecturer must still see.
                failures_everywhere: (1..NOTABLE)
                    .contains(&everywhere.count)
                    .then_some(Failures::default()),
                ..unchanged
            },
            Some(Verdict::Already { earlier, step }) => Change {
                row: match (earlier.same_name, step) {
                    _ if !record => None,
                    (true, Some(_)) => row("already".into(), None),
                    (false, _) if rows_left => row(Decision::OtherName.name().into(), None),
                    _ => None,
                },
                step: step.map(used),
                failures_here: (here.count > 0 && (step.is_some() || !earlier.same_name))
                    .then_some(Failures { count: 0, ..here }),
                ..unchanged
            },
            Some(Verdict::Refuse(
                refusal @ (Refusal::WrongCode(_) | Refusal::UsedCode | Refusal::Unknown),
            )) if record => Change {
                // Record every wrong code: with random secrets each was a guess.
                row: match rows_left {
                    true => row(Decision::Refused(refusal).to_string().into(), None),
                    false => None,
                },
                failures_here: Some(one_more(here)),
                failures_everywhere: Some(one_more(everywhere)),
                turned_away: !rows_left,
                ..unchanged
            },
            Some(Verdict::AskAgain(step)) => Change {
                step: Some(used(step)).filter(|step| !facts.used.contains(step)),
                turned_away: true,
                ..unchanged
            },
            Some(Verdict::Refuse(Refusal::Throttled(_))) => Change {
                turned_away: true,
                ..unchanged
            },
            Some(Verdict::Refuse(_)) | None => unchanged,
        }
    }

    pub(crate) fn decision(
        &self,
        prepared: &Prepared<'_>,
        facts: &Facts,
        verdict: Verdict,
        number: Option<u64>,
    ) -> Result<Decision, Error> {
        let attempt = prepared.attempt;
        let entry = |number, at| {
            let receipt = self
                .key
                .receipt(&self.lab, attempt.dni.as_str(), number, at);
            Entry {
                number,
                receipt: Some(receipt),
            }
        };
        let missing = || Error::new(ErrorKind::Entry, Detail::NotRecorded);
        Ok(match (verdict, &facts.submission) {
            (Verdict::Already { earlier, .. }, _) if !earlier.same_name => Decision::OtherName,
            (Verdict::Already { .. }, Some(one)) => Decision::Already(entry(one.number, one.at)),
            (Verdict::Already { .. }, None) => return Err(missing()),
            (Verdict::Accept(_), _) => {
                let number = number.ok_or_else(missing)?;
                Decision::Accepted(entry(number, micros(attempt.at.unix)))
            }
            (Verdict::AskAgain(_), _) => Decision::Refused(Refusal::Undisclosed),
            (Verdict::Refuse(refusal), _) => Decision::Refused(match self.policy.secret {
                SecretKind::Dni => refusal,
                SecretKind::Random => undisclosed(refusal),
            }),
        })
    }
}

/// If secrets are random, a refusal must reveal nothing about the DNI or the code.
const fn undisclosed(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Clock(_) | Refusal::Letter => refusal,
        _ => Refusal::Undisclosed,
    }
}

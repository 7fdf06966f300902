//! Deciding and recording attempts, on whatever database.

use std::collections::BTreeSet;
use std::time::Duration;

use socklab_core::otp::{Dni, Key, Step};
use socklab_core::policy::{
    ClockGuard, History, LOCK_AFTER, Policy, RATE_EVERYWHERE, RATE_HERE, Reading, Secret, Tally,
    Verdict, decide,
};
use socklab_core::register::{Attempt, Decision, Entry, Refusal};

use crate::error::{Error, Trouble};
use crate::keys::{KEY, KeyFile, RegisterKey, random};
use crate::sql::{Sql, Value};

/// Which students may submit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Admit {
    /// Whoever has a DNI, or, with random secrets, whoever was given one.
    #[default]
    Everybody,
    /// Those on the roster.
    Listed,
}

/// How a server judges and files what it is sent.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The exercise under which submissions are filed.
    pub lab: String,
    /// Which codes count.
    pub policy: Policy,
    /// Who may submit.
    pub admit: Admit,
    /// How many attempts share a commit at most.
    pub batch: usize,
}

impl Rules {
    /// So many attempts share a commit at most, unless it is said otherwise.
    pub const BATCH: usize = 256;
}

/// A register that takes attempts.
pub(crate) struct Book {
    pub(crate) sql: Box<dyn Sql>,
    pub(crate) rules: Rules,
    key: RegisterKey,
    secrets: Option<KeyFile>,
    clock: ClockGuard,
}

/// What came of a batch.
#[derive(Default)]
pub(crate) struct Judged {
    pub(crate) decisions: Vec<Decision>,
    /// What the clock was seen to do, where that is worth a word.
    pub(crate) clock: Option<Reading>,
}

/// What is known of an attempt's DNI.
struct Known {
    history: History,
    /// How often it failed from everywhere since it was last accepted.
    everywhere: u32,
    /// The submission that it has in this lab: its number, and when it was sent.
    submission: Option<(u64, i64)>,
}

impl Book {
    pub(crate) fn new(
        mut sql: Box<dyn Sql>,
        rules: Rules,
        secrets: Option<KeyFile>,
    ) -> Result<Self, Error> {
        let key = register_key(&mut *sql)?;
        let last = sql.row("SELECT max(at) FROM attempts", &[])?;
        let last = last.map_or(Ok(None), |row| row.maybe_int(0))?.unwrap_or(0);
        Ok(Book {
            sql,
            rules,
            key,
            secrets,
            clock: ClockGuard::after(from_micros(last)),
        })
    }

    /// Decides all attempts in one transaction. On an error nothing is known of any of them.
    pub(crate) fn judge(&mut self, attempts: &[&Attempt]) -> Result<Judged, Error> {
        let mut judged = Judged::default();
        let readings: Vec<Reading> = attempts
            .iter()
            .map(|attempt| self.clock.read(attempt.at))
            .collect();
        judged.clock = readings.iter().copied().find(|one| *one != Reading::Steady);
        let mut order: Vec<usize> = (0..attempts.len()).collect();
        if self.sql.is_shared() {
            // Locks are taken in one order by all servers, or two could wait for each other.
            order.sort_by_key(|&at| &attempts[at].dni);
        }
        judged.decisions = vec![Decision::Unavailable; attempts.len()];
        self.sql.begin()?;
        let done = order.into_iter().try_for_each(|at| {
            judged.decisions[at] = self.judge_one(attempts[at], readings[at])?;
            Ok(())
        });
        match done.and_then(|()| self.sql.commit()) {
            Ok(()) => Ok(judged),
            Err(error) => {
                self.sql.rollback();
                Err(error)
            }
        }
    }

    fn judge_one(&mut self, attempt: &Attempt, clock: Reading) -> Result<Decision, Error> {
        let mut known = self.known(attempt)?;
        let verdict = loop {
            let verdict = match decide(&self.rules.policy, &known.history, attempt) {
                already @ Verdict::Already(_) => already,
                _ if matches!(clock, Reading::Back(_)) => {
                    Verdict::Refuse(Refusal::Clock(match clock {
                        Reading::Back(by) => by.as_secs(),
                        _ => 0,
                    }))
                }
                verdict => verdict,
            };
            // Whoever inserts the step has the code; another server may have been quicker.
            match verdict {
                Verdict::Accept(step) if !self.take(attempt, step)? => {
                    known.history.used.insert(step);
                }
                verdict => break verdict,
            }
        };
        let decision = self.record(attempt, verdict, &known)?;
        Ok(match decision {
            // Where codes are a real secret, a refusal tells nothing but that it is one.
            Decision::Refused(_) if self.rules.policy.secret == Secret::Random => {
                Decision::Refused(Refusal::Undisclosed)
            }
            decision => decision,
        })
    }

    /// What is known of the DNI. Whoever reads it holds the DNI until the transaction ends: the row of its tally is
    /// written, if only with what it has.
    fn known(&mut self, attempt: &Attempt) -> Result<Known, Error> {
        let (dni, at) = (attempt.dni.as_str(), micros(attempt.at.unix));
        let ip = attempt.peer.ip().to_canonical().to_string();
        let everywhere = self.sql.row(
            "INSERT INTO tallies (dni, ip) VALUES ($1, '')
             ON CONFLICT (dni, ip) DO UPDATE SET failures = tallies.failures RETURNING failures",
            &[dni.into()],
        )?;
        let everywhere = everywhere.map_or(Ok(0), |row| row.count(0))?;
        debug_assert!(RATE_HERE.within == RATE_EVERYWHERE.within);
        let since = at - RATE_HERE.within.as_micros() as i64;
        let now = Step::at(attempt.at.unix.as_secs());
        let window = self.rules.policy.window;
        debug_assert!(window.behind <= 1 && window.ahead <= 1);
        let row = self.sql.row(
            "SELECT
                (SELECT count(*) FROM attempts WHERE lab = $1 AND dni = $2 AND code = $3),
                (SELECT count(*) FROM attempts WHERE dni = $2 AND ip = $4 AND at > $5 AND at <= $6),
                (SELECT min(at) FROM attempts WHERE dni = $2 AND ip = $4 AND at > $5 AND at <= $6),
                (SELECT count(*) FROM attempts WHERE dni = $2 AND at > $5 AND at <= $6),
                (SELECT min(at) FROM attempts WHERE dni = $2 AND at > $5 AND at <= $6),
                (SELECT failures FROM tallies WHERE dni = $2 AND ip = $4),
                (SELECT last_failure FROM tallies WHERE dni = $2 AND ip = $4),
                (SELECT count(*) FROM attempts WHERE dni = $2 AND ip = $4 AND code IS NOT NULL),
                (SELECT listed FROM students WHERE dni = $2),
                (SELECT secret FROM students WHERE dni = $2),
                (SELECT number FROM submissions WHERE lab = $1 AND dni = $2),
                (SELECT a.at FROM submissions s JOIN attempts a ON a.id = s.attempt
                    WHERE s.lab = $1 AND s.dni = $2),
                (SELECT step FROM used WHERE student = $7 AND step = CAST($8 AS BIGINT) - 1),
                (SELECT step FROM used WHERE student = $7 AND step = $8),
                (SELECT step FROM used WHERE student = $7 AND step = $8 + 1)",
            &[
                self.rules.lab.as_str().into(),
                dni.into(),
                attempt.code.as_str().into(),
                ip.into(),
                since.into(),
                at.into(),
                self.key.student(dni).into(),
                now.0.into(),
            ],
        )?;
        let nothing = || Error::new(Trouble::Broken, "a question without an answer");
        let row = row.ok_or_else(nothing)?;
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let time = |at: usize| row.maybe_int(at).map(|time| from_micros(time.unwrap_or(0)));
        let count = |at: usize| {
            let number = row.maybe_int(at)?;
            Ok::<u32, Error>(small(number.unwrap_or(0).unsigned_abs()))
        };
        let submission = match (row.maybe_int(10)?, row.maybe_int(11)?) {
            (Some(number), Some(at)) => Some((number.unsigned_abs(), at)),
            _ => None,
        };
        let mut used = BTreeSet::new();
        for at in 12..15 {
            used.extend(row.maybe_int(at)?.map(|step| Step(step.unsigned_abs())));
        }
        let repeated = count(0)? > 0;
        let history = History {
            repeated: submission.filter(|_| repeated).map(|(number, _)| number),
            key: self.key_of(&attempt.dni, row.maybe_int(8)? == Some(1), &row.bytes(9)?)?,
            used,
            here: Tally {
                recent: count(1)?,
                oldest: time(2)?,
                failures: count(5)?,
                last_failure: time(6)?,
            },
            everywhere: Tally {
                recent: count(3)?,
                oldest: time(4)?,
                ..Tally::default()
            },
            trusted: row.int(7)? > 0,
            locked: everywhere >= u64::from(LOCK_AFTER),
        };
        Ok(Known {
            history,
            everywhere: small(everywhere),
            submission,
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

    /// Uses a code up; `false` if it has been.
    fn take(&mut self, attempt: &Attempt, step: Step) -> Result<bool, Error> {
        let taken = self.sql.run(
            "INSERT INTO used (student, step) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            &[self.key.student(attempt.dni.as_str()).into(), step.0.into()],
        )?;
        Ok(taken == 1)
    }

    fn record(
        &mut self,
        attempt: &Attempt,
        verdict: Verdict,
        known: &Known,
    ) -> Result<Decision, Error> {
        let dni = attempt.dni.as_str();
        let ip = attempt.peer.ip().to_canonical().to_string();
        let (history, everywhere) = (&known.history, known.everywhere);
        let refusal = match verdict {
            Verdict::Refuse(refusal) => refusal,
            Verdict::Already(_) => {
                return Ok(Decision::Already(self.entry(dni, known.submission)?));
            }
            Verdict::Accept(_) => {
                let id = self.append(attempt, &ip, "accepted", true)?;
                let submission = match known.submission {
                    Some(first) => Some(first),
                    // The DNI is held, so nobody else makes it.
                    None => {
                        let lab = self.rules.lab.as_str();
                        let row = self.sql.row(
                            "INSERT INTO submissions (lab, dni, attempt) VALUES ($1, $2, $3)
                             ON CONFLICT (lab, dni) DO NOTHING RETURNING number",
                            &[lab.into(), dni.into(), id.into()],
                        )?;
                        let number = row.map(|row| row.count(0)).transpose()?;
                        number.map(|number| (number, micros(attempt.at.unix)))
                    }
                };
                if history.here.failures > 0 {
                    self.tally(dni, &ip, 0, history.here.last_failure)?;
                }
                // A lock stays until a lecturer takes it away, whoever else succeeds.
                if everywhere > 0 && !history.locked {
                    self.tally(dni, "", 0, Duration::ZERO)?;
                }
                return Ok(Decision::Accepted(self.entry(dni, submission)?));
            }
        };
        if verdict.is_judged() {
            self.append(attempt, &ip, &Decision::Refused(refusal).to_string(), false)?;
            self.tally(
                dni,
                &ip,
                history.here.failures.saturating_add(1),
                attempt.at.unix,
            )?;
            if !history.trusted {
                self.tally(dni, "", everywhere.saturating_add(1), attempt.at.unix)?;
            }
        } else {
            self.sql.run(
                "UPDATE tallies SET turned_away = turned_away + 1 WHERE dni = $1 AND ip = $2",
                &[dni.into(), ip.into()],
            )?;
        }
        Ok(Decision::Refused(refusal))
    }

    fn append(
        &mut self,
        attempt: &Attempt,
        ip: &str,
        verdict: &str,
        accepted: bool,
    ) -> Result<i64, Error> {
        let code = if accepted {
            attempt.code.as_str().into()
        } else {
            Value::Null
        };
        let row = self.sql.row(
            "INSERT INTO attempts (lab, dni, name, ip, port, at, verdict, code)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
            &[
                self.rules.lab.as_str().into(),
                attempt.dni.as_str().into(),
                attempt.name[..].into(),
                ip.into(),
                attempt.peer.port().into(),
                micros(attempt.at.unix).into(),
                verdict.into(),
                code,
            ],
        )?;
        row.map_or(Ok(0), |row| row.int(0))
    }

    fn tally(&mut self, dni: &str, ip: &str, failures: u32, last: Duration) -> Result<(), Error> {
        self.sql.run(
            "INSERT INTO tallies (dni, ip, failures, last_failure) VALUES ($1, $2, $3, $4)
             ON CONFLICT (dni, ip) DO UPDATE SET failures = $3, last_failure = $4",
            &[dni.into(), ip.into(), failures.into(), micros(last).into()],
        )?;
        Ok(())
    }

    /// The place of a submission, with its receipt.
    fn entry(&self, dni: &str, submission: Option<(u64, i64)>) -> Result<Entry, Error> {
        let missing = || Error::new(Trouble::Broken, "a submission was not recorded");
        let (number, at) = submission.ok_or_else(missing)?;
        let receipt = self.key.receipt(&self.rules.lab, dni, number, at);
        Ok(Entry {
            number,
            receipt: Some(receipt),
        })
    }
}

/// The register's key; made with the register.
pub(crate) fn register_key(sql: &mut dyn Sql) -> Result<RegisterKey, Error> {
    let find = |sql: &mut dyn Sql| -> Result<Option<RegisterKey>, Error> {
        let row = sql.row("SELECT value FROM meta WHERE key = 'register-key'", &[])?;
        row.map(|row| Ok(RegisterKey::new(&row.bytes(0)?)))
            .transpose()
    };
    if let Some(key) = find(sql)? {
        return Ok(key);
    }
    let fresh = random::<KEY>()?;
    sql.run(
        "INSERT INTO meta (key, value) VALUES ('register-key', $1) ON CONFLICT DO NOTHING",
        &[fresh[..].into()],
    )?;
    // Another program may have been quicker.
    find(sql)?.ok_or_else(|| Error::new(Trouble::Broken, "it has no key"))
}

pub(crate) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

pub(crate) fn from_micros(micros: i64) -> Duration {
    Duration::from_micros(micros.max(0).unsigned_abs())
}

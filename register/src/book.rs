//! Deciding and recording attempts, on whatever database.

use std::collections::BTreeSet;
use std::time::Duration;

use socklab_core::otp::{Dni, Key, Step, Window};
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
}

/// A register that takes attempts.
pub(crate) struct Book {
    pub(crate) sql: Box<dyn Sql>,
    rules: Rules,
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
        let (mut history, everywhere) = self.history(attempt)?;
        let verdict = loop {
            let verdict = match decide(&self.rules.policy, &history, attempt) {
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
                    history.used.insert(step);
                }
                verdict => break verdict,
            }
        };
        let decision = self.record(attempt, verdict, &history, everywhere)?;
        Ok(match decision {
            // Where codes are a real secret, a refusal tells nothing but that it is one.
            Decision::Refused(_) if self.rules.policy.secret == Secret::Random => {
                Decision::Refused(Refusal::Undisclosed)
            }
            decision => decision,
        })
    }

    /// What is known of the DNI, and how often it failed from everywhere. Whoever reads it holds the DNI
    /// until the transaction ends: the row of its tally is written, if only with what it has.
    fn history(&mut self, attempt: &Attempt) -> Result<(History, u32), Error> {
        let (dni, at) = (attempt.dni.as_str(), micros(attempt.at.unix));
        let ip = attempt.peer.ip().to_canonical().to_string();
        let everywhere = self.sql.rows(
            "INSERT INTO tallies (dni, ip) VALUES ($1, '')
             ON CONFLICT (dni, ip) DO UPDATE SET failures = tallies.failures RETURNING failures",
            &[dni.into()],
        )?;
        let failures_everywhere = everywhere.first().map_or(Ok(0), |row| row.count(0))?;
        let since = at - RATE_HERE.within.as_micros() as i64;
        let now = Step::at(attempt.at.unix.as_secs());
        let row = self.sql.row(
            "SELECT
                (SELECT min(s.number) FROM attempts a JOIN submissions s ON s.lab = a.lab AND s.dni = a.dni
                    WHERE a.lab = $1 AND a.dni = $2 AND a.code = $3),
                (SELECT count(*) FROM attempts WHERE dni = $2 AND ip = $4 AND at > $5 AND at <= $6),
                (SELECT min(at) FROM attempts WHERE dni = $2 AND ip = $4 AND at > $5 AND at <= $6),
                (SELECT count(*) FROM attempts WHERE dni = $2 AND at > $5 AND at <= $6),
                (SELECT min(at) FROM attempts WHERE dni = $2 AND at > $5 AND at <= $6),
                (SELECT failures FROM tallies WHERE dni = $2 AND ip = $4),
                (SELECT last_failure FROM tallies WHERE dni = $2 AND ip = $4),
                (SELECT count(*) FROM attempts WHERE dni = $2 AND ip = $4 AND code IS NOT NULL),
                (SELECT listed FROM students WHERE dni = $2),
                (SELECT secret FROM students WHERE dni = $2)",
            &[
                self.rules.lab.as_str().into(),
                dni.into(),
                attempt.code.as_str().into(),
                ip.into(),
                since.into(),
                at.into(),
            ],
        )?;
        let Some(row) = row else {
            return Ok((History::default(), 0));
        };
        let Window { behind, ahead } = self.rules.policy.window;
        let used = self.sql.rows(
            "SELECT step FROM used WHERE student = $1 AND step >= $2 AND step <= $3",
            &[
                self.key.student(dni).into(),
                now.0.saturating_sub(u64::from(behind)).into(),
                now.0.saturating_add(u64::from(ahead)).into(),
            ],
        )?;
        let used: Result<BTreeSet<Step>, Error> =
            used.iter().map(|row| Ok(Step(row.count(0)?))).collect();
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let time = |at: usize| row.maybe_int(at).map(|time| from_micros(time.unwrap_or(0)));
        let count = |at: usize| {
            row.maybe_int(at)
                .map(|count| small(count.unwrap_or(0).unsigned_abs()))
        };
        let history = History {
            repeated: row.maybe_int(0)?.map(i64::unsigned_abs),
            key: self.key_of(&attempt.dni, row.maybe_int(8)? == Some(1), &row.bytes(9)?)?,
            used: used?,
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
            locked: failures_everywhere >= u64::from(LOCK_AFTER),
        };
        debug_assert!(RATE_HERE.within == RATE_EVERYWHERE.within);
        Ok((history, small(failures_everywhere)))
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
        history: &History,
        everywhere: u32,
    ) -> Result<Decision, Error> {
        let dni = attempt.dni.as_str();
        let ip = attempt.peer.ip().to_canonical().to_string();
        let lab = self.rules.lab.clone();
        if let Verdict::Already(number) = verdict {
            return Ok(Decision::Already(self.entry(number)?));
        }
        let Verdict::Refuse(refusal) = verdict else {
            let id = self.append(attempt, &ip, "accepted", true)?;
            let known = self.sql.row(
                "SELECT number FROM submissions WHERE lab = $1 AND dni = $2",
                &[lab.as_str().into(), dni.into()],
            )?;
            let row = match known {
                Some(row) => Some(row),
                // The DNI is held, so nobody else makes it.
                None => self.sql.row(
                    "INSERT INTO submissions (lab, dni, attempt) VALUES ($1, $2, $3)
                     ON CONFLICT (lab, dni) DO NOTHING RETURNING number",
                    &[lab.as_str().into(), dni.into(), id.into()],
                )?,
            };
            let missing = || Error::new(Trouble::Broken, "a submission was not recorded");
            let number = row.ok_or_else(missing)?.count(0)?;
            if history.here.failures > 0 {
                self.tally(dni, &ip, 0, history.here.last_failure)?;
            }
            // A lock stays until a lecturer takes it away, whoever else succeeds.
            if everywhere > 0 && !history.locked {
                self.tally(dni, "", 0, Duration::ZERO)?;
            }
            return Ok(Decision::Accepted(self.entry(number)?));
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
    fn entry(&mut self, number: u64) -> Result<Entry, Error> {
        let row = self.sql.row(
            "SELECT s.lab, s.dni, a.at FROM submissions s JOIN attempts a ON a.id = s.attempt WHERE s.number = $1",
            &[number.into()],
        )?;
        let receipt = match row {
            Some(row) => Some(
                self.key
                    .receipt(&row.text(0)?, &row.text(1)?, number, row.int(2)?),
            ),
            None => None,
        };
        Ok(Entry { number, receipt })
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

//! Deciding and recording attempts, on either database.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use socklab_core::Mono;
use socklab_core::otp::TimeStep;
use socklab_core::policy::{ClockGuard, ClockState, Policy, SecretKind, Verdict};
use socklab_core::register::{Attempt, Decision, Refusal};

use crate::budgets::Budgets;
use crate::clock::latest_accepted;
use crate::detail::Detail;
use crate::error::{Error, ErrorKind};
use crate::facts::{Change, Facts, Query};
use crate::judge::{Judge, Prepared};
use crate::keys::{KEY, KeyFile, RegisterKey, random};
use crate::observer::RegisterEvent;
use crate::rules::Rules;
use crate::sql::{Sql, recall, within};

/// How often the register is asked again about a clock that is behind an accepted code, and how
/// often counts of unrecorded attempts are written there.
const OFTEN: Duration = Duration::from_secs(1);

/// Decides and records attempts in an open register.
pub(crate) struct Decider {
    pub(crate) sql: Box<dyn Sql>,
    pub(crate) batch: usize,
    judge: Judge,
    clock: ClockGuard,
    /// When the clock was last compared with the register; `None` unless it is behind an accepted
    /// code.
    clock_is_behind: Option<Mono>,
    budgets: Budgets,
    /// By student: the steps of right codes from addresses that may be guessing.
    first_right: BTreeMap<[u8; 32], TimeStep>,
    /// Students whose damaged entry has been reported.
    damaged: BTreeSet<[u8; 32]>,
}

/// The result of a batch.
#[derive(Default)]
pub(crate) struct BatchResult {
    /// One decision for each attempt; `Unavailable` for an attempt that could not be decided.
    pub(crate) decisions: Vec<Decision>,
    /// Events for the observer.
    pub(crate) events: Vec<RegisterEvent>,
    /// The error that kept the other attempts from being decided.
    pub(crate) failed: Option<Error>,
}

/// The result of one attempt in a transaction.
struct AttemptResult {
    at: usize,
    /// The verdict, or why there is none.
    verdict: Result<Verdict, Error>,
    decision: Decision,
    /// Whether the attempt may have left more than a count in memory.
    recorded: bool,
}

impl Decider {
    pub(crate) fn new(
        mut sql: Box<dyn Sql>,
        rules: Rules,
        secret: SecretKind,
        secrets: Option<KeyFile>,
    ) -> Result<Self, Error> {
        let key = register_key(&mut *sql)?;
        let accepted = latest_accepted(&mut *sql)?;
        Ok(Decider {
            sql,
            batch: rules.batch.max(1),
            judge: Judge {
                lab: rules.lab,
                policy: Policy {
                    window: rules.window,
                    secret,
                    nie: rules.nie,
                },
                admit: rules.admit,
                key,
                secrets,
            },
            clock: ClockGuard::after(accepted),
            clock_is_behind: None,
            budgets: Budgets::new(rules.new_dnis),
            first_right: BTreeMap::new(),
            damaged: BTreeSet::new(),
        })
    }

    /// Decides the attempts: those of address prefixes that have used up their budget at once, all
    /// others in one transaction.
    pub(crate) fn judge(&mut self, attempts: &[&Attempt]) -> BatchResult {
        let mut batch = BatchResult {
            decisions: vec![Decision::Unavailable; attempts.len()],
            ..BatchResult::default()
        };
        let attempts: Vec<Prepared<'_>> = (attempts.iter())
            .map(|attempt| {
                let reading = self.read_clock(attempt, &mut batch.events);
                self.judge.prepare(attempt, reading)
            })
            .collect();
        let mut looked_up = Vec::with_capacity(attempts.len());
        for (at, one) in attempts.iter().enumerate() {
            match self.budgets.look_up(one.prefix, one.attempt.at.mono) {
                Ok(()) => looked_up.push(at),
                Err(wait) => {
                    self.budgets.unrecorded(one.prefix);
                    batch.decisions[at] = Decision::Refused(Refusal::Throttled(wait));
                }
            }
        }
        batch.failed = self.decide(&attempts, &looked_up, &mut batch).err();
        batch
    }

    /// Decides some of the attempts together. If one of them causes an error, tries again in
    /// halves, so that only that one remains undecided.
    fn decide(
        &mut self,
        attempts: &[Prepared<'_>],
        some: &[usize],
        batch: &mut BatchResult,
    ) -> Result<(), Error> {
        let done = match some {
            [] => return Ok(()),
            _ => self.transaction(attempts, some),
        };
        match (done, some) {
            (Ok(outcomes), _) => {
                for outcome in outcomes {
                    self.note(&attempts[outcome.at], &outcome, batch);
                }
                Ok(())
            }
            (Err(error), [at]) if error.kind == ErrorKind::Entry => {
                self.report_damage(&attempts[*at], &error, batch);
                Ok(())
            }
            (Err(error), _) if error.kind == ErrorKind::Entry => {
                let (first, second) = some.split_at(some.len() / 2);
                self.decide(attempts, first, batch)?;
                self.decide(attempts, second, batch)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Decides some of the attempts in one transaction: all of them, or an error and none.
    fn transaction(
        &mut self,
        attempts: &[Prepared<'_>],
        some: &[usize],
    ) -> Result<Vec<AttemptResult>, Error> {
        let mut outcomes = Vec::with_capacity(some.len());
        self.sql.begin()?;
        let done = if self.sql.is_shared() {
            rounds(attempts, some)
                .iter()
                .try_for_each(|round| self.judge_some(attempts, round, &mut outcomes))
        } else {
            // Decide them in the order in which they came.
            (some.iter()).try_for_each(|&at| self.judge_some(attempts, &[at], &mut outcomes))
        };
        match done.and_then(|()| self.sql.commit()) {
            Ok(()) => Ok(outcomes),
            Err(error) => {
                self.sql.rollback();
                Err(error)
            }
        }
    }

    /// Decides some of the attempts. No two of them have the same DNI.
    fn judge_some(
        &mut self,
        attempts: &[Prepared<'_>],
        some: &[usize],
        outcomes: &mut Vec<AttemptResult>,
    ) -> Result<(), Error> {
        let queries: Vec<Query<'_>> = (some.iter())
            .map(|&at| self.judge.query(&attempts[at]))
            .collect();
        let facts = self.sql.facts(&queries)?;
        let mut verdicts = Vec::with_capacity(facts.len());
        for (&at, facts) in some.iter().zip(&facts) {
            let one = &attempts[at];
            let first_right = self.first_right.get(&one.student).copied();
            let verdict = self.judge.verdict(one, facts, first_right);
            verdicts.push(match verdict {
                Ok(verdict) => {
                    let (verdict, record) = self.afford(one, facts, verdict);
                    (Ok(verdict), record)
                }
                Err(error) => (Err(error), false),
            });
        }
        let changes: Vec<Change<'_>> = (some.iter().zip(&facts).zip(&verdicts))
            .map(|((&at, facts), (verdict, record))| {
                let verdict = verdict.as_ref().ok().copied();
                self.judge.change(&attempts[at], facts, verdict, *record)
            })
            .collect();
        let numbers = self.sql.write(&changes)?;
        let known = some.iter().zip(&facts).zip(verdicts).zip(numbers);
        for (((&at, facts), (verdict, recorded)), number) in known {
            let decision = match &verdict {
                Ok(verdict) => self
                    .judge
                    .decision(&attempts[at], facts, *verdict, number)?,
                Err(_) => Decision::Unavailable,
            };
            outcomes.push(AttemptResult {
                at,
                verdict,
                decision,
                recorded,
            });
        }
        Ok(())
    }

    /// Limits a verdict to what the budget of its address prefix allows. Also returns whether it
    /// may leave a row that is not a submission.
    fn afford(&mut self, one: &Prepared<'_>, facts: &Facts, verdict: Verdict) -> (Verdict, bool) {
        let (prefix, now) = (one.prefix, one.attempt.at.mono);
        let is_new = self.judge.is_new(facts);
        match verdict {
            Verdict::Accept(_) if is_new && !is_this_machine(one) => {
                match self.budgets.submit_new(prefix, now) {
                    Ok(()) => (verdict, true),
                    Err(wait) => (Verdict::Refuse(Refusal::Throttled(wait)), false),
                }
            }
            Verdict::Already { earlier, step } => {
                let says_something = step.is_some() || !earlier.same_name;
                (verdict, says_something && self.budgets.record(prefix, now))
            }
            Verdict::Refuse(Refusal::WrongCode(_) | Refusal::UsedCode) if is_new => {
                (verdict, self.budgets.record(prefix, now))
            }
            Verdict::Refuse(Refusal::Unknown | Refusal::Letter) => (verdict, false),
            _ => (verdict, true),
        }
    }

    /// Notes what a committed outcome means for later attempts.
    fn note(&mut self, one: &Prepared<'_>, outcome: &AttemptResult, batch: &mut BatchResult) {
        batch.decisions[outcome.at] = outcome.decision;
        match &outcome.verdict {
            Ok(Verdict::Accept(_)) => {
                self.clock.accepted(one.attempt.at);
                self.first_right.remove(&one.student);
            }
            Ok(Verdict::AskAgain(step)) => {
                self.first_right.insert(one.student, *step);
            }
            Ok(Verdict::Refuse(refusal))
                if !outcome.recorded && !matches!(refusal, Refusal::Clock(_)) =>
            {
                self.budgets.unrecorded(one.prefix);
            }
            Ok(_) => {}
            Err(error) => self.report_damage(one, error, batch),
        }
        if matches!(
            outcome.decision,
            Decision::Accepted(_)
                | Decision::Already(_)
                | Decision::Unavailable
                | Decision::Refused(Refusal::Clock(_))
        ) {
            self.budgets.forgive(one.prefix);
        }
    }

    /// Reports a student's damaged entry, once for each student.
    fn report_damage(&mut self, one: &Prepared<'_>, error: &Error, batch: &mut BatchResult) {
        if self.damaged.insert(one.student) {
            batch.events.push(RegisterEvent::Damaged {
                dnis: vec![one.attempt.dni.as_str().to_owned()],
                detail: error.detail.clone(),
            });
        }
    }

    /// Compares the clocks at an attempt. If the clock is behind an accepted code, asks the
    /// register again, because a lecturer may have said that the clock is right.
    fn read_clock(&mut self, attempt: &Attempt, events: &mut Vec<RegisterEvent>) -> ClockState {
        let mut reading = self.clock.read(attempt.at);
        let mono = attempt.at.mono;
        let ClockState::Behind(_) = reading else {
            self.clock_is_behind = None;
            if let ClockState::Ahead(_) = reading {
                events.push(RegisterEvent::Clock(reading));
            }
            return reading;
        };
        let before = self.clock_is_behind;
        if before.is_none_or(|before| mono.since(before) >= OFTEN) {
            self.clock_is_behind = Some(mono);
            if let Ok(accepted) = latest_accepted(&mut *self.sql) {
                self.clock = ClockGuard::after(accepted);
                reading = self.clock.read(attempt.at);
            }
        }
        if before.is_none() && matches!(reading, ClockState::Behind(_)) {
            events.push(RegisterEvent::Clock(reading));
        }
        reading
    }

    /// Whether there are attempts that have only been counted in memory.
    pub(crate) fn has_counts(&self) -> bool {
        self.budgets.has_counts()
    }

    /// Adds the counts in memory to the register, by address prefix. On an error they stay in
    /// memory.
    pub(crate) fn write_counts(&mut self) -> Result<(), Error> {
        let budgets = &self.budgets;
        within(&mut *self.sql, |sql| {
            for (prefix, count) in budgets.counts() {
                sql.run(
                    "INSERT INTO tallies (dni, ip, turned_away) VALUES ('', $1, $2)
                     ON CONFLICT (dni, ip) DO UPDATE SET turned_away = tallies.turned_away + $2",
                    &[prefix.into(), count.into()],
                )?;
            }
            Ok(())
        })?;
        self.budgets.counted();
        Ok(())
    }
}

/// Whether an attempt comes from `localhost`: from a program on this machine, which could fill its
/// disk in other ways, or through a proxy, which may stand for a whole class.
fn is_this_machine(one: &Prepared<'_>) -> bool {
    let ip = one.attempt.peer.ip().to_canonical();
    ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST
}

/// Splits attempts into rounds, in each of which a DNI occurs once at most, in the order they came.
/// Later rounds lock no DNI that the first has not locked.
fn rounds(attempts: &[Prepared<'_>], some: &[usize]) -> Vec<Vec<usize>> {
    let dni = |at: usize| &attempts[at].attempt.dni;
    let mut order = some.to_vec();
    order.sort_by_key(|&at| dni(at));
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    for same in order.chunk_by(|&a, &b| dni(a) == dni(b)) {
        rounds.resize_with(rounds.len().max(same.len()), Vec::new);
        for (round, &at) in rounds.iter_mut().zip(same) {
            round.push(at);
        }
    }
    rounds
}

/// The register's key, which is created with the register.
pub(crate) fn register_key(sql: &mut dyn Sql) -> Result<RegisterKey, Error> {
    let find = |sql: &mut dyn Sql| -> Result<Option<RegisterKey>, Error> {
        Ok(recall(sql, "register-key")?.map(|bytes| RegisterKey::new(&bytes)))
    };
    if let Some(key) = find(sql)? {
        return Ok(key);
    }
    let fresh = random::<KEY>()?;
    sql.run(
        "INSERT INTO meta (key, value) VALUES ('register-key', $1) ON CONFLICT DO NOTHING",
        &[fresh[..].into()],
    )?;
    // Another program may have created it meanwhile.
    find(sql)?.ok_or_else(|| Error::new(ErrorKind::Broken, Detail::Own("register-key".to_owned())))
}

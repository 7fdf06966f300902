//! Deciding and recording attempts, on whatever database.

use socklab_core::policy::{ClockGuard, Policy, Reading};
use socklab_core::register::{Attempt, Decision};

use crate::error::{Error, Trouble};
use crate::facts::{Change, Question, from_micros};
use crate::judge::{Asked, Judge};
use crate::keys::{KEY, KeyFile, RegisterKey, random};
use crate::sql::Sql;

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
    pub(crate) judge: Judge,
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
            judge: Judge::new(rules, key, secrets),
            clock: ClockGuard::after(from_micros(last)),
        })
    }

    /// Decides all attempts in one transaction. On an error nothing is known of any of them.
    pub(crate) fn judge(&mut self, attempts: &[&Attempt]) -> Result<Judged, Error> {
        let asked: Vec<Asked<'_>> = attempts
            .iter()
            .map(|attempt| self.judge.asked(attempt, self.clock.read(attempt.at)))
            .collect();
        let unsteady = asked.iter().find(|one| one.clock != Reading::Steady);
        let mut judged = Judged {
            decisions: vec![Decision::Unavailable; attempts.len()],
            clock: unsteady.map(|one| one.clock),
        };
        self.sql.begin()?;
        let done = if self.sql.is_shared() {
            rounds(attempts)
                .iter()
                .try_for_each(|round| self.judge_some(&asked, round, &mut judged.decisions))
        } else {
            // In the order in which they came.
            (0..asked.len())
                .try_for_each(|at| self.judge_some(&asked, &[at], &mut judged.decisions))
        };
        match done.and_then(|()| self.sql.commit()) {
            Ok(()) => Ok(judged),
            Err(error) => {
                self.sql.rollback();
                Err(error)
            }
        }
    }

    /// Decides some of the attempts, of which no two have the same DNI.
    fn judge_some(
        &mut self,
        asked: &[Asked<'_>],
        some: &[usize],
        decisions: &mut [Decision],
    ) -> Result<(), Error> {
        let some = || some.iter().map(|&at| (at, &asked[at]));
        let questions: Vec<Question<'_>> =
            some().map(|(_, one)| self.judge.question(one)).collect();
        let facts = self.sql.look(&questions)?;
        let mut verdicts = Vec::with_capacity(facts.len());
        for ((_, one), facts) in some().zip(&facts) {
            verdicts.push(self.judge.verdict(one, facts)?);
        }
        let known = || some().zip(&facts).zip(&verdicts);
        let changes: Vec<Change<'_>> = known()
            .map(|(((_, one), facts), verdict)| self.judge.change(one, facts, *verdict))
            .collect();
        let numbers = self.sql.write(&changes)?;
        for ((((at, one), facts), verdict), number) in known().zip(numbers) {
            decisions[at] = self.judge.decision(one, facts, *verdict, number)?;
        }
        Ok(())
    }
}

/// The attempts in rounds, in each of which every DNI is there once, those of a DNI in the order in which they came.
/// Within a round they are in the order of their DNIs, in which all servers take their locks, or two could wait for each
/// other. What the first round has locked the others find locked.
fn rounds(attempts: &[&Attempt]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..attempts.len()).collect();
    order.sort_by_key(|&at| &attempts[at].dni);
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    for same in order.chunk_by(|&a, &b| attempts[a].dni == attempts[b].dni) {
        rounds.resize_with(rounds.len().max(same.len()), Vec::new);
        for (round, &at) in rounds.iter_mut().zip(same) {
            round.push(at);
        }
    }
    rounds
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

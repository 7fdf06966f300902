//! The queries and changes that a lecturer makes to a register.

mod deadline;
mod export;
mod findings;
mod roster;
mod secrets;
mod standing;

use std::path::Path;
use std::time::Duration;

use socklab_core::register::Receipt;

use crate::decider::register_key;
use crate::detail::Detail;
use crate::error::{Error, Notice};
use crate::facts::from_micros;
use crate::keys::{RegisterKey, tidy_receipt};
use crate::sql::{Row, Sql, within};

pub use deadline::{Deadlines, how_long};
pub use export::{Gradebook, Unmatched};
pub use findings::Finding;
pub use roster::{
    BadColumn, Column, DniFault, Field, Roster, RosterEntry, RosterError, RosterFault,
};
pub use secrets::NewSecrets;
pub(crate) use secrets::{key_is_there, open_key};

/// An open register, as a lecturer queries and changes it.
pub struct Archive {
    sql: Box<dyn Sql>,
    key: RegisterKey,
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Archive")
    }
}

/// The attempt that counts, of one DNI in one lab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The number of the submission.
    pub number: u64,
    /// The exercise.
    pub lab: String,
    /// The DNI, as sent.
    pub dni: String,
    /// The name, byte for byte.
    pub name: Vec<u8>,
    /// The address that it came from.
    pub ip: String,
    /// When it was complete, as Unix time.
    pub at: Duration,
    /// The receipt, which proves the submission.
    pub receipt: Receipt,
}

/// An attempt, and how it was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRecord {
    /// The exercise.
    pub lab: String,
    /// The name, byte for byte.
    pub name: Vec<u8>,
    /// The address that it came from.
    pub ip: String,
    /// When it was complete, as Unix time.
    pub at: Duration,
    /// The decision, as [`Decision`](socklab_core::register::Decision) writes it, but without a
    /// submission's number.
    pub verdict: String,
}

/// A student of the class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Student {
    /// The DNI.
    pub dni: String,
    /// The name in the roster.
    pub name: String,
    /// The group.
    pub team: String,
    /// The address in the roster.
    pub email: String,
    /// Whether the roster has this student.
    pub listed: bool,
    /// Whether a random secret was given out.
    pub enrolled: bool,
    /// The number of the student's submission in the lab that was asked for.
    pub submission: Option<u64>,
}

const SUBMISSIONS: &str = "SELECT s.number, s.lab, s.dni, a.name, a.ip, a.at
    FROM submissions s JOIN attempts a ON a.id = s.attempt WHERE s.lab = $1 ORDER BY s.number";

impl Archive {
    pub(crate) fn new(mut sql: Box<dyn Sql>) -> Result<Self, Error> {
        let key = register_key(&mut *sql)?;
        Ok(Archive { sql, key })
    }

    /// The labs that have submissions.
    ///
    /// # Errors
    /// When the register cannot be read; so for all methods that follow.
    pub fn labs(&mut self) -> Result<Vec<String>, Error> {
        let rows = self
            .sql
            .rows("SELECT DISTINCT lab FROM attempts ORDER BY lab", &[])?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// The submissions of a lab, by number.
    pub fn submissions(&mut self, lab: &str) -> Result<Vec<Submission>, Error> {
        let rows = self.sql.rows(SUBMISSIONS, &[lab.into()])?;
        rows.iter().map(|row| self.submission(row)).collect()
    }

    fn submission(&self, row: &Row) -> Result<Submission, Error> {
        let (number, lab, dni, at) = (row.count(0)?, row.text(1)?, row.text(2)?, row.int(5)?);
        Ok(Submission {
            receipt: self.key.receipt(&lab, &dni, number, at),
            number,
            lab,
            dni,
            name: row.bytes(3)?,
            ip: row.text(4)?,
            at: from_micros(at),
        })
    }

    /// How many attempts of a lab failed.
    pub fn failures(&mut self, lab: &str) -> Result<u64, Error> {
        let sql = "SELECT count(*) FROM attempts
            WHERE lab = $1 AND verdict NOT IN ('accepted', 'already', 'other-name')";
        let row = self.sql.row(sql, &[lab.into()])?;
        row.map_or(Ok(0), |row| row.count(0))
    }

    /// Every attempt of a DNI that was recorded, the oldest first.
    pub fn why(&mut self, dni: &str) -> Result<Vec<AttemptRecord>, Error> {
        let rows = self.sql.rows(
            "SELECT lab, name, ip, at, verdict FROM attempts WHERE dni = $1 ORDER BY id",
            &[dni.into()],
        )?;
        rows.iter()
            .map(|row| {
                Ok(AttemptRecord {
                    lab: row.text(0)?,
                    name: row.bytes(1)?,
                    ip: row.text(2)?,
                    at: from_micros(row.int(3)?),
                    verdict: row.text(4)?,
                })
            })
            .collect()
    }

    /// Deletes all data of a DNI from the register and overwrites it on the disk, but keeps which
    /// of its codes have been used. Returns how many attempts were deleted.
    pub fn forget(&mut self, dni: &str) -> Result<u64, Error> {
        let attempts = within(&mut *self.sql, |sql| {
            sql.run("DELETE FROM submissions WHERE dni = $1", &[dni.into()])?;
            sql.run("DELETE FROM tallies WHERE dni = $1", &[dni.into()])?;
            sql.run("DELETE FROM students WHERE dni = $1", &[dni.into()])?;
            sql.run("DELETE FROM attempts WHERE dni = $1", &[dni.into()])
        })?;
        self.sql.erase()?;
        Ok(attempts)
    }

    /// What the register noticed when it was opened.
    pub fn notices(&mut self) -> Vec<Notice> {
        self.sql.notices()
    }

    /// The submission that a receipt proves, if this register issued the receipt.
    pub fn receipt(&mut self, typed: &str) -> Result<Option<Submission>, Error> {
        let Some(receipt) = tidy_receipt(typed) else {
            return Ok(None);
        };
        let rows = self.sql.rows(
            "SELECT s.number, s.lab, s.dni, a.name, a.ip, a.at
             FROM submissions s JOIN attempts a ON a.id = s.attempt ORDER BY s.number",
            &[],
        )?;
        for row in &rows {
            let submission = self.submission(row)?;
            if submission.receipt == receipt {
                return Ok(Some(submission));
            }
        }
        Ok(None)
    }

    /// Checks the whole register. Returns its faults.
    pub fn verify(&mut self) -> Result<Vec<Detail>, Error> {
        self.sql.check()
    }

    /// Copies the register into a new file. Servers may go on using it meanwhile.
    pub fn backup(&mut self, to: &Path) -> Result<(), Error> {
        self.sql.backup(to)
    }
}

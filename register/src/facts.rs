//! What a register is asked about attempts, and what it is told to write: all that differs between the databases.

use std::borrow::Cow;
use std::time::Duration;

/// An attempt, as far as the database knows such. The DNIs of the attempts that are asked about together differ.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    pub(crate) lab: &'a str,
    pub(crate) dni: &'a str,
    /// What stands for the DNI among the used codes.
    pub(crate) student: &'a [u8],
    pub(crate) code: &'a str,
    pub(crate) ip: &'a str,
    /// When it was complete.
    pub(crate) at: i64,
    /// Attempts after this moment count for the rates.
    pub(crate) since: i64,
    /// The current step; those beside it are asked about too.
    pub(crate) step: i64,
    /// Whether it matters if the DNI is listed, and what its secret is.
    pub(crate) student_matters: bool,
}

/// How often there was a failure in a row, and when the last was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Failures {
    pub(crate) count: u32,
    pub(crate) last: i64,
}

/// Attempts within the time of the rates.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Recent {
    pub(crate) count: u32,
    pub(crate) oldest: Option<i64>,
}

/// What the database knows of an attempt.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// An accepted attempt of this lab had this DNI and code.
    pub(crate) repeated: bool,
    /// An attempt of this DNI was accepted from this address, in whatever lab.
    pub(crate) trusted: bool,
    pub(crate) recent_here: Recent,
    pub(crate) recent_everywhere: Recent,
    pub(crate) failures_here: Failures,
    pub(crate) failures_everywhere: Failures,
    /// The submission of this DNI in this lab: its number, and when it was sent.
    pub(crate) submission: Option<(u64, i64)>,
    /// Those of the three steps whose codes have been used.
    pub(crate) used: Vec<i64>,
    pub(crate) listed: bool,
    pub(crate) secret: Vec<u8>,
}

/// What becomes of an attempt in the database.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(crate) lab: &'a str,
    pub(crate) dni: &'a str,
    pub(crate) student: &'a [u8],
    pub(crate) ip: &'a str,
    /// The row that it leaves, if its code was looked at.
    pub(crate) row: Option<Row<'a>>,
    /// The step whose code it uses up.
    pub(crate) step: Option<i64>,
    /// It is the submission of its DNI.
    pub(crate) submits: bool,
    pub(crate) failures_here: Option<Failures>,
    pub(crate) failures_everywhere: Option<Failures>,
    /// Its code was not looked at, because there are too many attempts.
    pub(crate) turned_away: bool,
}

/// A row of `attempts`.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) port: u16,
    pub(crate) at: i64,
    pub(crate) verdict: Cow<'static, str>,
    /// Kept of those that were accepted.
    pub(crate) code: Option<&'a str>,
}

pub(crate) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

pub(crate) fn from_micros(micros: i64) -> Duration {
    Duration::from_micros(micros.max(0).unsigned_abs())
}

/// A number of the database that counts something.
pub(crate) fn count(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

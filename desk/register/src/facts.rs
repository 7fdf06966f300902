//! The queries to a database about attempts, and the changes to write. Only this differs between
//! the two databases.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use socklab_core::policy::prefix;

/// A query about an attempt. The queries of one call have different DNIs.
#[derive(Debug)]
pub(crate) struct Query<'a> {
    pub(crate) lab: &'a str,
    pub(crate) dni: &'a str,
    /// The hash that stands for the DNI in the list of used codes.
    pub(crate) student: &'a [u8],
    pub(crate) code: &'a str,
    pub(crate) from: &'a Prefix,
    /// When the attempt was complete, in microseconds of Unix time.
    pub(crate) at: i64,
    /// Attempts after this time count for the rates.
    pub(crate) since: i64,
    /// The current step. The steps beside it are asked about too.
    pub(crate) step: i64,
    /// Whether the answer must say if the DNI is on the roster, and what its secret is.
    pub(crate) student_matters: bool,
}

/// The addresses that count as one address.
#[derive(Debug)]
pub(crate) struct Prefix {
    /// The first of these addresses, for the tallies: the address itself, or that of an IPv6 /64.
    pub(crate) text: String,
}

impl Prefix {
    pub(crate) fn of(address: IpAddr) -> Self {
        Prefix {
            text: prefix(address).to_string(),
        }
    }

    /// The prefix in PostgreSQL's notation, with its length.
    pub(crate) fn cidr(&self) -> String {
        let length = if self.text.contains(':') { 64 } else { 32 };
        format!("{}/{length}", self.text)
    }

    /// Whether the prefix contains an address, which is written as in the register.
    pub(crate) fn has(&self, address: &str) -> bool {
        let parsed = || address.parse::<IpAddr>();
        address == self.text
            || address.contains(':') && parsed().is_ok_and(|one| Prefix::of(one).text == self.text)
    }
}

/// How many failures came in a row, and when the last one came.
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
    /// Whether an accepted attempt of this lab had this DNI and code.
    pub(crate) repeated: bool,
    /// Whether an attempt of this DNI was accepted in any lab.
    pub(crate) accepted: bool,
    pub(crate) recent_here: Recent,
    pub(crate) recent_everywhere: Recent,
    pub(crate) failures_here: Failures,
    pub(crate) failures_everywhere: Failures,
    /// The submission of this DNI in this lab.
    pub(crate) submission: Option<EarlierSubmission>,
    /// Those of the three steps whose codes have been used.
    pub(crate) used: Vec<i64>,
    pub(crate) listed: bool,
    pub(crate) secret: Vec<u8>,
}

/// A submission in the register.
#[derive(Debug)]
pub(crate) struct EarlierSubmission {
    pub(crate) number: u64,
    pub(crate) at: i64,
    pub(crate) name: Vec<u8>,
}

/// What to write about an attempt.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(crate) lab: &'a str,
    pub(crate) dni: &'a str,
    pub(crate) student: &'a [u8],
    /// The address under which failures are counted: the sender's, or the first of its prefix.
    pub(crate) prefix: &'a str,
    /// The row of the attempt; `None` if it leaves none.
    pub(crate) row: Option<Row<'a>>,
    /// The step whose code the attempt uses up.
    pub(crate) step: Option<i64>,
    /// Whether the attempt is the submission of its DNI.
    pub(crate) submits: bool,
    pub(crate) failures_here: Option<Failures>,
    pub(crate) failures_everywhere: Option<Failures>,
    /// Whether the attempt leaves no row because there are too many.
    pub(crate) turned_away: bool,
}

/// A row of `attempts`.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) ip: &'a str,
    pub(crate) port: u16,
    pub(crate) at: i64,
    pub(crate) verdict: Cow<'static, str>,
    /// The code, which is only stored for accepted attempts.
    pub(crate) code: Option<&'a str>,
}

pub(crate) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

pub(crate) fn from_micros(micros: i64) -> Duration {
    Duration::from_micros(micros.max(0).unsigned_abs())
}

/// Converts a count of the database.
pub(crate) fn count(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_user_has_many_addresses() {
        let six = Prefix::of("2001:db8:1:2:aaaa::1".parse().unwrap());
        assert_eq!(
            (&*six.text, &*six.cidr()),
            ("2001:db8:1:2::", "2001:db8:1:2::/64")
        );
        assert!(six.has("2001:db8:1:2::77") && !six.has("2001:db8:1:3::77"));
        let four = Prefix::of("::ffff:192.0.2.1".parse().unwrap());
        assert_eq!(four.cidr(), "192.0.2.1/32");
        assert!(four.has("192.0.2.1") && !four.has("192.0.2.2") && !four.has("::"));
    }
}

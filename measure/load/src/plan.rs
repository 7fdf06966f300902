//! The description of a load.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use crate::error::Error;
use crate::text;

/// The shortest question of `echo`, in bytes: a number and a few letters.
pub const MIN_PAYLOAD: usize = text::DIGITS + 8;

/// The longest question, in bytes: its capitals may be three times as long, and must fit into a
/// datagram over IPv4.
const MAX_PAYLOAD: usize = 65_507 / 3;

/// What each question asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// UDP: a text, for its capitals.
    Echo,
    /// TCP: a line, for its capitals, over persistent connections.
    Capitals,
    /// TCP: connect, send a line, read its capitals, close.
    CapitalsOnce,
    /// TCP: connect, read the 22 bytes and the end of stream, close.
    Welcome,
    /// TCP: connect, send `name&dni&otp` with a new DNI each time, read an answer that begins with
    /// `OK` and the end of stream, close.
    Submit,
}

impl Workload {
    /// Whether the questions contain their numbers.
    fn numbers(self) -> bool {
        matches!(
            self,
            Workload::Echo | Workload::Capitals | Workload::CapitalsOnce
        )
    }
}

/// When questions are asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// Each connection asks again as soon as it is answered.
    Closed,
    /// Open load: at constant intervals, whether or not earlier questions were answered. The
    /// connections take turns.
    Open {
        /// Questions a second.
        rate: f64,
    },
}

/// The description of a load.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What is asked.
    pub workload: Workload,
    /// Where the server is.
    pub to: SocketAddr,
    /// Closed: how many connections ask at once. Open: how many sockets take turns (UDP), or how
    /// many connections there may be at once (TCP); a question without a free connection waits, and
    /// the wait counts. For `echo` and `capitals` at most 99,999.
    pub connections: u32,
    /// Under a closed load: how many questions each UDP socket has in flight. TCP has one.
    pub depth: u32,
    /// When it is asked.
    pub pace: Pace,
    /// The length of the intervals in which replies are counted.
    pub interval: Duration,
    /// The shortest and the longest warm-up. With zero for both there is no warm-up, and the first
    /// question counts.
    pub warm_up: Range<Duration>,
    /// The length of the measurement.
    pub measure: Duration,
    /// How long an answer may take, from when its question was sent.
    pub timeout: Duration,
    /// How long to listen for duplicates after the last answer.
    pub linger: Duration,
    /// The length of an `echo` or `capitals` question in bytes; at least [`MIN_PAYLOAD`]. The lab's
    /// Python programs read up to 2,048.
    pub payload: usize,
    /// Whether the text is ASCII only, for servers that capitalise no other letters.
    pub ascii: bool,
    /// The number of the first question; for `submit`, its DNI. The next load on the same register
    /// begins after the questions that this one [asked](crate::Outcome::asked).
    pub first: u64,
}

impl Plan {
    /// A closed load of one connection for one second. Change its fields as needed.
    pub fn new(workload: Workload, to: SocketAddr) -> Plan {
        Plan {
            workload,
            to,
            connections: 1,
            depth: 1,
            pace: Pace::Closed,
            interval: Duration::from_millis(50),
            warm_up: Duration::from_millis(200)..Duration::from_secs(3),
            measure: Duration::from_secs(1),
            timeout: Duration::from_secs(1),
            linger: Duration::from_millis(10),
            payload: 32,
            ascii: false,
            first: 0,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.pace != Pace::Closed
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let milli = Duration::from_millis(1);
        let rules = [
            (self.connections > 0, "no connections"),
            (self.depth > 0, "nothing in flight"),
            (
                !self.workload.numbers() || self.connections <= text::MOST_CONNECTIONS,
                "more connections than questions can name",
            ),
            (
                matches!(self.pace, Pace::Open { rate } if rate > 0.0 && rate <= 1e9)
                    || !self.is_open(),
                "no such rate",
            ),
            (self.interval >= milli, "intervals under a millisecond"),
            (self.measure >= milli, "nothing is measured"),
            (self.timeout >= milli, "no time to answer"),
            (
                self.warm_up.start <= self.warm_up.end,
                "the shortest warm-up is longer than the longest",
            ),
            (
                (MIN_PAYLOAD..=MAX_PAYLOAD).contains(&self.payload),
                "no such payload",
            ),
        ];
        match rules.iter().find(|(kept, _)| !kept) {
            Some((_, broken)) => Err(Error::plan(broken)),
            None => Ok(()),
        }
    }
}

/// The progress of a load. The load stands still while the listener runs, so the listener must be
/// quick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LoadEvent {
    /// An interval has passed, of the warm-up or of the measurement.
    Interval {
        /// Right replies per second in this interval.
        rate: f64,
    },
    /// The warm-up is over. The measurement begins when the listener returns, so this is when to
    /// read the server's CPU time.
    Steady,
    /// The measurement is over, and most replies in flight have arrived: read the server's CPU time
    /// again.
    Over,
}

//! The description of a load.

use std::net::SocketAddr;
use std::time::Duration;

use crate::error::Error;
use crate::text;

/// The shortest question of `echo`, in bytes: its number and a few letters.
pub const MIN_PAYLOAD: usize = text::DIGITS + 8;

/// The longest, in bytes: what fits into a datagram over IPv4 even if its capitals were three times
/// as long.
const MAX_PAYLOAD: usize = 65_507 / 3;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UDP: a text, for its capitals.
    Echo,
    /// TCP: a line, for its capitals, over connections that stay.
    Capitals,
    /// TCP: connect, send a line, read its capitals, close.
    CapitalsOnce,
    /// TCP: connect, read the 22 bytes and the end of stream, close.
    Welcome,
    /// TCP: connect, send `name&dni&otp` with a DNI of its own, read an answer that begins with
    /// `OK` and the end of stream, close.
    Submit,
}

impl Kind {
    /// Whether its questions carry their numbers.
    fn numbers(self) -> bool {
        matches!(self, Kind::Echo | Kind::Capitals | Kind::CapitalsOnce)
    }
}

/// When it is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// Each connection asks again as soon as it is answered.
    Closed,
    /// At constant distances, answered or not; connections take turns.
    Open {
        /// Questions a second.
        rate: f64,
    },
}

/// What a load is to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What is asked.
    pub exercise: Kind,
    /// Where the server is.
    pub to: SocketAddr,
    /// Closed: how many ask at once. Open: how many sockets take turns (UDP), or how many
    /// connections there may be at once (TCP); a question for which there is none yet waits, and
    /// its waiting counts. For `echo` and `capitals` at most 99,999.
    pub connections: u32,
    /// How many questions each UDP socket has in flight under a closed load. TCP has one.
    pub depth: u32,
    /// When it is asked.
    pub pace: Pace,
    /// How long each interval is over which the rate is watched.
    pub interval: Duration,
    /// How long the warm-up is at least and at most. With zero for both there is none, and the
    /// first question counts.
    pub warm_up: (Duration, Duration),
    /// How long is measured.
    pub measure: Duration,
    /// How long an answer may take, from when its question was sent.
    pub timeout: Duration,
    /// How long to listen, after the last answer, for answers that come again.
    pub linger: Duration,
    /// How long the question of `echo` or `capitals` is, in bytes; at least [`MIN_PAYLOAD`]. The
    /// lab's Python programs read 2,048.
    pub payload: usize,
    /// Whether that text has ASCII letters alone, for servers that know no others.
    pub ascii: bool,
    /// The number of the first question: its DNI, for `submit`. The next load on the same register
    /// begins after what this one [asked](crate::Outcome::asked).
    pub first: u64,
}

impl Plan {
    /// A closed load of one connection for a second, to change as wanted.
    pub fn new(exercise: Kind, to: SocketAddr) -> Plan {
        Plan {
            exercise,
            to,
            connections: 1,
            depth: 1,
            pace: Pace::Closed,
            interval: Duration::from_millis(50),
            warm_up: (Duration::from_millis(200), Duration::from_secs(3)),
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
                !self.exercise.numbers() || self.connections <= text::MOST_CONNECTIONS,
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
                self.warm_up.0 <= self.warm_up.1,
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

/// How far a load is. The load stands still while this is told, so whoever hears it must not take
/// long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moment {
    /// An interval has passed, of the warm-up or of the measurement.
    Progress {
        /// Right replies a second in it.
        rate: f64,
    },
    /// The warm-up is over. Measuring begins when the listener returns: the time to look at the
    /// server.
    Steady,
    /// What was to be measured has been, and most of what was in flight has arrived: the time to
    /// look at the server again.
    Over,
}

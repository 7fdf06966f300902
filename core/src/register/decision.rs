//! The result of an attempt.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The code was right and the submission is recorded durably.
    Accepted(Entry),
    /// The DNI has a submission, and the sender knows its secret: a confirmation may have been
    /// lost.
    Already(Entry),
    /// The same, but the submission bears another name: whose it is, a lecturer must find out. The
    /// number and the receipt are not given to a sender who may not be the one they belong to.
    OtherName,
    /// The attempt does not count.
    Refused(Refusal),
    /// The register cannot record anything at the moment; the attempt may be repeated.
    Unavailable,
}

/// A submission's place in the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub number: u64,
    /// What proves it, where the register gives such.
    pub receipt: Option<Receipt>,
}

/// What a register gives for a submission, so that it can be proved later: ten characters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Receipt([u8; 10]);

impl Receipt {
    /// Of ten ASCII letters and digits; `None` for anything else.
    pub fn of(text: &[u8]) -> Option<Receipt> {
        let text: [u8; 10] = text.try_into().ok()?;
        let good = text.iter().all(u8::is_ascii_alphanumeric);
        good.then_some(Receipt(text))
    }

    /// Its characters.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a register refuses an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The code is not one of those valid at that moment.
    WrongCode(Cause),
    /// The code was right, and has been used.
    UsedCode,
    /// The DNI is not one of those that may submit.
    Unknown,
    /// The DNI is a foreigner's number (NIE) with its letters, and those are not taken here.
    Letter,
    /// Too many attempts: in so many seconds the next will be looked at.
    Throttled(u64),
    /// The register's clock is so many seconds behind an accepted code, so it cannot judge others.
    Clock(u64),
    /// One of these, and the sender is not told which.
    Undisclosed,
}

/// The likely cause of a wrong code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Anything: a slip of the finger, another's DNI.
    Unknown,
    /// It was right so many seconds ago: an earlier code, or a clock that is slow.
    Behind(u64),
    /// It will be right in so many seconds: a clock that is fast.
    Ahead(u64),
    /// It is right for the DNI with another number of zeros at its front.
    Zeros,
}

impl Decision {
    /// Accepted under that number, without a receipt.
    pub const fn accepted(number: u64) -> Decision {
        Decision::Accepted(Entry {
            number,
            receipt: None,
        })
    }

    /// Accepted before under that number, without a receipt.
    pub const fn already(number: u64) -> Decision {
        Decision::Already(Entry {
            number,
            receipt: None,
        })
    }

    /// The place in the register, where the attempt has one.
    pub const fn entry(&self) -> Option<Entry> {
        match self {
            Decision::Accepted(entry) | Decision::Already(entry) => Some(*entry),
            _ => None,
        }
    }

    /// Its word in transcripts and registers.
    pub const fn name(&self) -> &'static str {
        match self {
            Decision::Accepted(_) => "accepted",
            Decision::Already(_) => "already",
            Decision::OtherName => "other-name",
            Decision::Refused(refusal) => refusal.name(),
            Decision::Unavailable => "unavailable",
        }
    }
}

impl Refusal {
    /// Its word in transcripts and registers.
    pub const fn name(&self) -> &'static str {
        match self {
            Refusal::WrongCode(Cause::Unknown) => "wrong-code",
            Refusal::WrongCode(Cause::Behind(_)) => "code-behind",
            Refusal::WrongCode(Cause::Ahead(_)) => "code-ahead",
            Refusal::WrongCode(Cause::Zeros) => "zeros",
            Refusal::UsedCode => "used-code",
            Refusal::Unknown => "unknown-dni",
            Refusal::Letter => "dni-letter",
            Refusal::Throttled(_) => "throttled",
            Refusal::Clock(_) => "clock",
            Refusal::Undisclosed => "refused",
        }
    }

    /// The seconds that it names.
    pub const fn seconds(&self) -> Option<u64> {
        match *self {
            Refusal::WrongCode(Cause::Behind(seconds) | Cause::Ahead(seconds))
            | Refusal::Throttled(seconds)
            | Refusal::Clock(seconds) => Some(seconds),
            _ => None,
        }
    }
}

/// Its word, then the number that belongs to it, then the receipt: `accepted 12`, `throttled 30`.
impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = match self {
            Decision::Refused(refusal) => refusal.seconds(),
            _ => self.entry().map(|entry| entry.number),
        };
        f.write_str(self.name())?;
        if let Some(number) = number {
            write!(f, " {number}")?;
        }
        match self.entry().and_then(|entry| entry.receipt) {
            Some(receipt) => write!(f, " {}", receipt.as_str()),
            None => Ok(()),
        }
    }
}

/// A text that is not a decision as [`Decision`] writes itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseDecisionError;

impl fmt::Display for ParseDecisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not-a-decision")
    }
}

impl core::error::Error for ParseDecisionError {}

/// Reads what [`Display`](fmt::Display) writes.
impl FromStr for Decision {
    type Err = ParseDecisionError;

    fn from_str(text: &str) -> Result<Self, ParseDecisionError> {
        let words: Vec<&str> = text.split(' ').collect();
        let number = || -> Result<u64, ParseDecisionError> {
            let word = words.get(1).ok_or(ParseDecisionError)?;
            word.parse().map_err(|_| ParseDecisionError)
        };
        let entry = || -> Result<Entry, ParseDecisionError> {
            Ok(Entry {
                number: number()?,
                receipt: words.get(2).and_then(|word| Receipt::of(word.as_bytes())),
            })
        };
        let wrong = |cause| Decision::Refused(Refusal::WrongCode(cause));
        let decision = match words[0] {
            "accepted" => Decision::Accepted(entry()?),
            "already" => Decision::Already(entry()?),
            "other-name" => Decision::OtherName,
            "unavailable" => Decision::Unavailable,
            "wrong-code" => wrong(Cause::Unknown),
            "code-behind" => wrong(Cause::Behind(number()?)),
            "code-ahead" => wrong(Cause::Ahead(number()?)),
            "zeros" => wrong(Cause::Zeros),
            "used-code" => Decision::Refused(Refusal::UsedCode),
            "unknown-dni" => Decision::Refused(Refusal::Unknown),
            "dni-letter" => Decision::Refused(Refusal::Letter),
            "throttled" => Decision::Refused(Refusal::Throttled(number()?)),
            "clock" => Decision::Refused(Refusal::Clock(number()?)),
            "refused" => Decision::Refused(Refusal::Undisclosed),
            _ => return Err(ParseDecisionError),
        };
        if decision.to_string() == text {
            Ok(decision)
        } else {
            Err(ParseDecisionError)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for text in [
            "accepted 12",
            "accepted 12 ABCDEFGH23",
            "already 1",
            "other-name",
            "unavailable",
            "wrong-code",
            "code-behind 60",
            "code-ahead 30",
            "zeros",
            "used-code",
            "unknown-dni",
            "dni-letter",
            "throttled 900",
            "clock 7",
            "refused",
        ] {
            let decision: Decision = text.parse().unwrap();
            assert_eq!(decision.to_string(), text);
        }
        for text in [
            "",
            "accepted",
            "accepted x",
            "zeros 1",
            "accepted 1 short",
            "Zeros",
        ] {
            assert!(text.parse::<Decision>().is_err(), "{text}");
        }
    }
}

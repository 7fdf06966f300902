//! What submissions share: the register, reached only through `store` and `stored`.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;

use crate::otp::{Code, Dni};
use crate::time::Now;

/// The number that a machine gives an attempt, so that it knows the decision when it comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreId(pub u32);

/// A complete submission, as received: all that a register needs to decide and to record.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The name, byte for byte.
    pub name: Box<[u8]>,
    /// The DNI, digit for digit: `01234567` and `1234567` are different.
    pub dni: Dni,
    /// The one-time code.
    pub code: Code,
    /// Who sent it.
    pub peer: SocketAddr,
    /// When its last byte arrived; codes are judged by this, never by the moment of the commit.
    pub at: Now,
}

// A name is printed only by those that mean to; a DNI and a code never by accident.
impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("name", &format_args!("{} bytes", self.name.len()))
            .field("dni", &self.dni)
            .field("code", &self.code)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The code was right and the submission is recorded durably under this number.
    Accepted {
        /// Its place in the register.
        number: u64,
    },
    /// The very same attempt was accepted before: its confirmation may have been lost.
    Already {
        /// The place it has.
        number: u64,
    },
    /// The attempt does not count.
    Refused(Refusal),
    /// The register cannot record anything at the moment; the attempt may be repeated.
    Unavailable,
}

/// Why a register refuses an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The code is not one of those valid at that moment.
    WrongCode,
    /// The code was right, and has been used.
    UsedCode,
}

impl Decision {
    /// The place in the register, where the attempt has one.
    pub const fn number(&self) -> Option<u64> {
        match self {
            Decision::Accepted { number } | Decision::Already { number } => Some(*number),
            _ => None,
        }
    }

    /// The word used in transcripts.
    pub const fn name(&self) -> &'static str {
        match self {
            Decision::Accepted { .. } => "accepted",
            Decision::Already { .. } => "already",
            Decision::Refused(Refusal::WrongCode) => "wrong-code",
            Decision::Refused(Refusal::UsedCode) => "used-code",
            Decision::Unavailable => "unavailable",
        }
    }
}

/// Where attempts are decided and recorded.
///
/// `store` must not block: it hands the attempt over and returns. `done` is called once, from any
/// thread, possibly before `store` returns, when the decision is durable.
pub trait Register: Send + Sync {
    /// Decides and records `attempt`, then calls `done`.
    fn store(&self, attempt: Attempt, done: Done);
}

/// Takes a decision back to the driver whose machine asked for it.
pub type Done = Box<dyn FnOnce(Decision) + Send>;

/// What a submission server answers, before it is put into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// The register's decision.
    Decided(&'a Decision),
    /// The DNI was sent with its letter.
    DniLetter,
    /// The message is not `name&dni&otp`.
    Format,
    /// The register did not decide in time.
    Late,
}

impl Reply<'_> {
    /// Whether the reply begins with `OK ` (else with `ERROR `).
    pub const fn is_ok(&self) -> bool {
        matches!(
            self,
            Reply::Decided(Decision::Accepted { .. } | Decision::Already { .. })
        )
    }
}

/// The words of a submission server's replies, in the language it was started with.
///
/// The core holds no prose: the machine writes `OK ` or `ERROR `, and this the rest of the line.
pub trait Wording: Send + Sync {
    /// Appends the words for `reply`, without a line end.
    fn word(&self, reply: &Reply<'_>, to: &mut Vec<u8>);
}

/// A wording without prose: the transcript word, and the number where there is one.
///
/// For tests and for transcripts that must read the same in every language.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bare;

impl Wording for Bare {
    fn word(&self, reply: &Reply<'_>, to: &mut Vec<u8>) {
        let word = match reply {
            Reply::Decided(decision) => decision.name(),
            Reply::DniLetter => "dni-letter",
            Reply::Format => "format",
            Reply::Late => "late",
        };
        to.extend_from_slice(word.as_bytes());
        if let Reply::Decided(decision) = reply
            && let Some(number) = decision.number()
        {
            to.extend_from_slice(alloc::format!(" {number}").as_bytes());
        }
    }
}

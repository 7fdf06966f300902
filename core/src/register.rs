//! What submissions share: the register, which machines reach only by `store` and `stored`.

mod decision;

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;

use crate::otp::{Code, Dni};
use crate::time::Now;
pub use decision::{Cause, Decision, Entry, ParseDecisionError, Receipt, Refusal};

/// The number that a machine gives an attempt, so that it knows the decision when it comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreId(pub u32);

/// A complete submission, as received: all that a register needs to decide and to record.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The name, byte for byte.
    pub name: Box<[u8]>,
    /// The DNI, as sent: `01234567` and `1234567` are different.
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
    /// The name has a NUL in it.
    NameNul,
    /// The name has no visible character.
    NameBlank,
    /// The message is not `name&dni&otp`.
    Format,
    /// The register did not decide in time.
    Late,
    /// There are too many connections, or too many from this address.
    Busy,
}

impl Reply<'_> {
    /// Whether the reply begins with `OK ` (else with `ERROR `).
    pub const fn is_ok(&self) -> bool {
        matches!(
            self,
            Reply::Decided(Decision::Accepted(_) | Decision::Already(_) | Decision::OtherName)
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

/// A wording without prose: the transcript's words.
///
/// For tests and for transcripts that must read the same in every language.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainWording;

impl Wording for PlainWording {
    fn word(&self, reply: &Reply<'_>, to: &mut Vec<u8>) {
        let decided;
        let words = match reply {
            Reply::Decided(decision) => {
                decided = decision.to_string();
                &decided
            }
            Reply::DniLetter => "dni-letter",
            Reply::NameNul => "name-nul",
            Reply::NameBlank => "name-blank",
            Reply::Format => "format",
            Reply::Late => "late",
            Reply::Busy => "busy",
        };
        to.extend_from_slice(words.as_bytes());
    }
}

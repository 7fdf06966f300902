//! Whether a submission counts: pure, so that a register can call it inside a transaction.
//!
//! A register reads the [`History`] of the attempt's DNI, calls [`decide`], and applies the
//! [`Verdict`], all in one transaction. Nothing else decides.

mod clock;
mod ledger;
mod throttle;

use alloc::collections::BTreeSet;
use alloc::string::String;

pub use clock::{ClockGuard, Reading};
pub use ledger::Ledger;
pub use throttle::{LOCK_AFTER, RATE_EVERYWHERE, RATE_HERE, Tally, back_off};

use crate::otp::{Dni, Key, Step, Window, steps_of};
use crate::register::{Attempt, Cause, Refusal};

/// What secret a student's codes are made from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secret {
    /// The DNI, as in the lab: a refusal may say why, because a silent one would protect nothing.
    #[default]
    Dni,
    /// A random one for each student: all refusals are the same.
    Random,
}

/// What does not change from attempt to attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Which codes count: the current one and the one before; one more where clocks may be fast.
    pub window: Window,
    /// What the codes are made from.
    pub secret: Secret,
}

impl Default for Policy {
    /// The lab's: RFC 6238, 5.2 recommends at most one step for the time that a code takes on its way.
    fn default() -> Self {
        Policy {
            window: Window {
                behind: 1,
                ahead: 0,
            },
            secret: Secret::Dni,
        }
    }
}

/// What a register knows of a DNI before an attempt.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// An accepted attempt of this lab had this very DNI and code: the number of the submission.
    pub repeated: Option<u64>,
    /// The key that its codes are made with; `None` if it may not submit.
    pub key: Option<Key>,
    /// Those steps of the window whose codes have been used, in whatever lab.
    pub used: BTreeSet<Step>,
    /// Its attempts from this address.
    pub here: Tally,
    /// Its attempts from all addresses that have had no success yet.
    pub everywhere: Tally,
    /// It has been accepted from this address before, so what others do cannot lock it out here.
    pub trusted: bool,
    /// It is locked until a lecturer unlocks it.
    pub locked: bool,
}

/// What an attempt comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It counts, and uses the code of this step.
    Accept(Step),
    /// It is an attempt that was accepted, again: number of the submission.
    Already(u64),
    /// It does not count.
    Refuse(Refusal),
}

impl Verdict {
    /// Whether the code was looked at. Only then is the attempt recorded and counted, or strangers
    /// could fill the register.
    pub const fn is_judged(&self) -> bool {
        !matches!(
            self,
            Verdict::Already(_)
                | Verdict::Refuse(Refusal::Throttled(_) | Refusal::Locked | Refusal::Clock(_))
        )
    }
}

/// Decides an attempt by the clock at the moment its message was complete.
///
/// The codes of the window count, the current one tried first; a code that two steps share counts for the
/// one that is unused, so each code counts once (RFC 6238, 5.2). Every step is evaluated, and a key is
/// used even where there is none, so the time taken tells nothing.
pub fn decide(policy: &Policy, history: &History, attempt: &Attempt) -> Verdict {
    let unix = attempt.at.unix;
    let stand_in = Key::from_bytes(b"nobody's key");
    let key = history.key.as_ref().unwrap_or(&stand_in);
    let steps = steps_of(key, &attempt.code, unix.as_secs(), policy.window);
    if let Some(number) = history.repeated {
        return Verdict::Already(number);
    }
    if !history.trusted && history.locked {
        return Verdict::Refuse(Refusal::Locked);
    }
    let elsewhere = history.everywhere.wait(RATE_EVERYWHERE, unix);
    let wait = match history
        .here
        .wait(RATE_HERE, unix)
        .max(history.here.pause(unix))
    {
        wait if history.trusted => wait,
        wait => wait.max(elsewhere),
    };
    if wait > 0 {
        return Verdict::Refuse(Refusal::Throttled(wait));
    }
    if history.key.is_none() {
        return Verdict::Refuse(Refusal::Unknown);
    }
    match steps.iter().find(|step| !history.used.contains(step)) {
        Some(step) => Verdict::Accept(*step),
        None if !steps.is_empty() => Verdict::Refuse(Refusal::UsedCode),
        None => Verdict::Refuse(Refusal::WrongCode(match policy.secret {
            Secret::Dni => cause(key, attempt),
            Secret::Random => Cause::Unknown,
        })),
    }
}

/// How far a clock may be off to be recognised, in steps of 30 s: 5 min. 20 candidates meet a wrong
/// code by chance once in 50,000.
const REACH: u8 = 10;

/// The likely cause of a wrong code, where the DNI is the key.
fn cause(key: &Key, attempt: &Attempt) -> Cause {
    let unix = attempt.at.unix.as_secs();
    let (now, around) = (
        Step::at(unix),
        Window {
            behind: REACH,
            ahead: REACH,
        },
    );
    if let Some(step) = steps_of(key, &attempt.code, unix, around).first() {
        let seconds = step.0.abs_diff(now.0) * Step::SECONDS;
        return if *step < now {
            Cause::Behind(seconds)
        } else {
            Cause::Ahead(seconds)
        };
    }
    let near = Window {
        behind: 1,
        ahead: 1,
    };
    let mut others = with_other_zeros(&attempt.dni);
    let zeros =
        others.any(|dni| !steps_of(&Key::from_dni(&dni), &attempt.code, unix, near).is_empty());
    if zeros { Cause::Zeros } else { Cause::Unknown }
}

/// The DNIs that differ from this one only by zeros at the front.
pub(crate) fn with_other_zeros(dni: &Dni) -> impl Iterator<Item = Dni> {
    let digits = String::from(dni.as_str().trim_start_matches('0'));
    let own = dni.clone();
    (6..=8)
        .filter_map(move |len| Dni::parse(&alloc::format!("{digits:0>len$}")).ok())
        .filter(move |other| *other != own)
}

#[cfg(test)]
mod tests;

//! Whether a submission counts: pure, so that a register can call it inside a transaction.
//!
//! A register reads the [`History`] of the attempt's DNI, calls [`decide`], and applies the
//! [`Verdict`], all in one transaction. No other code decides. A register only may refuse attempts
//! from an address prefix that has used up its [`Budget`].

mod budget;
mod clock;
mod ledger;
mod throttle;

use alloc::collections::BTreeSet;
use alloc::string::String;

pub use budget::{Allowance, Budget, prefix};
pub use clock::{ClockGuard, Reading};
pub use ledger::Ledger;
pub use throttle::{RATE_EVERYWHERE, RATE_HERE, SUSPECT_AFTER, Tally, back_off};

use crate::otp::{Dni, Key, Step, Window, steps_of};
use crate::register::{Attempt, Cause, Refusal};

/// What secret a student's codes are made from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secret {
    /// The DNI, as in the lab. A refusal may say why: the DNI is no secret that silence could
    /// protect.
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
    /// Whether a foreigner's number (NIE), with its letters, may stand for a DNI.
    pub nie: bool,
}

impl Default for Policy {
    /// The lab's: RFC 6238, 5.2 recommends at most one step for a code's time on its way.
    fn default() -> Self {
        Policy {
            window: Window {
                behind: 1,
                ahead: 0,
            },
            secret: Secret::Dni,
            nie: false,
        }
    }
}

/// What a register knows of a DNI before an attempt.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The submission of this DNI in this lab.
    pub submission: Option<Earlier>,
    /// The key that its codes are made with; `None` if it may not submit.
    pub key: Option<Key>,
    /// Those steps of the window whose codes have been used, in whatever lab.
    pub used: BTreeSet<Step>,
    /// A right code of this step came lately, while the address was
    /// [suspect](SUSPECT_AFTER).
    pub proved: Option<Step>,
    /// Its attempts from this address.
    pub here: Tally,
    /// Its attempts from all addresses.
    pub everywhere: Tally,
}

/// A submission that is in the register, as the next attempt of the same DNI sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// Its number.
    pub number: u64,
    /// It was made with the very code of this attempt.
    pub same_code: bool,
    /// It bears the name that this attempt bears.
    pub same_name: bool,
}

/// What an attempt comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It counts, and uses the code of this step.
    Accept(Step),
    /// There is a submission of this DNI already, and the sender proves to know its secret.
    Already {
        /// The submission.
        earlier: Earlier,
        /// The step whose code this uses up, if it was unused.
        step: Option<Step>,
    },
    /// The code of this step is right, but so many wrong ones came from this address that one more
    /// is asked for. The sender is told what a wrong code is told.
    Once(Step),
    /// It does not count.
    Refuse(Refusal),
}

/// Decides an attempt by the clock at the moment its message was complete.
///
/// The codes of the window count, the current one tried first; a code that two steps share counts
/// for the one that is unused, so each code counts once (RFC 6238, 5.2). Every step is evaluated,
/// and a stand-in key is used where there is none, so the time taken reveals neither.
pub fn decide(policy: &Policy, history: &History, attempt: &Attempt) -> Verdict {
    let stand_in = Key::from_bytes(b"nobody's key");
    let key = history.key.as_ref().unwrap_or(&stand_in);
    let mut steps = steps_of(key, &attempt.code, attempt.at.unix.as_secs(), policy.window);
    if attempt.dni.is_nie() && !policy.nie {
        return Verdict::Refuse(Refusal::Letter);
    }
    if history.key.is_none() {
        steps.clear();
    }
    let refused = match policy.secret {
        Secret::Dni if !steps.is_empty() => None,
        Secret::Dni => without_a_code(history, attempt),
        Secret::Random => suspicion(history, attempt, &steps),
    };
    if let Some(verdict) = refused {
        return verdict;
    }
    let unused = steps.iter().find(|step| !history.used.contains(step));
    match (history.submission, unused) {
        (Some(earlier), unused) if !steps.is_empty() => Verdict::Already {
            earlier,
            step: unused.copied(),
        },
        (None, Some(step)) => Verdict::Accept(*step),
        (None, None) if !steps.is_empty() => Verdict::Refuse(Refusal::UsedCode),
        _ if history.key.is_none() => Verdict::Refuse(Refusal::Unknown),
        _ => Verdict::Refuse(Refusal::WrongCode(match policy.secret {
            Secret::Dni => cause(key, attempt),
            Secret::Random => Cause::Unknown,
        })),
    }
}

/// Where the DNI is the secret: what is answered to a code that is not valid now, if not why.
///
/// The accepted attempt itself may be sent again for as long as there is a register, because its
/// confirmation may have been lost. It tells nothing to those who do not know the DNI, and those
/// who do can make a code anyway. For the same reason a right code is never throttled: everybody
/// who guesses one knows the DNI, so that only students would be kept out.
fn without_a_code(history: &History, attempt: &Attempt) -> Option<Verdict> {
    let unix = attempt.at.unix;
    if let Some(earlier) = history.submission.filter(|earlier| earlier.same_code) {
        return Some(Verdict::Already {
            earlier,
            step: None,
        });
    }
    let waits = [
        history.here.wait(RATE_HERE, unix),
        history.here.pause(unix),
        history.everywhere.wait(RATE_EVERYWHERE, unix),
    ];
    let wait = waits.into_iter().fold(0, u64::max);
    (wait > 0).then_some(Verdict::Refuse(Refusal::Throttled(wait)))
}

/// With random secrets: an address that has sent [so many](SUSPECT_AFTER) wrong codes for this DNI
/// may be guessing. From then on a right code from there must be followed by another right one,
/// which a student sends as asked and a guesser hardly meets.
///
/// Attempts from other addresses do not count, so no attacker can lock a student out.
fn suspicion(history: &History, attempt: &Attempt, steps: &[Step]) -> Option<Verdict> {
    /// Within so many steps the second right code must come.
    const SOON: u64 = 3;
    if history.here.failures < SUSPECT_AFTER {
        return None;
    }
    match (steps.first(), history.proved) {
        (None, _) => {
            let wait = history.here.suspicion(attempt.at.unix);
            (wait > 0).then_some(Verdict::Refuse(Refusal::Throttled(wait)))
        }
        (Some(step), Some(proved)) if (1..=SOON).contains(&step.0.abs_diff(proved.0)) => None,
        (Some(step), _) => Some(Verdict::Once(*step)),
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

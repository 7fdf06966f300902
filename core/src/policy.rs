//! Decides whether a submission counts. The functions are pure, so that a register can call them
//! inside a transaction.
//!
//! A register reads the [`History`] of the attempt's DNI, calls [`decide`], and applies the
//! [`Verdict`], all in one transaction. No other code decides, with one exception: a register may
//! refuse attempts from an address prefix whose [`TokenBucket`] is empty.

mod clock;
mod ledger;
mod throttle;
mod token_bucket;

use alloc::collections::BTreeSet;
use alloc::string::String;

pub use clock::{ClockGuard, ClockState};
pub use ledger::Ledger;
pub use throttle::{AttemptCounts, RATE_PER_ADDRESS, RATE_PER_DNI, SUSPECT_AFTER, back_off};
pub use token_bucket::{BucketRate, TokenBucket, prefix};

use crate::otp::{Dni, Key, TimeStep, Window, steps_of};
use crate::register::{Attempt, Cause, Refusal};

/// The secret from which a student's codes are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecretKind {
    /// The DNI, as in the lab. A refusal may give its reason, because the DNI is not really a
    /// secret.
    #[default]
    Dni,
    /// A random secret for each student. All refusals are the same, so that they reveal nothing.
    Random,
}

/// The settings that are the same for all attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Which codes count: by default the current one and the one before. Where clocks may be fast,
    /// the next one too.
    pub window: Window,
    /// The secret from which the codes are made.
    pub secret: SecretKind,
    /// Whether a foreigner's number (NIE), with its letters, is accepted instead of a DNI.
    pub nie: bool,
}

impl Default for Policy {
    /// The lab's policy. RFC 6238, 5.2 recommends that at most one earlier step counts, for the
    /// delay of the network.
    fn default() -> Self {
        Policy {
            window: Window {
                behind: 1,
                ahead: 0,
            },
            secret: SecretKind::Dni,
            nie: false,
        }
    }
}

/// What a register knows of a DNI before an attempt.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The submission of this DNI in this lab.
    pub submission: Option<EarlierSubmission>,
    /// The key with which its codes are made; `None` if this DNI may not submit.
    pub key: Option<Key>,
    /// The steps of the window whose codes have been used, in any lab.
    pub used: BTreeSet<TimeStep>,
    /// The step of a recent right code that came while the address was [suspect](SUSPECT_AFTER).
    pub first_right: Option<TimeStep>,
    /// The attempts with this DNI from this address.
    pub here: AttemptCounts,
    /// The attempts with this DNI from all addresses.
    pub everywhere: AttemptCounts,
}

/// A submission that is in the register, as the next attempt of the same DNI sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EarlierSubmission {
    /// The number of the submission.
    pub number: u64,
    /// Whether it was made with the same code as this attempt.
    pub same_code: bool,
    /// Whether it has the same name as this attempt.
    pub same_name: bool,
}

/// The decision on an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The attempt counts, and uses up the code of this step.
    Accept(TimeStep),
    /// This DNI has already submitted, and the attempt has a right code.
    Already {
        /// The submission.
        earlier: EarlierSubmission,
        /// The step whose code this attempt uses up, if the code was unused.
        step: Option<TimeStep>,
    },
    /// The code of this step is right, but so many wrong ones came from this address that another
    /// right one is required. The answer is the same as to a wrong code. The attempt uses the code
    /// up all the same, or a person who overheard it could submit with it from another address.
    AskAgain(TimeStep),
    /// The attempt does not count.
    Refuse(Refusal),
}

/// Decides an attempt by the clock at the moment its message was complete.
///
/// The codes of all steps in the window count, and the current step is tried first. If two steps
/// share a code, it counts for the unused one, so each code counts once (RFC 6238, 5.2).
///
/// Every step is evaluated, and a DNI without a key is judged with a stand-in key. So the time
/// taken reveals neither the step nor whether there is a key.
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
        SecretKind::Dni if !steps.is_empty() => None,
        SecretKind::Dni => decide_without_code(history, attempt),
        SecretKind::Random => decide_suspect(history, attempt, &steps),
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
            SecretKind::Dni => cause(key, attempt),
            SecretKind::Random => Cause::Unknown,
        })),
    }
}

/// With the DNI as the secret: decides an attempt whose code is not valid now. Returns `None` if
/// the answer should be the cause of the wrong code.
///
/// The accepted attempt itself may be sent again for as long as there is a register, because its
/// confirmation may have been lost. This reveals nothing: whoever knows the DNI can make a code
/// anyway. For the same reason a right code is never throttled: it would only keep students out.
fn decide_without_code(history: &History, attempt: &Attempt) -> Option<Verdict> {
    let unix = attempt.at.unix;
    if let Some(earlier) = history.submission.filter(|earlier| earlier.same_code) {
        return Some(Verdict::Already {
            earlier,
            step: None,
        });
    }
    let waits = [
        history.here.rate_wait(RATE_PER_ADDRESS, unix),
        history.here.back_off_wait(unix),
        history.everywhere.rate_wait(RATE_PER_DNI, unix),
    ];
    let wait = waits.into_iter().fold(0, u64::max);
    (wait > 0).then_some(Verdict::Refuse(Refusal::Throttled(wait)))
}

/// With random secrets: an address that has sent [this many](SUSPECT_AFTER) wrong codes for this
/// DNI may be guessing. From then on a right code from that address must be followed by another
/// right one. A student can send it when asked; a guesser is very unlikely to.
///
/// Attempts from other addresses do not count, so no attacker can lock a student out.
fn decide_suspect(history: &History, attempt: &Attempt, steps: &[TimeStep]) -> Option<Verdict> {
    /// The second right code must come within this many steps.
    const SOON: u64 = 3;
    if history.here.failures < SUSPECT_AFTER {
        return None;
    }
    match (steps.first(), history.first_right) {
        (None, _) => {
            let wait = history.here.suspect_wait(attempt.at.unix);
            (wait > 0).then_some(Verdict::Refuse(Refusal::Throttled(wait)))
        }
        (Some(step), Some(first)) if (1..=SOON).contains(&step.0.abs_diff(first.0)) => None,
        (Some(step), _) => Some(Verdict::AskAgain(*step)),
    }
}

/// How far off a clock may be to be recognised, in steps of 30 s: 5 min. One of the 20 candidates
/// matches a wrong code by chance once in 50,000.
const REACH: u8 = 10;

/// The likely cause of a wrong code, if the DNI is the key.
fn cause(key: &Key, attempt: &Attempt) -> Cause {
    let unix = attempt.at.unix.as_secs();
    let (now, around) = (
        TimeStep::at(unix),
        Window {
            behind: REACH,
            ahead: REACH,
        },
    );
    if let Some(step) = steps_of(key, &attempt.code, unix, around).first() {
        let seconds = step.0.abs_diff(now.0) * TimeStep::SECONDS;
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

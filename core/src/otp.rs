//! One-time passwords: TOTP (RFC 6238) as the lab uses it, with the DNI as the secret.
//!
//! SHA-1, six digits, steps of 30 s. totp-rs does the arithmetic. This module decides which steps
//! count, and compares codes in constant time.
//!
//! ```
//! use socklab_core::otp::{Dni, Key, TimeStep, Window, verify};
//! let key = Key::from_dni(&Dni::parse("123456").unwrap());
//! assert_eq!(key.base32(), "GEZDGNBVGY======");
//! let code = key.code(TimeStep::at(1_700_000_000));
//! assert_eq!(code.as_str(), "548094");
//! assert_eq!(verify(&key, &code, 1_700_000_000, Window::CURRENT), Some(0));
//! ```

pub mod base32;
mod text;
pub mod uri;

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::hint::black_box;

pub use text::control_letter;
pub use text::{Code, CodeError, Dni, DniError};
use totp_rs::Builder;

/// A step of RFC 6238 (its `T`): how many times 30 s have passed since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeStep(pub u64);

impl TimeStep {
    /// The length of a step in seconds (RFC 6238, 4.1: the default of `X`).
    pub const SECONDS: u64 = 30;

    /// The step of a Unix time.
    pub const fn at(unix_seconds: u64) -> TimeStep {
        TimeStep(unix_seconds / TimeStep::SECONDS)
    }

    /// The Unix time at which the step begins.
    pub const fn starts_at(self) -> u64 {
        self.0.saturating_mul(TimeStep::SECONDS)
    }

    /// How many seconds are left of the step of a Unix time: 1 to 30.
    pub const fn remaining(unix_seconds: u64) -> u64 {
        TimeStep::SECONDS - unix_seconds % TimeStep::SECONDS
    }

    /// The step `steps` later; `None` before 1970.
    pub const fn offset(self, steps: i64) -> Option<TimeStep> {
        match self.0.checked_add_signed(steps) {
            Some(step) => Some(TimeStep(step)),
            None => None,
        }
    }
}

/// The key of the HMAC: the bytes that phone and server share.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Box<[u8]>);

impl Key {
    /// The lab's key: the ASCII digits of the DNI as sent, so leading zeros matter. For a NIE it
    /// includes the letters.
    pub fn from_dni(dni: &Dni) -> Key {
        Key::from_bytes(dni.as_str().as_bytes())
    }

    /// A key with these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Key {
        Key(bytes.into())
    }

    /// The bytes of the key.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The key as people type it: base32 (RFC 4648, 6) with padding.
    pub fn base32(&self) -> String {
        base32::encode(&self.0)
    }

    /// The code of a step.
    pub fn code(&self, step: TimeStep) -> Code {
        // `build` refuses keys under 128 bits (RFC 4226, 4, R6), which a DNI always is.
        let totp = Builder::new()
            .with_secret(self.0.to_vec())
            .build_noncompliant();
        let token = totp.generate(step.starts_at()).to_string();
        Code::of_digits(token.as_bytes())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(masked)")
    }
}

/// Which steps around the current one count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// How many steps before the current one count, for codes that were delayed.
    pub behind: u8,
    /// How many steps after the current one count, for clocks that are fast.
    pub ahead: u8,
}

impl Window {
    /// The current step alone, as in the lab's own exercise.
    pub const CURRENT: Window = Window {
        behind: 0,
        ahead: 0,
    };

    /// The offsets that count, in the order in which they are preferred: 0, −1, +1, −2, …
    fn offsets(self) -> impl Iterator<Item = i64> {
        let (behind, ahead) = (i64::from(self.behind), i64::from(self.ahead));
        (0..=behind.max(ahead))
            .flat_map(|far| [-far, far])
            .skip(1)
            .filter(move |&offset| -behind <= offset && offset <= ahead)
    }
}

/// The step that a code belongs to, as an offset from the current one. Two neighbouring steps can
/// share a code; then this is the preferred one.
pub fn verify(key: &Key, code: &Code, unix_seconds: u64, window: Window) -> Option<i64> {
    offsets_of(key, code, unix_seconds, window).first().copied()
}

/// The steps of the window that a code belongs to, the preferred one first.
///
/// Every step of the window is evaluated and all digits are compared, so the time taken reveals
/// nothing about the code.
pub fn steps_of(key: &Key, code: &Code, unix_seconds: u64, window: Window) -> Vec<TimeStep> {
    let now = TimeStep::at(unix_seconds);
    let offsets = offsets_of(key, code, unix_seconds, window);
    offsets.iter().filter_map(|&one| now.offset(one)).collect()
}

/// How far off the clock that made a code may be, in steps of 30 s. Negative means behind. Returns
/// every matching offset up to `reach`, the nearest first.
pub fn clock_offsets(key: &Key, code: &Code, unix_seconds: u64, reach: u8) -> Vec<i64> {
    let window = Window {
        behind: reach,
        ahead: reach,
    };
    offsets_of(key, code, unix_seconds, window)
}

fn offsets_of(key: &Key, code: &Code, unix_seconds: u64, window: Window) -> Vec<i64> {
    let now = TimeStep::at(unix_seconds);
    window
        .offsets()
        .filter(|&offset| {
            let step = now.offset(offset);
            step.is_some_and(|step| constant_time_eq(&key.code(step), code))
        })
        .collect()
}

/// Compares two codes in constant time: all digits, even if the first ones differ.
fn constant_time_eq(a: &Code, b: &Code) -> bool {
    let pairs = a.as_str().bytes().zip(b.as_str().bytes());
    let differing = pairs.fold(0, |differing, (a, b)| differing | (a ^ b));
    black_box(differing) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::prelude::v1::*;

    fn key(dni: &str) -> Key {
        Key::from_dni(&Dni::parse(dni).unwrap())
    }

    #[test]
    fn codes_that_three_programs_agree_on() {
        for (unix, code) in [
            (0, "186818"),
            (59, "340335"),
            (1_111_111_111, "641539"),
            (1_700_000_000, "548094"),
            (2_000_000_000, "574339"),
        ] {
            assert_eq!(
                key("123456").code(TimeStep::at(unix)).as_str(),
                code,
                "{unix}"
            );
        }
    }

    /// RFC 6238, appendix B, SHA-1: eight digits there, of which these are the last six.
    #[test]
    fn vectors_of_the_rfc() {
        let key = Key::from_bytes(b"12345678901234567890");
        for (unix, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(key.code(TimeStep::at(unix)).as_str(), code, "{unix}");
        }
    }

    #[test]
    fn zeros_make_another_key() {
        let step = TimeStep::at(1_700_000_000);
        assert_ne!(key("01234567").code(step), key("1234567").code(step));
    }

    #[test]
    fn the_window_and_its_order() {
        let offsets = |behind, ahead| Window { behind, ahead }.offsets().collect::<Vec<_>>();
        assert_eq!(offsets(0, 0), [0]);
        assert_eq!(offsets(1, 0), [0, -1]);
        assert_eq!(offsets(1, 1), [0, -1, 1]);
        assert_eq!(offsets(0, 2), [0, 1, 2]);
        assert_eq!(offsets(3, 1), [0, -1, 1, -2, -3]);

        let (key, now) = (key("123456"), 1_700_000_000);
        let before = key.code(TimeStep::at(now - 30));
        let window = |behind, ahead| Window { behind, ahead };
        assert_eq!(verify(&key, &before, now, Window::CURRENT), None);
        assert_eq!(verify(&key, &before, now, window(1, 0)), Some(-1));
        assert_eq!(verify(&key, &before, now, window(0, 1)), None);
        assert_eq!(verify(&key, &before, now - 60, window(0, 1)), Some(1));
        // There is no step before step 0.
        assert_eq!(verify(&key, &before, 0, window(255, 0)), None);
    }

    /// Neighbouring steps share a code once in a million: for this DNI, `016659` in 484306 and
    /// 484307 (found by trying them).
    #[test]
    fn a_code_of_two_steps_belongs_to_the_preferred_one() {
        let (key, now) = (key("12345678"), TimeStep(484_307));
        let code = Code::parse("016659").unwrap();
        assert_eq!((key.code(TimeStep(484_306)), key.code(now)), (code, code));
        let window = Window {
            behind: 1,
            ahead: 0,
        };
        assert_eq!(verify(&key, &code, now.starts_at(), window), Some(0));
        assert_eq!(clock_offsets(&key, &code, now.starts_at(), 1), [0, -1]);
    }

    #[test]
    fn steps() {
        assert_eq!(TimeStep::remaining(0), 30);
        assert_eq!(TimeStep::remaining(59), 1);
        assert_eq!(TimeStep(0).offset(-1), None);
        assert_eq!(TimeStep::at(59).starts_at(), 30);
    }

    #[test]
    fn nothing_secret_is_printed() {
        let (dni, code) = (
            Dni::parse("123456").unwrap(),
            Code::parse("186818").unwrap(),
        );
        let text = std::format!("{dni:?} {code:?} {:?}", Key::from_dni(&dni));
        assert!(!text.contains(|c: char| c.is_ascii_digit()), "{text}");
    }
}

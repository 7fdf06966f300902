//! One-time passwords (RFC 6238), and the DNI as their secret.

use alloc::string::{String, ToString};
use core::fmt;
use totp_rs::{Builder, Totp};

/// A student's ID number as sent.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dni(String);

/// Why a text is no DNI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DniError {
    /// Nothing there.
    Empty,
    /// It carries its letter.
    Letter,
    /// Something else than digits.
    NotDigits,
    /// Not 6 to 8 digits.
    Length {
        /// How many.
        digits: usize,
    },
}

impl Dni {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Dni, DniError> {
        if text.is_empty() {
            return Err(DniError::Empty);
        }
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(if text.ends_with(|c: char| c.is_ascii_alphabetic()) {
                DniError::Letter
            } else {
                DniError::NotDigits
            });
        }
        if !(6..=8).contains(&text.len()) {
            return Err(DniError::Length { digits: text.len() });
        }
        Ok(Dni(text.to_string()))
    }
    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Dni {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dni({})", "*".repeat(self.0.len()))
    }
}

/// Six digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code([u8; 6]);

/// Why a text is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeError {
    /// Nothing there.
    Empty,
    /// Something else than digits.
    NotDigits,
    /// Not six.
    Length {
        /// How many.
        digits: usize,
    },
}

impl Code {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Code, CodeError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(CodeError::Empty);
        }
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(CodeError::NotDigits);
        }
        let digits = text.len();
        Ok(Code(
            text.as_bytes()
                .try_into()
                .map_err(|_| CodeError::Length { digits })?,
        ))
    }
    /// Its digits.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or("")
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(******)")
    }
}

/// A 30 s step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step(pub u64);

impl Step {
    /// Seconds in a step.
    pub const SECONDS: u64 = 30;
    /// The step at that time.
    pub fn at(unix_seconds: u64) -> Step {
        Step(unix_seconds / Step::SECONDS)
    }
}

/// The HMAC key.
pub struct Key(Totp);

impl Key {
    /// The key of a DNI.
    pub fn from_dni(dni: &Dni) -> Key {
        Key(Builder::new()
            .with_secret(dni.as_str().as_bytes().to_vec())
            .build_noncompliant())
    }
    /// The code of a step.
    pub fn code(&self, step: Step) -> Code {
        let token = self.0.generate(step.0 * 30).to_string();
        Code(token.as_bytes().try_into().unwrap_or([b'0'; 6]))
    }
}

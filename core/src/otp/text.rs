//! DNIs and codes as people type them.

use alloc::string::{String, ToString};
use core::fmt;

/// A student's ID number as sent: 6 to 8 ASCII digits. Leading zeros matter.
///
/// `01234567` and `1234567` are different keys and different entries of the register.
///
/// A foreigner's number (NIE) is also accepted, with both its letters; the last one must be right.
/// `X1234567L` and `Y1234567X` are two people. A NIE is stored in capitals. The
/// [`Policy`](crate::policy::Policy) decides whether it may submit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dni(String);

/// Why a text is not a [`Dni`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DniError {
    /// The text is empty.
    Empty,
    /// The text has a letter (`12345678Z`, `12345678-Z`, `X1234567`), which is the commonest
    /// mistake.
    Letter,
    /// The text has a character that is not an ASCII digit.
    NotDigits,
    /// The text does not have 6 to 8 digits.
    Length {
        /// How many digits it has.
        digits: usize,
    },
}

impl fmt::Display for DniError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dni")
    }
}

impl core::error::Error for DniError {}

impl Dni {
    /// Parses a DNI. Ignores white space around it.
    ///
    /// # Errors
    /// Names the rule that the text breaks.
    pub fn parse(text: &str) -> Result<Dni, DniError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(DniError::Empty);
        }
        if let Some(nie) = Dni::parse_nie(text) {
            return Ok(nie);
        }
        if has_letter(text) {
            return Err(DniError::Letter);
        }
        if !all_digits(text) {
            return Err(DniError::NotDigits);
        }
        match text.len() {
            6..=8 => Ok(Dni(text.to_string())),
            digits => Err(DniError::Length { digits }),
        }
    }

    /// Parses a foreigner's number: X, Y or Z, seven digits and the right letter.
    pub(crate) fn parse_nie(text: &str) -> Option<Dni> {
        let [first, digits @ .., last] = text.as_bytes() else {
            return None;
        };
        let first = b"XYZ".iter().position(|x| first.eq_ignore_ascii_case(x))?;
        if digits.len() != 7 || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number: u32 = core::str::from_utf8(digits).ok()?.parse().ok()?;
        let letter = control_letter(first as u32 * 10_000_000 + number);
        (letter == char::from(last.to_ascii_uppercase())).then(|| Dni(text.to_ascii_uppercase()))
    }

    /// Whether this is a foreigner's number.
    pub fn is_nie(&self) -> bool {
        self.0.starts_with(['X', 'Y', 'Z'])
    }

    /// The digits, and the letters of a foreigner's number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The control letter of a number. The remainder by 23 selects it, in the order that the Ministry
/// of the Interior publishes. The first letter of a NIE counts as a digit: X is 0, Y is 1, Z is 2.
pub fn control_letter(number: u32) -> char {
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    char::from(LETTERS[number as usize % LETTERS.len()])
}

/// Whether a text is a DNI with a letter. The letter is the last character, perhaps after a hyphen;
/// a foreigner's number (NIE) also begins with X, Y or Z.
fn has_letter(text: &str) -> bool {
    let body = text.strip_suffix(|last: char| last.is_ascii_alphabetic());
    let ends = body.is_some();
    let body = body.unwrap_or(text);
    let body = body.strip_suffix('-').filter(|_| ends).unwrap_or(body);
    let digits = body.strip_prefix(|first: char| "XYZxyz".contains(first));
    let begins = digits.is_some();
    let digits = digits.unwrap_or(body);
    let digits = digits
        .strip_prefix('-')
        .filter(|_| begins)
        .unwrap_or(digits);
    (begins || ends) && !digits.is_empty() && all_digits(digits)
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Secrets stay out of logs.
impl fmt::Debug for Dni {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dni({})", "*".repeat(self.0.len()))
    }
}

/// A one-time code: six ASCII digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code([u8; 6]);

/// Why a text is not a [`Code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeError {
    /// The text is empty.
    Empty,
    /// The text has a character that is not an ASCII digit.
    NotDigits,
    /// The text does not have six digits.
    Length {
        /// How many digits it has.
        digits: usize,
    },
}

impl fmt::Display for CodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("code")
    }
}

impl core::error::Error for CodeError {}

impl Code {
    /// Parses a code. Ignores white space around it, and the one space that phones show in the
    /// middle (`186 818`).
    ///
    /// # Errors
    /// Names the rule that the text breaks.
    pub fn parse(text: &str) -> Result<Code, CodeError> {
        let text = text.trim();
        let joined = match text.split_once(' ') {
            Some((a, b)) if a.len() == 3 && b.len() == 3 => a.to_string() + b,
            _ => text.to_string(),
        };
        if joined.is_empty() {
            return Err(CodeError::Empty);
        }
        if !all_digits(&joined) {
            return Err(CodeError::NotDigits);
        }
        let digits = joined.len();
        let code = joined.as_bytes().try_into();
        code.map(Code).map_err(|_| CodeError::Length { digits })
    }

    /// A code from computed digits.
    pub(super) fn of_digits(digits: &[u8]) -> Code {
        debug_assert!(digits.len() == 6 && digits.iter().all(u8::is_ascii_digit));
        Code(digits.try_into().unwrap_or([b'0'; 6]))
    }

    /// The digits of the code.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(******)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dnis() {
        for good in ["123456", "1234567", "12345678", "00000000", " 123456\n"] {
            assert_eq!(Dni::parse(good).unwrap().as_str(), good.trim());
        }
        for (bad, error) in [
            ("", DniError::Empty),
            ("  ", DniError::Empty),
            ("12345678Z", DniError::Letter),
            ("12345678z", DniError::Letter),
            ("12345678-Z", DniError::Letter),
            ("X1234567", DniError::Letter),
            ("X1234567A", DniError::Letter),
            ("X12345678", DniError::Letter),
            ("W1234567L", DniError::NotDigits),
            ("Y-1234567-L", DniError::Letter),
            ("12345", DniError::Length { digits: 5 }),
            ("123456789", DniError::Length { digits: 9 }),
            ("12.345.678", DniError::NotDigits),
            ("1234 5678", DniError::NotDigits),
            ("１２３４５６", DniError::NotDigits),
            ("-123456", DniError::NotDigits),
            ("A123456", DniError::NotDigits),
            ("Z", DniError::NotDigits),
        ] {
            assert_eq!(Dni::parse(bad), Err(error), "{bad}");
        }
    }

    /// Another first letter makes another person, with another last letter.
    #[test]
    fn foreigners() {
        for (typed, read) in [
            ("X1234567L", "X1234567L"),
            (" y1234567x ", "Y1234567X"),
            ("Z1234567R", "Z1234567R"),
        ] {
            let nie = Dni::parse(typed).unwrap();
            assert_eq!((nie.as_str(), nie.is_nie()), (read, true));
        }
        for bad in [
            "X1234567X",
            "Y1234567L",
            "X123456L",
            "X12345678L",
            "XX234567L",
            "X123456éL",
        ] {
            assert!(Dni::parse(bad).is_err(), "{bad}");
        }
        assert!(!Dni::parse("1234567").unwrap().is_nie());
        assert_eq!(control_letter(12_345_678), 'Z');
    }

    #[test]
    fn codes() {
        for good in ["186818", " 186818\r\n", "186 818"] {
            assert_eq!(Code::parse(good).unwrap().as_str(), "186818");
        }
        for (bad, error) in [
            ("", CodeError::Empty),
            ("18681", CodeError::Length { digits: 5 }),
            ("1868181", CodeError::Length { digits: 7 }),
            ("18 6818", CodeError::NotDigits),
            ("186  818", CodeError::NotDigits),
            ("18681８", CodeError::NotDigits),
            ("abcdef", CodeError::NotDigits),
        ] {
            assert_eq!(Code::parse(bad), Err(error), "{bad}");
        }
    }
}

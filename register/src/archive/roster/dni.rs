//! A DNI as people and their offices write it.

use socklab_core::otp::{Dni, DniError};

/// The letter of a DNI, by the remainder of its number divided by 23 (Real Decreto 1553/2005, 11).
const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

/// Why a text is not the DNI of a student.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DniFault {
    /// It has a letter, and another is right.
    Letter(char),
    /// It is a foreigner's number (NIE).
    Foreign,
    /// It breaks a rule that holds without its letter too.
    Form(DniError),
}

/// Reads a DNI, with or without its letter, which must be right: `12345678`, `12345678Z`,
/// `12345678-Z`, `12.345.678-Z`.
pub(super) fn read(text: &str) -> Result<Dni, DniFault> {
    let plain = match Dni::parse(text) {
        Ok(dni) => return Ok(dni),
        Err(error) => error,
    };
    let text = text.trim();
    let (body, letter) = match text.char_indices().next_back() {
        Some((at, last)) if last.is_ascii_alphabetic() => (&text[..at], Some(last)),
        _ => (text, None),
    };
    let number = without_dots(body.trim_end_matches(['-', ' ']));
    let Ok(dni) = Dni::parse(&number) else {
        let foreign = text.starts_with(['X', 'Y', 'Z', 'x', 'y', 'z']) && plain == DniError::Letter;
        return Err(match foreign {
            true => DniFault::Foreign,
            false => DniFault::Form(plain),
        });
    };
    let Some(letter) = letter else {
        return Ok(dni);
    };
    let right = letter_of(&dni);
    match letter.to_ascii_uppercase() == right {
        true => Ok(dni),
        false => Err(DniFault::Letter(right)),
    }
}

fn letter_of(dni: &Dni) -> char {
    let number: usize = dni.as_str().parse().unwrap_or_default();
    char::from(LETTERS[number % LETTERS.len()])
}

/// The digits of a number whose thousands are set apart by dots; else the text as it is.
fn without_dots(text: &str) -> String {
    let mut groups = text.split('.');
    let first = groups.next().unwrap_or_default();
    let whole = groups.all(|group| group.len() == 3) && (1..=3).contains(&first.len());
    match whole {
        true => text.replace('.', ""),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_their_letter() {
        for (text, dni) in [
            ("12345678", "12345678"),
            ("12345678Z", "12345678"),
            ("12345678z", "12345678"),
            ("12345678-Z", "12345678"),
            (" 12.345.678-Z ", "12345678"),
            ("12.345.678", "12345678"),
            ("01234567L", "01234567"),
            ("1234567L", "1234567"),
        ] {
            assert_eq!(read(text).unwrap().as_str(), dni, "{text}");
        }
        for (text, fault) in [
            ("12345678A", DniFault::Letter('Z')),
            ("X1234567L", DniFault::Foreign),
            ("", DniFault::Form(DniError::Empty)),
            ("12345", DniFault::Form(DniError::Length { digits: 5 })),
            ("1234.5678", DniFault::Form(DniError::NotDigits)),
            ("1,2345678E+07", DniFault::Form(DniError::NotDigits)),
            ("García", DniFault::Form(DniError::NotDigits)),
        ] {
            assert_eq!(read(text), Err(fault), "{text}");
        }
    }
}

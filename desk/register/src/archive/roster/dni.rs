//! Reads a DNI as people and their offices write it.

use socklab_core::otp::{Dni, DniError, control_letter};

/// Why a text is not the DNI of a student.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DniFault {
    /// Its letter is wrong. Contains the right one.
    Letter(char),
    /// It is a foreigner's number (NIE), and one of its two letters is missing or wrong.
    Foreign,
    /// It breaks a rule of DNIs that does not concern the letter.
    Form(DniError),
}

/// Reads a DNI, with or without its letter, which must be right: `12345678`, `12345678Z`,
/// `12345678-Z`, `12.345.678-Z`; or a foreigner's number with both: `X1234567L`, `X-1234567-L`.
pub(super) fn read(text: &str) -> Result<Dni, DniFault> {
    let plain = match Dni::parse(text) {
        Ok(dni) => return Ok(dni),
        Err(error) => error,
    };
    let text = text.trim();
    if text.starts_with(['X', 'Y', 'Z', 'x', 'y', 'z']) && plain == DniError::Letter {
        return Dni::parse(&text.replace(['-', ' '], "")).map_err(|_| DniFault::Foreign);
    }
    let (body, letter) = match text.char_indices().next_back() {
        Some((at, last)) if last.is_ascii_alphabetic() => (&text[..at], Some(last)),
        _ => (text, None),
    };
    let number = without_dots(body.trim_end_matches(['-', ' ']));
    let dni = Dni::parse(&number).map_err(|_| DniFault::Form(plain))?;
    let right = control_letter(number.trim().parse().unwrap_or(0));
    match letter {
        Some(letter) if letter.to_ascii_uppercase() != right => Err(DniFault::Letter(right)),
        _ => Ok(dni),
    }
}

/// Removes the dots that separate thousands. Returns any other text unchanged.
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
            ("X1234567L", "X1234567L"),
            (" y-1234567-x ", "Y1234567X"),
        ] {
            assert_eq!(read(text).unwrap().as_str(), dni, "{text}");
        }
        for (text, fault) in [
            ("12345678A", DniFault::Letter('Z')),
            ("X1234567A", DniFault::Foreign),
            ("X-1234567", DniFault::Foreign),
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

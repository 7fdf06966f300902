//! Masks secrets in the report.

use super::Player;
use crate::report::Act;

/// Masks numbers, and words as long as a secret, but for their first two characters.
fn masked_words(bytes: &[u8]) -> Vec<u8> {
    let secret = |one: &u8| one.is_ascii_digit() || one.is_ascii_uppercase();
    let runs = bytes.chunk_by(|a, b| secret(a) == secret(b));
    let masked = runs.flat_map(|run| match run {
        [first, second, rest @ ..] if rest.len() >= 4 && secret(first) => {
            [&[*first, *second], "*".repeat(rest.len()).as_bytes()].concat()
        }
        other => other.to_vec(),
    });
    masked.collect()
}

/// A number with at least this many digits may be a DNI or a code.
const LONG: usize = 6;

fn masked_numbers(text: &str) -> String {
    let runs = text
        .as_bytes()
        .chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
    let masked = runs.flat_map(|run| match run.len() >= LONG && run[0].is_ascii_digit() {
        true => vec![b'*'; run.len()],
        false => run.to_vec(),
    });
    String::from_utf8_lossy(&masked.collect::<Vec<u8>>()).into_owned()
}

impl Player<'_> {
    /// Masks text of the program's own or of its source.
    pub(super) fn mask_text(&self, text: String) -> String {
        match self.setup.exercise.secret {
            true => masked_numbers(&text),
            false => text,
        }
    }

    /// Masks the digits of secret payload.
    pub(super) fn masked(&self, act: Act) -> Act {
        match act {
            Act::WeSend(bytes) => Act::WeSend(self.mask(bytes)),
            Act::Sends(bytes) => Act::Sends(self.mask(bytes)),
            Act::WeType(bytes) => Act::WeType(self.mask(bytes)),
            Act::Shows(bytes) => Act::Shows(self.mask(bytes)),
            other => other,
        }
    }

    pub(super) fn mask(&self, bytes: Vec<u8>) -> Vec<u8> {
        if !self.setup.exercise.secret {
            return bytes;
        }
        if self.setup.exercise.transport.is_none() {
            // The secret is the DNI in another spelling. A DNI that the check made up belongs to no
            // person.
            let personal = self.given.is_personal(self.setup.submitter);
            return if personal {
                masked_words(&bytes)
            } else {
                bytes
            };
        }
        let digit = |byte: u8| if byte.is_ascii_digit() { b'*' } else { byte };
        bytes.into_iter().map(digit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_as_long_as_a_code_is_masked() {
        for (text, masked) in [
            ("int(): '01234567X'", "int(): '********X'"),
            ("connect((host, 21000))", "connect((host, 21000))"),
            ("otp = \"186818\"", "otp = \"******\""),
            ("«ñ»123456", "«ñ»******"),
        ] {
            assert_eq!(masked_numbers(text), masked);
        }
    }

    #[test]
    fn a_secret_is_masked_wherever_it_stands() {
        for (text, masked) in [
            ("GA2DMOBRGM2TO===", "GA***********==="),
            ("04681357", "04******"),
            ("secret=GA2DMOBRGM2TO%3D", "secret=GA***********%3D"),
            ("otpauth://totp/Mi%20App", "otpauth://totp/Mi%20App"),
        ] {
            let seen = masked_words(text.as_bytes());
            assert_eq!(String::from_utf8_lossy(&seen), masked);
        }
    }
}

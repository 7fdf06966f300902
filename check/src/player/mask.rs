//! What is secret is not shown.

use super::Player;
use crate::report::Act;

/// Numbers, and words as long as a secret, without all but their first two characters.
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

impl Player<'_> {
    /// Digits of what is secret are not shown.
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
            // The secret is the DNI in another spelling; one that we have made up is nobody's.
            let personal = self.given.is_personal(self.setup.identity);
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

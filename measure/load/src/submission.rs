//! The messages of `submit`.

use std::time::{SystemTime, UNIX_EPOCH};

use socklab_core::otp::{Dni, Key, TimeStep};

/// How many DNIs there are.
const DNIS: u64 = 100_000_000;

/// A name that is not ASCII, as many are not.
const NAME: &str = "Begoña Muñoz";

/// Makes messages, each with a DNI that none before it had.
#[derive(Debug)]
pub(crate) struct Submissions {
    next: u64,
}

impl Submissions {
    pub(crate) fn from(first: u64) -> Submissions {
        Submissions { next: first }
    }

    /// The next message, right at this moment, and the step of its code.
    pub(crate) fn write(&mut self, message: &mut Vec<u8>) -> TimeStep {
        let step = step_now();
        let dni = format!("{:08}", self.next % DNIS);
        self.next += 1;
        message.clear();
        // Eight digits always are a DNI.
        if let Ok(dni) = Dni::parse(&dni) {
            let code = Key::from_dni(&dni).code(step);
            for field in [NAME, "&", dni.as_str(), "&", code.as_str()] {
                message.extend_from_slice(field.as_bytes());
            }
        }
        step
    }
}

/// The step of this moment.
pub(crate) fn step_now() -> TimeStep {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH);
    TimeStep::at(unix.unwrap_or_default().as_secs())
}

/// Whether the server took it. What it says beyond its first word is for people.
pub(crate) fn is_accepted(answer: &[u8]) -> bool {
    answer.split(u8::is_ascii_whitespace).next() == Some(b"OK")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_its_own_dni_and_its_right_code() {
        let mut submissions = Submissions::from(99_999_999);
        let mut message = Vec::new();
        for expected in ["99999999", "00000000", "00000001"] {
            let step = submissions.write(&mut message);
            let text = std::str::from_utf8(&message).unwrap();
            let fields: Vec<_> = text.split('&').collect();
            let [name, dni, code] = fields[..] else {
                panic!("{text}")
            };
            assert_eq!((name, dni), (NAME, expected));
            let key = Key::from_dni(&Dni::parse(dni).unwrap());
            assert_eq!(code, key.code(step).as_str());
        }
    }

    #[test]
    fn answers() {
        for (answer, accepted) in [
            (&b"OK registrado"[..], true),
            (b"OK\n", true),
            (b"OK", true),
            (b"OKAY", false),
            (b"ERROR code", false),
            (b" OK", false),
            (b"", false),
        ] {
            assert_eq!(is_accepted(answer), accepted, "{answer:?}");
        }
    }
}

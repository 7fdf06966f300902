//! One line of a transcript.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

/// The direction of an event, seen from the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrow {
    /// An input.
    In,
    /// An output.
    Out,
    /// A change of the machine: its state, its deadline or its end; or a name.
    Mark,
}

impl Arrow {
    /// The arrow as it is written.
    pub const fn sign(self) -> &'static str {
        match self {
            Arrow::In => "->",
            Arrow::Out => "<-",
            Arrow::Mark => "--",
        }
    }
}

/// One event: its time, direction, words and payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The time since the run began.
    pub at: Duration,
    /// The direction.
    pub arrow: Arrow,
    /// The event's name, then its details. There is at least one word, and no word has a space.
    pub words: Vec<String>,
    /// The payload, if the event has one.
    pub payload: Option<Vec<u8>>,
}

impl Line {
    /// The event's name.
    pub fn event_name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// The `n`th word after the name, from 1.
    pub fn word(&self, n: usize) -> Option<&str> {
        self.words.get(n).map(String::as_str)
    }

    /// The line without its time.
    pub fn event(&self) -> impl fmt::Display {
        Event(self)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = (self.at.as_secs(), self.at.subsec_nanos());
        write!(f, "{seconds}.{nanos:09} {}", Event(self))
    }
}

struct Event<'a>(&'a Line);

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.0;
        f.write_str(line.arrow.sign())?;
        for word in &line.words {
            write!(f, " {word}")?;
        }
        match &line.payload {
            Some(payload) => write!(f, " {}", Payload(payload)),
            None => Ok(()),
        }
    }
}

/// Payload as quoted text with escapes, or as `hex:` if it is not UTF-8.
pub(super) struct Payload<'a>(pub(super) &'a [u8]);

impl fmt::Display for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match core::str::from_utf8(self.0) {
            Ok(text) => write!(f, "\"{}\"", Escaped(text)),
            Err(_) => {
                f.write_str("hex:")?;
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

/// Text in which only letters, marks, digits, punctuation and plain spaces stand for themselves.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                // `'` needs no escape between double quotes, but escape_debug gives it one.
                '\'' => f.write_str("'")?,
                // Rust's own rule: control, format and other characters that are not to be
                // printed raw, bidi overrides among them, become \n, \u{202e} and the like.
                _ => write!(f, "{}", letter.escape_debug())?,
            }
        }
        Ok(())
    }
}

/// Reads payload back; `None` if it is neither quoted text nor `hex:`.
pub fn parse_payload(text: &str) -> Option<Vec<u8>> {
    if let Some(hex) = text.strip_prefix("hex:") {
        let digits = hex.as_bytes();
        return digits
            .chunks(2)
            .map(|pair| match pair {
                [_, _] if pair.iter().all(u8::is_ascii_hexdigit) => {
                    u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()
                }
                _ => None,
            })
            .collect();
    }
    let body = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut bytes = Vec::new();
    let mut rest = body.chars();
    while let Some(letter) = rest.next() {
        let meant = match letter {
            '"' => return None,
            '\\' => match rest.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                '0' => '\0',
                'u' => {
                    let (hex, after) = rest.as_str().strip_prefix('{')?.split_once('}')?;
                    rest = after.chars();
                    char::from_u32(u32::from_str_radix(hex, 16).ok()?)?
                }
                same @ ('\\' | '"' | '\'') => same,
                _ => return None,
            },
            plain => plain,
        };
        bytes.extend_from_slice(meant.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Some(bytes)
}

/// Payload with every digit masked: decimal digits of any script, or the bytes of ASCII digits.
pub(super) fn mask(payload: &[u8]) -> Vec<u8> {
    match core::str::from_utf8(payload) {
        Ok(text) => {
            let masked: String = text
                .chars()
                .map(|letter| if letter.is_numeric() { '*' } else { letter })
                .collect();
            masked.into_bytes()
        }
        Err(_) => payload
            .iter()
            .map(|&byte| if byte.is_ascii_digit() { b'*' } else { byte })
            .collect(),
    }
}

//! Decides when a message `name&dni&otp` is complete: a name, the number of a Spanish identity card
//! (DNI), and a one-time code.
//!
//! The end of a message is not marked: the lab's clients send it once and then wait for the answer,
//! with neither a line end nor an end of stream. So a message is complete as soon as its bytes,
//! read one by one, form a submission, and later bytes are not judged. The result therefore does
//! not depend on how the network cut the bytes.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::name::is_blank;
use crate::otp::{Code, Dni};

/// The longest message, in bytes; a longer one is refused.
pub const MAX_MESSAGE: usize = 1024;

/// The longest name, in bytes.
pub const MAX_NAME: usize = 512;

/// The byte-order mark that some Windows programs put before UTF-8 text; it is skipped.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// A complete message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// `^(.{1,512}?)&([0-9]{6,8})&([0-9]{6})$`, where `.` is any byte. A foreigner's number (NIE)
    /// with its letters may stand in the DNI's place; the register decides whether to accept it.
    Submission {
        /// The name, byte for byte.
        name: Box<[u8]>,
        /// The DNI, as sent.
        dni: Dni,
        /// The code.
        code: Code,
    },
    /// A submission whose DNI has its letter.
    DniLetter,
    /// A submission whose name has a NUL.
    NameNul,
    /// A submission whose name has no visible character.
    NameBlank,
    /// No submission: the message has a line end after two `&`, or is as long as [`MAX_MESSAGE`].
    Malformed,
}

/// Reads a message byte by byte.
#[derive(Debug, Default)]
pub struct MessageReader {
    bytes: Vec<u8>,
    separators: usize,
}

impl MessageReader {
    /// Whether no byte has come yet.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many bytes have been read.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Reads bytes up to the one that completes a message, and returns that message.
    ///
    /// The caller drops the bytes after it.
    pub fn take(&mut self, bytes: &[u8]) -> Option<Message> {
        bytes.iter().find_map(|&byte| self.take_byte(byte))
    }

    fn take_byte(&mut self, byte: u8) -> Option<Message> {
        self.bytes.push(byte);
        if byte == b'&' {
            self.separators += 1;
        }
        if byte.is_ascii_digit()
            && let Some(message) = self.complete()
        {
            return Some(message);
        }
        // A client that ends the line has sent its whole message, so do not wait for more.
        let line_end = byte == b'\n' && self.separators >= 2;
        (line_end || self.bytes.len() >= MAX_MESSAGE).then_some(Message::Malformed)
    }

    /// The message in the bytes so far, if they end like a submission.
    ///
    /// Parsed from the end: six digits, `&`, a DNI, `&`, and the name is everything before. A code
    /// and a DNI contain no `&`, so no other split can match.
    fn complete(&self) -> Option<Message> {
        let text = self.bytes.strip_prefix(BOM).unwrap_or(&self.bytes);
        let (rest, code) = split_last(text)?;
        if code.len() != 6 || !code.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let (name, dni) = split_last(rest)?;
        if name.is_empty() || name.len() > MAX_NAME {
            return None;
        }
        let nie = core::str::from_utf8(dni).ok().and_then(Dni::parse_nie);
        if nie.is_none() && has_letter(dni) {
            return Some(Message::DniLetter);
        }
        let is_dni = (6..=8).contains(&dni.len()) && dni.iter().all(u8::is_ascii_digit);
        let dni = match nie {
            Some(nie) => nie,
            None if is_dni => Dni::parse(core::str::from_utf8(dni).ok()?).ok()?,
            None => return None,
        };
        let code = Code::parse(core::str::from_utf8(code).ok()?).ok()?;
        if name.contains(&0) {
            return Some(Message::NameNul);
        }
        if is_blank(name) {
            return Some(Message::NameBlank);
        }
        Some(Message::Submission {
            name: name.into(),
            dni,
            code,
        })
    }
}

/// The parts before and after the last `&`.
pub(super) fn split_last(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().rposition(|&byte| byte == b'&')?;
    Some((&text[..at], &text[at + 1..]))
}

/// Whether a field is a DNI with its letter (`12345678Z`) or a foreigner's number without its last
/// letter, or with a wrong one (`X1234567A`).
fn has_letter(dni: &[u8]) -> bool {
    let (body, last) = match dni {
        [body @ .., last] if last.is_ascii_alphabetic() => (body, true),
        _ => (dni, false),
    };
    match body {
        [b'X' | b'Y' | b'Z' | b'x' | b'y' | b'z', digits @ ..] => {
            digits.len() == 7 && digits.iter().all(u8::is_ascii_digit)
        }
        digits => last && (6..=8).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submission(name: &[u8], dni: &str, code: &str) -> Message {
        Message::Submission {
            name: name.into(),
            dni: Dni::parse(dni).unwrap(),
            code: Code::parse(code).unwrap(),
        }
    }

    /// Reads a message. Also returns how many bytes it took.
    fn read(bytes: &[u8]) -> (Option<Message>, usize) {
        let mut reader = MessageReader::default();
        let message = reader.take(bytes);
        (message, reader.bytes.len())
    }

    #[test]
    fn cases() {
        let ana = || Some(submission(b"Ana", "123456", "186818"));
        let bad = || Some(Message::Malformed);
        let letter = || Some(Message::DniLetter);
        for (bytes, message) in [
            (&b"Ana&123456&186818"[..], ana()),
            (b"Ana&123456&186818\r\n", ana()),
            (b"Ana&123456&1868189", ana()),
            (b"\xef\xbb\xbfAna&123456&186818", ana()),
            (
                b"Ana&12345678&186818",
                Some(submission(b"Ana", "12345678", "186818")),
            ),
            (
                b"A&B&01234567&000000",
                Some(submission(b"A&B", "01234567", "000000")),
            ),
            (
                b"A\nB&123456&000000",
                Some(submission(b"A\nB", "123456", "000000")),
            ),
            (
                b"\xff&123456&000000",
                Some(submission(b"\xff", "123456", "000000")),
            ),
            (
                b"&&123456&000000",
                Some(submission(b"&", "123456", "000000")),
            ),
            (b"Ana&12345678Z&186818", letter()),
            (
                b"Ana&X1234567L&186818",
                Some(submission(b"Ana", "X1234567L", "186818")),
            ),
            (
                b"Ana&y1234567x&186818",
                Some(submission(b"Ana", "Y1234567X", "186818")),
            ),
            (b"Ana&X1234567X&186818", letter()),
            (b"Ana& X1234567L&186818\n", bad()),
            (b"Ana&x1234567&186818", letter()),
            (b"An\0a&123456&186818", Some(Message::NameNul)),
            (b" \t&123456&186818", Some(Message::NameBlank)),
            (
                "\u{3164}&123456&186818".as_bytes(),
                Some(Message::NameBlank),
            ),
            (b"\xa0&123456&186818", Some(Message::NameBlank)),
            (b"Ana&123456789&186818\n", bad()),
            (b"Ana&12345&186818\n", bad()),
            (b"Ana&123456&18681\n", bad()),
            (b"&123456&186818\n", bad()),
            (b"\xef\xbb\xbf&123456&186818\n", bad()),
            ("Ana&12345６&186818\n".as_bytes(), bad()),
            (b"Ana&123456&18681", None),
            (b"Ana\n123456\n186818\n", None),
            (b"Ana&123456\n", None),
            (b"", None),
        ] {
            assert_eq!(read(bytes).0, message, "{bytes:?}");
        }
    }

    #[test]
    fn limits() {
        let long = |name: usize| [&[b'a'; 2000][..name], b"&123456&186818\n"].concat();
        assert!(matches!(
            read(&long(512)).0,
            Some(Message::Submission { .. })
        ));
        assert_eq!(read(&long(513)).0, Some(Message::Malformed));
        assert_eq!(read(&[b'a'; 4000]), (Some(Message::Malformed), MAX_MESSAGE));
        // Later bytes are not read.
        assert_eq!(read(b"Ana&123456&186818&123456&111111").1, 17);
    }
}

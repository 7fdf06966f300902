//! What is right and wrong with a message, part by part, for the rehearsal.
//!
//! The real server reports only the first fault that prevents a submission. This module checks the
//! whole message, and recognises the mistakes that programs make.

use alloc::string::String;
use alloc::vec::Vec;

use super::framing::{BOM, Framing, MAX_NAME, Message, split_last};
use super::name::is_blank;
use crate::otp::{Code, CodeError, Dni, DniError, Key, Window, base32, control_letter, steps_of};
use crate::policy::with_other_zeros;
use crate::register::{Cause, Decision, Refusal};

/// A message taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Review<'a> {
    /// The name, the DNI and the code, if they can be told apart.
    pub parts: Option<[&'a [u8]; 3]>,
    /// What is to be said of it, in the order of the parts.
    pub remarks: Vec<Remark>,
}

/// A part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// All of it.
    Message,
    /// What is before the last `&` but one.
    Name,
    /// What is between the last two.
    Dni,
    /// What is after the last.
    Code,
}

/// Something to be said of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// No byte came.
    Empty,
    /// It has so many `&` where two are needed.
    Separators(usize),
    /// Its parts are separated by this instead of `&`.
    Separator(char),
    /// Every other byte is a NUL: it is UTF-16.
    Utf16,
    /// It begins as TLS does, which this port does not speak.
    Tls,
    /// Its parts lie in fields of fixed length, filled up with NULs: a C `struct`.
    CStruct,
    /// It begins with a byte-order mark, which is skipped.
    Bom,
    /// So many bytes came after it was complete; the server that counts ignores them.
    After(usize),
    /// There is no name, or it has no visible character.
    NameEmpty,
    /// The name has so many bytes, more than it may.
    NameTooLong(usize),
    /// There is a NUL in the name.
    NameNul,
    /// The name is not UTF-8.
    NameNotUtf8,
    /// The name has an `&`; the last two of the message count.
    NameAmpersand,
    /// The name begins as bytes or texts begin when a program prints them: `b'`, a quotation mark,
    /// a bracket.
    NameQuoted,
    /// The DNI breaks a rule.
    Dni(DniError),
    /// There are blanks around the DNI.
    DniBlanks,
    /// The code breaks a rule.
    Code(CodeError),
    /// There are blanks in the code or around it.
    CodeBlanks,
    /// DNI and code stand in each other's place.
    Swapped,
    /// The code was right so many seconds ago.
    CodeBehind(u64),
    /// It will be right in so many seconds.
    CodeAhead(u64),
    /// It was made by a clock that is off by so many whole hours: a time zone. Negative is behind.
    CodeHours(i32),
    /// It is right for this DNI, which differs only by zeros.
    CodeZeros(Dni),
    /// The key was the DNI in base32, as text: it was encoded twice.
    CodeTwice,
    /// The key was the DNI taken for base32: it was not encoded.
    CodeNotEncoded,
    /// The key was the DNI with its letter.
    CodeLetter,
    /// The code was right, and has been used.
    CodeUsed,
    /// The code is wrong, for no reason that this knows.
    CodeWrong,
}

impl Remark {
    /// Which part it is about.
    pub const fn part(&self) -> Part {
        match self {
            Remark::Empty
            | Remark::Separators(_)
            | Remark::Separator(_)
            | Remark::Utf16
            | Remark::Tls
            | Remark::CStruct
            | Remark::Bom
            | Remark::Swapped
            | Remark::After(_) => Part::Message,
            Remark::NameEmpty
            | Remark::NameTooLong(_)
            | Remark::NameNul
            | Remark::NameNotUtf8
            | Remark::NameAmpersand
            | Remark::NameQuoted => Part::Name,
            Remark::Dni(_) | Remark::DniBlanks => Part::Dni,
            _ => Part::Code,
        }
    }

    /// Whether it keeps the message from being a submission. Else it is only worth knowing.
    pub const fn is_wrong(&self) -> bool {
        !matches!(
            self,
            Remark::Bom
                | Remark::After(_)
                | Remark::NameNotUtf8
                | Remark::NameAmpersand
                | Remark::NameQuoted
        )
    }
}

/// Looks at all that came on a connection, what was decided of it (nothing, if it was no
/// submission), and when it was complete, in Unix seconds.
pub fn review<'a>(bytes: &'a [u8], decision: Option<&Decision>, unix: u64) -> Review<'a> {
    let mut review = Review::default();
    if bytes.is_empty() {
        review.remarks.push(Remark::Empty);
        return review;
    }
    let end = complete(bytes);
    let (text, after) = bytes.split_at(end.unwrap_or(bytes.len()));
    let binary = match text {
        // A handshake's record, of any version (RFC 8446, 5.1).
        [0x16, 0x03, ..] => Some(Remark::Tls),
        _ if is_utf16(text) => Some(Remark::Utf16),
        _ if is_struct(text) => Some(Remark::CStruct),
        _ => None,
    };
    if let Some(remark) = binary {
        review.remarks.push(remark);
        return review;
    }
    let line = text.strip_prefix(BOM).unwrap_or(text);
    if line.len() < text.len() {
        review.remarks.push(Remark::Bom);
    }
    let line = line.trim_ascii_end();
    let Some([name, dni, code]) = parts(line) else {
        let found = line.iter().filter(|&&byte| byte == b'&').count();
        review.remarks.push(match other_separator(line) {
            Some(other) if found == 0 => Remark::Separator(other),
            _ => Remark::Separators(found),
        });
        return review;
    };
    review.parts = Some([name, dni, code]);
    // A DNI in the code's place may be longer than a code, with which the message was complete.
    let more = after.iter().take_while(|byte| byte.is_ascii_digit());
    let longer = &bytes[text.len() - code.len()..][..code.len() + more.count()];
    let swapped = end.is_some() && is_swapped(dni, longer, unix);
    if swapped {
        review.parts = Some([name, dni, longer]);
        review.remarks.push(Remark::Swapped);
    } else if !after.is_empty() {
        review.remarks.push(Remark::After(after.len()));
    }
    review_name(name, &mut review.remarks);
    if !swapped {
        let text = String::from_utf8_lossy(dni);
        review.remarks.extend(match Dni::parse(&text) {
            Err(error) => Some(Remark::Dni(error)),
            Ok(read) => {
                let same = read.as_str().eq_ignore_ascii_case(&text);
                (!same).then_some(Remark::DniBlanks)
            }
        });
        let text = String::from_utf8_lossy(code);
        review.remarks.extend(match Code::parse(&text) {
            Err(error) => Some(Remark::Code(error)),
            Ok(read) if read.as_str() != text => Some(Remark::CodeBlanks),
            Ok(read) => judged(dni, &read, decision, unix),
        });
    }
    review
}

/// Every other byte is a NUL, or nearly: the name may have letters of other alphabets.
fn is_utf16(text: &[u8]) -> bool {
    let nuls = |from| text.iter().skip(from).step_by(2).filter(|&&byte| byte == 0);
    let (even, odd) = (nuls(0).count(), nuls(1).count());
    even.max(odd) * 3 > text.len() && even.min(odd) * 10 <= text.len()
}

/// A text, then NULs, then something else: without an `&`, which a message has.
fn is_struct(text: &[u8]) -> bool {
    let begun = text.iter().position(|&byte| byte == 0);
    let filled = |start: usize| text[start..].iter().any(|&byte| byte != 0);
    !text.contains(&b'&') && begun.is_some_and(|start| start > 0 && filled(start))
}

/// How many bytes it took to complete the message, if it became one.
fn complete(bytes: &[u8]) -> Option<usize> {
    let mut framing = Framing::default();
    match framing.take(bytes)? {
        Message::Malformed => None,
        _ => Some(framing.len()),
    }
}

fn parts(line: &[u8]) -> Option<[&[u8]; 3]> {
    let (rest, code) = split_last(line)?;
    let (name, dni) = split_last(rest)?;
    Some([name, dni, code])
}

/// What may have been meant for the separator: it is there twice at least.
fn other_separator(line: &[u8]) -> Option<char> {
    const OTHERS: &[u8] = b"\n,;|\t:#/ ";
    let twice = |other: u8| line.iter().filter(|&&byte| byte == other).count() >= 2;
    let other = OTHERS.iter().find(|&&other| twice(other))?;
    Some(char::from(*other))
}

fn review_name(name: &[u8], remarks: &mut Vec<Remark>) {
    if is_blank(name) {
        remarks.push(Remark::NameEmpty);
    }
    if name.len() > MAX_NAME {
        remarks.push(Remark::NameTooLong(name.len()));
    }
    if name.contains(&0) {
        remarks.push(Remark::NameNul);
    }
    if core::str::from_utf8(name).is_err() {
        remarks.push(Remark::NameNotUtf8);
    }
    if name.contains(&b'&') {
        remarks.push(Remark::NameAmpersand);
    }
    let quoted: [&[u8]; 8] = [b"b'", b"b\"", b"'", b"\"", b"(", b"[", b"{", b"<"];
    if quoted.iter().any(|begin| name.starts_with(begin)) {
        remarks.push(Remark::NameQuoted);
    }
}

/// Two steps before and after now, for codes that were made in another way than they should be.
const AROUND: Window = Window {
    behind: 2,
    ahead: 2,
};

fn makes(key: &Key, code: &Code, unix: u64) -> bool {
    !steps_of(key, code, unix, AROUND).is_empty()
}

/// The code is in the DNI's place, and it is that of the DNI in its own.
fn is_swapped(dni: &[u8], code: &[u8], unix: u64) -> bool {
    let (code, dni) = (
        Code::parse(&String::from_utf8_lossy(dni)),
        Dni::parse(&String::from_utf8_lossy(code)),
    );
    matches!((code, dni), (Ok(code), Ok(dni)) if makes(&Key::from_dni(&dni), &code, unix))
}

/// What the decision says of a code, and what may have made it if the decision does not know.
fn judged(dni: &[u8], code: &Code, decision: Option<&Decision>, unix: u64) -> Option<Remark> {
    let dni = Dni::parse(core::str::from_utf8(dni).ok()?).ok()?;
    match decision? {
        Decision::Refused(Refusal::Letter) => Some(Remark::Dni(DniError::Letter)),
        Decision::Refused(Refusal::UsedCode) => Some(Remark::CodeUsed),
        Decision::Refused(Refusal::WrongCode(cause)) => Some(match *cause {
            Cause::Behind(seconds) => Remark::CodeBehind(seconds),
            Cause::Ahead(seconds) => Remark::CodeAhead(seconds),
            Cause::Zeros => with_other_zeros(&dni)
                .find(|other| makes(&Key::from_dni(other), code, unix))
                .map_or(Remark::CodeWrong, Remark::CodeZeros),
            Cause::Unknown => made_otherwise(&dni, code, unix),
        }),
        _ => None,
    }
}

/// The ways in which programs and phones go wrong. Each is 5 or, for the hours, 140 candidates, so
/// a wrong code meets one by chance once in 6,000.
fn made_otherwise(dni: &Dni, code: &Code, unix: u64) -> Remark {
    let key = Key::from_dni(dni);
    for hours in (1..=14).flat_map(|hours| [-hours, hours]) {
        let then = unix.checked_add_signed(i64::from(hours) * 3600);
        if then.is_some_and(|then| makes(&key, code, then)) {
            return Remark::CodeHours(hours);
        }
    }
    let text = dni.as_str();
    let encoded = [
        base32::encode(text.as_bytes()),
        base32::encode_unpadded(text.as_bytes()),
    ];
    if encoded
        .iter()
        .any(|text| makes(&Key::from_bytes(text.as_bytes()), code, unix))
    {
        return Remark::CodeTwice;
    }
    if base32::decode(text).is_ok_and(|bytes| makes(&Key::from_bytes(&bytes), code, unix)) {
        return Remark::CodeNotEncoded;
    }
    let letter = control_letter(text.parse().unwrap_or(0));
    let with_letter = [letter, letter.to_ascii_lowercase()].map(|letter| {
        let mut text = String::from(text);
        text.push(letter);
        text
    });
    if with_letter
        .iter()
        .any(|text| makes(&Key::from_bytes(text.as_bytes()), code, unix))
    {
        return Remark::CodeLetter;
    }
    Remark::CodeWrong
}

#[cfg(test)]
mod tests;

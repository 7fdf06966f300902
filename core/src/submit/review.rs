//! Reviews a message part by part, for the rehearsal.
//!
//! The real server reports only the first fault that prevents a submission. This module checks the
//! whole message, and recognises the mistakes that programs make.

use alloc::string::String;
use alloc::vec::Vec;

use super::framing::{BOM, MAX_NAME, Message, MessageReader, split_last};
use super::name::is_blank;
use crate::otp::{Code, CodeError, Dni, DniError, Key, Window, base32, control_letter, steps_of};
use crate::policy::with_other_zeros;
use crate::register::{Cause, Decision, Refusal};

/// The review of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Review<'a> {
    /// The name, the DNI and the code, if the message can be split into them.
    pub parts: Option<[&'a [u8]; 3]>,
    /// The remarks, in the order of the parts.
    pub remarks: Vec<Remark>,
}

/// A part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The whole message.
    Message,
    /// The name: all before the last `&` but one.
    Name,
    /// The DNI: between the last two `&`.
    Dni,
    /// The code: all after the last `&`.
    Code,
}

/// A remark on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// No byte came.
    Empty,
    /// The message has this many `&` instead of two.
    Separators(usize),
    /// The parts are separated by this character instead of `&`.
    Separator(char),
    /// The message is UTF-16: every other byte is a NUL.
    Utf16,
    /// The message begins with a TLS record, but this port does not use TLS.
    Tls,
    /// The message is a C `struct`: its parts are in fields of fixed length, padded with NULs.
    CStruct,
    /// The message begins with a byte-order mark, which is skipped.
    Bom,
    /// This many bytes came after the message was complete. The real server ignores them.
    After(usize),
    /// There is no name, or it has no visible character.
    NameEmpty,
    /// The name is too long: it has this many bytes.
    NameTooLong(usize),
    /// There is a NUL in the name.
    NameNul,
    /// The name is not UTF-8.
    NameNotUtf8,
    /// The name has an `&`; the last two of the message count.
    NameAmpersand,
    /// The name begins like the printed form of a value in a program: with `b'`, a quotation mark
    /// or a bracket.
    NameQuoted,
    /// The DNI breaks a rule.
    Dni(DniError),
    /// There are blanks around the DNI.
    DniBlanks,
    /// The code breaks a rule.
    Code(CodeError),
    /// There are blanks in the code or around it.
    CodeBlanks,
    /// DNI and code are swapped.
    Swapped,
    /// The code was right this many seconds ago.
    CodeBehind(u64),
    /// The code will be right in this many seconds.
    CodeAhead(u64),
    /// The code was made by a clock that is off by this many whole hours, as with a wrong time
    /// zone. Negative means behind.
    CodeHours(i32),
    /// The code is right for this DNI, which differs only by leading zeros.
    CodeZeros(Dni),
    /// The key was the base32 text of the DNI: the DNI was encoded twice.
    CodeTwice,
    /// The key was the DNI decoded as base32: the DNI was not encoded.
    CodeNotEncoded,
    /// The key was the DNI with its letter.
    CodeLetter,
    /// The code was right, but has been used already.
    CodeUsed,
    /// The code is wrong for an unknown reason.
    CodeWrong,
}

impl Remark {
    /// The part that the remark is about.
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

    /// Whether this mistake keeps the message from being a submission. Other remarks are only
    /// hints.
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

/// Reviews all bytes that came on a connection. `decision` is `None` if they are not a submission.
/// `unix` is when the message was complete.
pub fn review<'a>(bytes: &'a [u8], decision: Option<&Decision>, unix: u64) -> Review<'a> {
    let mut review = Review::default();
    if bytes.is_empty() {
        review.remarks.push(Remark::Empty);
        return review;
    }
    let end = complete(bytes);
    let (text, after) = bytes.split_at(end.unwrap_or(bytes.len()));
    let binary = match text {
        // A handshake record of any version (RFC 8446, 5.1).
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
    // If DNI and code are swapped, the message counted as complete after six digits of the DNI;
    // take the rest too.
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
            Ok(read) => code_remark(dni, &read, decision, unix),
        });
    }
    review
}

/// Whether nearly every other byte is a NUL. A name may also have letters of other alphabets, whose
/// bytes are not NUL.
fn is_utf16(text: &[u8]) -> bool {
    let nuls = |from| text.iter().skip(from).step_by(2).filter(|&&byte| byte == 0);
    let (even, odd) = (nuls(0).count(), nuls(1).count());
    even.max(odd) * 3 > text.len() && even.min(odd) * 10 <= text.len()
}

/// Whether the bytes are text, then NULs, then other bytes, without the `&` of a message.
fn is_struct(text: &[u8]) -> bool {
    let begun = text.iter().position(|&byte| byte == 0);
    let filled = |start: usize| text[start..].iter().any(|&byte| byte != 0);
    !text.contains(&b'&') && begun.is_some_and(|start| start > 0 && filled(start))
}

/// How many bytes the message has, if the bytes contain a complete one.
fn complete(bytes: &[u8]) -> Option<usize> {
    let mut reader = MessageReader::default();
    match reader.take(bytes)? {
        Message::Malformed => None,
        _ => Some(reader.len()),
    }
}

fn parts(line: &[u8]) -> Option<[&[u8]; 3]> {
    let (rest, code) = split_last(line)?;
    let (name, dni) = split_last(rest)?;
    Some([name, dni, code])
}

/// The character that may have been meant as the separator: one that occurs at least twice.
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

/// Two steps before and after now, for codes that were made in a wrong way.
const AROUND: Window = Window {
    behind: 2,
    ahead: 2,
};

fn matches_code(key: &Key, code: &Code, unix: u64) -> bool {
    !steps_of(key, code, unix, AROUND).is_empty()
}

/// Whether DNI and code are swapped: the text in the DNI's place is the code of the DNI in the
/// code's place.
fn is_swapped(dni: &[u8], code: &[u8], unix: u64) -> bool {
    let (code, dni) = (
        Code::parse(&String::from_utf8_lossy(dni)),
        Dni::parse(&String::from_utf8_lossy(code)),
    );
    matches!((code, dni), (Ok(code), Ok(dni)) if matches_code(&Key::from_dni(&dni), &code, unix))
}

/// The remark on a code, from the decision. If the decision knows no cause, looks for one.
fn code_remark(dni: &[u8], code: &Code, decision: Option<&Decision>, unix: u64) -> Option<Remark> {
    let dni = Dni::parse(core::str::from_utf8(dni).ok()?).ok()?;
    match decision? {
        Decision::Refused(Refusal::Letter) => Some(Remark::Dni(DniError::Letter)),
        Decision::Refused(Refusal::UsedCode) => Some(Remark::CodeUsed),
        Decision::Refused(Refusal::WrongCode(cause)) => Some(match *cause {
            Cause::Behind(seconds) => Remark::CodeBehind(seconds),
            Cause::Ahead(seconds) => Remark::CodeAhead(seconds),
            Cause::Zeros => with_other_zeros(&dni)
                .find(|other| matches_code(&Key::from_dni(other), code, unix))
                .map_or(Remark::CodeWrong, Remark::CodeZeros),
            Cause::Unknown => code_made_otherwise(&dni, code, unix),
        }),
        _ => None,
    }
}

/// Tries the usual mistakes of programs and phones. Each has 5 candidates, the hours have 140, so a
/// wrong code matches one by chance once in 6,000.
fn code_made_otherwise(dni: &Dni, code: &Code, unix: u64) -> Remark {
    let key = Key::from_dni(dni);
    for hours in (1..=14).flat_map(|hours| [-hours, hours]) {
        let then = unix.checked_add_signed(i64::from(hours) * 3600);
        if then.is_some_and(|then| matches_code(&key, code, then)) {
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
        .any(|text| matches_code(&Key::from_bytes(text.as_bytes()), code, unix))
    {
        return Remark::CodeTwice;
    }
    if base32::decode(text).is_ok_and(|bytes| matches_code(&Key::from_bytes(&bytes), code, unix)) {
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
        .any(|text| matches_code(&Key::from_bytes(text.as_bytes()), code, unix))
    {
        return Remark::CodeLetter;
    }
    Remark::CodeWrong
}

#[cfg(test)]
mod tests;

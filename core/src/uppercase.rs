//! Capitals, as Python's `str.upper()` makes them.

use alloc::vec::Vec;

/// Appends `text` in capitals.
///
/// Unicode's full, locale-independent mapping (Unicode Standard, 3.13 and `SpecialCasing.txt`):
/// `ñandú` becomes `ÑANDÚ`, and `straße` `STRASSE`, so the result may be longer: up to three times
/// (`ΐ`, two bytes, becomes three letters of two bytes each). Bytes that are
/// not UTF-8 pass through as they are, and the valid text around them is still capitalised.
///
/// ```
/// let mut capitals = Vec::new();
/// socklab_core::uppercase::upper("straße \u{fb03}".as_bytes(), &mut capitals);
/// assert_eq!(capitals, "STRASSE FFI".as_bytes());
/// ```
pub fn upper(mut text: &[u8], to: &mut Vec<u8>) {
    if text.is_ascii() {
        return upper_ascii(text, to);
    }
    while !text.is_empty() {
        let start = to.len();
        to.extend_from_slice(&text[..text.len().min(PIECE)]);
        let done = latin_in_place(&mut to[start..]);
        to.truncate(start + done);
        text = others(&text[done..], to);
    }
}

/// Most messages are short, so this is for them. Bytes that are copied first and then capitalised
/// in place take longer: they are loaded again while the stores of the copy are still on their way.
fn upper_ascii(text: &[u8], to: &mut Vec<u8>) {
    to.reserve(text.len());
    let text = upper_blocks::<16>(text, to);
    let text = upper_blocks::<4>(text, to);
    upper_blocks::<1>(text, to);
}

/// Capitalises blocks of `N` bytes, each with a few vector instructions. Returns what is left.
#[inline(always)]
fn upper_blocks<'a, const N: usize>(text: &'a [u8], to: &mut Vec<u8>) -> &'a [u8] {
    let (blocks, rest) = text.as_chunks::<N>();
    for block in blocks {
        let mut capitals = *block;
        capitals.make_ascii_uppercase();
        to.extend_from_slice(&capitals);
    }
    rest
}

/// How many bytes are copied before they are capitalised in place. What follows a letter that
/// cannot be is copied again, so a text of such letters must not have all of its rest copied.
const PIECE: usize = 64;

/// Capitalises ASCII and the letters of Latin-1 whose capitals have the same length, which is
/// nearly all of a text in a language of western Europe. Returns how many bytes that were: up to
/// another letter, to a byte that is not text, or to the end.
fn latin_in_place(text: &mut [u8]) -> usize {
    text.make_ascii_uppercase();
    let mut at = 0;
    loop {
        at += text[at..].iter().take_while(|byte| byte.is_ascii()).count();
        match &mut text[at..] {
            // From à to þ, without ÷.
            [0xC3, second @ (0xA0..=0xB6 | 0xB8..=0xBE), ..] => *second -= 0x20,
            // Capitals and signs, without µ, ß and ÿ.
            [0xC2, 0x80..=0xB4 | 0xB6..=0xBF, ..] | [0xC3, 0x80..=0x9E | 0xB7, ..] => {}
            _ => return at,
        }
        at += 2;
    }
}

/// Capitalises letter by letter up to where the next eight bytes are ASCII: words of other
/// alphabets are often shorter. Returns the text from there.
fn others<'a>(text: &'a [u8], to: &mut Vec<u8>) -> &'a [u8] {
    let end = text.windows(8).position(<[u8]>::is_ascii);
    let (others, rest) = text.split_at(end.unwrap_or(text.len()));
    for chunk in others.utf8_chunks() {
        for letter in chunk.valid().chars() {
            if letter.is_ascii() {
                to.push(letter.to_ascii_uppercase() as u8);
                continue;
            }
            for capital in letter.to_uppercase() {
                to.extend_from_slice(capital.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        to.extend_from_slice(chunk.invalid());
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases() {
        for (text, capitals) in [
            (&b""[..], &b""[..]),
            (b"hola", b"HOLA"),
            ("ñandú".as_bytes(), "ÑANDÚ".as_bytes()),
            ("straße".as_bytes(), "STRASSE".as_bytes()),
            ("\u{390}".as_bytes(), "\u{399}\u{308}\u{301}".as_bytes()),
            (b"\xffhola\xc3", b"\xffHOLA\xc3"),
            (b"ma\xf1ana", b"MA\xf1ANA"),
            (b"FIN", b"FIN"),
            ("ﬁn".as_bytes(), b"FIN"),
        ] {
            let mut out = Vec::new();
            upper(text, &mut out);
            assert_eq!(out, capitals, "{text:?}");
        }
    }
}

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
/// let mut caps = Vec::new();
/// socklab_core::caps::upper("straße \u{fb03}".as_bytes(), &mut caps);
/// assert_eq!(caps, "STRASSE FFI".as_bytes());
/// ```
pub fn upper(text: &[u8], to: &mut Vec<u8>) {
    if text.is_ascii() {
        let start = to.len();
        to.extend_from_slice(text);
        to[start..].make_ascii_uppercase();
        return;
    }
    to.reserve(text.len());
    for chunk in text.utf8_chunks() {
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

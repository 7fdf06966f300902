//! Names: stored byte for byte, and escaped when shown.

use socklab_core::submit::is_hidden;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The most characters of a name that are shown.
const LONGEST: usize = 100;

/// The replacement for a character that must not be printed.
const REPLACEMENT: char = '\u{fffd}';

/// A name as text, at most 100 characters. Bytes that are not UTF-8 are read as Windows-1252, which
/// old programs on Spanish Windows send, and get a mark (`[1252] `).
///
/// The text is in NFC (Unicode Standard Annex 15), so that equal names look equal. Control,
/// bidirectional and zero-width characters are replaced, so that a name can neither control a
/// terminal nor look like another.
pub fn shown(name: &[u8]) -> String {
    let name = name.strip_prefix(b"\xef\xbb\xbf").unwrap_or(name);
    let (mark, text) = match std::str::from_utf8(name) {
        Ok(text) => ("", text.into()),
        Err(_) => (
            "[1252] ",
            encoding_rs::WINDOWS_1252
                .decode_without_bom_handling(name)
                .0,
        ),
    };
    let mut letters = text.nfc().map(|letter| {
        if is_hidden(letter) {
            REPLACEMENT
        } else {
            letter
        }
    });
    let mut shown = String::from(mark);
    shown.extend(letters.by_ref().take(LONGEST));
    if letters.next().is_some() {
        shown.pop();
        shown.push('…');
    }
    shown.trim().to_owned()
}

/// Decomposed text in lower case without marks. Other characters than letters and digits become
/// spaces.
pub(crate) fn plain(decomposed: impl Iterator<Item = char>) -> String {
    decomposed
        .filter(|letter| !is_combining_mark(*letter))
        .flat_map(char::to_lowercase)
        .map(|letter| {
            if letter.is_alphanumeric() {
                letter
            } else {
                ' '
            }
        })
        .collect()
}

/// The form in which two spellings of a name are compared: without case, marks and the order of the
/// words.
pub(crate) fn folded(name: &str) -> String {
    let plain = plain(name.nfd());
    let mut words: Vec<&str> = plain.split_whitespace().collect();
    words.sort_unstable();
    words.join(" ")
}

/// The order of text in a Spanish list: case and accents come last, and ñ is a letter after n.
pub(crate) fn spanish_order(text: &str) -> (String, String) {
    let mut letters = String::with_capacity(text.len());
    for letter in text.nfc().flat_map(char::to_lowercase) {
        match letter {
            // Sorts after every other letter that may follow an n.
            'ñ' => letters.push_str("n\u{10ffff}"),
            letter if letter.is_alphanumeric() => {
                let parts = std::iter::once(letter).nfd();
                letters.extend(parts.filter(|part| !is_combining_mark(*part)));
            }
            _ => letters.push(' '),
        }
    }
    let words: Vec<&str> = letters.split_whitespace().collect();
    (words.join(" "), text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_as_text() {
        for (name, text) in [
            (&b"Ana Garc\xc3\xada"[..], "Ana García"),
            (b"\xef\xbb\xbfAna", "Ana"),
            ("Garci\u{301}a".as_bytes(), "García"),
            (b"Garc\xeda \x80", "[1252] García €"),
            (b"a\x1b[31mb\r\nc", "a\u{fffd}[31mb\u{fffd}\u{fffd}c"),
            (
                "a\u{202e}b\u{200b}c\u{feff}".as_bytes(),
                "a\u{fffd}b\u{fffd}c\u{fffd}",
            ),
            ("Ana\u{3164}".as_bytes(), "Ana\u{fffd}"),
            (
                "\u{115f}\u{1160}\u{ffa0}\u{2800}\u{34f}\u{fe0f}\u{e0101}".as_bytes(),
                "\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}",
            ),
        ] {
            assert_eq!(shown(name), text);
        }
        let long = shown(&[b'a'; 512]);
        assert_eq!((long.chars().count(), long.ends_with('…')), (100, true));
        assert_eq!(shown(&[b'a'; 100]).chars().count(), 100);
    }

    #[test]
    fn lists_are_in_spanish_order() {
        let sorted = [
            "Álvarez, Zoe",
            "Alzola, Ana",
            "de la Fuente, Ana",
            "Nuñez, Ana",
            "Núñez, Ana",
            "Núñez, Bea",
            "Nuzos, Ana",
            "Ñíguez, Ana",
            "Ortiz, Ana",
            "Zúñiga, Ana",
        ];
        let mut names = sorted;
        names.reverse();
        names.sort_by_cached_key(|name| spanish_order(name));
        assert_eq!(names, sorted);
    }

    #[test]
    fn the_same_name_written_otherwise() {
        assert_eq!(folded("García Pérez, Ana"), folded("ana perez GARCIA"));
        assert_ne!(folded("Ana"), folded("Anna"));
    }
}

//! Which characters of a name are visible.

/// Whether a character is invisible, or changes how others are shown: control characters, Unicode's
/// `Default_Ignorable_Code_Point` (16.0; it includes letters such as U+3164), line and paragraph
/// separators, interlinear annotations, and characters with an empty glyph: the Braille pattern
/// U+2800, the Khitan filler U+16FE4 and the musical null note head U+1D159.
pub fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{16fe4}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d159}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a name has no visible character, so that a list would show an empty line.
///
/// Bytes that are not UTF-8 are read as Windows-1252, whose spaces, soft hyphen and unassigned
/// bytes have the same numbers as in Unicode.
pub fn is_blank(name: &[u8]) -> bool {
    let is_unseen = |letter: char| letter.is_whitespace() || is_hidden(letter);
    let is_unseen_byte = |&byte: &u8| match byte {
        0x80..=0x9f => matches!(byte, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d),
        _ => is_unseen(char::from(byte)),
    };
    match core::str::from_utf8(name) {
        Ok(name) => name.chars().all(is_unseen),
        Err(_) => name.iter().all(is_unseen_byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_which_nothing_is_seen() {
        for blank in [
            "",
            " ",
            "\u{a0}",
            "\u{3164}",
            "\u{115f} \u{2800}\u{200b}",
            "\u{e0101}",
            "\u{16fe4}\u{1d159}",
        ] {
            assert!(is_blank(blank.as_bytes()), "{blank:?}");
        }
        assert!(is_blank(b"\xa0 \xad\x81"));
        for name in [
            &b"Ana"[..],
            "\u{3164}Ana".as_bytes(),
            b"\xed",
            b"\x80",
            b"-",
        ] {
            assert!(!is_blank(name), "{name:?}");
        }
    }
}

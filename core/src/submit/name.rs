//! What of a name can be seen.

/// Whether a character is not seen, or changes how others are shown: control characters, Unicode's
/// `Default_Ignorable_Code_Point` (16.0), among them letters such as U+3164, line and paragraph
/// separators, interlinear annotations, and the empty Braille pattern.
pub fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether nothing of a name can be seen, so that a list would have an empty line.
pub(super) fn is_blank(name: &[u8]) -> bool {
    let unseen = |letter: char| letter.is_whitespace() || is_hidden(letter);
    core::str::from_utf8(name).is_ok_and(|name| name.chars().all(unseen))
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
        ] {
            assert!(is_blank(blank.as_bytes()), "{blank:?}");
        }
        for name in [&b"Ana"[..], "\u{3164}Ana".as_bytes(), b"\xed", b"-"] {
            assert!(!is_blank(name), "{name:?}");
        }
    }
}

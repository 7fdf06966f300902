//! Lines that break between words.

use textwrap::{Options, WordSplitter, fill};

/// The text in lines of at most `width` characters, the first after `head` and the others indented
/// as far as it reaches. Lines break at blanks, not at hyphens or no-break spaces; a word that is
/// longer than a line has a line of its own.
pub fn wrap(head: &str, text: &str, width: usize) -> String {
    let indent = " ".repeat(head.chars().count());
    let options = Options::new(width)
        .break_words(false)
        .word_splitter(WordSplitter::NoHyphenation)
        .initial_indent(head)
        .subsequent_indent(&indent);
    fill(text, options)
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn lines_break_between_words() {
        let text = format!("{} ñandú {} end", "a".repeat(14), "b".repeat(30));
        let lines = format!("{} ñandú\n{}\nend", "a".repeat(14), "b".repeat(30));
        assert_eq!(wrap("", &text, 20), lines);
    }

    #[test]
    fn a_head_indents_what_follows() {
        assert_eq!(
            wrap("ñ: ", "two-fold\u{a0}B  or three", 16),
            "ñ: two-fold\u{a0}B\n   or three"
        );
    }
}

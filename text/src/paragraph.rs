//! Lines that break between words.

use textwrap::{Options, WordSplitter, fill};

/// Lines below this width are hardly read: a terminal that is narrower breaks them.
const NARROWEST: usize = 60;

/// How many characters lines may have on a terminal of so many columns. Where there is no terminal
/// they have `usual`.
pub fn line_width(columns: Option<usize>, usual: usize) -> usize {
    columns.map_or(usual, |columns| columns.clamp(NARROWEST, usual))
}

/// Breaks text into lines of at most `width` characters. The first line comes after `head`; the
/// others are indented by its width. Lines break at blanks, not at hyphens or no-break spaces. A
/// word longer than a line gets its own line.
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

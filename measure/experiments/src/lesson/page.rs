//! Formats paragraphs and figures for a projector.

use socklab_text::wrap;

/// Wraps a text between words.
pub(super) fn paragraph(text: &str, width: usize) -> String {
    wrap("", text, width) + "\n"
}

/// The text of a cell without a number.
pub(super) const NONE: &str = "-";

/// Nanoseconds in milliseconds, with about three significant digits.
pub(super) fn millis(nanoseconds: u64) -> String {
    figures(nanoseconds as f64 / 1e6)
}

/// Nanoseconds in microseconds, with about three significant digits.
pub(super) fn micros(nanoseconds: u64) -> String {
    figures(nanoseconds as f64 / 1e3)
}

/// A number with about three significant digits.
pub(super) fn figures(number: f64) -> String {
    match number.abs() {
        small if small < 1.0 => format!("{number:.3}"),
        small if small < 10.0 => format!("{number:.2}"),
        small if small < 100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_that_count() {
        let shown = [0.01234, 1.234, 12.34, 123.4, 12340.0].map(figures);
        assert_eq!(shown, ["0.012", "1.23", "12.3", "123", "12340"]);
    }
}

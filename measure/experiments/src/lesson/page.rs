//! Paragraphs and figures, as a projector shows them well.

use socklab_text::wrap;

/// How many characters a line has at most.
const WIDTH: usize = 96;

/// A text in lines that break between words.
pub(super) fn paragraph(text: &str) -> String {
    wrap("", text, WIDTH) + "\n"
}

/// What stands where there is no number.
pub(super) const NONE: &str = "-";

/// Nanoseconds in milliseconds, with three figures that count.
pub(super) fn millis(nanoseconds: u64) -> String {
    figures(nanoseconds as f64 / 1e6)
}

/// Nanoseconds in microseconds, with three figures that count.
pub(super) fn micros(nanoseconds: u64) -> String {
    figures(nanoseconds as f64 / 1e3)
}

/// A number with three figures that count.
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

//! Paragraphs and tables, as wide as a projector shows well.

use std::fmt;

/// How many letters a line has at most.
const WIDTH: usize = 96;

/// A text in lines that break between words.
pub(super) fn paragraph(text: &str) -> String {
    let mut lines = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            lines.push('\n');
            column = 0;
        } else if column > 0 {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += length;
    }
    lines.push('\n');
    lines
}

/// Rows under their titles. A column of numbers stands to the right.
#[derive(Debug, Default)]
pub(super) struct Table {
    titles: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new<const N: usize>(titles: [String; N]) -> Self {
        Table {
            titles: titles.into(),
            rows: Vec::new(),
        }
    }

    pub(super) fn row<const N: usize>(&mut self, row: [String; N]) {
        debug_assert_eq!(N, self.titles.len());
        self.rows.push(row.into());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = |at: usize| self.rows.iter().filter_map(move |row| row.get(at));
        let shape: Vec<(usize, bool)> = (0..self.titles.len())
            .map(|at| {
                let all = column(at).chain(self.titles.get(at));
                let widest = all.map(|cell| cell.chars().count()).max().unwrap_or(0);
                let number = |cell: &String| cell.parse::<f64>().is_ok() || cell == NONE;
                (widest, column(at).all(number))
            })
            .collect();
        for row in [&self.titles].into_iter().chain(&self.rows) {
            let mut line = String::new();
            for (cell, (width, right)) in row.iter().zip(&shape) {
                let blanks = " ".repeat(width - cell.chars().count());
                match right {
                    true => line.extend(["  ", &blanks, cell]),
                    false => line.extend(["  ", cell, &blanks]),
                }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// What stands where there is no number.
pub(super) const NONE: &str = "-";

/// Nanoseconds in milliseconds, with three figures that count.
pub(super) fn millis(nanoseconds: u64) -> String {
    figures(nanoseconds as f64 / 1e6)
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
    fn lines_break_between_words() {
        let text = format!("{} ñandú {} end", "a".repeat(WIDTH - 6), "b".repeat(WIDTH));
        let lines: Vec<String> = paragraph(&text).lines().map(str::to_owned).collect();
        assert_eq!(lines[0].chars().count(), WIDTH);
        assert!(lines[0].ends_with(" ñandú"));
        assert_eq!(lines[1..], ["b".repeat(WIDTH), "end".to_owned()]);
    }

    #[test]
    fn numbers_stand_to_the_right() {
        let mut table = Table::new(["who", "ms"].map(str::to_owned));
        table.row(["ñu", "1.5"].map(str::to_owned));
        table.row(["mio", "1000"].map(str::to_owned));
        table.row(["all", NONE].map(str::to_owned));
        assert_eq!(
            table.to_string(),
            "  who    ms\n  ñu    1.5\n  mio  1000\n  all     -\n"
        );
    }

    #[test]
    fn figures_that_count() {
        let shown = [0.01234, 1.234, 12.34, 123.4, 12340.0].map(figures);
        assert_eq!(shown, ["0.012", "1.23", "12.3", "123", "12340"]);
    }
}

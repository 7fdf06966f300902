//! A table of messages, for a terminal and in Markdown.

use crate::messages::Messages;
use crate::paragraph::wrap;

/// Rows under a header. The first columns are text; the others are figures, aligned to the right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    header: Vec<String>,
    /// The rows, each as long as the header.
    pub rows: Vec<Vec<String>>,
    text: usize,
}

impl Grid {
    /// A table whose first `text` columns are text, and the others figures.
    pub fn new(text: usize, header: impl Into<Vec<String>>, rows: Vec<Vec<String>>) -> Self {
        Grid {
            header: header.into(),
            rows,
            text,
        }
    }

    /// The same table with its figures in the language's way.
    #[must_use]
    pub fn localized(&self, messages: &dyn Messages) -> Grid {
        let mut grid = self.clone();
        let figures = |row: &mut Vec<String>| {
            for cell in row.iter_mut().skip(self.text) {
                *cell = messages.number(cell);
            }
        };
        grid.rows.iter_mut().for_each(figures);
        grid
    }

    /// Writes the table in columns, two spaces apart, one line a row.
    pub fn plain(&self) -> String {
        let mut widths = vec![0; self.header.len()];
        for row in self.lines() {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let mut text = String::new();
        for row in self.lines() {
            let mut line = String::new();
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
                if at > 0 {
                    line.push_str("  ");
                }
                match at < self.text {
                    true => line.push_str(&format!("{cell:<width$}")),
                    false => line.push_str(&format!("{cell:>width$}")),
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// Writes the table in columns if they fit into the width, else each row by itself, with a line
    /// for each of its cells.
    pub fn fitted(&self, width: usize) -> String {
        let plain = self.plain();
        if plain.lines().all(|line| line.chars().count() <= width) {
            return plain;
        }
        let mut text = String::new();
        for row in &self.rows {
            for (at, (head, cell)) in self.header.iter().zip(row).enumerate() {
                text.push_str(&match at {
                    0 => wrap("", cell, width),
                    _ => wrap("  ", &format!("{head}: {cell}"), width),
                });
                text.push('\n');
            }
        }
        text
    }

    /// Writes the table in Markdown.
    pub fn markdown(&self) -> String {
        let line = |cells: &[String]| {
            // A bar would end the cell; the other characters would be taken for markup.
            let marked = |c: char| matches!(c, '|' | '\\' | '`' | '*' | '_' | '<' | '[' | ']');
            let plain = |cell: &String| -> String {
                let backslash = |c: char| if marked(c) { Some('\\') } else { None };
                cell.chars()
                    .flat_map(|c| backslash(c).into_iter().chain([c]))
                    .collect()
            };
            let cells: Vec<String> = cells.iter().map(plain).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let mut text = line(&self.header);
        text.push_str(&"|:--".repeat(self.text));
        text.push_str(&"|--:".repeat(self.header.len().saturating_sub(self.text)));
        text.push_str("|\n");
        text.extend(self.rows.iter().map(|row| line(row)));
        text
    }

    fn lines(&self) -> impl Iterator<Item = &Vec<String>> {
        std::iter::once(&self.header).chain(&self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = vec![row(["mio", "1.5", "10"]), row(["a_b|c", "–", ""])];
        Grid::new(1, row(["model", "µs", "n"]), rows)
    }

    #[test]
    fn columns_are_aligned_by_characters() {
        let text = "model   µs   n\nmio    1.5  10\na_b|c    –\n";
        assert_eq!(grid().plain(), text);
    }

    #[test]
    fn a_table_that_is_too_wide_is_a_list() {
        assert_eq!(grid().fitted(16), grid().plain());
        let list = "mio\n  µs: 1.5\n  n: 10\na_b|c\n  µs: –\n  n: \n";
        assert_eq!(grid().fitted(13), list.replace(": \n", ":\n"));
    }

    #[test]
    fn markdown_keeps_names_as_they_are() {
        let text = "| model | µs | n |\n|:--|--:|--:|\n| mio | 1.5 | 10 |\n| a\\_b\\|c | – |  |\n";
        assert_eq!(grid().markdown(), text);
    }
}

//! The matrix as a table for a terminal, at most 100 columns wide.

use super::contestants::{absent, stevens};
use super::figures::{mark, shown, unit};
use super::matrix::{Column, Matrix, MatrixCell, SurveyMetric};
use crate::names::Names;
use socklab_text::Messages;

/// The greatest width of the table, with names of up to `NAME` characters.
pub const WIDTH: usize = 100;

/// How many characters of a name are shown.
const NAME: usize = 18;

/// The width of the column with the figures in Stevens.
const FIGURE: usize = 5;

/// The table, with a legend of its marks below.
pub fn terminal(matrix: &Matrix, messages: &dyn Messages) -> String {
    let names = Names::new(messages);
    let rows = matrix.contestants.iter().map(|name| names.name(name));
    let rows: Vec<String> = rows.map(|name| cut(&name, NAME)).collect();
    let title = messages.say("survey-column-server");
    let first = rows.iter().chain([&title]).map(|name| name.chars().count());
    let first = first.max().unwrap_or(0);
    let width = (WIDTH - first - FIGURE) / matrix.columns.len().max(1);
    let mut text = String::new();
    for (at, line) in heads(matrix, messages).into_iter().enumerate() {
        let (title, figure) = match at {
            2 => (title.clone(), messages.say("survey-column-stevens")),
            _ => Default::default(),
        };
        push(&mut text, &title, first, &figure, line.iter(), width);
    }
    for (at, name) in rows.iter().enumerate() {
        let cells: Vec<String> = matrix
            .columns
            .iter()
            .map(|column| cell(column.measure, &column.cells[at], messages))
            .collect();
        let figure = stevens(&matrix.contestants[at]);
        push(&mut text, name, first, figure, cells.iter(), width);
    }
    text.push_str(&messages.say("survey-legend"));
    if matrix.columns.iter().any(Column::is_unsure) {
        text.push_str(" · ");
        text.push_str(&messages.say("survey-legend-unsure"));
    }
    text.push('\n');
    text
}

/// The header of each column in three lines: the question's number and name in two, and the unit.
/// If a question has two columns, the second has only the unit.
fn heads(matrix: &Matrix, messages: &dyn Messages) -> [Vec<String>; 3] {
    let mut lines = [Vec::new(), Vec::new(), Vec::new()];
    let mut before = None;
    let mut number = 0;
    for column in &matrix.columns {
        let again = before == Some(column.question);
        before = Some(column.question);
        let name = messages.say(&format!("survey-head-{}", column.question.name()));
        let (one, two) = name.split_once(" / ").unwrap_or((&name, ""));
        number += usize::from(!again);
        let (one, two) = match again {
            true => (String::new(), String::new()),
            false => (format!("{number} {one}"), two.to_owned()),
        };
        let unit = messages.say(unit(column.measure));
        for (line, text) in lines.iter_mut().zip([one, two, unit]) {
            line.push(text);
        }
    }
    lines
}

fn push<'c>(
    text: &mut String,
    name: &str,
    first: usize,
    figure: &str,
    cells: impl Iterator<Item = &'c String>,
    width: usize,
) {
    let mut line = format!("{name:<first$} {figure:<3}");
    let mut end = first + FIGURE;
    for cell in cells {
        // A cell that is too long for its column pushes the next one to the right.
        let used = line.chars().count();
        line.push_str(&" ".repeat(end.saturating_sub(used).max(1)));
        line.push_str(cell);
        end += width;
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

/// The text of a cell.
pub fn cell(metric: SurveyMetric, cell: &MatrixCell, messages: &dyn Messages) -> String {
    match cell {
        MatrixCell::Figure(figure, how) => {
            let figure = shown(metric, *figure, messages);
            format!("{figure:>4} {}", mark(*how, messages))
        }
        MatrixCell::Absent(why) => absent(why, messages),
        MatrixCell::Empty => "–".to_owned(),
    }
}

fn cut(name: &str, most: usize) -> String {
    match name.chars().count() > most {
        true => name.chars().take(most - 1).chain(['…']).collect(),
        false => name.to_owned(),
    }
}

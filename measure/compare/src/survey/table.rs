//! The matrix as a table for a terminal, in 100 columns.

use super::matrix::{Cell, Column, Mark, Matrix, Measure};
use super::words::stevens;
use crate::format::Numbers;
use crate::words::Names;
use socklab_text::Messages;

/// How wide the table is at most, with names of up to [`NAME`] characters.
pub const WIDTH: usize = 100;

/// How much of a name is shown.
const NAME: usize = 18;

/// How wide the column of Stevens's figures is.
const FIGURE: usize = 5;

/// The table, and under it what its marks mean.
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

/// The head of each column, in three lines: the question's number with its name in two, and the
/// unit. Of two columns of the same question the second has the unit alone.
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

/// The message for the unit of a measure.
pub fn unit(measure: Measure) -> &'static str {
    match measure {
        Measure::P50 => "survey-unit-p50",
        Measure::Cpu => "survey-unit-cpu",
        Measure::P99 => "survey-unit-p99",
        Measure::Bytes => "survey-unit-bytes",
    }
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
        // What is too long for its column takes from the next, which is then pushed on.
        let used = line.chars().count();
        line.push_str(&" ".repeat(end.saturating_sub(used).max(1)));
        line.push_str(cell);
        end += width;
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

/// What stands in a cell.
pub fn cell(measure: Measure, cell: &Cell, messages: &dyn Messages) -> String {
    match cell {
        Cell::Figure(figure, mark) => {
            let figure = shown(measure, *figure, messages);
            format!("{figure:>4} {}", self::mark(*mark, messages))
        }
        Cell::Absent(why) => super::words::absent(why, messages),
        Cell::Empty => "–".to_owned(),
    }
}

/// A figure in its column's unit, with two digits that matter.
pub fn shown(measure: Measure, figure: f64, messages: &dyn Messages) -> String {
    let figure = match measure {
        Measure::P50 | Measure::Cpu => figure,
        Measure::P99 => figure / 1e3,
        Measure::Bytes => figure / 1024.0,
    };
    two(figure, Numbers::new(messages))
}

/// With two digits that matter, or all of its whole ones.
fn two(value: f64, numbers: Numbers<'_>) -> String {
    let decimals = match value {
        below if below < 0.995 => 2,
        below if below < 9.95 => 1,
        _ => 0,
    };
    numbers.fixed(value, decimals)
}

/// How a figure compares: ★, or how many times the best it is.
pub fn mark(mark: Mark, messages: &dyn Messages) -> String {
    match mark {
        Mark::Best => "★".to_owned(),
        Mark::Worse(times) => format!("×{}", self::times(times, messages)),
        Mark::Unsure => String::new(),
    }
}

/// How many times.
pub fn times(times: f64, messages: &dyn Messages) -> String {
    let numbers = Numbers::new(messages);
    match times {
        below if below < 9.95 => numbers.fixed(times, 1),
        below if below < 999.5 => numbers.fixed(times, 0),
        _ => format!("{}k", numbers.fixed(times / 1e3, 0)),
    }
}

fn cut(name: &str, most: usize) -> String {
    match name.chars().count() > most {
        true => name.chars().take(most - 1).chain(['…']).collect(),
        false => name.to_owned(),
    }
}

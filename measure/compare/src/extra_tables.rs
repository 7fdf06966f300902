//! Tables of what a comparison was asked besides loads: the cost of idle connections, and the
//! highest rate that a model keeps up.

use crate::format::NO_FIGURE;
use crate::names::Names;
use crate::results::Results;
use crate::summary::{Estimate, Summary};
use socklab_text::Grid;

/// The tables with their titles; none for what was not asked.
pub(crate) fn blocks(
    results: &Results,
    summary: &Summary,
    names: Names<'_>,
) -> Vec<(String, Grid)> {
    let asked = [
        idle(results, names),
        slopes(summary, names),
        knees(results, names),
    ];
    let filled = asked.into_iter().filter(|(_, grid)| !grid.rows.is_empty());
    filled.collect()
}

/// Each step of each model.
fn idle(results: &Results, names: Names<'_>) -> (String, Grid) {
    let say = |id| names.messages.say(id);
    let header = [
        "compare-column-model",
        "compare-column-idle",
        "compare-column-memory",
        "compare-column-threads",
        "compare-metric-p50",
    ];
    let rows = results.idle.iter().map(|one| {
        vec![
            names.name(&one.model),
            names.numbers.fixed(f64::from(one.connections), 0),
            names.numbers.memory(one.memory as f64),
            names.numbers.fixed(f64::from(one.threads), 0),
            (one.reply.percentile(0.5))
                .map_or_else(|| NO_FIGURE.to_owned(), |p50| names.numbers.time(p50)),
        ]
    });
    let grid = Grid::new(1, header.map(say), rows.collect());
    (say("compare-idle-title"), grid)
}

/// What one more connection costs.
fn slopes(summary: &Summary, names: Names<'_>) -> (String, Grid) {
    let say = |id| names.messages.say(id);
    let figure = |one: Option<Estimate>| match one {
        None => NO_FIGURE.to_owned(),
        Some(Estimate { value, interval }) => {
            let three = |value| names.numbers.three(value);
            let range = interval.map_or(String::new(), |one| {
                format!(" ({} – {})", three(one.low), three(one.high))
            });
            format!("{}{range}", three(value))
        }
    };
    let header = ["compare-column-model", "compare-column-bytes-each"].map(say);
    let rows = summary.idle.iter();
    let rows = rows.map(|one| vec![names.name(&one.model), figure(one.bytes)]);
    let grid = Grid::new(1, header, rows.collect());
    (say("compare-slope-title"), grid)
}

fn knees(results: &Results, names: Names<'_>) -> (String, Grid) {
    let say = |id| names.messages.say(id);
    let header = [
        "compare-column-model",
        "compare-column-knee",
        "compare-column-limit",
        "compare-column-tried",
    ];
    let rows = results.knees.iter().map(|one| {
        vec![
            names.name(&one.model),
            names.knee(one).unwrap_or_else(|| NO_FIGURE.to_owned()),
            names.numbers.time(one.limit),
            one.steps.len().to_string(),
        ]
    });
    let grid = Grid::new(1, header.map(say), rows.collect());
    (say("compare-knee-title"), grid)
}

//! Charts of the operations of a driver for each reply, by kind.

use std::collections::BTreeSet;

use super::chart::{
    Frame, WIDTH, bar, drawing, label, line, row as height_of_row, row_head, tip, width_of,
    withheld,
};
use super::data::{ReportData, Withheld};
use super::figure::{Caption, Table, View};
use super::scale::Scale;
use crate::summary::{Cell, Estimate};
use socklab_text::markup::{Element, el};

/// The kinds that are shown first, in this order. All others follow.
const KINDS: [&str; 8] = [
    "accept", "receive", "send", "wait", "wake", "connect", "shutdown", "close",
];

/// The column of calls of any kind that would have blocked.
const WOULD_BLOCK: &str = "would-block";

/// The charts, one for each load, if operations were counted.
pub(super) fn chart(data: &ReportData<'_>) -> Option<Element> {
    let locale = &data.locale;
    let cells = data.summary.cells.iter();
    let stands = |cell: &&Cell| cell.invalid.is_empty();
    let cells: Vec<&Cell> = cells.filter(stands).collect();
    let names = cells
        .iter()
        .flat_map(|cell| cell.operations.keys().map(String::as_str));
    let there: BTreeSet<&str> = names.collect();
    if there.is_empty() {
        return None;
    }
    let (known, others): (Vec<&str>, Vec<&str>) = there.iter().partition(|one| KINDS.contains(one));
    let known = KINDS.into_iter().filter(|one| known.contains(one));
    let any = |kind: &&str| cells.iter().any(|cell| count(cell, kind) > 0.0005);
    let kinds = known.chain([WOULD_BLOCK]).chain(others).filter(any);
    let kinds: Vec<&str> = kinds.collect();
    let most = cells
        .iter()
        .flat_map(|cell| kinds.iter().map(|kind| count(cell, kind)));
    let most = most.fold(0.0, f64::max);
    let caption = Caption {
        id: "operations".to_owned(),
        title: locale.say("report-operations"),
        means: locale.say("report-operations-means"),
        notes: vec![locale.say("report-operations-note")],
    };
    caption.by_load(data, |load, title| {
        let (mut rows, mut found) = (Vec::new(), Vec::new());
        for (model, name) in data.models() {
            let cell = data.cell(name, load);
            let mut row = vec![name.to_owned()];
            match cell {
                Ok(cell) => row.extend(kinds.iter().map(|kind| brief(data, count(cell, kind)))),
                Err(why) => row.push(why.say(locale.messages())),
            }
            rows.push(row);
            found.push((model, name, cell));
        }
        let head = [locale.say("report-column-model")].into_iter();
        let head = head.chain(kinds.iter().map(|kind| (*kind).to_owned()));
        Some(View {
            drawing: draw(data, load, &title, &kinds, most, &found),
            missing: Vec::new(),
            table: Table {
                caption: title,
                head: head.collect(),
                rows,
            },
        })
    })
}

/// How often an operation was done for each reply.
fn count(cell: &Cell, kind: &str) -> f64 {
    let value = |one: Option<Estimate>| one.map_or(0.0, |one| one.value);
    match kind {
        WOULD_BLOCK => cell
            .operations
            .values()
            .map(|one| value(one.would_block))
            .sum(),
        _ => cell
            .operations
            .get(kind)
            .map_or(0.0, |one| value(one.calls)),
    }
}

/// A number of operations. Most are one or zero, which need no decimals.
fn brief(data: &ReportData<'_>, value: f64) -> String {
    data.locale.tick((value * 1000.0).round() / 1000.0)
}

/// A column for each kind and a row for each model. All bars have the same scale.
fn draw(
    data: &ReportData<'_>,
    load: usize,
    title: &str,
    kinds: &[&str],
    most: f64,
    models: &[(usize, &str, Result<&Cell, Withheld<'_>>)],
) -> Element {
    let locale = &data.locale;
    let widths = models.iter().map(|(_, name, _)| width_of(name));
    let widest = widths.fold(0.0, f64::max);
    let (left, top) = (widest + 34.0, 34.0);
    let high = height_of_row(models.len(), 300.0);
    let bottom = top + high * models.len() as f64;
    let column = (WIDTH - left) / kinds.len() as f64;
    let id = format!("operations-{load}");
    let description = locale.say("report-operations-desc");
    let svg = drawing(bottom + 8.0, &id, title, &description).put_all(
        kinds.iter().enumerate().map(|(place, kind)| {
            let x = left + column * place as f64;
            el("g")
                .class("axis")
                .put(line((x, top), (x, bottom)).class("base"))
                .put(label(x, top - 12.0, "start", kind).class("name"))
        }),
    );
    let frame = Frame {
        across: (0.0, column - 52.0),
        up: (0.0, 1.0),
        x: Scale::Linear {
            low: 0.0,
            high: most,
        },
        y: Scale::from_zero([]),
    };
    let bar_of = |name: &str, cell: &Cell, kind: &str, x: f64, middle: f64| {
        let value = count(cell, kind);
        let width = frame.x(value);
        let text = brief(data, value);
        el("g")
            .class("point")
            .put(tip(&format!("{name}, {kind}: {text}")))
            .put(bar(x, middle - high / 4.0, width, high / 2.0).class("part0"))
            .put(label(x + width + 6.0, middle + 5.0, "start", &text).class("value"))
    };
    let rows = models
        .iter()
        .enumerate()
        .map(|(place, (model, name, cell))| {
            let middle = top + high * (place as f64 + 0.5);
            let row = el("g").class(format!("m{}", model % 8)).put_all(row_head(
                *model,
                name,
                (left, middle),
            ));
            match cell {
                Err(why) => row.put(withheld(&why.say(locale.messages()), (left, middle))),
                Ok(cell) => row.put_all(kinds.iter().enumerate().map(|(place, kind)| {
                    bar_of(name, cell, kind, left + column * place as f64, middle)
                })),
            }
        });
    svg.put_all(rows)
}

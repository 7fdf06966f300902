//! Replies a second against connections.

use super::figure::{Said, Table, View};
use super::lines::{Axis, Lines, Point, Series};
use super::scale::Scale;
use super::sheet::Sheet;
use crate::results::Load;
use socklab_text::markup::Element;

/// The chart, if there are closed loads.
pub(super) fn chart(sheet: &Sheet<'_>) -> Option<Element> {
    let words = &sheet.words;
    let loads = sheet.loads().filter_map(|(load, what)| match what {
        Load::Closed { connections } => Some((load, f64::from(connections))),
        Load::Open { .. } => None,
    });
    let mut loads: Vec<(usize, f64)> = loads.collect();
    loads.sort_by(|a, b| a.1.total_cmp(&b.1));
    if loads.is_empty() {
        return None;
    }
    let (mut missing, mut crosses, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    let series = sheet.models().map(|(model, name)| {
        let points = loads.iter().map(|(load, connections)| {
            let of = words.load(sheet.results.loads[*load]);
            match sheet.cell(name, *load) {
                Err(why) => {
                    missing.push(format!("{name}, {of}: {why}"));
                    crosses.push((*connections, model, format!("{name}, {of}: {why}")));
                    rows.push(vec![format!("{name}, {of}"), why]);
                    None
                }
                Ok(cell) => {
                    let rate = cell.rate?;
                    let text = words.estimate(Some(rate));
                    rows.push(vec![format!("{name}, {of}"), text.clone()]);
                    Some(Point {
                        x: *connections,
                        y: rate.value,
                        interval: rate.interval,
                        tip: Some(words.say_with(
                            "report-throughput-tip",
                            &[("model", &name), ("load", &of), ("rate", &text)],
                        )),
                    })
                }
            }
        });
        Series {
            model,
            name: Some(name.to_owned()),
            lesser: false,
            points: points.collect(),
        }
    });
    let series: Vec<Series> = series.collect();
    let reach = sheet.reach(None, |cell| cell.rate);
    let title = words.say("report-throughput");
    let ticks = loads.iter().map(|(_, connections)| {
        let text = words.tick(*connections);
        (*connections, text)
    });
    let lines = Lines {
        id: "throughput-chart".to_owned(),
        title: title.clone(),
        description: words.say("report-throughput-desc"),
        x: Axis {
            name: words.say("report-axis-connections"),
            scale: Scale::log(loads.iter().map(|(_, connections)| *connections)),
            ticks: ticks.collect(),
        },
        y: Axis::new(
            words.say("report-axis-rate"),
            Scale::from_zero(reach),
            |one| words.tick(one),
        ),
        series,
        missing: crosses,
        reference: None,
        apart: true,
        lesser: None,
    };
    let table = Table {
        caption: title.clone(),
        head: vec![
            words.say("report-column-cell"),
            words.say("report-column-rate"),
        ],
        rows,
    };
    let view = View {
        drawing: lines.draw(),
        missing,
        table,
    };
    let said = Said {
        id: "throughput".to_owned(),
        title,
        means: words.say("report-throughput-means"),
        notes: Vec::new(),
    };
    Some(said.figure(sheet, view))
}

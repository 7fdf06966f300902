//! The chart of replies per second against the number of connections.

use super::data::ReportData;
use super::figure::{Caption, Table, View};
use super::lines::{Axis, Lines, Point, Series};
use super::scale::Scale;
use crate::results::Load;
use socklab_text::markup::Element;

/// The chart, if there are closed loads.
pub(super) fn chart(data: &ReportData<'_>) -> Option<Element> {
    let locale = &data.locale;
    let loads = data.loads().filter_map(|(load, what)| match what {
        Load::Closed { connections } => Some((load, f64::from(connections))),
        Load::Open { .. } => None,
    });
    let mut loads: Vec<(usize, f64)> = loads.collect();
    loads.sort_by(|a, b| a.1.total_cmp(&b.1));
    if loads.is_empty() {
        return None;
    }
    let (mut missing, mut crosses, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    let series = data.models().map(|(model, name)| {
        let points = loads.iter().map(|(load, connections)| {
            let of = locale.load(data.results.loads[*load]);
            match data.cell(name, *load) {
                Err(why) => {
                    let why = why.say(locale.messages());
                    missing.push(format!("{name}, {of}: {why}"));
                    crosses.push((*connections, model, format!("{name}, {of}: {why}")));
                    rows.push(vec![format!("{name}, {of}"), why]);
                    None
                }
                Ok(cell) => {
                    let rate = cell.rate?;
                    let text = locale.estimate(Some(rate));
                    rows.push(vec![format!("{name}, {of}"), text.clone()]);
                    Some(Point {
                        x: *connections,
                        y: rate.value,
                        interval: rate.interval,
                        tip: Some(locale.say_with(
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
    let reach = data.reach(None, |cell| cell.rate);
    let title = locale.say("report-throughput");
    let ticks = loads.iter().map(|(_, connections)| {
        let text = locale.tick(*connections);
        (*connections, text)
    });
    let lines = Lines {
        id: "throughput-chart".to_owned(),
        title: title.clone(),
        description: locale.say("report-throughput-desc"),
        x: Axis {
            name: locale.say("report-axis-connections"),
            scale: Scale::log(loads.iter().map(|(_, connections)| *connections)),
            ticks: ticks.collect(),
        },
        y: Axis::new(
            locale.say("report-axis-rate"),
            Scale::from_zero(reach),
            |one| locale.tick(one),
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
            locale.say("report-column-cell"),
            locale.say("report-column-rate"),
        ],
        rows,
    };
    let view = View {
        drawing: lines.draw(),
        missing,
        table,
    };
    let caption = Caption {
        id: "throughput".to_owned(),
        title,
        means: locale.say("report-throughput-means"),
        notes: Vec::new(),
    };
    Some(caption.figure(data, view))
}

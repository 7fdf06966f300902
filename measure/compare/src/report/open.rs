//! Open loads: what was asked for, what was achieved, and how long it took.

use std::collections::BTreeSet;

use super::figure::{Said, Table, View};
use super::lines::{Axis, Lines, Point, Series};
use super::scale::Scale;
use super::sheet::Sheet;
use crate::results::Load;
use socklab_text::markup::Element;

/// A rate that was offered to a model.
struct Step {
    model: usize,
    offered: f64,
    /// Replies a second and the 99th percentile, or why not.
    found: Result<(f64, Option<f64>), String>,
}

/// The charts, two for each number of connections.
pub(super) fn charts(sheet: &Sheet<'_>) -> Vec<Element> {
    let of_loads = sheet.results.loads.iter().filter_map(|load| match load {
        Load::Open { connections, .. } => Some(*connections),
        Load::Closed { .. } => None,
    });
    let of_knees = sheet.results.knees.iter().map(|knee| knee.connections);
    let each: BTreeSet<u32> = of_loads.chain(of_knees).collect();
    let charts = each.into_iter().flat_map(|connections| {
        let steps = steps(sheet, connections);
        [
            achieved(sheet, connections, &steps),
            response(sheet, connections, &steps),
        ]
    });
    charts.flatten().collect()
}

/// All rates offered with so many connections: as loads of the comparison, and in the search for
/// the knee.
fn steps(sheet: &Sheet<'_>, connections: u32) -> Vec<Step> {
    let mut steps = Vec::new();
    for (model, name) in sheet.models() {
        for (place, load) in sheet.loads() {
            if let Load::Open {
                connections: of,
                rate,
            } = load
                && of == connections
            {
                let found = sheet.cell(name, place).and_then(|cell| {
                    let missing = || sheet.words.say("report-not-measured");
                    let achieved = cell.rate.ok_or_else(missing)?.value;
                    Ok((achieved, cell.response.p99.map(|one| one.value)))
                });
                steps.push(Step {
                    model,
                    offered: rate,
                    found,
                });
            }
        }
        let knees = sheet.results.knees.iter();
        for knee in knees.filter(|one| one.model == name && one.connections == connections) {
            steps.extend(knee.steps.iter().map(|(offered, achieved, p99)| Step {
                model,
                offered: *offered,
                found: Ok((*achieved, Some(*p99))),
            }));
        }
    }
    steps.sort_by(|a, b| a.offered.total_cmp(&b.offered));
    steps
}

fn achieved(sheet: &Sheet<'_>, connections: u32, steps: &[Step]) -> Option<Element> {
    let words = &sheet.words;
    let rates = steps.iter().map(|step| step.offered);
    let got = steps
        .iter()
        .filter_map(|step| Some(step.found.as_ref().ok()?.0));
    let both = Scale::from_zero(rates.chain(got));
    let most = steps.iter().map(|step| step.offered).fold(0.0, f64::max);
    let drawn = Drawn {
        said: Said {
            id: format!("open-{connections}"),
            title: titled(sheet, &words.say("report-open"), connections),
            means: words.say("report-open-means"),
            notes: Vec::new(),
        },
        description: words.say("report-open-desc"),
        across: both,
        y: Axis::new(words.say("report-axis-rate"), both, |one| words.tick(one)),
        value: |step| Some(step.found.as_ref().ok()?.0),
        text: |sheet, value| sheet.words.figure(value),
        column: words.say("report-column-rate"),
        reference: Some((vec![(0.0, 0.0), (most, most)], words.say("report-open-all"))),
    };
    drawn.figure(sheet, steps)
}

fn response(sheet: &Sheet<'_>, connections: u32, steps: &[Step]) -> Option<Element> {
    let words = &sheet.words;
    let knees = sheet.results.knees.iter();
    let knees: Vec<_> = knees.filter(|one| one.connections == connections).collect();
    let limit = knees.first().map(|one| one.limit);
    let p99 = steps.iter().filter_map(|step| step.found.as_ref().ok()?.1);
    let scale = Scale::log(p99.chain(limit));
    let rates = Scale::from_zero(steps.iter().map(|step| step.offered));
    let notes = knees.iter().map(|knee| {
        let limit = words.time(knee.limit);
        match knee.rate {
            None => words.say_with(
                "report-knee-none",
                &[("model", &knee.model), ("limit", &limit)],
            ),
            Some(rate) => {
                let rate = words.figure(rate);
                words.say_with(
                    "report-knee",
                    &[("model", &knee.model), ("rate", &rate), ("limit", &limit)],
                )
            }
        }
    });
    let drawn = Drawn {
        said: Said {
            id: format!("open-p99-{connections}"),
            title: titled(sheet, &words.say("report-open-p99"), connections),
            means: words.say("report-open-p99-means"),
            notes: notes.collect(),
        },
        description: words.say("report-open-p99-desc"),
        across: rates,
        y: Axis::new(words.say("report-axis-p99"), scale, |one| {
            words.time_tick(one)
        }),
        value: |step| step.found.as_ref().ok()?.1,
        text: |sheet, value| sheet.words.time(value),
        column: words.say("report-column-p99"),
        reference: limit.map(|limit| {
            let ends = vec![(0.0, limit), (rates.high(), limit)];
            (ends, words.say("report-knee-limit"))
        }),
    };
    drawn.figure(sheet, steps)
}

fn titled(sheet: &Sheet<'_>, title: &str, connections: u32) -> String {
    let load = sheet.words.load(Load::Closed { connections });
    format!("{title} ({load})")
}

/// A chart against the rate offered.
struct Drawn {
    said: Said,
    description: String,
    across: Scale,
    y: Axis,
    value: fn(&Step) -> Option<f64>,
    text: fn(&Sheet<'_>, f64) -> String,
    column: String,
    reference: Option<(Vec<(f64, f64)>, String)>,
}

impl Drawn {
    fn figure(self, sheet: &Sheet<'_>, steps: &[Step]) -> Option<Element> {
        let words = &sheet.words;
        let (mut rows, mut missing, mut crosses) = (Vec::new(), Vec::new(), Vec::new());
        let series = sheet.models().map(|(model, name)| {
            let own = steps.iter().filter(|step| step.model == model);
            let points = own.map(|step| {
                let offered = words.figure(step.offered);
                if let Err(why) = &step.found {
                    let said = words.say_with(
                        "report-open-tip",
                        &[("model", &name), ("offered", &offered), ("value", why)],
                    );
                    missing.push(said.clone());
                    crosses.push((step.offered, model, said));
                    rows.push(vec![name.to_owned(), offered, why.clone()]);
                    return None;
                }
                let value = (self.value)(step)?;
                let text = (self.text)(sheet, value);
                let tip = words.say_with(
                    "report-open-tip",
                    &[("model", &name), ("offered", &offered), ("value", &text)],
                );
                rows.push(vec![name.to_owned(), offered, text]);
                Some(Point {
                    x: step.offered,
                    y: value,
                    interval: None,
                    tip: Some(tip),
                })
            });
            Series {
                model,
                name: Some(name.to_owned()),
                lesser: false,
                points: points.collect(),
            }
        });
        let series: Vec<Series> = series.collect();
        // Of nothing that may be believed there is nothing to draw but an axis, and one with no
        // scale.
        let mut points = series.iter().flat_map(|one| one.points.iter().flatten());
        points.next()?;
        let title = self.said.title.clone();
        let lines = Lines {
            id: format!("{}-chart", self.said.id),
            title: title.clone(),
            description: self.description,
            x: Axis::new(words.say("report-axis-offered"), self.across, |one| {
                words.tick(one)
            }),
            y: self.y,
            series,
            missing: crosses,
            reference: self.reference,
            apart: false,
            lesser: None,
        };
        let view = View {
            drawing: lines.draw(),
            missing,
            table: Table {
                caption: title.clone(),
                head: vec![
                    words.say("report-column-model"),
                    words.say("report-axis-offered"),
                    self.column,
                ],
                rows,
            },
        };
        Some(self.said.figure(sheet, view))
    }
}

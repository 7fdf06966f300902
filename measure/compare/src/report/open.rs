//! Charts of open loads: offered rate, achieved rate and response time.

use std::collections::BTreeSet;

use super::data::{ReportData, Withheld};
use super::figure::{Caption, Table, View};
use super::lines::{Axis, Lines, Point, Series};
use super::scale::Scale;
use crate::names::Names;
use crate::results::Load;
use socklab_text::markup::Element;

/// One rate offered to a model, and the result.
struct Step<'a> {
    model: usize,
    offered: f64,
    /// Replies per second and the 99th percentile, or why they are not shown.
    found: Result<(f64, Option<f64>), Withheld<'a>>,
}

/// The charts, two for each number of connections.
pub(super) fn charts(data: &ReportData<'_>) -> Vec<Element> {
    let of_loads = data.results.loads.iter().filter_map(|load| match load {
        Load::Open { connections, .. } => Some(*connections),
        Load::Closed { .. } => None,
    });
    let of_knees = data.results.knees.iter().map(|knee| knee.connections);
    let each: BTreeSet<u32> = of_loads.chain(of_knees).collect();
    let charts = each.into_iter().flat_map(|connections| {
        let steps = steps(data, connections);
        [
            achieved(data, connections, &steps),
            response(data, connections, &steps),
        ]
    });
    charts.flatten().collect()
}

/// All rates offered over this number of connections, both as loads of the comparison and in the
/// search for the knee.
fn steps<'a>(data: &ReportData<'a>, connections: u32) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    for (model, name) in data.models() {
        for (place, load) in data.loads() {
            if let Load::Open {
                connections: of,
                rate,
            } = load
                && of == connections
            {
                let found = data.cell(name, place).and_then(|cell| {
                    let achieved = cell.rate.ok_or(Withheld::NotMeasured)?.value;
                    Ok((achieved, cell.response.p99.map(|one| one.value)))
                });
                steps.push(Step {
                    model,
                    offered: rate,
                    found,
                });
            }
        }
        let knees = data.results.knees.iter();
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

fn achieved(data: &ReportData<'_>, connections: u32, steps: &[Step<'_>]) -> Option<Element> {
    let locale = &data.locale;
    let rates = steps.iter().map(|step| step.offered);
    let got = steps.iter().filter_map(|step| Some(step.found.ok()?.0));
    let both = Scale::from_zero(rates.chain(got));
    let most = steps.iter().map(|step| step.offered).fold(0.0, f64::max);
    let drawn = Drawn {
        caption: Caption {
            id: format!("open-{connections}"),
            title: titled(data, &locale.say("report-open"), connections),
            means: locale.say("report-open-means"),
            notes: Vec::new(),
        },
        description: locale.say("report-open-desc"),
        across: both,
        y: Axis::new(locale.say("report-axis-rate"), both, |one| locale.tick(one)),
        value: |step| Some(step.found.ok()?.0),
        text: |data, value| data.locale.figure(value),
        column: locale.say("report-column-rate"),
        reference: Some((
            vec![(0.0, 0.0), (most, most)],
            locale.say("report-open-all"),
        )),
    };
    drawn.figure(data, steps)
}

fn response(data: &ReportData<'_>, connections: u32, steps: &[Step<'_>]) -> Option<Element> {
    let locale = &data.locale;
    let knees = data.results.knees.iter();
    let knees: Vec<_> = knees.filter(|one| one.connections == connections).collect();
    let limit = knees.first().map(|one| one.limit);
    let p99 = steps.iter().filter_map(|step| step.found.ok()?.1);
    let scale = Scale::log(p99.chain(limit));
    let rates = Scale::from_zero(steps.iter().map(|step| step.offered));
    let names = Names::new(locale.messages());
    let notes = knees.iter().map(|knee| {
        let limit = locale.time(knee.limit);
        match names.knee(knee) {
            None => locale.say_with("report-knee-none", &[("model", &knee.model)]),
            Some(rate) => locale.say_with(
                "report-knee",
                &[("model", &knee.model), ("rate", &rate), ("limit", &limit)],
            ),
        }
    });
    let drawn = Drawn {
        caption: Caption {
            id: format!("open-p99-{connections}"),
            title: titled(data, &locale.say("report-open-p99"), connections),
            means: locale.say("report-open-p99-means"),
            notes: notes.collect(),
        },
        description: locale.say("report-open-p99-desc"),
        across: rates,
        y: Axis::new(locale.say("report-axis-p99"), scale, |one| {
            locale.time_tick(one)
        }),
        value: |step| step.found.ok()?.1,
        text: |data, value| data.locale.time(value),
        column: locale.say("report-column-p99"),
        reference: limit.map(|limit| {
            let ends = vec![(0.0, limit), (rates.high(), limit)];
            (ends, locale.say("report-knee-limit"))
        }),
    };
    drawn.figure(data, steps)
}

fn titled(data: &ReportData<'_>, title: &str, connections: u32) -> String {
    let load = data.locale.load(Load::Closed { connections });
    format!("{title} ({load})")
}

/// A chart against the offered rate.
struct Drawn {
    caption: Caption,
    description: String,
    across: Scale,
    y: Axis,
    value: fn(&Step<'_>) -> Option<f64>,
    text: fn(&ReportData<'_>, f64) -> String,
    column: String,
    reference: Option<(Vec<(f64, f64)>, String)>,
}

impl Drawn {
    fn figure(self, data: &ReportData<'_>, steps: &[Step<'_>]) -> Option<Element> {
        let locale = &data.locale;
        let (mut rows, mut missing, mut crosses) = (Vec::new(), Vec::new(), Vec::new());
        let series = data.models().map(|(model, name)| {
            let own = steps.iter().filter(|step| step.model == model);
            let points = own.map(|step| {
                let value = match step.found {
                    Ok(_) => Ok((self.value)(step)?),
                    Err(why) => Err(why),
                };
                let text = match value {
                    Ok(value) => (self.text)(data, value),
                    Err(why) => why.say(locale.messages()),
                };
                let offered = locale.figure(step.offered);
                let tip = locale.say_with(
                    "report-open-tip",
                    &[("model", &name), ("offered", &offered), ("value", &text)],
                );
                rows.push(vec![name.to_owned(), offered, text]);
                if value.is_err() {
                    missing.push(tip.clone());
                    crosses.push((step.offered, model, tip.clone()));
                }
                Some(Point {
                    x: step.offered,
                    y: value.ok()?,
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
        // If all measurements are invalid, draw no chart: its axis would have no scale.
        let mut points = series.iter().flat_map(|one| one.points.iter().flatten());
        points.next()?;
        let title = self.caption.title.clone();
        let lines = Lines {
            id: format!("{}-chart", self.caption.id),
            title: title.clone(),
            description: self.description,
            x: Axis::new(locale.say("report-axis-offered"), self.across, |one| {
                locale.tick(one)
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
                    locale.say("report-column-model"),
                    locale.say("report-axis-offered"),
                    self.column,
                ],
                rows,
            },
        };
        Some(self.caption.figure(data, view))
    }
}

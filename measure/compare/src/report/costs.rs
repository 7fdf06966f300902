//! Charts of what a reply costs the server: CPU time and context switches.

use super::bars::{Bar, Bars, Row};
use super::data::{ReportData, Withheld};
use super::figure::{Caption, Table, View};
use super::lines::Axis;
use super::scale::Scale;
use crate::summary::{Cell, Estimate};
use socklab_text::markup::Element;

/// A cost that has two parts.
struct Cost {
    caption: Caption,
    description: String,
    axis: String,
    parts: [String; 2],
    first: fn(&Cell) -> Option<Estimate>,
    second: fn(&Cell) -> Option<Estimate>,
    /// The estimate of the sum, if there is one.
    both: fn(&Cell) -> Option<Estimate>,
}

/// CPU time for each reply, in user and in kernel mode.
pub(super) fn cpu(data: &ReportData<'_>) -> Option<Element> {
    let locale = &data.locale;
    let cost = Cost {
        caption: Caption {
            id: "cpu".to_owned(),
            title: locale.say("report-cpu"),
            means: locale.say("report-cpu-means"),
            notes: vec![locale.say("report-cpu-note")],
        },
        description: locale.say("report-cpu-desc"),
        axis: locale.say("report-axis-cpu"),
        parts: [
            locale.say("report-cpu-user"),
            locale.say("report-cpu-system"),
        ],
        first: |cell| cell.user,
        second: |cell| cell.system,
        both: |cell| cell.cpu,
    };
    cost.figure(data)
}

/// Context switches for each reply: voluntary, because the server waited, and involuntary, because
/// the kernel preempted it.
pub(super) fn switches(data: &ReportData<'_>) -> Option<Element> {
    let locale = &data.locale;
    let cost = Cost {
        caption: Caption {
            id: "switches".to_owned(),
            title: locale.say("report-switches"),
            means: locale.say("report-switches-means"),
            notes: vec![locale.say("report-switches-note")],
        },
        description: locale.say("report-switches-desc"),
        axis: locale.say("report-axis-switches"),
        parts: [
            locale.say("report-switches-voluntary"),
            locale.say("report-switches-involuntary"),
        ],
        first: |cell| cell.voluntary,
        second: |cell| cell.involuntary,
        both: |_| None,
    };
    cost.figure(data)
}

impl Cost {
    fn figure(&self, data: &ReportData<'_>) -> Option<Element> {
        let locale = &data.locale;
        if data.reach(None, |cell| self.sum(cell)).is_empty() {
            return None;
        }
        self.caption.by_load(data, |load, title| {
            let (mut rows, mut table) = (Vec::new(), Vec::new());
            for (model, name) in data.models() {
                let cell = data.cell(name, load);
                let figures = match cell {
                    Ok(cell) => [(self.first)(cell), (self.second)(cell), self.sum(cell)]
                        .map(|one| locale.estimate(one))
                        .to_vec(),
                    Err(why) => vec![why.say(locale.messages())],
                };
                table.push([name.to_owned()].into_iter().chain(figures).collect());
                let bar = |cell| self.bar(data, name, cell).ok_or(Withheld::NotMeasured);
                let (bar, text) = match cell.and_then(bar) {
                    Ok((bar, text)) => (Some(bar), text),
                    Err(why) => (None, why.say(locale.messages())),
                };
                let name = name.to_owned();
                rows.push(Row {
                    model,
                    name,
                    bar,
                    text,
                });
            }
            // Each load has its own scale: models are compared under one load, and another may cost
            // a hundred times as much.
            let scale = Scale::from_zero(data.reach(Some(load), |cell| self.sum(cell)));
            let [first, second] = self.parts.clone();
            let bars = Bars {
                id: format!("{}-{load}", self.caption.id),
                title: title.clone(),
                description: self.description.clone(),
                axis: Axis::new(self.axis.clone(), scale, |one| locale.tick(one)),
                parts: self.parts.clone(),
                rows,
            };
            Some(View {
                drawing: bars.draw(),
                missing: Vec::new(),
                table: Table {
                    caption: title,
                    head: vec![
                        locale.say("report-column-model"),
                        first,
                        second,
                        locale.say("report-column-sum"),
                    ],
                    rows: table,
                },
            })
        })
    }

    /// The sum of both parts. It has no interval if only the parts were estimated.
    fn sum(&self, cell: &Cell) -> Option<Estimate> {
        let sum = || {
            Some(Estimate {
                value: (self.first)(cell)?.value + (self.second)(cell)?.value,
                interval: None,
            })
        };
        (self.both)(cell).or_else(sum)
    }

    /// The bar of a model, and the text at its end.
    fn bar(&self, data: &ReportData<'_>, name: &str, cell: &Cell) -> Option<(Bar, String)> {
        let locale = &data.locale;
        let parts = [(self.first)(cell)?.value, (self.second)(cell)?.value];
        let sum = self.sum(cell)?;
        let [of_first, of_second] = &self.parts;
        let [first, second] = parts.map(|part| locale.figure(part));
        let both = locale.estimate(Some(sum));
        let bar = Bar {
            parts,
            interval: sum.interval,
            tip: format!("{name}: {both}; {of_first} {first}; {of_second} {second}"),
        };
        Some((bar, locale.figure(sum.value)))
    }
}

//! What a reply costs the server: CPU time and context switches.

use super::bars::{Bars, Row, Value};
use super::figure::{Said, Table, View};
use super::lines::Axis;
use super::scale::Scale;
use super::sheet::Sheet;
use crate::summary::{Cell, Estimate};
use socklab_text::markup::Element;

/// A cost that has two parts.
struct Cost {
    said: Said,
    description: String,
    axis: String,
    parts: [String; 2],
    first: fn(&Cell) -> Option<Estimate>,
    second: fn(&Cell) -> Option<Estimate>,
    /// The sum, where it was estimated as such.
    both: fn(&Cell) -> Option<Estimate>,
}

/// CPU time for each reply, in the program and in the kernel.
pub(super) fn cpu(sheet: &Sheet<'_>) -> Option<Element> {
    let words = &sheet.words;
    let cost = Cost {
        said: Said {
            id: "cpu".to_owned(),
            title: words.say("report-cpu"),
            means: words.say("report-cpu-means"),
            notes: vec![words.say("report-cpu-note")],
        },
        description: words.say("report-cpu-desc"),
        axis: words.say("report-axis-cpu"),
        parts: [words.say("report-cpu-user"), words.say("report-cpu-system")],
        first: |cell| cell.user,
        second: |cell| cell.system,
        both: |cell| cell.cpu,
    };
    cost.figure(sheet)
}

/// Context switches for each reply, because the server waited and because others had their turn.
pub(super) fn switches(sheet: &Sheet<'_>) -> Option<Element> {
    let words = &sheet.words;
    let cost = Cost {
        said: Said {
            id: "switches".to_owned(),
            title: words.say("report-switches"),
            means: words.say("report-switches-means"),
            notes: vec![words.say("report-switches-note")],
        },
        description: words.say("report-switches-desc"),
        axis: words.say("report-axis-switches"),
        parts: [
            words.say("report-switches-voluntary"),
            words.say("report-switches-involuntary"),
        ],
        first: |cell| cell.voluntary,
        second: |cell| cell.involuntary,
        both: |_| None,
    };
    cost.figure(sheet)
}

impl Cost {
    fn figure(&self, sheet: &Sheet<'_>) -> Option<Element> {
        let words = &sheet.words;
        if sheet.reach_of_costs(None, |cell| self.sum(cell)).is_empty() {
            return None;
        }
        self.said.by_load(sheet, |load, what| {
            let (mut rows, mut table) = (Vec::new(), Vec::new());
            for (model, name) in sheet.models() {
                let found = sheet.cell(name, load);
                let value = found.and_then(|cell| self.value(sheet, name, cell));
                let messages = match sheet.cell(name, load) {
                    Ok(cell) => [(self.first)(cell), (self.second)(cell), self.sum(cell)]
                        .map(|one| words.estimate(one))
                        .to_vec(),
                    Err(why) => vec![why],
                };
                table.push([name.to_owned()].into_iter().chain(messages).collect());
                let name = name.to_owned();
                rows.push(Row { model, name, value });
            }
            // Models are compared under one load, which may cost a hundredth of another.
            let scale = Scale::from_zero(sheet.reach_of_costs(Some(load), |cell| self.sum(cell)));
            let title = format!("{}: {}", self.said.title, words.load(what));
            let [first, second] = self.parts.clone();
            let bars = Bars {
                id: format!("{}-{load}", self.said.id),
                title: title.clone(),
                description: self.description.clone(),
                axis: Axis::new(self.axis.clone(), scale, |one| words.tick(one)),
                parts: self.parts.clone(),
                rows,
            };
            Some(View {
                drawing: bars.draw(),
                missing: Vec::new(),
                table: Table {
                    caption: title,
                    head: vec![
                        words.say("report-column-model"),
                        first,
                        second,
                        words.say("report-column-sum"),
                    ],
                    rows: table,
                },
            })
        })
    }

    /// Both parts together; without an interval where only the parts were estimated.
    fn sum(&self, cell: &Cell) -> Option<Estimate> {
        let sum = || {
            Some(Estimate {
                value: (self.first)(cell)?.value + (self.second)(cell)?.value,
                interval: None,
            })
        };
        (self.both)(cell).or_else(sum)
    }

    fn value(&self, sheet: &Sheet<'_>, name: &str, cell: &Cell) -> Result<Value, String> {
        let words = &sheet.words;
        let (Some(first), Some(second), Some(sum)) =
            ((self.first)(cell), (self.second)(cell), self.sum(cell))
        else {
            return Err(words.say("report-not-measured"));
        };
        let [of_first, of_second] = &self.parts;
        Ok(Value {
            parts: [first.value, second.value],
            interval: sum.interval,
            text: words.figure(sum.value),
            tip: format!(
                "{name}: {}; {of_first} {}; {of_second} {}",
                words.estimate(Some(sum)),
                words.figure(first.value),
                words.figure(second.value),
            ),
        })
    }
}

//! Charts of bars, one for each model.

use super::chart::{Frame, WIDTH, bar, drawing, label, line, marker, row, tip, width_of};
use super::lines::Axis;
use crate::estimate::Interval;
use socklab_text::markup::{Element, el};

/// A chart of bars that are made of parts.
pub(super) struct Bars {
    /// The name of the chart in the page.
    pub(super) id: String,
    /// Its title.
    pub(super) title: String,
    /// What it shows, for those who cannot see it.
    pub(super) description: String,
    /// What the lengths mean. From zero.
    pub(super) axis: Axis,
    /// The names of the parts.
    pub(super) parts: [String; 2],
    /// One for each model.
    pub(super) rows: Vec<Row>,
}

/// A bar.
pub(super) struct Row {
    /// Which model, by its place.
    pub(super) model: usize,
    /// Its name.
    pub(super) name: String,
    /// What there is, or why there is nothing.
    pub(super) value: Result<Value, String>,
}

/// What a bar shows.
pub(super) struct Value {
    /// How long the parts are.
    pub(super) parts: [f64; 2],
    /// Where their sum may be as well.
    pub(super) interval: Option<Interval>,
    /// What is written at its end.
    pub(super) text: String,
    /// What is said of it.
    pub(super) tip: String,
}

impl Bars {
    /// The drawing.
    pub(super) fn draw(&self) -> Element {
        let names = self.rows.iter().map(|row| width_of(&row.name));
        let left = names.fold(0.0, f64::max) + 34.0;
        let messages = self.rows.iter().filter_map(|row| row.value.as_ref().ok());
        let widest = messages
            .map(|value| width_of(&value.text))
            .fold(0.0, f64::max);
        let high = row(self.rows.len(), 240.0);
        let (top, bottom) = (44.0, 44.0 + high * self.rows.len() as f64);
        let frame = Frame {
            across: (left, WIDTH - widest - 16.0),
            up: (bottom, top),
            x: self.axis.scale,
            y: self.axis.scale,
        };
        let grid = self.axis.ticks.iter().map(|(value, _)| {
            let x = frame.x(*value);
            line((x, top), (x, bottom)).class("grid")
        });
        drawing(bottom + 54.0, &self.id, &self.title, &self.description)
            .put(self.legend(left))
            .put(el("g").class("axis").put_all(grid))
            .put(frame.axis_x(&self.axis.name, &self.axis.ticks, 0.0))
            .put_all(self.rows.iter().enumerate().map(|(place, row)| {
                let middle = top + high * (place as f64 + 0.5);
                draw_row(&frame, row, middle, high)
            }))
    }

    fn legend(&self, left: f64) -> Element {
        let [first, second] = &self.parts;
        let next = left + 24.0 + width_of(first) + 26.0;
        el("g")
            .class("legend")
            .put(bar(left, 9.0, 16.0, 14.0).class("part0"))
            .put(label(left + 24.0, 21.0, "start", first))
            .put(bar(next, 9.0, 16.0, 14.0).class("part1"))
            .put(label(next + 24.0, 21.0, "start", second))
    }
}

fn draw_row(frame: &Frame, row: &Row, middle: f64, high: f64) -> Element {
    let left = frame.across.0;
    let group = el("g")
        .class(format!("m{} point", row.model % 8))
        .put(label(left - 26.0, middle + 5.0, "end", &row.name).class("model"))
        .put(marker(row.model, (left - 13.0, middle)));
    let value = match &row.value {
        Ok(value) => value,
        Err(why) => {
            return group.put(label(left + 8.0, middle + 5.0, "start", why).class("invalid"));
        }
    };
    let [first, second] = value.parts;
    let (one, both) = (frame.x(first), frame.x(first + second));
    let height = high * 0.58;
    let top = middle - height / 2.0;
    let group = group
        .put(tip(&value.tip))
        .put(bar(left, top, one - left, height).class("part0"))
        .put(bar(one, top, both - one, height).class("part1"));
    let mut end = both;
    let group = match value.interval {
        None => group,
        Some(Interval { low, high }) => {
            let (low, high) = (frame.x(low), frame.x(high));
            end = end.max(high);
            group
                .put(line((low, middle), (high, middle)).class("whisker"))
                .put(line((low, middle - 6.0), (low, middle + 6.0)).class("whisker"))
                .put(line((high, middle - 6.0), (high, middle + 6.0)).class("whisker"))
        }
    };
    group.put(label(end + 10.0, middle + 5.0, "start", &value.text).class("value"))
}

//! Bar charts with one bar for each model.

use super::chart::{
    Frame, WIDTH, bar, drawing, label, line, row, row_head, tip, width_of, withheld,
};
use super::lines::Axis;
use crate::estimate::Interval;
use socklab_text::markup::{Element, el};

/// A chart of stacked bars.
pub(super) struct Bars {
    /// The chart's id in the page.
    pub(super) id: String,
    /// The chart's title.
    pub(super) title: String,
    /// A description for readers who cannot see the chart.
    pub(super) description: String,
    /// The horizontal axis, which begins at zero.
    pub(super) axis: Axis,
    /// The names of the two parts of each bar.
    pub(super) parts: [String; 2],
    /// One row for each model.
    pub(super) rows: Vec<Row>,
}

/// The row of a model.
pub(super) struct Row {
    /// The index of the model.
    pub(super) model: usize,
    /// The model's name.
    pub(super) name: String,
    /// The bar; `None` if the figures must not be shown.
    pub(super) bar: Option<Bar>,
    /// The text at the end of the bar, or the reason why there is no bar.
    pub(super) text: String,
}

/// A bar.
pub(super) struct Bar {
    /// The values of the parts.
    pub(super) parts: [f64; 2],
    /// The confidence interval of their sum.
    pub(super) interval: Option<Interval>,
    /// The tooltip.
    pub(super) tip: String,
}

impl Bars {
    /// The drawing.
    pub(super) fn draw(&self) -> Element {
        let names = self.rows.iter().map(|row| width_of(&row.name));
        let left = names.fold(0.0, f64::max) + 34.0;
        let beside_bars = self.rows.iter().filter(|row| row.bar.is_some());
        let widths = beside_bars.map(|row| width_of(&row.text));
        let widest = widths.fold(0.0, f64::max);
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
        .put_all(row_head(row.model, &row.name, (left, middle)));
    let Some(Bar {
        parts,
        interval,
        tip: text,
    }) = &row.bar
    else {
        return group.put(withheld(&row.text, (left, middle)));
    };
    let [first, second] = *parts;
    let (one, both) = (frame.x(first), frame.x(first + second));
    let height = high * 0.58;
    let top = middle - height / 2.0;
    let group = group
        .put(tip(text))
        .put(bar(left, top, one - left, height).class("part0"))
        .put(bar(one, top, both - one, height).class("part1"));
    let mut end = both;
    let group = match interval {
        None => group,
        Some(Interval { low, high }) => {
            let (low, high) = (frame.x(*low), frame.x(*high));
            end = end.max(high);
            group
                .put(line((low, middle), (high, middle)).class("whisker"))
                .put(line((low, middle - 6.0), (low, middle + 6.0)).class("whisker"))
                .put(line((high, middle - 6.0), (high, middle + 6.0)).class("whisker"))
        }
    };
    group.put(label(end + 10.0, middle + 5.0, "start", &row.text).class("value"))
}

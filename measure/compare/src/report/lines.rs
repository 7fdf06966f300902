//! Line charts with one line for each model.

use super::chart::{Frame, Name, WIDTH, cross, drawing, label, line, marker, names, tip, width_of};
use super::scale::{Scale, coordinate};
use crate::estimate::Interval;
use socklab_text::markup::{Element, el};

/// The height of a row of crosses.
const STRIP: f64 = 18.0;

/// A chart of lines.
pub(super) struct Lines {
    /// The chart's id in the page.
    pub(super) id: String,
    /// The chart's title.
    pub(super) title: String,
    /// A description for readers who cannot see the chart.
    pub(super) description: String,
    /// The horizontal axis.
    pub(super) x: Axis,
    /// The vertical axis.
    pub(super) y: Axis,
    /// The lines.
    pub(super) series: Vec<Series>,
    /// The invalid measurements: the horizontal value, the index of the model, and the tooltip.
    pub(super) missing: Vec<(f64, usize, String)>,
    /// A reference line, with its name.
    pub(super) reference: Option<(Vec<(f64, f64)>, String)>,
    /// Whether marks at the same horizontal value stand side by side. It suits a horizontal axis
    /// with few discrete values.
    pub(super) apart: bool,
    /// The legend of dashed lines, if there are any.
    pub(super) lesser: Option<String>,
}

/// An axis with its name and ticks.
pub(super) struct Axis {
    /// The axis's name, with the unit.
    pub(super) name: String,
    /// The scale of the axis.
    pub(super) scale: Scale,
    /// The values that have ticks, and their labels.
    pub(super) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// An axis with ticks that suit its scale.
    pub(super) fn new(name: String, scale: Scale, text: impl Fn(f64) -> String) -> Self {
        let ticks = scale.ticks().into_iter();
        let ticks = ticks.map(|value| (value, text(value))).collect();
        Axis { name, scale, ticks }
    }
}

/// A line.
pub(super) struct Series {
    /// The index of the model.
    pub(super) model: usize,
    /// The label at the line's end; `None` if the model's other line has it.
    pub(super) name: Option<String>,
    /// Whether this is the secondary of a model's two lines. It is dashed and has no marks.
    pub(super) lesser: bool,
    /// The points in order. The line is interrupted at `None`, where there is no figure.
    pub(super) points: Vec<Option<Point>>,
}

/// A point of a line.
pub(super) struct Point {
    /// The horizontal value.
    pub(super) x: f64,
    /// The vertical value.
    pub(super) y: f64,
    /// The confidence interval.
    pub(super) interval: Option<Interval>,
    /// The tooltip. Without it, the point has no mark.
    pub(super) tip: Option<String>,
}

impl Lines {
    /// Draws the chart.
    pub(super) fn draw(&self) -> Element {
        let written = self.series.iter().filter_map(|one| one.name.as_deref());
        let reference = self.reference.iter().map(|(_, name)| name.as_str());
        let widest = written.chain(reference).map(width_of).fold(0.0, f64::max);
        let marks = self.y.ticks.iter().map(|(_, text)| width_of(text));
        let left = marks.fold(0.0, f64::max) + 12.0;
        // The crosses of invalid measurements have a strip of their own below the axis, where no
        // mark can hide them.
        let strip = STRIP * self.highest() as f64;
        let frame = Frame {
            across: (left, WIDTH - widest - 18.0),
            up: (314.0 - strip, 32.0),
            x: self.x.scale,
            y: self.y.scale,
        };
        let svg = drawing(364.0, &self.id, &self.title, &self.description)
            .put(frame.axis_y(&self.y.name, &self.y.ticks))
            .put(frame.axis_x(&self.x.name, &self.x.ticks, strip));
        let reference = self.reference.iter();
        let svg = svg.put_all(reference.map(|(points, name)| reference_line(&frame, points, name)));
        let svg = svg.put_all(self.lesser.iter().map(|name| legend(&frame, name)));
        let svg = svg.put(self.crosses(&frame));
        // Draw the lines first, so that no line covers a mark.
        let svg = svg.put_all(
            self.series
                .iter()
                .map(|one| stroke(&frame, one, self.aside(one))),
        );
        let svg = svg.put_all(
            self.series
                .iter()
                .map(|one| marks_of(&frame, one, self.aside(one))),
        );
        let ends = self.series.iter().filter_map(|one| {
            let last = one.points.iter().flatten().next_back()?;
            let (x, y) = frame.at((last.x, last.y));
            Some(Name {
                model: one.model,
                end: (x + self.aside(one), y),
                text: one.name.clone()?,
            })
        });
        let ends: Vec<Name> = ends.collect();
        let lines = self.series.iter();
        let lines: Vec<_> = lines
            .flat_map(|one| along(&frame, one, self.aside(one)))
            .collect();
        svg.put(names(&ends, &lines, frame.up))
    }

    /// The greatest number of invalid measurements at one horizontal value.
    fn highest(&self) -> usize {
        let at = |x: f64| self.missing.iter().filter(|one| one.0 == x).count();
        let each = self.missing.iter().map(|one| at(one.0));
        each.max().unwrap_or(0)
    }

    /// How far a mark is moved sideways, so that marks do not cover each other.
    fn aside(&self, series: &Series) -> f64 {
        if !self.apart {
            return 0.0;
        }
        let place = self.series.iter().position(|one| one.model == series.model);
        (place.unwrap_or(0) as f64 - (self.series.len() - 1) as f64 / 2.0) * 6.0
    }

    fn crosses(&self, frame: &Frame) -> Element {
        let mut above = Vec::<f64>::new();
        el("g")
            .class("missing")
            .put_all(self.missing.iter().map(|(x, model, text)| {
                let height = above.iter().filter(|one| *one == x).count() as f64;
                above.push(*x);
                let place = (frame.x(*x), frame.up.0 + STRIP * (height + 0.6));
                let name = self.series.iter().find(|one| one.model == *model);
                let name = name.and_then(|one| one.name.as_deref()).unwrap_or_default();
                el("g")
                    .class("point")
                    .put(tip(text))
                    .put(cross(place))
                    .put(label(place.0 - 10.0, place.1 + 5.0, "end", name).class("invalid"))
            }))
    }
}

/// Closely spaced points of a line.
fn along(frame: &Frame, series: &Series, aside: f64) -> Vec<(f64, f64)> {
    let mut all = Vec::new();
    for two in series.points.windows(2) {
        let [Some(one), Some(other)] = two else {
            continue;
        };
        let (from, to) = (frame.at((one.x, one.y)), frame.at((other.x, other.y)));
        let steps = ((to.0 - from.0).hypot(to.1 - from.1) / 6.0).ceil().max(1.0);
        all.extend((0..=steps as u32).map(|step| {
            let part = f64::from(step) / steps;
            let between = |from: f64, to: f64| from + (to - from) * part;
            (between(from.0, to.0) + aside, between(from.1, to.1))
        }));
    }
    all
}

/// The legend of the dashed lines, in the upper left corner, where rising curves leave room.
fn legend(frame: &Frame, name: &str) -> Element {
    let (x, y) = (frame.across.0 + 12.0, frame.up.1 + 12.0);
    el("g")
        .class("legend")
        .put(line((x, y), (x + 34.0, y)).class("stroke lesser"))
        .put(label(x + 44.0, y + 5.0, "start", name))
}

fn reference_line(frame: &Frame, points: &[(f64, f64)], name: &str) -> Element {
    let each = points.iter().map(|point| frame.at(*point));
    let path: Vec<String> = each
        .map(|(x, y)| format!("{} {}", coordinate(x), coordinate(y)))
        .collect();
    let group = el("g")
        .class("reference")
        .put(el("path").set("d", format!("M{}", path.join("L"))));
    match points.last() {
        Some(last) => {
            let (x, y) = frame.at(*last);
            group.put(label(x + 12.0, y + 5.0, "start", name))
        }
        None => group,
    }
}

fn stroke(frame: &Frame, series: &Series, aside: f64) -> Element {
    let mut path = String::new();
    let mut pen = "M";
    for point in &series.points {
        pen = match point {
            None => "M",
            Some(Point { x, y, .. }) => {
                let (x, y) = frame.at((*x, *y));
                path.push_str(&format!("{pen}{} {}", coordinate(x + aside), coordinate(y)));
                "L"
            }
        };
    }
    let lesser = if series.lesser { " lesser" } else { "" };
    el("path")
        .class(format!("m{} stroke{lesser}", series.model % 8))
        .set("d", path)
}

fn marks_of(frame: &Frame, series: &Series, aside: f64) -> Element {
    let mut group = el("g").class(format!("m{}", series.model % 8));
    for point in series.points.iter().flatten() {
        let Some(text) = &point.tip else { continue };
        let (x, y) = frame.at((point.x, point.y));
        let x = x + aside;
        let mut mark = el("g").class("point").put(tip(text));
        if let Some(interval) = point.interval {
            mark = mark.put(frame.interval(x, interval));
        }
        mark = match series.lesser {
            true => mark.put(line((x, y - 4.0), (x, y + 4.0)).class("interval")),
            false => mark.put(marker(series.model, (x, y))),
        };
        group = group.put(mark);
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two models. The last measurement of one is invalid.
    #[test]
    fn a_small_chart() {
        let point = |x: f64, y: f64| Point {
            x,
            y,
            interval: Some(Interval {
                low: y - 5.0,
                high: y + 5.0,
            }),
            tip: Some(format!("{x}: {y}")),
        };
        let series = |model, name: &str, points| Series {
            model,
            name: Some(name.to_owned()),
            lesser: false,
            points,
        };
        let lines = Lines {
            id: "small".to_owned(),
            title: "Replies".to_owned(),
            description: "Two lines".to_owned(),
            x: Axis::new("connections".to_owned(), Scale::log([1.0, 100.0]), |one| {
                one.to_string()
            }),
            y: Axis::new("replies/s".to_owned(), Scale::from_zero([100.0]), |one| {
                one.to_string()
            }),
            series: vec![
                series(
                    0,
                    "mio",
                    vec![Some(point(1.0, 50.0)), Some(point(100.0, 100.0))],
                ),
                series(1, "<b>", vec![Some(point(1.0, 40.0)), None]),
            ],
            missing: vec![(100.0, 1, "INVALID".to_owned())],
            reference: None,
            apart: true,
            lesser: None,
        };
        insta::assert_snapshot!(lines.draw().markup());
    }
}

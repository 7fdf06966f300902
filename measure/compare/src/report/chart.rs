//! The parts of charts: a frame with axes, marks that differ by shape as well as by colour, and
//! labels at the marks.
//!
//! Lengths are in units of the drawing, which the page scales to its width; text is 15 of them
//! high, so that it can be read from the last row when the chart fills a projector.

use super::scale::{Scale, coordinate};
use crate::estimate::Interval;
use socklab_text::markup::{Element, el};

/// The width of every chart.
pub(super) const WIDTH: f64 = 760.0;

/// The height of each of `rows` rows that share the height `high`. It has limits, so very many rows
/// do not fit a screen.
pub(super) fn row(rows: usize, high: f64) -> f64 {
    (high / rows.max(1) as f64).clamp(28.0, 46.0)
}

/// The least distance between the baselines of labels.
const LINE: f64 = 18.0;

/// Estimates the width of a text. Fonts differ, so this assumes a wide one.
pub(super) fn width_of(text: &str) -> f64 {
    let widths = text.chars().map(|c| match c {
        '.' | ',' | ':' | 'i' | 'j' | 'l' | ' ' | '\u{a0}' | '\u{202f}' => 5.0,
        'f' | 'r' | 't' | '-' => 6.5,
        'm' | 'w' | '%' | 'M' | 'W' => 14.0,
        _ => 9.6,
    });
    widths.sum()
}

/// A drawing with a title and a description for readers who cannot see it.
pub(super) fn drawing(height: f64, id: &str, title: &str, description: &str) -> Element {
    let (title_id, description_id) = (format!("{id}-title"), format!("{id}-desc"));
    el("svg")
        .set("viewBox", format!("0 0 {WIDTH} {}", coordinate(height)))
        .set("role", "img")
        .set("aria-labelledby", format!("{title_id} {description_id}"))
        .put(el("title").set("id", title_id).text(title))
        .put(el("desc").set("id", description_id).text(description))
}

/// Text in a drawing. `place` is `start`, `middle` or `end`.
pub(super) fn label(x: f64, y: f64, place: &str, text: &str) -> Element {
    let label = el("text").set("x", coordinate(x)).set("y", coordinate(y));
    match place {
        "start" => label.text(text),
        _ => label.set("text-anchor", place).text(text),
    }
}

/// A straight line.
pub(super) fn line(from: (f64, f64), to: (f64, f64)) -> Element {
    el("line")
        .set("x1", coordinate(from.0))
        .set("y1", coordinate(from.1))
        .set("x2", coordinate(to.0))
        .set("y2", coordinate(to.1))
}

/// A bar.
pub(super) fn bar(x: f64, y: f64, width: f64, height: f64) -> Element {
    el("rect")
        .set("x", coordinate(x))
        .set("y", coordinate(y))
        .set("width", coordinate(width.max(0.0)))
        .set("height", coordinate(height))
}

/// The marker of a model. All shapes have about the same area.
pub(super) fn marker(model: usize, (x, y): (f64, f64)) -> Element {
    let points: &[(f64, f64)] = match model % 8 {
        0 => {
            return el("circle")
                .class("mark")
                .set("cx", coordinate(x))
                .set("cy", coordinate(y))
                .set("r", 5.5);
        }
        1 => &[(-5.0, -5.0), (5.0, -5.0), (5.0, 5.0), (-5.0, 5.0)],
        2 => &[(0.0, -6.8), (6.4, 4.8), (-6.4, 4.8)],
        3 => &[(0.0, -7.2), (7.2, 0.0), (0.0, 7.2), (-7.2, 0.0)],
        4 => &[(0.0, 6.8), (6.4, -4.8), (-6.4, -4.8)],
        5 => &[
            (-2.2, -6.6),
            (2.2, -6.6),
            (2.2, -2.2),
            (6.6, -2.2),
            (6.6, 2.2),
            (2.2, 2.2),
            (2.2, 6.6),
            (-2.2, 6.6),
            (-2.2, 2.2),
            (-6.6, 2.2),
            (-6.6, -2.2),
            (-2.2, -2.2),
        ],
        6 => &[
            (0.0, -7.6),
            (1.9, -2.5),
            (7.2, -2.3),
            (3.0, 1.0),
            (4.5, 6.1),
            (0.0, 3.1),
            (-4.5, 6.1),
            (-3.0, 1.0),
            (-7.2, -2.3),
            (-1.9, -2.5),
        ],
        _ => &[
            (-3.6, -6.2),
            (3.6, -6.2),
            (7.2, 0.0),
            (3.6, 6.2),
            (-3.6, 6.2),
            (-7.2, 0.0),
        ],
    };
    let each = points
        .iter()
        .map(|(dx, dy)| format!("{},{}", coordinate(x + dx), coordinate(y + dy)));
    let points: Vec<String> = each.collect();
    el("polygon").class("mark").set("points", points.join(" "))
}

/// The cross that marks an invalid measurement.
pub(super) fn cross((x, y): (f64, f64)) -> Element {
    let (l, r, t, b) = (
        coordinate(x - 5.5),
        coordinate(x + 5.5),
        coordinate(y - 5.5),
        coordinate(y + 5.5),
    );
    el("path")
        .class("cross")
        .set("d", format!("M{l} {t}L{r} {b}M{l} {b}L{r} {t}"))
}

/// The name and the shape of a model, left of the point where its row begins.
pub(super) fn row_head(model: usize, name: &str, (left, middle): (f64, f64)) -> [Element; 2] {
    let name = label(left - 26.0, middle + 5.0, "end", name).class("model");
    [name, marker(model, (left - 13.0, middle))]
}

/// The text of a row whose figures are not shown.
pub(super) fn withheld(why: &str, (left, middle): (f64, f64)) -> Element {
    label(left + 8.0, middle + 5.0, "start", why).class("invalid")
}

/// The tooltip of a mark.
pub(super) fn tip(text: &str) -> Element {
    el("title").text(text)
}

/// The frame of a chart with two axes.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    /// The left and the right end of the horizontal axis.
    pub(super) across: (f64, f64),
    /// The lower and the upper end of the vertical axis.
    pub(super) up: (f64, f64),
    /// The scale of the horizontal axis.
    pub(super) x: Scale,
    /// The scale of the vertical axis.
    pub(super) y: Scale,
}

impl Frame {
    /// The horizontal coordinate of a value.
    pub(super) fn x(&self, value: f64) -> f64 {
        let (left, right) = self.across;
        left + (right - left) * self.x.part(value)
    }

    /// The vertical coordinate of a value.
    pub(super) fn y(&self, value: f64) -> f64 {
        let (low, high) = self.up;
        low + (high - low) * self.y.part(value)
    }

    /// Both coordinates of a point.
    pub(super) fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.x(x), self.y(y))
    }

    /// The horizontal axis with its ticks, their labels and its name. The labels stand `below`
    /// units lower than usual.
    pub(super) fn axis_x(&self, name: &str, ticks: &[(f64, String)], below: f64) -> Element {
        let ((left, right), low) = (self.across, self.up.0);
        let mut axis = el("g")
            .class("axis")
            .put(line((left, low), (right, low)).class("base"));
        let mut free = f64::NEG_INFINITY;
        for (value, text) in ticks {
            let x = self.x(*value);
            axis = axis.put(line((x, low), (x, low + 5.0)).class("base"));
            // Leave out a label that would overlap the one before it, but keep its tick.
            let half = width_of(text) / 2.0;
            if x - half >= free {
                axis = axis.put(label(x, low + below + 22.0, "middle", text));
                free = x + half + 6.0;
            }
        }
        let middle = (left + right) / 2.0;
        axis.put(label(middle, low + below + 44.0, "middle", name).class("name"))
    }

    /// The vertical axis with its ticks, a grid line and a label for each, and its name.
    pub(super) fn axis_y(&self, name: &str, ticks: &[(f64, String)]) -> Element {
        let ((left, right), high) = (self.across, self.up.1);
        let mut axis = el("g").class("axis");
        for (value, text) in ticks {
            let y = self.y(*value);
            axis = axis
                .put(line((left, y), (right, y)).class("grid"))
                .put(label(left - 9.0, y + 5.0, "end", text));
        }
        axis.put(label(0.0, high - 16.0, "start", name).class("name"))
    }

    /// An error bar for a confidence interval.
    pub(super) fn interval(&self, x: f64, interval: Interval) -> Element {
        let (low, high) = (self.y(interval.low), self.y(interval.high));
        let (left, right) = (coordinate(x - 4.0), coordinate(x + 4.0));
        let (x, low, high) = (coordinate(x), coordinate(low), coordinate(high));
        el("path").class("interval").set(
            "d",
            format!("M{x} {low}V{high}M{left} {low}H{right}M{left} {high}H{right}"),
        )
    }
}

/// A label for the end of a line.
pub(super) struct Name {
    /// The index of the model.
    pub(super) model: usize,
    /// Where the line ends.
    pub(super) end: (f64, f64),
    /// The label's text.
    pub(super) text: String,
}

/// Labels the lines at their ends, so that no legend is needed. Each label is as near to its end as
/// it can be without touching another label, a mark or a line. `lines` are closely spaced points of
/// all lines.
pub(super) fn names(names: &[Name], lines: &[(f64, f64)], (low, high): (f64, f64)) -> Element {
    // The labels placed so far: left end, right end, vertical middle.
    let mut taken: Vec<(f64, f64, f64)> = Vec::new();
    // From the top down, so that labels stay in the order of their lines.
    let mut order: Vec<&Name> = names.iter().collect();
    order.sort_by(|a, b| a.end.1.total_cmp(&b.end.1));
    let mut group = el("g").class("names");
    for Name {
        model,
        end: (x, y),
        text,
    } in order
    {
        // If lines end near each other, align their labels in one column.
        let ends = names
            .iter()
            .map(|one| one.end.0)
            .filter(|one| (one - x).abs() < 70.0);
        let left = ends.fold(*x, f64::max) + 13.0;
        let right = left + width_of(text);
        let free = |y: &f64| {
            let apart =
                |one: &(f64, f64, f64)| one.0 > right || one.1 < left || (one.2 - y).abs() >= LINE;
            let clear = |(x, to): &(f64, f64)| {
                *x < left - 3.0 || *x > right || (to - y).abs() >= LINE * 0.7
            };
            (high - LINE..=low).contains(y) && taken.iter().all(apart) && lines.iter().all(clear)
        };
        let steps =
            (0..40).map(|step| f64::from((step + 1) / 2) * if step % 2 == 0 { -1.0 } else { 1.0 });
        let to = steps
            .map(|step| y + step * LINE / 3.0)
            .find(free)
            .unwrap_or(*y);
        taken.push((left, right, to));
        let mut name = el("g").class(format!("m{}", model % 8));
        if (to - y).abs() > 3.0 || left - x > 16.0 {
            name = name.put(line((x + 3.0, *y), (left - 3.0, to)).class("leader"));
        }
        group = group.put(name.put(label(left, to + 5.0, "start", text)));
    }
    group
}

/// A model's marker by itself, for tables.
pub(super) fn key(model: usize) -> Element {
    el("svg")
        .class(format!("m{} key", model % 8))
        .set("viewBox", "-8 -8 16 16")
        .set("aria-hidden", "true")
        .put(marker(model, (0.0, 0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_is_up() {
        let (low, high) = (0.0, 10.0);
        let frame = Frame {
            across: (60.0, 660.0),
            up: (300.0, 40.0),
            x: Scale::Linear { low, high },
            y: Scale::Linear { low, high },
        };
        assert_eq!(frame.at((0.0, 0.0)), (60.0, 300.0));
        assert_eq!(frame.at((10.0, 10.0)), (660.0, 40.0));
    }

    #[test]
    fn names_touch_neither_each_other_nor_marks() {
        let name = |y: f64| Name {
            model: 0,
            end: (100.0, y),
            text: "mio".to_owned(),
        };
        let drawn = names(&[name(50.0), name(52.0)], &[(120.0, 50.0)], (200.0, 20.0)).markup();
        let mut heights = drawn.split("<text x=\"113\" y=\"").skip(1).map(|rest| {
            let height = rest
                .split('"')
                .next()
                .and_then(|one| one.parse::<f64>().ok());
            height.expect("a height") - 5.0
        });
        let (first, second) = (
            heights.next().expect("one"),
            heights.next().expect("another"),
        );
        assert!((first - 50.0).abs() >= LINE * 0.7, "{drawn}");
        assert!((second - first).abs() >= LINE - 0.1, "{drawn}");
    }

    #[test]
    fn every_model_has_a_shape_of_its_own() {
        let shapes: std::collections::BTreeSet<String> = (0..8)
            .map(|model| marker(model, (0.0, 0.0)).markup())
            .collect();
        assert_eq!(shapes.len(), 8);
    }
}

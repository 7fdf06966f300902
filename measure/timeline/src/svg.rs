//! A chart as a self-contained SVG picture.
//!
//! It can stand alone or be put into a page as it is: it has no ids, and its classes begin with
//! `tl-`. Colours are CSS variables with values of their own, light and dark, so that a page may
//! set them (`--tl-paper`, `--tl-ink`, …); paper is always light. What it shows can be read without
//! colours: the bars bear their numbers, and tell all when pointed at.

use std::fmt::Write as _;
use std::time::Duration;

use crate::chart::{Chart, Class, Span, SpanKind};
use crate::labels::{
    class, describe, length, millis, name, note, short, source, style, summary, title,
};
use socklab_text::markup::escaped;
use socklab_text::{Messages, wrap};

/// The picture's style sheet.
const STYLE: &str = include_str!("svg.css");

/// The picture's width.
const WIDTH: f64 = 1000.0;
/// Where lanes begin and end.
const LANES: (f64, f64) = (150.0, 985.0);
/// The heights of a lane's row and of a bar in it.
const ROW: (f64, f64) = (26.0, 20.0);
/// The width of a letter, in parts of its height: a little more than the average.
const LETTER: f64 = 0.56;
/// The least width of a bar, so that it can be seen.
const HAIR: f64 = 2.0;

/// The chart as a picture.
pub fn svg(chart: &Chart, messages: &dyn Messages) -> String {
    svg_of_all(std::slice::from_ref(chart), messages)
}

/// Several charts, one below the other.
pub fn svg_of_all(charts: &[Chart], messages: &dyn Messages) -> String {
    let mut picture = Picture {
        out: String::new(),
        y: 8.0,
    };
    for chart in charts {
        picture.chart(chart, messages);
    }
    let height = picture.y;
    let label = charts.iter().map(|chart| title(chart, messages));
    let label = escaped(&label.collect::<Vec<_>>().join("; "));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"tl-chart\" role=\"img\" aria-label=\"{label}\" \
         width=\"{WIDTH}\" height=\"{height:.0}\" viewBox=\"0 0 {WIDTH} {height:.0}\">\n\
         <style>\n{STYLE}</style>\n\
         <rect class=\"tl-paper\" width=\"{WIDTH}\" height=\"{height:.0}\"/>\n{}</svg>\n",
        picture.out
    )
}

/// A stretch of time, and the part of the picture that it fills.
#[derive(Clone, Copy)]
struct Scale {
    from: Duration,
    to: Duration,
}

impl Scale {
    fn length(&self) -> Duration {
        self.to.saturating_sub(self.from)
    }

    fn x(&self, at: Duration) -> f64 {
        let part = at.clamp(self.from, self.to).saturating_sub(self.from);
        let part = part.as_secs_f64() / self.length().as_secs_f64().max(1e-9);
        LANES.0 + part * (LANES.1 - LANES.0)
    }
}

/// The markup so far, and the height that it fills.
struct Picture {
    out: String,
    y: f64,
}

impl Picture {
    fn chart(&mut self, chart: &Chart, messages: &dyn Messages) {
        self.y += 24.0;
        self.text(12.0, "tl-title", &title(chart, messages));
        self.y += 4.0;
        self.paragraph("tl-soft", 14.0, &style(chart, messages));
        self.y += 10.0;
        let whole = Scale {
            from: Duration::ZERO,
            to: chart.length,
        };
        let (from, to) = (millis(whole.from, messages), millis(whole.to, messages));
        let said = messages.say_with("timeline-panel-whole", &[("from", &from), ("to", &to)]);
        self.panel(chart, whole, &said, chart.closest(), messages);
        if let Some((from, to)) = chart.closest() {
            self.closer(chart, whole, Scale { from, to }, messages);
        }
        self.y += 10.0;
        self.legend(chart, messages);
        self.y += 8.0;
        self.y += 20.0;
        self.text(12.0, "tl-panel", &messages.say("timeline-where"));
        for lane in chart.lanes.iter().filter(|lane| lane.owner.is_server()) {
            let said = format!(
                "{}: {}",
                name(lane.owner, messages),
                summary(chart, lane, messages)
            );
            self.paragraph("", 14.0, &said);
        }
        self.y += 6.0;
        self.paragraph("tl-soft tl-small", 12.5, &note(chart, messages));
        self.paragraph("tl-soft tl-small", 12.5, &source(messages));
        self.y += 16.0;
    }

    /// Draws the close-up, below its place in the whole chart.
    fn closer(&mut self, chart: &Chart, whole: Scale, scale: Scale, messages: &dyn Messages) {
        let (left, right) = (
            whole.x(scale.from),
            whole.x(scale.to).max(whole.x(scale.from) + HAIR),
        );
        let (top, bottom) = (self.y, self.y + 26.0);
        let _ = writeln!(
            self.out,
            "<path class=\"tl-lens\" d=\"M{left:.1} {top:.1}L{:.1} {bottom:.1}H{:.1}L{right:.1} {top:.1}Z\"/>",
            LANES.0, LANES.1
        );
        self.y += 30.0;
        let times = whole.length().as_secs_f64() / scale.length().as_secs_f64().max(1e-9);
        let (from, to) = (millis(scale.from, messages), millis(scale.to, messages));
        let said = messages.say_with(
            "timeline-panel-closer",
            &[
                ("from", &from),
                ("to", &to),
                ("times", &format!("{times:.0}")),
            ],
        );
        self.panel(chart, scale, &said, None, messages);
    }

    /// Draws the lanes of a stretch of time, below their title and a ruler.
    fn panel(
        &mut self,
        chart: &Chart,
        scale: Scale,
        said: &str,
        lens: Option<(Duration, Duration)>,
        messages: &dyn Messages,
    ) {
        self.y += 20.0;
        self.text(12.0, "tl-panel", said);
        self.y += 20.0;
        let top = self.y;
        let rows: Vec<_> = chart.lanes.iter().map(|lane| (lane, lane.rows())).collect();
        let shown = |row: &Vec<&Span>| {
            row.iter()
                .any(|span| span.end >= scale.from && span.start <= scale.to)
        };
        let count: usize = rows
            .iter()
            .map(|(_, rows)| rows.iter().skip(1).filter(|row| shown(row)).count() + 1)
            .sum();
        self.ruler(scale, top + count as f64 * ROW.0, messages);
        for (lane, rows) in &rows {
            for (at, row) in rows.iter().enumerate() {
                if at > 0 && !shown(row) {
                    continue;
                }
                let (y, height) = (self.y + 1.0, ROW.0 - 2.0);
                let (left, width) = (LANES.0, LANES.1 - LANES.0);
                let _ = writeln!(
                    self.out,
                    "<rect class=\"tl-lane\" x=\"{left}\" y=\"{y:.1}\" width=\"{width}\" height=\"{height}\"/>"
                );
                self.y += ROW.0;
                if at == 0 {
                    let baseline = self.y - 8.0;
                    let label = escaped(&name(lane.owner, messages));
                    let _ = writeln!(
                        self.out,
                        "<text class=\"tl-right\" x=\"{:.1}\" y=\"{baseline:.1}\">{label}</text>",
                        LANES.0 - 8.0
                    );
                }
                self.row(row, scale, messages);
            }
        }
        if let Some((from, to)) = lens {
            let (left, right) = (scale.x(from), scale.x(to).max(scale.x(from) + HAIR));
            let _ = writeln!(
                self.out,
                "<rect class=\"tl-lens\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                right - left,
                self.y - top
            );
        }
    }

    /// Draws the bars of a row. Rare ones come last, so that others do not cover their narrow bars.
    fn row(&mut self, row: &[&Span], scale: Scale, messages: &dyn Messages) {
        let mut row: Vec<&&Span> = row
            .iter()
            .filter(|span| span.end >= scale.from && span.start <= scale.to)
            .collect();
        row.sort_by_key(|span| span.class());
        for span in row {
            let left = scale.x(span.start);
            let width = (scale.x(span.end) - left).max(HAIR);
            let top = self.y - ROW.0 + (ROW.0 - ROW.1) / 2.0;
            let _ = write!(
                self.out,
                "<g class=\"tl-span tl-{}\"><title>{}</title><rect x=\"{left:.2}\" y=\"{top:.1}\" width=\"{width:.2}\" height=\"{}\"/>",
                span.class().name(),
                escaped(&tooltip(span, messages)),
                ROW.1
            );
            if let Some(label) = label(span, width, messages) {
                let _ = write!(
                    self.out,
                    "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                    left + 4.0,
                    top + 14.5,
                    escaped(&label)
                );
            }
            self.out.push_str("</g>\n");
        }
    }

    /// Draws ticks at round times above the lanes, with lines down through them.
    fn ruler(&mut self, scale: Scale, bottom: f64, messages: &dyn Messages) {
        let micros = scale.length().as_secs_f64() * 1e6;
        let step = round_step(micros / 8.0);
        let in_millis = micros >= 5000.0;
        let baseline = self.y - 5.0;
        for tick in 0..=(micros / step) as u32 {
            let after = f64::from(tick) * step;
            let x = scale.x(scale.from + Duration::from_secs_f64(after / 1e6));
            let label = match in_millis {
                true => format!("{} ms", after / 1e3),
                false => format!("{after} µs"),
            };
            let _ = writeln!(
                self.out,
                "<path class=\"tl-tick\" d=\"M{x:.1} {:.1}V{bottom:.1}\"/>\
                 <text class=\"tl-soft tl-small tl-middle\" x=\"{x:.1}\" y=\"{baseline:.1}\">{}</text>",
                self.y - 2.0,
                messages.number(&label)
            );
        }
    }

    fn legend(&mut self, chart: &Chart, messages: &dyn Messages) {
        let there = |class: &Class| {
            let mut spans = chart.lanes.iter().flat_map(|lane| &lane.spans);
            spans.any(|span| span.class() == *class)
        };
        let mut x = 12.0;
        self.y += 20.0;
        for one in Class::ALL.into_iter().filter(there) {
            let label = class(one, messages);
            let width = 26.0 + letters(&label) * LETTER * 14.0 + 16.0;
            if x + width > WIDTH {
                x = 12.0;
                self.y += 22.0;
            }
            let _ = writeln!(
                self.out,
                "<g class=\"tl-{}\"><rect x=\"{x:.1}\" y=\"{:.1}\" width=\"18\" height=\"14\"/></g>\
                 <text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                one.name(),
                self.y - 12.0,
                x + 24.0,
                self.y,
                escaped(&label)
            );
            x += width;
        }
    }

    fn text(&mut self, x: f64, class: &str, text: &str) {
        let _ = writeln!(
            self.out,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
            self.y,
            escaped(text)
        );
    }

    /// Writes lines of text across the picture.
    fn paragraph(&mut self, class: &str, size: f64, text: &str) {
        let most = ((WIDTH - 24.0) / (LETTER * 0.93 * size)) as usize;
        for line in wrap("", text, most).lines() {
            self.y += size + 5.0;
            self.text(12.0, class, line);
        }
    }
}

/// The details of a span, shown when the pointer is over it.
fn tooltip(span: &Span, messages: &dyn Messages) -> String {
    let number = match span.number {
        0 => String::new(),
        number => format!("{number}. "),
    };
    let figure = match span.figure() {
        Some(figure) => format!(" [{figure}]"),
        None => String::new(),
    };
    format!(
        "{number}{}{figure}; {} ms + {}",
        describe(span, messages),
        millis(span.start, messages),
        length(span.took(), messages)
    )
}

/// The label of a bar: as much as fits.
fn label(span: &Span, width: f64, messages: &dyn Messages) -> Option<String> {
    let fits = |text: &String| letters(text) * LETTER * 12.5 + 8.0 <= width;
    if span.kind == SpanKind::Code {
        return Some(class(Class::Code, messages)).filter(fits);
    }
    let number = span.number;
    let figure = span
        .figure()
        .map_or_else(String::new, |one| format!(" [{one}]"));
    let all = [
        format!("{number}. {}{figure}", describe(span, messages)),
        format!("{number}. {}{figure}", short(span, messages)),
        format!("{number}. {}", short(span, messages)),
        number.to_string(),
    ];
    all.into_iter().find(fits)
}

/// The smallest of 1, 2, 5, 10, 20, … that is at least this.
fn round_step(least: f64) -> f64 {
    let mut power = 1.0;
    loop {
        for step in [1.0, 2.0, 5.0] {
            if step * power >= least {
                return step * power;
            }
        }
        power *= 10.0;
    }
}

fn letters(text: &str) -> f64 {
    text.chars().count() as f64
}

//! A chart as text.

use std::fmt::Write as _;
use std::time::Duration;

use crate::chart::{Chart, Class, Span};
use crate::labels::{class, describe, length, millis, name, note, source, style, summary, title};
use socklab_text::{Messages, wrap};

/// How many characters a line has where no terminal says how many it shows.
pub const WIDTH: usize = 100;

/// The characters that lanes are drawn with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyphs {
    /// Shades and dots.
    #[default]
    Shades,
    /// ASCII, for terminals without other characters.
    Ascii,
}

impl Glyphs {
    fn of(self, class: Class) -> char {
        match (self, class) {
            (Glyphs::Shades, Class::Copy) => '█',
            (Glyphs::Shades, Class::Code) => '▓',
            (Glyphs::Shades, Class::Blocked) => '·',
            (Glyphs::Shades, Class::Empty) => '▒',
            (Glyphs::Shades, Class::Kernel) => '░',
            (_, Class::Suspended) => ':',
            (_, Class::Pause) => 'z',
            (Glyphs::Ascii, Class::Copy) => '#',
            (Glyphs::Ascii, Class::Code) => '+',
            (Glyphs::Ascii, Class::Blocked) => '.',
            (Glyphs::Ascii, Class::Empty) => '0',
            (Glyphs::Ascii, Class::Kernel) => '=',
        }
    }
}

/// Writes the chart as lanes and a list of all numbered spans, in lines of `width` characters.
pub fn text(chart: &Chart, messages: &dyn Messages, glyphs: Glyphs, width: usize) -> String {
    let names: Vec<String> = chart
        .lanes
        .iter()
        .map(|lane| name(lane.owner, messages))
        .collect();
    let widest = names.iter().map(|name| letters(name)).max().unwrap_or(0);
    let mut out = format!("{}\n", title(chart, messages));
    wrapped(&mut out, "", &style(chart, messages), width);
    out.push('\n');
    let canvas = Canvas {
        chart,
        names: &names,
        widest,
        glyphs,
        width,
    };
    canvas.stretch(
        &mut out,
        "timeline-whole",
        (Duration::ZERO, chart.length),
        messages,
    );
    if let Some(window) = chart.closest() {
        canvas.stretch(&mut out, "timeline-closer", window, messages);
    }
    legend(
        &mut out,
        std::slice::from_ref(chart),
        messages,
        glyphs,
        width,
    );
    let _ = writeln!(out, "\n{}", messages.say("timeline-where"));
    for (lane, name) in chart.lanes.iter().zip(&names) {
        if lane.owner.is_server() {
            wrapped(
                &mut out,
                &padded(name, widest),
                &summary(chart, lane, messages),
                width,
            );
        }
    }
    out.push('\n');
    list(&mut out, chart, (widest, width), messages);
    out.push('\n');
    wrapped(&mut out, "", &note(chart, messages), width);
    wrapped(&mut out, "", &source(messages), width);
    // The no-break spaces have done their work.
    let lines = out
        .lines()
        .map(|line| line.trim_end().replace('\u{a0}', " "));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// What all stretches of a chart share when they are drawn.
struct Canvas<'a> {
    chart: &'a Chart,
    names: &'a [String],
    widest: usize,
    glyphs: Glyphs,
    width: usize,
}

impl Canvas<'_> {
    /// Draws the lanes of a stretch of time.
    fn stretch(
        &self,
        out: &mut String,
        id: &str,
        window: (Duration, Duration),
        messages: &dyn Messages,
    ) {
        let columns = self.width - self.widest - 2;
        let column = (window.1.saturating_sub(window.0)) / columns as u32;
        let (from, to, each) = (
            millis(window.0, messages),
            millis(window.1, messages),
            length(column, messages),
        );
        let said = messages.say_with(id, &[("from", &from), ("to", &to), ("column", &each)]);
        wrapped(out, "", &said, self.width);
        for (lane, name) in self.chart.lanes.iter().zip(self.names) {
            for (at, row) in lane.rows().iter().enumerate() {
                let drawn = row_of(row, window, columns, self.glyphs);
                let drawn = drawn.trim_end();
                // Skip a further row of the kernel that is empty in this stretch.
                if at > 0 && drawn.is_empty() {
                    continue;
                }
                let name = if at == 0 { name.as_str() } else { "" };
                let _ = writeln!(out, "{}  {drawn}", padded(name, self.widest));
            }
        }
        out.push('\n');
    }
}

/// Draws a row of characters. If a column has several spans, it shows the rarest class: moving data
/// before waiting. A span shorter than a column still gets one.
pub(crate) fn row_of(
    row: &[&Span],
    window: (Duration, Duration),
    columns: usize,
    glyphs: Glyphs,
) -> String {
    let mut cells: Vec<Option<Class>> = vec![None; columns];
    let whole = window.1.saturating_sub(window.0).as_secs_f64();
    let place = |at: Duration| {
        let part = at.saturating_sub(window.0).as_secs_f64() / whole;
        (part * columns as f64) as usize
    };
    for span in row {
        if span.end < window.0 || span.start > window.1 || whole == 0.0 {
            continue;
        }
        let first = place(span.start).min(columns - 1);
        let last = place(span.end.min(window.1)).clamp(first + 1, columns);
        for cell in &mut cells[first..last] {
            *cell = (*cell).max(Some(span.class()));
        }
    }
    let letter = |cell: Option<Class>| cell.map_or(' ', |class| glyphs.of(class));
    cells.into_iter().map(letter).collect()
}

/// Explains the characters of these charts.
pub(crate) fn legend(
    out: &mut String,
    charts: &[Chart],
    messages: &dyn Messages,
    glyphs: Glyphs,
    width: usize,
) {
    let there = |class: &Class| {
        let lanes = charts.iter().flat_map(|chart| &chart.lanes);
        let mut spans = lanes.flat_map(|lane| &lane.spans);
        spans.any(|span| span.class() == *class)
    };
    let shown = Class::ALL.into_iter().filter(there);
    let items: Vec<String> = shown
        // No-break spaces keep an item on one line.
        .map(|one| format!("{} {}", glyphs.of(one), class(one, messages)).replace(' ', "\u{a0}"))
        .collect();
    wrapped(out, "", &items.join("\u{a0}\u{a0} "), width);
}

/// Lists all numbered spans.
fn list(out: &mut String, chart: &Chart, (widest, width): (usize, usize), messages: &dyn Messages) {
    let _ = writeln!(
        out,
        "{:>3} {:>9} {:>9}  {}  {}",
        messages.say("timeline-column-number"),
        messages.say("timeline-column-start"),
        messages.say("timeline-column-took"),
        padded(&messages.say("timeline-column-lane"), widest),
        messages.say("timeline-column-figure"),
    );
    for (lane, span) in chart.numbered() {
        let head = format!(
            "{:>3} {:>9} {:>9}  {}  {:3}",
            span.number,
            millis(span.start, messages),
            millis(span.took(), messages),
            padded(&name(lane.owner, messages), widest),
            span.figure().unwrap_or(""),
        );
        let said = describe(span, messages);
        if letters(&head) <= width / 2 {
            wrapped(out, &head, &said, width);
        } else {
            let _ = writeln!(out, "{}", head.trim_end());
            wrapped(out, "     ", &said, width);
        }
    }
}

pub(crate) fn letters(text: &str) -> usize {
    text.chars().count()
}

pub(crate) fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(letters(text))))
}

/// Appends text after a head, in lines of `width` characters; further lines are indented by the
/// head's width.
pub(crate) fn wrapped(out: &mut String, head: &str, text: &str, width: usize) {
    let blanks = if head.is_empty() { "" } else { "  " };
    out.push_str(&wrap(&format!("{head}{blanks}"), text, width));
    out.push('\n');
}

//! All models of an exercise on one time axis, a line each: what a lecture shows on one slide.

use std::fmt::Write as _;
use std::time::Duration;

use crate::chart::{Chart, Lane, LaneOwner, Span};
use crate::labels::{length, note, source};
use crate::style::Style;
use crate::text::{Glyphs, legend, letters, padded, row_of, wrapped};
use socklab_core::OperationKind;
use socklab_text::Messages;

/// Draws how each server handles the first question of a client that is not slow, in lines of
/// `width` characters.
pub fn slide(charts: &[Chart], messages: &dyn Messages, glyphs: Glyphs, width: usize) -> String {
    let mut questions: Vec<(&Chart, Question<'_>)> = charts
        .iter()
        .filter_map(|chart| Some((chart, Question::in_chart(chart)?)))
        .collect();
    questions.sort_by_key(|(chart, _)| figure(chart.style));
    let Some((first, _)) = questions.first() else {
        return String::new();
    };
    let widest = questions
        .iter()
        .map(|(chart, _)| letters(&chart.model))
        .max();
    let columns = width - widest.unwrap_or(0) - 7;
    // The scale is twice the median time, so a question that the machine held up is cut. A quarter
    // of the width shows how each model waited before.
    let mut took: Vec<Duration> = questions.iter().map(|(_, one)| one.took()).collect();
    took.sort_unstable();
    let after = took[took.len() / 2] * 2;
    let before = after / 3;
    let column = (before + after) / columns as u32;
    let (before_said, column) = (length(before, messages), length(column, messages));
    let said = messages.say_with(
        "timeline-slide",
        &[
            ("exercise", &first.exercise),
            ("before", &before_said),
            ("column", &column),
        ],
    );
    let mut out = String::new();
    wrapped(&mut out, "", &said, width);
    out.push('\n');
    for (chart, question) in &questions {
        // What was before the chart is not drawn.
        let from = question.asked.saturating_sub(before);
        let blank = before.saturating_sub(question.asked);
        let blank =
            (blank.as_secs_f64() / (before + after).as_secs_f64() * columns as f64) as usize;
        let window = (from, question.asked + after);
        let spans: Vec<&Span> = question.server.spans.iter().collect();
        let row = row_of(&spans, window, columns - blank.min(columns), glyphs);
        let _ = writeln!(
            out,
            "{}  {}  {}{}",
            padded(&chart.model, widest.unwrap_or(0)),
            figure(chart.style),
            " ".repeat(blank),
            row.trim_end()
        );
    }
    out.push('\n');
    legend(&mut out, charts, messages, glyphs, width);
    out.push('\n');
    wrapped(&mut out, "", &note(first, messages), width);
    wrapped(&mut out, "", &source(messages), width);
    let lines = out
        .lines()
        .map(|line| line.trim_end().replace('\u{a0}', " "));
    lines.collect::<Vec<_>>().join("\n")
}

/// A question, and the lane on which it is answered.
struct Question<'a> {
    server: &'a Lane,
    asked: Duration,
    answered: Duration,
}

impl<'a> Question<'a> {
    /// The first question of a client that is not slow and that the server answers, or at least
    /// receives.
    fn in_chart(chart: &'a Chart) -> Option<Self> {
        let (number, client) = chart.lanes.iter().find_map(|lane| match lane.owner {
            LaneOwner::Client {
                number,
                slow: false,
            } => Some((number, lane)),
            _ => None,
        })?;
        let asked = client
            .spans
            .iter()
            .find(|span| span.operation.is_some())?
            .start;
        let with = |kind| {
            let lanes = chart.lanes.iter().filter(|lane| lane.owner.is_server());
            let spans = lanes.flat_map(|lane| lane.spans.iter().map(move |span| (lane, span)));
            let theirs = spans.filter(move |(_, span)| {
                span.client == Some(number)
                    && span.operation == Some(kind)
                    && span.kind.moves()
                    && span.end > asked
            });
            theirs.min_by_key(|(_, span)| span.end)
        };
        let (server, last) = with(OperationKind::Send).or_else(|| with(OperationKind::Receive))?;
        let answered = last.end;
        Some(Question {
            server,
            asked,
            answered,
        })
    }

    fn took(&self) -> Duration {
        self.answered.saturating_sub(self.asked)
    }
}

/// The figure of Stevens's that shows the model.
fn figure(style: Style) -> &'static str {
    match style {
        Style::Threads => "6.1",
        Style::Spin => "6.2",
        Style::Loop | Style::Executor => "6.3",
        Style::Signal => "6.4",
        Style::Completion => "6.5",
    }
}

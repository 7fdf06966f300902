//! The final table, for a terminal and in Markdown: a block for each load, a row for each model.

use crate::extra_tables;
use crate::format::NO_FIGURE;
use crate::names::{Names, main_metric};
use crate::results::{Load, Results};
use crate::summary::{Cell, Estimate, Metric, Ratio, Summary, Verdict};
use socklab_text::{Grid, Messages, wrap};

/// The table, with its notes in lines of at most so many columns, if a terminal shows it.
pub fn terminal(
    results: &Results,
    summary: &Summary,
    columns: Option<usize>,
    messages: &dyn Messages,
) -> String {
    let table = Table::new(results, summary, messages);
    let mut text = String::new();
    for (title, grid) in &table.blocks {
        text.push_str(&format!("{title}\n{}\n", grid.plain()));
    }
    let fitted = |note: String| match columns {
        Some(columns) => wrap("", &note, columns),
        None => note,
    };
    text.extend(table.notes().map(|note| fitted(note) + "\n"));
    text
}

/// The table in Markdown.
pub fn markdown(results: &Results, summary: &Summary, messages: &dyn Messages) -> String {
    let table = Table::new(results, summary, messages);
    let mut text = String::new();
    for (title, grid) in &table.blocks {
        text.push_str(&format!("### {title}\n\n{}\n", grid.markdown()));
    }
    text.extend(table.notes().map(|note| format!("- {note}\n")));
    text
}

struct Table<'t> {
    results: &'t Results,
    summary: &'t Summary,
    names: Names<'t>,
    blocks: Vec<(String, Grid)>,
    footnotes: Vec<String>,
}

impl<'t> Table<'t> {
    fn new(results: &'t Results, summary: &'t Summary, messages: &'t dyn Messages) -> Self {
        let names = Names::new(messages);
        let mut table = Table {
            results,
            summary,
            names,
            blocks: Vec::new(),
            footnotes: Vec::new(),
        };
        for (at, load) in results.loads.iter().enumerate() {
            let header = table.header(load);
            let cells = summary.cells.iter().filter(|cell| cell.load == at);
            let rows: Vec<_> = cells.map(|cell| table.row(cell, load)).collect();
            let title = messages.say_with(
                "compare-table-title",
                &[("exercise", &results.exercise), ("load", &names.load(load))],
            );
            table.blocks.push((title, Grid::new(1, header, rows)));
        }
        table
            .blocks
            .extend(extra_tables::blocks(results, summary, names));
        table
    }

    fn header(&self, load: &Load) -> Vec<String> {
        let messages = self.names.messages;
        vec![
            messages.say("compare-column-model"),
            messages.say("compare-metric-rate"),
            match main_metric(load) {
                Metric::Rate => messages.say("compare-column-relative"),
                _ => messages.say("compare-column-relative-p99"),
            },
            messages.say("compare-metric-p50"),
            messages.say("compare-metric-p99"),
            messages.say("compare-column-cpu"),
            messages.say("compare-column-switches"),
            messages.say("compare-column-memory"),
        ]
    }

    fn row(&mut self, cell: &Cell, load: &Load) -> Vec<String> {
        let numbers = self.names.numbers;
        let mut model = self.names.name(&cell.model);
        let invalid = !cell.invalid.is_empty();
        if cell.valid < cell.trials && !invalid {
            model.push_str(&self.rounds_lost(cell));
        }
        let show = |estimate: Option<Estimate>, text: &dyn Fn(f64) -> String| {
            estimate.map_or_else(|| NO_FIGURE.to_owned(), |one| text(one.value))
        };
        let both =
            |one: Option<Estimate>, other: Option<Estimate>, text: &dyn Fn(f64, f64) -> String| {
                one.zip(other)
                    .map_or_else(|| NO_FIGURE.to_owned(), |(a, b)| text(a.value, b.value))
            };
        // The least that a server can do, and the most that it takes.
        let bound = |sign: &str, text: String| match cell.bounds.is_empty() || text == NO_FIGURE {
            true => text,
            false => format!("{sign} {text}"),
        };
        let time = |one| bound("≤", show(one, &|time| numbers.time(time)));
        let p99 = time(cell.response.p99) + &self.left_out(cell, "p99");
        let (rate, relative) = match invalid {
            true => (
                self.names.messages.say("compare-invalid") + &self.rounds_lost(cell),
                NO_FIGURE.to_owned(),
            ),
            false => (
                bound("≥", show(cell.rate, &|rate| numbers.three(rate))),
                self.relative(cell, main_metric(load)),
            ),
        };
        vec![
            model,
            rate,
            relative,
            time(cell.response.p50),
            p99,
            both(cell.user, cell.system, &|user, system| {
                format!("{} + {} µs", numbers.three(user), numbers.three(system))
            }),
            both(cell.voluntary, cell.involuntary, &|own, others| {
                numbers.three(own + others)
            }),
            show(cell.peak, &|kib| numbers.memory(kib)),
        ]
    }

    /// As hyperfine shows it: the ratio, and half of its interval.
    fn relative(&mut self, cell: &Cell, metric: Metric) -> String {
        if cell.model == self.results.baseline {
            return self.names.numbers.fixed(1.0, 2) + &" ".repeat(9);
        }
        let ratio = self.summary.ratio(&cell.model, cell.load, metric);
        let Some((ratio, value)) = ratio.and_then(|one| Some((one, one.ratio?))) else {
            return NO_FIGURE.to_owned();
        };
        let numbers = self.names.numbers;
        let mark = match ratio.verdict {
            Verdict::Higher | Verdict::Lower => " ",
            Verdict::NoDetectableDifference => "≈",
            Verdict::TooFew => "?",
        };
        match half(ratio) {
            Some(half) => format!(
                "{} ± {} {mark}",
                numbers.ratio(value),
                numbers.ratio_part(half, value)
            ),
            None => format!("{}        {mark}", numbers.ratio(value)),
        }
    }

    /// The mark of a footnote that says in how many rounds what went wrong.
    fn rounds_lost(&mut self, cell: &Cell) -> String {
        let messages = self.names.messages;
        let reasons = cell.reasons.iter().map(|(reason, rounds)| {
            let reason = self.names.reason(*reason);
            messages.say_with(
                "compare-note-reason",
                &[("reason", &reason), ("rounds", rounds)],
            )
        });
        let reasons = reasons.collect::<Vec<_>>().join("; ");
        let note = messages.say_with(
            "compare-note-rounds",
            &[
                ("valid", &cell.valid),
                ("trials", &cell.trials),
                ("reasons", &reasons),
            ],
        );
        self.footnote(note)
    }

    /// The mark of a footnote that says why a percentile is not there; nothing if it is.
    fn left_out(&mut self, cell: &Cell, percentile: &str) -> String {
        let Some(why) = cell.response.left_out.get(percentile) else {
            return String::new();
        };
        let reason = self.names.reason(*why);
        let note = self
            .names
            .messages
            .say_with("compare-note-left-out", &[("reason", &reason)]);
        self.footnote(note)
    }

    /// The mark of a footnote. The same words are one footnote.
    fn footnote(&mut self, note: String) -> String {
        let known = self.footnotes.iter().position(|one| *one == note);
        let at = known.unwrap_or_else(|| {
            self.footnotes.push(note);
            self.footnotes.len() - 1
        });
        superscript(at + 1)
    }

    /// What stands below: the footnotes, and how to read the columns.
    fn notes(&self) -> impl Iterator<Item = String> {
        let messages = self.names.messages;
        let footnotes = self.footnotes.iter().enumerate();
        let footnotes = footnotes.map(|(at, note)| format!("{} {note}", superscript(at + 1)));
        let baseline = self.names.name(&self.results.baseline);
        let legend = messages.say_with("compare-legend", &[("baseline", &baseline)]);
        footnotes.chain([legend])
    }
}

/// Half of a ratio's interval: the longer half, for it is not symmetric.
fn half(ratio: &Ratio) -> Option<f64> {
    let (value, interval) = (ratio.ratio?, ratio.interval?);
    Some((interval.high - value).max(value - interval.low))
}

fn superscript(number: usize) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digit = |c: char| c.to_digit(10).map(|digit| DIGITS[digit as usize]);
    number.to_string().chars().filter_map(digit).collect()
}

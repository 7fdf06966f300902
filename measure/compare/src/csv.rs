//! One row for each model and load, in the format of RFC 4180, for a spreadsheet or a script.
//!
//! Names and numbers are the same in every language. A missing figure is an empty field; `_low` and
//! `_high` are the ends of its 95 % interval.

use crate::results::{Load, Results};
use crate::summary::{Cell, Estimate, Interval, Metric, Summary, Verdict};

/// The table.
///
/// # Errors
/// None that is known of: it is written to memory.
pub fn csv(results: &Results, summary: &Summary) -> Result<String, csv::Error> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for (at, cell) in summary.cells.iter().enumerate() {
        let fields = fields(results, summary, cell);
        if at == 0 {
            writer.write_record(fields.iter().map(|(name, _)| name))?;
        }
        writer.write_record(fields.iter().map(|(_, value)| value))?;
    }
    let bytes = writer
        .into_inner()
        .map_err(csv::IntoInnerError::into_error)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn fields(results: &Results, summary: &Summary, cell: &Cell) -> Vec<(String, String)> {
    let mut fields = Fields(Vec::new());
    fields.text("exercise", &results.exercise);
    fields.text("model", &cell.model);
    let (kind, connections, rate) = match results.loads.get(cell.load) {
        Some(Load::Closed { connections }) => ("closed", Some(*connections), None),
        Some(Load::Open { connections, rate }) => ("open", Some(*connections), Some(*rate)),
        None => ("", None, None),
    };
    fields.text("load", kind);
    fields.number("connections", connections.map(f64::from));
    fields.number("offered_per_s", rate);
    fields.number("trials", Some(f64::from(cell.trials)));
    fields.number("valid", Some(f64::from(cell.valid)));
    fields.text(
        "invalid",
        &cell.invalid.iter().map(name).collect::<Vec<_>>().join(" "),
    );
    fields.text(
        "bounds",
        &cell.bounds.iter().map(name).collect::<Vec<_>>().join(" "),
    );
    fields.estimate("rate_per_s", cell.rate);
    for (kind, times) in [("response", &cell.response), ("service", &cell.service)] {
        fields.estimate(&format!("{kind}_p50_us"), times.p50);
        fields.estimate(&format!("{kind}_p90_us"), times.p90);
        fields.estimate(&format!("{kind}_p99_us"), times.p99);
        fields.estimate(&format!("{kind}_p999_us"), times.p999);
        fields.estimate(&format!("{kind}_max_us"), times.max);
    }
    fields.estimate("cpu_us_per_reply", cell.cpu);
    fields.estimate("cpu_user_us_per_reply", cell.user);
    fields.estimate("cpu_system_us_per_reply", cell.system);
    fields.estimate("voluntary_switches_per_reply", cell.voluntary);
    fields.estimate("involuntary_switches_per_reply", cell.involuntary);
    fields.estimate("threads", cell.threads);
    fields.estimate("memory_kib", cell.memory);
    fields.estimate("peak_memory_kib", cell.peak);
    fields.estimate("warm_up_s", cell.warm_up);
    for (name, count) in [
        ("lost", cell.losses.lost),
        ("duplicated", cell.losses.duplicated),
        ("reordered", cell.losses.reordered),
        ("refused", cell.losses.refused),
    ] {
        fields.number(name, Some(count as f64));
    }
    for metric in Metric::ALL {
        let metric_name = name(&metric);
        let ratio = summary.ratio(&cell.model, cell.load, metric);
        fields.number(
            &format!("{metric_name}_ratio"),
            ratio.and_then(|one| one.ratio),
        );
        fields.interval(
            &format!("{metric_name}_ratio"),
            ratio.and_then(|one| one.interval),
        );
        let predicted = format!("{metric_name}_ratio_predicted");
        fields.interval(&predicted, ratio.and_then(|one| one.prediction));
        let verdict = ratio.map(|one| name::<Verdict>(&one.verdict));
        fields.text(
            &format!("{metric_name}_verdict"),
            &verdict.unwrap_or_default(),
        );
    }
    fields.0
}

/// The name of a unit variant, as the JSON has it.
fn name<T: serde::Serialize>(one: &T) -> String {
    let value = serde_json::to_value(one).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

struct Fields(Vec<(String, String)>);

impl Fields {
    fn text(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    fn number(&mut self, name: &str, value: Option<f64>) {
        let value = value.map(|one| one.to_string());
        self.text(name, &value.unwrap_or_default());
    }

    fn interval(&mut self, name: &str, interval: Option<Interval>) {
        self.number(&format!("{name}_low"), interval.map(|one| one.low));
        self.number(&format!("{name}_high"), interval.map(|one| one.high));
    }

    fn estimate(&mut self, name: &str, estimate: Option<Estimate>) {
        self.number(name, estimate.map(|one| one.value));
        self.interval(name, estimate.and_then(|one| one.interval));
    }
}

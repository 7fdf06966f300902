//! HdrHistogram's percentile text (`.hgrm`), which its plotter and other tools read.
//!
//! All valid rounds are merged, because the shape of the tail matters here, not its variation.
//! Times are in microseconds. The lines are those of `HistogramLogProcessor` and
//! `outputPercentileDistribution` with five steps for each halving of the distance to 100 %.

use std::fmt::Write as _;

use hdrhistogram::Histogram;

use crate::results::{Latencies, Results, Trial};

/// Steps for each halving of the distance to 100 %.
const STEPS: u32 = 5;

/// From which moment a reply's time is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeKind {
    /// From the moment when a question was due.
    Response,
    /// From the moment when it was sent.
    Service,
}

/// The distribution of a model's times under a load, over all valid rounds. `None` without replies.
pub fn hgrm(results: &Results, model: &str, load: usize, kind: TimeKind) -> Option<String> {
    let is =
        |trial: &&Trial| trial.model == model && trial.load == load && trial.invalid.is_empty();
    let trials = results.trials.iter().filter(is);
    let all = together(trials.map(|trial| match kind {
        TimeKind::Response => &trial.response,
        TimeKind::Service => &trial.service,
    }));
    all.filter(|all| !all.is_empty()).map(|all| text(&all))
}

/// Merges several distributions, in nanoseconds. `None` if a time does not fit into a histogram.
fn together<'l>(several: impl Iterator<Item = &'l Latencies>) -> Option<Histogram<u64>> {
    let mut all = Histogram::new(3).ok()?;
    for (limit, count) in several.flat_map(|one| &one.buckets) {
        all.record_n((limit * 1e3).round() as u64, *count).ok()?;
    }
    Some(all)
}

fn text(all: &Histogram<u64>) -> String {
    let mut text = String::from("       Value     Percentile TotalCount 1/(1-Percentile)\n\n");
    let micros = |nanoseconds: u64| nanoseconds as f64 / 1e3;
    let mut seen = 0;
    for step in all.iter_quantiles(STEPS) {
        seen += step.count_since_last_iteration();
        let (value, part) = (
            micros(step.value_iterated_to()),
            step.quantile_iterated_to(),
        );
        let _ = write!(text, "{value:12.3} {part:2.12} {seen:10}");
        let _ = match part < 1.0 {
            true => writeln!(text, " {:14.2}", 1.0 / (1.0 - part)),
            false => writeln!(text),
        };
    }
    let (mean, deviation) = (all.mean() / 1e3, all.stdev() / 1e3);
    let (max, count) = (micros(all.max()), all.len());
    let _ = writeln!(
        text,
        "#[Mean    = {mean:12.3}, StdDeviation   = {deviation:12.3}]\n\
         #[Max     = {max:12.3}, Total count    = {count:12}]\n\
         #[Buckets = {:12}, SubBuckets     = {:12}]",
        all.buckets(),
        2 * all.distinct_values() / (usize::from(all.buckets()) + 1),
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latencies(buckets: &[(f64, u64)]) -> Latencies {
        Latencies {
            buckets: buckets.to_vec(),
            ..Latencies::default()
        }
    }

    #[test]
    fn the_text() {
        let (one, other) = (
            latencies(&[(1.0, 6), (2.0, 1)]),
            latencies(&[(2.0, 2), (8.003, 1)]),
        );
        let all = together([&one, &other].into_iter()).expect("a histogram");
        let expected = "       Value     Percentile TotalCount 1/(1-Percentile)

       1.000 0.000000000000          6           1.00
       1.000 0.100000000000          6           1.11
       1.000 0.200000000000          6           1.25
       1.000 0.300000000000          6           1.43
       1.000 0.400000000000          6           1.67
       1.000 0.500000000000          6           2.00
       1.000 0.550000000000          6           2.22
       2.000 0.600000000000          9           2.50
       2.000 0.650000000000          9           2.86
       2.000 0.700000000000          9           3.33
       2.000 0.750000000000          9           4.00
       2.000 0.775000000000          9           4.44
       2.000 0.800000000000          9           5.00
       2.000 0.825000000000          9           5.71
       2.000 0.850000000000          9           6.67
       2.000 0.875000000000          9           8.00
       2.000 0.887500000000          9           8.89
       8.003 0.900000000000         10          10.00
       8.003 1.000000000000         10
#[Mean    =        2.000, StdDeviation   =        2.050]
#[Max     =        8.003, Total count    =           10]
#[Buckets =            3, SubBuckets     =         2048]
";
        let text = text(&all);
        assert_eq!(text, expected, "{text}");
    }
}

//! HdrHistogram's percentile text (`.hgrm`), which its plotter and others read.
//!
//! The rounds that count are put together: here it is the shape of the tail that is of interest, and not how much it moves.
//! Times are in microseconds. The lines are those of `HistogramLogProcessor` and `outputPercentileDistribution` with five
//! steps for each halving of the distance to 100 %.

use std::fmt::Write as _;

use crate::results::{Latencies, Results, Trial};

/// Steps for each halving of the distance to 100 %.
const STEPS: f64 = 5.0;

/// Which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// From the moment when a question was due.
    Response,
    /// From the moment when it was sent.
    Service,
}

/// The distribution of a model's times under a load over all rounds that count. Nothing if there is no reply.
pub fn hgrm(results: &Results, model: &str, load: usize, which: Which) -> Option<String> {
    let is =
        |trial: &&Trial| trial.model == model && trial.load == load && trial.invalid.is_empty();
    let trials = results.trials.iter().filter(is);
    let all = together(trials.map(|trial| match which {
        Which::Response => &trial.response,
        Which::Service => &trial.service,
    }));
    (all.samples > 0).then(|| text(&all))
}

/// Several distributions as one.
pub fn together<'l>(several: impl Iterator<Item = &'l Latencies>) -> Latencies {
    let mut all = Latencies::default();
    let mut sum = 0.0;
    for one in several {
        all.samples += one.samples;
        sum += one.mean * one.samples as f64;
        all.max = all.max.max(one.max);
        all.buckets.extend(&one.buckets);
    }
    all.mean = if all.samples > 0 {
        sum / all.samples as f64
    } else {
        0.0
    };
    all.buckets.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    all.buckets.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    all
}

fn text(all: &Latencies) -> String {
    let mut text = String::from("       Value     Percentile TotalCount 1/(1-Percentile)\n\n");
    let mut line = |value: f64, wanted: f64, seen: u64| {
        let _ = write!(text, "{value:12.3} {wanted:2.12} {seen:10}");
        let _ = match wanted {
            all if all >= 1.0 => writeln!(text),
            _ => writeln!(text, " {:14.2}", 1.0 / (1.0 - wanted)),
        };
    };
    let (mut seen, mut wanted) = (0, 0.0);
    for &(limit, count) in all.buckets.iter().filter(|(_, count)| *count > 0) {
        seen += count;
        let value = limit.min(all.max);
        if seen == all.samples {
            line(value, wanted, seen);
            line(all.max, 1.0, seen);
            break;
        }
        // All steps that this bucket answers, though their sum is not exact.
        while wanted <= seen as f64 / all.samples as f64 + 1e-12 {
            line(value, wanted, seen);
            wanted = next(wanted);
        }
    }
    let (mean, deviation) = (all.mean, deviation(all));
    let _ = writeln!(
        text,
        "#[Mean    = {mean:12.3}, StdDeviation   = {deviation:12.3}]"
    );
    let _ = writeln!(
        text,
        "#[Max     = {:12.3}, Total count    = {:12}]",
        all.max, all.samples
    );
    let _ = writeln!(
        text,
        "#[Buckets = {:12}, SubBuckets     = {:12}]",
        all.buckets.len(),
        1
    );
    text
}

/// The step after one: a fifth of half of what is left to 100 %, where halves are counted whole.
fn next(wanted: f64) -> f64 {
    let halvings = (1.0 / (1.0 - wanted)).log2().floor();
    wanted + 1.0 / (STEPS * 2.0_f64.powf(halvings + 1.0))
}

fn deviation(all: &Latencies) -> f64 {
    let square =
        |&(limit, count): &(f64, u64)| (limit.min(all.max) - all.mean).powi(2) * count as f64;
    (all.buckets.iter().map(square).sum::<f64>() / all.samples as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latencies(buckets: &[(f64, u64)]) -> Latencies {
        let samples = buckets.iter().map(|(_, count)| count).sum();
        let sum: f64 = buckets
            .iter()
            .map(|(limit, count)| limit * *count as f64)
            .sum();
        Latencies {
            samples,
            mean: sum / samples as f64,
            max: buckets.last().map_or(0.0, |one| one.0),
            buckets: buckets.to_vec(),
        }
    }

    #[test]
    fn the_text() {
        let all = latencies(&[(10.0, 6), (20.0, 3), (80.0, 1)]);
        let expected = "       Value     Percentile TotalCount 1/(1-Percentile)

      10.000 0.000000000000          6           1.00
      10.000 0.100000000000          6           1.11
      10.000 0.200000000000          6           1.25
      10.000 0.300000000000          6           1.43
      10.000 0.400000000000          6           1.67
      10.000 0.500000000000          6           2.00
      10.000 0.550000000000          6           2.22
      10.000 0.600000000000          6           2.50
      20.000 0.650000000000          9           2.86
      20.000 0.700000000000          9           3.33
      20.000 0.750000000000          9           4.00
      20.000 0.775000000000          9           4.44
      20.000 0.800000000000          9           5.00
      20.000 0.825000000000          9           5.71
      20.000 0.850000000000          9           6.67
      20.000 0.875000000000          9           8.00
      20.000 0.887500000000          9           8.89
      20.000 0.900000000000          9          10.00
      80.000 0.912500000000         10          11.43
      80.000 1.000000000000         10
#[Mean    =       20.000, StdDeviation   =       20.494]
#[Max     =       80.000, Total count    =           10]
#[Buckets =            3, SubBuckets     =            1]
";
        let text = text(&all);
        assert_eq!(text, expected, "{text}");
    }

    /// The same lines as the library's own iterator gives for the same samples.
    #[test]
    fn the_librarys_steps() {
        let mut histogram = hdrhistogram::Histogram::<u64>::new(3).expect("three digits");
        let mut rng = fastrand::Rng::with_seed(3);
        // A prime: no step falls on a sample exactly, where rounding decides.
        for _ in 0..19_997 {
            let time = 20.0 / (1.0 - rng.f64()).sqrt();
            histogram.record(time as u64).expect("in range");
        }
        let recorded = histogram.iter_recorded();
        let bucket = recorded.map(|one| (one.value_iterated_to() as f64, one.count_at_value()));
        let all = latencies(&bucket.collect::<Vec<_>>());
        let text = text(&all);
        let ours = text
            .lines()
            .skip(2)
            .take_while(|line| !line.starts_with('#'));
        let ours: Vec<(f64, f64)> = ours
            .map(|line| {
                let mut words = line
                    .split_whitespace()
                    .map(|word| word.parse().expect("a number"));
                (
                    words.next().expect("a value"),
                    words.next().expect("a percentile"),
                )
            })
            .collect();
        for step in histogram.iter_quantiles(5) {
            let (value, part) = (step.value_iterated_to() as f64, step.quantile_iterated_to());
            let near = |one: &&(f64, f64)| (one.1 - part).abs() < 1e-9;
            let (ours, _) = ours
                .iter()
                .find(near)
                .unwrap_or_else(|| panic!("{part} is missing"));
            assert_eq!(*ours, value, "{part}");
        }
        assert_eq!(ours.len(), histogram.iter_quantiles(5).count());
    }

    #[test]
    fn distributions_together() {
        let (one, other) = (
            latencies(&[(10.0, 1), (30.0, 1)]),
            latencies(&[(10.0, 2), (20.0, 1)]),
        );
        let all = together([&one, &other].into_iter());
        assert_eq!(all.buckets, [(10.0, 3), (20.0, 1), (30.0, 1)]);
        assert_eq!((all.samples, all.mean, all.max), (5, 16.0, 30.0));
    }
}

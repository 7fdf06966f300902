//! The models compared with the baseline, and with the best of them.

use super::{Best, Cell, Metric, Ratio, Verdict, Worse};
use crate::ratio::{self, RatioSeries};
use crate::results::{Load, Results};

pub(super) fn all(results: &Results, cells: &[Cell]) -> Vec<Ratio> {
    let mut keys = Vec::new();
    let mut comparisons = Vec::new();
    for model in results
        .models
        .iter()
        .filter(|one| **one != results.baseline)
    {
        for load in 0..results.loads.len() {
            for metric in Metric::ALL {
                let key = LoadMetric { load, metric };
                comparisons.push(key.series(results, cells, model, &results.baseline));
                keys.push((model, key));
            }
        }
    }
    keys.into_iter()
        .zip(ratio::compare_all(&comparisons))
        .map(|((model, key), (comparison, verdict))| Ratio {
            model: model.clone(),
            load: key.load,
            metric: key.metric,
            pairs: comparison.pairs as u32,
            ratio: comparison.ratio,
            interval: comparison.interval,
            prediction: comparison.prediction,
            verdict,
        })
        .collect()
}

pub(super) fn best(results: &Results, cells: &[Cell]) -> Vec<Best> {
    let mut bests = Vec::new();
    let mut rivals = Vec::new();
    let mut comparisons = Vec::new();
    for load in 0..results.loads.len() {
        for metric in Metric::ALL {
            let figure = |cell: &Cell| Some((cell.figure(metric)?.value, cell.model.clone()));
            let here = cells.iter().filter(|cell| cell.load == load);
            let figures: Vec<(f64, String)> = here.filter_map(figure).collect();
            let order = |a: &&(f64, String), b: &&(f64, String)| a.0.total_cmp(&b.0);
            let first = match metric {
                Metric::Rate => figures.iter().max_by(order),
                Metric::P50 | Metric::P99 | Metric::Cpu => figures.iter().min_by(order),
            };
            let Some((_, model)) = first else { continue };
            // Where the generator was the limit of some, they may be faster than any whose figure
            // is known.
            if metric != Metric::Cpu && cells.iter().any(|cell| cell.load == load && limited(cell))
            {
                continue;
            }
            let key = LoadMetric { load, metric };
            for (_, rival) in figures.iter().filter(|(_, rival)| rival != model) {
                comparisons.push(key.series(results, cells, rival, model));
                rivals.push((bests.len(), rival.clone()));
            }
            let (model, tied, worse) = (model.clone(), Vec::new(), Vec::new());
            bests.push(Best {
                load,
                metric,
                model,
                tied,
                worse,
            });
        }
    }
    for ((at, rival), (of, verdict)) in rivals.into_iter().zip(ratio::compare_all(&comparisons)) {
        let is_sure = matches!(verdict, Verdict::Higher | Verdict::Lower);
        match of.ratio.zip(of.interval).filter(|_| is_sure) {
            Some((ratio, interval)) => bests[at].worse.push(Worse {
                model: rival,
                ratio,
                interval,
            }),
            None => bests[at].tied.push(rival),
        }
    }
    for best in &mut bests {
        let off = |one: &Worse| one.ratio.ln().abs();
        best.worse.sort_by(|a, b| off(a).total_cmp(&off(b)));
    }
    bests
}

fn limited(cell: &Cell) -> bool {
    !cell.bounds.is_empty()
}

/// Where models are compared, and in what.
#[derive(Clone, Copy)]
struct LoadMetric {
    load: usize,
    metric: Metric,
}

impl LoadMetric {
    /// The ratios of a model to another. An invalid cell is compared with no other,
    /// although some of its rounds might be valid.
    fn series(self, results: &Results, cells: &[Cell], model: &str, other: &str) -> RatioSeries {
        let LoadMetric { load, metric } = self;
        let valid = |model: &str| {
            let is = |cell: &&Cell| cell.model == model && cell.load == load;
            cells
                .iter()
                .find(is)
                .is_some_and(|cell| cell.figure(metric).is_some())
        };
        let logs = if valid(model) && valid(other) {
            ratio::logs(&results.trials, model, other, load, metric)
        } else {
            Vec::new()
        };
        let open = matches!(results.loads.get(load), Some(Load::Open { .. }));
        let sliced = results.slice.is_some();
        RatioSeries {
            metric,
            open,
            sliced,
            logs,
        }
    }
}

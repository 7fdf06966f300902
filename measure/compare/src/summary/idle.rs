//! What idle connections cost, as slopes.

use super::{Estimate, IdleCost, Metric};
use crate::ratio::{FAMILY_WISE_ERROR, drift};
use crate::results::{Idle, Results};
use crate::statistics::{self, Uncertainty};

/// Bytes in a KiB.
const KIB: f64 = 1024.0;

pub(super) fn all(results: &Results) -> Vec<IdleCost> {
    let cost = |model: &String| {
        let is = |step: &&Idle| &step.model == model;
        let slope = |figure: fn(&Idle) -> Option<f64>| -> Option<Estimate> {
            statistics::slope(&points(results, model, figure))
        };
        results.idle.iter().any(|step| is(&step)).then(|| IdleCost {
            model: model.clone(),
            bytes: slope(bytes),
            threads: slope(|step| Some(f64::from(step.threads))),
            delay: slope(|step| step.reply.percentile(0.5)),
        })
    };
    results.models.iter().filter_map(cost).collect()
}

/// The models with the least and the most memory for each idle connection, if they differ. `None`
/// if chance may explain the difference.
///
/// The two were chosen from all models by their figures, so this is one of all comparisons of two
/// models, and the error allowed for a comparison is divided by their number (Bonferroni). A figure
/// comes from one process, so what differs between processes is added as [`drift`].
pub(crate) fn extremes(results: &Results) -> Option<[(&String, f64); 2]> {
    let cost = |model| {
        let (value, error) = statistics::line(&points(results, model, bytes))?;
        let known = drift(Metric::Rate, false) * value.abs();
        Some((model, value, error.and_known(known)))
    };
    let costs: Vec<(&String, f64, Uncertainty)> = results.models.iter().filter_map(cost).collect();
    let least = costs.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let most = costs.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let comparisons = (costs.len() * (costs.len() - 1) / 2).max(1) as f64;
    let p_value = least.2.and(most.2).p_value(most.1 - least.1);
    let differ = p_value <= FAMILY_WISE_ERROR / comparisons;
    differ.then(|| [least, most].map(|(model, value, _)| (*model, *value)))
}

fn bytes(step: &Idle) -> Option<f64> {
    Some(step.memory as f64 * KIB)
}

/// A model's steps, as points over the number of idle connections.
fn points(results: &Results, model: &String, figure: fn(&Idle) -> Option<f64>) -> Vec<(f64, f64)> {
    let steps = results.idle.iter().filter(|step| step.model == *model);
    let point = |step: &Idle| Some((f64::from(step.connections), figure(step)?));
    steps.filter_map(point).collect()
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::*;

    /// What differs between two processes of the same model is no difference of models.
    #[test]
    fn two_processes_of_a_model_do_not_differ() {
        let mut rng = Rng::with_seed(3);
        for _ in 0..50 {
            let process = || 2000.0 * (1.0 + 0.05 * (rng.f64() - 0.5));
            let costs: Vec<f64> = std::iter::repeat_with(process).take(7).collect();
            assert_eq!(extremes(&models(&costs, 1.0, &mut rng)), None, "{costs:?}");
        }
    }

    /// Models whose memory grows by so many bytes for each connection, with noise in KiB.
    fn models(bytes: &[f64], noise: f64, rng: &mut Rng) -> Results {
        let mut results: Results = serde_json::from_value(serde_json::json!({
            "schema": 1, "version": "", "started": 0, "took": 0.0, "seed": 1, "exercise": "submit",
            "models": [], "baseline": "", "loads": [], "proofs": [], "trials": [],
            "environment": { "facts": [], "cautions": [] },
        }))
        .expect("results without a trial");
        for (at, bytes) in bytes.iter().enumerate() {
            let model = at.to_string();
            for connections in [10, 1000, 4000, 9000] {
                let grown = f64::from(connections) * bytes / KIB;
                let off = noise * (rng.f64() + rng.f64() + rng.f64() - 1.5);
                results.idle.push(Idle {
                    model: model.clone(),
                    connections,
                    memory: (8000.0 + grown + off) as u64,
                    threads: 1,
                    reply: crate::results::Latencies::default(),
                });
            }
            results.models.push(model);
        }
        results
    }

    #[test]
    fn seven_models_that_are_the_same_do_not_differ() {
        let mut rng = Rng::with_seed(1);
        let runs = 400;
        let told = (0..runs).filter(|_| {
            let same = models(&[2000.0; 7], 400.0, &mut rng);
            extremes(&same).is_some()
        });
        let told = told.count();
        assert!(told * 50 <= runs, "{told} of {runs}");
    }

    #[test]
    fn a_thread_for_each_connection_differs_from_a_loop() {
        let mut rng = Rng::with_seed(2);
        let costs = [430.0, 2400.0, 450.0, 3100.0, 600.0, 470.0, 19_200.0];
        let results = models(&costs, 100.0, &mut rng);
        let found = extremes(&results).expect("forty times as much");
        assert_eq!(found.map(|(model, _)| model.as_str()), ["0", "6"]);
        assert_eq!(extremes(&models(&[430.0], 0.0, &mut rng)), None);
        assert_eq!(extremes(&models(&[], 0.0, &mut rng)), None);
    }
}

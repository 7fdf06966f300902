//! What idle connections cost, as slopes.

use super::{Estimate, IdleCost};
use crate::results::{Idle, Results};
use crate::statistics;

/// Bytes in a KiB.
const KIB: f64 = 1024.0;

pub(super) fn all(results: &Results) -> Vec<IdleCost> {
    let cost = |model: &String| {
        let is = |step: &&Idle| &step.model == model;
        let steps: Vec<&Idle> = results.idle.iter().filter(is).collect();
        let slope = |figure: fn(&Idle) -> Option<f64>| -> Option<Estimate> {
            let point = |step: &&Idle| Some((f64::from(step.connections), figure(step)?));
            let points: Vec<(f64, f64)> = steps.iter().filter_map(point).collect();
            statistics::slope(&points)
        };
        (!steps.is_empty()).then(|| IdleCost {
            model: model.clone(),
            bytes: slope(|step| Some(step.memory as f64 * KIB)),
            threads: slope(|step| Some(f64::from(step.threads))),
            delay: slope(|step| step.reply.percentile(0.5)),
        })
    };
    results.models.iter().filter_map(cost).collect()
}

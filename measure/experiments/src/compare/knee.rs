//! The highest rate that a model keeps up.

use std::io;
use std::time::Duration;

use socklab_compare::results::{Knee, Load, Trial};

use super::plan::{Contestant, Plan};
use super::trial;

/// How many rates are tried. Each halves the range that is left, so the knee is found to about 1 %.
const STEPS: u32 = 8;

/// How much of what is offered must be answered.
const ANSWERED: f64 = 0.99;

/// Searches between zero and a little more than the closed loop reached.
///
/// # Errors
/// When the server does not start.
pub(super) fn find(
    plan: &Plan,
    contestant: &Contestant,
    limit: Duration,
    trials: &[Trial],
    progress: &mut dyn FnMut(f64),
) -> io::Result<Knee> {
    let rates = trials.iter().filter(|trial| trial.model == contestant.name);
    let reached = rates
        .map(|trial| trial.replies as f64 / trial.seconds)
        .fold(1000.0, f64::max);
    let connections = 100;
    let limit = limit.as_secs_f64() * 1e6;
    let mut knee = Knee {
        model: contestant.name.clone(),
        connections,
        limit,
        rate: None,
        steps: Vec::new(),
    };
    let (mut low, mut high) = (0.0, reached * 1.1);
    for _ in 0..STEPS {
        let rate = f64::midpoint(low, high).round();
        let offered = Plan {
            loads: vec![Load::Open { connections, rate }],
            ..plan.clone()
        };
        let tried = trial::run(&offered, 0, contestant, 0, progress)?.trial;
        let achieved = tried.replies as f64 / tried.seconds;
        let p99 = tried.response.at(0.99);
        knee.steps.push((rate, achieved, p99));
        if achieved >= ANSWERED * rate && p99 <= limit {
            low = rate;
            knee.rate = Some(rate);
        } else {
            high = rate;
        }
    }
    Ok(knee)
}

//! One load on all servers at once, in slices.

use std::time::Duration;

use fastrand::Rng;
use socklab_compare::results::Trial;
use socklab_compare::validity;
use socklab_load::Load;

use super::plan::{Entry, Kind, Plan, slices};
use super::{Progress, Unmeasured, trial};
use crate::measured::ServerSpec;
use crate::stage::{Server, Stage, Wrong};

/// Starts every server of the plan, warms it up, and puts them under a load in turn. One trial for
/// each.
///
/// # Errors
/// When a server does not start or the generator cannot go on.
pub(super) fn round(
    plan: &Plan,
    round: u32,
    load: usize,
    rng: Rng,
    progress: &mut dyn Progress,
) -> Result<Vec<(Trial, Wrong)>, Unmeasured> {
    let mut stage = Stage::new(&plan.cores);
    for entry in &plan.entries {
        let failed = |error| Unmeasured::Failed(entry.name.clone(), error);
        let spec = ServerSpec {
            observe: plan.observe,
            extra: match plan.entries.last() == Some(entry) {
                true => plan.handicap,
                false => Duration::ZERO,
            },
            patience: plan.timeout.max(Duration::from_secs(10)),
            ..ServerSpec::default()
        };
        let server = Server::start(entry, plan.exercise, &plan.cores, spec).map_err(failed)?;
        let asks = trial::questions(plan, &plan.loads[load], server.address());
        let questions = Load::new(&asks).map_err(std::io::Error::other);
        stage.add(&entry.name, server, questions.map_err(failed)?);
    }
    let generator = |error| Unmeasured::Failed(plan.exercise.name.to_owned(), error);
    stage.warm_up().map_err(generator)?;
    let (blocks, length) = slices(plan.measure);
    stage
        .run(blocks, length, rng, &|_| Ok(None), &mut |_, rate| {
            progress.rate(rate);
        })
        .map_err(generator)?;
    let mut trials = stage.trials(round, load, blocks);
    for (trial, _) in &mut trials {
        let is = |entry: &&Entry| entry.name == trial.model;
        let entry = plan.entries.iter().find(is);
        let target = entry.is_some_and(|entry| matches!(entry.kind, Kind::Target(_)));
        let load = &plan.loads[load];
        trial.invalid = validity::judge(trial, !target);
        trial.limits = validity::limits(trial, load);
    }
    Ok(trials)
}

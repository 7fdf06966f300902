//! One load on all servers at once, in slices.

use std::time::Duration;

use fastrand::Rng;
use socklab_compare::survey::AbsentReason;
use socklab_compare::validity;
use socklab_load::LoadGenerator;

use super::plan::{Contestant, ContestantKind, Plan};
use super::{ComparisonProgress, Unmeasured, trial};
use crate::measured::ServerSpec;
use crate::testbed::{Server, Testbed, TrialOutcome};

/// Starts every server of the plan, warms it up, and puts them under a load in turn: so many slices
/// of such a length. One trial for each. A server that does not start is reported, and has none.
///
/// # Errors
/// When the generator cannot go on.
pub(super) fn round(
    plan: &Plan,
    round: u32,
    load: usize,
    (blocks, length): (u32, Duration),
    rng: Rng,
    progress: &mut dyn ComparisonProgress,
) -> Result<Vec<TrialOutcome>, Unmeasured> {
    let mut testbed = Testbed::new(&plan.cores);
    for contestant in &plan.contestants {
        let spec = ServerSpec {
            observe: plan.observe,
            handicap: match plan.contestants.last() == Some(contestant) {
                true => plan.handicap,
                false => Duration::ZERO,
            },
            patience: plan.timeout.max(Duration::from_secs(10)),
            ..ServerSpec::default()
        };
        let server = match Server::start(contestant, plan.exercise, &plan.cores, spec) {
            Ok(server) => server,
            Err(error) => {
                progress.unproved(&contestant.name, &AbsentReason::Failed(error.to_string()));
                continue;
            }
        };
        let failed = |error| Unmeasured::Failed(contestant.name.clone(), error);
        let asks = trial::questions(plan, &plan.loads[load], server.address());
        let questions = LoadGenerator::new(&asks).map_err(std::io::Error::other);
        testbed.add(&contestant.name, server, questions.map_err(failed)?);
    }
    let generator = |error| Unmeasured::Failed(plan.exercise.name.to_owned(), error);
    testbed.warm_up().map_err(generator)?;
    testbed
        .run(blocks, length, rng, &|_| Ok(None), &mut |_, rate| {
            progress.rate(rate);
        })
        .map_err(generator)?;
    let mut trials = testbed.trials(round, load, blocks);
    for TrialOutcome { trial, .. } in &mut trials {
        let is = |contestant: &&Contestant| contestant.name == trial.model;
        let contestant = plan.contestants.iter().find(is);
        let target = contestant
            .is_some_and(|contestant| matches!(contestant.kind, ContestantKind::Target(_)));
        let load = &plan.loads[load];
        trial.invalid = validity::invalid_reasons(trial, !target);
        trial.limits = validity::limits(trial, load);
    }
    Ok(trials)
}

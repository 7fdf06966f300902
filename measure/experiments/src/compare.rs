//! Measures the same exercise on every I/O model, so that the figures can be trusted.
//!
//! Before the measurement, each model's transcript must equal that of the machines alone. Then, in
//! rounds, each model is measured under each load once, in shuffled order. In each trial the server
//! has its own process and its own core. This module returns the measurements; `socklab-compare`
//! interprets and shows them.

mod environment;
mod idle;
mod knee;
mod other_programs;
mod plan;
pub(crate) mod proof;
mod reference;
mod rounds;
mod sources;
mod trial;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use socklab_compare::results::{Load, Proof, Results, SCHEMA, Trial};
use socklab_compare::survey::AbsentReason;
use socklab_load::Mismatch;

use crate::cores::pin;
use crate::measured::raise_descriptors;
use crate::testbed::{TrialOutcome, prove_program};

pub(crate) use environment::{MeasurementSetup, describe};
pub(crate) use other_programs::OtherPrograms;
pub use plan::{Contestant, ContestantKind, Plan, Thoroughness};
pub use sources::sources;
pub(crate) use trial::connections_and_pace;

/// Is told how far a comparison has got.
pub trait ComparisonProgress {
    /// A model's transcript is compared with that of the machines alone.
    fn proving(&mut self, model: &str);
    /// A model is refused: the proof shows a difference.
    fn refused(&mut self, proof: &Proof);
    /// A program does not do the exercise, and will not be measured.
    fn unproved(&mut self, name: &str, why: &AbsentReason);
    /// A server has stopped replying, after this many replies. Also has its last line on standard
    /// error.
    fn stopped(&mut self, name: &str, after: u64, said: &str);
    /// Trials of this model under a load begin; `done` of `all` are over.
    fn trial(&mut self, model: &str, load: &Load, done: usize, all: usize);
    /// The present rate, in replies per second.
    fn rate(&mut self, rate: f64);
    /// A server has sent its first wrong reply.
    fn wrong_reply(&mut self, wrong: &WrongReply);
    /// A model's idle connections are measured.
    fn idle(&mut self, model: &str);
    /// The highest rate that a model keeps up is searched.
    fn knee(&mut self, model: &str);
    /// The measurement of the loads ended early. What was measured until then stands.
    fn unfinished(&mut self, why: &Unmeasured);
    /// What was last announced of a model could not be measured. The other figures stand.
    fn without(&mut self, why: &Unmeasured);
}

/// A wrong reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongReply {
    /// The server.
    pub model: String,
    /// The expected reply.
    pub expected: String,
    /// The reply that came.
    pub got: String,
}

/// Why a comparison ended without results.
#[derive(Debug)]
pub enum Unmeasured {
    /// No model passed the proof.
    NoneLeft,
    /// A server of this name did not start, or did not answer.
    Failed(String, io::Error),
    /// The target never replied.
    Silent(SocketAddr),
    /// The target does not do the exercise.
    Wrong(WrongReply),
}

impl fmt::Display for Unmeasured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unmeasured::NoneLeft => f.write_str("no model passed the proof"),
            Unmeasured::Failed(model, error) => write!(f, "{model}: {error}"),
            Unmeasured::Silent(address) => write!(f, "{address} never replied"),
            Unmeasured::Wrong(WrongReply {
                model,
                expected,
                got,
            }) => write!(f, "{model} replied {got:?} for {expected:?}"),
        }
    }
}

impl std::error::Error for Unmeasured {}

/// Proves all models, then measures them.
///
/// # Errors
/// When there is no result.
pub fn measure(
    mut plan: Plan,
    progress: &mut dyn ComparisonProgress,
) -> Result<Results, Unmeasured> {
    let begun = Instant::now();
    let started = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let register = plan.records().then_some(plan.folder.as_path());
    let environment = describe(&MeasurementSetup {
        generator: &plan.cores.generator,
        server: &plan.cores.server,
        descriptors: raise_descriptors(),
        register,
    });
    let names = plan
        .contestants
        .iter()
        .map(|contestant| contestant.name.clone());
    let models: Vec<String> = names.collect();
    let proofs = prove(&mut plan, progress);
    let Some(first) = plan.contestants.first() else {
        return Err(Unmeasured::NoneLeft);
    };
    if !plan
        .contestants
        .iter()
        .any(|contestant| contestant.name == plan.baseline)
    {
        plan.baseline.clone_from(&first.name);
    }
    pin(&plan.cores.generator);
    let mut results = Results {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started,
        took: 0.0,
        seed: plan.seed,
        exercise: plan.exercise.name.to_owned(),
        models,
        baseline: plan.baseline.clone(),
        loads: plan.loads.clone(),
        environment,
        proofs,
        slice: None,
        trials: Vec::new(),
        idle: Vec::new(),
        knees: Vec::new(),
    };
    let others = OtherPrograms::watch();
    let measured = match plan.records() {
        true => one_by_one(&plan, &mut results, progress),
        false => in_slices(&mut plan, &mut results, progress),
    };
    match measured {
        Ok(()) => {}
        // What was measured until then stands.
        Err(error @ (Unmeasured::NoneLeft | Unmeasured::Failed(..)))
            if !results.trials.is_empty() =>
        {
            progress.unfinished(&error);
            plan.contestants.clear();
        }
        Err(error) => return Err(error),
    }
    for contestant in &plan.contestants {
        // What fails here leaves the other figures as they are.
        if !plan.idle.is_empty() {
            progress.idle(&contestant.name);
            match idle::run(&plan, contestant) {
                Ok(steps) => results.idle.extend(steps),
                Err(error) => {
                    progress.without(&Unmeasured::Failed(contestant.name.clone(), error));
                }
            }
        }
        if let Some(limit) = plan.knee {
            progress.knee(&contestant.name);
            match knee::find(&plan, contestant, limit, &results.trials, progress) {
                Ok(knee) => results.knees.push(knee),
                Err(error) => progress.without(&error),
            }
        }
    }
    if let Some(others) = others {
        others.note(&mut results.environment);
    }
    results.took = begun.elapsed().as_secs_f64();
    Ok(results)
}

/// Runs trials one after the other. For a server with a register: what it writes later would
/// disturb the slices of other servers.
fn one_by_one(
    plan: &Plan,
    results: &mut Results,
    progress: &mut dyn ComparisonProgress,
) -> Result<(), Unmeasured> {
    let order = plan.order();
    for (done, planned) in order.iter().enumerate() {
        let contestant = &plan.contestants[planned.contestant];
        let load = &plan.loads[planned.load];
        progress.trial(&contestant.name, load, done, order.len());
        let tried = trial::run(plan, planned.round, contestant, planned.load, &mut |rate| {
            progress.rate(rate);
        })
        .map_err(|error| Unmeasured::Failed(contestant.name.clone(), error))?;
        if let Some(trial) = check(plan, tried, results, progress)? {
            results.trials.push(trial);
        }
    }
    Ok(())
}

/// Runs all servers of a load at the same time; they take turns in slices.
fn in_slices(
    plan: &mut Plan,
    results: &mut Results,
    progress: &mut dyn ComparisonProgress,
) -> Result<(), Unmeasured> {
    let mut rng = fastrand::Rng::with_seed(plan.seed);
    let mut order: Vec<usize> = (0..plan.loads.len()).collect();
    let all = plan.rounds as usize * order.len();
    results.slice = Some(plan::slices(plan.measure).1.as_secs_f64());
    for round in 0..plan.rounds {
        rng.shuffle(&mut order);
        for (at, &load) in order.iter().enumerate() {
            let names = plan
                .contestants
                .iter()
                .map(|contestant| contestant.name.as_str());
            let names = names.collect::<Vec<_>>().join(", ");
            let done = round as usize * order.len() + at;
            progress.trial(&names, &plan.loads[load], done, all);
            let shape = plan::slices(plan.measure);
            let mut left = Vec::new();
            for tried in rounds::round(plan, round, load, shape, rng.fork(), progress)? {
                if let Some(trial) = check(plan, tried, results, progress)? {
                    left.push(trial.model.clone());
                    results.trials.push(trial);
                }
            }
            // Those that did not start or have stopped are left out from now on.
            plan.contestants.retain(|one| left.contains(&one.name));
            if plan.contestants.is_empty() {
                return Err(Unmeasured::NoneLeft);
            }
        }
    }
    Ok(())
}

/// The trial, if it counts. One without a reply does not: its server has stopped replying, which is
/// reported. A target that never replied, or that sent a wrong reply, ends the comparison.
fn check(
    plan: &Plan,
    TrialOutcome {
        trial, wrong, said, ..
    }: TrialOutcome,
    results: &Results,
    progress: &mut dyn ComparisonProgress,
) -> Result<Option<Trial>, Unmeasured> {
    let name = &trial.model;
    let contestant = plan.contestants.iter().find(|one| one.name == *name);
    let target = match contestant.map(|contestant| &contestant.kind) {
        Some(ContestantKind::Target(address)) => Some(*address),
        _ => None,
    };
    let before = results.trials.iter().filter(|one| one.model == *name);
    let Some(Mismatch { expected, got }) = wrong else {
        if trial.is_answered() {
            return Ok(Some(trial));
        }
        let after = before.map(|one| one.service.samples).sum();
        if let (Some(address), 0) = (target, after) {
            return Err(Unmeasured::Silent(address));
        }
        progress.stopped(name, after, &said);
        return Ok(None);
    };
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let wrong = WrongReply {
        model: name.clone(),
        expected: text(expected),
        got: text(got),
    };
    if target.is_some() {
        return Err(Unmeasured::Wrong(wrong));
    }
    if !before.clone().any(|one| one.losses.wrong > 0) {
        progress.wrong_reply(&wrong);
    }
    Ok(Some(trial))
}

/// Proves every model, reports those that are refused, and leaves the others in the plan.
fn prove(plan: &mut Plan, progress: &mut dyn ComparisonProgress) -> Vec<Proof> {
    let mut proofs: Vec<Proof> = Vec::new();
    for contestant in &plan.contestants {
        let ContestantKind::Model(model) = &contestant.kind else {
            continue;
        };
        if proofs.iter().any(|proof| proof.model == model.name()) {
            continue;
        }
        progress.proving(model.name());
        let proof = proof::of(plan.exercise, *model);
        if !proof.same {
            progress.refused(&proof);
        }
        proofs.push(proof);
    }
    let mut left = Vec::new();
    for contestant in std::mem::take(&mut plan.contestants) {
        let stays = match &contestant.kind {
            ContestantKind::Model(model) => proofs
                .iter()
                .any(|proof| proof.model == model.name() && proof.same),
            ContestantKind::Program(_) if plan.records() => true,
            ContestantKind::Program(_) => {
                progress.proving(&contestant.name);
                match prove_program(&contestant, plan.exercise, &plan.cores) {
                    None => true,
                    Some(why) => {
                        progress.unproved(&contestant.name, &why);
                        false
                    }
                }
            }
            ContestantKind::Target(_) => true,
        };
        if stays {
            left.push(contestant);
        }
    }
    plan.contestants = left;
    proofs
}

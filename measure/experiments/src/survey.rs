//! Six questions that I/O models answer differently, asked of several servers: what
//! `socklab compare` does without an exercise.
//!
//! Each question is asked in rounds. A round starts every server anew, gives it its load in slices,
//! in turn with the others (see [`testbed`](crate::testbed)), and ends it. This module returns the
//! measurements; `socklab_compare::survey` interprets them.

mod ask;
mod plan;

use std::collections::BTreeMap;
use std::io;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use socklab_compare::results::Proof;
use socklab_compare::survey::{Absent, AbsentReason, Question, SCHEMA, Survey};
use socklab_core::lab;

use crate::compare::{MeasurementSetup, OtherPrograms, describe, proof};
use crate::cores::pin;
use crate::measured::raise_descriptors;
use crate::testbed::{ContestantKind, prove_program};

pub use plan::{Plan, Thoroughness, usual};

/// Is told how far a survey has got.
pub trait SurveyProgress {
    /// A contestant is proved.
    fn proving(&mut self, contestant: &str);
    /// A question's slices run, of which a share `done` (0 to 1) is over.
    fn asking(&mut self, question: Question, contestant: &str, done: f64);
}

/// Proves all contestants, then asks all questions.
///
/// # Errors
/// When the load generator cannot go on.
pub fn measure(plan: &Plan, progress: &mut dyn SurveyProgress) -> io::Result<Survey> {
    let begun = Instant::now();
    let started = SystemTime::now().duration_since(UNIX_EPOCH);
    let environment = describe(&MeasurementSetup {
        generator: &plan.cores.generator,
        server: &plan.cores.server,
        descriptors: raise_descriptors(),
        register: None,
    });
    let (proofs, refused) = prove_all(plan, progress);
    pin(&plan.cores.generator);
    let others = OtherPrograms::watch();
    let mut rng = fastrand::Rng::with_seed(plan.seed);
    let mut survey = Survey {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: started.unwrap_or_default().as_secs(),
        took: 0.0,
        seed: plan.seed,
        contestants: plan
            .contestants
            .iter()
            .map(|one| one.name.clone())
            .collect(),
        environment,
        proofs,
        questions: Vec::new(),
        idle_use: BTreeMap::new(),
    };
    for question in Question::ALL {
        let mut absent: Vec<Absent> = refused
            .iter()
            .filter(|(exercise, _)| *exercise == question.exercise())
            .map(|(_, absent)| absent.clone())
            .collect();
        if question == Question::Silent {
            // A server that cannot serve a hundred cannot hold a thousand either.
            let busy = survey.results(Question::HundredBusy);
            let serves = busy.into_iter().flat_map(|results| &results.absent);
            let serves = serves.filter(|one| matches!(one.why, AbsentReason::Serves(_)));
            absent.extend(serves.cloned());
        }
        let results = ask::ask(
            plan,
            question,
            absent,
            &mut survey.idle_use,
            &mut rng,
            progress,
        )?;
        survey.questions.push(results);
    }
    if let Some(others) = others {
        others.note(&mut survey.environment);
    }
    survey.took = begun.elapsed().as_secs_f64();
    Ok(survey)
}

/// Proves each contestant. Returns who cannot be measured in which exercise, and why.
fn prove_all(
    plan: &Plan,
    progress: &mut dyn SurveyProgress,
) -> (Vec<Proof>, Vec<(&'static str, Absent)>) {
    let mut proofs: Vec<Proof> = Vec::new();
    let mut refused = Vec::new();
    for contestant in &plan.contestants {
        progress.proving(&contestant.name);
        for name in ["capitals", "welcome"] {
            let Some(exercise) = lab::find(name) else {
                continue;
            };
            let why = match &contestant.kind {
                ContestantKind::Model(runtime) => {
                    let proof = proof::of(exercise, *runtime);
                    let why = proof.difference.clone();
                    proofs.push(proof);
                    why.map(|(expected, got)| AbsentReason::Differs { expected, got })
                }
                ContestantKind::Program(_) => prove_program(contestant, exercise, &plan.cores),
                // A target serves one exercise at its address.
                ContestantKind::Target(_) => None,
            };
            if let Some(why) = why {
                let model = contestant.name.clone();
                refused.push((exercise.name, Absent { model, why }));
            }
        }
    }
    (proofs, refused)
}

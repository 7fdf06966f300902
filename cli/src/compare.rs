//! `socklab compare`: the same exercise on every I/O model, measured so that a class can believe it.
//!
//! First the [`proof`]: each model's transcript must be that of the machines alone. Then the clock: in rounds, each model under each
//! load once in a shuffled order, each [`trial`] with a server in a process and on a core of its own. What was measured is kept as
//! it is; what it means, and how it is shown, is `socklab-compare`'s.

mod args;
mod diff;

mod environment;
mod folder;
mod idle;
mod knee;
mod others;
mod outputs;
mod plan;
mod progress;
mod proof;
mod reference;
mod sources;
mod trial;

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use clap::ArgMatches;
use socklab_compare::results::{Invalid, Proof, Results, SCHEMA, Trial};
use socklab_compare::summary::Document;

use crate::Exit;
use crate::args::{Common, read};
use crate::measured::{allowed_cores, pin, raise_descriptors};
use crate::outlet;
use crate::runtime::Runtime;
use crate::say;
use crate::words::Words;

use args::CompareArgs;
pub(crate) use args::command;
use environment::Setting;
use others::Others;
use plan::{Kind, Plan};
use progress::Progress;

pub(crate) fn main(matches: &ArgMatches, common: &Common, words: &Arc<Words>) -> Exit {
    if let Some(("diff", matches)) = matches.subcommand() {
        return diff::main(matches, words);
    }
    let args: CompareArgs = read(matches);
    if args.list {
        return list(words);
    }
    if let Err(line) = outputs::can_be_written(&args, words) {
        say::line(&line);
        return Exit::Failed;
    }
    let allowed = allowed_cores();
    let plan = match args.plan(&allowed) {
        Ok(plan) => plan,
        Err(error) => {
            say::line(&error.say(words));
            return Exit::Usage;
        }
    };
    let mut progress = Progress::new(Arc::clone(words), common.quiet);
    progress.begin(&plan);
    let results = match measure(plan, words, &mut progress) {
        Ok(results) => results,
        Err(line) => {
            progress.clear();
            say::line(&line);
            return Exit::Failed;
        }
    };
    progress.clear();
    // The timelines of the report have servers of their own, which are not to share the generator's core.
    pin(&allowed);
    let document = Document::new(results);
    outputs::write(&args, &document, words)
}

/// Every model, with the sentence that says what it is.
fn list(words: &Words) -> Exit {
    let widest = Runtime::names().map(str::len).max().unwrap_or(0);
    let line = |one: &Runtime| format!("{:widest$}  {}\n", one.name(), one.sentence(words));
    let text: String = Runtime::ALL.iter().map(line).collect();
    outlet::payload(text.as_bytes());
    Exit::Done
}

/// Proves, then measures; on failure, one line that says what and why.
fn measure(mut plan: Plan, words: &Arc<Words>, progress: &mut Progress) -> Result<Results, String> {
    let begun = Instant::now();
    let started = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let register = plan.records().then_some(plan.folder.as_path());
    let environment = environment::describe(&Setting {
        generator: &plan.cores.generator,
        server: &plan.cores.server,
        descriptors: raise_descriptors(),
        register,
    });
    let models: Vec<String> = plan
        .entries
        .iter()
        .map(|entry| entry.name.clone())
        .collect();
    let proofs = prove(&mut plan, words, progress);
    if plan.entries.is_empty() {
        return Err(words.say("compare-none-left"));
    }
    if !plan.entries.iter().any(|entry| entry.name == plan.baseline) {
        plan.baseline.clone_from(&plan.entries[0].name);
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
        trials: Vec::new(),
        idle: Vec::new(),
        knees: Vec::new(),
    };
    let failed = |name: &str, error: std::io::Error| {
        let detail = error.to_string();
        words.say_with("compare-failed", &[("model", &name), ("detail", &detail)])
    };
    let others = Others::watch();
    let order = plan.order();
    for (done, &(round, entry, load)) in order.iter().enumerate() {
        let entry = &plan.entries[entry];
        progress.trial(&plan, done, order.len(), entry, load);
        let tried = trial::run(&plan, round, entry, load, &mut |rate| progress.rate(rate))
            .map_err(|error| failed(&entry.name, error))?;
        let silent = tried.trial.replies == 0 && tried.wrong.is_none();
        if let (Kind::Target(address), true) = (&entry.kind, silent) {
            return Err(words.say_with("compare-target-silent", &[("address", address)]));
        }
        let known = |other: &Trial| other.model == entry.name && other.losses.wrong > 0;
        if let Some((expected, got)) = tried.wrong
            && !results.trials.iter().any(known)
        {
            progress.clear();
            let [expected, got] =
                [expected, got].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            let name = &entry.name;
            let line = words.say_with(
                "compare-wrong-reply",
                &[("model", name), ("expected", &expected), ("got", &got)],
            );
            // Whoever does not do the exercise is not measured.
            if matches!(entry.kind, Kind::Target(_)) {
                return Err(line);
            }
            say::line(&line);
        }
        results.trials.push(tried.trial);
    }
    for entry in &plan.entries {
        progress.step(&entry.name, "compare-doing-idle", !plan.idle.is_empty());
        let steps = idle::run(&plan, entry).map_err(|error| failed(&entry.name, error))?;
        results.idle.extend(steps);
        if let Some(limit) = plan.knee {
            progress.step(&entry.name, "compare-doing-knee", true);
            let knee = knee::find(&plan, entry, limit, &results.trials, &mut |rate| {
                progress.rate(rate);
            });
            results
                .knees
                .push(knee.map_err(|error| failed(&entry.name, error))?);
        }
    }
    if let Some(others) = others {
        others.note(&mut results.environment);
    }
    results.took = begun.elapsed().as_secs_f64();
    Ok(results)
}

/// Proves every model, says which are refused, and leaves the others in the plan.
fn prove(plan: &mut Plan, words: &Arc<Words>, progress: &mut Progress) -> Vec<Proof> {
    let mut proofs: Vec<Proof> = Vec::new();
    for entry in &plan.entries {
        let Kind::Model(model) = &entry.kind else {
            continue;
        };
        let Some(runtime) = Runtime::find(model) else {
            continue;
        };
        if proofs.iter().any(|proof| proof.model == *model) {
            continue;
        }
        progress.step(model, "compare-doing-proof", true);
        let proof = proof::of(plan.exercise, runtime, words);
        if let Some((expected, got)) = &proof.difference {
            progress.clear();
            say::line(&words.say_with(
                "compare-refused",
                &[("model", model), ("expected", expected), ("got", got)],
            ));
        }
        proofs.push(proof);
    }
    let refused = |model: &str| {
        proofs
            .iter()
            .any(|proof| proof.model == model && !proof.same)
    };
    plan.entries.retain(|entry| match &entry.kind {
        Kind::Model(model) => !refused(model),
        Kind::Target(_) => true,
    });
    proofs
}

/// Whether anything that was measured must not be believed, so that the command can say so by its status.
fn anything_wrong(results: &Results) -> bool {
    let wrong = |invalid: &[Invalid]| {
        invalid
            .iter()
            .any(|one| matches!(one, Invalid::WrongReplies | Invalid::ServerGone))
    };
    results.trials.iter().any(|trial| wrong(&trial.invalid))
        || results.proofs.iter().any(|proof| !proof.same)
}

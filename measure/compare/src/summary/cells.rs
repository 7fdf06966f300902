//! The figures of each model under each load.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;

use super::modes::modes;
use super::{Cell, Estimate, OperationsPerReply, Percentiles};
use crate::results::{Invalid, Losses, Operations, Results, ServerUsage, Trial};
use crate::{statistics, validity};

pub(super) fn all(results: &Results) -> Vec<Cell> {
    let mut rng = Rng::with_seed(results.seed);
    let mut cells = Vec::new();
    for model in &results.models {
        for load in 0..results.loads.len() {
            let trials = trials(results, model, load);
            if !trials.is_empty() {
                cells.push(Figures { rng: &mut rng }.cell(model, load, &trials));
            }
        }
    }
    cells
}

fn trials<'r>(results: &'r Results, model: &str, load: usize) -> Vec<&'r Trial> {
    let is = |trial: &&Trial| trial.model == model && trial.load == load;
    results.trials.iter().filter(is).collect()
}

/// Whether a model has a cell under a load, and it is valid.
pub(crate) fn is_valid(results: &Results, model: &str, load: usize) -> bool {
    let trials = trials(results, model, load);
    !trials.is_empty() && empty(model, load, &trials).invalid.is_empty()
}

/// Whether a model's rate and times under a load are bounds.
pub(crate) fn is_bound(results: &Results, model: &str, load: usize) -> bool {
    let trials = trials(results, model, load);
    !empty(model, load, &trials).bounds.is_empty()
}

/// A cell without figures: how many of its trials are valid, and whether it is valid itself.
fn empty(model: &str, load: usize, trials: &[&Trial]) -> Cell {
    let mut reasons = BTreeMap::new();
    let all = |trial: &Trial| [&trial.invalid[..], &trial.limits].concat();
    for reason in trials.iter().flat_map(|trial| all(trial)) {
        *reasons.entry(reason).or_insert(0) += 1;
    }
    let half = |(_, count): &(&Invalid, &u32)| 2 * **count as usize >= trials.len();
    let bounds = reasons.iter().filter(half).map(|(reason, _)| *reason);
    let bounds = bounds.filter(|reason| validity::bounds(*reason)).collect();
    let valid = trials.iter().filter(|one| one.invalid.is_empty()).count();
    Cell {
        model: model.to_owned(),
        load,
        trials: trials.len() as u32,
        valid: valid as u32,
        invalid: invalid_reasons(trials.len(), valid, &reasons),
        bounds,
        reasons,
        ..Cell::default()
    }
}

/// The share of a server's CPU time that was in its own code, of all rounds together: the system
/// divides the time between the program and itself by what it finds at each tick of its clock (4
/// ms, say), which is too seldom to say much of one round.
fn own_share(trials: &[&Trial]) -> Option<f64> {
    let servers = || trials.iter().filter_map(|trial| trial.server.as_ref());
    let all: f64 = servers().map(ServerUsage::cpu).sum();
    let own: f64 = servers().map(|server| server.user).sum();
    (all > 0.0).then(|| own / all)
}

/// Draws the intervals.
struct Figures<'r> {
    rng: &'r mut Rng,
}

impl Figures<'_> {
    fn cell(mut self, model: &str, load: usize, trials: &[&Trial]) -> Cell {
        let mut cell = empty(model, load, trials);
        if !cell.invalid.is_empty() {
            return cell;
        }
        let counts = |trial: &&&Trial| trial.invalid.is_empty();
        let valid: Vec<&Trial> = trials.iter().filter(counts).copied().collect();
        self.costs(&mut cell, &valid);
        // What limited the generator says nothing of the server. If most rounds are limited, their
        // figures are shown as bounds.
        let limited = |trial: &&&Trial| !validity::is_bound(trial);
        let own: Vec<&Trial> = valid.iter().filter(limited).copied().collect();
        cell.modes = modes(&own);
        let timed = if cell.bounds.is_empty() { &own } else { &valid };
        cell.rate = self.of(timed, |one| Some(one.replies as f64 / one.seconds));
        cell.response = self.percentiles(timed, validity::response, |one| one.response.max);
        cell.service = self.percentiles(
            timed,
            |one, part| one.service.percentile(part).ok_or(Invalid::TooFewSamples),
            |one| one.service.max,
        );
        cell.warm_up = self.of(&valid, |one| Some(one.warm_up));
        cell.losses = valid
            .iter()
            .map(|one| one.losses)
            .fold(Losses::default(), plus);
        cell.replies = valid.iter().map(|one| one.replies).sum();
        cell
    }

    /// What the server used, of all valid rounds.
    fn costs(&mut self, cell: &mut Cell, valid: &[&Trial]) {
        cell.cpu = self.per_reply(valid, ServerUsage::cpu);
        let own = own_share(valid);
        cell.user = cell.cpu.zip(own).map(|(cpu, own)| cpu.times(own));
        cell.system = cell.cpu.zip(own).map(|(cpu, own)| cpu.times(1.0 - own));
        cell.busy = self.of_server(valid, |server| server.busy);
        // A server that was never switched is one whose system does not count (Windows).
        let switched = |trial: &&Trial| {
            let server = trial.server.as_ref();
            server.is_some_and(|server| server.voluntary + server.involuntary > 0)
        };
        if valid.iter().any(switched) {
            cell.voluntary = self.per_reply(valid, |server| server.voluntary as f64);
            cell.involuntary = self.per_reply(valid, |server| server.involuntary as f64);
        }
        cell.operations = self.operations(valid);
        cell.threads = self.of_server(valid, |server| f64::from(server.threads));
        cell.memory = self.of_server(valid, |server| server.memory as f64);
        cell.peak = self.of_server(valid, |server| server.peak as f64);
        cell.generator_busy = self.of(valid, |one| Some(one.generator.busy));
    }

    fn of(
        &mut self,
        trials: &[&Trial],
        figure: impl Fn(&Trial) -> Option<f64>,
    ) -> Option<Estimate> {
        let figures = trials.iter().filter_map(|trial| figure(trial));
        let finite: Vec<f64> = figures.filter(|one| one.is_finite()).collect();
        statistics::estimate(&finite, self.rng)
    }

    fn of_server(
        &mut self,
        trials: &[&Trial],
        figure: impl Fn(&ServerUsage) -> f64,
    ) -> Option<Estimate> {
        self.of(trials, |one| one.server.as_ref().map(&figure))
    }

    fn per_reply(
        &mut self,
        trials: &[&Trial],
        figure: impl Fn(&ServerUsage) -> f64,
    ) -> Option<Estimate> {
        self.of(trials, |one| one.per_reply(&figure))
    }

    /// A percentile stands if more than half of the rounds have it. If only the rounds with the
    /// most replies did, it would be a percentile of those rounds.
    fn percentiles(
        &mut self,
        trials: &[&Trial],
        percentile: impl Fn(&Trial, f64) -> Result<f64, Invalid>,
        longest: impl Fn(&Trial) -> f64,
    ) -> Percentiles {
        let mut left_out = BTreeMap::new();
        let mut one = |name: &str, part: f64| {
            let all = trials.iter().map(|trial| percentile(trial, part));
            let (known, missing): (Vec<_>, Vec<_>) = all.partition(Result::is_ok);
            let why = missing.into_iter().find_map(Result::err);
            if let Some(why) = why.filter(|_| 2 * known.len() <= trials.len()) {
                left_out.insert(name.to_owned(), why);
                return None;
            }
            let known: Vec<f64> = known.into_iter().filter_map(Result::ok).collect();
            statistics::estimate(&known, self.rng)
        };
        let (p50, p90) = (one("p50", 0.5), one("p90", 0.9));
        let (p99, p999) = (one("p99", 0.99), one("p999", 0.999));
        Percentiles {
            p50,
            p90,
            p99,
            p999,
            max: self.of(trials, |one| Some(longest(one))),
            left_out,
        }
    }

    fn operations(&mut self, trials: &[&Trial]) -> BTreeMap<String, OperationsPerReply> {
        let servers = trials.iter().filter_map(|trial| trial.server.as_ref());
        let names: BTreeSet<&String> = servers.flat_map(|one| one.operations.keys()).collect();
        names
            .into_iter()
            .map(|name| {
                let mut each = |count: fn(&Operations) -> u64| {
                    // A server that was watched and never did it did it no times.
                    let watched = |one: &ServerUsage| !one.operations.is_empty();
                    self.of(trials, |one| {
                        let server = one.server.as_ref().filter(|server| watched(server))?;
                        let count = server.operations.get(name).map_or(0, count);
                        Some(count as f64 / one.replies as f64)
                    })
                };
                let of_this = OperationsPerReply {
                    calls: each(|one| one.calls),
                    would_block: each(|one| one.would_block),
                    items: each(|one| one.items),
                };
                (name.clone(), of_this)
            })
            .collect()
    }
}

/// Why a whole cell is invalid; empty if it is valid. Half of the rounds or more are too many to
/// lose: those that are left were chosen by what went wrong. And a server that once answered
/// wrongly is not a server whose speed is of interest.
fn invalid_reasons(trials: usize, valid: usize, reasons: &BTreeMap<Invalid, u32>) -> Vec<Invalid> {
    let most = 2 * valid <= trials;
    let invalidates = |reason: &Invalid| match reason {
        Invalid::WrongReplies => true,
        Invalid::ServerGone => most,
        _ => false,
    };
    reasons.keys().copied().filter(invalidates).collect()
}

fn plus(one: Losses, other: Losses) -> Losses {
    Losses {
        lost: one.lost + other.lost,
        duplicated: one.duplicated + other.duplicated,
        reordered: one.reordered + other.reordered,
        wrong: one.wrong + other.wrong,
        refused: one.refused + other.refused,
        out_of_ports: one.out_of_ports + other.out_of_ports,
    }
}

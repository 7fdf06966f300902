//! Compares two comparisons, and finds what changed.
//!
//! Each figure in both files is checked against the interval in which a second run of the same
//! programs would find it: the errors of the old and new median, and the drift between runs.
//! Absolute figures are compared for every model, and ratios to the baseline for the others,
//! because a machine that is slower today changes the former and not the latter. The rule for a
//! change is that of [`ratio::verdicts`], over all figures together.

mod show;

use std::collections::BTreeMap;

use crate::ratio::{self, Comparison};
use crate::results::{Load, Results, Trial};
use crate::statistics::{self, Uncertainty};
use crate::summary::{Interval, Metric, Verdict, is_bound, is_valid};
use crate::validity;

pub use show::show;

/// The drift of an absolute figure between runs. It includes the machine's own speed, unlike
/// [`ratio::drift`].
pub fn drift(metric: Metric, sliced: bool) -> f64 {
    // Slices remove what affects two models alike, which an absolute figure still contains.
    let alone = if sliced { 5.0 } else { 2.0 };
    alone * ratio::drift(metric, sliced)
}

/// Facts that differ between any two runs, and so explain no change.
const NOT_THE_MACHINE: [&str; 4] = ["build", "load-before", "others", "stolen"];

/// Why two comparisons cannot be compared.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// They are of different exercises.
    Exercise(String, String),
    /// They are under different loads.
    Loads(Vec<Load>, Vec<Load>),
    /// They have no model in common.
    Models,
}

/// What changed, and what could not be compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diff {
    /// Every figure that was compared.
    pub figures: Vec<Figure>,
    /// Models and loads in both files that are invalid in one of them. The load is the old one's.
    pub invalid: Vec<(String, Load)>,
    /// Models and loads whose rate and times were bounds in one of the files, because the load
    /// generator limited them: only their CPU time is compared. The load is the old one's.
    pub bounds: Vec<(String, Load)>,
    /// Models that only the old file has.
    pub only_old: Vec<String>,
    /// Models that only the new file has.
    pub only_new: Vec<String>,
    /// Facts of the machines that differ.
    pub environment: Vec<FactChange>,
}

/// A fact of the machine that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactChange {
    /// The fact's name.
    pub name: String,
    /// The old value.
    pub old: String,
    /// The new value.
    pub new: String,
}

/// One figure that was compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The model.
    pub model: String,
    /// The load.
    pub load: Load,
    /// The metric.
    pub metric: Metric,
    /// The baseline, if the figure is a ratio to it.
    pub against: Option<String>,
    /// The old median.
    pub old: f64,
    /// The new median.
    pub new: f64,
    /// The 95 % prediction interval of the new median if nothing had changed. `None` if there were
    /// too few rounds.
    pub expected: Option<Interval>,
    /// Whether the figure is higher or lower now.
    pub verdict: Verdict,
}

impl Diff {
    /// The figures that changed.
    pub fn changes(&self) -> impl Iterator<Item = &Figure> {
        let changed = |one: &&Figure| matches!(one.verdict, Verdict::Higher | Verdict::Lower);
        self.figures.iter().filter(changed)
    }

    /// How many figures were compared.
    pub fn compared(&self) -> usize {
        self.figures.len() - self.too_few()
    }

    /// How many figures had too few rounds.
    pub fn too_few(&self) -> usize {
        let too_few = |one: &&Figure| one.verdict == Verdict::TooFew;
        self.figures.iter().filter(too_few).count()
    }
}

/// Compares two comparisons.
///
/// # Errors
///
/// [`Refusal`], if they are not of the same thing.
pub fn diff(old: &Results, new: &Results) -> Result<Diff, Refusal> {
    if old.exercise != new.exercise {
        return Err(Refusal::Exercise(
            old.exercise.clone(),
            new.exercise.clone(),
        ));
    }
    // The place of each old load among the new ones.
    let place = |load: &Load| new.loads.iter().position(|one| one == load);
    let places: Option<Vec<usize>> = old.loads.iter().map(place).collect();
    let Some(places) = places.filter(|_| old.loads.len() == new.loads.len()) else {
        return Err(Refusal::Loads(old.loads.clone(), new.loads.clone()));
    };
    let (before, after) = (Side(old), Side(new));
    let missing = |model: &&String, side: &Side<'_>| !side.has(model);
    let only_old: Vec<String> = before
        .models()
        .filter(|one| missing(one, &after))
        .cloned()
        .collect();
    let only_new: Vec<String> = after
        .models()
        .filter(|one| missing(one, &before))
        .cloned()
        .collect();
    if before.models().all(|model| !after.has(model)) {
        return Err(Refusal::Models);
    }
    let mut diff = Diff {
        only_old,
        only_new,
        environment: environment(old, new),
        ..Diff::default()
    };
    let baseline = (old.baseline == new.baseline).then_some(&old.baseline);
    let mut pairs = Vec::new();
    for model in before.models().filter(|model| after.has(model)) {
        for (at, load) in old.loads.iter().enumerate() {
            if !(is_valid(old, model, at) && is_valid(new, model, places[at])) {
                diff.invalid.push((model.clone(), *load));
                continue;
            }
            let bound = is_bound(old, model, at) || is_bound(new, model, places[at]);
            if bound {
                diff.bounds.push((model.clone(), *load));
            }
            let baseline = baseline.filter(|one| *one != model);
            for against in [None].into_iter().chain(baseline.map(Some)) {
                let known = |metric: &Metric| !bound || *metric == Metric::Cpu;
                for metric in Metric::ALL.into_iter().filter(known) {
                    pairs.push(Pair {
                        model,
                        load: *load,
                        metric,
                        against,
                        sliced: old.slice.is_some() && new.slice.is_some(),
                        old: before.logs(model, against, at, metric),
                        new: after.logs(model, against, places[at], metric),
                    });
                }
            }
        }
    }
    pairs.retain(|pair| !pair.old.is_empty() && !pair.new.is_empty());
    let compared: Vec<(Figure, Comparison)> =
        pairs.iter().filter_map(|one| one.compare(&pairs)).collect();
    let (figures, comparisons): (Vec<Figure>, Vec<Comparison>) = compared.into_iter().unzip();
    diff.figures = figures;
    for (figure, verdict) in diff.figures.iter_mut().zip(ratio::verdicts(&comparisons)) {
        figure.verdict = verdict;
    }
    Ok(diff)
}

/// A figure of both files, as the logarithms of its rounds.
struct Pair<'r> {
    model: &'r String,
    load: Load,
    metric: Metric,
    against: Option<&'r String>,
    /// Whether both runs had slices.
    sliced: bool,
    old: Vec<f64>,
    new: Vec<f64>,
}

impl Pair<'_> {
    /// Compares the medians. `None` if one is missing.
    fn compare(&self, all: &[Pair<'_>]) -> Option<(Figure, Comparison)> {
        let (before, after) = (
            statistics::median(&self.old)?,
            statistics::median(&self.new)?,
        );
        let change = after - before;
        let pairs = self.old.len().min(self.new.len());
        let error = self.error(all).filter(|_| pairs >= ratio::FEWEST);
        let half = error.map(Uncertainty::half_width);
        let around = |centre: f64| {
            half.map(|half| Interval {
                low: (centre - half).exp(),
                high: (centre + half).exp(),
            })
        };
        let figure = Figure {
            model: self.model.clone(),
            load: self.load,
            metric: self.metric,
            against: self.against.cloned(),
            old: before.exp(),
            new: after.exp(),
            expected: around(before),
            verdict: Verdict::TooFew,
        };
        let comparison = Comparison {
            pairs,
            ratio: Some(change.exp()),
            interval: around(change),
            // The error already includes both runs.
            prediction: around(change),
            p_value: error.map(|error| error.p_value(change)),
        };
        Some((figure, comparison))
    }

    /// The error of both medians. Each run has its own drift.
    fn error(&self, all: &[Pair<'_>]) -> Option<Uncertainty> {
        let alike = |other: &&Pair<'_>| {
            let open = |load: &Load| matches!(load, Load::Open { .. });
            let what = |one: &Pair<'_>| (one.metric, one.against.is_some(), open(&one.load));
            what(other) == what(self)
        };
        let typical = |side: for<'p> fn(&'p Pair<'_>) -> &'p [f64]| {
            statistics::typical(all.iter().filter(alike).map(side))
        };
        let old = Uncertainty::of(&self.old, typical(|pair| &pair.old))?;
        let new = Uncertainty::of(&self.new, typical(|pair| &pair.new))?;
        let drift = match self.against {
            Some(_) => ratio::drift(self.metric, self.sliced),
            None => drift(self.metric, self.sliced),
        };
        Some(old.and_known(drift).and(new.and_known(drift)))
    }
}

fn environment(old: &Results, new: &Results) -> Vec<FactChange> {
    let facts: BTreeMap<&String, &String> = new
        .environment
        .facts
        .iter()
        .map(|(name, value)| (name, value))
        .collect();
    let differs = |(name, value): &(String, String)| {
        let other = facts.get(name).filter(|other| **other != value)?;
        let machine = !NOT_THE_MACHINE.contains(&name.as_str());
        machine.then(|| FactChange {
            name: name.clone(),
            old: value.clone(),
            new: (*other).clone(),
        })
    };
    old.environment.facts.iter().filter_map(differs).collect()
}

/// One of the two comparisons.
struct Side<'r>(&'r Results);

impl<'r> Side<'r> {
    /// The models that were timed.
    fn models(&self) -> impl Iterator<Item = &'r String> {
        self.0.models.iter().filter(|model| self.has(model))
    }

    fn has(&self, model: &str) -> bool {
        self.0.trials.iter().any(|trial| trial.model == model)
    }

    /// The logarithms of a figure, or of its ratio to another model's, one for each round.
    fn logs(&self, model: &str, against: Option<&String>, load: usize, metric: Metric) -> Vec<f64> {
        if let Some(against) = against {
            let both = is_valid(self.0, against, load);
            let logs = || ratio::logs(&self.0.trials, model, against, load, metric);
            return if both { logs() } else { Vec::new() };
        }
        let counts = |one: &&Trial| {
            // What limited the generator says nothing of the server.
            let bound = metric != Metric::Cpu && validity::is_bound(one);
            one.model == model && one.load == load && one.invalid.is_empty() && !bound
        };
        let trials = self.0.trials.iter().filter(counts);
        trials
            .filter_map(|trial| ratio::figure(trial, metric))
            .map(f64::ln)
            .collect()
    }
}

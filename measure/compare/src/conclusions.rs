//! Summarises a comparison in one paragraph: what may be concluded from it, and what may not.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::names::{Names, main_metric};
use crate::ratio;
use crate::results::{Knee, Load, Results};
use crate::statistics;
use crate::summary::{Best, Cell, Metric, Ratio, Summary, extremes};
use socklab_text::{Messages, Variable};

/// The summary as one paragraph.
pub fn paragraph(results: &Results, summary: &Summary, messages: &dyn Messages) -> String {
    let text = SummaryText::new(results, summary, messages);
    let mut sentences = text.sentences();
    sentences.extend(text.cautions());
    sentences.join(" ")
}

/// The sentences of the summary, without the cautions, which a page shows apart.
pub fn sentences(results: &Results, summary: &Summary, messages: &dyn Messages) -> Vec<String> {
    SummaryText::new(results, summary, messages).sentences()
}

struct SummaryText<'t> {
    results: &'t Results,
    summary: &'t Summary,
    messages: &'t dyn Messages,
    names: Names<'t>,
}

impl<'t> SummaryText<'t> {
    fn new(results: &'t Results, summary: &'t Summary, messages: &'t dyn Messages) -> Self {
        SummaryText {
            results,
            summary,
            messages,
            names: Names::new(messages),
        }
    }

    /// Differences first, then the lack of any, then what was measured. Reservations come last.
    fn sentences(&self) -> Vec<String> {
        let mut sentences: Vec<String> = Vec::new();
        sentences.extend(self.refused());
        for load in 0..self.results.loads.len() {
            let metric = self.results.loads.get(load).map(main_metric);
            sentences.extend(metric.and_then(|metric| self.difference(load, metric)));
        }
        for load in 0..self.results.loads.len() {
            sentences.extend(self.difference(load, Metric::Cpu));
        }
        sentences.extend(self.idle());
        sentences.extend(self.knees());
        sentences.extend(self.equal());
        sentences.extend(self.two_speeds());
        sentences.extend(self.bounds());
        sentences.extend(self.lost());
        sentences.extend(self.invalid());
        sentences.push(self.what());
        sentences.extend(self.rule());
        sentences.extend(self.limits());
        sentences
    }

    /// What was measured.
    fn what(&self) -> String {
        let timed = |model: &&String| self.summary.cells.iter().any(|cell| &cell.model == *model);
        let models = self.list(self.results.models.iter().filter(timed));
        let rounds = self.results.trials.iter().map(|one| one.round + 1).max();
        self.say_with(
            "compare-reading-what",
            &[
                ("exercise", &self.results.exercise),
                ("models", &models.unwrap_or_default()),
                ("rounds", &rounds.unwrap_or(0)),
            ],
        )
    }

    /// Models that were not timed, because they do not do the exercise.
    fn refused(&self) -> Option<String> {
        let proofs = self.results.proofs.iter().filter(|proof| !proof.same);
        let models = self.list(proofs.map(|proof| &proof.model))?;
        Some(self.say_with("compare-reading-refused", &[("models", &models)]))
    }

    /// The best model under a load by a metric, and by how much others are worse; `None` if none is
    /// significantly worse.
    fn difference(&self, load: usize, metric: Metric) -> Option<String> {
        let best = self.best(load, metric)?;
        let cell = self.summary.cell(&best.model, load)?;
        let figure = self.names.figure(metric, cell.figure(metric)?.value);
        let measured = |cell: &&Cell| cell.load == load && cell.figure(metric).is_some();
        if self.summary.cells.iter().filter(measured).count() < 2 {
            return self.alone(load, metric, &figure);
        }
        let number = |value| self.names.numbers.ratio(value);
        let worse = best.worse.iter().map(|one| {
            self.say_with(
                "compare-reading-times",
                &[
                    ("model", &self.names.name(&one.model)),
                    ("ratio", &number(one.ratio)),
                    ("low", &number(one.interval.low)),
                    ("high", &number(one.interval.high)),
                ],
            )
        });
        let others = join(worse)?;
        let id = match metric {
            Metric::Rate => "compare-reading-differ-rate",
            Metric::P50 | Metric::P99 => "compare-reading-differ-p99",
            Metric::Cpu => "compare-reading-differ-cpu",
        };
        let models = self.list([&best.model].into_iter().chain(&best.tied))?;
        Some(self.say_with(
            id,
            &[
                ("load", &self.load(load)),
                ("models", &models),
                ("count", &(1 + best.tied.len())),
                ("figure", &figure),
                ("others", &others),
            ],
        ))
    }

    /// The figure, if only one model was measured.
    fn alone(&self, load: usize, metric: Metric, figure: &str) -> Option<String> {
        let best = self.best(load, metric)?;
        let (load, model) = (self.load(load), self.names.name(&best.model));
        let (id, name) = match metric {
            Metric::Rate => ("compare-reading-alone", "rate"),
            Metric::P50 | Metric::P99 => ("compare-reading-alone-p99", "time"),
            Metric::Cpu => return None,
        };
        Some(self.say_with(id, &[("load", &load), ("model", &model), (name, &figure)]))
    }

    /// The cost of idle connections, if models differ in it.
    fn idle(&self) -> Option<String> {
        let [(least, low), (most, high)] = extremes(self.results)?;
        let bytes = |value| self.names.numbers.fixed(value, 0);
        Some(self.say_with(
            "compare-reading-idle",
            &[
                ("most", &self.names.name(most)),
                ("high", &bytes(high)),
                ("least", &self.names.name(least)),
                ("low", &bytes(low)),
            ],
        ))
    }

    /// Between which rates the models' knees lie, the highest first, and of which models more is
    /// not known.
    fn knees(&self) -> Vec<String> {
        let mut knees: Vec<&Knee> = self.results.knees.iter().collect();
        let rate = |one: &Knee| one.rate.unwrap_or_default();
        knees.sort_by(|a, b| rate(b).total_cmp(&rate(a)));
        let known = knees.iter().filter_map(|one| {
            let bounds = self.names.knee(one)?;
            Some(format!("{} {bounds}", self.names.name(&one.model)))
        });
        let known =
            join(known).map(|rates| self.say_with("compare-reading-knees", &[("rates", &rates)]));
        let unknown = knees.iter().filter_map(|one| {
            let reason = self.names.reason(one.unknown?);
            Some(format!("{} ({reason})", self.names.name(&one.model)))
        });
        let unknown = join(unknown)
            .map(|models| self.say_with("compare-reading-knees-unknown", &[("models", &models)]));
        known.into_iter().chain(unknown).collect()
    }

    /// Loads under which no model is significantly worse than the best, once for all metrics; or
    /// that there are too few rounds to say.
    fn equal(&self) -> Option<String> {
        let rounds = self.results.trials.iter().map(|one| one.round + 1).max()?;
        if (rounds as usize) < ratio::FEWEST {
            return Some(self.say_with("compare-reading-too-few", &[("rounds", &rounds)]));
        }
        let shown = |one: &&Best| {
            let load = self.results.loads.get(one.load);
            one.metric == Metric::Cpu || load.is_some_and(|load| main_metric(load) == one.metric)
        };
        let equal = |one: &&Best| one.worse.is_empty() && !one.tied.is_empty();
        let places = self.summary.best.iter().filter(shown).filter(equal);
        let places = places.map(|one| {
            let metric = self.names.metric(one.metric);
            format!("{metric} ({})", self.load(one.load))
        });
        let places = join(places)?;
        Some(self.say_with("compare-reading-equal", &[("places", &places)]))
    }

    /// The rule for a difference, and how small a difference this run could have detected.
    fn rule(&self) -> Option<String> {
        let matters = |one: &&Ratio| {
            let load = self.results.loads.get(one.load);
            load.is_some_and(|load| main_metric(load) == one.metric)
        };
        let shown = self.summary.ratios.iter().filter(matters);
        let widths = shown.filter_map(|one| Some(one.prediction?.high / one.ratio? - 1.0));
        let width = statistics::median(&widths.collect::<Vec<_>>())?;
        let decimals = usize::from(width < 0.0995);
        let percent = format!("{} %", self.names.numbers.fixed(100.0 * width, decimals));
        Some(self.say_with("compare-reading-rule", &[("percent", &percent)]))
    }

    /// Servers that had two speeds under a load.
    fn two_speeds(&self) -> Vec<String> {
        let cells = self.summary.cells.iter();
        let sentences = cells.filter_map(|cell| {
            let [slow, fast] = cell.modes?;
            let numbers = self.names.numbers;
            let (rate, share) = (|one| numbers.three(one), |one| numbers.percent(one));
            Some(self.say_with(
                "compare-reading-two-speeds",
                &[
                    ("model", &self.names.name(&cell.model)),
                    ("load", &self.load(cell.load)),
                    ("slow", &rate(slow.rate)),
                    ("part", &share(slow.share)),
                    ("fast", &rate(fast.rate)),
                    ("rest", &share(fast.share)),
                ],
            ))
        });
        sentences.collect()
    }

    /// Loads under which the load generator was the limit.
    fn bounds(&self) -> Option<String> {
        let cells = self.summary.cells.iter();
        let bound = cells.filter(|cell| !cell.bounds.is_empty());
        let places = self.places(bound.map(|cell| (&cell.model, cell.load)))?;
        Some(self.say_with("compare-reading-bounds", &[("places", &places)]))
    }

    /// Loads under which questions were lost.
    fn lost(&self) -> Option<String> {
        let lost = |cell: &Cell| cell.losses.lost + cell.losses.refused;
        let cells = self.summary.cells.iter();
        let cells: Vec<&Cell> = cells.filter(|cell| lost(cell) > 0).collect();
        let count: u64 = cells.iter().map(|cell| lost(cell)).sum();
        let replies: u64 = cells.iter().map(|cell| cell.replies).sum();
        let places = self.places(cells.iter().map(|cell| (&cell.model, cell.load)))?;
        let numbers = self.names.numbers;
        let share = numbers.percent(count as f64 / (count + replies) as f64);
        let count = numbers.fixed(count as f64, 0);
        Some(self.say_with(
            "compare-reading-lost",
            &[("count", &count), ("share", &share), ("places", &places)],
        ))
    }

    /// Cells that are invalid, and why.
    fn invalid(&self) -> Vec<String> {
        let mut by_reason = BTreeMap::<_, Vec<(&String, usize)>>::new();
        for cell in &self.summary.cells {
            for reason in &cell.invalid {
                let places = by_reason.entry(*reason).or_default();
                places.push((&cell.model, cell.load));
            }
        }
        let sentence = |(reason, places): (_, Vec<(&String, usize)>)| {
            let (places, reason) = (self.places(places.into_iter())?, self.names.reason(reason));
            Some(self.say_with(
                "compare-reading-invalid",
                &[("places", &places), ("reason", &reason)],
            ))
        };
        by_reason.into_iter().filter_map(sentence).collect()
    }

    /// What does not follow from the figures.
    fn limits(&self) -> Vec<String> {
        // A model named by an address is a server of somebody else, and may be far away.
        let models = self.results.models.iter();
        let mut addresses = models.filter_map(|one| one.parse().ok());
        let far = addresses.any(|one: SocketAddr| !one.ip().is_loopback());
        let mut sentences = vec![if far {
            self.messages.say("compare-reading-limits-network")
        } else {
            self.messages.say("compare-reading-limits")
        }];
        let closed = |load: &Load| matches!(load, Load::Closed { .. });
        if self.results.loads.iter().any(closed) {
            sentences.push(self.messages.say("compare-reading-closed"));
        }
        sentences
    }

    /// Reservations about the figures.
    fn cautions(&self) -> Option<String> {
        let cautions = self.results.environment.cautions.iter();
        let cautions: Vec<String> = cautions.map(|one| self.names.caution(one)).collect();
        let cautions = (!cautions.is_empty()).then(|| cautions.join("; "))?;
        Some(self.say_with("compare-reading-cautions", &[("cautions", &cautions)]))
    }

    fn best(&self, load: usize, metric: Metric) -> Option<&Best> {
        self.summary
            .best
            .iter()
            .find(|one| one.load == load && one.metric == metric)
    }

    fn say_with(&self, id: &str, variables: &[(&str, &dyn Variable)]) -> String {
        self.messages.say_with(id, variables)
    }

    fn load(&self, load: usize) -> String {
        self.names.load_of(self.results, load)
    }

    /// Models with their loads: `mio (1 connection, 10 connections), tokio (10 connections)`.
    /// `None` for no places.
    fn places<'c>(&self, places: impl Iterator<Item = (&'c String, usize)>) -> Option<String> {
        let mut by_model: Vec<(&String, Vec<String>)> = Vec::new();
        for (model, load) in places {
            let load = self.load(load);
            match by_model.iter_mut().find(|(known, _)| *known == model) {
                Some((_, loads)) => loads.push(load),
                None => by_model.push((model, vec![load])),
            }
        }
        let one = |(model, loads): (&String, Vec<String>)| {
            format!("{} ({})", self.names.name(model), loads.join(", "))
        };
        join(by_model.into_iter().map(one))
    }

    fn list<'c>(&self, models: impl Iterator<Item = &'c String>) -> Option<String> {
        join(models.map(|model| self.names.name(model)))
    }
}

/// A list with commas only, which is right in both languages. `None` for an empty list.
fn join(all: impl Iterator<Item = String>) -> Option<String> {
    let all: Vec<String> = all.collect();
    (!all.is_empty()).then(|| all.join(", "))
}

//! What the numbers say, in one paragraph: what may be concluded, and what not.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::names::{Names, telling};
use crate::ratio;
use crate::results::{Load, Results};
use crate::statistics;
use crate::summary::{Best, Cell, Estimate, Metric, Ratio, Summary};
use socklab_text::Messages;

/// The paragraph.
pub fn reading(results: &Results, summary: &Summary, messages: &dyn Messages) -> String {
    let reader = Reader::new(results, summary, messages);
    let mut sentences = reader.sentences();
    sentences.extend(reader.cautions());
    sentences.join(" ")
}

/// Its sentences, without the cautions: a page shows those apart.
pub fn sentences(results: &Results, summary: &Summary, messages: &dyn Messages) -> Vec<String> {
    Reader::new(results, summary, messages).sentences()
}

struct Reader<'t> {
    results: &'t Results,
    summary: &'t Summary,
    messages: &'t dyn Messages,
    names: Names<'t>,
}

impl<'t> Reader<'t> {
    fn new(results: &'t Results, summary: &'t Summary, messages: &'t dyn Messages) -> Self {
        Reader {
            results,
            summary,
            messages,
            names: Names::new(messages),
        }
    }

    /// Differences first, then where there is none, then what was measured, and reservations last.
    fn sentences(&self) -> Vec<String> {
        let mut sentences: Vec<String> = Vec::new();
        sentences.extend(self.refused());
        for load in 0..self.results.loads.len() {
            let metric = self.results.loads.get(load).map(telling);
            sentences.extend(metric.and_then(|metric| self.difference(load, metric)));
        }
        for load in 0..self.results.loads.len() {
            sentences.extend(self.difference(load, Metric::Cpu));
        }
        sentences.extend(self.idle());
        sentences.extend(self.knees());
        sentences.extend(self.equal());
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
        let models = self.list(self.summary_models());
        let rounds = self.results.trials.iter().map(|one| one.round + 1).max();
        let rounds = rounds.unwrap_or(0);
        let exercise = &self.results.exercise;
        self.messages.say_with(
            "compare-reading-what",
            &[
                ("exercise", exercise),
                ("models", &models),
                ("rounds", &rounds),
            ],
        )
    }

    /// Which models were not timed, for they do not do what the exercise asks.
    fn refused(&self) -> Option<String> {
        let proofs = self.results.proofs.iter().filter(|proof| !proof.same);
        let models = self.some_list(proofs.map(|proof| &proof.model))?;
        Some(
            self.messages
                .say_with("compare-reading-refused", &[("models", &models)]),
        )
    }

    /// Which model does best under a load by a metric, and which are worse by how much; nothing if
    /// none is surely worse.
    fn difference(&self, load: usize, metric: Metric) -> Option<String> {
        let best = self.best(load, metric)?;
        let cell = self.summary.cell(&best.model, load)?;
        let figure = self.names.figure(metric, cell.figure(metric)?.value);
        let measured = self.summary.cells.iter().filter(|cell| cell.load == load);
        if measured
            .filter(|cell| cell.figure(metric).is_some())
            .count()
            < 2
        {
            return self.alone(load, metric, &figure);
        }
        if best.worse.is_empty() {
            return None;
        }
        let number = |value| self.names.numbers.ratio(value);
        let worse = best.worse.iter().map(|one| {
            self.messages.say_with(
                "compare-reading-times",
                &[
                    ("model", &self.names.name(&one.model)),
                    ("ratio", &number(one.ratio)),
                    ("low", &number(one.interval.low)),
                    ("high", &number(one.interval.high)),
                ],
            )
        });
        let others = self.join(worse);
        let id = match metric {
            Metric::Rate => "compare-reading-differ-rate",
            Metric::P50 | Metric::P99 => "compare-reading-differ-p99",
            Metric::Cpu => "compare-reading-differ-cpu",
        };
        let models = self.list([&best.model].into_iter().chain(&best.tied));
        Some(self.messages.say_with(
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

    /// The figure of the only one that was measured.
    fn alone(&self, load: usize, metric: Metric, figure: &str) -> Option<String> {
        let best = self.best(load, metric)?;
        let (load, model) = (self.load(load), self.names.name(&best.model));
        let (id, name) = match metric {
            Metric::Rate => ("compare-reading-alone", "rate"),
            Metric::P50 | Metric::P99 => ("compare-reading-alone-p99", "time"),
            Metric::Cpu => return None,
        };
        Some(
            self.messages
                .say_with(id, &[("load", &load), ("model", &model), (name, &figure)]),
        )
    }

    /// What idle connections cost, if models differ by more than their intervals.
    fn idle(&self) -> Option<String> {
        let costs = self.summary.idle.iter();
        let known = costs.filter_map(|one| Some((&one.model, one.bytes?)));
        let order = |a: &(_, Estimate), b: &(_, Estimate)| a.1.value.total_cmp(&b.1.value);
        let (least, most) = (known.clone().min_by(order)?, known.max_by(order)?);
        let apart = least.1.interval?.high < most.1.interval?.low;
        let bytes = |one: Estimate| self.names.numbers.fixed(one.value, 0);
        apart.then(|| {
            self.messages.say_with(
                "compare-reading-idle",
                &[
                    ("most", &self.names.name(most.0)),
                    ("high", &bytes(most.1)),
                    ("least", &self.names.name(least.0)),
                    ("low", &bytes(least.1)),
                ],
            )
        })
    }

    /// The highest rates that were kept up, the highest first.
    fn knees(&self) -> Option<String> {
        let known = self.results.knees.iter();
        let mut known: Vec<(f64, &String)> = known
            .filter_map(|one| Some((one.rate?, &one.model)))
            .collect();
        known.sort_by(|a, b| b.0.total_cmp(&a.0));
        let rates = known.iter().map(|(rate, model)| {
            format!(
                "{} {}/s",
                self.names.name(model),
                self.names.numbers.three(*rate)
            )
        });
        let rates = self.join(rates);
        (!rates.is_empty()).then(|| {
            self.messages
                .say_with("compare-reading-knees", &[("rates", &rates)])
        })
    }

    /// Where no model is surely worse than the best, once for all metrics; or that there are too
    /// few rounds to say.
    fn equal(&self) -> Option<String> {
        let rounds = self.results.trials.iter().map(|one| one.round + 1).max()?;
        if (rounds as usize) < ratio::FEWEST {
            return Some(
                self.messages
                    .say_with("compare-reading-too-few", &[("rounds", &rounds)]),
            );
        }
        let shown = |one: &&Best| {
            let load = self.results.loads.get(one.load);
            one.metric == Metric::Cpu || load.is_some_and(|load| telling(load) == one.metric)
        };
        let equal = |one: &&Best| one.worse.is_empty() && !one.tied.is_empty();
        let places = self.summary.best.iter().filter(shown).filter(equal);
        let places = places.map(|one| {
            let metric = self.names.metric(one.metric);
            format!("{metric} ({})", self.load(one.load))
        });
        let places = self.join(places);
        (!places.is_empty()).then(|| {
            self.messages
                .say_with("compare-reading-equal", &[("places", &places)])
        })
    }

    /// When a difference is called one, and how small a difference could have been seen.
    fn rule(&self) -> Option<String> {
        let matters = |one: &&Ratio| {
            let load = self.results.loads.get(one.load);
            load.is_some_and(|load| telling(load) == one.metric)
        };
        let shown = self.summary.ratios.iter().filter(matters);
        let widths = shown.filter_map(|one| Some(one.prediction?.high / one.ratio? - 1.0));
        let width = statistics::median(&widths.collect::<Vec<_>>())?;
        let decimals = usize::from(width < 0.0995);
        let percent = format!("{} %", self.names.numbers.fixed(100.0 * width, decimals));
        Some(
            self.messages
                .say_with("compare-reading-rule", &[("percent", &percent)]),
        )
    }

    /// Where the generator was the limit.
    fn bounds(&self) -> Option<String> {
        let bound = self
            .summary
            .cells
            .iter()
            .filter(|cell| !cell.bounds.is_empty());
        let places = self.places(bound.map(|cell| (&cell.model, cell.load)))?;
        Some(
            self.messages
                .say_with("compare-reading-bounds", &[("places", &places)]),
        )
    }

    /// Where questions were not answered.
    fn lost(&self) -> Option<String> {
        let lost = |cell: &&Cell| cell.losses.lost + cell.losses.refused > 0;
        let cells: Vec<&Cell> = self.summary.cells.iter().filter(lost).collect();
        let count: u64 = cells
            .iter()
            .map(|cell| cell.losses.lost + cell.losses.refused)
            .sum();
        let replies: u64 = cells.iter().map(|cell| cell.replies).sum();
        let places = self.places(cells.iter().map(|cell| (&cell.model, cell.load)))?;
        let share = self
            .names
            .numbers
            .percent(count as f64 / (count + replies) as f64);
        let count = self.names.numbers.fixed(count as f64, 0);
        Some(self.messages.say_with(
            "compare-reading-lost",
            &[("count", &count), ("share", &share), ("places", &places)],
        ))
    }

    /// Which cells must not be believed, and why.
    fn invalid(&self) -> Vec<String> {
        let mut by_reason = BTreeMap::<_, Vec<(&String, usize)>>::new();
        for cell in &self.summary.cells {
            for reason in &cell.invalid {
                by_reason
                    .entry(*reason)
                    .or_default()
                    .push((&cell.model, cell.load));
            }
        }
        let sentence = |(reason, places): (_, Vec<(&String, usize)>)| {
            let (places, reason) = (self.places(places.into_iter())?, self.names.reason(reason));
            Some(self.messages.say_with(
                "compare-reading-invalid",
                &[("places", &places), ("reason", &reason)],
            ))
        };
        by_reason.into_iter().filter_map(sentence).collect()
    }

    /// What an honest reader does not conclude.
    fn limits(&self) -> Vec<String> {
        // A model that is an address is somebody else's server, and may be far away.
        let mut addresses = self
            .results
            .models
            .iter()
            .filter_map(|one| one.parse().ok());
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

    /// What makes the figures less than they could be.
    fn cautions(&self) -> Option<String> {
        let cautions = self.results.environment.cautions.iter();
        let cautions = cautions
            .map(|one| self.names.caution(one))
            .collect::<Vec<_>>();
        let said = cautions.join("; ");
        (!cautions.is_empty()).then(|| {
            self.messages
                .say_with("compare-reading-cautions", &[("cautions", &said)])
        })
    }

    fn best(&self, load: usize, metric: Metric) -> Option<&Best> {
        self.summary
            .best
            .iter()
            .find(|one| one.load == load && one.metric == metric)
    }

    /// The models that have cells.
    fn summary_models(&self) -> impl Iterator<Item = &String> {
        let timed = |model: &&String| self.summary.cells.iter().any(|cell| &cell.model == *model);
        self.results.models.iter().filter(timed)
    }

    fn load(&self, load: usize) -> String {
        self.names.load_of(self.results, load)
    }

    /// Models with their loads: `mio (1 connection, 10 connections), tokio (10 connections)`.
    /// Nothing of none.
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
        (!by_model.is_empty()).then(|| self.join(by_model.into_iter().map(one)))
    }

    fn list<'c>(&self, models: impl Iterator<Item = &'c String>) -> String {
        self.join(models.map(|model| self.names.name(model)))
    }

    fn some_list<'c>(&self, models: impl Iterator<Item = &'c String>) -> Option<String> {
        let list = self.list(models);
        (!list.is_empty()).then_some(list)
    }

    /// A list is set apart by commas alone, which is right in both languages.
    fn join(&self, all: impl Iterator<Item = String>) -> String {
        all.collect::<Vec<_>>().join(", ")
    }
}

//! What the numbers say, in one paragraph: what may be concluded, and what not.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::results::{Load, Results};
use crate::statistics;
use crate::summary::{Best, Cell, Estimate, Metric, Ratio, Summary, Verdict};
use crate::words::{Names, telling};
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

    fn sentences(&self) -> Vec<String> {
        let mut sentences = vec![self.what()];
        sentences.extend(self.refused());
        sentences.extend((0..self.results.loads.len()).filter_map(|load| self.fastest(load)));
        sentences.extend(self.cheapest());
        sentences.extend(self.equal());
        sentences.extend(self.lost());
        sentences.extend(self.invalid());
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

    /// Which model does best under a load, and by how much.
    fn fastest(&self, load: usize) -> Option<String> {
        let metric = telling(self.results.loads.get(load)?);
        let best = self.best(load, metric)?;
        let cell = self.summary.cell(&best.model, load)?;
        let figure = self.names.figure(metric, metric.of(cell)?.value);
        let (load_name, model) = (self.load(load), self.names.name(&best.model));
        let measured = self.summary.cells.iter().filter(|cell| cell.load == load);
        if measured.filter(|cell| metric.of(cell).is_some()).count() < 2 {
            return Some(match metric {
                Metric::Rate => self.messages.say_with(
                    "compare-reading-alone",
                    &[("load", &load_name), ("model", &model), ("rate", &figure)],
                ),
                _ => self.messages.say_with(
                    "compare-reading-alone-p99",
                    &[("load", &load_name), ("model", &model), ("time", &figure)],
                ),
            });
        }
        let said = if best.tied.is_empty() {
            match metric {
                Metric::Rate => self.messages.say_with(
                    "compare-reading-fastest",
                    &[("load", &load_name), ("model", &model), ("rate", &figure)],
                ),
                _ => self.messages.say_with(
                    "compare-reading-shortest",
                    &[("load", &load_name), ("model", &model), ("time", &figure)],
                ),
            }
        } else {
            let models = self.list([&best.model].into_iter().chain(&best.tied));
            match metric {
                Metric::Rate => self.messages.say_with(
                    "compare-reading-fastest-tied",
                    &[
                        ("load", &load_name),
                        ("models", &models),
                        ("model", &model),
                        ("rate", &figure),
                    ],
                ),
                _ => self.messages.say_with(
                    "compare-reading-shortest-tied",
                    &[
                        ("load", &load_name),
                        ("models", &models),
                        ("model", &model),
                        ("time", &figure),
                    ],
                ),
            }
        };
        Some(format!("{said}{}.", self.against_baseline(best)))
    }

    /// By how much the best differs from the baseline, or the next from it if it is the baseline; nothing if it cannot be
    /// told apart.
    fn against_baseline(&self, best: &Best) -> String {
        let number = |value| self.names.numbers.ratio(value);
        let told = |one: &&Ratio| matches!(one.verdict, Verdict::Higher | Verdict::Lower);
        let is_baseline = best.model == self.results.baseline;
        let found = match is_baseline {
            false => self.summary.ratio(&best.model, best.load, best.metric),
            true => self.next(best),
        };
        let values = found.filter(told);
        let values = values.and_then(|one| Some((&one.model, one.ratio?, one.interval?)));
        let Some((model, ratio, interval)) = values else {
            return String::new();
        };
        let (ratio, low, high) = (number(ratio), number(interval.low), number(interval.high));
        let said = if is_baseline {
            let model = self.names.name(model);
            self.messages.say_with(
                "compare-reading-next",
                &[
                    ("model", &model),
                    ("ratio", &ratio),
                    ("low", &low),
                    ("high", &high),
                ],
            )
        } else {
            let baseline = self.names.name(&self.results.baseline);
            self.messages.say_with(
                "compare-reading-ratio",
                &[
                    ("ratio", &ratio),
                    ("baseline", &baseline),
                    ("low", &low),
                    ("high", &high),
                ],
            )
        };
        format!(", {said}")
    }

    /// The model that comes next after a baseline that none is as good as.
    fn next(&self, best: &Best) -> Option<&Ratio> {
        let here = |one: &&Ratio| one.load == best.load && one.metric == best.metric;
        let ratios = self.summary.ratios.iter().filter(here);
        let ratios = ratios.filter_map(|one| Some((one.ratio?, one)));
        let order = |a: &(f64, &Ratio), b: &(f64, &Ratio)| a.0.total_cmp(&b.0);
        let next = match best.metric {
            Metric::Rate => ratios.max_by(order),
            Metric::P50 | Metric::P99 | Metric::Cpu => ratios.min_by(order),
        };
        best.tied.is_empty().then_some(next?.1)
    }

    /// Which model uses the least CPU for each reply: one sentence for all loads where it is the same.
    fn cheapest(&self) -> Vec<String> {
        let mut groups: Vec<(Vec<&String>, Vec<&Cell>)> = Vec::new();
        for load in 0..self.results.loads.len() {
            let Some(best) = self.best(load, Metric::Cpu) else {
                continue;
            };
            let Some(cell) = self.summary.cell(&best.model, load) else {
                continue;
            };
            let mut models: Vec<&String> = [&best.model].into_iter().chain(&best.tied).collect();
            models.sort_by_key(|model| self.results.models.iter().position(|one| one == *model));
            match groups.iter_mut().find(|(known, _)| *known == models) {
                Some((_, cells)) => cells.push(cell),
                None => groups.push((models, vec![cell])),
            }
        }
        let several = self.summary_models().count() > 1;
        groups.retain(|_| several);
        let sentence = |(models, cells): (Vec<&String>, Vec<&Cell>)| {
            let values = || {
                cells
                    .iter()
                    .filter_map(|cell| cell.cpu)
                    .map(|one: Estimate| one.value)
            };
            let (low, high) = (
                values().fold(f64::INFINITY, f64::min),
                values().fold(0.0, f64::max),
            );
            let (low, high) = (self.names.numbers.time(low), self.names.numbers.time(high));
            let cpu = if low == high {
                low
            } else {
                format!("{low} – {high}")
            };
            let loads = self.join(cells.iter().map(|cell| self.load(cell.load)));
            let tied = models.len() > 1;
            let models = self.list(models.into_iter());
            if tied {
                self.messages.say_with(
                    "compare-reading-cheapest-tied",
                    &[("models", &models), ("loads", &loads), ("cpu", &cpu)],
                )
            } else {
                self.messages.say_with(
                    "compare-reading-cheapest",
                    &[("model", &models), ("loads", &loads), ("cpu", &cpu)],
                )
            }
        };
        groups.into_iter().map(sentence).collect()
    }

    /// Which models cannot be told apart from the baseline by what matters under each load, and how small a difference could
    /// have been seen.
    fn equal(&self) -> Vec<String> {
        let matters = |one: &&Ratio| {
            let load = self.results.loads.get(one.load);
            load.is_some_and(|load| telling(load) == one.metric)
        };
        let shown: Vec<&Ratio> = self.summary.ratios.iter().filter(matters).collect();
        let mut sentences = Vec::new();
        let baseline = self.names.name(&self.results.baseline);
        let of = |verdict: Verdict| {
            let these = shown
                .iter()
                .filter(move |one| one.verdict == verdict && one.pairs > 0);
            self.places(these.map(|one| (&one.model, one.load)))
        };
        if let Some(places) = of(Verdict::NoDetectableDifference) {
            sentences.push(self.messages.say_with(
                "compare-reading-equal",
                &[("baseline", &baseline), ("places", &places)],
            ));
        }
        if let Some(places) = of(Verdict::TooFew) {
            sentences.push(
                self.messages
                    .say_with("compare-reading-too-few", &[("places", &places)]),
            );
        }
        let widths = shown
            .iter()
            .filter_map(|one| Some(one.prediction?.high / one.ratio? - 1.0));
        if let Some(width) = statistics::median(&widths.collect::<Vec<_>>()) {
            let percent = format!("{} %", self.names.numbers.fixed(100.0 * width, 0));
            sentences.push(
                self.messages
                    .say_with("compare-reading-resolution", &[("percent", &percent)]),
            );
        }
        sentences
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

    /// Models with their loads: `mio (1 connection, 10 connections), tokio (10 connections)`. Nothing of none.
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

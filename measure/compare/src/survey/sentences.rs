//! Summarises a survey in one headline and one sentence for each question. Differences come first.

use super::contestants::{POLLS, failure};
use super::matrix::{Column, Matrix, SurveyMetric};
use super::waits::{WAITED, may_wait, spared, waits};
use super::{Absent, AbsentReason, Question, QuestionResults, Survey};
use crate::names::Names;
use crate::results::{ServerUsage, Trial};
use crate::statistics;
use crate::survey::figures::{shown, times};
use socklab_text::{Messages, Variable};

/// How many names a list has. Of a longer list, the rest are only counted.
const NAMED: usize = 3;

/// Puts a survey into words.
#[derive(Clone, Copy)]
pub struct SurveyText<'s> {
    survey: &'s Survey,
    pub(super) matrix: &'s Matrix,
    pub(super) messages: &'s dyn Messages,
}

impl<'s> SurveyText<'s> {
    /// The text of a survey and its matrix.
    pub fn new(survey: &'s Survey, matrix: &'s Matrix, messages: &'s dyn Messages) -> Self {
        SurveyText {
            survey,
            matrix,
            messages,
        }
    }

    /// One sentence for each question, numbered as in the table.
    pub fn sentences(self) -> Vec<String> {
        let results = self.survey.questions.iter().enumerate();
        let sentences = results.map(|(at, results)| {
            let sentence = match results.question {
                Question::OneClient => self.one_client(results),
                Question::HundredBusy | Question::ShortVisits => self.cost(results),
                Question::SlowClient | Question::SlowRequest => self.waiting(results),
                Question::Silent => self.silent(results),
            };
            format!("{} {sentence}", at + 1)
        });
        sentences.collect()
    }

    /// Which servers suit which purpose: the purpose's name, and a list of the servers.
    pub fn choices(self) -> Vec<(&'static str, String)> {
        let column = |question, measure| self.matrix.column(question, measure);
        let silent = column(Question::Silent, SurveyMetric::Bytes);
        let one = column(Question::OneClient, SurveyMetric::P50);
        let short = column(Question::ShortVisits, SurveyMetric::Cpu);
        let blocking = column(Question::SlowRequest, SurveyMetric::P99);
        let choices = [
            ("silent", silent, silent.map(|column| self.cheap(column))),
            ("one", one, one.map(Column::best)),
            ("short", short, short.map(Column::best)),
            ("blocking", blocking, blocking.map(spared)),
        ];
        let named = |(id, column, places): (_, Option<&Column>, Option<Vec<usize>>)| {
            let places = places.filter(|places| !places.is_empty())?;
            let names = if column.is_some_and(|column| any_unsure(column, &places)) {
                self.messages.say("survey-choice-unsure")
            } else if places.len() == self.matrix.contestants.len() {
                self.messages.say("survey-choice-any")
            } else {
                self.list(&places)
            };
            Some((id, names))
        };
        choices.into_iter().filter_map(named).collect()
    }

    /// Whether a contestant stopped, answered wrongly or failed.
    pub fn failed(self) -> bool {
        self.absent().any(|one| match one.why {
            AbsentReason::Stopped { .. }
            | AbsentReason::Differs { .. }
            | AbsentReason::Failed(_) => true,
            AbsentReason::Serves(_) | AbsentReason::NotSlow => false,
        })
    }

    /// One sentence for each contestant that failed, with its last message.
    pub fn failures(self) -> Vec<String> {
        let mut sentences = Vec::new();
        for absent in self.absent() {
            let sentence = failure(&absent.model, &absent.why, self.messages);
            sentences.extend(sentence.filter(|one| !sentences.contains(one)));
        }
        sentences
    }

    /// All contestants without a figure, over all questions.
    fn absent(self) -> impl Iterator<Item = &'s Absent> {
        let questions = self.survey.questions.iter();
        questions.flat_map(|results| &results.absent)
    }

    /// The sentence on how long a reply takes.
    fn one_client(self, results: &QuestionResults) -> String {
        let Some(column) = self.matrix.column(results.question, SurveyMetric::P50) else {
            return String::new();
        };
        let mut sentence = self.differ(results, column);
        let polls = |at: &usize| {
            let used = self.survey.idle_use.get(&self.matrix.contestants[*at]);
            used.is_some_and(|used| *used >= POLLS)
        };
        let polling: Vec<usize> = (0..column.cells.len()).filter(polls).collect();
        if !polling.is_empty() {
            sentence.push(' ');
            sentence.push_str(&self.say_with(
                "survey-polls",
                &[("models", &self.list(&polling)), ("count", &polling.len())],
            ));
        }
        sentence
    }

    /// The sentence on what a reply costs, and why, if the counters show it.
    fn cost(self, results: &QuestionResults) -> String {
        let Some(column) = self.matrix.column(results.question, SurveyMetric::Cpu) else {
            return String::new();
        };
        let mut sentence = self.differ(results, column);
        let (best, worst) = (column.best(), column.worse());
        let pair = best.first().copied().zip(worst.first().map(|one| one.0));
        if let Some(why) = pair.and_then(|(best, worst)| self.why(results, best, worst)) {
            sentence.push(' ');
            sentence.push_str(&why);
        }
        sentence
    }

    /// The sentence on which servers make other clients wait.
    fn waiting(self, results: &QuestionResults) -> String {
        let Some(column) = self.matrix.column(results.question, SurveyMetric::P99) else {
            return String::new();
        };
        let name = results.question.name();
        let (Some(least), Some(most)) = (column.least(), column.most()) else {
            return self.messages.say("survey-no-figures");
        };
        if least >= WAITED {
            let shown = |figure| shown(column.measure, figure, self.messages);
            return self.say_with(
                &format!("survey-{name}-everybody"),
                &[("least", &shown(least)), ("most", &shown(most))],
            );
        }
        let (waits, spared, unsure) = (waits(column), spared(column), may_wait(column));
        let Some(first) = waits.first() else {
            if most >= WAITED || !unsure.is_empty() {
                return self.unsure(results);
            }
            return self.messages.say(&format!("survey-{name}-nobody"));
        };
        let value = self.figure(column, *first);
        // Name the shorter list.
        let form = match waits.len() > spared.len() && !spared.is_empty() {
            _ if !unsure.is_empty() => "unsure",
            true => "spares",
            false => "waits",
        };
        self.say_with(
            &format!("survey-{name}-{form}"),
            &[
                ("models", &self.list(&waits)),
                ("count", &waits.len()),
                ("value", &value),
                ("spared", &self.list(&spared)),
                ("unsure", &self.list(&unsure)),
            ],
        )
    }

    /// The sentence on what silent connections cost, in memory and for an active client beside
    /// them.
    fn silent(self, results: &QuestionResults) -> String {
        let mut sentence = String::new();
        if let Some(column) = self.matrix.column(results.question, SurveyMetric::Bytes) {
            sentence = self.differ(results, column);
        }
        if let Some(column) = self.matrix.column(results.question, SurveyMetric::Cpu)
            && let [(worst, ratio), ..] = column.worse()[..]
            && ratio >= 1.5
        {
            let worse = column.worse().into_iter();
            let most = worse.filter(|(_, times)| times * 2.0 > ratio);
            let most: Vec<usize> = most.map(|(at, _)| at).collect();
            let least = column.least().unwrap_or_default();
            sentence.push(' ');
            sentence.push_str(&self.say_with(
                "survey-silent-talker",
                &[
                    ("models", &self.list(&most)),
                    ("value", &self.figure(column, worst)),
                    ("least", &shown(SurveyMetric::Cpu, least, self.messages)),
                ],
            ));
        }
        sentence
    }

    /// Names the best and the worst contestant, or says that there is no difference.
    fn differ(self, results: &QuestionResults, column: &Column) -> String {
        let name = results.question.name();
        let (Some(least), Some(most)) = (column.least(), column.most()) else {
            return self.messages.say("survey-no-figures");
        };
        let (best, worse) = (column.best(), column.worse());
        let least_shown = shown(column.measure, least, self.messages);
        let Some((worst, ratio)) = worse.first().copied() else {
            if column.is_unsure() {
                return self.unsure(results);
            }
            let most = shown(column.measure, most, self.messages);
            return self.say_with(
                &format!("survey-{name}-equal"),
                &[("least", &least_shown), ("most", &most)],
            );
        };
        let mut value = self.figure(column, worst);
        let mut worst_name = self.name(worst);
        // If all others are worse by about the same ratio, name them together.
        if let [_, .., (_, least_worse)] = worse[..]
            && best.len() + worse.len() == column.figures().count()
            && ratio < 1.25 * least_worse
        {
            worst_name = self.messages.say("survey-the-others");
            // In the order of the figures, which need not be that of the ratios.
            let mut figures: Vec<f64> = (worse.iter())
                .filter_map(|(at, _)| column.cells[*at].figure())
                .collect();
            figures.sort_by(f64::total_cmp);
            let ends =
                [figures.first(), figures.last()].map(|end| end.copied().unwrap_or_default());
            let [low, high] = ends.map(|end| shown(column.measure, end, self.messages));
            value = match low == high {
                true => low,
                false => self.say_with("survey-from-to", &[("low", &low), ("high", &high)]),
            };
        }
        self.say_with(
            &format!("survey-{name}-differ"),
            &[
                ("best", &self.list(&best)),
                ("count", &best.len()),
                ("least", &least_shown),
                ("worst", &worst_name),
                ("value", &value),
                ("times", &times(ratio, self.messages)),
            ],
        )
    }

    /// Says that there may be a difference, but none is significant.
    fn unsure(self, results: &QuestionResults) -> String {
        let name = results.question.name();
        let question = self.messages.say(&format!("survey-name-{name}"));
        self.say_with("survey-not-sure", &[("question", &question)])
    }

    /// Explains the difference between two contestants, if the counters do: by context switches, or
    /// by calls of the driver.
    fn why(self, results: &QuestionResults, best: usize, worst: usize) -> Option<String> {
        let [best, worst] = [best, worst].map(|at| &self.matrix.contestants[at]);
        let median = |model: &String, count: fn(&Trial) -> Option<f64>| {
            let trials = results.trials.iter().filter(|one| one.model == *model);
            let counts: Vec<f64> = trials.filter_map(count).collect();
            statistics::median(&counts)
        };
        let say = |id: &str, more: f64, less: f64| {
            let names = Names::new(self.messages);
            self.say_with(
                id,
                &[
                    ("model", &names.name(worst)),
                    ("best", &names.name(best)),
                    ("more", &names.numbers.fixed(more, 1)),
                    ("less", &names.numbers.fixed(less, 1)),
                ],
            )
        };
        let differ = |id: &str, count: fn(&Trial) -> Option<f64>| {
            let (less, more) = (median(best, count)?, median(worst, count)?);
            // The counts must also differ as shown, with one decimal.
            (more > 1.2 * less && more - less >= 0.5).then(|| say(id, more, less))
        };
        differ("survey-why-switches", switches).or_else(|| differ("survey-why-calls", calls))
    }

    /// The contestants with the least memory for silent connections that also do not scan all
    /// connections for each reply.
    pub(super) fn cheap(self, bytes: &Column) -> Vec<usize> {
        let talker = self.matrix.column(Question::Silent, SurveyMetric::Cpu);
        let cheap = |at: &usize| {
            let worse = talker.and_then(|column| column.cells[*at].worse());
            worse.is_none_or(|times| times < 2.0)
        };
        bytes.best().into_iter().filter(cheap).collect()
    }

    pub(super) fn say_with(self, id: &str, variables: &[(&str, &dyn Variable)]) -> String {
        self.messages.say_with(id, variables)
    }

    /// The figure of a contestant in a column, as text.
    fn figure(self, column: &Column, at: usize) -> String {
        let figure = column.cells[at].figure().unwrap_or_default();
        shown(column.measure, figure, self.messages)
    }

    fn name(self, at: usize) -> String {
        Names::new(self.messages).name(&self.matrix.contestants[at])
    }

    /// Lists some names, and says how many more there are.
    pub(super) fn list(self, places: &[usize]) -> String {
        let named = match places.len() {
            few if few <= NAMED + 1 => few,
            _ => NAMED,
        };
        let names: Vec<String> = places[..named].iter().map(|at| self.name(*at)).collect();
        let list = names.join(", ");
        match places.len() - named {
            0 => list,
            more => self.say_with("survey-and-more", &[("list", &list), ("more", &more)]),
        }
    }
}

/// Whether one of these contestants looks worse without a significant difference.
fn any_unsure(column: &Column, places: &[usize]) -> bool {
    places.iter().any(|at| column.cells[*at].is_unsure())
}

/// Context switches for each reply.
fn switches(trial: &Trial) -> Option<f64> {
    trial.per_reply(|server| (server.voluntary + server.involuntary) as f64)
}

/// Calls of the driver for each reply.
fn calls(trial: &Trial) -> Option<f64> {
    let all =
        |server: &ServerUsage| -> u64 { server.operations.values().map(|one| one.calls).sum() };
    trial
        .per_reply(|server| all(server) as f64)
        .filter(|calls| *calls > 0.0)
}

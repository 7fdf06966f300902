//! One headline, and one sentence for each question: differences first.

use super::contestants::{POLLS, failure};
use super::matrix::{Column, Matrix, Measure};
use super::{Asked, Question, Survey, Why};
use crate::names::Names;
use crate::results::Trial;
use crate::statistics;
use crate::survey::figures::{shown, times};
use socklab_text::Messages;

/// How many names a list has; of more, the others are counted.
const NAMED: usize = 3;

/// From how many times on others are said to wait: less is the noise of a scheduler.
const WAITS: f64 = 5.0;

/// What the survey says, in the language of some messages.
#[derive(Clone, Copy)]
pub struct Reader<'s> {
    survey: &'s Survey,
    matrix: &'s Matrix,
    messages: &'s dyn Messages,
}

impl<'s> Reader<'s> {
    /// Of a survey and its matrix.
    pub fn new(survey: &'s Survey, matrix: &'s Matrix, messages: &'s dyn Messages) -> Self {
        Reader {
            survey,
            matrix,
            messages,
        }
    }

    /// What is different, in one sentence.
    pub fn headline(self) -> String {
        let columns = &self.matrix.columns;
        let everywhere = |at: &usize| {
            let cell = |column: &Column| column.cells[*at].is_best();
            columns.iter().all(cell)
        };
        let all: Vec<usize> = (0..self.matrix.contestants.len()).collect();
        let winners: Vec<usize> = all.iter().copied().filter(everywhere).collect();
        if winners.len() == all.len() {
            return self.messages.say("survey-headline-equal");
        }
        if !winners.is_empty() {
            let names = self.list(&winners);
            return self.messages.say_with(
                "survey-headline-winner",
                &[("models", &names), ("count", &winners.len())],
            );
        }
        let cheap = self.matrix.column(Question::Silent, Measure::Bytes);
        let patient = self.matrix.column(Question::SlowRequest, Measure::P99);
        let sides = cheap.zip(patient).and_then(|(cheap, patient)| {
            let stopped = self.waits(patient);
            let survive: Vec<usize> = patient.best();
            // Those that are cheap there and stop here.
            let cheap = self.cheap(cheap);
            let both = cheap.iter().any(|at| survive.contains(at));
            (!stopped.is_empty() && !survive.is_empty() && !cheap.is_empty() && !both)
                .then(|| (self.list(&cheap), cheap.len(), self.list(&survive)))
        });
        match sides {
            Some((cheap, count, survive)) => self.messages.say_with(
                "survey-headline-sides",
                &[("cheap", &cheap), ("count", &count), ("survive", &survive)],
            ),
            None => self.messages.say("survey-headline-none"),
        }
    }

    /// One sentence for each question, numbered as in the table.
    pub fn sentences(self) -> Vec<String> {
        let asked = self.survey.questions.iter().enumerate();
        let sentences = asked.map(|(at, asked)| {
            let sentence = match asked.question {
                Question::OneClient => self.one_client(asked),
                Question::HundredBusy | Question::ShortVisits => self.cost(asked),
                Question::SlowClient | Question::SlowRequest => self.waiting(asked),
                Question::Silent => self.silent(asked),
            };
            format!("{} {sentence}", at + 1)
        });
        sentences.collect()
    }

    /// Which servers for what: the name of each purpose, and those that are best for it.
    pub fn choices(self) -> Vec<(&'static str, String)> {
        let column = |question, measure| self.matrix.column(question, measure);
        let bytes = column(Question::Silent, Measure::Bytes);
        let silent = bytes.map(|column| self.cheap(column));
        let request = column(Question::SlowRequest, Measure::P99);
        let patient = request.map(|column| {
            let waits = self.waits(column);
            let spared = |at: &usize| column.cells[*at].figure().is_some() && !waits.contains(at);
            (0..column.cells.len()).filter(spared).collect()
        });
        let best = |question, measure| column(question, measure).map(Column::best);
        let choices = [
            ("silent", silent),
            ("one", best(Question::OneClient, Measure::P50)),
            ("short", best(Question::ShortVisits, Measure::Cpu)),
            ("blocking", patient),
        ];
        let named = |(id, places): (&'static str, Option<Vec<usize>>)| {
            let places = places.filter(|places| !places.is_empty())?;
            let all = places.len() == self.matrix.contestants.len();
            let names = match all {
                true => self.messages.say("survey-choice-any"),
                false => self.list(&places),
            };
            Some((id, names))
        };
        choices.into_iter().filter_map(named).collect()
    }

    /// Whether a contestant did not do what was asked of it.
    pub fn failed(self) -> bool {
        let absent = self.survey.questions.iter().flat_map(|asked| &asked.absent);
        let failed = |why: &Why| {
            matches!(
                why,
                Why::Stopped { .. } | Why::Differs { .. } | Why::Failed(_)
            )
        };
        absent.clone().any(|one| failed(&one.why))
    }

    /// Contestants that have no figures at all for something that they did, with what they said
    /// last.
    pub fn failures(self) -> Vec<String> {
        let mut said = Vec::new();
        for asked in &self.survey.questions {
            for absent in &asked.absent {
                let Some(sentence) = failure(&absent.model, &absent.why, self.messages) else {
                    continue;
                };
                if !said.contains(&sentence) {
                    said.push(sentence);
                }
            }
        }
        said
    }

    /// How long a reply takes.
    fn one_client(self, asked: &Asked) -> String {
        let Some(column) = self.matrix.column(asked.question, Measure::P50) else {
            return String::new();
        };
        let mut sentence = self.differ(asked, column);
        let polls = |at: &usize| {
            let used = self.survey.idle_use.get(&self.matrix.contestants[*at]);
            used.is_some_and(|used| *used >= POLLS)
        };
        let polling: Vec<usize> = (0..column.cells.len()).filter(polls).collect();
        if !polling.is_empty() {
            sentence.push(' ');
            sentence.push_str(&self.messages.say_with(
                "survey-polls",
                &[("models", &self.list(&polling)), ("count", &polling.len())],
            ));
        }
        sentence
    }

    /// What a reply costs, and why where the counters show it.
    fn cost(self, asked: &Asked) -> String {
        let Some(column) = self.matrix.column(asked.question, Measure::Cpu) else {
            return String::new();
        };
        let mut sentence = self.differ(asked, column);
        let (best, worst) = (column.best(), column.worse());
        let pair = best.first().copied().zip(worst.first().map(|one| one.0));
        if let Some(why) = pair.and_then(|(best, worst)| self.why(asked, best, worst)) {
            sentence.push(' ');
            sentence.push_str(&why);
        }
        sentence
    }

    /// For whom the others wait.
    fn waiting(self, asked: &Asked) -> String {
        let Some(column) = self.matrix.column(asked.question, Measure::P99) else {
            return String::new();
        };
        let name = asked.question.name();
        let waits = self.waits(column);
        if column.least().is_none() {
            return self.messages.say("survey-no-figures");
        }
        let Some(first) = waits.first() else {
            let far = column.cells.iter().filter_map(super::Cell::figure);
            let far = far.fold(0.0, f64::max) / column.least().unwrap_or(1.0);
            if column.is_unsure() && far >= WAITS {
                return self.unsure(asked);
            }
            return self.messages.say(&format!("survey-{name}-nobody"));
        };
        let figure = column.cells[*first].figure().unwrap_or_default();
        let value = shown(Measure::P99, figure, self.messages);
        let spared: Vec<usize> = (0..column.cells.len())
            .filter(|at| column.cells[*at].figure().is_some() && !waits.contains(at))
            .collect();
        // The shorter list is named.
        let form = match waits.len() > spared.len() && !spared.is_empty() {
            true => "spares",
            false => "waits",
        };
        self.messages.say_with(
            &format!("survey-{name}-{form}"),
            &[
                ("models", &self.list(&waits)),
                ("count", &waits.len()),
                ("value", &value),
                ("spared", &self.list(&spared)),
            ],
        )
    }

    /// What silent connections cost, and the one who talks beside them.
    fn silent(self, asked: &Asked) -> String {
        let mut sentence = String::new();
        if let Some(column) = self.matrix.column(asked.question, Measure::Bytes) {
            sentence = self.differ(asked, column);
        }
        if let Some(column) = self.matrix.column(asked.question, Measure::Cpu)
            && let [(worst, ratio), ..] = column.worse()[..]
            && ratio >= 1.5
        {
            let most: Vec<usize> = column
                .worse()
                .into_iter()
                .filter(|(_, one)| *one * 2.0 > ratio)
                .map(|(at, _)| at)
                .collect();
            let figure = column.cells[worst].figure().unwrap_or_default();
            let least = column.least().unwrap_or_default();
            sentence.push(' ');
            sentence.push_str(&self.messages.say_with(
                "survey-silent-talker",
                &[
                    ("models", &self.list(&most)),
                    ("value", &shown(Measure::Cpu, figure, self.messages)),
                    ("least", &shown(Measure::Cpu, least, self.messages)),
                ],
            ));
        }
        sentence
    }

    /// Who is best and who is worst, or that nobody is.
    fn differ(self, asked: &Asked, column: &Column) -> String {
        let name = asked.question.name();
        let Some(least) = column.least() else {
            return self.messages.say("survey-no-figures");
        };
        let (best, worse) = (column.best(), column.worse());
        let least_shown = shown(column.measure, least, self.messages);
        let Some((worst, ratio)) = worse.first().copied() else {
            if column.is_unsure() {
                return self.unsure(asked);
            }
            let most = column.cells.iter().filter_map(super::Cell::figure);
            let most = most.fold(least, f64::max);
            let most = shown(column.measure, most, self.messages);
            return self.messages.say_with(
                &format!("survey-{name}-equal"),
                &[("least", &least_shown), ("most", &most)],
            );
        };
        let figure = column.cells[worst].figure().unwrap_or_default();
        let mut value = shown(column.measure, figure, self.messages);
        let mut worst_name = self.name(worst);
        // If all others are about as much worse, they are one side and the best the other.
        let least_worse = worse.last().map_or(ratio, |one| one.1);
        let figures = column.cells.iter().filter_map(super::Cell::figure).count();
        let alike = worse.len() > 1 && best.len() + worse.len() == figures;
        if alike && ratio < 1.25 * least_worse {
            worst_name = self.messages.say("survey-the-others");
            let at = worse.last().map_or(worst, |one| one.0);
            let nearest = column.cells[at].figure().unwrap_or_default();
            let nearest = shown(column.measure, nearest, self.messages);
            if nearest != value {
                value = self
                    .messages
                    .say_with("survey-from-to", &[("low", &nearest), ("high", &value)]);
            }
        }
        self.messages.say_with(
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

    /// No difference is sure, and there may be one.
    fn unsure(self, asked: &Asked) -> String {
        let name = asked.question.name();
        let question = self.messages.say(&format!("survey-name-{name}"));
        self.messages
            .say_with("survey-not-sure", &[("question", &question)])
    }

    /// What the counters show of the difference between two: context switches, or calls that found
    /// nothing to do.
    fn why(self, asked: &Asked, best: usize, worst: usize) -> Option<String> {
        let [best, worst] = [best, worst].map(|at| &self.matrix.contestants[at]);
        let of = |model: &String, count: fn(&Trial) -> Option<f64>| {
            let trials = asked.trials.iter().filter(|one| one.model == *model);
            let counts: Vec<f64> = trials.filter_map(count).collect();
            statistics::median(&counts)
        };
        let say = |id: &str, more: f64, less: f64| {
            let names = Names::new(self.messages);
            let two = |value: f64| names.numbers.fixed(value, 1);
            self.messages.say_with(
                id,
                &[
                    ("model", &names.name(worst)),
                    ("best", &names.name(best)),
                    ("more", &two(more)),
                    ("less", &two(less)),
                ],
            )
        };
        let told = |count: fn(&Trial) -> Option<f64>| {
            let (less, more) = (of(best, count)?, of(worst, count)?);
            // What is shown with one decimal is to differ there.
            (more > 1.2 * less && more - less >= 0.5).then_some((less, more))
        };
        if let Some((less, more)) = told(switches) {
            return Some(say("survey-why-switches", more, less));
        }
        let (less, more) = told(calls)?;
        Some(say("survey-why-calls", more, less))
    }

    /// Those that carry silent connections best, and do not look at all of them for each reply.
    fn cheap(self, bytes: &Column) -> Vec<usize> {
        let talker = self.matrix.column(Question::Silent, Measure::Cpu);
        let cheap = |at: &usize| {
            let worse = talker.and_then(|column| column.cells[*at].worse());
            worse.is_none_or(|times| times < 2.0)
        };
        bytes.best().into_iter().filter(cheap).collect()
    }

    /// Those that make others wait.
    fn waits(self, column: &Column) -> Vec<usize> {
        let worse = column.worse().into_iter();
        let mut waits: Vec<usize> = worse
            .filter(|(_, times)| *times >= WAITS)
            .map(|(at, _)| at)
            .collect();
        waits.sort_unstable();
        waits
    }

    fn name(self, at: usize) -> String {
        Names::new(self.messages).name(&self.matrix.contestants[at])
    }

    /// Some names, and how many more there are.
    fn list(self, places: &[usize]) -> String {
        let named = if places.len() > NAMED + 1 {
            NAMED
        } else {
            places.len()
        };
        let names: Vec<String> = places[..named].iter().map(|at| self.name(*at)).collect();
        let list = names.join(", ");
        match places.len() - named {
            0 => list,
            more => self
                .messages
                .say_with("survey-and-more", &[("list", &list), ("more", &more)]),
        }
    }
}

/// Context switches for each reply.
fn switches(trial: &Trial) -> Option<f64> {
    let server = trial.server.as_ref()?;
    Some((server.voluntary + server.involuntary) as f64 / trial.replies as f64)
}

/// Calls of the driver for each reply.
fn calls(trial: &Trial) -> Option<f64> {
    let server = trial.server.as_ref()?;
    let calls: u64 = server.operations.values().map(|one| one.calls).sum();
    (calls > 0).then(|| calls as f64 / trial.replies as f64)
}

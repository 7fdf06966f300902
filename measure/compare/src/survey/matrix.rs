//! One figure for each contestant and question, and how much worse it is than the best.

use serde::Serialize;

use super::{AbsentReason, Question, QuestionResults, Survey};
use crate::ratio::{self, Comparison, RatioSeries};
use crate::results::{ServerUsage, Trial};
use crate::statistics;
use crate::summary::{Metric, Verdict};

/// The greatest ratio to the best at which a figure still counts as equally good. A smaller
/// difference is no reason to choose a model.
pub(super) const AS_GOOD: f64 = 1.10;

/// What a figure measures. Lower is better for all metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SurveyMetric {
    /// The median response time, in microseconds.
    P50,
    /// CPU time for each reply or connection, in microseconds.
    Cpu,
    /// The 99th percentile of the response time in a slice, in microseconds.
    P99,
    /// Resident memory for each silent connection, in bytes.
    Bytes,
}

/// The results of all contestants for all questions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Matrix {
    /// The contestants, in their order.
    pub contestants: Vec<String>,
    /// One column for each question and metric.
    pub columns: Vec<Column>,
}

/// One metric of one question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Column {
    /// The question.
    pub question: Question,
    /// What was measured.
    pub measure: SurveyMetric,
    /// One cell for each contestant.
    pub cells: Vec<MatrixCell>,
}

/// The result of a contestant in a column.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatrixCell {
    /// A figure, and how it compares with the best.
    Figure(f64, Mark),
    /// No figure, and why.
    Absent(AbsentReason),
    /// The contestant was not asked.
    Empty,
}

/// How a figure compares with the best of its column.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// The figure is the best, or within `AS_GOOD` of the best.
    Best,
    /// The figure is this many times the best. The confidence is 95 % over all comparisons of the
    /// matrix together.
    Worse(f64),
    /// The figure looks worse, but a second run might not confirm it.
    Unsure,
}

impl MatrixCell {
    /// The figure, if there is one.
    pub fn figure(&self) -> Option<f64> {
        match self {
            MatrixCell::Figure(figure, _) => Some(*figure),
            _ => None,
        }
    }

    /// Whether the contestant looks worse without a significant difference.
    pub(super) fn is_unsure(&self) -> bool {
        matches!(self, MatrixCell::Figure(_, Mark::Unsure))
    }

    /// Whether the figure is as good as the best.
    pub fn is_best(&self) -> bool {
        matches!(self, MatrixCell::Figure(_, Mark::Best))
    }

    /// The ratio to the best, if the difference is significant.
    pub fn worse(&self) -> Option<f64> {
        match self {
            MatrixCell::Figure(_, Mark::Worse(times)) => Some(*times),
            _ => None,
        }
    }
}

impl Matrix {
    /// Makes the matrix of a survey.
    pub fn new(survey: &Survey) -> Self {
        let mut columns: Vec<Column> = Vec::new();
        // All comparisons with the best of a column: the index of the column and of the contestant.
        let mut rivals = Vec::new();
        let mut series = Vec::new();
        // Those of waits, which are compared by slices.
        let mut waiting = Vec::new();
        let mut waits = Vec::new();
        for results in &survey.questions {
            for &metric in results.question.metrics() {
                let figures: Vec<Option<f64>> = survey
                    .contestants
                    .iter()
                    .map(|model| figure(results, model, metric))
                    .collect();
                let known = figures.iter().enumerate();
                let known = known.filter_map(|(at, figure)| Some((at, (*figure)?)));
                let best = known.clone().min_by(|a, b| a.1.total_cmp(&b.1));
                for (at, _) in known.filter(|(at, _)| best.is_some_and(|best| best.0 != *at)) {
                    let best = best.map_or(at, |best| best.0);
                    let [one, other] = [at, best].map(|at| &survey.contestants[at]);
                    if metric == SurveyMetric::P99 {
                        let [one, other] = [one, other].map(|model| results.waits_of(model));
                        waits.push(Comparison::of_waits(&one, &other));
                        waiting.push((columns.len(), at));
                        continue;
                    }
                    series.push(RatioSeries {
                        metric: metric.kind(),
                        open: false,
                        sliced: true,
                        logs: logs(results, one, other, metric),
                    });
                    rivals.push((columns.len(), at));
                }
                let cells = figures.iter().zip(&survey.contestants);
                let cells = cells.map(|(figure, model)| match figure {
                    Some(figure) => MatrixCell::Figure(*figure, Mark::Best),
                    None => results
                        .absent(model)
                        .map_or(MatrixCell::Empty, MatrixCell::Absent),
                });
                columns.push(Column {
                    question: results.question,
                    measure: metric,
                    cells: cells.collect(),
                });
            }
        }
        rivals.extend(waiting);
        let mut comparisons = ratio::estimate_all(&series);
        comparisons.extend(waits);
        let verdicts = ratio::verdicts(&comparisons);
        let judged = comparisons.into_iter().zip(verdicts);
        for ((column, at), (comparison, verdict)) in rivals.into_iter().zip(judged) {
            let MatrixCell::Figure(_, mark) = &mut columns[column].cells[at] else {
                continue;
            };
            let Some(times) = comparison.ratio else {
                continue;
            };
            *mark = match verdict {
                _ if times <= AS_GOOD => Mark::Best,
                Verdict::Higher => Mark::Worse(times),
                _ => Mark::Unsure,
            };
        }
        Matrix {
            contestants: survey.contestants.clone(),
            columns,
        }
    }

    /// A column of a question.
    pub fn column(&self, question: Question, metric: SurveyMetric) -> Option<&Column> {
        let is = |one: &&Column| one.question == question && one.measure == metric;
        self.columns.iter().find(is)
    }
}

impl Column {
    /// The indices of the contestants that are as good as the best.
    pub fn best(&self) -> Vec<usize> {
        let cells = self.cells.iter().enumerate();
        cells
            .filter_map(|(at, cell)| cell.is_best().then_some(at))
            .collect()
    }

    /// The indices and ratios of the contestants that are significantly worse, the worst first.
    pub fn worse(&self) -> Vec<(usize, f64)> {
        let cells = self.cells.iter().enumerate();
        let mut worse: Vec<(usize, f64)> = cells
            .filter_map(|(at, cell)| Some((at, cell.worse()?)))
            .collect();
        worse.sort_by(|a, b| b.1.total_cmp(&a.1));
        worse
    }

    /// Whether some contestants look worse without a significant difference.
    pub fn is_unsure(&self) -> bool {
        self.cells.iter().any(MatrixCell::is_unsure)
    }

    /// All figures.
    pub fn figures(&self) -> impl Iterator<Item = f64> {
        self.cells.iter().filter_map(MatrixCell::figure)
    }

    /// The best figure.
    pub fn least(&self) -> Option<f64> {
        self.figures().min_by(f64::total_cmp)
    }

    /// The worst figure.
    pub fn most(&self) -> Option<f64> {
        self.figures().max_by(f64::total_cmp)
    }
}

impl SurveyMetric {
    /// The metric whose drift between runs and whose spread stand for this one's.
    fn kind(self) -> Metric {
        match self {
            SurveyMetric::P50 => Metric::P50,
            SurveyMetric::P99 => Metric::P99,
            SurveyMetric::Cpu => Metric::Cpu,
            // Memory is not a rate, but it is deterministic except for the allocator.
            SurveyMetric::Bytes => Metric::Rate,
        }
    }

    /// The figure of one trial, if it has one.
    pub(crate) fn of(self, trial: &Trial) -> Option<f64> {
        let figure = match self {
            SurveyMetric::P50 => trial.response.percentile(0.5)?,
            SurveyMetric::Cpu => trial.per_reply(ServerUsage::cpu)?,
            SurveyMetric::P99 | SurveyMetric::Bytes => return None,
        };
        (figure.is_finite() && figure > 0.0).then_some(figure)
    }
}

/// The figures of a contestant, by round. Waits have more than one.
fn rounds(results: &QuestionResults, model: &str, metric: SurveyMetric) -> Vec<(u32, f64)> {
    if metric == SurveyMetric::Bytes {
        let silent = results.silent.iter().filter(|one| one.model == model);
        // At least one byte, so that the logarithm is defined.
        return silent.map(|one| (one.round, one.bytes.max(1.0))).collect();
    }
    let trials = results.trials.iter().filter(|one| one.model == model);
    let figures = trials.filter_map(|trial| Some((trial.round, metric.of(trial)?)));
    figures.collect()
}

fn figure(results: &QuestionResults, model: &str, metric: SurveyMetric) -> Option<f64> {
    if metric == SurveyMetric::P99 {
        return statistics::median(&results.waits_of(model));
    }
    let figures = rounds(results, model, metric).into_iter();
    statistics::median(&figures.map(|(_, figure)| figure).collect::<Vec<_>>())
}

/// The logarithms of the ratios of two contestants, one for each round that both have.
fn logs(results: &QuestionResults, model: &str, other: &str, metric: SurveyMetric) -> Vec<f64> {
    let others = rounds(results, other, metric);
    let of_round = |round: u32| others.iter().find(|(other, _)| *other == round);
    let ratio = |(round, figure)| Some(f64::ln(figure / of_round(round)?.1));
    let ours = rounds(results, model, metric);
    ours.into_iter().filter_map(ratio).collect()
}

impl QuestionResults {
    /// How long clients of a contestant waited, in each slice of all rounds.
    fn waits_of(&self, model: &str) -> Vec<f64> {
        let rounds = self.waits.iter().filter(|one| one.model == model);
        rounds.flat_map(|one| &one.p99).copied().collect()
    }

    /// Why a contestant has no figure.
    fn absent(&self, model: &str) -> Option<AbsentReason> {
        let absent = self.absent.iter().find(|one| one.model == model);
        absent.map(|one| one.why.clone())
    }
}

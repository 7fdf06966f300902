//! One model against another, in the same rounds.
//!
//! In each round both ran under the same load, minutes apart at most, so what was slow for one was
//! slow for the other: the ratio within a round says more than the ratio of two averages. The
//! estimate is the median of these ratios, which one round that was disturbed does not move.
//!
//! # The intervals
//!
//! There are 3 to 10 rounds, and now and then one is an outlier. A percentile bootstrap of so few
//! medians is far too narrow, and ranks alone cannot give 95 % with fewer than six. So the interval
//! is Student's, of the logarithms: their median, plus and minus t times its standard error, where
//!
//! - the spread of the rounds is the mean distance from their median ([`statistics::spread`]): an
//!   outlier widens the interval, but half as much as it would widen the standard deviation;
//! - a few rounds know their own spread badly, so it is averaged with that of the other ratios of
//!   the same metric in the same run ([`statistics::Uncertainty::of`]);
//! - the variance of a median is π/2 times that of a mean, which is its limit for many rounds and
//!   too much for few, by a tenth to a fifth of the width: that is the allowance for outliers;
//! - [`drift`] is added: what differs between two runs and is the same in all rounds of one, so
//!   that no run can see it in itself. Its half-width is that of a normal distribution, and the two
//!   are added as the sides of a right angle. (Satterthwaite's degrees of freedom for the sum of
//!   the variances are too many whenever three rounds happen to lie close together, by chance.)
//!
//! A second run has the same error again, and the same drift; the prediction interval is therefore
//! √2 times as wide.
//!
//! # The verdict
//!
//! With three models, three loads and four metrics there are 36 ratios, and two in 36 lie outside
//! their 95 % interval with no difference at all. So one is called higher or lower only if both
//! hold: that it is still significant at 2 % over *all* ratios of the comparison by Holm's
//! procedure (Scandinavian Journal of Statistics 6, 1979), and that 1 is outside its prediction
//! interval, so that a second run would say the same. At 2 % because a model compared with itself
//! is to be found equal everywhere in 19 of 20 runs, and not only on average: at 5 % one series of
//! 20 in four would have two false positives.
//!
//! The tests of this module draw runs with noise, outliers and drift, and count how often these
//! intervals hold. On what else was tried, see `docs/metrics.md`.

use crate::estimate::{Interval, Metric, Verdict};
use crate::results::{ServerUsage, Trial};
use crate::statistics::{self, Uncertainty};
use crate::validity;

/// The fewest rounds, valid for both models, from which a conclusion is drawn.
pub const FEWEST: usize = 3;

/// The family-wise error rate: how often a comparison may report any difference where there is
/// none.
pub const FAMILY_WISE_ERROR: f64 = 0.02;

/// Up to this ratio, the waits of two processes may differ although they run the same program. It
/// is generous, because the differences that matter are of ten times and more.
const ALIKE: f64 = 2.0;

/// The drift of a ratio: the standard deviation of its logarithm between runs, beyond the noise of
/// the rounds. It comes from where a program lies in memory, what else the machine does, how warm
/// the machine is. No run can see it in itself (Mytkowicz, Diwan, Hauswirth and Sweeney, "Producing
/// Wrong Data Without Doing Anything Obviously Wrong!", ASPLOS 2009; Kalibera and Jones, "Rigorous
/// Benchmarking in Reasonable Time", ISMM 2013).
///
/// The figures come from repeated runs (`docs/performance.md`): medians of nine rounds moved by
/// 0.03 between runs, and the rounds' own noise explains 0.015 of that.
///
/// With [slices](crate::slices) little drift is left. Servers take turns within a second, and each
/// round starts new processes, so their place in memory differs between rounds as it does between
/// runs.
pub fn drift(metric: Metric, sliced: bool) -> f64 {
    match metric {
        Metric::Rate | Metric::P50 | Metric::Cpu if sliced => 0.005,
        Metric::Rate | Metric::P50 | Metric::Cpu => 0.025,
        // The tail depends on what else runs on the machine.
        Metric::P99 if sliced => 0.02,
        Metric::P99 => 0.05,
    }
}

/// The figure of a trial by a metric. `None` if it was not measured or is not above zero.
pub fn figure(trial: &Trial, metric: Metric) -> Option<f64> {
    let figure = match metric {
        Metric::Rate => trial.replies as f64 / trial.seconds,
        Metric::P50 => trial.response.percentile(0.5)?,
        Metric::P99 => validity::response(trial, 0.99).ok()?,
        Metric::Cpu => trial.per_reply(ServerUsage::cpu)?,
    };
    (figure.is_finite() && figure > 0.0).then_some(figure)
}

/// The logarithms of one model's ratios to another, for each round in which both trials are valid.
pub fn logs(trials: &[Trial], model: &str, other: &str, load: usize, metric: Metric) -> Vec<f64> {
    let trial_of = |model: &str, round: u32| {
        let is = |one: &&Trial| one.model == model && one.load == load && one.round == round;
        let trial = trials.iter().find(is)?;
        // The ratio of two bounds is unknown.
        let bound = metric != Metric::Cpu && validity::is_bound(trial);
        let counts = trial.invalid.is_empty() && !bound;
        counts.then(|| figure(trial, metric)).flatten()
    };
    let mut rounds: Vec<u32> = trials.iter().map(|one| one.round).collect();
    rounds.sort_unstable();
    rounds.dedup();
    let log = |round: &u32| Some((trial_of(model, *round)? / trial_of(other, *round)?).ln());
    rounds.iter().filter_map(log).collect()
}

/// An estimated ratio, or its logarithm, with its intervals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// The number of rounds in which both trials are valid.
    pub pairs: usize,
    /// The median ratio. `None` without rounds.
    pub ratio: Option<f64>,
    /// The 95 % confidence interval of the ratio. `None` for fewer than [`FEWEST`] rounds.
    pub interval: Option<Interval>,
    /// The 95 % prediction interval: where a second run of as many rounds would find the ratio.
    pub prediction: Option<Interval>,
    /// The p-value before any correction: the probability of a ratio so far from 1 if there were no
    /// difference.
    pub p_value: Option<f64>,
}

impl Comparison {
    /// Estimates a ratio from its logarithms, one for each round. `typical` is the usual spread of
    /// such ratios, and `drift` the drift between runs.
    pub fn of(logs: &[f64], typical: Option<f64>, drift: f64) -> Self {
        let error = Uncertainty::of(logs, typical).filter(|_| logs.len() >= FEWEST);
        Comparison::around(logs.len(), statistics::median(logs), error, drift)
    }

    /// The same for rounds of slices. Ten or more rounds are estimated by their trimmed mean: such
    /// a round is itself a mean of many slices, so a median would waste a third of the information.
    pub fn of_slices(logs: &[f64], typical: Option<f64>, drift: f64) -> Self {
        match statistics::trimmed(logs) {
            Some(trimmed) => {
                let error = Uncertainty::estimated(trimmed.error, trimmed.freedom);
                Comparison::around(logs.len(), Some(trimmed.mean), Some(error), drift)
            }
            None => Comparison::of(logs, typical, drift),
        }
    }

    /// Compares how long clients waited in the slices of two servers. Disturbances only lengthen a
    /// wait, and a server that makes clients wait does so in every slice; so this is a precedence
    /// test, which a few disturbed slices of the better server do not change.
    ///
    /// It tests whether one server's waits are over [`ALIKE`] times the other's, which is the
    /// interval that a rejection leaves.
    pub(crate) fn of_waits(model: &[f64], best: &[f64]) -> Self {
        let scaled: Vec<f64> = model.iter().map(|one| one / ALIKE).collect();
        let medians = statistics::median(model).zip(statistics::median(best));
        let above = Interval {
            low: ALIKE,
            high: f64::INFINITY,
        };
        Comparison {
            pairs: model.len().min(best.len()),
            ratio: medians.map(|(model, best)| model / best),
            interval: Some(above),
            prediction: Some(above),
            p_value: Some(statistics::precedence(best, &scaled)),
        }
    }

    fn around(pairs: usize, centre: Option<f64>, error: Option<Uncertainty>, drift: f64) -> Self {
        let known = centre.zip(error.map(|error| error.and_known(drift)));
        let around = |times: f64| {
            known.map(|(centre, error)| {
                let half = times * error.half_width();
                let (low, high) = ((centre - half).exp(), (centre + half).exp());
                Interval { low, high }
            })
        };
        Comparison {
            pairs,
            ratio: centre.map(f64::exp),
            interval: around(1.0),
            prediction: around(std::f64::consts::SQRT_2),
            p_value: known.map(|(centre, error)| error.p_value(centre)),
        }
    }
}

/// Which of several hypotheses Holm's procedure rejects. It compares the least probable with
/// [`FAMILY_WISE_ERROR`] divided by their number, the next with the number less one, and so on
/// until one is not rejected.
pub(crate) fn holm(p_values: &[Option<f64>]) -> Vec<bool> {
    let mut order: Vec<(f64, usize)> = p_values
        .iter()
        .enumerate()
        .filter_map(|(at, p_value)| Some(((*p_value)?, at)))
        .collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut rejected = vec![false; p_values.len()];
    let family = order.len();
    for (before, (p_value, at)) in order.into_iter().enumerate() {
        if p_value > FAMILY_WISE_ERROR / (family - before) as f64 {
            break;
        }
        rejected[at] = true;
    }
    rejected
}

/// The ratios of one model to another under one load, by one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct RatioSeries {
    /// The metric.
    pub metric: Metric,
    /// Whether the load is open. Then all models answer equally many questions, and their rates
    /// hardly vary, so they do not show how much other rates vary.
    pub open: bool,
    /// Whether the servers took turns, a slice at a time.
    pub sliced: bool,
    /// The logarithms of the ratios, one for each round in which both trials are valid.
    pub logs: Vec<f64>,
}

/// Estimates and judges several ratios that are shown together.
pub fn compare_all(several: &[RatioSeries]) -> Vec<(Comparison, Verdict)> {
    let all = estimate_all(several);
    let verdicts = verdicts(&all);
    all.into_iter().zip(verdicts).collect()
}

/// Estimates several ratios that are shown together.
pub(crate) fn estimate_all(several: &[RatioSeries]) -> Vec<Comparison> {
    let compare = |one: &RatioSeries| {
        let alike = |other: &&RatioSeries| (other.metric, other.open) == (one.metric, one.open);
        let alike = several.iter().filter(alike);
        let typical = statistics::typical(alike.map(|other| &other.logs[..]));
        let drift = drift(one.metric, one.sliced);
        match one.sliced {
            true => Comparison::of_slices(&one.logs, typical, drift),
            false => Comparison::of(&one.logs, typical, drift),
        }
    };
    several.iter().map(compare).collect()
}

/// The verdict on each of all the comparisons that are shown together.
pub fn verdicts(all: &[Comparison]) -> Vec<Verdict> {
    let p_values: Vec<Option<f64>> = all.iter().map(|one| one.p_value).collect();
    let rejected = holm(&p_values);
    all.iter()
        .zip(rejected)
        .map(|(one, rejected)| match one.prediction {
            None => Verdict::TooFew,
            Some(prediction) if rejected && prediction.low > 1.0 => Verdict::Higher,
            Some(prediction) if rejected && prediction.high < 1.0 => Verdict::Lower,
            Some(_) => Verdict::NoDetectableDifference,
        })
        .collect()
}

#[cfg(test)]
mod tests;

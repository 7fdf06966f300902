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
//!   the same metric in the same run ([`statistics::Error::of`]);
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
//! 20 in four would have two false alarms.
//!
//! The tests of this module draw runs with noise, outliers and drift, and count how often these
//! intervals hold. On what else was tried, see `docs/metrics.md`.

use crate::estimate::{Interval, Metric, Verdict};
use crate::results::Trial;
use crate::statistics::{self, Error};
use crate::validity;

/// The fewest rounds in which both models count for anything to be said.
pub const FEWEST: usize = 3;

/// How often a comparison may see any difference at all where there is none.
pub const FALSE_ALARMS: f64 = 0.02;

/// How far a ratio is off in one run as a whole: the standard deviation of its logarithm between
/// runs, beyond the noise of the rounds. Where a program lies in memory, what else the machine
/// does, how warm it is: none of it is seen within a run (Mytkowicz, Diwan, Hauswirth and Sweeney,
/// "Producing Wrong Data Without Doing Anything Obviously Wrong!", ASPLOS 2009; Kalibera and Jones,
/// "Rigorous Benchmarking in Reasonable Time", ISMM 2013).
///
/// The figures are from repeated runs (`docs/performance.md`): medians of nine rounds moved by 0.03
/// between runs, of which their own noise explains 0.015.
///
/// With [slices](crate::slices) little is left of it: servers take turns within a second, and each
/// round has processes of its own, so that where they lie differs between the rounds as it does
/// between runs.
pub fn drift(metric: Metric, sliced: bool) -> f64 {
    match metric {
        Metric::Rate | Metric::P50 | Metric::Cpu if sliced => 0.005,
        Metric::Rate | Metric::P50 | Metric::Cpu => 0.025,
        // The tail is made by what else runs.
        Metric::P99 if sliced => 0.02,
        Metric::P99 => 0.05,
    }
}

/// What is compared, of one trial. Nothing if it was not measured, or is not above zero.
pub fn figure(trial: &Trial, metric: Metric) -> Option<f64> {
    let figure = match metric {
        Metric::Rate => trial.replies as f64 / trial.seconds,
        Metric::P50 => trial.response.percentile(0.5)?,
        Metric::P99 => validity::response(trial, 0.99).ok()?,
        Metric::Cpu => {
            let server = trial.server.as_ref()?;
            (server.user + server.system) / trial.replies as f64
        }
    };
    (figure.is_finite() && figure > 0.0).then_some(figure)
}

/// The logarithms of the ratios of a model to another, one for each round in which both count.
pub fn logs(trials: &[Trial], model: &str, other: &str, load: usize, metric: Metric) -> Vec<f64> {
    let trial_of = |model: &str, round: u32| {
        let is = |one: &&Trial| one.model == model && one.load == load && one.round == round;
        let trial = trials.iter().find(is)?;
        // Of two bounds nothing is known of their ratio.
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

/// A ratio, or its logarithm's estimate, with what may be said of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// In how many rounds both count.
    pub pairs: usize,
    /// The median ratio. Nothing of no rounds.
    pub ratio: Option<f64>,
    /// Where the ratio is, with a confidence of 95 %. Nothing of fewer than [`FEWEST`].
    pub interval: Option<Interval>,
    /// Where a second run of as many rounds would find it, with a probability of 95 %.
    pub prediction: Option<Interval>,
    /// How probable a ratio so far from 1 would be if there were no difference, before any
    /// correction.
    pub chance: Option<f64>,
}

impl Comparison {
    /// What the logarithms of the ratios of several rounds say, with what spread is typical of
    /// such, and a drift between runs.
    pub fn of(logs: &[f64], typical: Option<f64>, drift: f64) -> Self {
        let error = Error::of(logs, typical).filter(|_| logs.len() >= FEWEST);
        Comparison::around(logs.len(), statistics::median(logs), error, drift)
    }

    /// The same of rounds of slices: with ten or more of them, by their trimmed mean. Such a round
    /// is itself a mean of many slices, so that a median would give away a third of what they know.
    pub fn of_slices(logs: &[f64], typical: Option<f64>, drift: f64) -> Self {
        match statistics::trimmed(logs) {
            Some((mean, error, freedom)) => {
                let error = Error::estimated(error, freedom);
                Comparison::around(logs.len(), Some(mean), Some(error), drift)
            }
            None => Comparison::of(logs, typical, drift),
        }
    }

    fn around(pairs: usize, centre: Option<f64>, error: Option<Error>, drift: f64) -> Self {
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
            chance: known.map(|(centre, error)| error.chance(centre)),
        }
    }
}

/// Which of several hypotheses are rejected over all of them, by Holm's procedure: the least
/// probable is held against [`FALSE_ALARMS`] divided by their number, the next by one less, until
/// one is not rejected.
pub(crate) fn holm(chances: &[Option<f64>]) -> Vec<bool> {
    let mut order: Vec<(f64, usize)> = chances
        .iter()
        .enumerate()
        .filter_map(|(at, chance)| Some(((*chance)?, at)))
        .collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut rejected = vec![false; chances.len()];
    let family = order.len();
    for (before, (chance, at)) in order.into_iter().enumerate() {
        if chance > FALSE_ALARMS / (family - before) as f64 {
            break;
        }
        rejected[at] = true;
    }
    rejected
}

/// The ratios of one model to another, under one load by one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Of what.
    pub metric: Metric,
    /// Whether the load is an open one. There all models answer as many, and their rates hardly
    /// vary: they are no measure of how much others do.
    pub open: bool,
    /// Whether the servers took turns, a slice at a time.
    pub sliced: bool,
    /// Their logarithms, one for each round in which both count.
    pub logs: Vec<f64>,
}

/// What may be said of several ratios that are shown together.
pub fn judge(several: &[Series]) -> Vec<(Comparison, Verdict)> {
    let compare = |one: &Series| {
        let alike = |other: &&Series| (other.metric, other.open) == (one.metric, one.open);
        let alike = several.iter().filter(alike);
        let typical = statistics::typical(alike.map(|other| &other.logs[..]));
        let drift = drift(one.metric, one.sliced);
        match one.sliced {
            true => Comparison::of_slices(&one.logs, typical, drift),
            false => Comparison::of(&one.logs, typical, drift),
        }
    };
    let all: Vec<Comparison> = several.iter().map(compare).collect();
    let verdicts = verdicts(&all);
    all.into_iter().zip(verdicts).collect()
}

/// The verdict on each of all the comparisons that are shown together.
pub fn verdicts(all: &[Comparison]) -> Vec<Verdict> {
    let chances: Vec<Option<f64>> = all.iter().map(|one| one.chance).collect();
    let rejected = holm(&chances);
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

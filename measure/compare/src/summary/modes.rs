//! Servers that have two speeds: the slices of a load fall into two groups.
//!
//! async-std with one connection is the example: a reply takes 12 or 24 µs, as its thread finds the
//! datagram by polling or must be woken. A median between the two would be a speed that the server
//! never has.

use serde::{Deserialize, Serialize};

use crate::results::Trial;

/// How far apart two groups must be: Ashman's D, the distance of their means in units of their
/// common spread (Ashman, Bird and Zepf 1994, equation 5). There, 2 separates two known groups. But
/// any one group can be split into two as well: a normal one at most 2.9 apart, a uniform one 3.5.
const APART: f64 = 8.0;

/// How much faster the faster group must be: less is of no interest.
const FASTER: f64 = 1.2;

/// How many replies a slice has at least: with a few, one reply more is a fifth.
const REPLIES: u64 = 50;

/// The share of the slices that each group must have at least.
const SHARE: f64 = 0.1;

/// One of the two speeds of a server.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mode {
    /// Right replies a second.
    pub rate: f64,
    /// The share of the slices in which the server had this speed.
    pub share: f64,
}

/// The two speeds of a server in these trials, the slower first; `None` if it has one.
pub(super) fn modes(trials: &[&Trial]) -> Option<[Mode; 2]> {
    let rates = |trial: &&Trial| {
        let slice = trial.seconds / trial.intervals.len() as f64;
        let counts = trial.intervals.clone();
        counts.into_iter().map(move |count| count as f64 / slice)
    };
    if trials
        .iter()
        .flat_map(|one| &one.intervals)
        .any(|&replies| replies < REPLIES)
    {
        return None;
    }
    let mut rates: Vec<f64> = trials.iter().flat_map(rates).collect();
    rates.sort_by(f64::total_cmp);
    let fewest = ((SHARE * rates.len() as f64).ceil() as usize).max(4);
    let splits = (fewest..=rates.len().checked_sub(fewest)?).map(|at| rates.split_at(at));
    let best = splits.max_by(|a, b| distance(*a).total_cmp(&distance(*b)))?;
    let [slow, fast] = [best.0, best.1].map(|group| Mode {
        rate: mean(group),
        share: group.len() as f64 / rates.len() as f64,
    });
    (distance(best) >= APART && fast.rate >= FASTER * slow.rate).then_some([slow, fast])
}

/// Ashman's D of two groups.
fn distance((slow, fast): (&[f64], &[f64])) -> f64 {
    let spread = variance(slow) + variance(fast);
    std::f64::consts::SQRT_2 * (mean(fast) - mean(slow)) / spread.sqrt().max(f64::MIN_POSITIVE)
}

fn mean(group: &[f64]) -> f64 {
    group.iter().sum::<f64>() / group.len() as f64
}

fn variance(group: &[f64]) -> f64 {
    let mean = mean(group);
    group.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / group.len() as f64
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::*;

    /// Trials of eight slices of 0.1 s with these rates.
    fn trials(mut rate: impl FnMut() -> f64) -> Vec<Trial> {
        let trial = |_| Trial {
            seconds: 0.8,
            intervals: (0..8).map(|_| (rate() / 10.0) as u64).collect(),
            ..Trial::default()
        };
        (0..9).map(trial).collect()
    }

    fn found(trials: &[Trial]) -> Option<[Mode; 2]> {
        modes(&trials.iter().collect::<Vec<_>>())
    }

    /// About normal, with this standard deviation.
    fn normal(rng: &mut Rng, mean: f64, deviation: f64) -> f64 {
        let sum: f64 = (0..12).map(|_| rng.f64()).sum();
        mean + deviation * (sum - 6.0)
    }

    #[test]
    fn two_speeds_are_found() {
        let mut rng = Rng::with_seed(1);
        for share in [0.2, 0.5, 0.8] {
            let all = trials(|| match rng.f64() < share {
                true => normal(&mut rng, 40_000.0, 2_000.0),
                false => normal(&mut rng, 80_000.0, 3_000.0),
            });
            let [slow, fast] = found(&all).expect("two speeds");
            assert!((slow.rate - 40_000.0).abs() < 2_000.0, "{slow:?}");
            assert!((fast.rate - 80_000.0).abs() < 2_000.0, "{fast:?}");
            assert!((slow.share - share).abs() < 0.15, "{share} {slow:?}");
        }
    }

    /// Whatever its spread: normal, uniform, or with a few slow slices.
    #[test]
    fn one_speed_is_one() {
        let mut rng = Rng::with_seed(2);
        for _ in 0..500 {
            for deviation in [0.01, 0.1, 0.3] {
                let all = trials(|| normal(&mut rng, 50_000.0, 50_000.0 * deviation).max(1.0));
                assert_eq!(found(&all), None);
            }
            assert_eq!(found(&trials(|| 20_000.0 + 60_000.0 * rng.f64())), None);
            assert_eq!(
                found(&trials(|| 60_000.0 * (1.0 - rng.f64().powi(4)))),
                None
            );
        }
    }

    /// Five or six replies are one speed.
    #[test]
    fn few_replies_say_nothing() {
        let mut turn = 0;
        let all = trials(|| {
            turn += 1;
            50.0 + 10.0 * f64::from(turn % 2)
        });
        assert_eq!(found(&all), None);
    }

    #[test]
    fn few_slices_say_nothing() {
        let mut few = trials(|| 1.0);
        few.truncate(1);
        few[0].intervals = vec![100, 100, 100, 900, 900, 900];
        assert_eq!(found(&few), None);
        assert_eq!(found(&[]), None);
    }
}

//! The highest rate that a model keeps up.

use std::ops::Range;
use std::time::Duration;

use socklab_compare::results::{Invalid, Knee, Load, Trial};
use socklab_compare::validity::{self, Kept};

use super::plan::{Contestant, Plan};
use super::{ComparisonProgress, Unmeasured, rounds, trial};

/// How many rates are tried. Each halves the range that is left, which is 1 % in the end.
const STEPS: u32 = 7;

/// How often a rate is tried at most. Two trials that agree decide.
const TRIALS: u32 = 3;

/// How many questions a trial has at least, if that does not take [`LONGEST`]: ten of them are
/// beyond the 99th percentile.
const QUESTIONS: f64 = 1_100.0;

/// How long a trial is at most, unless the plan's trials are longer.
const LONGEST: Duration = Duration::from_secs(10);

/// How many connections take turns.
const CONNECTIONS: u32 = 100;

/// Searches between zero and a little more than the closed loop reached.
///
/// # Errors
/// When the server does not start, or the generator cannot go on.
pub(super) fn find(
    plan: &Plan,
    contestant: &Contestant,
    limit: Duration,
    trials: &[Trial],
    progress: &mut dyn ComparisonProgress,
) -> Result<Knee, Unmeasured> {
    let rates = trials.iter().filter(|trial| trial.model == contestant.name);
    let reached = rates
        .map(|trial| trial.replies as f64 / trial.seconds)
        .fold(1000.0, f64::max);
    let limit = limit.as_secs_f64() * 1e6;
    let mut trial = |rate: f64| one_trial(plan, contestant, rate, progress);
    // At lower rates the longest trial has too few questions for a 99th percentile.
    let least = QUESTIONS / plan.measure.max(LONGEST).as_secs_f64();
    let mut knee = search(least..reached * 1.1, limit, &mut trial)?;
    knee.model.clone_from(&contestant.name);
    Ok(knee)
}

/// Searches between zero and the end of `rates`, but tries none before their start.
fn search(
    rates: Range<f64>,
    limit: f64,
    trial: &mut dyn FnMut(f64) -> Result<Option<Trial>, Unmeasured>,
) -> Result<Knee, Unmeasured> {
    let mut knee = Knee {
        model: String::new(),
        connections: CONNECTIONS,
        limit,
        rate: None,
        above: None,
        unknown: None,
        steps: Vec::new(),
    };
    let (mut low, mut high) = (0.0, rates.end);
    for _ in 0..STEPS {
        let rate = f64::midpoint(low, high).round();
        if rate <= low || rate >= high {
            break;
        }
        if rate < rates.start {
            knee.unknown = Some(Invalid::TooFewSamples);
            break;
        }
        match judge(rate, &mut knee, trial)? {
            Kept::Up => {
                low = rate;
                knee.rate = Some(rate);
            }
            Kept::NotUp => {
                high = rate;
                knee.above = Some(rate);
                knee.unknown = None;
            }
            Kept::Unknown(why) => {
                high = rate;
                knee.unknown = Some(why);
                if matches!(why, Invalid::WrongReplies | Invalid::ServerGone) {
                    break;
                }
            }
        }
    }
    Ok(knee)
}

/// Tries a rate until two trials agree, and notes the last of them.
fn judge(
    rate: f64,
    knee: &mut Knee,
    trial: &mut dyn FnMut(f64) -> Result<Option<Trial>, Unmeasured>,
) -> Result<Kept, Unmeasured> {
    let mut before: Vec<Kept> = Vec::new();
    let mut last = Kept::Unknown(Invalid::ServerGone);
    for _ in 0..TRIALS {
        let Some(tried) = trial(rate)? else { break };
        last = validity::kept(&tried, rate, knee.limit);
        if last == Kept::Unknown(Invalid::WrongReplies) {
            break;
        }
        if last == Kept::NotUp && tried.disturbed > 0 {
            // Other programs took the core: try again.
            continue;
        }
        if before.contains(&last) {
            if !matches!(last, Kept::Unknown(_)) {
                let achieved = tried.replies as f64 / tried.seconds;
                knee.steps.push((rate, achieved, tried.response.at(0.99)));
            }
            return Ok(last);
        }
        before.push(last);
    }
    // No two agree: what the generator or chance did cannot be told from what the server did.
    let unknown = before.into_iter().chain([last]).rev();
    let mut unknown = unknown.filter(|one| matches!(one, Kept::Unknown(_)));
    Ok(unknown.next().unwrap_or(last))
}

/// One trial at a rate, in one piece: in short slices no queue would grow. `None` if the server is
/// gone.
fn one_trial(
    plan: &Plan,
    contestant: &Contestant,
    rate: f64,
    progress: &mut dyn ComparisonProgress,
) -> Result<Option<Trial>, Unmeasured> {
    let enough = Duration::from_secs_f64(QUESTIONS / rate).min(LONGEST);
    let handicapped = plan.contestants.last() == Some(contestant);
    let plan = Plan {
        loads: vec![Load::Open {
            connections: CONNECTIONS,
            rate,
        }],
        contestants: vec![contestant.clone()],
        measure: plan.measure.max(enough),
        handicap: if handicapped {
            plan.handicap
        } else {
            Duration::ZERO
        },
        ..plan.clone()
    };
    if plan.records() {
        let tried = trial::run(&plan, 0, contestant, 0, &mut |rate| progress.rate(rate));
        let failed = |error| Unmeasured::Failed(contestant.name.clone(), error);
        return Ok(Some(tried.map_err(failed)?.trial));
    }
    let rng = fastrand::Rng::with_seed(plan.seed);
    let mut trials = rounds::round(&plan, 0, 0, (1, plan.measure), rng, progress)?;
    Ok(trials.pop().map(|tried| tried.trial))
}

#[cfg(test)]
mod tests {
    use socklab_compare::results::{Generator, Latencies, ServerUsage};

    use super::*;

    const LIMIT: f64 = 10_000.0;

    fn times(samples: u64, time: f64) -> Latencies {
        Latencies {
            samples,
            mean: time,
            max: time,
            buckets: vec![(time, samples)],
        }
    }

    /// A trial of a server with this capacity.
    fn at(rate: f64, capacity: f64) -> Trial {
        let kept = rate <= capacity;
        let samples = rate.max(QUESTIONS) as u64;
        Trial {
            seconds: 1.0,
            replies: rate.min(capacity) as u64,
            response: times(samples, if kept { 200.0 } else { 50_000.0 }),
            service: times(samples, 100.0),
            generator: Generator {
                busy: 0.4,
                lag: times(samples, 1.0),
            },
            server: Some(ServerUsage {
                busy: 1.0,
                ..ServerUsage::default()
            }),
            ..Trial::default()
        }
    }

    fn searched(mut trial: impl FnMut(f64) -> Trial) -> Knee {
        search(100.0..11_000.0, LIMIT, &mut |rate| Ok(Some(trial(rate)))).expect("no error")
    }

    #[test]
    fn the_knee_lies_between_two_rates_that_are_told() {
        let knee = searched(|rate| at(rate, 7_000.0));
        let (low, high) = (knee.rate.expect("kept"), knee.above.expect("not kept"));
        assert!((6_900.0..=7_000.0).contains(&low), "{knee:?}");
        assert!(high > 7_000.0 && high <= low * 1.02, "{knee:?}");
        assert_eq!((knee.unknown, knee.steps.len()), (None, STEPS as usize));
    }

    /// A trial that another program disturbed moves nothing: two of three decide.
    #[test]
    fn one_bad_trial_of_three_decides_nothing() {
        let mut trials = 0;
        let knee = searched(|rate| {
            trials += 1;
            at(rate, if trials % 3 == 0 { 100.0 } else { 7_000.0 })
        });
        let low = knee.rate.expect("kept");
        assert!((6_900.0..=7_000.0).contains(&low), "{knee:?}");
    }

    #[test]
    fn a_trial_that_others_disturbed_is_tried_again() {
        let mut trials = 0;
        let knee = searched(|rate| {
            trials += 1;
            let disturbed = u32::from(trials % 3 == 1);
            let capacity = if disturbed > 0 { 100.0 } else { 7_000.0 };
            Trial {
                disturbed,
                ..at(rate, capacity)
            }
        });
        assert!(knee.rate.is_some_and(|rate| rate >= 6_900.0), "{knee:?}");
    }

    #[test]
    fn a_late_generator_is_no_limit_of_the_server() {
        let knee = searched(|rate| {
            let mut trial = at(rate, 1e9);
            if rate > 4_000.0 {
                trial.generator.busy = 1.0;
                trial.generator.lag = times(rate as u64, 30_000.0);
                trial.response = times(rate as u64, 30_100.0);
                trial.server.as_mut().expect("ours").busy = 0.3;
            }
            trial
        });
        let low = knee.rate.expect("kept");
        assert!((3_900.0..=4_000.0).contains(&low), "{knee:?}");
        assert_eq!(
            (knee.above, knee.unknown),
            (None, Some(Invalid::LateSchedule))
        );
        assert!(knee.steps.iter().all(|(rate, ..)| *rate <= 4_000.0));
    }

    #[test]
    fn wrong_replies_are_no_knee() {
        let knee = searched(|rate| Trial {
            invalid: vec![Invalid::WrongReplies],
            ..at(rate, 7_000.0)
        });
        assert_eq!(knee.unknown, Some(Invalid::WrongReplies));
        assert_eq!((knee.rate, knee.above, knee.steps.len()), (None, None, 0));
    }

    #[test]
    fn a_rate_too_low_for_a_99th_percentile_is_not_tried() {
        let knee = searched(|rate| at(rate, 10.0));
        assert_eq!(knee.unknown, Some(Invalid::TooFewSamples));
        assert!(knee.above.is_some_and(|above| above < 200.0), "{knee:?}");
        assert!(
            knee.steps.iter().all(|(rate, ..)| *rate >= 100.0),
            "{knee:?}"
        );
    }

    #[test]
    fn too_few_questions_show_no_99th_percentile() {
        let knee = searched(|rate| {
            let mut trial = at(rate, 7_000.0);
            trial.response = times(900, trial.response.max);
            trial
        });
        assert_eq!(knee.unknown, Some(Invalid::TooFewSamples));
        assert_eq!((knee.rate, knee.above), (None, None));
    }
}

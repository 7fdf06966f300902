//! When a trial is invalid, and when its figures are bounds.
//!
//! A trial is excluded from every figure if the server answered wrongly or ended. A limit of the
//! generator does not exclude it: it [limits] the trial, whose rate is then a lower bound for the
//! server. A percentile with too few samples, or one that the generator's own lateness caused, is
//! left out alone, because the rate beside it may still be good.

use crate::results::{Invalid, Load, Trial};

/// The share of the time with something to do from which a generator could do no more. A few
/// connections that wait for each other leave it and the server a few per cent each, measured at
/// ten: 0.95 to 0.97 beside servers of 0.87 to 0.99, and a generator that is really the limit has
/// none left.
pub const SATURATED: f64 = 0.98;

/// The share of its cores' time that a server may leave unused while the generator can do no more.
pub const IDLE: f64 = 0.10;

/// How late a question may leave: the median lag, as a part of the median service time.
pub const LATE: f64 = 0.10;

/// How much of a percentile of the response time may be lag: the same percentile of the lag, as a
/// part of it. Beyond half of it the figure says more of the generator than of the server.
pub const LATE_TAIL: f64 = 0.5;

/// Why a trial is invalid; empty if it is valid. With `ours` the server is one that we started, and
/// so must have said what it used.
pub fn invalid_reasons(trial: &Trial, ours: bool) -> Vec<Invalid> {
    holding([
        (Invalid::WrongReplies, trial.losses.wrong > 0),
        (Invalid::ServerGone, ours && trial.server.is_none()),
    ])
}

/// What limits a trial's figures under this load; empty if nothing does. They count all the same.
pub fn limits(trial: &Trial, load: &Load) -> Vec<Invalid> {
    holding([
        (Invalid::GeneratorSaturated, saturated(trial, load)),
        (Invalid::LateSchedule, late(trial, load)),
        (Invalid::OutOfPorts, trial.losses.out_of_ports > 0),
        (
            Invalid::TooFewSamples,
            trial.response.percentile(0.5).is_none(),
        ),
        (Invalid::NotSteady, !trial.steady),
    ])
}

fn holding<const N: usize>(rules: [(Invalid, bool); N]) -> Vec<Invalid> {
    let holding = rules.into_iter().filter(|(_, holds)| *holds);
    holding.map(|(why, _)| why).collect()
}

/// Whether a limit makes a trial's rate the least that the server can do, and its times the most
/// that they take: the generator could do no more, or did it late. What the server used for each
/// reply is the same work, and stands as it is.
pub fn bounds(limit: Invalid) -> bool {
    matches!(
        limit,
        Invalid::GeneratorSaturated | Invalid::LateSchedule | Invalid::OutOfPorts
    )
}

/// Whether a trial's rate and times are bounds.
pub fn is_bound(trial: &Trial) -> bool {
    trial.limits.iter().copied().any(bounds)
}

/// A closed load as fast as its generator can while the server waits for more. Of somebody else's
/// server we do not know whether it waits; then the figure may be the generator's, and is a bound
/// too.
fn saturated(trial: &Trial, load: &Load) -> bool {
    let waits = trial
        .server
        .as_ref()
        .is_none_or(|server| server.busy < 1.0 - IDLE);
    matches!(load, Load::Closed { .. }) && trial.generator.busy >= SATURATED && waits
}

fn late(trial: &Trial, load: &Load) -> bool {
    let lag = &trial.generator.lag;
    matches!(load, Load::Open { .. })
        && lag.samples > 0
        && lag.at(0.5) > LATE * trial.service.at(0.5)
}

/// The response time within which a `part` (0 to 1) of the questions were answered, or why it
/// cannot be said.
pub fn response(trial: &Trial, part: f64) -> Result<f64, Invalid> {
    let time = trial
        .response
        .percentile(part)
        .ok_or(Invalid::TooFewSamples)?;
    let lag = &trial.generator.lag;
    let lagged = lag.samples > 0 && lag.at(part) > LATE_TAIL * time;
    if lagged {
        Err(Invalid::LateSchedule)
    } else {
        Ok(time)
    }
}

/// Whether a server kept up an offered rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The server kept it up.
    Up,
    /// The server did not.
    NotUp,
    /// The trial does not show it, for this reason.
    Unknown(Invalid),
}

/// How much of what is offered must be answered at a rate that is kept up.
const ANSWERED: f64 = 0.99;

/// Whether a trial shows that its server kept up this rate, with a 99th percentile of at most
/// `limit` microseconds. What a late generator adds to the times counts against the server only if
/// the generator had time to spare: then questions were late because all connections were in use.
pub fn kept(trial: &Trial, rate: f64, limit: f64) -> Kept {
    if let Some(why) = trial.invalid.first() {
        return Kept::Unknown(*why);
    }
    if trial.losses.out_of_ports > 0 {
        return Kept::Unknown(Invalid::OutOfPorts);
    }
    let Some(p99) = trial.response.percentile(0.99) else {
        return Kept::Unknown(Invalid::TooFewSamples);
    };
    let achieved = trial.replies as f64 / trial.seconds;
    if achieved >= ANSWERED * rate && p99 <= limit {
        return Kept::Up;
    }
    let spare = trial.generator.busy < 1.0 - IDLE;
    let open = Load::Open {
        connections: 0,
        rate,
    };
    let is_late = late(trial, &open) || response(trial, 0.99) == Err(Invalid::LateSchedule);
    match is_late && !spare {
        true => Kept::Unknown(Invalid::LateSchedule),
        false => Kept::NotUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Latencies, ServerUsage};

    const CLOSED: Load = Load::Closed { connections: 10 };
    const OPEN: Load = Load::Open {
        connections: 10,
        rate: 1000.0,
    };

    /// So many times, all the same.
    fn all(samples: u64, time: f64) -> Latencies {
        Latencies {
            samples,
            mean: time,
            max: time,
            buckets: vec![(time, samples)],
        }
    }

    fn good() -> Trial {
        Trial {
            round: 0,
            model: "mio".to_owned(),
            load: 0,
            warm_up: 0.2,
            steady: true,
            seconds: 1.0,
            replies: 5000,
            intervals: vec![2500, 2500],
            response: all(5000, 100.0),
            service: all(5000, 100.0),
            losses: crate::results::Losses::default(),
            generator: crate::results::Generator {
                busy: 0.5,
                lag: Latencies::default(),
            },
            server: Some(ServerUsage {
                busy: 0.95,
                ..ServerUsage::default()
            }),
            disturbed: 0,
            limits: Vec::new(),
            invalid: Vec::new(),
        }
    }

    /// What a trial is judged to be after a change.
    fn after(load: Load, change: impl FnOnce(&mut Trial)) -> Vec<Invalid> {
        let mut trial = good();
        change(&mut trial);
        [invalid_reasons(&trial, true), limits(&trial, &load)].concat()
    }

    #[test]
    fn a_good_trial_is_valid() {
        assert_eq!(after(CLOSED, |_| ()), []);
        assert_eq!(after(OPEN, |_| ()), []);
    }

    #[test]
    fn a_saturated_generator_before_an_idle_server() {
        let busy = |generator: f64, server: f64| {
            move |trial: &mut Trial| {
                trial.generator.busy = generator;
                trial.server.as_mut().expect("a server").busy = server;
            }
        };
        assert_eq!(
            after(CLOSED, busy(0.98, 0.89)),
            [Invalid::GeneratorSaturated]
        );
        assert_eq!(after(CLOSED, busy(0.98, 0.90)), []);
        assert_eq!(after(CLOSED, busy(0.97, 0.50)), []);
        // An open load offers what it offers; what it could not keep up is late.
        assert_eq!(after(OPEN, busy(1.00, 0.50)), []);
    }

    #[test]
    fn of_somebody_elses_server_a_saturated_generator_is_enough() {
        let mut trial = good();
        trial.server = None;
        assert_eq!(invalid_reasons(&trial, false), []);
        assert_eq!(limits(&trial, &CLOSED), []);
        trial.generator.busy = SATURATED;
        assert_eq!(invalid_reasons(&trial, false), []);
        assert_eq!(limits(&trial, &CLOSED), [Invalid::GeneratorSaturated]);
    }

    #[test]
    fn questions_that_left_late() {
        let lag = |lag: f64| move |trial: &mut Trial| trial.generator.lag = all(5000, lag);
        assert_eq!(after(OPEN, lag(10.0)), []);
        assert_eq!(after(OPEN, lag(10.1)), [Invalid::LateSchedule]);
        assert_eq!(after(CLOSED, lag(10.1)), []);
    }

    #[test]
    fn ports_replies_steadiness_and_the_server() {
        assert_eq!(
            after(CLOSED, |one| one.losses.out_of_ports = 1),
            [Invalid::OutOfPorts]
        );
        assert_eq!(
            after(CLOSED, |one| one.losses.wrong = 1),
            [Invalid::WrongReplies]
        );
        assert_eq!(
            after(CLOSED, |one| one.steady = false),
            [Invalid::NotSteady]
        );
        assert_eq!(
            after(CLOSED, |one| one.server = None),
            [Invalid::ServerGone]
        );
        // What the network may do is counted, and makes no trial invalid.
        let network = |one: &mut Trial| {
            one.losses.lost = 3;
            one.losses.duplicated = 2;
            one.losses.reordered = 1;
        };
        assert_eq!(after(CLOSED, network), []);
    }

    #[test]
    fn too_few_replies_for_a_median() {
        assert_eq!(after(CLOSED, |one| one.response = all(10, 100.0)), []);
        assert_eq!(
            after(CLOSED, |one| one.response = all(9, 100.0)),
            [Invalid::TooFewSamples]
        );
    }

    #[test]
    fn too_few_for_a_percentile_leave_out_that_one_alone() {
        let mut trial = good();
        trial.response = all(999, 100.0);
        assert_eq!(invalid_reasons(&trial, true), []);
        assert_eq!(response(&trial, 0.9), Ok(100.0));
        assert_eq!(response(&trial, 0.99), Err(Invalid::TooFewSamples));
        trial.response = all(1000, 100.0);
        assert_eq!(response(&trial, 0.99), Ok(100.0));
        assert_eq!(response(&trial, 0.999), Err(Invalid::TooFewSamples));
    }

    #[test]
    fn a_tail_that_the_generator_made_is_left_out_alone() {
        let mut trial = good();
        let tail = |time: f64| Latencies {
            samples: 5000,
            mean: 2.0,
            max: time,
            buckets: vec![(1.0, 4900), (time, 100)],
        };
        trial.generator.lag = tail(51.0);
        assert_eq!(invalid_reasons(&trial, true), []);
        assert_eq!(response(&trial, 0.5), Ok(100.0));
        assert_eq!(response(&trial, 0.99), Err(Invalid::LateSchedule));
        trial.generator.lag = tail(50.0);
        assert_eq!(response(&trial, 0.99), Ok(100.0));
    }
}

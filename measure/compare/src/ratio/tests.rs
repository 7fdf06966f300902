//! How often the intervals hold what they say, by drawing runs whose truth is known.

use fastrand::Rng;

use super::*;

/// How runs are drawn.
#[derive(Clone, Copy, Debug)]
struct World {
    /// The standard deviation of the logarithm of one trial.
    noise: f64,
    /// How often a trial is an outlier, 1.5 times what it should be.
    outliers: f64,
    /// The standard deviation between runs of the logarithm of a ratio.
    drift: f64,
}

fn normal(rng: &mut Rng) -> f64 {
    let length = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    length * (std::f64::consts::TAU * rng.f64()).cos()
}

impl World {
    /// The same world with another noise: not all loads are equally quiet.
    fn of_cell(self, rng: &mut Rng) -> Self {
        let noise = self.noise * (0.5 * normal(rng)).exp();
        World { noise, ..self }
    }

    /// The logarithms of the ratios of one run.
    fn run(self, ratio: f64, rounds: usize, rng: &mut Rng) -> Vec<f64> {
        let centre = ratio.ln() + self.drift * normal(rng);
        let trial = |rng: &mut Rng| {
            let outlier = if rng.f64() < self.outliers {
                1.5_f64.ln()
            } else {
                0.0
            };
            self.noise * normal(rng) + outlier
        };
        (0..rounds)
            .map(|_| centre + trial(rng) - trial(rng))
            .collect()
    }
}

const WORLDS: [World; 5] = [
    World {
        noise: 0.02,
        outliers: 0.0,
        drift: 0.0,
    },
    World {
        noise: 0.02,
        outliers: 0.0,
        drift: 0.025,
    },
    World {
        noise: 0.10,
        outliers: 0.0,
        drift: 0.025,
    },
    World {
        noise: 0.02,
        outliers: 0.1,
        drift: 0.025,
    },
    World {
        noise: 0.05,
        outliers: 0.2,
        drift: 0.025,
    },
];

/// Those with the same drift, for the worlds have one.
const METRICS: [Metric; 3] = [Metric::Rate, Metric::P50, Metric::Cpu];

const ROUNDS: [usize; 3] = [3, 5, 9];

fn series(at: usize, logs: Vec<f64>) -> RatioSeries {
    let metric = METRICS[at % 3];
    RatioSeries {
        metric,
        open: false,
        sliced: false,
        logs,
    }
}

/// In how many of all cases what a run says of a ratio holds what it should.
fn held(
    world: World,
    rounds: usize,
    rng: &mut Rng,
    holds: impl Fn(&Comparison, f64) -> bool,
) -> f64 {
    const RATIO: f64 = 1.3;
    let runs = 100;
    let mut held = 0;
    for _ in 0..runs {
        // Three loads and three metrics, and a second run of each.
        let cells: Vec<World> = (0..9).map(|_| world.of_cell(rng)).collect();
        let run = |at: usize, rng: &mut Rng| cells[at].run(RATIO, rounds, rng);
        let all: Vec<RatioSeries> = (0..9).map(|at| series(at, run(at, rng))).collect();
        for (at, (comparison, _)) in compare_all(&all).iter().enumerate() {
            let again = statistics::median(&run(at, rng)).expect("some").exp();
            held += u32::from(holds(comparison, again));
        }
    }
    f64::from(held) / f64::from(9 * runs)
}

fn in_prediction(one: &Comparison, again: f64) -> bool {
    let inside = one.prediction.expect("enough");
    inside.low <= again && again <= inside.high
}

#[test]
fn a_second_run_lies_in_the_first_ones_prediction() {
    let mut rng = Rng::with_seed(11);
    for world in WORLDS {
        for rounds in ROUNDS {
            let share = held(world, rounds, &mut rng, in_prediction);
            assert!(share >= 0.94, "{world:?}, {rounds} rounds: {share}");
        }
    }
}

#[test]
fn more_drift_than_was_thought_of_is_still_borne() {
    let mut rng = Rng::with_seed(12);
    let world = World {
        noise: 0.03,
        outliers: 0.1,
        drift: 0.035,
    };
    for rounds in ROUNDS {
        let share = held(world, rounds, &mut rng, in_prediction);
        assert!(share >= 0.92, "{rounds} rounds: {share}");
    }
}

#[test]
fn the_interval_holds_the_truth() {
    let mut rng = Rng::with_seed(13);
    let truth = |one: &Comparison, _| {
        let interval = one.interval.expect("enough");
        interval.low <= 1.3 && 1.3 <= interval.high
    };
    for world in WORLDS {
        for rounds in ROUNDS {
            let share = held(world, rounds, &mut rng, truth);
            assert!(share >= 0.94, "{world:?}, {rounds} rounds: {share}");
        }
    }
}

/// In which share of the runs each of so many comparisons of a model with itself finds no
/// difference.
fn silent(world: World, rounds: usize, comparisons: usize, rng: &mut Rng) -> f64 {
    let runs = 150;
    let silent = (0..runs).filter(|_| {
        let one = |at| series(at, world.of_cell(rng).run(1.0, rounds, rng));
        let all: Vec<RatioSeries> = (0..comparisons).map(one).collect();
        let equal = |(_, verdict): &(_, Verdict)| *verdict == Verdict::NoDetectableDifference;
        compare_all(&all).iter().all(equal)
    });
    silent.count() as f64 / f64::from(runs)
}

#[test]
fn a_model_compared_with_itself_shows_no_difference_anywhere() {
    let mut rng = Rng::with_seed(14);
    for world in WORLDS {
        for rounds in ROUNDS {
            // Three loads and four metrics.
            let share = silent(world, rounds, 12, &mut rng);
            assert!(share >= 0.97, "{world:?}, {rounds} rounds: {share}");
        }
    }
}

#[test]
fn a_model_compared_with_itself_beside_models_that_differ() {
    let mut rng = Rng::with_seed(15);
    let world = WORLDS[3];
    let runs = 150;
    let silent = (0..runs).filter(|_| {
        let ratio = |at: usize| if at < 12 { 1.0 } else { 4.0 };
        let one = |at: usize| series(at, world.of_cell(&mut rng).run(ratio(at), 7, &mut rng));
        let all: Vec<RatioSeries> = (0..36).map(one).collect();
        let equal = |(_, verdict): &(_, Verdict)| *verdict == Verdict::NoDetectableDifference;
        compare_all(&all)[..12].iter().all(equal)
    });
    let share = silent.count() as f64 / f64::from(runs);
    assert!(share >= 0.98, "{share}");
}

#[test]
fn differences_are_found() {
    let mut rng = Rng::with_seed(16);
    for (rounds, ratio, noise, least) in [
        (3, 1.5, 0.02, 0.95),
        (5, 1.3, 0.02, 0.95),
        (7, 1.2, 0.02, 0.95),
        (10, 1.3, 0.05, 0.95),
    ] {
        let world = World {
            noise,
            outliers: 0.0,
            drift: 0.01,
        };
        let found = (0..60).filter(|_| {
            let one = |at: usize| series(at, world.run(ratio, rounds, &mut rng));
            let all: Vec<RatioSeries> = (0..36).map(one).collect();
            compare_all(&all)[0].1 == Verdict::Higher
        });
        let share = found.count() as f64 / 60.0;
        assert!(share >= least, "{rounds} rounds, {ratio}: {share}");
    }
}

#[test]
fn two_rounds_say_nothing() {
    let two = Comparison::of(&[1.0, 1.1], None, 0.0);
    assert_eq!((two.pairs, two.interval, two.p_value), (2, None, None));
    assert_eq!(
        verdicts(&[two, Comparison::of(&[], None, 0.0)]),
        [Verdict::TooFew; 2]
    );
    assert_eq!(Comparison::of(&[], None, 0.0).ratio, None);
}

/// One comparison of two servers in slices, as `compare EXERCISE --models A,B --connections N`
/// makes it: so many rounds of so many slices, each with a noise that carries on into the next
/// slice of the same server, and a part that belongs to the processes of the round. Of all four
/// metrics.
fn in_slices(ratio: f64, rng: &mut Rng) -> Vec<(Comparison, Verdict)> {
    const SHAPE: (usize, usize) = (40, 5);
    const SLICE: f64 = 0.05;
    const CARRIES_ON: f64 = 0.5;
    const PROCESS: f64 = 0.01;
    const BETWEEN_RUNS: f64 = 0.003;
    let series = Metric::ALL.map(|metric| {
        let centre = BETWEEN_RUNS * normal(rng)
            + if metric == Metric::Cpu {
                ratio.ln()
            } else {
                0.0
            };
        let trial = |rng: &mut Rng| {
            let mut noise = SLICE * normal(rng);
            let slices = (0..SHAPE.1).map(|_| {
                let fresh = SLICE * (1.0 - CARRIES_ON * CARRIES_ON).sqrt() * normal(rng);
                noise = CARRIES_ON * noise + fresh;
                noise.exp()
            });
            (slices.sum::<f64>() / SHAPE.1 as f64).ln() + PROCESS * normal(rng)
        };
        let logs = (0..SHAPE.0).map(|_| centre + trial(rng) - trial(rng));
        RatioSeries {
            metric,
            open: false,
            sliced: true,
            logs: logs.collect(),
        }
    });
    compare_all(&series)
}

fn any_difference(judged: &[(Comparison, Verdict)]) -> bool {
    let is_sure = |verdict: Verdict| matches!(verdict, Verdict::Higher | Verdict::Lower);
    judged.iter().any(|(_, verdict)| is_sure(*verdict))
}

#[test]
fn in_slices_five_per_cent_are_found_and_a_server_is_not_told_from_itself() {
    let mut rng = Rng::with_seed(11);
    let runs = 400;
    let of_cpu = |judged: &[(Comparison, Verdict)]| judged[3].1 == Verdict::Higher;
    let found = (0..runs)
        .filter(|_| of_cpu(&in_slices(1.05, &mut rng)))
        .count();
    assert!(found * 100 >= runs * 95, "{found} of {runs}");
    let found = (0..runs).filter(|_| any_difference(&in_slices(1.0, &mut rng)));
    let found = found.count();
    assert!(found * 100 <= runs * 5, "{found} of {runs}");
}

#[test]
fn in_slices_the_intervals_hold_what_they_say() {
    let mut rng = Rng::with_seed(12);
    let runs = 400;
    let mut held = [0; 2];
    for _ in 0..runs {
        let (one, again) = (in_slices(1.05, &mut rng), in_slices(1.05, &mut rng));
        let within = |interval: Option<Interval>, truth: f64| {
            interval.is_some_and(|one| one.low <= truth && truth <= one.high)
        };
        held[0] += usize::from(within(one[3].0.interval, 1.05));
        let second = again[3].0.ratio.unwrap_or_default();
        held[1] += usize::from(within(one[3].0.prediction, second));
    }
    assert!(held.iter().all(|held| held * 100 >= runs * 93), "{held:?}");
}

#[test]
fn the_interval_is_students() {
    // Median 0, mean distance from it 0.12 / 4 × √(π/2); t for 4 degrees is 2.776.
    let logs = [-0.04, -0.02, 0.0, 0.02, 0.04];
    let one = Comparison::of(&logs, None, 0.0);
    let half = 2.776 * (std::f64::consts::FRAC_PI_2 * 0.12 / 4.0) / 5.0_f64.sqrt();
    let interval = one.interval.expect("five");
    assert!((interval.high.ln() - half).abs() < 1e-4, "{interval:?}");
    let prediction = one.prediction.expect("five");
    assert!((prediction.high.ln() - half * 2.0_f64.sqrt()).abs() < 1e-4);
    assert!((interval.low * interval.high - 1.0).abs() < 1e-12);
}

#[test]
fn equal_rounds_leave_the_drift() {
    let one = Comparison::of(&[0.0; 5], None, 0.025);
    let interval = one.interval.expect("five");
    assert!(
        (interval.high.ln() - 1.96 * 0.025).abs() < 1e-4,
        "{interval:?}"
    );
    // And none without: a difference then is a difference.
    let exact = Comparison::of(&[0.1; 5], None, 0.0);
    assert_eq!(verdicts(&[exact]), [Verdict::Higher]);
}

#[test]
fn holm_goes_on_until_one_is_not_rejected() {
    let p_values = [Some(0.016), Some(0.004), None, Some(0.008), Some(0.08)];
    // Four: 0.004 ≤ 0.005; 0.008 > 0.0067, and so nothing after it, though 0.016 alone would be
    // below 0.02.
    assert_eq!(holm(&p_values), [false, true, false, false, false]);
    let fewer = [Some(0.016), Some(0.004), Some(0.008)];
    assert_eq!(holm(&fewer), [true, true, true]);
}

//! What is concluded.

use socklab_compare::results::{Invalid, Latencies, Load, Results};
use socklab_compare::summary::{Cell, Metric, Verdict};
use socklab_compare::{Document, Summary, ratio};

use super::made::{self, MODELS, Model, ROUNDS};

fn made() -> Results {
    made::results(&MODELS, 42)
}

/// The summary after something happened to some trials of `mio` with 10 connections.
fn after(change: impl Fn(&mut socklab_compare::results::Trial), rounds: u32) -> Cell {
    let mut results = made();
    let these = results.trials.iter_mut();
    these
        .filter(|one| one.model == "mio" && one.load == 1 && one.round < rounds)
        .for_each(change);
    let summary = Summary::new(&results);
    summary.cell("mio", 1).expect("a cell").clone()
}

#[test]
fn the_recorded_summary_is_that_of_the_recorded_results() {
    let recorded = super::recorded();
    assert!(Summary::new(&recorded.results) == recorded.summary);
}

#[test]
fn a_document_is_the_same_when_it_is_read_again() {
    let document = Document::new(made());
    let text = serde_json::to_string(&document).expect("JSON");
    let again: Document = serde_json::from_str(&text).expect("the same schema");
    assert!(again == document);
    assert!(Summary::new(&again.results) == again.summary);
}

#[test]
fn figures_are_medians_of_the_rounds() {
    let results = made();
    let summary = Summary::new(&results);
    assert_eq!(summary.cells.len(), 16);
    let cell = summary.cell("tokio", 2).expect("a cell");
    let mut trials: Vec<_> = results
        .trials
        .iter()
        .filter(|one| one.model == "tokio" && one.load == 2)
        .collect();
    assert_eq!(
        (cell.trials, cell.valid, cell.invalid.len()),
        (ROUNDS, ROUNDS, 0)
    );
    trials.sort_by_key(|one| one.replies);
    let middle = trials[3].replies as f64;
    let rate = cell.rate.expect("a rate");
    assert_eq!(rate.value, middle);
    let interval = rate.interval.expect("seven rounds");
    assert_eq!(
        (interval.low, interval.high),
        (trials[0].replies as f64, trials[6].replies as f64)
    );
    let value = |one: Option<socklab_compare::summary::Estimate>| one.expect("a figure").value;
    let cpu = value(cell.user) + value(cell.system);
    assert!((value(cell.cpu) / cpu - 1.0).abs() < 0.01);
    assert!((value(cell.cpu) - 8.2).abs() < 0.5);
    let receive = &cell.operations["receive"];
    assert!((value(receive.calls) - 1.4).abs() < 0.01);
    assert!((value(receive.would_block) - 0.4).abs() < 0.01);
    assert_eq!(value(cell.threads), 4.0);
    let (p50, p99) = (value(cell.response.p50), value(cell.response.p99));
    assert!(p50 < p99 && p99 < value(cell.response.p999));
}

#[test]
fn ratios_are_those_of_the_baseline_and_find_what_differs() {
    let summary = Summary::new(&made());
    assert_eq!(summary.ratios.len(), 3 * 4 * 4);
    let rate = summary
        .ratio("async-std", 1, Metric::Rate)
        .expect("a ratio");
    assert_eq!((rate.verdict, rate.pairs), (Verdict::Lower, ROUNDS));
    let (ratio, interval) = (rate.ratio.expect("some"), rate.interval.expect("seven"));
    assert!(interval.low < ratio && ratio < interval.high);
    let prediction = rate.prediction.expect("seven");
    assert!(prediction.low < interval.low && interval.high < prediction.high);
    let cpu = summary.ratio("async-std", 1, Metric::Cpu).expect("a ratio");
    assert_eq!(cpu.verdict, Verdict::Higher);
    let same = summary.ratio("mio", 1, Metric::Rate).expect("a ratio");
    assert_eq!(same.verdict, Verdict::NoDetectableDifference);
    assert!(summary.ratio("blocking", 1, Metric::Rate).is_none());
}

#[test]
fn the_best_are_named_with_those_that_cannot_be_told_from_them() {
    let summary = Summary::new(&made());
    let best = summary
        .best
        .iter()
        .find(|one| one.load == 1 && one.metric == Metric::Rate);
    let best = best.expect("a best one");
    assert_eq!(
        (best.model.as_str(), &best.tied[..]),
        ("blocking", &["mio".to_owned()][..])
    );
}

#[test]
fn a_model_compared_with_itself_is_equal_in_19_of_20_runs() {
    let again = Model {
        name: "mio-again",
        ..MODELS[2]
    };
    let equal = (0..20).filter(|seed| {
        let summary = Summary::new(&made::results(&[MODELS[2], again], *seed));
        assert_eq!(summary.ratios.len(), 16);
        let equal =
            |one: &socklab_compare::summary::Ratio| one.verdict == Verdict::NoDetectableDifference;
        summary.ratios.iter().all(equal)
    });
    let equal = equal.count();
    assert!(equal >= 19, "{equal}");
}

#[test]
fn nine_in_ten_ratios_of_a_second_run_lie_in_the_predictions_of_the_first() {
    let (mut held, mut all) = (0, 0);
    for seed in 0..6 {
        let first = Summary::new(&made::results(&MODELS, seed));
        let second = Summary::new(&made::results(&MODELS, 100 + seed));
        for (one, other) in first.ratios.iter().zip(&second.ratios) {
            let (inside, ratio) = (one.prediction.expect("enough"), other.ratio.expect("some"));
            all += 1;
            held += u32::from(inside.low <= ratio && ratio <= inside.high);
        }
    }
    assert!(f64::from(held) >= 0.9 * f64::from(all), "{held} of {all}");
}

#[test]
fn rounds_that_do_not_count_are_counted() {
    let gone = |one: &mut socklab_compare::results::Trial| one.invalid.push(Invalid::ServerGone);
    let some = after(gone, 3);
    assert_eq!((some.trials, some.valid), (7, 4));
    assert_eq!(some.reasons, [(Invalid::ServerGone, 3)].into());
    assert_eq!(some.invalid, []);
    assert!(some.rate.is_some_and(|rate| rate.interval.is_none()));
    // Three of seven are not most of them.
    let most = after(gone, 4);
    assert_eq!(most.invalid, [Invalid::ServerGone]);
    assert_eq!((most.rate, most.response.p50, most.cpu), (None, None, None));
}

#[test]
fn one_wrong_reply_makes_the_cell_invalid() {
    let cell = after(|one| one.invalid.push(Invalid::WrongReplies), 1);
    assert_eq!((cell.valid, cell.invalid), (6, vec![Invalid::WrongReplies]));
}

#[test]
fn an_invalid_cell_is_compared_with_nothing() {
    let mut results = made();
    for trial in results
        .trials
        .iter_mut()
        .filter(|one| one.model == "mio" && one.round < 4)
    {
        trial.invalid.push(Invalid::ServerGone);
    }
    let summary = Summary::new(&results);
    let ratios = summary.ratios.iter().filter(|one| one.model == "mio");
    for ratio in ratios {
        assert_eq!(
            (ratio.verdict, ratio.pairs, ratio.ratio),
            (Verdict::TooFew, 0, None)
        );
    }
    let named = |one: &socklab_compare::summary::Best| {
        one.model == "mio" || one.tied.contains(&"mio".to_owned())
    };
    assert!(!summary.best.iter().any(named));
}

/// Where the generator is the limit, a rate is the least that a server can do; what the server used
/// for each reply is its own.
#[test]
fn a_saturated_generator_makes_bounds_and_leaves_the_costs() {
    let mut results = made();
    for trial in results.trials.iter_mut().filter(|one| one.model == "mio") {
        trial.limits.push(Invalid::GeneratorSaturated);
    }
    let summary = Summary::new(&results);
    let cell = summary.cell("mio", 0).expect("a cell");
    assert_eq!(cell.bounds, [Invalid::GeneratorSaturated]);
    assert_eq!((cell.valid, cell.invalid.len()), (ROUNDS, 0));
    assert!(cell.rate.is_some() && cell.response.p50.is_some());
    assert!(cell.cpu.is_some() && cell.voluntary.is_some());
    for ratio in summary.ratios.iter().filter(|one| one.model == "mio") {
        assert_eq!(ratio.ratio.is_some(), ratio.metric == Metric::Cpu);
    }
    // It may be the fastest, so no other is said to be.
    assert!(summary.best.iter().all(|one| one.metric == Metric::Cpu));
}

#[test]
fn a_percentile_of_too_few_replies_is_left_out_alone() {
    let few = |one: &mut socklab_compare::results::Trial| {
        one.response = Latencies {
            samples: 500,
            mean: 50.0,
            max: 90.0,
            buckets: vec![(50.0, 480), (90.0, 20)],
        };
    };
    let cell = after(few, 7);
    assert_eq!(cell.invalid, []);
    assert!(cell.rate.is_some() && cell.response.p90.is_some());
    assert_eq!((cell.response.p99, cell.response.p999), (None, None));
    let left_out = ["p99", "p999"].map(|name| (name.to_owned(), Invalid::TooFewSamples));
    assert_eq!(cell.response.left_out, left_out.into());
    assert!(cell.service.p99.is_some());
    // Most rounds have it: those that do not are not what it is about.
    let cell = after(few, 3);
    assert!(cell.response.p99.is_some_and(|one| one.interval.is_none()));
    assert_eq!(cell.response.left_out, [].into());
}

#[test]
fn pairs_are_of_the_same_round() {
    let mut results = made();
    let round = |model: &str, round: u32, results: &mut Results| {
        let is = |one: &&mut socklab_compare::results::Trial| {
            one.model == model && one.load == 0 && one.round == round
        };
        results
            .trials
            .iter_mut()
            .find(is)
            .expect("a trial")
            .invalid
            .push(Invalid::ServerGone);
    };
    round("mio", 0, &mut results);
    round("blocking", 1, &mut results);
    let logs = ratio::logs(&results.trials, "mio", "blocking", 0, Metric::Rate);
    assert_eq!(logs.len(), 5);
    let of = |model: &str| {
        let is = |one: &&socklab_compare::results::Trial| {
            one.model == model && one.load == 0 && one.round == 2
        };
        results.trials.iter().find(is).expect("a trial").replies as f64
    };
    assert!((logs[0] - (of("mio") / of("blocking")).ln()).abs() < 1e-12);
}

#[test]
fn idle_connections_cost_a_slope() {
    let summary = Summary::new(&made());
    let cost = |model: &str| {
        let cost = summary
            .idle
            .iter()
            .find(|one| one.model == model)
            .expect("a cost");
        cost.bytes.expect("five steps")
    };
    let async_std = cost("async-std");
    assert!(
        (async_std.value - 4.3 * 1024.0).abs() < 40.0,
        "{async_std:?}"
    );
    let interval = async_std.interval.expect("five steps");
    assert!(interval.low < async_std.value && interval.high - interval.low < 40.0);
    let blocking = cost("blocking").interval.expect("five steps");
    assert!(blocking.low < 0.0 && 0.0 < blocking.high);
}

#[test]
fn somebody_elses_server_has_no_cpu_to_compare() {
    let mut results = made();
    for trial in results.trials.iter_mut().filter(|one| one.model == "tokio") {
        trial.server = None;
    }
    let summary = Summary::new(&results);
    let cell = summary.cell("tokio", 1).expect("a cell");
    assert!(cell.rate.is_some() && cell.cpu.is_none() && cell.operations.is_empty());
    let cpu = summary.ratio("tokio", 1, Metric::Cpu).expect("a ratio");
    assert_eq!(cpu.verdict, Verdict::TooFew);
    let rate = summary.ratio("tokio", 1, Metric::Rate).expect("a ratio");
    assert_eq!(rate.verdict, Verdict::Lower);
    assert!(matches!(results.loads[1], Load::Closed { .. }));
}

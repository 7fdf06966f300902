//! What changed between two comparisons.

use socklab_compare::diff::{Diff, FactChange, Refusal, diff, show};
use socklab_compare::results::{Invalid, Load, Results};
use socklab_compare::summary::{Metric, Verdict};

use super::made::{self, MODELS, Model};
use super::messages::messages;

fn made(seed: u64) -> Results {
    made::results(&MODELS, seed)
}

fn changes(diff: &Diff) -> Vec<(&str, Metric, Option<&str>, Verdict)> {
    let change = |one: &'_ socklab_compare::diff::Figure| (one.metric, one.verdict);
    diff.changes()
        .map(|one| {
            let (metric, verdict) = change(one);
            (one.model.as_str(), metric, one.against.as_deref(), verdict)
        })
        .collect()
}

#[test]
fn nothing_changes_between_a_run_and_itself() {
    let diff = diff(&made(1), &made(1)).expect("the same exercise");
    // Four models with four loads and metrics, and three of them against the first.
    assert_eq!(diff.figures.len(), 64 + 48);
    assert_eq!(changes(&diff), []);
    let text = show(&diff, &messages("en"));
    assert_eq!(
        text,
        "nothing changed beyond what two runs of the same programs differ by (112 figures compared)\n"
    );
}

#[test]
fn nothing_changes_between_two_runs_of_the_same() {
    let quiet = (0..20).filter(|seed| {
        let diff = diff(&made(*seed), &made(1000 + seed)).expect("the same exercise");
        diff.changes().count() == 0
    });
    let quiet = quiet.count();
    assert!(quiet >= 19, "{quiet}");
}

/// A generator that was the limit in one of two runs makes no server slower.
#[test]
fn what_the_generator_limited_has_not_changed() {
    let old = made(1);
    for rounds in [2, 100] {
        let mut new = made(2);
        let mio = new
            .trials
            .iter_mut()
            .filter(|one| one.model == "mio" && one.load == 1);
        for trial in mio.filter(|one| one.round < rounds) {
            trial.limits.push(Invalid::GeneratorSaturated);
            trial.replies /= 2;
            let server = trial.server.as_mut().expect("measured");
            server.user /= 2.0;
            server.system /= 2.0;
            for times in [&mut trial.response, &mut trial.service] {
                times
                    .buckets
                    .iter_mut()
                    .for_each(|(limit, _)| *limit *= 2.0);
                times.max *= 2.0;
            }
        }
        for (before, after) in [(&old, &new), (&new, &old)] {
            let diff = diff(before, after).expect("the same exercise");
            assert_eq!(changes(&diff), [], "{rounds}");
            let text = show(&diff, &messages("en"));
            // Two rounds of many are left out; all of them are bounds.
            let bounds = diff.bounds.iter().map(|(model, _)| model.as_str());
            let expected: &[&str] = if rounds > 2 { &["mio"] } else { &[] };
            assert_eq!(bounds.collect::<Vec<_>>(), expected);
            let said = "not compared but for CPU time, for the load generator was the limit";
            assert_eq!(text.contains(said), rounds > 2, "{text}");
            let cpu = |one: &&socklab_compare::diff::Figure| {
                one.model == "mio" && one.load == old.loads[1] && one.metric == Metric::Cpu
            };
            assert_eq!(diff.figures.iter().filter(cpu).count(), 2);
        }
    }
}

#[test]
fn a_slower_model_is_found_in_both_directions() {
    let mut models = MODELS;
    models[2].cpu = (1.6, 9.0);
    let (fast, slow) = (made(1), made::results(&models, 2));
    let worse = diff(&fast, &slow).expect("the same exercise");
    let found = changes(&worse);
    assert!(found.iter().all(|(model, ..)| *model == "mio"), "{found:?}");
    for against in [None, Some("blocking")] {
        assert!(
            found.contains(&("mio", Metric::Rate, against, Verdict::Lower)),
            "{found:?}"
        );
        assert!(
            found.contains(&("mio", Metric::Cpu, against, Verdict::Higher)),
            "{found:?}"
        );
    }
    let better = diff(&slow, &fast).expect("the same exercise");
    let found = changes(&better);
    assert!(
        found.contains(&("mio", Metric::Rate, None, Verdict::Higher)),
        "{found:?}"
    );
    assert!(
        found.contains(&("mio", Metric::Cpu, None, Verdict::Lower)),
        "{found:?}"
    );
    let text = show(&worse, &messages("en"));
    assert!(text.contains("mio (10 connections)"), "{text}");
    assert!(text.contains("replies/s against blocking"), "{text}");
    assert!(show(&worse, &messages("es")).contains("respuestas/s frente a blocking"));
}

#[test]
fn a_slower_machine_moves_no_ratio() {
    let slower = MODELS.map(|one| Model {
        cpu: (one.cpu.0 * 1.6, one.cpu.1 * 1.6),
        ..one
    });
    let diff = diff(&made(1), &made::results(&slower, 2)).expect("the same exercise");
    let found = changes(&diff);
    assert!(found.iter().any(|one| one.2.is_none()), "{found:?}");
    assert!(
        found
            .iter()
            .all(|one| one.2.is_none() || one.1 == Metric::P99),
        "{found:?}"
    );
}

#[test]
fn other_exercises_loads_and_models_are_refused_in_one_line() {
    let words = messages("en");
    let refusal = |change: fn(&mut Results)| {
        let mut other = made(1);
        change(&mut other);
        let refusal = diff(&made(1), &other).expect_err("refused");
        let line = refusal.say(&words);
        assert!(!line.contains('\n'), "{line}");
        (refusal, line)
    };
    let (exercise, line) = refusal(|one| one.exercise = "welcome".to_owned());
    assert_eq!(
        exercise,
        Refusal::Exercise("echo".to_owned(), "welcome".to_owned())
    );
    assert_eq!(
        line,
        "these cannot be compared: the old one measured echo, the new one welcome"
    );
    let (loads, line) = refusal(|one| one.loads[0] = Load::Closed { connections: 2 });
    assert!(matches!(loads, Refusal::Loads(..)));
    assert!(
        line.contains("(old: 1 connection; 10 connections; ")
            && line.contains("new: 2 connections; "),
        "{line}"
    );
    let (loads, _) = refusal(|one| one.loads.push(Load::Closed { connections: 2 }));
    assert!(matches!(loads, Refusal::Loads(..)));
    let (models, _) = refusal(|one| {
        one.models = vec!["other".to_owned()];
        for trial in &mut one.trials {
            trial.model = "other".to_owned();
        }
    });
    assert_eq!(models, Refusal::Models);
}

#[test]
fn the_order_of_the_loads_does_not_matter() {
    let mut other = made(1);
    other.loads.swap(0, 2);
    for trial in &mut other.trials {
        trial.load = [2, 1, 0, 3][trial.load];
    }
    assert_eq!(
        changes(&diff(&made(1), &other).expect("the same loads")),
        []
    );
}

/// Two runs of one round: it is not known whether anything changed.
#[test]
fn where_no_figure_was_compared_none_is_said_to_be_unchanged() {
    let round = |seed| {
        let mut results = made(seed);
        results.trials.retain(|one| one.round == 0);
        results
    };
    let diff = diff(&round(1), &round(2)).expect("the same loads");
    assert_eq!(diff.compared(), 0);
    let text = show(&diff, &messages("en"));
    assert!(text.ends_with(" too few rounds to be compared\nno figure could be compared\n"));
}

#[test]
fn what_could_not_be_compared_is_said() {
    let (mut old, mut new) = (made(1), made(2));
    old.trials.retain(|one| one.model != "tokio");
    for trial in new
        .trials
        .iter_mut()
        .filter(|one| one.model == "mio" && one.load == 0)
    {
        trial.invalid.push(Invalid::ServerGone);
    }
    new.trials
        .retain(|one| one.model != "async-std" || one.round < 2);
    new.environment.facts[0].1 = "6.13.0".to_owned();
    old.environment
        .facts
        .push(("build".to_owned(), "a".to_owned()));
    new.environment
        .facts
        .push(("build".to_owned(), "b".to_owned()));
    let diff = diff(&old, &new).expect("something in common");
    assert_eq!(diff.only_new, ["tokio"]);
    assert_eq!(
        diff.invalid,
        [("mio".to_owned(), Load::Closed { connections: 1 })]
    );
    assert_eq!(
        diff.environment,
        [FactChange {
            name: "kernel".to_owned(),
            old: "6.12.0".to_owned(),
            new: "6.13.0".to_owned()
        }]
    );
    assert_eq!(diff.too_few(), 32);
    let text = show(&diff, &messages("en"));
    for part in [
        "the machines differ, so absolute figures may have changed for that alone: kernel: 6.12.0 → 6.13.0\n",
        "only in the new one: tokio\n",
        "not compared, for one of the two is not to be believed: mio (1 connection)\n",
        "32 figures have too few rounds to be compared\n",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

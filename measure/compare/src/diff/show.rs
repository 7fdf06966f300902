//! A difference as text.

use super::{Diff, FactChange, Figure, Refusal};
use crate::names::Names;
use crate::results::Load;
use socklab_text::Grid;
use socklab_text::Messages;

/// The changes as a table, with what must be known beside them.
pub fn show(diff: &Diff, messages: &dyn Messages) -> String {
    let names = Names::new(messages);
    let mut text = String::new();
    let mut line = |said: String| {
        text.push_str(&said);
        text.push('\n');
    };
    let facts = diff.environment.iter();
    let fact = |one: &FactChange| {
        let [name, old, new] = [&one.name, &one.old, &one.new].map(|text| names.name(text));
        format!("{name}: {old} → {new}")
    };
    let facts: Vec<String> = facts.map(fact).collect();
    if !facts.is_empty() {
        let facts = facts.join("; ");
        line(messages.say_with("compare-diff-environment", &[("facts", &facts)]));
    }
    let list = |models: &[String]| {
        let models: Vec<String> = models.iter().map(|model| names.name(model)).collect();
        models.join(", ")
    };
    if !diff.only_old.is_empty() {
        let models = list(&diff.only_old);
        line(messages.say_with("compare-diff-only-old", &[("models", &models)]));
    }
    if !diff.only_new.is_empty() {
        let models = list(&diff.only_new);
        line(messages.say_with("compare-diff-only-new", &[("models", &models)]));
    }
    let places = |places: &[(String, Load)]| {
        let place = |(model, load): &(String, Load)| {
            format!("{} ({})", names.name(model), names.load(load))
        };
        let places: Vec<String> = places.iter().map(place).collect();
        places.join(", ")
    };
    if !diff.invalid.is_empty() {
        let places = places(&diff.invalid);
        line(messages.say_with("compare-diff-unbelieved", &[("places", &places)]));
    }
    if !diff.bounds.is_empty() {
        let places = places(&diff.bounds);
        line(messages.say_with("compare-diff-bounds", &[("places", &places)]));
    }
    let compared = diff.compared();
    if diff.too_few() > 0 {
        let figures = diff.too_few();
        line(messages.say_with("compare-diff-too-few", &[("figures", &figures)]));
    }
    let rows: Vec<Vec<String>> = diff.changes().map(|one| row(one, names)).collect();
    if compared == 0 {
        line(messages.say("compare-diff-nothing-compared"));
        return text;
    }
    if rows.is_empty() {
        line(messages.say_with("compare-diff-none", &[("compared", &compared)]));
        return text;
    }
    let changed = rows.len();
    line(messages.say_with(
        "compare-diff-some",
        &[("changed", &changed), ("compared", &compared)],
    ));
    let header = vec![
        messages.say("compare-column-model"),
        messages.say("compare-diff-column-figure"),
        messages.say("compare-diff-column-old"),
        messages.say("compare-diff-column-new"),
        messages.say("compare-diff-column-change"),
        messages.say("compare-diff-column-expected"),
    ];
    text.push_str(&Grid::new(1, header, rows).plain());
    text
}

fn row(one: &Figure, names: Names<'_>) -> Vec<String> {
    let value = |value: f64| match one.against {
        Some(_) => names.numbers.ratio(value),
        None => names.figure(one.metric, value),
    };
    let metric = names.metric(one.metric);
    let figure = match &one.against {
        Some(baseline) => {
            let baseline = names.name(baseline);
            names.messages.say_with(
                "compare-diff-ratio",
                &[("metric", &metric), ("baseline", &baseline)],
            )
        }
        None => metric,
    };
    let expected = one
        .expected
        .map(|one| format!("{} – {}", value(one.low), value(one.high)));
    vec![
        format!("{} ({})", names.name(&one.model), names.load(&one.load)),
        figure,
        value(one.old),
        value(one.new),
        names.numbers.change(one.new / one.old),
        expected.unwrap_or_default(),
    ]
}

impl Refusal {
    /// Why, in one line.
    pub fn say(&self, messages: &dyn Messages) -> String {
        let names = Names::new(messages);
        let list = |loads: &[Load]| {
            let loads: Vec<String> = loads.iter().map(|load| names.load(load)).collect();
            loads.join("; ")
        };
        match self {
            Refusal::Exercise(old, new) => {
                messages.say_with("compare-diff-exercise", &[("old", old), ("new", new)])
            }
            Refusal::Loads(old, new) => {
                let (old, new) = (list(old), list(new));
                messages.say_with("compare-diff-loads", &[("old", &old), ("new", &new)])
            }
            Refusal::Models => messages.say("compare-diff-models"),
        }
    }
}

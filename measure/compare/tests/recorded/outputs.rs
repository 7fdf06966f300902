//! How it is shown.

use std::collections::BTreeMap;

use socklab_compare::results::{Invalid, Latencies, Results};
use socklab_compare::{Document, conclusions, csv, hgrm, table};

use super::made::{self, MODELS};
use super::messages::messages;

/// A run in which all went well.
fn quiet() -> Document {
    Document::new(made::results(&MODELS, 42))
}

/// A run in which much went wrong.
fn troubled() -> Document {
    let mut results = made::results(&MODELS, 42);
    results.proofs[3].same = false;
    results.trials.retain(|one| one.model != "tokio");
    results.idle.retain(|one| one.model != "tokio");
    for trial in &mut results.trials {
        match (trial.model.as_str(), trial.load, trial.round) {
            ("mio", 2, _) => trial.limits.push(Invalid::GeneratorSaturated),
            ("mio", 1, 0..=1) => trial.invalid.push(Invalid::ServerGone),
            ("async-std", 3, 0) => trial.invalid.push(Invalid::WrongReplies),
            ("blocking", 3, _) => trial.losses.lost = 100,
            ("async-std", 0, _) => {
                let buckets = vec![(20.0, 480), (50.0, 20)];
                trial.response = Latencies {
                    samples: 500,
                    mean: 21.0,
                    max: 50.0,
                    buckets,
                };
            }
            _ => {}
        }
    }
    results.environment.cautions.push("shared-core".to_owned());
    results.environment.cautions.push("a-new-one".to_owned());
    Document::new(results)
}

fn shown(document: &Document, language: &str) -> String {
    let (results, summary, words) = (&document.results, &document.summary, messages(language));
    let table = table::terminal(results, summary, None, &words);
    format!(
        "{table}\n{}\n",
        conclusions::paragraph(results, summary, &words)
    )
}

/// A knee lies between two rates, or is known on one side only; and why is said.
#[test]
fn a_knee_is_told_with_its_bounds() {
    use socklab_compare::results::Knee;
    let mut results = made::results(&MODELS, 42);
    let unknown = Some(Invalid::LateSchedule);
    let knees = [
        (Some(1000.0), Some(1010.0), None),
        (Some(2000.0), None, unknown),
        (None, Some(50.0), None),
        (None, None, unknown),
    ];
    for (model, (rate, above, unknown)) in results.models.iter().zip(knees) {
        results.knees.push(Knee {
            model: model.clone(),
            connections: 100,
            limit: 10_000.0,
            rate,
            above,
            unknown,
            steps: Vec::new(),
        });
    }
    let document = Document::new(results);
    for (language, said) in [
        (
            "en",
            "The highest rate kept up, in questions/s: async-std at least 2000, \
             blocking 1000 to 1010, mio under 50. Whether higher rates are kept up is not known: \
             async-std (",
        ),
        (
            "es",
            "El ritmo más alto que se mantiene, en preguntas/s: async-std al menos 2000, \
             blocking de 1000 a 1010, mio menos de 50. No se sabe si se mantienen ritmos más \
             altos: async-std (",
        ),
    ] {
        let shown = shown(&document, language);
        assert!(shown.contains(said), "{shown}");
    }
}

#[test]
fn in_english() {
    insta::assert_snapshot!("quiet-en", shown(&quiet(), "en"));
    insta::assert_snapshot!("troubled-en", shown(&troubled(), "en"));
}

#[test]
fn in_spanish() {
    insta::assert_snapshot!("quiet-es", shown(&quiet(), "es"));
    insta::assert_snapshot!("troubled-es", shown(&troubled(), "es"));
}

#[test]
fn in_markdown() {
    let Document { results, summary } = troubled();
    insta::assert_snapshot!(
        "troubled-markdown",
        table::markdown(&results, &summary, &messages("en"))
    );
}

#[test]
fn the_table_fits_a_wide_terminal() {
    for document in [quiet(), troubled(), super::recorded()] {
        let text = table::terminal(&document.results, &document.summary, None, &messages("es"));
        let rows = text
            .lines()
            .filter(|line| line.contains("MiB") || line.contains("–"));
        for row in rows {
            assert!(row.chars().count() <= 120, "{row}");
        }
    }
}

/// The rows of a CSV text without quoted fields, by the names of the columns.
fn rows(text: &str) -> Vec<BTreeMap<&str, &str>> {
    let mut lines = text
        .split_terminator("\r\n")
        .map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    lines
        .map(|fields| {
            assert_eq!(fields.len(), header.len());
            header.iter().copied().zip(fields).collect()
        })
        .collect()
}

#[test]
fn csv_has_a_row_for_each_cell() {
    let Document { results, summary } = troubled();
    let text = csv::csv(&results, &summary).expect("a table");
    let rows = rows(&text);
    assert_eq!(rows.len(), summary.cells.len());
    for (row, cell) in rows.iter().zip(&summary.cells) {
        assert_eq!(row["model"], cell.model);
        let rate = cell.rate.map(|rate| rate.value.to_string());
        assert_eq!(row["rate_per_s"], rate.unwrap_or_default());
    }
    let row = |model: &str, connections: &str, load: &str| {
        let is = |row: &&BTreeMap<&str, &str>| {
            row["model"] == model && row["connections"] == connections && row["load"] == load
        };
        rows.iter().find(is).expect("a row").clone()
    };
    let bound = row("mio", "100", "closed");
    assert_eq!(
        (bound["invalid"], bound["bounds"], bound["valid"]),
        ("", "generator-saturated", "7")
    );
    assert!(!bound["rate_per_s"].is_empty());
    let open = row("blocking", "100", "open");
    assert_eq!(
        (open["offered_per_s"], open["lost"], open["rate_ratio"]),
        ("50000", "700", "")
    );
    let closed = row("async-std", "10", "closed");
    assert_eq!(
        (closed["offered_per_s"], closed["rate_verdict"]),
        ("", "lower")
    );
    let ratio: f64 = closed["rate_ratio"].parse().expect("a number");
    let low: f64 = closed["rate_ratio_predicted_low"]
        .parse()
        .expect("a number");
    assert!(low < ratio && ratio < 0.8);
}

#[test]
fn percentiles_of_all_rounds_that_count() {
    let Document { results, .. } = troubled();
    let text = hgrm::hgrm(&results, "blocking", 1, hgrm::TimeKind::Response).expect("a text");
    let total: u64 = of(&results, "blocking", 1)
        .map(|one| one.response.samples)
        .sum();
    assert!(
        text.contains(&format!("Total count    = {total:12}]")),
        "{text}"
    );
    let service = hgrm::hgrm(&results, "blocking", 3, hgrm::TimeKind::Service).expect("a text");
    let response = hgrm::hgrm(&results, "blocking", 3, hgrm::TimeKind::Response).expect("a text");
    assert_ne!(service, response);
    let mut gone = results.clone();
    for trial in gone.trials.iter_mut().filter(|one| one.model == "mio") {
        trial.invalid.push(Invalid::ServerGone);
    }
    assert_eq!(hgrm::hgrm(&gone, "mio", 2, hgrm::TimeKind::Response), None);
    assert_eq!(
        hgrm::hgrm(&results, "nobody", 0, hgrm::TimeKind::Response),
        None
    );
}

fn of<'r>(
    results: &'r Results,
    model: &'r str,
    load: usize,
) -> impl Iterator<Item = &'r socklab_compare::results::Trial> {
    results
        .trials
        .iter()
        .filter(move |one| one.model == model && one.load == load)
}

#[test]
fn one_model_alone_is_not_the_fastest() {
    let Document { results, summary } = Document::new(made::results(&MODELS[2..3], 42));
    let text = conclusions::paragraph(&results, &summary, &messages("en"));
    assert!(text.contains("With 10 connections, mio gives "), "{text}");
    assert!(
        !text.contains("fastest") && !text.contains("least CPU"),
        "{text}"
    );
}

#[test]
fn a_server_elsewhere_is_not_on_this_machine() {
    for (address, network) in [("127.0.0.1:16000", false), ("192.0.2.7:16000", true)] {
        let mut results = made::results(&MODELS[..2], 42);
        results.models[1] = address.to_owned();
        let these = results
            .trials
            .iter_mut()
            .filter(|one| one.model == "async-std");
        these.for_each(|one| one.model = address.to_owned());
        let Document { results, summary } = Document::new(results);
        let text = conclusions::paragraph(&results, &summary, &messages("en"));
        assert_eq!(text.contains("the network between them"), network, "{text}");
        assert!(text.contains(&format!("; {address} 0.")), "{text}");
    }
}

#[test]
fn too_few_rounds_are_named() {
    let mut results = made::results(&MODELS[..3], 42);
    results.trials.retain(|one| one.round < 2);
    let Document { results, summary } = Document::new(results);
    let text = conclusions::paragraph(&results, &summary, &messages("en"));
    assert!(
        text.contains("Too few rounds to name any difference: 2."),
        "{text}"
    );
    let table = table::terminal(&results, &summary, None, &messages("en"));
    assert!(table.contains(" ?"), "{table}");
}

/// The notes under a table end at the terminal's last column, and say the same.
#[test]
fn notes_fit_the_terminal() {
    let document = super::recorded();
    let shown = |columns| {
        let (results, summary) = (&document.results, &document.summary);
        table::terminal(results, summary, columns, &messages("en"))
    };
    let notes = |text: &str| text.rsplit("\n\n").next().unwrap_or_default().to_owned();
    let (wide, narrow) = (notes(&shown(None)), notes(&shown(Some(60))));
    assert!(narrow.lines().count() > wide.lines().count(), "{narrow}");
    assert!(narrow.lines().all(|line| line.chars().count() <= 60));
    assert!(narrow.split_whitespace().eq(wide.split_whitespace()));
}

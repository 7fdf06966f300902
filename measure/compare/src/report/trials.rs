//! Every round of every model, so that anybody sees how much they differ.

use std::collections::BTreeMap;

use super::chart::{Frame, WIDTH, cross, drawing, label, line, marker, tip, width_of};
use super::figure::{Said, Table, View};
use super::scale::Scale;
use super::sheet::Sheet;
use crate::results::Trial;
use socklab_text::markup::{Element, el};

/// How high the rows are together, if there are not too many.
const HIGH: f64 = 250.0;

/// The charts, one for each load.
pub(super) fn chart(sheet: &Sheet<'_>) -> Option<Element> {
    let words = &sheet.words;
    let title = words.say("report-trials");
    let said = Said {
        id: "trials".to_owned(),
        title: title.clone(),
        means: words.say("report-trials-means"),
        notes: vec![words.say("report-trials-note")],
    };
    said.by_load(sheet, |load, what| {
        let trials = sheet.results.trials.iter();
        let trials: Vec<&Trial> = trials.filter(|one| one.load == load).collect();
        let title = format!("{title}: {}", words.load(what));
        let rows = trials.iter().map(|trial| {
            let said = match trial.invalid.is_empty() {
                true => String::new(),
                false => {
                    words.say_with("report-invalid", &[("why", &words.reasons(&trial.invalid))])
                }
            };
            vec![
                trial.model.clone(),
                words.count(u64::from(trial.round) + 1),
                words.figure(rate(trial)),
                words.figure(trial.warm_up),
                said,
            ]
        });
        let columns = ["model", "round", "rate", "warm-up", "note"];
        let head = columns.map(|one| match one {
            "model" => words.say("report-column-model"),
            "round" => words.say("report-column-round"),
            "rate" => words.say("report-column-rate"),
            "warm-up" => words.say("report-column-warm-up"),
            _ => words.say("report-column-note"),
        });
        // Together by model and reasons: a cell of which nothing counts is one line.
        let mut missing = BTreeMap::<(Option<usize>, String), Vec<String>>::new();
        for trial in trials.iter().filter(|one| !one.invalid.is_empty()) {
            let whose = (sheet.place(&trial.model), words.reasons(&trial.invalid));
            missing
                .entry(whose)
                .or_default()
                .push(words.count(u64::from(trial.round) + 1));
        }
        let missing = missing.iter().map(|((place, why), rounds)| {
            let model = place.map_or("", |place| &sheet.results.models[place]);
            words.say_with(
                "report-trials-invalid",
                &[
                    ("model", &model),
                    ("rounds", &rounds.join(", ")),
                    ("why", why),
                ],
            )
        });
        (!trials.is_empty()).then(|| View {
            drawing: draw(sheet, load, &title, &trials),
            missing: missing.collect(),
            table: Table {
                caption: title.clone(),
                head: head.to_vec(),
                rows: rows.collect(),
            },
        })
    })
}

fn rate(trial: &Trial) -> f64 {
    match trial.seconds > 0.0 {
        true => trial.replies as f64 / trial.seconds,
        false => 0.0,
    }
}

fn draw(sheet: &Sheet<'_>, load: usize, title: &str, trials: &[&Trial]) -> Element {
    let words = &sheet.words;
    let rounds = trials.iter().map(|one| one.round + 1).max().unwrap_or(1);
    let names = sheet.models().map(|(_, name)| width_of(name));
    let left = names.fold(0.0, f64::max) + 34.0;
    let row = (HIGH / sheet.results.models.len().max(1) as f64).clamp(34.0, 56.0);
    // How much lower each round stands than the one before.
    let step = (row - 18.0) / f64::from(rounds);
    let (top, bottom) = (8.0, 8.0 + row * sheet.results.models.len() as f64);
    let scale = Scale::around(trials.iter().map(|one| rate(one)));
    let frame = Frame {
        across: (left, WIDTH - 30.0),
        up: (bottom, top),
        x: scale,
        y: scale,
    };
    let ticks: Vec<(f64, String)> = scale
        .ticks()
        .into_iter()
        .map(|one| (one, words.tick(one)))
        .collect();
    let grid = ticks.iter().map(|(value, _)| {
        let x = frame.x(*value);
        line((x, top), (x, bottom)).class("grid")
    });
    drawing(
        bottom + 54.0,
        &format!("trials-{load}"),
        title,
        &words.say("report-trials-desc"),
    )
    .put(el("g").class("axis").put_all(grid))
    .put(frame.axis_x(&words.say("report-axis-rate"), &ticks, 0.0))
    .put_all(sheet.models().map(|(model, name)| {
        let above = top + row * model as f64;
        let middle = above + row / 2.0;
        let mut group = el("g")
            .class(format!("m{}", model % 8))
            .put(label(left - 26.0, middle + 5.0, "end", name).class("model"))
            .put(marker(model, (left - 13.0, middle)));
        if let Some(median) = sheet.figure(name, load, |cell| cell.rate) {
            let x = frame.x(median.value);
            group = group.put(line((x, above + 5.0), (x, above + row - 5.0)).class("median"));
        }
        group.put_all(trials.iter().filter(|one| one.model == name).map(|trial| {
            let y = above + 9.0 + step * (f64::from(trial.round) + 0.5);
            let place = (frame.x(rate(trial)), y);
            let (round, rate) = (
                words.count(u64::from(trial.round) + 1),
                words.figure(rate(trial)),
            );
            let said = words.say_with(
                "report-trials-tip",
                &[("model", &name), ("round", &round), ("rate", &rate)],
            );
            if trial.invalid.is_empty() {
                // What is left of a cell that must not be believed counts for nothing.
                let class = match sheet.cell(name, load) {
                    Ok(_) => "point",
                    Err(_) => "point hollow",
                };
                return el("g")
                    .class(class)
                    .put(tip(&said))
                    .put(marker(model, place));
            }
            let why = words.reasons(&trial.invalid);
            let why = words.say_with("report-invalid", &[("why", &why)]);
            el("g")
                .class("point struck")
                .put(tip(&format!("{said}. {why}")))
                .put(marker(model, place))
                .put(cross(place))
        }))
    }))
}

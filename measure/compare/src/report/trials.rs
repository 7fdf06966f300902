//! Charts of every round of every model, which show how much the rounds vary.

use std::collections::BTreeMap;

use super::chart::{Frame, WIDTH, cross, drawing, line, marker, row_head, tip, width_of};
use super::data::{ReportData, Withheld};
use super::figure::{Caption, Table, View};
use super::lines::Axis;
use super::scale::Scale;
use crate::results::Trial;
use socklab_text::markup::{Element, el};

/// The height of all rows together, unless there are too many.
const HIGH: f64 = 250.0;

/// The charts, one for each load.
pub(super) fn chart(data: &ReportData<'_>) -> Option<Element> {
    let locale = &data.locale;
    let caption = Caption {
        id: "trials".to_owned(),
        title: locale.say("report-trials"),
        means: locale.say("report-trials-means"),
        notes: vec![locale.say("report-trials-note")],
    };
    caption.by_load(data, |load, title| {
        let trials = data.results.trials.iter();
        let trials: Vec<&Trial> = trials.filter(|one| one.load == load).collect();
        let rows = trials.iter().map(|trial| {
            let note = match &trial.invalid[..] {
                [] => String::new(),
                reasons => Withheld::Invalid(reasons).say(locale.messages()),
            };
            vec![
                trial.model.clone(),
                locale.count(u64::from(trial.round) + 1),
                locale.figure(rate(trial)),
                locale.figure(trial.warm_up),
                note,
            ]
        });
        let head = [
            locale.say("report-column-model"),
            locale.say("report-column-round"),
            locale.say("report-column-rate"),
            locale.say("report-column-warm-up"),
            locale.say("report-column-note"),
        ];
        // Group the invalid rounds by model and reasons, so that a cell without a valid round takes
        // one line.
        let mut missing = BTreeMap::<(Option<usize>, String), Vec<String>>::new();
        for trial in trials.iter().filter(|one| !one.invalid.is_empty()) {
            let whose = (data.place(&trial.model), locale.reasons(&trial.invalid));
            missing
                .entry(whose)
                .or_default()
                .push(locale.count(u64::from(trial.round) + 1));
        }
        let missing = missing.iter().map(|((place, why), rounds)| {
            let model = place.map_or("", |place| &data.results.models[place]);
            locale.say_with(
                "report-trials-invalid",
                &[
                    ("model", &model),
                    ("rounds", &rounds.join(", ")),
                    ("why", why),
                ],
            )
        });
        (!trials.is_empty()).then(|| View {
            drawing: draw(data, load, &title, &trials),
            missing: missing.collect(),
            table: Table {
                caption: title,
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

fn draw(data: &ReportData<'_>, load: usize, title: &str, trials: &[&Trial]) -> Element {
    let locale = &data.locale;
    let rounds = trials.iter().map(|one| one.round + 1).max().unwrap_or(1);
    let names = data.models().map(|(_, name)| width_of(name));
    let left = names.fold(0.0, f64::max) + 34.0;
    let row = (HIGH / data.results.models.len().max(1) as f64).clamp(34.0, 56.0);
    // The vertical distance between rounds.
    let step = (row - 18.0) / f64::from(rounds);
    let (top, bottom) = (8.0, 8.0 + row * data.results.models.len() as f64);
    let scale = Scale::around(trials.iter().map(|one| rate(one)));
    let frame = Frame {
        across: (left, WIDTH - 30.0),
        up: (bottom, top),
        x: scale,
        y: scale,
    };
    let axis = Axis::new(locale.say("report-axis-rate"), scale, |one| {
        locale.tick(one)
    });
    let grid = axis.ticks.iter().map(|(value, _)| {
        let x = frame.x(*value);
        line((x, top), (x, bottom)).class("grid")
    });
    let id = format!("trials-{load}");
    let description = locale.say("report-trials-desc");
    drawing(bottom + 54.0, &id, title, &description)
        .put(el("g").class("axis").put_all(grid))
        .put(frame.axis_x(&axis.name, &axis.ticks, 0.0))
        .put_all(data.models().map(|(model, name)| {
            let above = top + row * model as f64;
            let middle = above + row / 2.0;
            let mut group = el("g").class(format!("m{}", model % 8)).put_all(row_head(
                model,
                name,
                (left, middle),
            ));
            if let Some(median) = data.figure(name, load, |cell| cell.rate) {
                let x = frame.x(median.value);
                group = group.put(line((x, above + 5.0), (x, above + row - 5.0)).class("median"));
            }
            group.put_all(trials.iter().filter(|one| one.model == name).map(|trial| {
                let y = above + 9.0 + step * (f64::from(trial.round) + 0.5);
                let place = (frame.x(rate(trial)), y);
                let (round, rate) = (
                    locale.count(u64::from(trial.round) + 1),
                    locale.figure(rate(trial)),
                );
                let said = locale.say_with(
                    "report-trials-tip",
                    &[("model", &name), ("round", &round), ("rate", &rate)],
                );
                if trial.invalid.is_empty() {
                    // A valid round of an invalid cell does not count either, so its mark is
                    // hollow.
                    let class = match data.cell(name, load) {
                        Ok(_) => "point",
                        Err(_) => "point hollow",
                    };
                    return el("g")
                        .class(class)
                        .put(tip(&said))
                        .put(marker(model, place));
                }
                let why = Withheld::Invalid(&trial.invalid).say(locale.messages());
                el("g")
                    .class("point struck")
                    .put(tip(&format!("{said}. {why}")))
                    .put(marker(model, place))
                    .put(cross(place))
            }))
        }))
}

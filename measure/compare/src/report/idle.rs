//! Charts of what idle connections cost: memory, and the response time of an active client.

use super::data::ReportData;
use super::figure::{Caption, Table, View};
use super::lines::{Axis, Lines, Point, Series};
use super::scale::Scale;
use crate::results::Idle;
use socklab_text::markup::Element;

/// Memory against the number of idle connections, if it was measured.
pub(super) fn memory(data: &ReportData<'_>) -> Option<Element> {
    let locale = &data.locale;
    let steps = Steps {
        caption: Caption {
            id: "idle-memory".to_owned(),
            title: locale.say("report-idle-memory"),
            means: locale.say("report-idle-memory-means"),
            notes: vec![locale.say("report-idle-memory-note")],
        },
        description: locale.say("report-idle-memory-desc"),
        axis: locale.say("report-axis-memory"),
    };
    let slope = |model: &str| {
        let costs = data.summary.idle.iter().find(|one| one.model == model);
        let bytes = locale.figure(costs?.bytes?.value);
        Some(locale.say_with("report-idle-slope", &[("model", &model), ("bytes", &bytes)]))
    };
    steps.figure(data, |step| Some(step.memory as f64 / 1024.0), slope)
}

/// The response time of an active client against the number of idle connections.
pub(super) fn delay(data: &ReportData<'_>) -> Option<Element> {
    let locale = &data.locale;
    let steps = Steps {
        caption: Caption {
            id: "idle-reply".to_owned(),
            title: locale.say("report-idle-reply"),
            means: locale.say("report-idle-reply-means"),
            notes: vec![locale.say("report-idle-reply-note")],
        },
        description: locale.say("report-idle-reply-desc"),
        axis: locale.say("report-axis-idle-reply"),
    };
    steps.figure(data, |step| step.reply.percentile(0.5), |_| None)
}

/// A chart against the number of idle connections.
struct Steps {
    caption: Caption,
    description: String,
    axis: String,
}

impl Steps {
    fn figure(
        &self,
        data: &ReportData<'_>,
        of: impl Fn(&Idle) -> Option<f64>,
        slope: impl Fn(&str) -> Option<String>,
    ) -> Option<Element> {
        let locale = &data.locale;
        let steps = &data.results.idle;
        let across = steps.iter().map(|one| f64::from(one.connections));
        let values = steps.iter().filter_map(&of);
        values.clone().next()?;
        let (x, y) = (Scale::from_zero(across), Scale::from_zero(values));
        let mut rows = Vec::new();
        let series = data.models().filter_map(|(model, name)| {
            let mut own: Vec<&Idle> = steps.iter().filter(|one| one.model == name).collect();
            own.sort_by_key(|one| one.connections);
            let points = own.into_iter().map(|step| {
                let connections = locale.count(step.connections);
                let value = of(step)?;
                let text = locale.figure(value);
                let tip = locale.say_with(
                    "report-idle-tip",
                    &[("model", &name), ("n", &connections), ("value", &text)],
                );
                let threads = locale.count(step.threads);
                rows.push(vec![name.to_owned(), connections, text, threads]);
                Some(Point {
                    x: step.connections.into(),
                    y: value,
                    interval: None,
                    tip: Some(tip),
                })
            });
            let points: Vec<Option<Point>> = points.collect();
            (!points.is_empty()).then(|| Series {
                model,
                name: Some(slope(name).unwrap_or_else(|| name.to_owned())),
                lesser: false,
                points,
            })
        });
        let series = series.collect();
        let lines = Lines {
            id: format!("{}-chart", self.caption.id),
            title: self.caption.title.clone(),
            description: self.description.clone(),
            x: Axis::new(locale.say("report-axis-idle"), x, |one| locale.tick(one)),
            y: Axis::new(self.axis.clone(), y, |one| locale.tick(one)),
            series,
            missing: Vec::new(),
            reference: None,
            apart: false,
            lesser: None,
        };
        let view = View {
            drawing: lines.draw(),
            missing: Vec::new(),
            table: Table {
                caption: self.caption.title.clone(),
                head: vec![
                    locale.say("report-column-model"),
                    locale.say("report-axis-idle"),
                    self.axis.clone(),
                    locale.say("report-column-threads"),
                ],
                rows,
            },
        };
        Some(self.caption.figure(data, view))
    }
}

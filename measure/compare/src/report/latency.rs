//! Charts of the percentiles of the response time, up to the tail.

use std::collections::BTreeMap;

use super::data::ReportData;
use super::figure::{Caption, Table, View};
use super::lines::{Axis, Lines, Point, Series};
use super::scale::Scale;
use crate::results::{Latencies, Load, Trial};
use socklab_text::markup::Element;

/// The percentiles that have ticks.
const MARKED: [f64; 6] = [0.5, 0.9, 0.99, 0.999, 0.9999, 0.999_99];

/// How many points a line has for each decade of the axis.
const STEPS: u32 = 24;

/// The charts, one for each load.
pub(super) fn chart(data: &ReportData<'_>) -> Option<Element> {
    let locale = &data.locale;
    let mut notes = vec![locale.say("report-latency-note")];
    if data
        .loads()
        .any(|(_, load)| matches!(load, Load::Open { .. }))
    {
        notes.push(locale.say("report-latency-open-note"));
    }
    let caption = Caption {
        id: "latency".to_owned(),
        title: locale.say("report-latency"),
        means: locale.say("report-latency-means"),
        notes,
    };
    caption.by_load(data, |load, title| {
        let open = matches!(data.results.loads[load], Load::Open { .. });
        let (mut series, mut missing, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for (model, name) in data.models() {
            if let Err(why) = data.cell(name, load) {
                let why = why.say(locale.messages());
                missing.push(format!("{name}: {why}"));
                rows.push(vec![name.to_owned(), why]);
            }
            if let Some((of, response, service)) = merged(data, name, load) {
                rows.push(row(data, name, &response));
                series.push(curve(data, of, name, &response, false));
                if open {
                    let name = locale.say_with("report-latency-service", &[("model", &name)]);
                    rows.push(row(data, &name, &service));
                    series.push(curve(data, model, &name, &service, true));
                }
            }
        }
        let points = || series.iter().flat_map(|one| one.points.iter().flatten());
        let across = Scale::log(points().map(|point| point.x));
        let up = Scale::log(points().map(|point| point.y));
        let marks = MARKED
            .into_iter()
            .filter(|part| across.part(tail(*part)) <= 1.001);
        let marks = marks.map(|part| (tail(part), locale.percent(part)));
        let lines = Lines {
            id: format!("latency-{load}"),
            title: title.clone(),
            description: locale.say("report-latency-desc"),
            x: Axis {
                name: locale.say("report-axis-share"),
                scale: across,
                ticks: marks.collect(),
            },
            y: Axis::new(locale.say("report-axis-response"), up, |one| {
                locale.time_tick(one)
            }),
            series,
            missing: Vec::new(),
            reference: None,
            apart: false,
            lesser: open.then(|| locale.say("report-latency-lesser")),
        };
        let head = MARKED[..4].iter().map(|part| locale.percent(*part));
        let first = [locale.say("report-column-model")];
        let table = Table {
            caption: title,
            head: first
                .into_iter()
                .chain(head)
                .chain([locale.say("report-column-max")])
                .collect(),
            rows,
        };
        (!table.rows.is_empty()).then(|| View {
            drawing: lines.draw(),
            missing,
            table,
        })
    })
}

/// Maps a quantile to the axis. The axis is logarithmic, so 0.9, 0.99 and 0.999 are evenly spaced.
fn tail(part: f64) -> f64 {
    1.0 / (1.0 - part)
}

/// The response and the service times of a model under a load, from all valid rounds. Also returns
/// the model's index.
fn merged(
    data: &ReportData<'_>,
    model: &str,
    load: usize,
) -> Option<(usize, Latencies, Latencies)> {
    data.cell(model, load).ok()?;
    let trials = data.results.trials.iter();
    let trials =
        trials.filter(|one| one.model == model && one.load == load && one.invalid.is_empty());
    let trials: Vec<&Trial> = trials.collect();
    let response = merge(trials.iter().map(|one| &one.response));
    let service = merge(trials.iter().map(|one| &one.service));
    (response.samples > 0).then_some((data.place(model)?, response, service))
}

/// Merges several distributions into one.
fn merge<'a>(each: impl Iterator<Item = &'a Latencies>) -> Latencies {
    let mut all = Latencies::default();
    let mut sum = 0.0;
    // Times are not negative, so their bit patterns have the same order.
    let mut buckets = BTreeMap::<u64, u64>::new();
    for one in each {
        all.samples += one.samples;
        all.max = all.max.max(one.max);
        sum += one.mean * one.samples as f64;
        for (limit, count) in &one.buckets {
            *buckets.entry(limit.to_bits()).or_default() += count;
        }
    }
    all.mean = sum / all.samples.max(1) as f64;
    let buckets = buckets.into_iter();
    all.buckets = buckets
        .map(|(limit, count)| (f64::from_bits(limit), count))
        .collect();
    all
}

/// The quantiles at which a curve has points: from the median to the last one that has enough
/// samples beyond it.
fn shares(times: &Latencies) -> Vec<f64> {
    let steps = (0..).map(|step| 1.0 - 0.5 * 10_f64.powf(-f64::from(step) / f64::from(STEPS)));
    let enough = |part: &f64| times.percentile(*part).is_some();
    steps.take_while(enough).collect()
}

fn curve(
    data: &ReportData<'_>,
    model: usize,
    name: &str,
    times: &Latencies,
    lesser: bool,
) -> Series {
    let locale = &data.locale;
    let mut points: Vec<Point> = Vec::new();
    let marked = MARKED
        .iter()
        .filter(|part| times.percentile(**part).is_some());
    let marked: Vec<f64> = marked.copied().collect();
    for part in shares(times).into_iter().chain(marked.iter().copied()) {
        let time = times.at(part);
        let said = marked.contains(&part).then(|| {
            let (share, time) = (locale.percent(part), locale.time(time));
            locale.say_with(
                "report-latency-tip",
                &[("model", &name), ("share", &share), ("time", &time)],
            )
        });
        points.push(Point {
            x: tail(part),
            y: time,
            interval: None,
            tip: said.filter(|_| !lesser),
        });
    }
    points.sort_by(|a, b| a.x.total_cmp(&b.x));
    Series {
        model,
        name: (!lesser).then(|| name.to_owned()),
        lesser,
        points: points.into_iter().map(Some).collect(),
    }
}

fn row(data: &ReportData<'_>, name: &str, times: &Latencies) -> Vec<String> {
    let time = |part| match times.percentile(part) {
        Some(time) => data.locale.time(time),
        None => "–".to_owned(),
    };
    let percentiles = MARKED[..4].iter().map(|part| time(*part));
    let first = [name.to_owned()].into_iter();
    let max = data.locale.time(times.max);
    first.chain(percentiles).chain([max]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(samples: u64) -> Latencies {
        Latencies {
            samples,
            mean: 2.0,
            max: 3.0,
            buckets: vec![(1.0, samples / 2), (3.0, samples - samples / 2)],
        }
    }

    #[test]
    fn rounds_are_merged_sample_by_sample() {
        let all = merge([times(10), times(30)].iter());
        assert_eq!((all.samples, all.max), (40, 3.0));
        assert_eq!(all.buckets, [(1.0, 20), (3.0, 20)]);
    }

    #[test]
    fn a_curve_ends_where_ten_are_left() {
        let last = shares(&times(1_000)).pop();
        assert!(
            last.is_some_and(|part| (0.985..=0.99).contains(&part)),
            "{last:?}"
        );
        assert!(shares(&times(0)).is_empty());
    }
}

//! The table of the main results, and the ratios that it is based on.

use super::chart::key;
use super::data::ReportData;
use super::figure::{Table, scrolled};
use crate::results::Load;
use crate::summary::{Cell, Estimate, Metric, Verdict};
use socklab_text::markup::{Element, el};

/// The number of columns, including those of the intervals but not the models' names.
const COLUMNS: usize = 9;

/// The headers that span two columns: a figure and its interval.
const RANGED: [&str; 3] = [
    "report-column-rate",
    "report-column-relative",
    "report-column-cpu",
];

/// The table has a group for each load, with a row for each model.
pub(super) fn table(data: &ReportData<'_>) -> Element {
    let locale = &data.locale;
    let head = [
        "report-column-model",
        "report-column-rate",
        "report-column-relative",
        "report-column-p50",
        "report-column-p99",
        "report-column-cpu",
        "report-column-switches",
    ];
    let head = head.iter().map(|id| {
        let name = match *id {
            "report-column-relative" => {
                locale.say_with(id, &[("baseline", &data.results.baseline)])
            }
            _ => locale.say(id),
        };
        let name = el("th").set("scope", "col").text(&name);
        let range = RANGED.contains(id).then(|| el("td"));
        [name].into_iter().chain(range)
    });
    let head = head.flatten();
    let caption = locale.say("report-table");
    let groups = data.loads().map(|(load, what)| group(data, load, what));
    let table = el("table")
        .class("headline")
        .put(el("caption").text(&caption))
        .put(el("thead").put(el("tr").put_all(head)))
        .put_all(groups);
    scrolled(&caption, table)
}

fn group(data: &ReportData<'_>, load: usize, what: Load) -> Element {
    let name = el("th")
        .set("scope", "rowgroup")
        .set("colspan", COLUMNS + 1)
        .text(&data.locale.load(what));
    let rows = data.models().map(|(place, model)| {
        let name = el("th").set("scope", "row").put(key(place)).text(model);
        let row = el("tr").put(name);
        match data.cell(model, load) {
            Ok(cell) => row.put_all(figures(data, cell)),
            Err(why) => {
                let why = why.say(data.locale.messages());
                row.put(el("td").class("invalid").set("colspan", COLUMNS).text(&why))
            }
        }
    });
    el("tbody")
        .put(el("tr").class("load").put(name))
        .put_all(rows)
}

fn figures(data: &ReportData<'_>, cell: &Cell) -> Vec<Element> {
    let locale = &data.locale;
    let time = |name: &str, one: Option<Estimate>| match (one, cell.response.left_out.get(name)) {
        (Some(one), _) if cell.bounds.is_empty() => el("td").text(&locale.time(one.value)),
        (Some(one), _) => el("td").text(&format!("≤ {}", locale.time(one.value))),
        (None, Some(why)) => el("td").set("title", locale.reasons([why])).text("–"),
        (None, None) => el("td").text("–"),
    };
    let switches = match (cell.voluntary, cell.involuntary) {
        (Some(one), Some(other)) => locale.figure(one.value + other.value),
        _ => "–".to_owned(),
    };
    let cpu = ranged(data, cell.cpu);
    let rate = match (cell.bounds.is_empty(), cell.rate) {
        // This rate is only a lower bound. Its interval would describe the load generator, not the
        // server.
        (false, Some(rate)) => {
            let least = format!("≥ {}", locale.figure(rate.value));
            let why = locale.reasons(&cell.bounds);
            [el("td").set("title", why).text(&least), range("")]
        }
        (_, rate) => ranged(data, rate),
    };
    let all = rate.into_iter().chain(relative(data, cell));
    let all = all.chain([
        time("p50", cell.response.p50),
        time("p99", cell.response.p99),
    ]);
    all.chain(cpu).chain([el("td").text(&switches)]).collect()
}

/// Two cells: a figure, and its interval in smaller type.
fn ranged(data: &ReportData<'_>, estimate: Option<Estimate>) -> [Element; 2] {
    let Some(Estimate { value, interval }) = estimate else {
        return [el("td").text("–"), range("")];
    };
    let interval = interval.map(|one| data.locale.interval(one));
    [
        el("td").text(&data.locale.figure(value)),
        range(&interval.unwrap_or_default()),
    ]
}

fn range(text: &str) -> Element {
    el("td").class("range").text(text)
}

/// The rate relative to the baseline's.
fn relative(data: &ReportData<'_>, cell: &Cell) -> [Element; 2] {
    let locale = &data.locale;
    if cell.model == data.results.baseline {
        return [el("td").text("1"), range("")];
    }
    let ratio = data.summary.ratio(&cell.model, cell.load, Metric::Rate);
    let Some((ratio, value)) = ratio.and_then(|one| Some((one, one.ratio?))) else {
        return [el("td").text("–"), range("")];
    };
    let times = locale.say_with("report-times", &[("n", &locale.figure(value))]);
    let said = match (ratio.verdict, ratio.interval) {
        (Verdict::Higher | Verdict::Lower, Some(interval)) => locale.interval(interval),
        (verdict, _) => locale.say(verdict_id(verdict)),
    };
    [el("td").text(&times), range(&said)]
}

fn verdict_id(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Higher => "report-verdict-higher",
        Verdict::Lower => "report-verdict-lower",
        Verdict::NoDetectableDifference => "report-verdict-none",
        Verdict::TooFew => "report-verdict-too-few",
    }
}

/// All ratios, each with the range in which a second run would find it.
pub(super) fn ratios(data: &ReportData<'_>) -> Option<Element> {
    let locale = &data.locale;
    let rows = data.summary.ratios.iter().filter_map(|ratio| {
        let load = data.results.loads.get(ratio.load)?;
        let metric = locale.say(match ratio.metric {
            Metric::Rate => "report-column-rate",
            Metric::P50 => "report-column-p50",
            Metric::P99 => "report-column-p99",
            Metric::Cpu => "report-column-cpu",
        });
        let interval = |one| match one {
            Some(interval) => locale.interval(interval),
            None => "–".to_owned(),
        };
        Some(vec![
            ratio.model.clone(),
            locale.load(*load),
            metric,
            ratio
                .ratio
                .map_or_else(|| "–".to_owned(), |one| locale.figure(one)),
            interval(ratio.interval),
            interval(ratio.prediction),
            locale.count(ratio.pairs),
            locale.say(verdict_id(ratio.verdict)),
        ])
    });
    let head = [
        locale.say("report-column-model"),
        locale.say("report-column-load"),
        locale.say("report-column-metric"),
        locale.say("report-column-ratio"),
        locale.say("report-column-interval"),
        locale.say("report-column-prediction"),
        locale.say("report-column-pairs"),
        locale.say("report-column-verdict"),
    ];
    let table = Table {
        caption: locale.say_with("report-ratios", &[("baseline", &data.results.baseline)]),
        head: head.to_vec(),
        rows: rows.collect(),
    };
    (!table.rows.is_empty()).then(|| {
        el("details")
            .put(el("summary").text(&table.caption))
            .put(scrolled(&table.caption, table.draw()))
    })
}

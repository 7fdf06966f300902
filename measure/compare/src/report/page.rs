//! The page: its sections in order, and the style, script and data that it contains.

use super::data::ReportData;
use super::figure::scrolled;
use super::locale::date;
use super::{
    Appendix, Picture, Source, costs, headline, idle, latency, measured, open, operations,
    throughput, trials,
};
use crate::conclusions::sentences;
use crate::summary::Document;
use crate::web_page;
use socklab_text::markup::{Element, el};

/// The whole page.
pub(super) fn page(document: &Document, appendix: &Appendix<'_>, data: &ReportData<'_>) -> String {
    let locale = &data.locale;
    let title = title(data);
    let sections = sections(data, appendix);
    let links = sections
        .iter()
        .map(|(id, name, _)| el("a").set("href", format!("#{id}")).text(name));
    let top = el("div")
        .class("bar")
        .put(
            el("nav")
                .set("aria-label", locale.say("report-contents"))
                .put_all(links),
        )
        .put(
            el("button")
                .set("type", "button")
                .set("id", "theme")
                .set("hidden", "")
                .text(&locale.say("report-theme")),
        );
    let mut conclusions = sentences(data.results, data.summary, locale.messages()).into_iter();
    let first = conclusions
        .next()
        .map(|one| el("p").class("reading").text(&one));
    let others = el("ul")
        .class("reading")
        .put_all(conclusions.map(|one| el("li").text(&one)));
    let header = el("header")
        .put(el("h1").text(&title))
        .put(el("p").class("when").text(&when(data)))
        .put_all(first)
        .put_all(measured::cautions(data))
        .put(others);
    let sections = sections.into_iter().map(|(id, name, content)| {
        el("section")
            .set("id", id)
            .set("aria-labelledby", format!("{id}-head"))
            .put(el("h2").set("id", format!("{id}-head")).text(&name))
            .put_all(content)
    });
    let skip = el("a")
        .class("skip")
        .set("href", "#table")
        .text(&locale.say("report-skip"));
    let body = el("body")
        .set("data-first", data.first_load())
        .set("data-choose", locale.say("report-choose"))
        .put(skip)
        .put(top)
        .put(el("main").put(header).put_all(sections))
        .put(raw_data(document))
        .put(el("script").raw(include_str!("script.js")));
    web_page::html(&title, include_str!("style.css"), body, locale.messages())
}

fn title(data: &ReportData<'_>) -> String {
    data.locale.say_with(
        "report-title",
        &[
            ("exercise", &data.results.exercise),
            ("models", &data.results.models.len()),
        ],
    )
}

fn when(data: &ReportData<'_>) -> String {
    let (locale, results) = (&data.locale, data.results);
    let rounds = results.trials.iter().map(|one| one.round + 1);
    let rounds = rounds.max().unwrap_or_default();
    let took = locale.time(results.took * 1e6);
    let date = date(results.started);
    locale.say_with(
        "report-when",
        &[
            ("date", &date),
            ("trials", &results.trials.len()),
            ("rounds", &rounds),
            ("took", &took),
            ("version", &results.version),
        ],
    )
}

/// The sections of the page in order: the id, the title and the content of each.
fn sections(
    data: &ReportData<'_>,
    appendix: &Appendix<'_>,
) -> Vec<(&'static str, String, Vec<Element>)> {
    let locale = &data.locale;
    let h3 = |id: &str| el("h3").text(&locale.say(id));
    let table = [Some(headline::table(data)), headline::ratios(data)];
    let how_fast = [throughput::chart(data), latency::chart(data)];
    let how_fast = how_fast.into_iter().flatten().chain(open::charts(data));
    let what_cost = [
        costs::cpu(data),
        costs::switches(data),
        operations::chart(data),
        idle::memory(data),
        idle::delay(data),
    ];
    let measured = vec![
        measured::rules(data),
        h3("report-proofs"),
        el("p").text(&locale.say("report-proofs-means")),
        measured::proofs(data),
        h3("report-environment"),
        measured::environment(data),
        h3("report-again"),
        measured::again(data, appendix.command),
    ];
    let all: [(_, _, Vec<Element>); 7] = [
        (
            "table",
            "report-section-table",
            table.into_iter().flatten().collect(),
        ),
        ("speed", "report-section-speed", how_fast.collect()),
        (
            "cost",
            "report-section-cost",
            what_cost.into_iter().flatten().collect(),
        ),
        (
            "noise",
            "report-section-noise",
            trials::chart(data).into_iter().collect(),
        ),
        (
            "timelines",
            "report-section-timelines",
            timelines(data, appendix.pictures),
        ),
        (
            "sources",
            "report-section-sources",
            sources(data, appendix.sources),
        ),
        ("measured", "report-section-measured", measured),
    ];
    let there = all
        .into_iter()
        .filter(|(_, _, content)| !content.is_empty());
    there
        .map(|(id, name, content)| (id, locale.say(name), content))
        .collect()
}

fn timelines(data: &ReportData<'_>, pictures: &[Picture]) -> Vec<Element> {
    if pictures.is_empty() {
        return Vec::new();
    }
    let means = data.locale.say("report-timelines-means");
    let means = el("p").class("means").text(&means);
    // Each drawing has its model's name in its title, so it needs no heading.
    let each = pictures.iter().map(|picture| {
        let drawing = el("div").class("timeline").raw(&picture.svg);
        el("figure").put(scrolled(&picture.model, drawing))
    });
    [means].into_iter().chain(each).collect()
}

fn sources(data: &ReportData<'_>, sources: &[Source]) -> Vec<Element> {
    if sources.is_empty() {
        return Vec::new();
    }
    let locale = &data.locale;
    let means = locale.say("report-sources-means");
    let columns = sources.iter().enumerate().map(|(place, source)| {
        let wait = source.wait.as_deref();
        let waits = |line: &str| wait.is_some_and(|wait| line.contains(wait));
        let found = source.text.lines().position(waits);
        let id = format!("wait-{place}");
        let lines = source.text.lines().enumerate().map(|(number, line)| {
            let comment = line.trim_start().starts_with("//");
            let class = if comment { "line comment" } else { "line" };
            let span = match found == Some(number) {
                true => el("span").class("line wait").set("id", &id),
                false => el("span").class(class),
            };
            // With a line end, so that copied text has line ends too.
            span.text(line).text("\n")
        });
        let code = el("pre").set("tabindex", 0).put(el("code").put_all(lines));
        let link = found.map(|line| {
            let line = locale.count(line as u64 + 1);
            let text = locale.say_with("report-sources-wait", &[("line", &line)]);
            el("a").set("href", format!("#{id}")).text(&text)
        });
        el("article")
            .put(el("h3").text(&source.title))
            .put(
                el("p")
                    .class("path")
                    .text(&source.path)
                    .text(" ")
                    .put_all(link),
            )
            .put(code)
    });
    let columns = el("div").class("columns").put_all(columns);
    let paths = sources.iter().map(|source| el("li").text(&source.path));
    let paper = el("div")
        .class("paper")
        .put(el("p").text(&locale.say("report-sources-print")))
        .put(el("ul").put_all(paths));
    vec![
        el("p").class("means").text(&means),
        scrolled(&locale.say("report-section-sources"), columns),
        paper,
    ]
}

/// All measurements, so that every figure can be drawn again.
fn raw_data(document: &Document) -> Element {
    let json = serde_json::to_string(document).unwrap_or_default();
    // In JSON, `<` occurs only in strings, where it can be escaped. So no string can end the
    // element.
    el("script")
        .set("type", "application/json")
        .set("id", "results")
        .raw(&json.replace('<', "\\u003c"))
}

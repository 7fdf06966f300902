//! How the measurement was made: the rules, the proofs, the machine, and how to repeat it.

use super::data::ReportData;
use socklab_text::markup::{Element, el};

/// Cautions about the quality of the measurement, at a prominent place.
pub(super) fn cautions(data: &ReportData<'_>) -> Option<Element> {
    let locale = &data.locale;
    let cautions = &data.results.environment.cautions;
    let each = cautions.iter().map(|id| el("li").text(&locale.caution(id)));
    (!cautions.is_empty()).then(|| {
        el("aside")
            .class("cautions")
            .put(el("h2").text(&locale.say("report-cautions")))
            .put(el("ul").put_all(each))
    })
}

/// How to read the figures.
pub(super) fn rules(data: &ReportData<'_>) -> Element {
    let locale = &data.locale;
    let rules = [
        ("report-rule-rounds", "report-rule-rounds-means"),
        ("report-rule-warm-up", "report-rule-warm-up-means"),
        ("report-rule-interval", "report-rule-interval-means"),
        ("report-rule-prediction", "report-rule-prediction-means"),
        ("report-rule-none", "report-rule-none-means"),
        ("report-rule-invalid", "report-rule-invalid-means"),
    ];
    let each = rules.map(|(name, means)| {
        let name = el("dt").text(&locale.say(name));
        el("div").put(name).put(el("dd").text(&locale.say(means)))
    });
    el("dl").class("rules").put_all(each)
}

/// What was proved of each model before the measurement.
pub(super) fn proofs(data: &ReportData<'_>) -> Element {
    let locale = &data.locale;
    let each = data.results.proofs.iter().map(|proof| {
        let model = &proof.model;
        if proof.same {
            return el("li").text(&locale.say_with("report-proof-same", &[("model", model)]));
        }
        let text = locale.say_with("report-proof-differs", &[("model", model)]);
        let difference = proof.difference.iter();
        let difference =
            difference.map(|(reference, own)| el("pre").text(&format!("− {reference}\n+ {own}")));
        el("li").class("invalid").text(&text).put_all(difference)
    });
    el("ul").class("proofs").put_all(each)
}

/// The machine on which it was measured.
pub(super) fn environment(data: &ReportData<'_>) -> Element {
    let facts = data.results.environment.facts.iter();
    el("dl").class("facts").put_all(
        facts.map(|(name, value)| el("div").put(el("dt").text(name)).put(el("dd").text(value))),
    )
}

/// The command that repeats the measurement, and the data.
pub(super) fn again(data: &ReportData<'_>, command: &str) -> Element {
    let locale = &data.locale;
    let seed = data.results.seed.to_string();
    el("div")
        .put(el("p").text(&locale.say("report-again-means")))
        .put(el("pre").set("tabindex", 0).put(el("code").text(command)))
        .put(el("p").text(&locale.say_with("report-again-seed", &[("seed", &seed)])))
        .put(el("p").text(&locale.say("report-raw-means")))
        .put(
            el("p").put(
                el("button")
                    .set("type", "button")
                    .set("id", "download")
                    .set("hidden", "")
                    .text(&locale.say("report-download")),
            ),
        )
}

//! Writes a check's report for other programs: as JSON, and as JUnit XML for continuous
//! integration.

use serde_json::{Value, json};
use socklab_check::{Act, Report, ScenarioOutcome, ScenarioResult, Step, Verdict};

use socklab_core::transcript::Role;

use super::explanation::{code, reason_text, what};
use super::ladder::ladder;
use socklab_text::markup::escaped;
use socklab_text::{Messages, escape};

/// How every XML file begins.
pub(super) const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// The report as one JSON object, with every scenario.
pub(super) fn json(report: &Report) -> String {
    written(&value(report))
}

/// JSON as it is printed.
pub(super) fn written(value: &Value) -> String {
    escape::json(&format!("{value:#}")).into_owned()
}

pub(super) fn value(report: &Report) -> Value {
    let verdict = match report.verdict() {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::NotChecked => "not-checked",
    };
    let scenarios: Vec<Value> = report.outcomes.iter().map(scenario).collect();
    let address = report.outcomes.iter().find_map(|one| one.address);
    json!({
        "exercise": report.exercise,
        "role": report.role.map(Role::name),
        "program": report.program,
        "address": address.map(|address| address.to_string()),
        "verdict": verdict,
        "scenarios": scenarios,
    })
}

fn scenario(outcome: &ScenarioOutcome) -> Value {
    let steps: Vec<Value> = outcome.steps.iter().map(step).collect();
    let mut value = json!({
        "name": outcome.scenario,
        "advice": outcome.advice,
        "seconds": (outcome.took.as_secs_f64() * 1000.0).round() / 1000.0,
        "steps": steps,
        "symptom": null,
        "cause": null,
    });
    match &outcome.result {
        ScenarioResult::Passed => value["result"] = json!("passed"),
        ScenarioResult::Failed(finding) => {
            value["result"] = json!("failed");
            value["symptom"] = json!(finding.symptom.code());
            value["cause"] = json!(finding.cause.map(socklab_check::Cause::code));
            value["expected"] = json!(finding.expected.as_deref().map(text));
            value["received"] = json!(finding.received.as_deref().map(text));
            value["error"] = json!(finding.error);
            value["detail"] = json!(finding.detail);
            value["file"] = json!(finding.place.as_ref().map(|place| &place.file));
            value["line"] = json!(finding.place.as_ref().map(|place| place.line));
        }
        ScenarioResult::NotChecked(reason) => {
            value["result"] = json!("not-checked");
            value["reason"] = json!(reason.code());
            value["cause"] = json!(reason.cause().map(socklab_check::Cause::code));
        }
    }
    value
}

/// UTF-8 text as it is; other bytes as in a transcript.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes
            .iter()
            .fold("hex:".to_owned(), |all, byte| format!("{all}{byte:02x}")),
    }
}

fn step(step: &Step) -> Value {
    let (who, act, payload) = match &step.act {
        Act::Started => ("we", "start", None),
        Act::Listens(at) => ("program", "listen", Some(at.to_string())),
        Act::PortClosed => ("program", "port-closed", None),
        Act::WeConnect => ("we", "connect", None),
        Act::Connects => ("program", "connect", None),
        Act::WeSend(bytes) => ("we", "send", Some(text(bytes))),
        Act::Sends(bytes) => ("program", "send", Some(text(bytes))),
        Act::WeFinish => ("we", "finish", None),
        Act::WeReset => ("we", "reset", None),
        Act::WeImpair(text) => ("we", "network", Some(text.clone())),
        Act::Closes => ("program", "close", None),
        Act::WeType(bytes) => ("we", "type", Some(text(bytes))),
        Act::Shows(bytes) => ("program", "show", Some(text(bytes))),
        Act::Silent => ("program", "silent", None),
        Act::WaitsIn(call) => ("program", "wait", Some(call.clone())),
        Act::Exits(code) => ("program", "exit", code.map(|code| code.to_string())),
    };
    json!({"who": who, "act": act, "value": payload, "line": step.line, "right": step.right})
}

/// A test suite with a case for each scenario. Advice never fails a case.
pub(super) fn junit(report: &Report, messages: &dyn Messages) -> String {
    format!("{XML}{}", suite(report, "", messages))
}

/// The name of a test suite. `folder` is empty if there is only one suite.
pub(super) fn suite_name(folder: &str, title: &str) -> String {
    let name = ["socklab", folder, title]
        .into_iter()
        .filter(|part| !part.is_empty());
    xml_text(&name.collect::<Vec<_>>().join(".").replace(' ', "."))
}

/// A test suite without any test run, with the reason.
pub(super) fn empty_suite(suite: &str, why: &str) -> String {
    let why = xml_text(why);
    format!(
        "<testsuite name=\"{suite}\" tests=\"1\" failures=\"0\" skipped=\"1\" time=\"0.000\">\n  \
         <testcase classname=\"{suite}\" name=\"program\" time=\"0.000\">\
         <skipped message=\"{why}\"/></testcase>\n</testsuite>"
    )
}

/// The test suite of one program's report. `folder` is empty if there is only one suite.
pub(super) fn suite(report: &Report, folder: &str, messages: &dyn Messages) -> String {
    let failed =
        |one: &&ScenarioOutcome| !one.advice && matches!(one.result, ScenarioResult::Failed(_));
    let skipped = |one: &&ScenarioOutcome| matches!(one.result, ScenarioResult::NotChecked(_));
    let seconds: f64 = report
        .outcomes
        .iter()
        .map(|one| one.took.as_secs_f64())
        .sum();
    let role = report.role.map_or("", Role::name);
    let suite = suite_name(folder, format!("{} {role}", report.exercise).trim_end());
    let mut xml = format!(
        "<testsuite name=\"{suite}\" tests=\"{}\" \
         failures=\"{}\" skipped=\"{}\" time=\"{seconds:.3}\">\n",
        report.outcomes.len(),
        report.outcomes.iter().filter(failed).count(),
        report.outcomes.iter().filter(skipped).count(),
    );
    for one in &report.outcomes {
        let name = xml_text(&one.scenario);
        let took = one.took.as_secs_f64();
        xml.push_str(&format!(
            "  <testcase classname=\"{suite}\" name=\"{name}\" time=\"{took:.3}\">"
        ));
        match &one.result {
            ScenarioResult::Passed => {}
            ScenarioResult::Failed(finding) => {
                let rungs = ladder(one, &report.program, "", messages).join("\n");
                let body = xml_text(&format!("{}\n{rungs}", what(finding, messages)));
                let kind = code(finding);
                xml.push_str(&match one.advice {
                    true => format!("<system-out>{kind}: {body}</system-out>"),
                    false => format!("<failure type=\"{kind}\">{body}</failure>"),
                });
            }
            ScenarioResult::NotChecked(reason) => {
                let reason = xml_text(&reason_text(reason, messages));
                xml.push_str(&format!("<skipped message=\"{reason}\"/>"));
            }
        }
        xml.push_str("</testcase>\n");
    }
    xml.push_str("</testsuite>");
    xml
}

/// Escapes text for XML. It is first escaped for a terminal, because XML allows no control
/// characters.
fn xml_text(text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .map(|line| escape::text(line).into_owned())
        .collect();
    escaped(&lines.join("\n"))
}

//! `compare` without an exercise: six questions, of real servers.

use std::fs;
use std::time::Duration;

use crate::common::{pipe, pipe_within, scratch, socklab, stderr, stdout};

#[test]
fn every_question_has_an_answer_or_says_why_not() {
    let (json, report) = (
        scratch("survey").with_extension("json"),
        scratch("survey").with_extension("html"),
    );
    let mut command = socklab("compare --quick --lang es --models blocking-iterative,mio");
    command.arg("--json").arg(&json);
    command.arg("--report").arg(&report);
    // It measures for 13 s, and longer where other tests run.
    let limit = Duration::from_secs(120);
    let shown = stdout(&pipe_within(limit, command, "").success());
    for (number, question) in (1..).zip([
        "Un cliente",
        "100 activos",
        "Visitas breves",
        "Un cliente lento",
        "Una petición lenta",
        "1000 callados",
    ]) {
        let begins = format!("\n{number} {question}");
        assert!(shown.contains(&begins), "{begins} in\n{shown}");
    }
    // One connection at a time: the hundred and the thousand are not served.
    assert!(shown.matches("atiende 1").count() >= 3, "{shown}");

    let mut diff = socklab("compare diff");
    diff.arg(&json).arg(&json);
    let said = stderr(&pipe(diff, "").code(3).stdout_eq(""));
    assert!(said.contains(" has the six questions, "), "{said}");

    let text = fs::read_to_string(json).expect("written");
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let questions = document["survey"]["questions"].as_array().expect("a list");
    assert_eq!(questions.len(), 6);
    for asked in questions {
        let trials = asked["trials"].as_array().expect("a list");
        let of = |model: &str| trials.iter().filter(|one| one["model"] == model).count();
        assert!(of("mio") >= 3, "{}", asked["question"]);
        for trial in trials {
            // On a busy computer all of them may come after the slices.
            assert!(trial["service"]["samples"].as_u64() > Some(0));
            assert_eq!(trial["losses"]["wrong"], 0);
            if cfg!(target_os = "linux") {
                assert!(trial["server"]["user"].as_f64() >= Some(0.0), "{trial}");
            }
        }
    }
    let page = fs::read_to_string(report).expect("written");
    assert!(page.contains("<html lang=\"es\">") && page.contains("mio"));
}

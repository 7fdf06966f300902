//! Right programs in C pass, though nothing reports their calls.
#![cfg(unix)]

mod common;

use common::{c_source, compiled, failures, free_port, plan, run};
use socklab_check::Verdict;
use socklab_core::transcript::Role::{self, Client, Server};

fn passes(exercise: &str, role: Role, source: &str, words: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(program) = compiled(&c_source(source), folder.path()) else {
        return;
    };
    let port = free_port().to_string();
    let mut all = vec![program.as_str()];
    all.extend(
        words
            .iter()
            .map(|&word| if word == "PORT" { port.as_str() } else { word }),
    );
    let mut plan = plan(exercise, role, &all, None);
    plan.port = port.parse().expect("a port");
    let report = run(&plan);
    let verdict = (report.verdict(), failures(&report));
    assert_eq!(
        verdict,
        (Verdict::Pass, Vec::new()),
        "{:#?}",
        report.outcomes
    );
}

#[test]
fn echo_server() {
    passes("echo", Server, "echo_server", &["PORT"]);
}

#[test]
fn chat() {
    passes("chat", Server, "chat", &["server", "PORT"]);
    passes("chat", Client, "chat", &["client", "{host}", "{port}"]);
}

#[test]
fn submit_client() {
    passes("submit", Client, "submit_client", &["{host}", "{port}"]);
}

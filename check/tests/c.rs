//! Right programs in C pass, though nothing reports their calls.
#![cfg(unix)]

mod common;

use std::path::Path;
use std::process::Command;

use common::{failures, free_port, here, order, run};
use socklab_check::Verdict;
use socklab_core::transcript::Role::{self, Client, Server};

/// Compiles a program; `None` if there is no compiler.
fn compiled(name: &str, folder: &Path) -> Option<String> {
    let to = folder.join(name);
    let source = here().join(format!("tests/right/{name}.c"));
    let Ok(status) = Command::new("cc").arg("-o").arg(&to).arg(source).status() else {
        eprintln!("SKIPPED: there is no C compiler");
        return None;
    };
    assert!(status.success(), "{name}.c");
    Some(to.to_string_lossy().into_owned())
}

fn passes(exercise: &str, role: Role, source: &str, words: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(program) = compiled(source, folder.path()) else {
        return;
    };
    let port = free_port().to_string();
    let mut all = vec![program.as_str()];
    all.extend(
        words
            .iter()
            .map(|&word| if word == "PORT" { port.as_str() } else { word }),
    );
    let mut order = order(exercise, role, &all, None);
    order.port = port.parse().expect("a port");
    let report = run(&order);
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

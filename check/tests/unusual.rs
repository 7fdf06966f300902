//! Right programs that are written in other ways than the hand-out's pass.

mod common;

use common::{failures, free_port, here, interpreter, plan, run};
use socklab_check::{Finding, Verdict};
use socklab_core::transcript::Role::{self, Client, Server};

fn passes(exercise: &str, role: Role, name: &str, advice: &[&str]) {
    let Some(python) = interpreter() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let source = here().join("tests/right").join(name);
    let text = std::fs::read_to_string(source).expect("a program");
    let mut plan = plan(
        exercise,
        role,
        &[&python, name],
        Some(folder.path().to_owned()),
    );
    let port = free_port();
    let text = text.replace(&plan.port.to_string(), &port.to_string());
    std::fs::write(folder.path().join(name), text).expect("a file");
    plan.port = port;
    let report = run(&plan);
    let failed = failures(&report);
    let said = |(name, _, one): &(&str, bool, &Finding)| {
        format!("{name}: {:?} {:?} {:?}", one.symptom, one.cause, one.place)
    };
    let said: Vec<String> = failed.iter().map(said).collect();
    let names: Vec<&str> = failed.iter().map(|(name, ..)| *name).collect();
    assert_eq!(
        (report.verdict(), names),
        (Verdict::Pass, advice.to_vec()),
        "{said:#?}"
    );
}

#[test]
fn chat_client_on_select() {
    passes("chat", Client, "chat_client_select.py", &[]);
}

#[test]
fn chat_server_on_asyncio() {
    passes("chat", Server, "chat_server_asyncio.py", &[]);
}

#[test]
fn echo_server_of_socketserver() {
    passes("echo", Server, "echo_server_socketserver.py", &[]);
}

#[test]
fn echo_client_with_retries() {
    passes("echo", Client, "echo_client_retries.py", &[]);
}

/// A server that receives once would see only the first piece: an advice, not a fault.
#[test]
fn submit_client_in_pieces() {
    let advice = ["pieces", "one-send"];
    passes("submit", Client, "submit_client_pieces.py", &advice);
}

#[test]
fn submit_client_on_asyncio() {
    passes("submit", Client, "submit_client_asyncio.py", &[]);
}

#[test]
fn welcome_server_with_threads() {
    passes("welcome", Server, "welcome_server_threads.py", &[]);
}

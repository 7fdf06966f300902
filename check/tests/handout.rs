//! The hand-out's own programs pass, in both roles.

mod common;

use common::{free_port, here, plan, python, run};
use socklab_check::Verdict;
use socklab_core::transcript::Role::{self, Client, Server};

fn passes(exercise: &str, role: Role, words: &[&str]) {
    if !python() {
        return;
    }
    let folder = here().join("../tests/peers");
    let mut plan = plan(exercise, role, words, Some(folder));
    plan.port = free_port();
    let report = run(&plan);
    for one in &report.outcomes {
        eprintln!(
            "{exercise} {role:?} {} {:?} {:?}",
            one.scenario, one.took, one.result
        );
    }
    assert_eq!(report.verdict(), Verdict::Pass, "{:#?}", report.outcomes);
}

#[test]
fn message() {
    passes("message", Server, &["python3", "message_server.py", "0"]);
    passes(
        "message",
        Client,
        &["python3", "message_client.py", "{host}", "{port}"],
    );
}

#[test]
fn echo() {
    passes("echo", Server, &["python3", "echo_server.py", "0"]);
    passes(
        "echo",
        Client,
        &["python3", "echo_client.py", "{host}", "{port}"],
    );
}

#[test]
fn chat() {
    passes("chat", Server, &["python3", "chat_server.py", "0"]);
    passes(
        "chat",
        Client,
        &["python3", "chat_client.py", "{host}", "{port}"],
    );
}

#[test]
fn welcome() {
    passes("welcome", Server, &["python3", "welcome_server.py", "0"]);
    passes(
        "welcome",
        Client,
        &["python3", "welcome_client.py", "{host}", "{port}"],
    );
}

#[test]
fn capitals() {
    passes("capitals", Server, &["python3", "capitals_server.py", "0"]);
    passes(
        "capitals",
        Client,
        &["python3", "capitals_client.py", "{host}", "{port}"],
    );
}

/// It also sleeps for up to 2 s before it connects, at the end of a code's step.
#[test]
fn a_client_may_sleep_before_it_connects() {
    let sleepy = "import runpy, time; time.sleep(1.5); import sys; sys.path.insert(0, '.'); \
        runpy.run_path('submit_client.py', run_name='__main__')";
    let words = [
        "python3", "-c", sleepy, "{host}", "{port}", "{name}", "{dni}", "{code}",
    ];
    passes("submit", Client, &words);
}

#[test]
fn submit() {
    passes("submit", Server, &["python3", "submit_server.py", "0"]);
    let fields = ["{host}", "{port}", "{name}", "{dni}"];
    let client = [&["python3", "submit_client.py"][..], &fields].concat();
    passes("submit", Client, &client);
    passes("submit", Client, &[&client[..], &["{code}"]].concat());
}

//! Of a compiled program `strace` proves what only its calls show.
#![cfg(target_os = "linux")]

mod common;

use std::collections::BTreeSet;
use std::process::Command;

use common::{c_source, compiled, failures, free_port, plan, run};
use socklab_check::Cause;
use socklab_core::transcript::Role::{self, Client, Server};

/// The causes that a right program's fault gets.
fn causes(exercise: &str, role: Role, source: &str, fault: (&str, &str)) -> Option<Vec<Cause>> {
    let mut trial = Command::new("strace");
    trial.args(["-qq", "-o", "/dev/null", "true"]);
    if !trial.status().is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: there is no strace, or it may not trace");
        return None;
    }
    let right = c_source(source);
    assert!(right.contains(fault.0), "{right}");
    let folder = tempfile::tempdir().expect("a folder");
    let program = compiled(&right.replace(fault.0, fault.1), folder.path())?;
    let port = free_port().to_string();
    let words = match role {
        Server => vec![program.as_str(), &port],
        Client => vec![program.as_str(), "{host}", "{port}"],
    };
    let mut plan = plan(exercise, role, &words, None);
    plan.port = port.parse().expect("a port");
    let report = run(&plan);
    let causes: BTreeSet<Cause> = failures(&report)
        .iter()
        .filter_map(|(_, _, one)| one.cause)
        .collect();
    Some(causes.into_iter().collect())
}

#[test]
fn a_buffer_that_is_too_small() {
    let fault = ("text[2048]", "text[8]");
    let causes = causes("echo", Server, "echo_server", fault);
    assert!(causes.is_none_or(|causes| causes == [Cause::SmallBuffer]));
}

/// Its source is not known, so only its behaviour shows it.
#[test]
fn a_word_that_is_compared_as_an_address() {
    let fault = ("memcmp(reply, \"FIN\", 3) == 0", "(void *)reply == \"FIN\"");
    let causes = causes("echo", Server, "echo_server", fault);
    assert!(causes.is_none_or(|causes| causes == [Cause::NeverChecksFin]));
}

#[test]
fn a_reply_to_another_port() {
    let fault = (
        "        sendto(",
        "        peer.sin_port = htons(9);\n        sendto(",
    );
    let causes = causes("echo", Server, "echo_server", fault);
    assert!(causes.is_none_or(|causes| causes == [Cause::ReplyElsewhere]));
}

#[test]
fn a_client_that_does_not_read() {
    let reads = "for (ssize_t got; (got = recv(sock, reply, 1024, 0)) > 0;)";
    let fault = (reads, "ssize_t got = 0; if (0)");
    let causes = causes("submit", Client, "submit_client", fault);
    assert!(causes.is_none_or(|causes| causes == [Cause::ClosesBeforeReading]));
}

//! Programs that are written in other ways than the hand-out's: right ones pass, and wrong ones get
//! their cause and no other.

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::{failures, free_port, here, interpreter, plan, run};
use socklab_check::{Cause, Finding, Report, Verdict};
use socklab_core::transcript::Role::{self, Client, Server};

/// The report on a program of `tests`, on a port of its own.
fn report(exercise: &str, role: Role, file: &str) -> Option<Report> {
    let python = interpreter()?;
    let folder = tempfile::tempdir().expect("a folder");
    let source = here().join("tests").join(file);
    let text = std::fs::read_to_string(source).expect("a program");
    let mut plan = plan(
        exercise,
        role,
        &[&python, "mine.py"],
        Some(folder.path().to_owned()),
    );
    let port = free_port();
    let text = text.replace(&plan.port.to_string(), &port.to_string());
    std::fs::write(folder.path().join("mine.py"), text).expect("a file");
    plan.port = port;
    plan.give_up_after = Duration::from_secs(2);
    Some(run(&plan))
}

/// A right program, which may fail only this advice.
fn passes(exercise: &str, role: Role, name: &str, advice: &[&str]) {
    let Some(report) = report(exercise, role, &format!("right/{name}")) else {
        return;
    };
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

/// A wrong program, which gets no other cause than this, or none if its cause cannot be proved.
fn fails(exercise: &str, role: Role, name: &str, cause: Option<Cause>) {
    let Some(report) = report(exercise, role, &format!("wrong/{name}")) else {
        return;
    };
    let causes: BTreeSet<Cause> = failures(&report)
        .iter()
        .filter_map(|(_, _, one)| one.cause)
        .collect();
    assert_eq!(
        (report.verdict(), causes),
        (Verdict::Fail, cause.into_iter().collect()),
        "{:#?}",
        report.outcomes
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

#[test]
fn chat_server_that_reads_the_keyboard_as_a_file() {
    passes("chat", Server, "chat_server_stdin.py", &[]);
}

#[test]
fn echo_server_with_a_selector() {
    passes("echo", Server, "echo_server_selectors.py", &[]);
}

#[test]
fn capitals_server_on_asyncio() {
    passes("capitals", Server, "capitals_server_asyncio.py", &[]);
}

#[test]
fn capitals_client_that_tries_every_address() {
    passes("capitals", Client, "capitals_client_getaddrinfo.py", &[]);
}

#[cfg(unix)]
#[test]
fn welcome_server_with_processes() {
    passes("welcome", Server, "welcome_server_fork.py", &[]);
}

/// An exception that does not end the program: it is caught, or ends a thread, a task or a handler.
#[test]
fn text_for_bytes_where_the_exception_is_survived() {
    let cause = Some(Cause::StrNotBytes);
    fails("echo", Server, "echo_server_hides.py", cause);
    fails("submit", Client, "submit_client_hides.py", cause);
    fails("capitals", Server, "capitals_server_asyncio.py", cause);
    fails("welcome", Server, "welcome_server_socketserver.py", cause);
    fails("welcome", Server, "welcome_server_thread.py", cause);
}

/// It connects a UDP socket to another port first, which sends nothing.
#[test]
fn chat_client_that_learns_its_address() {
    let cause = Some(Cause::Deadlock);
    fails("chat", Client, "chat_client_own_address.py", cause);
}

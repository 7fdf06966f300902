//! What a check leaves behind on the program's port, and what it finds there.
#![cfg(target_os = "linux")]

mod common;

use std::net::TcpListener;
use std::process::{Command, Stdio};

use common::{free_port, interpreter, plan, run};
use socklab_check::{Cause, Reason, ScenarioResult, Verdict};
use socklab_core::transcript::Role;

/// The states of the connections of that local port, as the kernel has them.
fn states(port: u16) -> Vec<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let text = tables.map(|table| std::fs::read_to_string(table).unwrap_or_default());
    let local = format!(":{port:04X}");
    text.iter()
        .flat_map(|text| text.lines().skip(1))
        .filter_map(|line| {
            let mut words = line.split_whitespace().skip(1);
            let (address, _, state) = (words.next()?, words.next()?, words.next()?);
            address.ends_with(&local).then(|| state.to_owned())
        })
        .collect()
}

/// The hand-out's way: the server closes first, and does not set SO_REUSEADDR.
const WELCOME: &str = "
from socket import *
serverSocket = socket(AF_INET, SOCK_STREAM)
serverSocket.bind(('', PORT))
serverSocket.listen(5)
while True:
    connection, address = serverSocket.accept()
    connection.send(b'Bienvenido al Servidor')
    connection.close()
";

#[test]
fn no_connection_is_left_on_the_port_of_a_server_that_closes_first() {
    let Some(python) = interpreter() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let wrong = WELCOME.replace("al Servidor", "al servidor");
    for (name, program, verdict) in [
        ("right.py", WELCOME, Verdict::Pass),
        ("wrong.py", wrong.as_str(), Verdict::Fail),
    ] {
        let text = program.replace("PORT", &port.to_string());
        std::fs::write(folder.path().join(name), text).expect("a file");
        let folder = Some(folder.path().to_owned());
        let mut plan = plan("welcome", Role::Server, &[&python, name], folder);
        plan.port = port;
        let report = run(&plan);
        assert_eq!(report.verdict(), verdict, "{:#?}", report.outcomes);
        assert_eq!(states(port), Vec::<String>::new(), "{name}");
    }
    // Were one left, the same look would find it: here the server's end closes first.
    assert!(states(waiting_port()).contains(&"06".to_owned()));
}

/// A port whose last connection was closed by the server's end less than a minute ago.
fn waiting_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a socket");
    let port = listener.local_addr().expect("bound").port();
    let client = std::net::TcpStream::connect(("127.0.0.1", port)).expect("connected");
    drop(listener.accept().expect("a connection"));
    drop(client);
    port
}

#[test]
fn a_port_in_time_wait_is_no_fault_of_the_program() {
    let Some(python) = interpreter() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let bind = "serverSocket.bind(('', PORT))";
    let reuses = format!("serverSocket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)\n{bind}");
    let catches = format!("try: {bind}\nexcept OSError: exit(1)");
    for (program, waits) in [
        (WELCOME.to_owned(), true),
        (WELCOME.replace(bind, &catches), true),
        (WELCOME.replace(bind, &reuses), false),
    ] {
        let port = waiting_port();
        let text = program.replace("PORT", &port.to_string());
        std::fs::write(folder.path().join("mine.py"), text).expect("a file");
        let folder = Some(folder.path().to_owned());
        let mut plan = plan("welcome", Role::Server, &[&python, "mine.py"], folder);
        plan.port = port;
        let report = run(&plan);
        let verdict = if waits {
            Verdict::NotChecked
        } else {
            Verdict::Pass
        };
        assert_eq!(report.verdict(), verdict, "{:#?}", report.outcomes);
        let reason = ScenarioResult::NotChecked(Reason::PortWaits(port));
        let all = report.outcomes.iter().all(|one| one.result == reason);
        assert_eq!(all, waits, "{:#?}", report.outcomes);
    }
}

#[test]
fn a_server_of_an_earlier_run_is_named() {
    let Some(python) = interpreter() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let text = WELCOME.replace("PORT", &port.to_string());
    std::fs::write(folder.path().join("mine.py"), text).expect("a file");
    let mut old = Command::new(&python)
        .arg("mine.py")
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .spawn()
        .expect("it starts");
    while states(port) != ["0A"] {
        std::thread::yield_now();
    }
    let folder = Some(folder.path().to_owned());
    let mut plan = plan("welcome", Role::Server, &[&python, "mine.py"], folder);
    plan.port = port;
    let report = run(&plan);
    let id = old.id();
    old.kill().and_then(|()| old.wait()).expect("it ends");
    assert_eq!(report.verdict(), Verdict::NotChecked);
    let ScenarioResult::NotChecked(reason) = &report.outcomes[0].result else {
        panic!("{:#?}", report.outcomes);
    };
    assert_eq!(reason.cause(), Some(Cause::OldServerAnswers));
    let Reason::PortHeld { holder, .. } = reason else {
        panic!("{reason:?}");
    };
    let holder = holder.as_ref().expect("Linux says who");
    assert_eq!(holder.process, Some(id));
    assert!(holder.command.ends_with("mine.py"), "{holder:?}");
}

//! How long a check waits for a program: long enough for a slow one, and never without end.

mod common;

use std::sync::mpsc::channel;
use std::time::Duration;

use common::{failures, free_port, interpreter, plan, run};
use socklab_check::{CheckPlan, Report, Symptom, Verdict, parse};
use socklab_core::transcript::Role;

/// A check of a Python program on a port of its own, with these scenarios.
fn check(exercise: &str, role: Role, program: &str, scenarios: &str) -> Option<Report> {
    let python = interpreter()?;
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let text = program.replace("PORT", &port.to_string());
    std::fs::write(folder.path().join("mine.py"), text).expect("a file");
    let text = format!(
        "socklab scenarios 1\nexercise {exercise}\nprogram {}\n{scenarios}",
        role.name()
    );
    let plan = CheckPlan {
        port,
        scenarios: parse(&text).expect("scenarios"),
        ..plan(
            exercise,
            role,
            &[&python, "mine.py"],
            Some(folder.path().to_owned()),
        )
    };
    // The check itself may hang.
    let (ended, report) = channel();
    std::thread::spawn(move || {
        let _ = ended.send(run(&plan));
        drop(folder);
    });
    let report = report.recv_timeout(Duration::from_secs(60));
    Some(report.expect("the check ends"))
}

#[test]
fn a_program_that_reads_no_line_does_not_hold_the_check() {
    let program = "import time\ntime.sleep(600)\n";
    let scenarios = "scenario typed\n<- type \"x\" *65536\n<- type \"y\"\n-> datagram \"y\"\n";
    let Some(report) = check("message", Role::Client, program, scenarios) else {
        return;
    };
    let [(_, _, finding)] = failures(&report)[..] else {
        panic!("{:#?}", report.outcomes);
    };
    assert_eq!(finding.symptom, Symptom::NoRequest);
}

/// It uses more CPU time before it listens, and before it answers, than an endless loop is given.
#[test]
fn a_program_that_is_busy_has_time_to_get_ready() {
    let program = "
import time
from socket import *
def work(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
work(3)
server = socket(AF_INET, SOCK_DGRAM)
server.bind(('', PORT))
message, client = server.recvfrom(2048)
for part in range(6):
    work(0.5)
    print(part, 'of 6')
server.sendto(message.upper(), client)
";
    let scenarios = "scenario slow\n<- send \"hola\"\n-> datagram \"HOLA\"\n";
    let Some(report) = check("echo", Role::Server, program, scenarios) else {
        return;
    };
    assert_eq!(report.verdict(), Verdict::Pass, "{:#?}", report.outcomes);
}

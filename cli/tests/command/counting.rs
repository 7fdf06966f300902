//! What `compare` counts of a driver's operations is what the kernel sees of its system calls.

use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::common::{PATIENCE, Process, socklab};

/// How many questions are asked.
const ASKED: u64 = 500;

/// How many calls the kernel may see beyond those counted: the last reply is sent after the server
/// has said what it counted, and a stop rings by datagrams from itself.
const MARGIN: u64 = 8;

/// Calls that `strace -c` counted, by name.
fn calls(summary: &str) -> BTreeMap<String, u64> {
    let fields = summary.lines().filter_map(|line| {
        // % time, seconds, usecs/call, calls, [errors,] syscall
        let fields: Vec<&str> = line.split_whitespace().collect();
        let calls = fields.get(3)?.parse().ok()?;
        Some(((*fields.last()?).to_owned(), calls))
    });
    fields.collect()
}

/// The program that `strace` runs.
fn traced(strace: u32) -> Pid {
    let children = format!("/proc/{strace}/task/{strace}/children");
    let begun = Instant::now();
    loop {
        let text = fs::read_to_string(&children).unwrap_or_default();
        let child = text.split_whitespace().next();
        if let Some(pid) = child.and_then(|child| Pid::from_raw(child.parse().ok()?)) {
            return pid;
        }
        assert!(begun.elapsed() < PATIENCE, "strace runs nothing");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn counts_what_strace_counts() {
    let there = Command::new("strace").arg("-V").output().is_ok();
    if !there {
        eprintln!("SKIPPED: strace is not installed");
        return;
    }
    // What each model receives, sends and waits with, as its system calls are called.
    for (model, waits) in [("blocking", None), ("mio", Some("epoll_wait"))] {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("strace-{model}"));
        let mut command = Command::new("strace");
        command
            .args([
                "-c",
                "-f",
                "-U",
                "time-percent,total-time,avg-time,calls,errors,name",
                "-o",
            ])
            .arg(&file);
        let ours = socklab(&format!(
            "measured-server {{\"exercise\":\"echo\",\"runtime\":\"{model}\",\"observe\":true}}"
        ));
        command.arg(ours.get_program()).args(ours.get_args());
        let mut server = Process::start(command);
        let ready = server.says();
        let address: SocketAddr = ready
            .strip_prefix("ready ")
            .expect("an address")
            .parse()
            .unwrap();
        let pid = traced(server.id());

        let asker = UdpSocket::bind("127.0.0.1:0").unwrap();
        asker.connect(address).unwrap();
        asker.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut reply = [0; 64];
        for n in 0..ASKED {
            if n == ASKED - 1 {
                // It says what it has counted with its next operation: a signal ends a wait.
                kill_process(pid, Signal::USR1).unwrap();
            }
            asker.send(b"hola").unwrap();
            assert_eq!(asker.recv(&mut reply).unwrap(), 4);
        }
        let counted: serde_json::Value = serde_json::from_str(&server.says()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        server.end();

        let seen = calls(&fs::read_to_string(&file).unwrap());
        let count = |names: &[&str]| names.iter().filter_map(|name| seen.get(*name)).sum::<u64>();
        let ours = |kind: &str| counted["operations"][kind]["calls"].as_u64().unwrap_or(0);
        let near = |ours: u64, kernel: u64, what: &str| {
            assert!(
                ours <= kernel && kernel <= ours + MARGIN,
                "{model}: {ours} of {what}, {kernel} by strace: {seen:?}"
            );
        };
        near(
            ours("receive"),
            count(&["recvfrom", "recvmsg", "recvmmsg"]),
            "receive",
        );
        near(
            ours("send"),
            count(&["sendto", "sendmsg", "sendmmsg"]),
            "send",
        );
        if let Some(call) = waits {
            near(ours("wait"), count(&[call]), "wait");
        }
        assert!(ours("receive") >= ASKED - 1 && ours("send") >= ASKED - 1);
    }
}

//! Whatever was started is gone once `end_all` returns. Alone in its program: nothing can be
//! started after it.
#![cfg(target_os = "linux")]

use std::fs;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use socklab_process::{end_all, spawn};

/// A shell whose two children sleep this long, which no other program does. One left the group.
fn family(seconds: &str) -> Command {
    let mut shell = Command::new("sh");
    let script = format!("setsid sleep {seconds} & sleep {seconds}");
    shell.arg("-c").arg(script).stdin(Stdio::null());
    shell
}

/// How many processes of the families still run.
fn left(seconds: &str) -> usize {
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    let lines = processes.filter_map(|one| fs::read_to_string(one.path().join("cmdline")).ok());
    let sleeps = |line: &String| line.starts_with("sleep\0") || line.starts_with("sh\0");
    lines
        .filter(|line| sleeps(line) && line.contains(seconds))
        .count()
}

#[test]
fn nothing_is_left() {
    let seconds = format!("600.{}", std::process::id());
    let (started, there) = mpsc::channel();
    let name = seconds.clone();
    // Goes on starting programs until it cannot.
    thread::spawn(move || {
        loop {
            let child = spawn(&mut family(&name)).expect("a shell");
            let _ = started.send(child);
            // The lock on starting is not fair.
            thread::sleep(Duration::from_millis(1));
        }
    });
    let children: Vec<_> = there.iter().take(20).collect();
    while left(&seconds) < 3 * children.len() {
        thread::yield_now();
    }
    end_all();
    assert_eq!(left(&seconds), 0);
}

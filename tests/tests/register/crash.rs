//! One fault at each place where a register writes, syncs, opens, renames or shortens a file: the
//! call fails once, or the program is killed there, also in the middle of a write.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use socklab_register::Location;

use crate::{EventLog, Server, TempRegister, right, rules};

/// Where the program of one fault finds its register.
const FOLDER: &str = "FAIL_FOLDER";

/// How many programs run at once: most of the time each waits.
const AT_ONCE: u32 = 12;

/// Students, some one by one and some in one commit.
const STUDENTS: [&[&str]; 5] = [
    &["1000001"],
    &["1000002", "1000003", "1000004"],
    &["1000005"],
    &["1000006"],
    &["1000007", "1000008"],
];

/// What a student was told, in the order in which it was said.
type Told = BTreeMap<String, Vec<String>>;

/// A program under a fault, as a test that does nothing unless it is told to.
#[test]
fn program() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let file = PathBuf::from(folder).join("register.db");
    let log = EventLog::default();
    let location = Location::File(file.clone());
    let opened = location.serve(rules(), None, std::sync::Arc::new(log.clone()));
    let Ok(writer) = opened else {
        println!("\nnot-opened");
        return;
    };
    let server = Server { writer, log };
    for (n, together) in STUDENTS.into_iter().enumerate() {
        if n == 2 {
            // The log is merged meanwhile.
            let begun = Instant::now();
            let log = file.with_file_name("register.db-wal");
            while begun.elapsed() < Duration::from_millis(700)
                && fs::metadata(&log).is_ok_and(|log| log.len() > 0)
            {
                thread::sleep(Duration::from_millis(10));
            }
        }
        let mut left = together.to_vec();
        for _ in 0..3 {
            let waiting: Vec<_> = left
                .iter()
                .map(|dni| server.store(right(dni, 1, 0)))
                .collect();
            let mut unconfirmed = Vec::new();
            for (dni, decision) in left.iter().zip(waiting) {
                let said = decision.recv().unwrap();
                println!(
                    "\n{dni} {} {}",
                    said.name(),
                    said.entry().map_or(0, |one| one.number)
                );
                if said.entry().is_none() {
                    unconfirmed.push(*dni);
                }
            }
            left = unconfirmed;
            if left.is_empty() {
                break;
            }
            // It is opened anew after a second.
            thread::sleep(Duration::from_millis(1050));
        }
    }
    println!("\nended");
}

/// The library that makes a call fail, if this machine has a C compiler.
fn library(folder: &Path) -> Option<PathBuf> {
    let library = folder.join("fail_nth.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/register/fail_nth.c");
    let made = Command::new("cc")
        .args(["-O2", "-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(source)
        .status();
    match made {
        Ok(status) => {
            assert!(status.success(), "the library does not compile");
            Some(library)
        }
        Err(error) => {
            eprintln!("SKIPPED: no C compiler, so no call fails: {error}");
            None
        }
    }
}

/// What a program printed, how many calls it made unless it was killed, and which of them failed.
struct Ran {
    printed: String,
    calls: Option<u32>,
    fault: String,
}

/// Runs the program with a fault at the n-th call.
fn run(library: &Path, register: &TempRegister, how: &str, n: u32) -> Ran {
    let n = n.to_string();
    run_with(library, register, &[("FAIL_HOW", how), ("FAIL_AT", &n)])
}

fn run_with(library: &Path, register: &TempRegister, environment: &[(&str, &str)]) -> Ran {
    let folder = register.beside("register.db").parent().unwrap().to_owned();
    let log = tempfile::NamedTempFile::new().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "crash::program",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(FOLDER, &folder)
        .envs(environment.iter().copied())
        .env("FAIL_LOG", log.path())
        .env("LD_PRELOAD", library)
        .output()
        .unwrap();
    let calls = fs::read_to_string(log.path()).unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let fault = text(output.stderr);
    Ran {
        printed: text(output.stdout),
        calls: calls.trim().parse().ok(),
        fault: format!("{environment:?}: {fault}"),
    }
}

fn told(printed: &str) -> Told {
    let mut told = Told::new();
    for line in printed.lines() {
        if let [dni, said, number] = line.split(' ').collect::<Vec<_>>()[..]
            && STUDENTS.concat().contains(&dni)
        {
            told.entry(dni.to_owned())
                .or_default()
                .push(format!("{said} {number}"));
        }
    }
    told
}

/// Looks at a register after a fault, as it is without it.
fn judge(register: &TempRegister, ran: &Ran) {
    let Ran { printed, fault, .. } = ran;
    let told = told(printed);
    let held = judge_held(register, &told, fault);
    // A retry of each tells the truth.
    let server = register.serve(rules());
    for dni in STUDENTS.concat() {
        let said = server.submit(right(dni, 1, 1));
        match held.get(dni) {
            Some(number) => assert_eq!(said, format!("already {number}"), "{fault}: {dni}"),
            None => assert!(said.starts_with("accepted "), "{fault}: {dni}: {said}"),
        }
    }
    // An error leaves a register that goes on; only what could not be opened confirms nothing.
    if printed.contains("\nended") {
        for dni in STUDENTS.concat() {
            let last = told[dni].last().unwrap();
            assert!(
                !last.ends_with(" 0"),
                "{fault}: {dni} was told {:?}",
                told[dni]
            );
        }
    }
}

/// All that was confirmed is there, once, under the number that was told.
fn judge_held(register: &TempRegister, told: &Told, fault: &str) -> BTreeMap<String, u64> {
    let server = register.serve(rules());
    let mut archive = register.location.archive().unwrap();
    assert_eq!(archive.verify().unwrap(), [], "{fault}");
    let mut held = BTreeMap::new();
    for one in archive.submissions("lab").unwrap() {
        let twice = held.insert(one.dni.clone(), one.number);
        assert_eq!(twice, None, "{fault}: {} is there twice", one.dni);
    }
    for (dni, said) in told {
        let confirmed: Vec<&String> = said.iter().filter(|one| !one.ends_with(" 0")).collect();
        assert!(confirmed.len() <= 1, "{fault}: {dni} was told {said:?}");
        for one in confirmed {
            let number = one.split(' ').nth(1).unwrap().parse().unwrap();
            assert_eq!(
                held.get(dni),
                Some(&number),
                "{fault}: {dni} was told {one}"
            );
        }
    }
    drop(server);
    held
}

#[test]
fn every_call_fails_once() {
    let tools = tempfile::tempdir().unwrap();
    let Some(library) = library(tools.path()) else {
        return;
    };
    let register = TempRegister::file();
    let ran = run(&library, &register, "error", 0);
    let calls = ran.calls.expect("it was counted");
    assert!(ran.printed.contains("\nended"), "{}", ran.printed);
    assert!(calls > 100, "only {calls} calls");
    judge(&register, &ran);
    for how in ["error", "kill", "torn"] {
        let next = AtomicU32::new(1);
        let failed = AtomicU32::new(0);
        thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(|| {
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n > calls {
                            return;
                        }
                        let register = TempRegister::file();
                        let ran = run(&library, &register, how, n);
                        let came_to = ["\nended", "\nnot-opened"];
                        let alive = came_to.iter().any(|end| ran.printed.contains(end));
                        assert!(alive || how != "error", "{}", ran.fault);
                        if ran.fault.contains(&format!("{how}: ")) {
                            failed.fetch_add(1, Ordering::Relaxed);
                        }
                        judge(&register, &ran);
                    }
                });
            }
        });
        let failed = failed.into_inner();
        println!("{how}: {failed} of {calls} calls, each once");
        // How many there are depends on how students meet in a commit.
        assert!(failed > calls * 3 / 4, "{how}: {failed} of {calls}");
    }
}

/// The log's syncs succeed and the file's own do not: what the log holds can never be merged, so
/// nothing more is confirmed.
#[test]
fn syncs_of_the_file_itself_fail() {
    let tools = tempfile::tempdir().unwrap();
    let Some(library) = library(tools.path()) else {
        return;
    };
    let register = TempRegister::file();
    drop(register.serve(rules()));
    let file = register.beside("register.db").display().to_string();
    let ran = run_with(
        &library,
        &register,
        &[("FAIL_HOW", "error"), ("FAIL_SYNC", &file)],
    );
    let told = told(&ran.printed);
    // The first are confirmed by the log; then it is merged, as there is time.
    assert_eq!(told["1000001"], ["accepted 1"]);
    assert_eq!(told["1000005"], ["unavailable 0"; 3], "{}", ran.printed);
    assert!(ran.printed.contains("\nended"), "{}", ran.printed);
    judge_held(&register, &told, &ran.fault);
}

//! What a lecturer's command leaves when it is killed, or the disk fails, at each place where it
//! writes, syncs, opens, renames or shortens a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use socklab_register::Location;
use tempfile::TempDir;

use crate::common::{Process, code_now, on_disk, run, socklab};
use crate::files::{cards, submit};

const ANA: &str = "01234567";
const BOB: &str = "7654321";

/// What must hold of a folder after a command, whatever became of it; and whether it succeeded.
type Holds = fn(&Path, bool);

fn commands() -> [(&'static str, Holds); 5] {
    [
        ("export --to lab.csv", exported),
        ("enrol --all --sheet cards.html", enrolled),
        ("rekey", rekeyed),
        ("restore copy.db", restored),
        ("forget --dni 01234567 --yes", forgotten),
    ]
}

/// An export, as far as a command looks at it.
const OLDER: &str = "\"number\",\"name\",\"dni\",\"older\"\r\n";

/// A folder with a register of two submissions, a backup of the first, a class of two of whom
/// one has a secret, and an older export.
fn folder() -> TempDir {
    let folder = on_disk();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let register = at("register.db");
    let ask = |words: &str| run(&format!("register {words} --register {register}")).success();
    let (server, address) = Process::serve(&format!("submit server --register {register}"));
    assert!(submit(address, ANA, &code_now(ANA)).starts_with("OK "));
    ask(&format!("backup {}", at("copy.db")));
    assert!(submit(address, BOB, &code_now(BOB)).starts_with("OK "));
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(server.end().code, Some(0));
    fs::write(at("class.csv"), format!("dni\n{ANA}\n{BOB}\n1000001\n")).unwrap();
    ask(&format!("roster {}", at("class.csv")));
    ask(&format!("enrol --dni {BOB} --sheet {}", at("card.html")));
    fs::write(at("lab.csv"), OLDER).unwrap();
    folder
}

fn copy(from: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.path().join(entry.file_name())).unwrap();
    }
    to
}

fn archive(folder: &Path) -> socklab_register::Archive {
    let location = Location::File(folder.join("register.db"));
    let mut archive = location.archive().unwrap();
    assert_eq!(archive.verify().unwrap(), []);
    archive
}

fn held(folder: &Path) -> usize {
    archive(folder).submissions("lab").unwrap().len()
}

/// The key fits, were it only after it has been put right.
fn secrets(folder: &Path) -> u64 {
    archive(folder)
        .rekey(&folder.join("register.db.key"))
        .unwrap()
}

fn exported(folder: &Path, done: bool) {
    let csv = fs::read_to_string(folder.join("lab.csv")).unwrap();
    let new = csv.starts_with("\"number\",") && csv.lines().count() == 3;
    assert!(new || (!done && csv == OLDER), "{csv}");
    assert_eq!(held(folder), 2);
}

fn enrolled(folder: &Path, done: bool) {
    let secrets = secrets(folder);
    assert!(secrets == 3 || (!done && secrets == 1), "{secrets} secrets");
    let cards = cards(&folder.join("cards.html")).len();
    assert!(cards == 2 || (secrets == 1 && cards == 0), "{cards} cards");
}

fn rekeyed(folder: &Path, _: bool) {
    assert_eq!(secrets(folder), 1);
}

fn restored(folder: &Path, done: bool) {
    let held = held(folder);
    assert!(held == 1 || (!done && held == 2), "{held} submissions");
}

fn forgotten(folder: &Path, done: bool) {
    let held = held(folder);
    assert!(held == 1 || (!done && held == 2), "{held} submissions");
    if done {
        let bytes = fs::read(folder.join("register.db")).unwrap();
        let found = bytes.windows(ANA.len()).any(|one| one == ANA.as_bytes());
        assert!(!found, "it is not forgotten");
    }
}

fn under_fault(library: &Path, folder: &Path, words: &str, how: &str, n: u32) -> (Output, PathBuf) {
    let log = folder.with_extension("calls");
    let mut command = socklab(&format!("register {words} --register register.db"));
    let output = command
        .current_dir(folder)
        .env("FAIL_FOLDER", folder)
        .env("FAIL_RELATIVE", "1")
        .env("FAIL_HOW", how)
        .env("FAIL_AT", n.to_string())
        .env("FAIL_LOG", &log)
        .env("LD_PRELOAD", library)
        .output()
        .unwrap();
    (output, log)
}

#[test]
fn at_every_call() {
    let tools = tempfile::tempdir().unwrap();
    let library = tools.path().join("fail_nth.so");
    let source = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/tests/register/fail_nth.c"
    );
    let made = Command::new("cc")
        .args(["-O2", "-shared", "-fPIC", "-o"])
        .args([&library, Path::new(source)])
        .status();
    if made.is_err() {
        eprintln!("SKIPPED: no C compiler, so no call fails");
        return;
    }
    let before = folder();
    for (words, holds) in commands() {
        let counted = copy(before.path());
        let (output, log) = under_fault(&library, counted.path(), words, "error", 0);
        assert!(output.status.success(), "{words}: {output:?}");
        holds(counted.path(), true);
        let calls: u32 = fs::read_to_string(&log).unwrap().trim().parse().unwrap();
        fs::remove_file(log).unwrap();
        assert!(calls > 5, "{words}: only {calls} calls");
        for how in ["error", "kill"] {
            let next = AtomicU32::new(1);
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        loop {
                            let n = next.fetch_add(1, Ordering::Relaxed);
                            if n > calls {
                                return;
                            }
                            let after = copy(before.path());
                            let (output, log) = under_fault(&library, after.path(), words, how, n);
                            let _ = fs::remove_file(log);
                            let fault = String::from_utf8_lossy(&output.stderr).into_owned();
                            let at = format!("{words}, {how} at {n} of {calls}: {fault}");
                            let check = || holds(after.path(), output.status.success());
                            let checked = std::panic::catch_unwind(check);
                            assert!(checked.is_ok(), "{at}");
                        }
                    });
                }
            });
        }
        println!("{words}: {calls} calls");
    }
}

//! An export in a spreadsheet whose separator is a semicolon, as a Spanish one's is: no cell of it
//! may become a formula.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{Process, code_now, pipe, run, scratch, socklab, stdout, within_one_step};

/// How long a conversion may take: only against one that hangs.
const LIMIT: Duration = Duration::from_secs(300);

/// What would be formulas, in a cell of their own or after any separator.
const NAMES: [&str; 8] = [
    "a;=cmd|'/C calc'!A0",
    "=1+1",
    "a; =1+1",
    "a;b;+1+1",
    "a;-1+1",
    "a;@SUM(A1)",
    "\" ;=1+1",
    "a,=1+1",
];

/// A folder of the test's own, without blanks: it becomes a URL.
fn folder() -> PathBuf {
    let folder = scratch("spreadsheet").with_extension("folder");
    let name = folder
        .file_name()
        .unwrap()
        .to_string_lossy()
        .replace(' ', "-");
    let folder = folder.with_file_name(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Whether LibreOffice is installed; said aloud where it is not.
fn is_there() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let there = std::env::split_paths(&path).any(|folder| folder.join("soffice").exists());
    if !there {
        eprintln!("SKIPPED in a spreadsheet: this machine has no LibreOffice (soffice)");
    }
    there
}

/// The formulas that LibreOffice reads in each of some files when that separates values.
fn formulas(folder: &Path, files: &[&str], separator: char) -> Vec<Vec<String>> {
    // UTF-8, from line 1, Spanish (Spain), values in quotes not taken for text, special numbers
    // detected, and formulas evaluated.
    let options = format!(
        "CSV:{},34,76,1,,3082,false,true,false,false,false,0,true",
        separator as u32
    );
    // A profile of its own: one that is just ending would take the files and not read them.
    let into = folder.join(format!("of-{}", separator as u32));
    let mut office = Command::new("soffice")
        .arg(format!(
            "-env:UserInstallation=file://{}",
            into.join("profile").display()
        ))
        .args(["--headless", "--norestore", "--convert-to", "fods"])
        .arg(format!("--infilter={options}"))
        .arg("--outdir")
        .arg(&into)
        .args(files.iter().map(|file| folder.join(file)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    let began = Instant::now();
    while office.try_wait().unwrap().is_none() {
        if began.elapsed() > LIMIT {
            let group = rustix::process::Pid::from_child(&office);
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            panic!("LibreOffice has not ended after {LIMIT:?}");
        }
        thread::sleep(Duration::from_millis(50));
    }
    let read = |file: &&str| {
        let sheet = into.join(file).with_extension("fods");
        let sheet = fs::read_to_string(&sheet).unwrap_or_else(|error| panic!("{error}: {sheet:?}"));
        assert!(sheet.contains("office:value"), "no cells: {sheet}");
        let found = sheet.split("table:formula=\"").skip(1);
        found
            .filter_map(|rest| Some(rest.split('"').next()?.to_owned()))
            .collect()
    };
    files.iter().map(read).collect()
}

#[test]
fn no_cell_becomes_a_formula() {
    if !is_there() {
        return;
    }
    let folder = folder();
    let register = folder.join("register.db");
    let (_server, address) =
        Process::serve(&format!("submit server --register {}", register.display()));
    let emails = |at: usize| format!("x{at}@x.es;=1+{at}");
    let mut roster = "dni;name;email\n".to_owned();
    for (at, name) in NAMES.iter().enumerate() {
        let dni = format!("{}", 30_000_000 + at);
        roster += &format!("{dni};Ana;\"{}\"\n", emails(at));
        let said = within_one_step(|| {
            let code = code_now(&dni);
            let mut client = socklab(&format!("submit client {address} --dni {dni} --otp {code}"));
            client.arg("--name").arg(name);
            stdout(&pipe(client, "").success())
        });
        assert!(said.starts_with("OK "), "{said}");
    }
    let file = folder.join("class.csv");
    fs::write(&file, roster).unwrap();
    let place = format!("--register {}", register.display());
    run(&format!("register roster {} {place}", file.display())).success();
    for format in ["csv", "moodle"] {
        let mut export = socklab(&format!("register export --format {format} {place}"));
        if format == "moodle" {
            export.args(["--item", "lab;=1+1"]);
        }
        let csv = stdout(&pipe(export, "").success());
        assert_eq!(csv.lines().count(), 1 + NAMES.len());
        fs::write(folder.join(format).with_extension("csv"), csv).unwrap();
    }
    // Were formulas not evaluated, nothing would be shown.
    for separator in [',', ';', '\t'] {
        let control = format!("number{separator}name\n1{separator}=1+1\n");
        fs::write(folder.join("control.csv"), control).unwrap();
        let files = ["control.csv", "csv.csv", "moodle.csv"];
        let found = formulas(&folder, &files, separator);
        let none: Vec<String> = Vec::new();
        let control = vec!["of:=1+1".to_owned()];
        assert_eq!(found, [control, none.clone(), none], "{separator:?}");
    }
}

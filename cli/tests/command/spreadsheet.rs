//! An export in a spreadsheet whose separator is a semicolon, as a Spanish one's is: no cell of it
//! may become a formula.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::common::{Running, code_now, pipe, run, scratch, socklab, stdout, within_one_step};

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

/// The formulas that LibreOffice reads in a file when that separates values; `None`, said aloud,
/// where it is not installed.
fn formulas(folder: &Path, csv: &str, separator: char) -> Option<Vec<String>> {
    let file = folder.join("export.csv");
    fs::write(&file, csv).unwrap();
    // UTF-8, from line 1, Spanish (Spain), values in quotes not taken for text, special numbers
    // detected, and formulas evaluated.
    let options = format!(
        "CSV:{},34,76,1,,3082,false,true,false,false,false,0,true",
        separator as u32
    );
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder.join("soffice").exists()) {
        eprintln!("SKIPPED in a spreadsheet: this machine has no LibreOffice (soffice)");
        return None;
    }
    let profile = folder.join("profile");
    let done = snapbox::cmd::Command::new("soffice")
        .arg(format!(
            "-env:UserInstallation=file://{}",
            profile.display()
        ))
        .args(["--headless", "--norestore", "--convert-to", "fods"])
        .arg(format!("--infilter={options}"))
        .arg("--outdir")
        .args([folder, file.as_path()])
        .timeout(Duration::from_secs(120))
        .output();
    let sheet = fs::read_to_string(folder.join("export.fods"));
    let sheet = sheet.unwrap_or_else(|error| panic!("{error}: {done:?}"));
    assert!(sheet.contains("office:value"), "no cells: {sheet}");
    let found = sheet.split("table:formula=\"").skip(1);
    Some(
        found
            .filter_map(|rest| Some(rest.split('"').next()?.to_owned()))
            .collect(),
    )
}

#[test]
fn no_cell_becomes_a_formula() {
    let folder = folder();
    let Some(control) = formulas(&folder, "number;name\n1;=1+1\n", ';') else {
        return;
    };
    assert_eq!(
        control,
        ["of:=1+1"],
        "formulas are not evaluated, so nothing is shown"
    );
    let register = folder.join("register.db");
    let (_server, address) =
        Running::serve(&format!("submit server --register {}", register.display()));
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
        export.args(["--item", "lab;=1+1"].iter().filter(|_| format == "moodle"));
        let csv = stdout(&pipe(export, "").success());
        assert_eq!(csv.lines().count(), 1 + NAMES.len());
        for separator in [',', ';', '\t'] {
            let found = formulas(&folder, &csv, separator).unwrap();
            assert_eq!(found, [""; 0], "{format}, {separator:?}: {csv}");
        }
    }
}

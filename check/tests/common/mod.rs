//! Programs to be checked.

#![allow(dead_code)] // Each test program uses its share.

use std::path::{Path, PathBuf};

use socklab_check::{
    CheckPlan, CheckedExercise, Finding, Report, ScenarioResult, Start, Submitter, built_in, check,
};
use socklab_core::transcript::Role;

/// The folder of this crate.
pub(crate) fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Python, if there is one.
pub(crate) fn python() -> bool {
    let found = std::process::Command::new("python3")
        .arg("--version")
        .output();
    let found = found.is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("SKIPPED: there is no python3");
    }
    found
}

/// A check of `command`, in which nothing is played yet.
pub(crate) fn plan(
    exercise: &str,
    role: Role,
    command: &[&str],
    folder: Option<PathBuf>,
) -> CheckPlan {
    let exercise = CheckedExercise::find(exercise).expect("an exercise");
    CheckPlan {
        exercise,
        role,
        start: Some(Start {
            command: command.iter().map(Into::into).collect(),
            folder,
        }),
        connect: Vec::new(),
        port: exercise.port,
        submitter: Submitter::default(),
        scenarios: built_in(exercise.name, role),
        give_up_after: std::time::Duration::MAX,
    }
}

pub(crate) fn free_port() -> u16 {
    socklab_process::free_port().expect("a free port")
}

pub(crate) fn run(plan: &CheckPlan) -> Report {
    check(plan, |_| {})
}

/// What failed, with its scenario's name.
pub(crate) fn failures(report: &Report) -> Vec<(&str, bool, &Finding)> {
    let failed = report.outcomes.iter().filter_map(|one| match &one.result {
        ScenarioResult::Failed(finding) => Some((one.scenario.as_str(), one.advice, &**finding)),
        _ => None,
    });
    failed.collect()
}

/// Python itself, past any script that chooses one.
pub(crate) fn interpreter() -> Option<String> {
    if !python() {
        return None;
    }
    let output = std::process::Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .output()
        .ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// A right program in C.
pub(crate) fn c_source(name: &str) -> String {
    let source = here().join(format!("tests/right/{name}.c"));
    std::fs::read_to_string(source).expect("a program")
}

/// Compiles it; `None` if there is no compiler.
pub(crate) fn compiled(source: &str, folder: &Path) -> Option<String> {
    let (from, to) = (folder.join("mine.c"), folder.join("mine"));
    std::fs::write(&from, source).expect("a file");
    let cc = std::process::Command::new("cc")
        .arg("-o")
        .args([&to, &from])
        .status();
    let Ok(status) = cc else {
        eprintln!("SKIPPED: there is no C compiler");
        return None;
    };
    assert!(status.success(), "{source}");
    Some(to.to_string_lossy().into_owned())
}

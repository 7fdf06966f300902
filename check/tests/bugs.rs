//! Each wrong program gets its cause and no other; its cure passes everything; every scenario is
//! failed by some wrong program.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{failures, free_port, interpreter, plan, run};
use socklab_check::{
    BUGS, Bug, Cause, CheckPlan, CheckedExercise, Report, ScenarioResult, Verdict, built_in,
};

/// Causes that no wrong program can show on its own: another program holds the port.
const ELSEWHERE: [Cause; 1] = [Cause::OldServerAnswers];

/// What pyotp 2.11.2 and later say to a DNI, for computers that have an older one or none.
const PYOTP: &str = "
class TOTP:
    def __init__(self, secret):
        raise ValueError('Secrets must be at least 112 bits after decoding')
";

/// A program on ports of its own, so that tests can run side by side.
fn plan_of(cured: bool, bug: &Bug, python: &str, folder: &std::path::Path) -> CheckPlan {
    let program = if cured { bug.cure() } else { bug.wrong() };
    let (exercise, role, cause) = (bug.exercise(), bug.role(), bug.cause());
    let wrong = bug.file().filter(|_| !cured);
    let name = wrong.map_or_else(|| format!("{}.py", bug.name), str::to_owned);
    let mut plan = plan(exercise, role, &[python, &name], Some(folder.to_owned()));
    let asked = plan.port;
    let mut text = program.to_owned();
    if asked != 0 {
        plan.port = free_port();
        text = program.replace(&asked.to_string(), &plan.port.to_string());
        for other in [asked + 1, asked + 2] {
            text = text.replace(&other.to_string(), &free_port().to_string());
        }
    }
    std::fs::write(folder.join(name), text).expect("a file");
    if cause == "pyotp-refuses-dni" {
        std::fs::write(folder.join("pyotp.py"), PYOTP).expect("a file");
    }
    plan
}

fn check(cured: bool, bug: &Bug, python: &str) -> Report {
    let folder = tempfile::tempdir().expect("a folder");
    run(&plan_of(cured, bug, python, folder.path()))
}

/// Runs `one` for every bug, three at a time.
fn for_each(bugs: &[&Bug], one: impl Fn(&Bug) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(bug) = bugs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    one(bug);
                }
            });
        }
    });
}

#[test]
fn every_piece_gets_its_cause_and_no_other() {
    let Some(python) = interpreter() else {
        return;
    };
    let only = std::env::var("BUG").ok();
    let bugs: Vec<&Bug> = BUGS
        .iter()
        .filter(|bug| {
            only.as_deref()
                .is_none_or(|only| bug.name.starts_with(only))
        })
        .collect();
    let failed: Mutex<BTreeSet<(String, &'static str, String)>> = Mutex::default();
    let wrong: Mutex<Vec<String>> = Mutex::default();
    for_each(&bugs, |bug| {
        let (exercise, role, cause) = (bug.exercise(), bug.role(), bug.cause());
        let report = check(false, bug, &python);
        let failures = failures(&report);
        let causes: BTreeSet<&str> = failures
            .iter()
            .filter_map(|(_, _, one)| one.cause)
            .map(Cause::code)
            .collect();
        let mut scenarios = failed.lock().expect("the lock");
        for (scenario, _, _) in &failures {
            scenarios.insert((exercise.to_owned(), role.name(), (*scenario).to_owned()));
        }
        drop(scenarios);
        if causes != BTreeSet::from([cause]) {
            let seen: Vec<String> = report
                .outcomes
                .iter()
                .filter(|one| one.result != ScenarioResult::Passed)
                .map(|one| format!("  {}: {:?}\n     {:?}", one.scenario, one.result, one.steps))
                .collect();
            let seen = seen.join("\n");
            wrong
                .lock()
                .expect("the lock")
                .push(format!("{}: {causes:?}\n{seen}", bug.name));
        }
    });
    let wrong = wrong.into_inner().expect("the lock");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    if only.is_some() {
        return;
    }
    let failed = failed.into_inner().expect("the lock");
    let mut never = Vec::new();
    for exercise in CheckedExercise::all() {
        for &role in exercise.roles() {
            for scenario in built_in(exercise.name, role) {
                let key = (exercise.name.to_owned(), role.name(), scenario.name.clone());
                if !failed.contains(&key) {
                    never.push(key);
                }
            }
        }
    }
    assert!(never.is_empty(), "no bug fails {never:?}");
}

#[test]
fn every_cure_passes_everything() {
    let Some(python) = interpreter() else {
        return;
    };
    let mut cures: BTreeMap<&str, &Bug> = BTreeMap::new();
    for bug in BUGS {
        cures.insert(bug.cure(), bug);
    }
    let cures: Vec<&Bug> = cures.into_values().collect();
    let wrong: Mutex<Vec<String>> = Mutex::default();
    for_each(&cures, |bug| {
        let report = check(true, bug, &python);
        if report.verdict() != Verdict::Pass || !failures(&report).is_empty() {
            let said = format!("{}: {:?}", bug.name, failures(&report));
            wrong.lock().expect("the lock").push(said);
        }
    });
    let wrong = wrong.into_inner().expect("the lock");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_cause_has_a_piece() {
    let shown: BTreeSet<&str> = BUGS.iter().map(Bug::cause).collect();
    let all: BTreeSet<&str> = Cause::ALL
        .iter()
        .filter(|cause| !ELSEWHERE.contains(cause))
        .map(|cause| cause.code())
        .collect();
    assert_eq!(shown, all);
}

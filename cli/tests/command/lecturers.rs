//! What lecturers ask for beside the rules: deadlines, times of their own zone, cards by group, and
//! the other lab.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use snapbox::cmd::OutputAssert;

use crate::common::{Process, code_now, pipe, scratch, socklab, stderr, stdout, within_one_step};

fn ask(register: &Path, words: &str) -> Command {
    let mut command = socklab(&format!("register {words}"));
    command.arg("--register").arg(register);
    command
}

fn answered(register: &Path, words: &str) -> OutputAssert {
    pipe(ask(register, words), "").success()
}

fn submit(register: &Path, dnis: &[&str]) {
    let mut server = socklab("submit server --lab lab3 --listen :0");
    server.arg("--register").arg(register);
    let mut server = Process::start(server);
    let ready = server.notes();
    let address = ready.rsplit(' ').next().unwrap();
    for dni in dnis {
        let said = within_one_step(|| {
            let code = code_now(dni);
            let words = format!("submit client {address} --name Ana --dni {dni} --otp {code}");
            stdout(&pipe(socklab(&words), ""))
        });
        assert!(said.starts_with("OK "), "{said}");
    }
}

fn class(text: &str) -> (PathBuf, PathBuf) {
    let (register, file) = (scratch("register"), scratch("class.csv"));
    fs::write(&file, text).unwrap();
    let mut roster = ask(&register, "roster");
    roster.arg(&file);
    pipe(roster, "").success();
    (register, file)
}

#[test]
fn what_is_late_is_marked_and_counts() {
    let (register, _) = class("dni,name,group\n12345678,Ana,A1\n22345678,Bob,B1\n");
    submit(&register, &["12345678", "22345678"]);
    let none = answered(&register, "deadline --lab lab3");
    assert_eq!(stderr(&none), "lab3 has no deadline\n");
    let set = stdout(&answered(
        &register,
        "deadline --lab lab3 2020-11-20T18:00:00Z",
    ));
    assert!(set.starts_with("due at 2020-11-20T"), "{set}");
    answered(&register, "deadline --lab lab3 --group A1 2999-11-20T18:00");
    let status = stdout(&answered(&register, "status --lab lab3"));
    assert!(status.contains("group A1: 1 of 1, 0 late"), "{status}");
    assert!(status.contains("group B1: 1 of 1, 1 late"), "{status}");
    let list = stdout(&answered(&register, "list --lab lab3"));
    let late: Vec<bool> = list
        .lines()
        .map(|line| line.contains("(late by "))
        .collect();
    assert_eq!(late, [false, true], "{list}");
    // Moodle shows it to the student, in the lecturer's language.
    for (lang, word) in [("en", "(late: "), ("es", "(fuera de plazo: ")] {
        let csv = format!("export --lab lab3 --format moodle --lang {lang}");
        let csv = stdout(&answered(&register, &csv));
        assert_eq!(csv.matches(word).count(), 1, "{csv}");
    }
    answered(&register, "deadline --lab lab3 --remove");
    let left = stdout(&answered(&register, "deadline --lab lab3"));
    assert!(
        left.starts_with("group A1: due at 2999-11-20T18:00:00"),
        "{left}"
    );
    let said = stderr(&pipe(ask(&register, "deadline 20/11/2026"), "").code(2));
    assert!(said.contains("2026-11-20T18:00"), "{said}");
}

#[test]
fn times_are_those_of_the_clock_on_the_wall() {
    let (register, _) = class("dni,name,group\n12345678,Ana,A1\n");
    submit(&register, &["12345678"]);
    for (zone, offset) in [("Asia/Kolkata", "+05:30"), ("UTC", "Z")] {
        for words in ["list --lab lab3", "why --dni 12345678", "export --lab lab3"] {
            let mut command = ask(&register, words);
            command.env("TZ", zone);
            let said = stdout(&pipe(command, "").success());
            let time = said
                .split(['"', ' '])
                .find(|part| part.starts_with("20"))
                .unwrap();
            assert!(time.ends_with(offset), "{words} in {zone}: {said}");
        }
    }
}

#[test]
fn another_lab_is_hinted_at() {
    let (register, _) = class("dni\n12345678\n");
    submit(&register, &["12345678"]);
    for words in ["status", "list", "export"] {
        let said = stderr(&answered(&register, words));
        assert!(
            said.contains("what there is was sent to lab3: choose with --lab"),
            "{said}"
        );
        let said = stderr(&answered(&register, &format!("{words} --lab lab3")));
        assert!(!said.contains("--lab"), "{said}");
    }
}

#[test]
fn cards_come_by_group_and_in_spanish_order() {
    let (register, _) = class(
        "dni,name,group\n12345671,Ñíguez,B\n12345672,Zoe,A\n12345673,Ortiz,B\n\
         12345674,Nuzos,B\n12345675,Álvaro,A\n",
    );
    let sheet = scratch("cards.html");
    let mut enrol = ask(&register, "enrol --all");
    enrol
        .arg("--sheet")
        .arg(&sheet)
        .arg("--key")
        .arg(scratch("key"));
    pipe(enrol, "").success();
    let cards = fs::read_to_string(&sheet).unwrap();
    let mut at = 0;
    for part in [
        "<h2>A<", "Álvaro", "Zoe", "<h2>B<", "Nuzos", "Ñíguez", "Ortiz",
    ] {
        let found = cards[at..]
            .find(part)
            .unwrap_or_else(|| panic!("{part} is not next"));
        at += found;
    }
}

//! What a lecturer asks of a register.

use std::time::Duration;

use socklab_register::{Finding, Gradebook, RosterEntry, local_time, shown_name};

use crate::{TempRegister, attempt, code, on_both, right, rules, wrong};

on_both! {
    what_is_late_is_marked
    files_for_other_programs
    findings
    receipts
    forgetting
}

const ANA: &str = "01234567";

fn entry(dni: &str, name: &str) -> RosterEntry {
    RosterEntry {
        dni: dni.to_owned(),
        name: name.to_owned(),
        team: "A1".to_owned(),
        email: format!("{dni}@x.es"),
    }
}

fn files_for_other_programs(register: &TempRegister) {
    let server = register.serve(rules());
    assert_eq!(server.submit(right(ANA, 1, 0)), "accepted 1");
    let mut formula = right("123456", 2, 0);
    formula.name = b"=HYPERLINK(\"x\",\"\xed\")"[..].into();
    assert_eq!(server.submit(formula), "accepted 2");
    let mut archive = register.location.archive().unwrap();
    let receipts: Vec<String> = archive
        .submissions("lab")
        .unwrap()
        .iter()
        .map(|one| one.receipt.as_str().to_owned())
        .collect();
    let mut csv = Vec::new();
    assert_eq!(archive.csv("lab", &mut csv).unwrap(), 2);
    let time = local_time(1_700_000_000);
    assert_eq!(
        String::from_utf8(csv).unwrap(),
        format!(
            "\"number\",\"name\",\"dni\",\"valid\",\"ip\",\"time\",\"receipt\"\r\n\
             \"1\",\"Ana García\",\"01234567\",\"yes\",\"127.0.0.1\",\"{time}\",\"{}\"\r\n\
             \"2\",\"[1252] =HYPERLINK(\"\"x\"\",\"\"í\"\")\",\"123456\",\"yes\",\"127.0.0.2\",\"{time}\",\"{}\"\r\n",
            receipts[0], receipts[1]
        )
    );
    let mut jsonl = Vec::new();
    assert_eq!(archive.jsonl("lab", &mut jsonl).unwrap(), 2);
    let jsonl = String::from_utf8(jsonl).unwrap();
    let lines: Vec<&str> = jsonl.lines().collect();
    assert!(lines[0].contains("\"dni\":\"01234567\"") && !lines[0].contains("name_hex"));
    assert!(lines[1].contains("\"name_hex\":\"3d4859"), "{}", lines[1]);

    // One who is not on the roster would stop Moodle's import, so it is said who.
    archive
        .set_roster(&[entry(ANA, "Ana García"), entry("7777777", "Eva")])
        .unwrap();
    let unmatched = archive.unmatched("lab").unwrap();
    assert_eq!(unmatched.len(), 1);
    assert_eq!(unmatched[0].dni, "123456");
    let mut book = Gradebook {
        exercise: "Lab 3".to_owned(),
        grade: 10.0,
        maximum: 10.0,
        late: "late".to_owned(),
    };
    let mut csv = Vec::new();
    assert_eq!(archive.moodle("lab", &book, &mut csv).unwrap(), 1);
    assert_eq!(
        String::from_utf8(csv).unwrap(),
        format!(
            "\"idnumber\",\"email\",\"Lab 3\",\"feedback\"\r\n\
             \"01234567\",\"01234567@x.es\",\"10\",\"{time} {}\"\r\n",
            receipts[0]
        )
    );
    book.grade = 11.0;
    assert!(archive.moodle("lab", &book, &mut Vec::new()).is_err());
}

/// It counts all the same.
fn what_is_late_is_marked(register: &TempRegister) {
    let server = register.serve(rules());
    let mut archive = register.location.archive().unwrap();
    let mut bob = entry("7654321", "Bob");
    bob.team = "B \"1\"".to_owned();
    archive.set_roster(&[entry(ANA, "Ana"), bob]).unwrap();
    // In the second of her deadline: nothing calls that late.
    let mut ana = right(ANA, 1, 0);
    ana.at.unix += Duration::from_millis(999);
    assert_eq!(server.submit(ana), "accepted 1");
    assert_eq!(server.submit(right("7654321", 2, 0)), "accepted 2");
    // One who is in no group.
    assert_eq!(server.submit(right("1234567", 3, 0)), "accepted 3");
    assert_eq!(archive.late("lab").unwrap(), None);
    let due = |seconds| Some(socklab_tests::EPOCH - Duration::from_secs(seconds));
    archive.set_deadline("lab", None, due(3600)).unwrap();
    archive.set_deadline("lab", Some("A1"), due(0)).unwrap();
    archive
        .set_deadline("lab", Some("B \"1\""), due(60))
        .unwrap();
    archive.set_deadline("lab2", None, due(9999)).unwrap();
    let late = archive.late("lab").unwrap().unwrap();
    let late: Vec<(u64, u64)> = late.iter().map(|(n, by)| (*n, by.as_secs())).collect();
    assert_eq!(late, [(2, 60), (3, 3600)]);
    let mut csv = Vec::new();
    archive.csv("lab", &mut csv).unwrap();
    let csv = String::from_utf8(csv).unwrap();
    let ends: Vec<&str> = csv
        .lines()
        .map(|line| line.rsplit(',').next().unwrap())
        .collect();
    assert_eq!(ends, ["\"late\"", "\"\"", "\"1 min\"", "\"1 h 0 min\""]);
    let mut jsonl = Vec::new();
    archive.jsonl("lab", &mut jsonl).unwrap();
    let jsonl = String::from_utf8(jsonl).unwrap();
    assert!(
        jsonl.contains("\"late\":60") && jsonl.contains("\"late\":0"),
        "{jsonl}"
    );
    let mut moodle = Vec::new();
    let book = Gradebook {
        exercise: "lab".to_owned(),
        grade: 10.0,
        maximum: 10.0,
        late: "late".to_owned(),
    };
    archive.moodle("lab", &book, &mut moodle).unwrap();
    let moodle = String::from_utf8(moodle).unwrap();
    assert_eq!(moodle.matches("(late: 1 min)").count(), 1, "{moodle}");
    for group in [None, Some("A1"), Some("B \"1\"")] {
        archive.set_deadline("lab", group, None).unwrap();
    }
    assert!(archive.deadlines("lab").unwrap().is_empty());
    assert_eq!(archive.deadlines("lab2").unwrap().all, due(9999));
}

fn findings(register: &TempRegister) {
    let server = register.serve(rules());
    let mut archive = register.location.archive().unwrap();
    archive
        .set_roster(&[entry(ANA, "García, Ana"), entry("7777777", "Eva")])
        .unwrap();
    assert_eq!(server.submit(right(ANA, 1, 0)), "accepted 1");
    assert_eq!(server.submit(right("1234567", 1, 0)), "accepted 2");
    assert_eq!(server.submit(wrong("7777777", 3, 0)), "wrong-code");
    assert_eq!(server.submit(right("7777777", 4, 0)), "accepted 3");
    let dnis = vec![ANA.to_owned(), "1234567".to_owned()];
    assert_eq!(
        archive.findings("lab").unwrap(),
        [
            Finding::SeveralAddresses {
                dni: "7777777".to_owned(),
                ips: vec!["127.0.0.3".to_owned(), "127.0.0.4".to_owned()],
            },
            Finding::SeveralDnis {
                ip: "127.0.0.1".to_owned(),
                dnis: dnis.clone(),
            },
            Finding::OtherName {
                dni: "7777777".to_owned(),
                sent: "Ana García".to_owned(),
                roster: "Eva".to_owned(),
            },
            Finding::OnlyZeros { dnis },
        ]
    );
    let students = archive.students("lab").unwrap();
    let missing = students
        .iter()
        .filter(|one| one.submission.is_none())
        .count();
    assert_eq!((students.len(), missing), (2, 0));
    assert_eq!(archive.failures("lab").unwrap(), 1);
    assert_eq!(archive.verify().unwrap(), []);
}

fn receipts(register: &TempRegister) {
    let server = register.serve(rules());
    let decision = server.store(right(ANA, 1, 0)).recv().unwrap();
    let receipt = decision.entry().unwrap().receipt.unwrap();
    assert_eq!(server.submit(right("123456", 1, 0)), "accepted 2");
    let mut archive = register.location.archive().unwrap();
    let typed = format!("{}-{}", &receipt.as_str()[..5], &receipt.as_str()[5..]);
    let found = archive.receipt(&typed.to_lowercase()).unwrap().unwrap();
    assert_eq!((found.number, found.dni.as_str()), (1, ANA));
    assert_eq!(shown_name(&found.name), "Ana García");
    assert_eq!(archive.receipt("0000000000").unwrap(), None);
    assert_eq!(archive.receipt("too short").unwrap(), None);
    // Asked for again, it is the same.
    let again = server.store(right(ANA, 1, 1)).recv().unwrap();
    assert_eq!(again.entry().unwrap().receipt, Some(receipt));
}

fn forgetting(register: &TempRegister) {
    let server = register.serve(rules());
    assert_eq!(server.submit(right(ANA, 1, 0)), "accepted 1");
    assert_eq!(server.submit(wrong(ANA, 1, 0)), "wrong-code");
    let mut archive = register.location.archive().unwrap();
    assert_eq!(archive.forget(ANA).unwrap(), 2);
    assert_eq!(archive.forget(ANA).unwrap(), 0);
    assert!(archive.submissions("lab").unwrap().is_empty());
    assert!(archive.why(ANA).unwrap().is_empty());
    // The code is still used.
    assert_eq!(server.submit(attempt(ANA, code(ANA, 0), 1, 1)), "used-code");
    assert_eq!(server.submit(right(ANA, 1, 30)), "accepted 2");
}

//! What strangers may cost: rows, memory, and others' time.

use std::net::SocketAddr;

use socklab_core::register::Attempt;
use socklab_register::{Admit, RosterEntry, Rules};

use crate::guessing::Card;
use crate::{Server, TempRegister, on_both, random, right, rules, wrong};

on_both! {
    unknown_dnis_leave_no_rows
    invented_dnis_leave_few_rows
    invented_submissions_have_a_budget
    a_code_is_used_up_without_a_row
    a_flood_is_not_looked_up
    an_ipv6_user_is_one
}

const ANA: &str = "12345678";

fn invented(n: u32) -> String {
    format!("{}", 30_000_000 + n)
}

fn from(address: &str, attempt: Attempt) -> Attempt {
    Attempt {
        peer: SocketAddr::new(address.parse().unwrap(), 4000),
        ..attempt
    }
}

/// How many rows the tables have that failures may leave.
fn rows(register: &TempRegister) -> usize {
    let mut archive = register.location.archive().unwrap();
    (0..300)
        .map(|n| archive.why(&invented(n)).unwrap().len())
        .sum()
}

/// Where it is known who may submit, failures of others are counted.
fn unknown_dnis_leave_no_rows(register: &TempRegister) {
    let mut archive = register.location.archive_or_create().unwrap();
    let ana = RosterEntry {
        dni: ANA.to_owned(),
        ..RosterEntry::default()
    };
    archive.set_roster(&[ana]).unwrap();
    let listed = Rules {
        admit: Admit::Listed,
        ..rules()
    };
    let server = register.serve(listed);
    let said = server.submit_all((0..300).map(|n| right(&invented(n), 9, 0)));
    assert!(said.iter().all(|said| said == "unknown-dni"));
    drop(server);
    assert_eq!(rows(register), 0);
    assert_eq!(
        archive.unrecorded().unwrap(),
        [("127.0.0.9".to_owned(), 300)]
    );
    let card = Card::of(ANA, register);
    let server = register.serve(random());
    let said = server.submit_all((0..200).map(|n| right(&invented(n), 8, 0)));
    assert!(said.iter().all(|said| said == "refused"));
    assert_eq!(server.submit(card.right(8, 0)), "accepted 1");
    drop(server);
    assert_eq!(rows(register), 0);
    let counts = [("127.0.0.9".to_owned(), 300), ("127.0.0.8".to_owned(), 200)];
    assert_eq!(archive.unrecorded().unwrap(), counts);
}

/// Where everybody may submit, the lecturer can still tell a student why.
fn invented_dnis_leave_few_rows(register: &TempRegister) {
    let server = register.serve(rules());
    let said = server.submit_all((0..300).map(|n| wrong(&invented(n), 9, 0)));
    assert!(said.iter().all(|said| said == "wrong-code"));
    assert_eq!(server.submit(right(ANA, 9, 0)), "accepted 1");
    assert_eq!(rows(register), 100);
    // One more every five seconds; others are not concerned.
    for second in 1..=10 {
        assert_eq!(server.submit(wrong("7777777", 9, second)), "wrong-code");
    }
    assert_eq!(server.submit(wrong("8888888", 1, 10)), "wrong-code");
    let mut archive = register.location.archive().unwrap();
    assert_eq!(archive.why("7777777").unwrap().len(), 2);
    assert_eq!(archive.why("8888888").unwrap().len(), 1);
    drop(server);
    assert_eq!(
        archive.unrecorded().unwrap(),
        [("127.0.0.9".to_owned(), 208)]
    );
}

fn invented_submissions_have_a_budget(register: &TempRegister) {
    let mut archive = register.location.archive_or_create().unwrap();
    let few = Rules {
        new_dnis: 20,
        ..rules()
    };
    let server = register.serve(few.clone());
    let accepted = |server: &Server, ip, range: std::ops::Range<u32>, second| {
        let said = server.submit_all(range.map(|n| right(&invented(n), ip, second)));
        (said.iter())
            .filter(|said| said.starts_with("accepted"))
            .count()
    };
    assert_eq!(accepted(&server, 9, 0..50, 0), 20);
    assert_eq!(server.submit(right(&invented(60), 9, 0)), "throttled 1");
    // Who has submitted may ask again, and others may submit.
    assert_eq!(server.submit(right(&invented(0), 9, 0)), "already 1");
    assert_eq!(accepted(&server, 8, 100..110, 0), 10);
    // A proxy on this machine stands for many.
    assert_eq!(accepted(&server, 1, 300..350, 0), 50);
    assert_eq!(accepted(&server, 9, 60..70, 5), 5);
    assert_eq!(archive.submissions("lab").unwrap().len(), 85);
    drop(server);
    // The class is not concerned.
    let class: Vec<RosterEntry> = (0..40)
        .map(|n| RosterEntry {
            dni: invented(200 + n),
            ..RosterEntry::default()
        })
        .collect();
    archive.set_roster(&class).unwrap();
    let listed = Rules {
        admit: Admit::Listed,
        ..few
    };
    let server = register.serve(listed);
    assert_eq!(accepted(&server, 9, 200..240, 60), 40);
}

/// The budget of rows is spent, so the answer leaves no row. Its code was sent, and counts nowhere
/// else.
fn a_code_is_used_up_without_a_row(register: &TempRegister) {
    let server = register.serve(rules());
    let other = register.serve(Rules {
        lab: "lab2".to_owned(),
        ..rules()
    });
    assert_eq!(server.submit(right(ANA, 9, 0)), "accepted 1");
    let namesake = |attempt: Attempt| Attempt {
        name: b"Eva"[..].into(),
        ..attempt
    };
    let said = server.submit_all((0..200).map(|n| wrong(&invented(n), 9, 30)));
    assert!(said.iter().all(|said| said == "wrong-code"));
    let before = register.location.archive().unwrap().why(ANA).unwrap().len();
    assert_eq!(server.submit(right(ANA, 9, 30)), "already 1");
    assert_eq!(other.submit(right(ANA, 2, 31)), "used-code");
    let said = server.submit_all((0..200).map(|n| wrong(&invented(n), 9, 60)));
    assert!(said.iter().all(|said| said == "wrong-code"));
    assert_eq!(server.submit(namesake(right(ANA, 9, 60))), "other-name");
    assert_eq!(other.submit(right(ANA, 2, 61)), "used-code");
    assert_eq!(other.submit(right(ANA, 2, 90)), "accepted 2");
    // What the other lab refused and accepted.
    let after = register.location.archive().unwrap().why(ANA).unwrap().len();
    assert_eq!(after, before + 3);
}

fn a_flood_is_not_looked_up(register: &TempRegister) {
    let mut archive = register.location.archive_or_create().unwrap();
    let class: Vec<RosterEntry> = (0..300)
        .map(|n| RosterEntry {
            dni: format!("{}", 60_000_000 + n),
            ..RosterEntry::default()
        })
        .collect();
    archive.set_roster(&class).unwrap();
    let server = register.serve(Rules {
        admit: Admit::Listed,
        ..rules()
    });
    let flood: Vec<_> = (0..3_000)
        .map(|n| server.store(right(&invented(n), 9, 0)))
        .collect();
    // A class from elsewhere is confirmed meanwhile.
    let class: Vec<_> = (class.iter())
        .map(|one| server.store(right(&one.dni, 1, 0)))
        .collect();
    assert!(
        class
            .into_iter()
            .all(|one| one.recv().unwrap().entry().is_some())
    );
    let said: Vec<&str> = (flood.into_iter())
        .map(|one| one.recv().unwrap().name())
        .collect();
    let of = |name: &str| said.iter().filter(|said| **said == name).count();
    assert_eq!((of("unknown-dni"), of("throttled")), (1_000, 2_000));
    // As soon as it ends, the others behind that router are heard.
    assert_eq!(server.submit(right("60000000", 9, 1)), "already 1");
    drop(server);
    assert_eq!(
        archive.unrecorded().unwrap()[0],
        ("127.0.0.9".to_owned(), 3_000)
    );
}

fn an_ipv6_user_is_one(register: &TempRegister) {
    let server = register.serve(rules());
    let near = |n: u32| format!("2001:db8:1:2:{n:x}::1");
    // Three codes in 30 s for a DNI, from whichever of a /64's addresses.
    for n in 0..3 {
        assert_eq!(
            server.submit(from(&near(n), wrong(ANA, 1, 0))),
            "wrong-code"
        );
    }
    assert_eq!(
        server.submit(from(&near(7), wrong(ANA, 1, 0))),
        "throttled 30"
    );
    assert_eq!(
        server.submit(from("2001:db8:1:3::1", right(ANA, 1, 0))),
        "accepted 1"
    );
    // Among what stands out it is one address.
    assert_eq!(
        server.submit(from("2001:db8:1:3::2", right("7777777", 1, 300))),
        "accepted 2"
    );
    let mut archive = register.location.archive().unwrap();
    let findings = format!("{:?}", archive.findings("lab").unwrap());
    assert!(findings.contains("2001:db8:1:3::\""), "{findings}");
}

//! `submit server` and what a lecturer asks of its register, from the shell.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{
    PATIENCE, Process, code_now, not, on_every_runtime, pipe, run, scratch, socklab, stderr,
    stdout, within_one_step,
};

const ANA: &str = "01234567";
const BOB: &str = "1234567";

/// A path where nothing is, without blanks, at which the tests' words are split.
fn path(name: &str) -> PathBuf {
    let path = scratch(name);
    path.with_file_name(
        path.file_name()
            .unwrap()
            .to_string_lossy()
            .replace(' ', "-"),
    )
}

fn register() -> PathBuf {
    let path = path("register");
    for suffix in ["", "-wal", "-shm", ".key"] {
        let _ = fs::remove_file(format!("{}{suffix}", path.display()));
    }
    path
}

fn serve(register: &Path, words: &str) -> (Process, std::net::SocketAddr) {
    Process::serve(&format!(
        "submit server {words} --register {}",
        register.display()
    ))
}

fn submit(address: std::net::SocketAddr, name: &str, dni: &str, code: &str) -> Command {
    let mut client = socklab(&format!("submit client {address} --dni {dni} --otp {code}"));
    client.arg("--name").arg(name);
    client
}

fn ask(register: &Path, words: &str) -> snapbox::cmd::OutputAssert {
    run(&format!(
        "register {words} --register {}",
        register.display()
    ))
}

#[test]
fn from_the_first_submission_to_the_gradebook() {
    on_every_runtime(|runtime| {
        let register = register();
        let (mut server, address) = serve(&register, &format!("{runtime} --lab lab3"));
        // What is said depends on the step, so all of it is said again if that has turned.
        within_one_step(|| {
            let code = code_now(ANA);
            let first = stdout(&pipe(submit(address, "Ana", ANA, &code), "").success());
            assert!(first.starts_with("OK "), "{first}");
            let again = stdout(&pipe(submit(address, "Ana", ANA, &code), "").success());
            assert!(
                again.starts_with("OK already registered, with number 1"),
                "{again}"
            );
            // The zeros are lost: the likely cause is said.
            let zeros = stdout(&pipe(submit(address, "Ana", BOB, &code), "").code(1));
            assert!(zeros.contains("other zeros at its front"), "{zeros}");
        });
        while !server.notes().contains("other zeros") {}
        let list = stdout(&ask(&register, "list --lab lab3").success());
        let fields: Vec<&str> = list.split_whitespace().collect();
        assert_eq!(
            (fields[0], fields[2], fields[3], fields[5]),
            ("1", ANA, "127.0.0.1", "Ana")
        );
        let receipt = fields[4];
        let found = stdout(&ask(&register, &format!("receipt {receipt}")).success());
        assert!(found.starts_with("lab3  1  "), "{found}");
        assert!(
            stderr(&ask(&register, "receipt 0000000000").code(1))
                .contains("not given by this register")
        );
        let why = stdout(&ask(&register, &format!("why --dni {BOB}")).success());
        assert!(why.contains("other zeros at its front"), "{why}");
        assert!(stderr(&ask(&register, "why --dni 99999999").code(1)).contains("no attempt"));

        let csv = stdout(&ask(&register, "export --lab lab3").success());
        assert!(
            csv.starts_with(
                "\"number\",\"name\",\"dni\",\"valid\",\"ip\",\"time\",\"receipt\"\r\n\
                 \"1\",\"Ana\",\"01234567\",\"yes\",\"127.0.0.1\","
            ),
            "{csv}"
        );
        let roster = path("roster");
        fs::write(
            &roster,
            "dni,name,group,email\n01234567,Ana,A1,ana@x.es\n7654321,Eva,A1,eva@x.es\n",
        )
        .unwrap();
        let mut command = socklab(&format!(
            "register roster --register {}",
            register.display()
        ));
        command.arg(&roster);
        pipe(command, "").success();
        let status = stdout(&ask(&register, "status --lab lab3").success());
        assert!(
            status.contains("group A1: 1 of 2\n") && status.contains("missing: Eva (7654321)"),
            "{status}"
        );
        let moodle = stdout(&ask(&register, "export --format moodle --lab lab3").success());
        assert!(
            moodle.starts_with(
                "\"idnumber\",\"email\",\"lab3\",\"feedback\"\r\n\
                 \"01234567\",\"ana@x.es\",\"10\","
            ),
            "{moodle}"
        );
        ask(&register, "export --format moodle --lab lab3 --dry-run").success();
        ask(&register, "verify")
            .success()
            .stderr_eq("the register is whole\n");
        ask(&register, &format!("forget --dni {ANA}")).code(2);
        ask(&register, &format!("forget --dni {ANA} --yes")).success();
        ask(&register, "list --lab lab3").success().stdout_eq("");
    });
}

#[test]
fn only_the_class_and_random_secrets() {
    let register = register();
    let roster = path("class");
    fs::write(&roster, "dni\n01234567\n").unwrap();
    let (_server, address) = serve(&register, &format!("--roster {}", roster.display()));
    let said = within_one_step(|| {
        stdout(&pipe(submit(address, "Eva", "7654321", &code_now("7654321")), "").code(1))
    });
    assert!(said.contains("not in the list of the class"), "{said}");

    // With random secrets the DNI makes no code, and every refusal is the same.
    let sheet = path("cards").with_extension("html").display().to_string();
    let _ = fs::remove_file(&sheet);
    let enrolled = ask(&register, &format!("enrol --all --sheet {sheet}")).success();
    assert!(stderr(&enrolled).contains("1 secret on"));
    let cards = fs::read_to_string(&sheet).unwrap();
    assert!(cards.contains("<svg") && cards.contains(ANA));
    ask(&register, &format!("enrol --all --sheet {sheet}")).code(1);
    let (_server, address) = serve(&register, "--secret random");
    let right_by_dni = stdout(&pipe(submit(address, "Ana", ANA, &code_now(ANA)), "").code(1));
    let nobody = stdout(&pipe(submit(address, "Eva", "7654321", "123456"), "").code(1));
    assert_eq!(right_by_dni, nobody);
    // The secret is on the card, in base32.
    let secret = cards
        .split("<code>")
        .nth(1)
        .and_then(|rest| rest.split('<').next())
        .unwrap();
    assert_eq!(secret.len(), 32);
}

/// What a client that checks nothing is answered.
fn answer(address: std::net::SocketAddr, message: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(message.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Right codes, which are made again if their step has turned before they were answered.
fn right(address: std::net::SocketAddr, name: &str, dni: &str) -> String {
    within_one_step(|| answer(address, &format!("{name}&{dni}&{}", code_now(dni))))
}

#[test]
fn an_entry_under_another_name() {
    for (language, words) in [
        ("en", "OK already registered, under another name"),
        ("es", "OK ya estaba registrado, con otro nombre"),
    ] {
        let register = register();
        let mut server = Process::start(socklab(&format!(
            "submit server --listen :0 --lang {language} --register {}",
            register.display()
        )));
        let ready = server.notes();
        let address = ready.rsplit(' ').next().unwrap().parse().unwrap();
        assert!(right(address, "Mallory", ANA).starts_with("OK "));
        let said = right(address, "Ana", ANA);
        assert!(said.starts_with(words), "{said}");
        // What proves Mallory's submission is not given to whoever has the DNI.
        let list = stdout(&ask(&register, "list").success());
        let receipt = list.split_whitespace().nth(4).unwrap();
        assert!(!said.contains(receipt), "{said}");
        let status = stdout(&ask(&register, "status").success());
        let found = "one DNI under several names: 01234567 submitted as Mallory";
        assert!(
            status.contains(found) && status.contains("came as Ana"),
            "{status}"
        );
        let why = stdout(&ask(&register, &format!("why --dni {ANA}")).success());
        assert!(
            why.contains("Ana: already registered, under another name"),
            "{why}"
        );
    }
}

#[test]
fn foreigners_if_the_lecturer_takes_them() {
    const X: &str = "X1234567L";
    const Y: &str = "Y1234567X";
    let place = register();
    let (_server, address) = serve(&place, "");
    let said = right(address, "Xu", X);
    assert!(
        said.starts_with("ERROR the DNI is sent without its letter"),
        "{said}"
    );
    let (_server, address) = serve(&place, "--nie");
    assert!(right(address, "Xu", X).contains("number 1"));
    assert!(right(address, "Yi", Y).contains("number 2"));
    assert!(right(address, "Zoe", "1234567").contains("number 3"));
    assert!(right(address, "xu", &X.to_lowercase()).starts_with("OK already"));
    // Both letters, and the right ones.
    for wrong in ["X1234567", "X1234567X", "12345678Z"] {
        let said = answer(address, &format!("Xu&{wrong}&123456"));
        assert!(
            said.starts_with("ERROR a DNI is sent without its letter, and a NIE with"),
            "{said}"
        );
    }
    // Our own client sends it too.
    let client =
        within_one_step(|| stdout(&pipe(submit(address, "Xu", X, &code_now(X)), "").success()));
    assert!(
        client.starts_with("OK already registered, with number 1"),
        "{client}"
    );
    let list = stdout(&ask(&place, "list").success());
    let dnis: Vec<_> = list
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
        .collect();
    assert_eq!(dnis, [X, Y, "1234567"]);
}

#[test]
fn a_register_with_random_secrets_stays_one() {
    let register = register();
    let sheet = path("cards-of-one")
        .with_extension("html")
        .display()
        .to_string();
    let _ = fs::remove_file(&sheet);
    ask(&register, &format!("enrol --dni {ANA} --sheet {sheet}")).success();
    // Nobody says what codes are made from: not from the DNI.
    let start = |words: &str| {
        let mut server = Process::start(socklab(&format!(
            "submit server --listen :0 --register {} {words}",
            register.display()
        )));
        let said = server.notes();
        let ready = server.notes();
        let address = ready.rsplit(' ').next().unwrap().parse().unwrap();
        (server, said, address)
    };
    let (_server, said, address) = start("");
    assert!(said.contains("random secrets, as before"), "{said}");
    let refused = right(address, "Ana", ANA);
    assert!(refused.starts_with("ERROR not accepted"), "{refused}");
    let (_server, said, address) = start("--secret dni");
    assert!(said.contains("made from the DNI from now on"), "{said}");
    assert!(right(address, "Ana", ANA).starts_with("OK "));
    // Another key is not the register's.
    let key = format!("{}.key", register.display());
    let mut bytes = fs::read(&key).unwrap();
    bytes[0] ^= 1;
    fs::write(&key, bytes).unwrap();
    let place = register.display();
    let words = format!("submit server --listen :0 --secret random --register {place}");
    let said = stderr(&run(&words).code(1));
    assert!(
        said.contains("does not decrypt the register's 1 secret"),
        "{said}"
    );
}

/// The address that stands for others, and one that looks like none.
#[test]
fn what_was_only_counted() {
    let register = register();
    drop(serve(&register, ""));
    let insert = "import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1])\ndb.execute(\
                  \"insert into tallies (dni, ip, turned_away) values ('', 'others', 7), \
                  ('', '::', 3)\")\ndb.commit()";
    let mut python = Command::new("python3");
    python.args(["-c", insert]).arg(&register);
    assert!(python.status().unwrap().success());
    let said = stdout(&ask(&register, "status").success());
    for counted in ["7 attempts from other addresses", "3 attempts from ::"] {
        assert!(
            said.contains(&format!("{counted} were only counted")),
            "{said}"
        );
    }
}

#[test]
fn the_clock_is_asked_about() {
    let register = register();
    let (_server, address) = serve(&register, "");
    assert!(right(address, "Ana", ANA).starts_with("OK "));
    ask(&register, "clock")
        .success()
        .stderr_eq("this computer's clock is not behind the latest code that was accepted\n");
    let said = stderr(&ask(&register, "clock --right").success());
    assert!(said.contains("counts as right now"), "{said}");
}

#[test]
fn what_cannot_be_opened_is_said_in_one_line() {
    let foreign = path("foreign");
    fs::write(&foreign, "name,grade\n".repeat(1000)).unwrap();
    let path = foreign.display();
    for (words, about) in [
        (
            format!("submit server --listen :0 --register {path}"),
            "is not a register",
        ),
        (
            "submit server --listen :0 --register /no/such/folder/x.db".to_owned(),
            "cannot be opened",
        ),
        (
            "submit server --listen :0 --register postgres://nobody@127.0.0.1:1/x".to_owned(),
            "cannot be opened",
        ),
        (
            "register list --register /no/such.db".to_owned(),
            "there is no register /no/such.db: go to the folder",
        ),
        (
            format!("submit server --listen :0 --roster {path}"),
            "no column is called DNI",
        ),
        (
            "submit server --listen :0 --secret random --register /tmp/no/x.db".to_owned(),
            "key",
        ),
    ] {
        let said = stderr(&run(&words).code(1));
        assert!(
            said.contains(about) && said.lines().count() == 1,
            "{words}: {said}"
        );
        assert!(!said.contains("secret@"), "{said}");
    }
}

#[test]
fn a_rehearsal_stores_nothing() {
    let (_server, address) = {
        let mut server = Process::start(socklab("submit server --rehearse --listen :0"));
        assert!(server.notes().contains("nothing is stored"));
        let ready = server.notes();
        let address = ready.rsplit(' ').next().unwrap().parse().unwrap();
        (server, address)
    };
    let said = within_one_step(|| {
        let code = code_now(ANA);
        let _ = stdout(&pipe(submit(address, "Ana", ANA, &not(&code)), "").code(1));
        stdout(&pipe(submit(address, "Ana", ANA, &code), "").success())
    });
    assert!(said.starts_with("OK "), "{said}");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"Ana 123456\n&&\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("ERROR the format is"), "{answer}");
}

/// Killed again and again, it has all that it confirmed. (`bench/crash.py` does it two hundred
/// times.)
#[cfg(unix)]
#[test]
fn killed_it_has_what_it_confirmed() {
    on_every_runtime(|runtime| {
        let register = register();
        let mut confirmed = 0;
        for round in 0..4 {
            let (server, address) = serve(&register, runtime);
            for n in 0..5 {
                let dni = format!("{}", 30_000_000 + 10 * round + n);
                let said = right(address, "Ana", &dni);
                assert!(said.starts_with("OK "), "{said}");
                confirmed += 1;
            }
            server.signal(rustix::process::Signal::KILL);
            drop(server);
            let list = stdout(&ask(&register, "list").success());
            assert_eq!(list.lines().count(), confirmed);
        }
        ask(&register, "verify").success();
    });
}

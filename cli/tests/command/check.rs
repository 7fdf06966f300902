//! `socklab check`: programs that are right and programs that are wrong, as a student meets it.

use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};

use crate::common::{Process, has_python, on_disk, pipe, run, scratch, socklab, stderr, stdout};

fn bug_program(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../check/tests/bugs")
        .join(name);
    fs::read_to_string(file).expect("a piece")
}

fn free_port() -> u16 {
    socklab_process::free_port().expect("a free port")
}

/// A program of `check/tests/bugs` on a port of its own.
fn program(folder: &Path, name: &str, asked: u16) -> (PathBuf, u16) {
    let port = free_port();
    let file = folder.join("mine.py");
    let text = bug_program(name).replace(&asked.to_string(), &port.to_string());
    fs::write(&file, text).expect("a file");
    (file, port)
}

#[test]
fn a_wrong_program_is_explained_on_one_screen() {
    if !has_python() {
        return;
    }
    let folder = scratch("check-wrong");
    fs::create_dir(&folder).expect("a folder");
    let (file, port) = program(&folder, "ascii-only-capitals.py", 16000);
    let words = format!("check echo server --port {port} --only accents -- python3");
    let mut command = socklab(&words);
    command.arg(&file);
    let ended = pipe(command, "").code(1);
    let said = stdout(&ended);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("✗ echo server · accents"), "{said}");
    assert!(lines[0].ends_with("ascii-only-capitals"), "{said}");
    for part in [
        "socklab (client)",
        "mine.py",
        " 2   \"ñandú\"                  ──►",
        "◄── \"ñANDú\"  (line 11)  ✗",
        " expected  ÑANDÚ",
        " received  ñANDú\n           ^\n",
        "Why: That is what upper() does with bytes",
        "Line 10 of mine.py:  reply = message.upper()",
        "   reply = message.decode().upper().encode()",
        "0 right, 1 wrong",
    ] {
        assert!(said.contains(part), "{part:?}:\n{said}");
    }
}

/// A cure for a program in C or Java has no Python in it.
#[cfg(unix)]
#[test]
fn a_cure_is_in_the_programs_language() {
    let folder = scratch("check-language");
    fs::create_dir(&folder).expect("a folder");
    let c = "#include <netinet/in.h>\n#include <stdlib.h>\nint main(int n, char **w) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(w[1]))}, b;
        int s = socket(AF_INET, SOCK_DGRAM, 0);
        if (n < 2 || bind(s, (struct sockaddr *)&a, sizeof a)) return 1;
        for (char t[2048];;) {
            socklen_t l = sizeof b;
            ssize_t k = recvfrom(s, t, sizeof t, 0, (struct sockaddr *)&b, &l);
            sendto(s, t, k, 0, (struct sockaddr *)&b, l);
        }
    }";
    let java = "import java.net.*;
    class Mine { public static void main(String[] w) throws Exception {
        DatagramSocket s = new DatagramSocket(Integer.parseInt(w[0]));
        for (DatagramPacket p = new DatagramPacket(new byte[2048], 2048);; p.setLength(2048)) {
            s.receive(p);
            s.send(p);
        }
    } }";
    let (file, binary) = (folder.join("mine.c"), folder.join("mine"));
    fs::write(&file, c).expect("a file");
    fs::write(folder.join("Mine.java"), java).expect("a file");
    let mut cc = std::process::Command::new("cc");
    let compiled = cc.arg("-o").args([&binary, &file]).status();
    let mut jvm = std::process::Command::new("java");
    let has_java = jvm
        .arg("-version")
        .output()
        .is_ok_and(|one| one.status.success());
    for (there, words) in [
        (compiled.is_ok_and(|one| one.success()), vec![binary]),
        (has_java, vec!["java".into(), folder.join("Mine.java")]),
    ] {
        if !there {
            eprintln!("SKIPPED: there is no {words:?}");
            continue;
        }
        let port = free_port().to_string();
        let mut command = socklab("check echo server --only accents --port");
        command.arg(&port).arg("--").args(words).arg(&port);
        let said = stdout(&pipe(command, "").code(1));
        let cure = "Change it like this:\n   reply with the text in capitals\n0 right";
        assert!(said.contains(cure), "{said}");
    }
}

#[test]
fn other_programs_read_the_symptom_and_the_cause() {
    if !has_python() {
        return;
    }
    let folder = scratch("check-json");
    fs::create_dir(&folder).expect("a folder");
    let (file, port) = program(&folder, "never-checks-fin-chat.py", 16000);
    let of = |format: &str| {
        let words =
            format!("check chat client --port {port} --only happy --format {format} -- python3");
        let mut command = socklab(&words);
        command.arg(&file);
        stdout(&pipe(command, "").code(1))
    };
    let json: serde_json::Value = serde_json::from_str(&of("json")).expect("JSON");
    assert_eq!(json["verdict"], "fail");
    let scenario = &json["scenarios"][0];
    assert_eq!(scenario["name"], "happy");
    assert_eq!(scenario["symptom"], "never-ends");
    assert_eq!(scenario["cause"], "never-checks-fin");
    assert_eq!(scenario["steps"][1]["value"], "hola");
    let junit = of("junit");
    assert!(
        junit.contains("<failure type=\"never-checks-fin\">"),
        "{junit}"
    );
    assert!(
        junit.contains("tests=\"1\" failures=\"1\" skipped=\"0\""),
        "{junit}"
    );
}

/// What came and went is a transcript that `transcript show` reads, without a submission's digits.
#[test]
fn each_scenario_has_its_transcript() {
    if !has_python() {
        return;
    }
    let folder = scratch("check-transcript");
    fs::create_dir(&folder).expect("a folder");
    let file = folder.join("mine.py");
    fs::write(&file, bug_program("cures/submit_client.py")).expect("a file");
    let kept = folder.join("kept.txt");
    let mut command = socklab("check submit client --transcript");
    command.arg(&kept).args(["--", "python3"]).arg(&file);
    pipe(command, "").code(0);
    let mut command = socklab("transcript show");
    command.arg(&kept);
    let said = stdout(&pipe(command, "").code(0));
    assert_eq!(said.matches("socklab transcript 1").count(), 9, "{said}");
    for part in [
        "role server\nruntime check\n",
        "masked digits\n",
        " -- scenario happy\n",
        " -> opened a\n",
        " -> bytes a \"Íñigo Peñalver&********&******\"\n",
        " <- send a \"OK registro correcto\"\n",
        " <- finish a\n",
        " -> end a\n",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn what_is_no_fault_of_the_program_is_not_checked() {
    let ended = run("check echo server -- no-such-program-here").code(3);
    assert!(stdout(&ended).contains("there is no program no-such-program-here"));
    for file in ["Cargo.toml", "./Cargo.toml"] {
        let port = free_port();
        let ended = run(&format!("check echo server --port {port} -- {file}")).code(3);
        assert!(stdout(&ended).contains(&format!("type python3 {file};")));
    }
    let ended = run("check echo server -- python3 no_such.py").code(3);
    assert!(stdout(&ended).contains("there is no file no_such.py: check the name"));
    if !cfg!(target_os = "linux") {
        return;
    }
    let other = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let port = other.local_addr().expect("bound").port();
    let ended = run(&format!("check echo server --port {port} -- true")).code(3);
    let said = stdout(&ended);
    assert!(said.contains(&format!("port {port} is held by")), "{said}");
}

#[test]
fn advice_that_says_no_more_than_what_failed_is_left_out() {
    if !has_python() {
        return;
    }
    let port = free_port();
    let words = format!("check echo server --port {port} -- python3 -c 1/0");
    let ended = run(&words).code(1);
    let said = stdout(&ended);
    assert!(!said.contains("Advice"), "{said}");
}

#[test]
fn advice_alone_proves_no_program_right() {
    if !has_python() {
        return;
    }
    let folder = scratch("check-advice");
    fs::create_dir(&folder).expect("a folder");
    for name in ["loopback-only.py", "cures/echo_server.py"] {
        let (file, port) = program(&folder, name, 16000);
        let words = format!("check echo server --port {port} --only reachable -- python3");
        let mut command = socklab(&words);
        command.arg(&file);
        let said = stdout(&pipe(command, "").code(0));
        let last = said.lines().last().unwrap_or_default();
        let right = "This is advice: it does not decide whether echo server is right.";
        assert_eq!(last, right, "{said}");
    }
}

#[test]
fn a_command_that_is_not_typed_right_is_told_so() {
    for (words, part) in [
        ("check echo server", "say how your program is started"),
        (
            "check echo server python3 UDP_server.py",
            "say how your program is started, after --",
        ),
        (
            "check echo server --only x -- true",
            "there is no scenario x; there are happy,",
        ),
        ("check echo client --connect :1", "--connect is for servers"),
        ("check submit client --dni 1234567X -- true", "letter"),
        (
            "check echo server --scenario no-such-file -- true",
            "no-such-file: ",
        ),
        ("check ping server -- true", "ping"),
        ("bug show nothing", "socklab bug list"),
    ] {
        let ended = run(words).code(2);
        assert!(stderr(&ended).contains(part), "{words}: {}", stderr(&ended));
    }
}

#[test]
fn the_scenarios_of_the_documentation_can_be_played() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/check.md");
    let page = fs::read_to_string(page).expect("the page");
    let (_, rest) = page
        .split_once("```text\nsocklab scenarios")
        .expect("an example");
    let (example, _) = rest.split_once("```").expect("its end");
    let folder = scratch("check-scenarios");
    fs::create_dir(&folder).expect("a folder");
    let file = folder.join("mine.txt");
    fs::write(&file, format!("socklab scenarios{example}")).expect("a file");
    let port = free_port();
    let mut command = socklab("check echo server --scenario");
    command.arg(&file);
    command.args(["--port", &port.to_string(), "--"]);
    command.arg(env!("CARGO_BIN_EXE_socklab"));
    command.args(["echo", "server", "--listen", &format!(":{port}")]);
    let ended = pipe(command, "").code(0);
    assert_eq!(stdout(&ended), "✓ echo server: right (1 scenario)\n");
}

/// A new user's first failure, as the two front pages show it.
#[test]
fn the_front_pages_show_what_happens() {
    if !has_python() {
        return;
    }
    let folder = scratch("check-front-page");
    fs::create_dir(&folder).expect("a folder");
    let port = free_port();
    let text = bug_program("ascii-only-capitals.py").replace("16000", &port.to_string());
    let (_, program) = text.split_once('\n').expect("a title");
    fs::write(folder.join("UDP_server.py"), program).expect("a file");
    for (page, options) in [("README.md", ""), ("README.es.md", " --lang es")] {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page);
        let page = fs::read_to_string(page).expect("the page");
        let shown = format!("$ socklab check echo server{options} -- python3 UDP_server.py\n");
        let (_, rest) = page.split_once(&shown).expect("the command");
        let (screen, _) = rest.split_once("```").expect("its end");
        let mut command = socklab(&format!("check echo server{options} --port {port}"));
        command.args(["--", "python3", "UDP_server.py"]);
        command.current_dir(&folder);
        let said = stdout(&pipe(command, "").code(1));
        let said = said.replace(&format!(" --port {port}"), "");
        assert_eq!(said.replace(&port.to_string(), "16000"), screen);
    }
}

/// socklab is a right program in Rust: it passes all, advice too.
#[test]
fn socklab_itself_passes() {
    for exercise in ["message", "echo", "chat", "welcome", "capitals"] {
        let port = free_port();
        for (role, words) in [
            ("server", format!("server --listen 0.0.0.0:{port}")),
            ("client", "client {host}:{port}".to_owned()),
        ] {
            let mut command = socklab(&format!("check {exercise} {role} --port {port} --"));
            command.arg(env!("CARGO_BIN_EXE_socklab")).arg(exercise);
            command.args(words.split(' '));
            let ended = pipe(command, "");
            let said = stdout(&ended);
            assert!(
                said.starts_with(&format!("✓ {exercise} {role}: right")),
                "{said}"
            );
        }
    }
}

/// A server that runs already passes whatever can be seen from outside.
#[test]
fn a_running_server_passes_from_outside() {
    for exercise in ["echo", "welcome", "capitals", "submit"] {
        let mut words = format!("{exercise} server");
        let folder = on_disk();
        if exercise == "submit" {
            words += &format!(" --register {}", folder.path().join("register").display());
        }
        let (_server, address) = Process::serve(&words);
        let ended = run(&format!("check {exercise} server --connect {address}")).code(0);
        let said = stdout(&ended);
        let right = format!("✓ {exercise} server: right");
        assert!(said.contains(&right), "{said}");
    }
    for exercise in ["echo", "welcome"] {
        let port = free_port();
        let ended = run(&format!("check {exercise} server --connect :{port}")).code(3);
        let said = stdout(&ended);
        assert!(said.contains("no program listens at 127.0.0.1:"), "{said}");
    }
    // A chat's server needs its user, and a message's server answers nothing.
    for exercise in ["chat", "message"] {
        let ended = run(&format!("check {exercise} server --connect :16000")).code(2);
        assert!(stderr(&ended).contains("give its command after --"));
    }
}

#[test]
fn the_same_advice_is_given_once() {
    let folder = scratch("check-same-advice");
    fs::create_dir(&folder).expect("a folder");
    let file = folder.join("mine.txt");
    let wrong = r#"<- send "hola"
-> datagram "HOLA\n"
"#;
    let text = format!(
        "socklab scenarios 1\nexercise echo\nprogram server\nadvice one\n{wrong}advice two\n{wrong}"
    );
    fs::write(&file, text).expect("a file");
    let (_server, address) = Process::serve("echo server");
    let mut command = socklab(&format!("check echo server --connect {address} --scenario"));
    command.arg(&file);
    let said = stdout(&pipe(command, "").code(0));
    assert!(said.contains("\n· one, two: The program sent"), "{said}");
    assert_eq!(said.matches("[missing-newline]").count(), 1, "{said}");
    // The language is not known, and the hand-out's is Python.
    assert!(said.contains("text.encode()"), "{said}");
}

/// The names in a file of scenarios cannot command the terminal.
#[test]
fn names_of_scenarios_are_escaped() {
    let folder = scratch("check-names");
    fs::create_dir(&folder).expect("a folder");
    let file = folder.join("mine.txt");
    let scenarios = "<- send \"hola\"\n-> datagram \"HOLA\"\n";
    let wrong = scenarios.replace("HOLA", r"HOLA\n");
    let text = format!(
        "socklab scenarios 1\nexercise echo\nprogram server\nscenario a\x1b[31m\u{9b}2J\n{wrong}\
         advice b\x1b[31m\u{9b}2J\n{wrong}scenario c\x1b[31m\u{9b}2J\n{scenarios}"
    );
    fs::write(&file, text).expect("a file");
    let (_server, address) = Process::serve("echo server");
    for (words, code) in [
        ("", 1),
        ("--only a\x1b[31m\u{9b}2J", 1),
        ("--only b\x1b[31m\u{9b}2J", 0),
        ("--only c\x1b[31m\u{9b}2J", 0),
        ("--only d", 2),
        ("--list", 0),
        ("--format json", 1),
        ("--format junit", 1),
    ] {
        let mut command = socklab(&format!("check echo server --connect {address} {words}"));
        command.arg("--scenario").arg(&file);
        let ended = pipe(command, "").code(code);
        let said = stdout(&ended) + &stderr(&ended);
        assert!(!said.contains(['\x1b', '\u{9b}']), "{words}: {said:?}");
    }
}

/// What a program has started ends with it.
#[cfg(target_os = "linux")]
#[test]
fn no_process_is_left() {
    let folder = scratch("check-orphan");
    fs::create_dir(&folder).expect("a folder");
    let file = folder.join("pid");
    let script = format!("sleep 600 & echo $! > '{}'; exec sleep 600", file.display());
    let port = free_port();
    let words = format!("check echo server --port {port} --only happy -- sh -c");
    let mut command = socklab(&words);
    command.arg(script);
    let ended = pipe(command, "").code(1);
    assert!(
        stdout(&ended).contains("never-listens"),
        "{}",
        stdout(&ended)
    );
    let process = fs::read_to_string(file).expect("its number");
    let state = fs::read_to_string(format!("/proc/{}/stat", process.trim())).unwrap_or_default();
    // A zombie may still wait for its parent.
    assert!(state.is_empty() || state.contains(") Z "), "{state}");
}

/// The doctor says which ports are good and that a server answers; a name that has no address keeps
/// it from none of its checks.
#[test]
fn the_doctor_looks_at_everything() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let said = stdout(&run(&format!("doctor {address}")));
    let answers = format!("the server at {address} answers\n");
    assert!(said.contains(&answers), "{said}");
    let said = stdout(&run("doctor nohost.invalid").code(1));
    for part in [
        "Python 3.",
        "UDP 15002",
        "no IP address found for \"nohost.invalid\"",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

//! `submit server --rehearse`: what a student is told of what a program sent.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use socklab_core::otp::{Dni, Key, TimeStep};

use crate::common::{
    PATIENCE, Process, code_now, not, on_every_runtime, scratch, socklab, step, within_one_step,
};

const ANA: &str = "12345678";

fn rehearse(words: &str) -> (Process, SocketAddr) {
    let mut server = Process::start(socklab(&format!(
        "submit server --rehearse --listen :0 {words}"
    )));
    server.notes();
    let address = server.notes().rsplit(' ').next().unwrap().parse().unwrap();
    server.notes();
    (server, address)
}

/// Sends a message, ends, and gives the answer.
fn send(address: SocketAddr, message: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(message).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// What the server then says, but for who came and how.
fn review(server: &mut Process, answer: &str) -> Vec<String> {
    let last = format!(": {answer}");
    let mut lines = vec![server.notes(), server.notes()];
    assert!(
        lines[0].contains("127.0.0.1:") && lines[1].contains("127.0.0.1:"),
        "{lines:?}"
    );
    while !lines.last().unwrap().ends_with(&last) {
        lines.push(server.notes());
    }
    lines.pop();
    lines.drain(..2);
    lines
}

#[test]
fn each_part_is_shown_and_what_is_wrong_with_it() {
    on_every_runtime(|runtime| {
        let (mut server, address) = rehearse(runtime);
        for (message, lines) in [
            (
                &b"Ana Garc\xc3\xada&12345678Z&12345\n"[..],
                &[
                    r"  message: Ana García&12345678Z&12345\n",
                    "  name: Ana García",
                    "  DNI: 12345678Z",
                    "    wrong: the DNI goes without its letter: type only its digits",
                    "  code: 12345",
                    "    wrong: the code has exactly 6 digits: type the one that your phone shows now",
                ][..],
            ),
            (
                b"Ana,12345678,123456",
                &[
                    "  message: Ana,12345678,123456",
                    r#"    wrong: its parts are separated by ",": write "&" between them, and nothing else"#,
                ],
            ),
            (
                b"",
                &[
                    "  message: ",
                    "    wrong: nothing came: after connecting, send the message (in Python, sendall), and only then wait for the answer",
                ],
            ),
            (
                b"\x1b[2JAna&12345678& 123 456\n",
                &[
                    r"  message: \x1b[2JAna&12345678& 123 456\n",
                    r"  name: \x1b[2JAna",
                    "  DNI: 12345678",
                    "  code:  123 456",
                    "    wrong: there are blanks in the code or around it: send its 6 digits together (in Python, strip and replace)",
                ],
            ),
        ] {
            let answer = send(address, message);
            assert!(answer.starts_with("ERROR "), "{answer}");
            assert_eq!(review(&mut server, &answer), lines);
        }
    });
}

#[test]
fn a_code_is_judged_as_the_real_one_would() {
    let (mut server, address) = rehearse("");
    within_one_step(|| {
        let code = code_now(ANA);
        let wrong = format!("Ana&{ANA}&{}", not(&code));
        let answer = send(address, wrong.as_bytes());
        let lines = review(&mut server, &answer);
        assert!(lines[4].starts_with("    wrong: the code "), "{lines:?}");

        let right = format!("Ana&{ANA}&{code}\n");
        let answer = send(address, right.as_bytes());
        assert!(answer.starts_with("OK "), "{answer}");
        let lines = review(&mut server, &answer);
        assert_eq!(
            lines[1],
            "    note: after the message 1 more byte came, which nobody reads: it need not be sent"
        );
        assert_eq!(lines[5], "  all of it is right");

        let swapped = format!("Ana&{code}&{ANA}");
        let lines = review(&mut server, &send(address, swapped.as_bytes()));
        assert_eq!(
            lines[1],
            "    wrong: the code is where the DNI should be: the order is name&DNI&code"
        );
    });
}

/// With the options that say which codes and DNIs count.
#[test]
fn its_rules_are_those_of_the_real_one() {
    let next = || {
        let key = Key::from_dni(&Dni::parse(ANA).unwrap());
        let then = TimeStep(step()).offset(1).unwrap();
        format!("Ana&{ANA}&{}", key.code(then).as_str())
    };
    for (words, said) in [("", "ERROR "), ("--ahead", "OK ")] {
        let (_server, address) = rehearse(words);
        let answer = within_one_step(|| send(address, next().as_bytes()));
        assert!(answer.starts_with(said), "{words}: {answer}");
    }
}

#[test]
fn in_spanish_and_in_pieces() {
    let (mut server, address) = rehearse("--lang es");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    assert!(server.notes().starts_with("Conexión desde "));
    stream.write_all(b"Ana&").unwrap();
    // It is received before the next is sent: nothing else than the clock tells, and the server's
    // patience is longer.
    std::thread::sleep(std::time::Duration::from_millis(200));
    stream.write_all(b"12345&123456\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let who = server.notes();
    assert!(who.contains("envió 17 bytes, que llegaron en "), "{who}");
    let lines: Vec<String> = (0..6).map(|_| server.notes()).collect();
    assert_eq!(
        lines,
        [
            r"  mensaje: Ana&12345&123456\n",
            "  nombre: Ana",
            "  DNI: 12345",
            "    mal: el DNI tiene de 6 a 8 cifras: escríbalas todas, con los ceros de delante",
            "  código: 123456",
            &format!("  respuesta: {answer}"),
        ]
    );
}

/// At its end a rehearsal counts what was wrong: what to explain to the class.
#[cfg(unix)]
#[test]
fn what_was_wrong_is_counted() {
    let (mut server, address) = rehearse("");
    let mut sends = |message: &[u8], said: &str| {
        let answer = send(address, message);
        let lines = review(&mut server, &answer);
        assert!(
            lines.iter().any(|line| line.contains(said)),
            "{said}: {lines:?}"
        );
    };
    sends(b"Ana&12345678Z&123456", "without its letter");
    sends(b"Ana\0\0\0\0\0\x0012345678\x00123456\0", "a struct of C");
    sends(b"Luis&1234567X&123456", "without its letter");
    sends(
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
        "the beginning of TLS",
    );
    sends(b"Ana&12345678", "and needs two");
    sends(b"Ana&doce&123456\n", "not a digit");
    sends(b"Ana&12345&123456\n", "6 to 8 digits");
    let answer = send(address, &[b'a'; 2000]);
    assert!(answer.starts_with("ERROR "), "{answer}");
    let (_, cut) = (server.notes(), server.notes());
    assert!(cut.contains("sent 1024 bytes or more"), "{cut}");
    server.signal(rustix::process::Signal::TERM);
    let ended = server.end();
    let summary = ended
        .stderr
        .split_once("what to explain next time (")
        .unwrap()
        .1;
    assert!(
        summary.contains("8 messages, 0 right):\n  2 × the DNI goes without"),
        "{summary}"
    );
    assert!(summary.contains("\n  1 × it is a struct of C"), "{summary}");
    // Two mistakes of the same field.
    for said in ["the DNI has something", "the DNI has 6 to 8"] {
        assert!(summary.contains(&format!("\n  1 × {said}")), "{summary}");
    }
    assert!(
        summary.contains("\n  1 × it is the beginning of TLS"),
        "{summary}"
    );
}

/// A program can be told too, and even then nothing is kept.
#[test]
fn nothing_is_stored_but_the_log_that_was_asked_for() {
    let folder = scratch("rehearsal");
    fs::create_dir_all(&folder).unwrap();
    let mut command = socklab("submit server --rehearse --listen :0 --log log.jsonl");
    command.current_dir(&folder);
    let mut server = Process::start(command);
    assert!(server.notes().contains("nothing is stored"));
    let address = server.notes().rsplit(' ').next().unwrap().parse().unwrap();
    let message = within_one_step(|| {
        let message = format!("Ana&{ANA}&{}", code_now(ANA));
        assert!(send(address, message.as_bytes()).starts_with("OK "));
        message
    });
    let files: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(files, ["log.jsonl"]);
    let log = fs::read_to_string(folder.join("log.jsonl")).unwrap();
    assert!(
        log.contains("accepted") && !log.contains(ANA) && !log.contains(&message[13..]),
        "{log}"
    );
    fs::remove_dir_all(folder).unwrap();
}

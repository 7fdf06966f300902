//! The client of `submit` against servers of the lecturers' kind: what it sends, byte for byte, and
//! what it makes of the answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::common::{
    PATIENCE, Process, code_now, nobody_on_tcp, on_every_runtime, one_connection, pipe, run,
    scratch, socklab, stdout,
};

/// Answers one submission, and gives what came before the answer and what came after it.
fn answering(answer: &'static str) -> (JoinHandle<(String, String)>, SocketAddr) {
    one_connection(move |mut stream| {
        let mut message = vec![0; 1024];
        // As the lab's server reads it: one call.
        let len = stream.read(&mut message).expect("a message");
        still_open(&stream);
        stream.write_all(answer.as_bytes()).expect("sent");
        stream.shutdown(std::net::Shutdown::Write).expect("an end");
        let mut rest = String::new();
        stream.read_to_string(&mut rest).expect("an end");
        message.truncate(len);
        (String::from_utf8(message).expect("text"), rest)
    })
}

/// The client waits for the answer without having closed its side: nothing comes, not even an end.
fn still_open(stream: &TcpStream) {
    let look = Some(Duration::from_millis(50));
    stream.set_read_timeout(look).expect("a limit");
    let more = stream.peek(&mut [0]);
    assert!(more.is_err(), "a half-close, or more bytes: {more:?}");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
}

fn ana(address: SocketAddr, options: &str) -> Command {
    let mut command = socklab(&format!(
        "submit client {address} --dni 12345678 --otp 123456 {options}"
    ));
    command.arg("--name").arg("Ana García");
    command
}

/// What the client says of a server at that address.
type Says = fn(SocketAddr) -> String;

#[test]
fn verdicts() {
    let nothing: Says = |_| String::new();
    let rejected: Says = |server| {
        format!(
            "{server} rejected the submission: put right what its answer says, and submit again\n"
        )
    };
    let unknown: Says = |_| {
        "the server answers in words of its own: whether it accepted the submission cannot be told\n"
            .to_owned()
    };
    let cases = [
        ("OK registrado con el número 7", 0, nothing),
        ("OK", 0, nothing),
        ("OK\r\nBienvenida", 0, nothing),
        ("ERROR el código no es válido", 1, rejected),
        ("ERROR", 1, rejected),
        ("Registro correcto", 0, unknown),
        ("Código incorrecto", 0, unknown),
        ("OKAY", 0, unknown),
        ("Error: ok", 0, unknown),
    ];
    on_every_runtime(|runtime| {
        for (answer, code, notice) in cases {
            let (serving, address) = answering(answer);
            let shown = answer.replace("\r\n", r"\r\n");
            let ended = pipe(ana(address, runtime), "")
                .code(code)
                .stderr_eq(notice(address));
            assert_eq!(stdout(&ended), format!("{shown}\n"));
            let (message, rest) = serving.join().expect("a server");
            assert_eq!(message, "Ana García&12345678&123456");
            assert_eq!(rest, "");
        }
    });
}

/// What is not given is asked for, in order, and from a pipe without a prompt.
#[test]
fn fields_from_a_pipe() {
    on_every_runtime(|runtime| {
        for (options, input, message) in [
            (
                "",
                "Ana García\n00123456\n654321\n",
                "Ana García&00123456&654321",
            ),
            ("--dni 123456", "José\n654321\n", "José&123456&654321"),
            ("--otp 000000", " Ana \r\n 1234567 \n", "Ana&1234567&000000"),
        ] {
            let (serving, address) = answering("OK");
            let command = socklab(&format!("submit client {address} {options} {runtime}"));
            pipe(command, input)
                .success()
                .stdout_eq("OK\n")
                .stderr_eq("");
            assert_eq!(serving.join().expect("a server").0, message);
        }
    });
}

/// A slip is named and asked for again; the given ones stay.
#[test]
fn slips_are_asked_for_again() {
    let (serving, address) = answering("OK");
    let input = "\nAna & Eva\nAna\n12345678Z\n12.345.678\n123\n12345678\n12345\n12345o\n123456\n";
    pipe(socklab(&format!("submit client {address}")), input)
        .success()
        .stdout_eq("OK\n")
        .stderr_eq(
            "the name is empty, or nothing of it can be seen: type your name and surname\n\
             the name has an \"&\", which separates the fields: write \"and\" instead\n\
             the DNI goes without its letter: type only its digits\n\
             the DNI has something that is not a digit: type only the digits, without blanks, dots or the letter\n\
             the DNI has 6 to 8 digits: type them all, with the zeros at the front\n\
             the code has exactly 6 digits: type the one that your phone shows now\n\
             the code has something that is not a digit: type the 6 digits that your phone shows now\n",
        );
    assert_eq!(serving.join().expect("a server").0, "Ana&12345678&123456");
}

/// When the input ends before all is said, nothing is sent, not even a connection made.
#[test]
fn an_input_that_ends_too_soon() {
    let (address, _used) = nobody_on_tcp();
    for input in ["", "Ana\n", "Ana\n12345678\n"] {
        pipe(socklab(&format!("submit client {address}")), input)
            .code(1)
            .stdout_eq("")
            .stderr_eq(
                "the input ended before the submission was whole: give --name NAME, --dni DNI, \
                 --otp CODE, or type what is asked for\n",
            );
    }
    // What was given is not asked for again.
    let given = format!("submit client {address} --name Ana --dni 12345678 --lang es");
    pipe(socklab(&given), "").code(1).stderr_eq(
        "la entrada terminó antes de completar la entrega: indique --otp CÓDIGO, o escriba lo que \
         se pide\n",
    );
}

#[test]
fn a_wrong_field_is_wrong_usage_and_connects_nowhere() {
    let (address, _used) = nobody_on_tcp();
    run(&format!(
        "submit client {address} --name Ana --dni 12345678z --otp 123456"
    ))
    .code(2)
    .stdout_eq("")
    .stderr_eq("the DNI goes without its letter: type only its digits\n");
}

const UNSEEN: [&str; 5] = [
    " ",
    "\u{3164}",
    "\u{2800}\u{200b}",
    "\u{a0}",
    "\u{e0101}\u{1160}",
];

/// A name of which nothing can be seen would be an empty line in the lecturer's list, so no server
/// takes one, whatever sent it.
#[test]
fn no_server_takes_a_name_that_cannot_be_seen() {
    let register = scratch("unseen");
    for options in [
        &["--register".as_ref(), register.as_os_str()][..],
        &["--rehearse".as_ref()],
    ] {
        let mut server = socklab("submit server --listen :0");
        server.args(options);
        let mut server = Process::start(server);
        let address = loop {
            if let Some((_, address)) = server.notes().split_once("ready at ") {
                break address.parse::<SocketAddr>().expect("an address");
            }
        };
        let names = UNSEEN.into_iter().map(str::as_bytes);
        for name in names.chain([&b"\xa0\xad"[..]]) {
            let message = [name, b"&12345678&", code_now("12345678").as_bytes()].concat();
            let mut stream = TcpStream::connect(address).expect("a connection");
            stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
            stream.write_all(&message).expect("sent");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("an answer");
            assert!(
                answer.starts_with("ERROR the name is empty"),
                "{name:?}: {answer}"
            );
        }
    }
    let mut list = socklab("register list --register");
    list.arg(&register);
    pipe(list, "").success().stdout_eq("");
}

#[test]
fn the_client_sends_no_name_that_cannot_be_seen() {
    let (address, _taken) = nobody_on_tcp();
    for name in UNSEEN {
        let mut client = socklab(&format!(
            "submit client {address} --dni 12345678 --otp 123456"
        ));
        client.arg("--name").arg(name);
        let said = crate::common::stderr(&pipe(client, "").code(2));
        assert!(said.contains("the name is empty"), "{name:?}: {said}");
    }
}

/// Fewer descriptors than connections are allowed: the server says so, and those that find none
/// wait instead of being refused, until silent ones have made room.
#[cfg(target_os = "linux")]
#[test]
fn few_descriptors_make_clients_wait() {
    let folder = scratch("few descriptors");
    std::fs::create_dir(&folder).unwrap();
    let mut limited = Command::new("bash");
    let words = "submit server --listen :0 --max-connections 500 --per-address 500 --patience 3600";
    let server = socklab(words);
    let line = format!(
        "ulimit -n 120; exec {} {words} --register '{}'",
        server.get_program().display(),
        folder.join("register.db").display()
    );
    limited.arg("-c").arg(line).env("SOCKLAB_LANG", "en");
    limited.stderr(std::process::Stdio::piped());
    let mut child = limited.spawn().unwrap();
    let mut notes = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut next = || notes.next().unwrap().unwrap();
    let few = next();
    assert!(few.contains("for 56 connections"), "{few}");
    let ready = next();
    let address: SocketAddr = ready.rsplit(' ').next().unwrap().parse().unwrap();
    // More than there is room for, and none of them says anything or leaves.
    let _silent: Vec<TcpStream> = (0..80)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    let mut late = TcpStream::connect(address).unwrap();
    late.write_all(b"nonsense\n").unwrap();
    late.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = String::new();
    late.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("ERROR "), "{answer}");
    child.kill().unwrap();
    child.wait().unwrap();
}

//! An exchange that fails: exit status 1, and one line on standard error that says what happened,
//! to whom, and what to try.

use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::time::{Duration, Instant};

use crate::common::{
    datagrams, nobody_on_tcp, nobody_on_udp, on_every_runtime, one_connection, pipe, pipe_within,
    run, scratch, socklab, stderr, stdout, timed,
};

/// Every client that waits for an answer, with what it is typed.
const CLIENTS: [(&str, &str); 4] = [
    ("echo client", "hola\n"),
    ("chat client", "hola\n"),
    ("welcome client", ""),
    ("submit client --name Ana --dni 12345678 --otp 123456", ""),
];

fn is_udp(client: &str) -> bool {
    client.starts_with("echo") || client.starts_with("chat")
}

/// Nobody is there, and it is said at once, without waiting for the time-out.
#[test]
fn nobody_listens() {
    on_every_runtime(|runtime| {
        for (client, input) in CLIENTS {
            let (udp, _taken) = nobody_on_udp();
            let (tcp, _used) = nobody_on_tcp();
            let address = if is_udp(client) { udp } else { tcp };
            let command = socklab(&format!("{client} {address} --timeout 1000 {runtime}"));
            pipe(command, input)
                .code(1)
                .stdout_eq("")
                .stderr_eq(format!(
                    "nothing listens at {address}: start the server first\n"
                ));
        }
    });
}

/// Somebody is there and says nothing: the client waits as long as it is told to, and no less.
#[test]
fn nobody_answers() {
    on_every_runtime(|runtime| {
        for (client, input) in CLIENTS {
            let (silent, udp) = datagrams();
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            let tcp = listener.local_addr().expect("an address");
            let address = if is_udp(client) { udp } else { tcp };
            let command = socklab(&format!("{client} {address} --timeout 0.25 {runtime}"));
            let (took, ended) = timed(|| pipe(command, input));
            // On this computer there is no VPN, and over TCP nothing is lost.
            let why = match is_udp(client) {
                true => {
                    "a program of this computer has that port and does not answer: see what it \
                     waits for, and whether it answers to the address that the question came from"
                }
                false => "the connection is open and nothing comes: see what the server waits for",
            };
            let said = format!("no reply in 0.25 s from {address}: {why}\n");
            ended.code(1).stdout_eq("").stderr_eq(said);
            assert!(took >= Duration::from_millis(250), "{client}: {took:?}");
            drop((silent, listener));
        }
    });
}

/// A server that closes or resets the connection before it answers.
#[test]
fn a_connection_without_an_answer() {
    on_every_runtime(|runtime| {
        for (client, _) in CLIENTS.iter().filter(|(client, _)| !is_udp(client)) {
            let submits = client.starts_with("submit");
            let (serving, address) = one_connection(move |mut stream| {
                if submits {
                    // What is read does not make closing a reset.
                    assert!(stream.read(&mut [0; 1024]).expect("a message") > 0);
                }
            });
            run(&format!("{client} {address} {runtime}")).code(1).stdout_eq("").stderr_eq(format!(
                "{address} closed the connection without an answer: check that it is the right server, and see what it says\n"
            ));
            serving.join().expect("a peer");
        }
    });
}

/// Unix resets a connection that is closed before what came has been read.
#[cfg(unix)]
#[test]
fn a_connection_that_is_broken_off() {
    on_every_runtime(|runtime| {
        let (serving, address) = one_connection(|stream| {
            assert_eq!(stream.peek(&mut [0]).expect("a message"), 1);
        });
        let (client, _) = CLIENTS[3];
        run(&format!("{client} {address} {runtime}")).code(1).stdout_eq("").stderr_eq(format!(
            "{address} broke the connection off: see what the other program says, and try again\n"
        ));
        serving.join().expect("a peer");
    });
}

/// A server that never stops talking is not listened to for ever; what it said is shown.
#[test]
fn an_endless_answer() {
    on_every_runtime(|runtime| {
        for (client, _) in CLIENTS.iter().filter(|(client, _)| !is_udp(client)) {
            let (serving, address) =
                one_connection(
                    |mut stream| {
                        while stream.write_all(&[b'a'; 1024]).is_ok() {}
                    },
                );
            run(&format!("{client} {address} {runtime}"))
                .code(1)
                .stdout_eq(format!("{}\n", "a".repeat(4096)))
                .stderr_eq(format!(
                    "{address} answered more than this exercise can hold: check that it is the right server\n"
                ));
            serving.join().expect("a peer");
        }
    });
}

/// A server that forgets to close has answered all the same. Of `welcome`, which says no more after
/// its greeting, it is told.
#[test]
fn an_answer_without_an_end() {
    on_every_runtime(|runtime| {
        for (client, answer, code, said) in [
            (
                "submit client --name Ana --dni 12345678 --otp 123456",
                "OK registro",
                0,
                "",
            ),
            (
                "welcome client",
                "Bienvenido al Servidor",
                1,
                "the server has said Bienvenido al Servidor and does not close: a client that reads until the end waits for ever (in Python, connection.close())\n",
            ),
        ] {
            let (serving, address) = one_connection(move |mut stream| {
                stream.write_all(answer.as_bytes()).expect("sent");
                let _ = stream.read_to_end(&mut Vec::new());
            });
            run(&format!("{client} {address} {runtime}"))
                .code(code)
                .stdout_eq(format!("{answer}\n"))
                .stderr_eq(said);
            serving.join().expect("a peer");
        }
    });
}

#[test]
fn the_port_is_in_use() {
    on_every_runtime(|runtime| {
        for (exercise, udp) in [
            ("message", true),
            ("echo", true),
            ("chat", true),
            ("welcome", false),
        ] {
            let datagrams = UdpSocket::bind("127.0.0.1:0").expect("a port");
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            let address = match udp {
                true => datagrams.local_addr(),
                false => listener.local_addr(),
            };
            let address = address.expect("an address");
            run(&format!("{exercise} server --listen {address} {runtime}"))
                .code(1)
                .stdout_eq("")
                .stderr_eq(format!(
                    "another program already uses {address}: stop it, or choose another port with --listen :PORT\n"
                ));
        }
    });
}

/// An address of somebody else's (RFC 5737: documentation).
#[test]
fn not_an_address_of_this_computer() {
    on_every_runtime(|runtime| {
        for exercise in ["message", "welcome"] {
            run(&format!("{exercise} server --listen 192.0.2.1:0 {runtime}"))
                .code(1)
                .stdout_eq("")
                .stderr_eq(
                    "192.0.2.1:0 is not an address of this computer: listen on one of its own, or on all with --listen 0.0.0.0\n",
                );
        }
    });
}

#[test]
fn a_line_that_fits_into_no_datagram() {
    on_every_runtime(|runtime| {
        let (_socket, address) = datagrams();
        for exercise in ["message", "echo", "chat"] {
            let command = socklab(&format!("{exercise} client {address} {runtime}"));
            pipe(command, "a".repeat(65_508) + "\n").code(1).stdout_eq("").stderr_eq(
                "your line has 65508 bytes and a datagram carries at most 65507: send a shorter one\n",
            );
        }
    });
}

/// `--quiet` is no reason to fail in silence.
#[test]
fn failures_are_said_even_to_the_quiet() {
    let (address, _taken) = nobody_on_udp();
    pipe(socklab(&format!("echo client {address} --quiet")), "hola\n")
        .code(1)
        .stdout_eq("")
        .stderr_eq(format!(
            "nothing listens at {address}: start the server first\n"
        ));
}

/// A file that cannot be written or read.
#[test]
fn files() {
    let (_socket, address) = datagrams();
    let here = std::env::temp_dir();
    for words in [
        format!("echo client {address} --transcript"),
        "otp enroll --dni 123456 --no-qr --svg".to_owned(),
        "transcript show".to_owned(),
    ] {
        let mut command = socklab(&words);
        command.arg(&here);
        let ended = pipe(command, "").code(1);
        let said = stderr(&ended);
        let last = said.lines().last().expect("a line");
        let path = here.display().to_string();
        assert!(last.starts_with(&format!("{path}: ")), "{words}: {last}");
    }
}

/// A server that ends in the middle of a comparison ends it, and what was measured stands.
#[test]
fn what_was_measured_of_a_server_that_ended_is_kept() {
    let server = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = server.local_addr().expect("bound");
    std::thread::spawn(move || {
        let mut buffer = [0; 2048];
        let mut first = None;
        while first.is_none_or(|first: Instant| first.elapsed() < Duration::from_secs(3)) {
            let (len, from) = server.recv_from(&mut buffer).expect("a question");
            first.get_or_insert_with(Instant::now);
            let text = String::from_utf8_lossy(&buffer[..len]).to_uppercase();
            server.send_to(text.as_bytes(), from).expect("an answer");
        }
    });
    let report = scratch("of an ended one").with_extension("html");
    let load = "--connections 1 --rounds 100 --seconds 0.1";
    let mut compare = socklab(&format!("compare echo --target {address} {load}"));
    compare.arg("--report").arg(&report);
    let ended = pipe_within(Duration::from_secs(120), compare, "").code(1);
    let said = stderr(&ended);
    assert!(said.contains("the measurement ended early"), "{said}");
    let row = format!("\n{address} ");
    assert!(stdout(&ended).contains(&row), "{}", stdout(&ended));
    assert!(report.exists());
}

/// Its replies come after the time that is measured, but they come: it has not stopped.
#[test]
fn a_slow_server_has_not_stopped() {
    let server = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = server.local_addr().expect("bound");
    std::thread::spawn(move || {
        let mut buffer = [0; 2048];
        loop {
            let (len, from) = server.recv_from(&mut buffer).expect("a question");
            std::thread::sleep(Duration::from_millis(400));
            let text = String::from_utf8_lossy(&buffer[..len]).to_uppercase();
            server.send_to(text.as_bytes(), from).expect("an answer");
        }
    });
    let load = "--connections 1 --rounds 1 --seconds 0.1";
    let mut compare = socklab(&format!("compare echo --target {address} {load}"));
    let report = scratch("of a slow one").with_extension("html");
    compare.arg("--report").arg(&report);
    let ended = pipe_within(Duration::from_secs(120), compare, "").success();
    assert!(stdout(&ended).contains("there were too few replies"));
}

/// A server that ends, one that never starts, and one that answers something else: the others are
/// measured to the end, and the exit status says that not all were.
#[test]
fn a_comparison_without_one_of_its_servers_fails() {
    if !crate::common::has_python() {
        return;
    }
    let script = scratch("ends").with_extension("py");
    let text = "import socket, sys\n\
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
                if int(sys.argv[2]) > 0: s.bind(('127.0.0.1', int(sys.argv[1])))\n\
                for _ in range(int(sys.argv[2])):\n\
                \x20   text, client = s.recvfrom(2048)\n\
                \x20   reply = text.decode().upper() + sys.argv[3]\n\
                \x20   s.sendto(reply.encode(), client)\n\
                sys.exit('enough')\n";
    std::fs::write(&script, text).expect("a file");
    let python = format!("mine=python3 '{}' {{port}}", script.display());
    for (contestant, said) in [
        (
            format!("{python} 50 ''"),
            "mine stopped answering after 0 replies: enough",
        ),
        (
            format!("{python} 0 ''"),
            "mine could not be measured there: enough",
        ),
        (format!("{python} 99999 !"), "mine answered \""),
    ] {
        let mut compare = socklab("compare echo --models mio --connections 1 --rounds 2");
        compare.args(["--seconds", "0.1", "--contestant", &contestant]);
        let report = scratch("without one").with_extension("html");
        compare.arg("--report").arg(&report);
        let ended = pipe_within(Duration::from_secs(120), compare, "").code(1);
        assert!(stderr(&ended).contains(said), "{}", stderr(&ended));
        assert!(stdout(&ended).contains("\nmio "), "{}", stdout(&ended));
        assert!(report.exists());
    }
}

/// A port that no program has, but that waits after the last connection of a server without
/// SO_REUSEADDR.
#[cfg(target_os = "linux")]
#[test]
fn a_port_that_waits_is_not_taken_by_a_program() {
    if !crate::common::has_python() {
        return;
    }
    let script = "import socket\n\
                  s = socket.socket()\n\
                  s.bind(('127.0.0.1', 0))\n\
                  s.listen()\n\
                  c = socket.create_connection(s.getsockname())\n\
                  s.accept()[0].close()\n\
                  c.recv(1)\n\
                  print(s.getsockname()[1])\n";
    let python = std::process::Command::new("python3")
        .args(["-c", script])
        .output()
        .unwrap();
    let port = String::from_utf8(python.stdout).unwrap();
    let server = format!("welcome server --listen 127.0.0.1:{}", port.trim());
    let said = stderr(&run(&server).code(1));
    assert!(said.starts_with("no program uses 127.0.0.1:"), "{said}");
    assert!(said.contains("SO_REUSEADDR"), "{said}");
}

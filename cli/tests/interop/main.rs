//! The command and the short Python programs of `tests/peers`, which are what students write for
//! this lab: each of ours against each of theirs, in both roles.
//!
//! Without Python 3.8 or newer these tests are skipped, and say so.

#[path = "../common/mod.rs"]
mod common;

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use common::{
    Process, code_now, not, on_every_runtime, pipe, run, socklab, stdout, within_one_step,
};
use snapbox::cmd::OutputAssert;

/// Where Python is.
#[derive(Clone, Copy)]
struct Python(&'static str);

impl Python {
    /// Python 3.8 or newer, if it is here.
    fn find() -> Option<Python> {
        static FOUND: OnceLock<Option<String>> = OnceLock::new();
        let found = FOUND.get_or_init(|| {
            // Its own path: what is found by name may be a slow script that finds it in turn.
            let ask =
                "import sys; sys.version_info < (3, 8) and sys.exit(1); print(sys.executable)";
            ["python3", "python"].into_iter().find_map(|name| {
                let answer = Command::new(name).args(["-c", ask]).output().ok()?;
                let path = String::from_utf8(answer.stdout).ok()?;
                answer.status.success().then(|| path.trim_end().to_owned())
            })
        });
        found.as_deref().map(Python)
    }

    /// A program with arguments, all separated by blanks.
    fn program(self, words: &str) -> Command {
        let mut words = words.split_whitespace();
        let program = words.next().expect("a program");
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = match program {
            "every_character.py" => here.join("tests/interop"),
            _ => here.join("../tests/peers"),
        };
        let mut command = Command::new(self.0);
        // No compiled copies among the sources.
        command.arg("-B").arg(folder.join(program)).args(words);
        command
    }

    /// A server on a free port, once it hears.
    fn serve(self, words: &str) -> (Process, SocketAddr) {
        let mut server = Process::start(self.program(words));
        let first = server.says();
        let port = first.strip_prefix("listening ").map(str::parse);
        let port = port.expect("a port").expect("a port");
        (server, SocketAddr::from(([127, 0, 0, 1], port)))
    }

    /// A client of a server of ours, run to its end.
    fn ask(self, client: &str, server: SocketAddr, input: &str) -> OutputAssert {
        let (host, port) = (server.ip(), server.port());
        pipe(self.program(&format!("{client} {host} {port}")), input)
    }
}

/// Runs a test that needs Python, or says that it does not.
fn with_python(test: impl FnOnce(Python)) {
    match Python::find() {
        Some(python) => test(python),
        None => {
            let thread = std::thread::current();
            let name = thread.name().unwrap_or("a test");
            let line = format!("SKIPPED: no python3 of 3.8 or newer for {name}\n");
            // Past the harness, which keeps what a passing test prints to itself.
            let _ = std::io::stderr().write_all(line.as_bytes());
        }
    }
}

/// Ended well, with nothing more to say.
#[track_caller]
fn ended(program: Process) {
    let ended = program.end();
    assert_eq!(
        (ended.code, &*ended.stdout, &*ended.stderr),
        (Some(0), "", "")
    );
}

/// What is said in the exercises: capitals that differ in more than a bit, and one that grows.
const LINES: [&str; 5] = ["hola", "ñandú", "straße", "¿qué?", "fin"];
const CAPITALS: &str = "HOLA\nÑANDÚ\nSTRASSE\n¿QUÉ?\nFIN\n";

#[test]
fn our_message_to_their_server() {
    with_python(|python| {
        on_every_runtime(|runtime| {
            let (mut server, address) = python.serve("message_server.py 0");
            let client = socklab(&format!("message client {address} {runtime}"));
            pipe(client, "ñandú\n")
                .success()
                .stdout_eq("")
                .stderr_eq("");
            assert_eq!(server.says(), "ñandú");
            ended(server);
        });
    });
}

#[test]
fn their_message_to_our_server() {
    with_python(|python| {
        on_every_runtime(|runtime| {
            let (mut server, address) = Process::serve(&format!("message server {runtime}"));
            python
                .ask("message_client.py", address, "ñandú\n")
                .success();
            assert_eq!(server.says(), "ñandú");
            ended(server);
        });
    });
}

#[test]
fn our_echo_client_and_their_server() {
    with_python(|python| {
        on_every_runtime(|runtime| {
            let (mut server, address) = python.serve("echo_server.py 0");
            let client = socklab(&format!("echo client {address} {runtime}"));
            pipe(client, LINES.join("\n"))
                .success()
                .stdout_eq(CAPITALS)
                .stderr_eq("");
            assert_eq!(LINES.map(|_| server.says()), LINES);
            ended(server);
        });
    });
}

#[test]
fn their_echo_client_and_our_server() {
    with_python(|python| {
        on_every_runtime(|runtime| {
            let (mut server, address) = Process::serve(&format!("echo server {runtime}"));
            let input = LINES.join("\n") + "\n";
            python
                .ask("echo_client.py", address, &input)
                .success()
                .stdout_eq(CAPITALS);
            assert_eq!(LINES.map(|_| server.says()), LINES);
            ended(server);
        });
    });
}

/// Either side may end a chat, by `fin` or with its input.
#[test]
fn our_chat_client_and_their_server() {
    with_python(|python| {
        on_every_runtime(|runtime| {
            for (ours, theirs, we_hear, they_hear) in [
                ("hola\nfin\n", "ñandú\n", "ñandú\n", &["hola", "fin"][..]),
                ("hola\n", "buenas\n", "buenas\n", &["hola", "fin"]),
                ("hola\n", "fin\n", "fin\n", &["hola"]),
                ("hola\n", "", "fin\n", &["hola"]),
            ] {
                let (mut server, address) = python.serve("chat_server.py 0");
                theirs.lines().for_each(|line| server.types(line));
                server.ends_input();
                let client = socklab(&format!("chat client {address} {runtime}"));
                pipe(client, ours)
                    .success()
                    .stdout_eq(we_hear)
                    .stderr_eq("");
                for line in they_hear {
                    assert_eq!(server.says(), *line);
                }
                ended(server);
            }
        });
    });
}

#[test]
fn their_chat_client_and_our_server() {
    with_python(|python| {
        on_every_runtime(|runtime| {
            for (theirs, ours, they_hear, we_hear) in [
                ("hola\nfin\n", "ñandú\n", "ñandú\n", &["hola", "fin"][..]),
                ("hola\n", "buenas\n", "buenas\n", &["hola", "fin"]),
                ("hola\n", "fin\n", "fin\n", &["hola"]),
                ("hola\n", "", "fin\n", &["hola"]),
            ] {
                let (mut server, address) = Process::serve(&format!("chat server {runtime}"));
                ours.lines().for_each(|line| server.types(line));
                server.ends_input();
                python
                    .ask("chat_client.py", address, theirs)
                    .success()
                    .stdout_eq(they_hear);
                for line in we_hear {
                    assert_eq!(server.says(), *line);
                }
                let began = server.notes();
                assert!(began.starts_with("the chat with 127.0.0.1:"), "{began}");
                ended(server);
            }
        });
    });
}

#[test]
fn our_welcome_client_and_their_server() {
    with_python(|python| {
        on_every_runtime(|runtime| {
            let (mut server, address) = python.serve("welcome_server.py 0 2");
            for _ in 0..2 {
                run(&format!("welcome client {address} {runtime}"))
                    .success()
                    .stdout_eq("Bienvenido al Servidor\n")
                    .stderr_eq("");
                assert!(server.says().starts_with("Conexión desde 127.0.0.1:"));
            }
            ended(server);
        });
    });
}

#[test]
fn their_welcome_client_and_our_server() {
    with_python(|python| {
        on_every_runtime(|runtime| {
            let (_server, address) = Process::serve(&format!("welcome server {runtime}"));
            for _ in 0..2 {
                python
                    .ask("welcome_client.py", address, "")
                    .success()
                    .stdout_eq("Bienvenido al Servidor\n");
            }
        });
    });
}

#[test]
fn our_capitals_client_and_their_server() {
    with_python(|python| {
        on_every_runtime(|runtime| {
            let (mut server, address) = python.serve("capitals_server.py 0 2");
            for _ in 0..2 {
                let client = socklab(&format!("capitals client {address} {runtime}"));
                pipe(client, LINES.join("\n") + "\n")
                    .success()
                    .stdout_eq(CAPITALS)
                    .stderr_eq("");
                assert_eq!(LINES.map(|_| server.says()), LINES);
            }
            ended(server);
        });
    });
}

/// `FIN` ends a connection, and the server stays up for the next.
#[test]
fn their_capitals_client_and_our_server() {
    with_python(|python| {
        on_every_runtime(|runtime| {
            let (_server, address) = Process::serve(&format!("capitals server {runtime}"));
            for _ in 0..2 {
                let input = LINES.join("\n") + "\n";
                python
                    .ask("capitals_client.py", address, &input)
                    .success()
                    .stdout_eq(CAPITALS);
            }
        });
    });
}

/// Our client takes their server's verdict where it says `OK` or `ERROR`, and shows it where it has
/// words of its own.
#[test]
fn our_submissions_to_their_server() {
    with_python(|python| {
        on_every_runtime(|runtime| {
            for (prefix, right, reply, status) in [
                ("--prefix", true, "OK Registro correcto\n", 0),
                ("--prefix", false, "ERROR Código incorrecto\n", 1),
                ("", true, "Registro correcto\n", 0),
                ("", false, "Código incorrecto\n", 0),
            ] {
                let (sent, heard, ended) = within_one_step(|| {
                    let code = code_now("12345678");
                    let code = if right { code } else { not(&code) };
                    let (mut server, address) =
                        python.serve(&format!("submit_server.py 0 1 {prefix}"));
                    let mut client = socklab(&format!(
                        "submit client {address} --dni 12345678 --otp {code} {runtime}"
                    ));
                    client.arg("--name").arg("Ana García Ñuño");
                    let ended = pipe(client, "");
                    (
                        format!("Ana García Ñuño&12345678&{code}"),
                        server.says(),
                        ended,
                    )
                });
                assert_eq!(heard, sent);
                let said = common::stderr(&ended.code(status).stdout_eq(reply));
                let about = match (prefix, right) {
                    ("", _) => "words of its own",
                    (_, true) => "",
                    (_, false) => "rejected the submission",
                };
                assert!(
                    said.contains(about) && said.is_empty() == about.is_empty(),
                    "{said}"
                );
            }
        });
    });
}

/// Their client, sending the lab's way and every other way, and our server with a real register.
#[test]
fn their_submissions_to_our_server() {
    with_python(|python| {
        on_every_runtime(|runtime| {
            let register = common::scratch("register");
            let register = register.with_file_name(format!(
                "interop-{}-{}.db",
                std::process::id(),
                runtime.rsplit(' ').next().unwrap_or_default()
            ));
            let words = format!("submit server {runtime} --register {}", register.display());
            let (_server, address) = Process::serve(&words);
            for (n, how) in ["once", "newline", "crlf", "bom", "bytes", "half-close"]
                .iter()
                .enumerate()
            {
                let client = format!(
                    "submit_client.py 127.0.0.1 {} Ana {} --how {how}",
                    address.port(),
                    60_000_000 + n
                );
                let said = pipe(python.program(&client), "").success();
                assert!(
                    stdout(&said).starts_with("OK registered"),
                    "{how}: {said:?}",
                    said = stdout(&said)
                );
            }
        });
    });
}

/// The numbers of the lab's examples, zeros at the front, and the longest and the shortest.
const DNIS: [&str; 5] = ["123456", "12345678", "01234567", "1234567", "00000000"];

#[test]
fn our_codes_are_valid_for_them() {
    with_python(|python| {
        for dni in DNIS {
            let (right, wrong) = within_one_step(|| {
                let code = code_now(dni);
                let verify =
                    |code: &str| pipe(python.program(&format!("otp.py verify {dni} {code}")), "");
                (verify(&code), verify(&not(&code)))
            });
            right.success().stdout_eq("Código correcto\n");
            wrong.code(1).stdout_eq("Código incorrecto\n");
        }
    });
}

#[test]
fn their_codes_are_valid_for_us() {
    with_python(|python| {
        for dni in DNIS {
            let ended = within_one_step(|| {
                let theirs = pipe(python.program(&format!("otp.py code {dni}")), "").success();
                let code = stdout(&theirs);
                run(&format!("otp verify --dni {dni} {code}"))
            });
            ended
                .success()
                .stdout_eq("the code is valid at this moment\n");
        }
    });
}

/// The secret and the URI, byte for byte; labels with whatever a URI does not take as it is.
#[test]
fn secrets_and_uris_are_the_same() {
    with_python(|python| {
        for (dni, account, issuer) in [
            ("123456", "mi_usuario", "Mi App"),
            ("12345678", "ana.garcía@example.org", "Redes & Sistemas"),
            ("01234567", "a+b~c-d", "100 %"),
            ("1234567", "日本", "¿Qué?"),
        ] {
            let mut ours = socklab(&format!("otp enroll --dni {dni} --no-qr"));
            ours.args(["--account", account, "--issuer", issuer]);
            let ours = stdout(&pipe(ours, "").success());
            let theirs = |words: &str, labels: &[&str]| {
                let mut program = python.program(&format!("otp.py {words} {dni}"));
                program.args(labels);
                stdout(&pipe(program, "").success())
            };
            let (secret, uri) = (theirs("secret", &[]), theirs("uri", &[account, issuer]));
            let expected = format!("my secret: {secret}my provisioning URI: {uri}");
            assert_eq!(ours, expected);
        }
    });
}

/// Capitals are Python's, for every character that Python knows.
#[test]
fn capitals_of_every_character() {
    with_python(|python| {
        let version = "import unicodedata as u; print(u.unidata_version)";
        let asked = Command::new(python.0).args(["-c", version]).output();
        let answer = String::from_utf8(asked.expect("it runs").stdout).expect("text");
        let theirs: Vec<u8> = answer
            .trim()
            .split('.')
            .filter_map(|one| one.parse().ok())
            .collect();
        let (major, minor, update) = char::UNICODE_VERSION;
        if theirs[..] > [major, minor, update][..] {
            let line = format!("SKIPPED: Python's Unicode {answer} is newer than ours\n");
            let _ = std::io::stderr().write_all(line.as_bytes());
            return;
        }
        let (server, address) = Process::serve("echo server");
        let ended = python.ask("every_character.py", address, "").success();
        let said = stdout(&ended);
        let (compared, differ) = said.split_once('\n').expect("a number");
        assert_eq!(differ.trim(), "");
        let compared: u32 = compared.parse().expect("a number");
        // Unicode 12.1, that of Python 3.8, has 275,000 with those for private use.
        assert!(compared > 270_000, "{compared}");
        assert_eq!(server.end().code, Some(0));
    });
}

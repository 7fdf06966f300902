//! What other programs may do to a client or a server: lose, repeat, be late, send what would take
//! over a terminal.

use std::net::{SocketAddr, UdpSocket};
use std::thread::{self, JoinHandle};

use snapbox::cmd::OutputAssert;

use crate::common::{
    Process, datagram, datagrams, on_every_runtime, one_connection, pipe, run, socklab, stderr,
};

/// A UDP server of the test's own: answers as it is told, until a line is `fin`.
fn peer(
    mut answer: impl FnMut(&UdpSocket, &str, SocketAddr) + Send + 'static,
) -> (JoinHandle<Vec<String>>, SocketAddr) {
    let (socket, address) = datagrams();
    let serving = thread::spawn(move || {
        let mut heard = Vec::new();
        while heard.last().is_none_or(|line| line != "fin") {
            let (text, client) = datagram(&socket);
            answer(&socket, &text, client);
            heard.push(text);
        }
        heard
    });
    (serving, address)
}

fn send(socket: &UdpSocket, bytes: impl AsRef<[u8]>, to: SocketAddr) {
    socket.send_to(bytes.as_ref(), to).expect("sent");
}

/// The network loses the first datagram; the second says the same.
#[test]
fn a_lost_datagram_is_sent_again() {
    on_every_runtime(|runtime| {
        let mut first = true;
        let (peer, address) = peer(move |socket, text, client| {
            if !std::mem::take(&mut first) {
                send(socket, text.to_uppercase(), client);
            }
        });
        let client = socklab(&format!(
            "echo client {address} --timeout 0.3 --retries 50 {runtime}"
        ));
        let ended = pipe(client, "hola\nfin\n")
            .success()
            .stdout_eq("HOLA\nFIN\n");
        assert!(stderr(&ended).starts_with("no reply: sending it again (1 of 50)\n"));
        assert_eq!(peer.join().expect("a peer")[..2], ["hola", "hola"]);
    });
}

/// How long it waits, and how often it asks, is told in the end.
#[test]
fn all_datagrams_are_lost() {
    on_every_runtime(|runtime| {
        let (socket, address) = datagrams();
        let client = socklab(&format!(
            "echo client {address} --timeout 0.1 --retries 2 {runtime}"
        ));
        pipe(client, "hola\nfin\n")
            .code(1)
            .stdout_eq("")
            .stderr_eq(format!(
                "no reply: sending it again (1 of 2)\n\
             no reply: sending it again (2 of 2)\n\
             no reply in 0.3 s from {address}: a program of this computer has that port and does \
             not answer: see what it waits for, and whether it answers to the address that the \
             question came from\n"
            ));
        let heard = [(); 3].map(|()| datagram(&socket).0);
        assert_eq!(heard, ["hola", "hola", "hola"]);
    });
}

/// A server that takes the question and ends: no program has the port when the time is over.
#[cfg(target_os = "linux")]
#[test]
fn a_server_that_ends_without_an_answer() {
    let (socket, address) = datagrams();
    let peer = thread::spawn(move || datagram(&socket).0);
    let client = socklab(&format!("echo client {address} --timeout 0.5"));
    let ended = pipe(client, "hola\n").code(1).stdout_eq("");
    let said = "no program of this computer has that port any more";
    assert!(stderr(&ended).contains(said), "{}", stderr(&ended));
    assert_eq!(peer.join().expect("a peer"), "hola");
}

/// A reply that comes twice is not the reply to the next line.
#[test]
fn a_reply_that_comes_twice() {
    on_every_runtime(|runtime| {
        let (peer, address) = peer(|socket, text, client| {
            send(socket, text.to_uppercase(), client);
            send(socket, text.to_uppercase(), client);
        });
        let client = socklab(&format!("echo client {address} {runtime}"));
        pipe(client, "hola\nadiós\nfin\n")
            .success()
            .stdout_eq("HOLA\nADIÓS\nFIN\n")
            .stderr_eq("dropped a reply that came late or twice\n".repeat(2));
        assert_eq!(peer.join().expect("a peer"), ["hola", "adiós", "fin"]);
    });
}

/// Who is not the server is not heard.
#[test]
fn a_reply_from_somebody_else() {
    on_every_runtime(|runtime| {
        let (peer, address) = peer(|socket, text, client| {
            let (other, _) = datagrams();
            send(&other, "FIN", client);
            send(socket, text.to_uppercase(), client);
        });
        let client = socklab(&format!("echo client {address} {runtime}"));
        pipe(client, "hola\nfin\n")
            .success()
            .stdout_eq("HOLA\nFIN\n")
            .stderr_eq("");
        peer.join().expect("a peer");
    });
}

/// Colours, the cursor, an override that turns the text round, a second line, bytes that are not
/// text: as they would arrive, and as they are shown.
const DANGEROUS: &[u8] =
    b"\x1b[31mrojo\x07 \xe2\x80\xaegpj.exe\nfin\r\t\xff\xc2\x9b2J\xef\xbb\xbf.";
const ESCAPED: &str = "\\x1b[31mrojo\\x07 \\u{202e}gpj.exe\\nfin\\r\\t\\xff\\u{9b}2J\\u{feff}.\n";

/// Whether a program wrote that, byte for byte (a comparison of snapshots would let `/` stand for
/// `\`).
#[track_caller]
fn wrote(stdout: &[u8], raw: bool) {
    let expected = match raw {
        true => [DANGEROUS, b"\n"].concat(),
        false => ESCAPED.into(),
    };
    let shown = String::from_utf8_lossy(stdout);
    assert!(
        stdout == expected,
        "{shown:?} and not {:?}",
        String::from_utf8_lossy(&expected)
    );
}

/// One line that cannot take over a terminal.
fn safe(ended: OutputAssert) -> OutputAssert {
    let said = stderr(&ended);
    assert!(said.starts_with("wrong ") && said.ends_with('\n'), "{said}");
    assert!(!said.trim_end().contains(char::is_control), "{said:?}");
    ended
}

/// What a server says reaches the terminal as text, one message a line; `--raw` passes it on.
#[test]
fn what_a_server_sends_is_escaped_unless_raw() {
    for raw in [false, true] {
        let option = if raw { "--raw" } else { "" };
        for exercise in ["echo", "chat"] {
            let (socket, address) = datagrams();
            let serving = thread::spawn(move || {
                let (_, client) = datagram(&socket);
                send(&socket, DANGEROUS, client);
                if exercise == "chat" {
                    // It says `fin` when its input ends.
                    assert_eq!(datagram(&socket).0, "fin");
                }
            });
            let client = socklab(&format!("{exercise} client {address} {option}"));
            let ended = pipe(client, "hola\n");
            let ended = match exercise {
                "chat" => ended.success().stderr_eq(""),
                // The same in the line that says what is wrong with it.
                _ => safe(ended.code(1)),
            };
            wrote(&ended.get_output().stdout, raw);
            serving.join().expect("a peer");
        }
        for client in [
            "welcome client",
            "submit client --name Ana --dni 123456 --otp 123456",
        ] {
            let (serving, address) = one_connection(|mut stream| {
                use std::io::{Read, Write};
                stream.write_all(DANGEROUS).expect("sent");
                stream.shutdown(std::net::Shutdown::Write).expect("an end");
                let _ = stream.read_to_end(&mut Vec::new());
            });
            let ended = run(&format!("{client} {address} {option}"));
            let ended = match client {
                "welcome client" => safe(ended.code(1)),
                _ => ended.success(),
            };
            wrote(&ended.get_output().stdout, raw);
            serving.join().expect("a peer");
        }
    }
}

/// The same from a client to a server.
#[test]
fn what_a_client_sends_is_escaped_unless_raw() {
    for raw in [false, true] {
        let option = if raw { "--raw" } else { "" };
        for exercise in ["message", "chat"] {
            let (mut server, address) = Process::serve(&format!("{exercise} server {option}"));
            server.ends_input();
            let (socket, _) = datagrams();
            send(&socket, DANGEROUS, address);
            let ended = server.end();
            assert_eq!(ended.code, Some(0), "{exercise}");
            let expected = match raw {
                true => format!("{}\n", String::from_utf8_lossy(DANGEROUS)),
                false => ESCAPED.to_owned(),
            };
            assert_eq!(ended.stdout, expected);
        }
    }
}

/// A server is not brought down by what comes: nothing, everything that fits, bytes that are not
/// text, and a question whose capitals do not fit.
///
/// macOS sends no datagram of more than 9,216 bytes.
#[cfg(not(target_os = "macos"))]
#[test]
fn an_echo_server_survives_every_datagram() {
    on_every_runtime(|runtime| {
        let (mut server, address) = Process::serve(&format!("echo server {runtime}"));
        let (socket, client) = datagrams();
        // Two bytes a letter, six in capitals.
        let too_long = "ΐ".repeat(12_000);
        for (bytes, reply) in [
            (Vec::new(), Some(Vec::new())),
            (vec![b'a'; 65_507], Some(vec![b'A'; 65_507])),
            (too_long.into_bytes(), None),
            (b"a\xffb\0".to_vec(), Some(b"A\xffB\0".to_vec())),
            (b"fin".to_vec(), Some(b"FIN".to_vec())),
        ] {
            send(&socket, &bytes, address);
            server.says();
            if let Some(reply) = reply {
                let mut buffer = vec![0; 65_536];
                let (len, _) = socket.recv_from(&mut buffer).expect("a reply");
                assert!(buffer[..len] == reply, "{len} bytes for {}", bytes.len());
            }
        }
        let ended = server.end();
        let line = format!(
            "the reply to {client} would have 72000 bytes and a datagram carries at most 65507: nothing was sent\n"
        );
        assert_eq!((ended.code, ended.stderr), (Some(0), line));
    });
}

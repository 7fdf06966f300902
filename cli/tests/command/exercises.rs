//! Every exercise in both roles, from pipes, on every runtime: payload on standard output, one
//! message a line; everything else on standard error; no prompts.

use std::io::Write;

use crate::common::{
    DESIGNS, Ended, Process, RUNTIMES, datagram, datagrams, line_of, on_every_runtime, others,
    pipe, run, scratch, socklab,
};

/// Ended well, with nothing left to say.
const QUIETLY: Ended = Ended {
    code: Some(0),
    stdout: String::new(),
    stderr: String::new(),
};

/// The list of this file is the command's own: a new runtime is tested here too.
#[test]
fn these_are_all_runtimes() {
    run("echo client --runtime none").code(2).stderr_eq(format!(
        "--runtime <RUNTIME> does not take \"none\": use {} — see: socklab echo client --help\n",
        [RUNTIMES, &others(), DESIGNS].concat().join(", ")
    ));
}

#[test]
fn message() {
    on_every_runtime(|runtime| {
        let (mut server, address) = Process::serve(&format!("message server {runtime}"));
        let client = socklab(&format!("message client {address} {runtime}"));
        pipe(client, "hola, Servidor\nnot this\n")
            .success()
            .stdout_eq("")
            .stderr_eq("");
        assert_eq!(server.says(), "hola, Servidor");
        assert_eq!(server.end(), QUIETLY);
    });
}

#[test]
fn a_message_without_a_line_is_a_failure() {
    let (_socket, address) = datagrams();
    run(&format!("message client {address}"))
        .code(1)
        .stdout_eq("")
        .stderr_eq("there is no line to send: type one, or pass it on standard input\n");
}

/// An empty line is a line, and an empty datagram a datagram.
#[test]
fn an_empty_message() {
    let (mut server, address) = Process::serve("message server");
    pipe(socklab(&format!("message client {address}")), "\n").success();
    assert_eq!(server.says(), "");
    assert_eq!(server.end(), QUIETLY);
}

/// UDP sends whether or not anybody listens; Linux knows at once when nobody on this computer does.
#[cfg(target_os = "linux")]
#[test]
fn a_message_to_nobody() {
    on_every_runtime(|runtime| {
        let (address, _taken) = crate::common::nobody_on_udp();
        let client = socklab(&format!("message client {address} {runtime}"));
        pipe(client, "hola\n")
            .success()
            .stdout_eq("")
            .stderr_eq(format!(
                "sent, but nothing listens at {address}: UDP sends whether or not a server is up\n"
            ));
    });
}

#[test]
fn echo() {
    on_every_runtime(|runtime| {
        let (mut server, address) = Process::serve(&format!("echo server {runtime}"));
        let client = socklab(&format!("echo client {address} {runtime}"));
        pipe(client, "hola\nñandú\nstraße\n\nfin\nnot this\n")
            .success()
            .stdout_eq("HOLA\nÑANDÚ\nSTRASSE\n\nFIN\n")
            .stderr_eq("");
        for line in ["hola", "ñandú", "straße", "", "fin"] {
            assert_eq!(server.says(), line);
        }
        assert_eq!(server.end(), QUIETLY);
    });
}

/// PowerShell pipes a byte-order mark before the first line, and ends lines as Windows does.
#[test]
fn what_powershell_pipes() {
    on_every_runtime(|runtime| {
        let (server, address) = Process::serve(&format!("echo server {runtime}"));
        let client = socklab(&format!("echo client {address} {runtime}"));
        pipe(client, "\u{feff}fin\r\n").success().stdout_eq("FIN\n");
        assert_eq!(server.end().code, Some(0));
    });
}

/// The example of docs/command.md, to the letter.
#[test]
fn the_pages_echo() {
    let (_server, address) = Process::serve("echo server");
    let ended = pipe(socklab(&format!("echo client {address}")), "hola\nfin\n").success();
    assert_eq!(ended.get_output().stdout, b"HOLA\nFIN\n");
    assert_eq!(ended.get_output().stderr, b"");
}

/// Each reply is there when it comes, not when the program ends: a program can drive it.
#[test]
fn echo_by_turns() {
    on_every_runtime(|runtime| {
        let (mut server, address) = Process::serve(&format!("echo server {runtime}"));
        let mut client = Process::start(socklab(&format!("echo client {address} {runtime}")));
        for (line, reply) in [("hola", "HOLA"), ("adiós", "ADIÓS"), ("Fin", "FIN")] {
            client.types(line);
            assert_eq!(client.says(), reply);
            assert_eq!(server.says(), line);
        }
        assert_eq!(client.end(), QUIETLY);
        assert_eq!(server.end(), QUIETLY);
    });
}

/// At the end of its input the client stops and sends nothing, so the server stays.
#[test]
fn an_echo_client_without_more_lines() {
    let (mut server, address) = Process::serve("echo server");
    for line in ["uno\n", "dos", ""] {
        let client = socklab(&format!("echo client {address}"));
        let reply = if line.is_empty() {
            ""
        } else {
            &format!("{}\n", line.trim().to_uppercase())
        };
        pipe(client, line).success().stdout_eq(reply).stderr_eq("");
    }
    pipe(socklab(&format!("echo client {address}")), "fin\n").success();
    assert_eq!(server.says(), "uno");
    assert_eq!(server.says(), "dos");
    assert_eq!(server.says(), "fin");
    assert_eq!(server.end(), QUIETLY);
}

#[test]
fn keep_serving() {
    on_every_runtime(|runtime| {
        let (mut server, address) =
            Process::serve(&format!("echo server --keep-serving {runtime}"));
        for _ in 0..3 {
            let client = socklab(&format!("echo client {address} {runtime}"));
            pipe(client, "hola\nfin\n")
                .success()
                .stdout_eq("HOLA\nFIN\n");
            assert_eq!(server.says(), "hola");
            assert_eq!(server.says(), "fin");
        }
    });
}

#[test]
fn chat() {
    on_every_runtime(|runtime| {
        let (mut server, address) = Process::serve(&format!("chat server {runtime}"));
        server.types("buenas");
        server.types("bien, ¿y tú?");
        server.types("not this");
        let client = socklab(&format!("chat client {address} {runtime}"));
        pipe(client, "hola\n¿qué tal?\nfin\nnot this\n")
            .success()
            .stdout_eq("buenas\nbien, ¿y tú?\n")
            .stderr_eq("");
        for line in ["hola", "¿qué tal?", "fin"] {
            assert_eq!(server.says(), line);
        }
        let ended = server.end();
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
        assert!(ended.stderr.starts_with("the chat with 127.0.0.1:"));
        assert!(ended.stderr.ends_with(" has begun\n"));
    });
}

/// Whoever has no more lines says `fin` on his turn, and both close.
#[test]
fn a_chat_ends_with_the_input_of_either() {
    on_every_runtime(|runtime| {
        let (mut server, address) = Process::serve(&format!("chat server {runtime}"));
        server.types("buenas");
        let client = socklab(&format!("chat client {address} {runtime}"));
        pipe(client, "hola\n").success().stdout_eq("buenas\n");
        assert_eq!(
            (server.says(), server.says()),
            ("hola".into(), "fin".into())
        );
        assert_eq!(server.end().code, Some(0));

        let (mut server, address) = Process::serve(&format!("chat server {runtime}"));
        server.ends_input();
        let client = socklab(&format!("chat client {address} {runtime}"));
        pipe(client, "hola\nnot this\n")
            .success()
            .stdout_eq("fin\n");
        assert_eq!(server.says(), "hola");
        assert_eq!(server.end().code, Some(0));
    });
}

/// Only `fin` itself ends a chat; an echo ends with whatever is `FIN` in capitals.
#[test]
fn a_chat_goes_on_after_other_fins() {
    let (mut server, address) = Process::serve("chat server");
    let mut client = Process::start(socklab(&format!("chat client {address}")));
    for line in ["Fin", "FIN", "fin ", "final"] {
        client.types(line);
        assert_eq!(server.says(), line);
        server.types(line);
        assert_eq!(client.says(), line);
    }
    client.types("fin");
    let client = client.end();
    assert_eq!((client.code, &*client.stdout), (Some(0), ""));
    // Each end says of the other that this does not end it.
    let almost = |said: &str| said.matches("is not the last word").count();
    assert_eq!(almost(&client.stderr), 3, "{}", client.stderr);
    assert_eq!(server.says(), "fin");
    let server = server.end();
    assert_eq!(server.code, Some(0));
    assert_eq!(almost(&server.stderr), 3, "{}", server.stderr);
}

/// A chat belongs to the first who speaks. Others are named once and dropped.
#[test]
fn a_stranger_in_a_chat() {
    on_every_runtime(|runtime| {
        let (mut server, address) = Process::serve(&format!("chat server {runtime}"));
        let (first, first_address) = datagrams();
        let (other, other_address) = datagrams();
        first.send_to(b"hola", address).expect("sent");
        assert_eq!(server.says(), "hola");
        assert_eq!(
            server.notes(),
            format!("the chat with {first_address} has begun")
        );
        server.types("buenas");
        assert_eq!(datagram(&first), ("buenas".to_owned(), address));

        other.send_to(b"fin", address).expect("sent");
        assert_eq!(
            server.notes(),
            format!("dropped a datagram from {other_address}, who is not in this chat")
        );
        other.send_to(b"fin", address).expect("sent");
        first.send_to(b"fin", address).expect("sent");
        assert_eq!(server.says(), "fin");
        assert_eq!(server.end(), QUIETLY);
    });
}

/// The server names where each connection comes from, and stays; each comes from a new port.
#[test]
fn welcome() {
    on_every_runtime(|runtime| {
        let (mut server, address) = Process::serve(&format!("welcome server {runtime}"));
        let mut ports = Vec::new();
        for _ in 0..3 {
            run(&format!("welcome client {address} {runtime}"))
                .success()
                .stdout_eq("Bienvenido al Servidor\n")
                .stderr_eq("");
            let line = server.notes();
            let port = line
                .strip_prefix("Connection from 127.0.0.1:")
                .and_then(|rest| rest.strip_suffix(" established!"))
                .and_then(|port| port.parse::<u16>().ok());
            ports.push(port.unwrap_or_else(|| panic!("{line:?}")));
        }
        assert!(ports[0] != ports[1] && ports[1] != ports[2], "{ports:?}");
    });
}

/// Whoever waits in a connection is in nobody's way.
#[test]
fn welcome_to_many_at_once() {
    on_every_runtime(|runtime| {
        let (_server, address) = Process::serve(&format!("welcome server {runtime}"));
        let clients: Vec<Process> = (0..8)
            .map(|_| Process::start(socklab(&format!("welcome client {address} {runtime}"))))
            .collect();
        for client in clients {
            let ended = client.end();
            assert_eq!(
                (ended.code, &*ended.stdout),
                (Some(0), "Bienvenido al Servidor\n")
            );
        }
    });
}

/// An IPv6 address is one as any other, in brackets.
#[test]
fn over_ipv6() {
    if std::net::UdpSocket::bind("[::1]:0").is_err() {
        let _ = std::io::stderr().write_all(b"SKIPPED: this computer has no IPv6\n");
        return;
    }
    on_every_runtime(|runtime| {
        for (exercise, input, output) in [
            ("echo", "hola\nfin\n", "HOLA\nFIN\n"),
            ("welcome", "", "Bienvenido al Servidor\n"),
        ] {
            let server = socklab(&format!("{exercise} server --listen [::1]:0 {runtime}"));
            let mut server = Process::start(server);
            let ready = server.notes();
            let address = ready.rsplit(' ').next().expect("an address");
            assert!(address.starts_with("[::1]:"), "{ready}");
            let client = socklab(&format!("{exercise} client {address} {runtime}"));
            pipe(client, input)
                .success()
                .stdout_eq(output)
                .stderr_eq("");
        }
    });
}

/// A server on another runtime than its client makes no difference to either.
#[test]
fn every_pair_of_runtimes() {
    on_every_runtime(|of_server| {
        on_every_runtime(|of_client| {
            let (mut server, address) = Process::serve(&format!("echo server {of_server}"));
            let client = socklab(&format!("echo client {address} {of_client}"));
            pipe(client, "hola\nfin\n")
                .success()
                .stdout_eq("HOLA\nFIN\n")
                .stderr_eq("");
            assert_eq!([server.says(), server.says()], ["hola", "fin"]);
            assert_eq!(server.end(), QUIETLY);
        });
    });
}

/// `--quiet` is for measurements: nothing at all is shown.
#[test]
fn quiet() {
    on_every_runtime(|runtime| {
        // It does not say when it is ready, nor where; its transcript does.
        let file = scratch(&format!("quiet {runtime}"));
        let mut server = socklab(&format!("echo server --quiet --listen :0 {runtime}"));
        let server = Process::start({
            server.arg("--transcript").arg(&file);
            server
        });
        let local = line_of(&file, |line| line.contains(" -- local = "));
        let (_, address) = local.split_once(" = ").expect("an address");

        let client = socklab(&format!("echo client {address} --quiet {runtime}"));
        pipe(client, "hola\nfin\n")
            .success()
            .stdout_eq("")
            .stderr_eq("");
        assert_eq!(server.end(), QUIETLY);
        // What the machine wanted to be shown stands in the transcript all the same.
        line_of(&file, |line| line.contains("<- show \"hola\""));
    });
}

/// As many threads as were asked for, beside the main one and the one that waits for signals.
#[test]
#[cfg(target_os = "linux")]
fn threads() {
    for (words, threads) in [
        ("welcome server --runtime blocking-pool --threads 5", 7),
        ("welcome server --runtime mio-loops --threads 5", 6),
        ("welcome server --runtime tokio --threads 5", 7),
        ("echo server --runtime mio-loops --threads 5", 6),
        // One machine, one loop.
        ("chat server --runtime mio-loops --threads 5", 1),
    ] {
        let (server, _) = Process::serve(words);
        crate::common::eventually(words, || (server.threads() == threads).then_some(()));
    }
}

//! Ctrl-C and SIGTERM: a client ends with 130, a server stops cleanly with 0, wherever it waits.

use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use rustix::process::Signal;

use crate::common::{
    Ended, PATIENCE, Running, datagram, datagrams, line_of, on_every_runtime, one_connection,
    scratch, socklab,
};

const SIGNALS: [Signal; 2] = [Signal::INT, Signal::TERM];

/// A client that was stopped, and had nothing to say about it.
fn interrupted(client: Running) {
    let ended = client.end();
    assert_eq!(
        (ended.code, &*ended.stdout, &*ended.stderr),
        (Some(130), "", "")
    );
}

/// A server that stopped, and said so and nothing else.
fn stopped(server: Running) {
    let ended = server.end();
    assert_eq!(
        (ended.code, &*ended.stdout, &*ended.stderr),
        (Some(0), "", "the server has stopped\n")
    );
}

/// On every runtime, with each signal.
fn each(test: impl Fn(&str, Signal)) {
    on_every_runtime(|runtime| {
        for signal in SIGNALS {
            eprintln!("with {signal:?}");
            test(runtime, signal);
        }
    });
}

#[test]
fn a_client_that_waits_for_a_reply() {
    each(|runtime, signal| {
        for exercise in ["echo", "chat"] {
            let (socket, address) = datagrams();
            let words = format!("{exercise} client {address} --timeout 0 {runtime}");
            let mut client = Running::start(socklab(&words));
            client.types("hola");
            assert_eq!(datagram(&socket).0, "hola");
            client.signal(signal);
            interrupted(client);
        }
    });
}

#[test]
fn a_client_that_waits_for_a_connection_to_speak() {
    each(|runtime, signal| {
        for client in [
            "welcome client",
            "submit client --name Ana --dni 123456 --otp 123456",
        ] {
            let (connected, is_connected) = std::sync::mpsc::channel();
            let (serving, address) = one_connection(move |mut stream| {
                connected.send(()).expect("the test waits");
                let _ = stream.read_to_end(&mut Vec::new());
            });
            let words = format!("{client} {address} --timeout 0 {runtime}");
            let client = Running::start(socklab(&words));
            is_connected.recv_timeout(PATIENCE).expect("a connection");
            client.signal(signal);
            interrupted(client);
            serving.join().expect("a peer");
        }
    });
}

/// A blocked read of standard input must not keep it.
#[test]
fn a_client_that_waits_for_a_line() {
    each(|runtime, signal| {
        for exercise in ["message", "echo", "chat", "submit"] {
            let (_socket, address) = datagrams();
            let file = scratch(exercise);
            let mut command = socklab(&format!("{exercise} client {address} {runtime}"));
            command.arg("--transcript").arg(&file);
            let client = Running::start(command);
            // From a pipe nothing asks; the transcript tells when it would.
            line_of(&file, |line| line.contains("<- prompt "));
            client.signal(signal);
            interrupted(client);
        }
    });
}

/// Whoever leaves a chat on his turn takes his leave of the other.
#[test]
fn a_chat_client_says_fin_before_it_leaves() {
    each(|runtime, signal| {
        let (socket, address) = datagrams();
        let words = format!("chat client {address} {runtime}");
        let mut client = Running::start(socklab(&words));
        client.types("hola");
        let (_, peer) = datagram(&socket);
        socket.send_to(b"buenas", peer).expect("sent");
        assert_eq!(client.says(), "buenas");
        client.signal(signal);
        assert_eq!(datagram(&socket), ("fin".to_owned(), peer));
        interrupted(client);
    });
}

#[test]
fn a_server_that_waits_for_the_first_datagram() {
    each(|runtime, signal| {
        for exercise in ["message", "echo", "chat"] {
            let (server, _) = Running::serve(&format!("{exercise} server {runtime}"));
            server.signal(signal);
            stopped(server);
        }
    });
}

#[test]
fn a_server_that_waits_for_the_next_datagram() {
    each(|runtime, signal| {
        let (mut server, address) = Running::serve(&format!("echo server {runtime}"));
        let (socket, _) = datagrams();
        socket.send_to(b"hola", address).expect("sent");
        assert_eq!(datagram(&socket).0, "HOLA");
        assert_eq!(server.says(), "hola");
        server.signal(signal);
        stopped(server);
    });
}

#[test]
fn a_server_that_waits_for_its_own_user() {
    each(|runtime, signal| {
        let (mut server, address) = Running::serve(&format!("chat server {runtime}"));
        let (socket, client) = datagrams();
        socket.send_to(b"hola", address).expect("sent");
        assert_eq!(server.says(), "hola");
        assert_eq!(server.notes(), format!("the chat with {client} has begun"));
        server.signal(signal);
        assert_eq!(datagram(&socket).0, "fin");
        stopped(server);
    });
}

#[test]
fn a_server_that_waits_for_a_connection() {
    each(|runtime, signal| {
        let (server, _) = Running::serve(&format!("welcome server {runtime}"));
        server.signal(signal);
        stopped(server);
    });
}

/// Clients that neither read nor close keep nobody.
#[test]
fn a_server_with_connections_open() {
    each(|runtime, signal| {
        let (mut server, address) = Running::serve(&format!("welcome server {runtime}"));
        let open: Vec<TcpStream> = (0..3)
            .map(|_| {
                let mut stream = TcpStream::connect(address).expect("a connection");
                stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
                stream.read_exact(&mut [0; 22]).expect("the banner");
                assert!(server.notes().starts_with("Connection from "));
                stream
            })
            .collect();
        server.signal(signal);
        stopped(server);
        drop(open);
    });
}

/// Having stopped, it has let go of its port.
#[test]
fn the_port_is_free_after_a_stop() {
    each(|runtime, signal| {
        for exercise in ["echo", "welcome"] {
            let (server, address) = Running::serve(&format!("{exercise} server {runtime}"));
            server.signal(signal);
            stopped(server);
            let again = socklab(&format!("{exercise} server --listen {address} {runtime}"));
            let mut again = Running::start(again);
            assert_eq!(again.notes(), format!("the server is ready at {address}"));
        }
    });
}

/// `--quiet` says not even that.
#[test]
fn a_quiet_server_stops_quietly() {
    on_every_runtime(|runtime| {
        let file = scratch("quiet stop");
        let mut command = socklab(&format!("echo server --listen :0 --quiet {runtime}"));
        command.arg("--transcript").arg(&file);
        let server = Running::start(command);
        line_of(&file, |line| line.ends_with("-- state Serving"));
        server.signal(Signal::TERM);
        let ended = server.end();
        let nothing = Ended {
            code: Some(0),
            stdout: String::new(),
            stderr: String::new(),
        };
        assert_eq!(ended, nothing);
    });
}

/// A time-out of a thousand seconds does not put a stop off.
#[test]
fn a_stop_is_prompt() {
    on_every_runtime(|runtime| {
        let (socket, address) = datagrams();
        let words = format!("echo client {address} --timeout 1000 {runtime}");
        let mut client = Running::start(socklab(&words));
        client.types("hola");
        datagram(&socket);
        let (took, ()) = crate::common::timed(|| {
            client.signal(Signal::INT);
            interrupted(client);
        });
        assert!(
            took < Duration::from_millis(1400),
            "it was ended by force: {took:?}"
        );
    });
}

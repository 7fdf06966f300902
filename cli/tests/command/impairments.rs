//! `--pieces`, `--delay`, `--lose`, `--seed`: an end that misbehaves on request.

#[cfg(unix)]
use std::fs;
use std::time::Duration;

use crate::common::{Process, datagrams, on_every_runtime, pipe, socklab, stderr, timed};
#[cfg(unix)]
use crate::common::{others, run, scratch};

/// What a server's transcript says that it sent, one line for each call.
fn sent(transcript: &str) -> Vec<&str> {
    let sends = transcript.lines().filter(|line| line.contains(" <- send "));
    let payload = sends.filter_map(|line| line.split_once('"')?.1.strip_suffix('"'));
    payload.collect()
}

#[cfg(unix)]
fn pieces_on(runtime: &str) {
    let file = scratch("pieces");
    let words = format!("welcome server --listen :0 --pieces 1 {runtime} --transcript");
    let mut command = socklab(&words);
    command.arg(&file);
    let (mut server, address) = Process::ready(command);
    run(&format!("welcome client {address}"))
        .success()
        .stdout_eq("Bienvenido al Servidor\n");
    server.notes();
    // With pieces of one byte nothing is left to chance, so no seed is said.
    server.signal(rustix::process::Signal::TERM);
    server.end();
    let transcript = fs::read_to_string(&file).unwrap();
    let sent = sent(&transcript);
    assert_eq!(sent.concat(), "Bienvenido al Servidor");
    assert_eq!(sent.len(), 22, "{transcript}");
    assert!(transcript.contains("no-delay"), "{transcript}");
    fs::remove_file(file).unwrap();
}

#[cfg(unix)]
#[test]
fn every_byte_of_a_stream_is_a_send_of_its_own() {
    on_every_runtime(pieces_on);
    for runtime in others().into_iter().filter(|one| *one != "signal-driven") {
        pieces_on(&format!("--runtime {runtime}"));
    }
}

#[test]
fn a_reply_is_late() {
    on_every_runtime(|runtime| {
        let (server, address) = Process::serve(&format!("echo server --delay 300 {runtime}"));
        let client = socklab(&format!("echo client {address} {runtime}"));
        let (took, ended) = timed(|| pipe(client, "fin\n"));
        ended.success().stdout_eq("FIN\n").stderr_eq("");
        assert!(took >= Duration::from_millis(300), "{took:?}");
        let ended = server.end();
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "fin\n"));
    });
}

#[test]
fn the_same_seed_loses_the_same_datagrams() {
    /// How long those are that are lost of twenty, each longer than the one before.
    fn lost(runtime: &str, seed: u32) -> Vec<String> {
        let words = format!("echo server --lose 50 --seed {seed} {runtime}");
        let (server, address) = Process::serve(&words);
        let (client, _) = datagrams();
        for len in 4..24 {
            client.send_to("x".repeat(len).as_bytes(), address).unwrap();
        }
        client.send_to(b"fin", address).unwrap();
        let said = server.end().stderr;
        let lines = said.lines().map(|line| {
            let (lost, _) = line.split_once(" to ").unwrap();
            lost.to_owned()
        });
        lines.collect()
    }
    on_every_runtime(|runtime| {
        let first = lost(runtime, 7);
        assert!((2..19).contains(&first.len()), "{first:?}");
        assert_eq!(lost(runtime, 7), first);
        assert_eq!(lost("", 7), first, "every runtime loses the same");
        assert_ne!(lost(runtime, 8), first);
    });
}

/// A process for each connection: the seed that the first one has drawn is that of all.
#[cfg(target_os = "linux")]
#[test]
fn processes_have_the_seed_of_their_parent() {
    for design in ["blocking-process", "blocking-prefork"] {
        let mut server = Process::start(socklab(&format!(
            "welcome server --listen :0 --pieces 5 --runtime {design}"
        )));
        assert!(server.notes().starts_with("random faults: --seed "));
        let address = server.notes();
        let address = address.rsplit(' ').next().unwrap();
        for _ in 0..3 {
            run(&format!("welcome client {address}"))
                .success()
                .stdout_eq("Bienvenido al Servidor\n");
        }
        server.signal(rustix::process::Signal::TERM);
        let said = server.end().stderr;
        assert!(!said.contains("random faults"), "{design}: {said}");
    }
}

#[test]
fn what_is_lost_is_said_and_a_seed_that_was_drawn() {
    let (_server, address) = Process::serve("echo server");
    let client = socklab(&format!("echo client {address} --lose 100 --timeout 0.1"));
    let said = stderr(&pipe(client, "hola\n").code(1).stdout_eq(""));
    let lines: Vec<&str> = said.lines().collect();
    let seed = lines[0].strip_prefix("random faults: --seed ").unwrap();
    seed.strip_suffix(" repeats them")
        .unwrap()
        .parse::<u64>()
        .unwrap();
    assert_eq!(
        lines[1],
        format!("lost on purpose: a datagram of 4 bytes to {address}")
    );
    assert_eq!(lines.len(), 3, "{said}");

    let client = socklab(&format!(
        "--lang es echo client {address} --lose 100 --timeout 0.1"
    ));
    let said = stderr(&pipe(client, "x\n").code(1));
    assert!(said.starts_with("fallos al azar: --seed "), "{said}");
    assert!(said.contains(&format!(
        "perdido a propósito: un datagrama de 1 byte para {address}"
    )));
    let client = socklab(&format!(
        "echo client {address} --quiet --lose 100 --timeout 0.1"
    ));
    assert_eq!(stderr(&pipe(client, "x\n").code(1)).lines().count(), 1);
}

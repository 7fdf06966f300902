//! Programs in other languages, found, proved, measured and ended.
#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use socklab_core::lab;
use socklab_process::{ProcessUsage, Program, ProgramSpec, Unproved, peers, prove};

fn command(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|part| (*part).to_owned()).collect()
}

fn start(exercise: &str, command: &[String]) -> std::io::Result<Program> {
    let transport = lab::find(exercise).expect("an exercise").transport;
    Program::start(&ProgramSpec {
        command,
        exercise,
        transport,
        cores: &[],
    })
}

/// A Python server of `welcome` that does `body` with each connection.
fn python(body: &str) -> Vec<String> {
    let program = format!(
        "import socket, sys, os\n\
         server = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n\
         while True:\n    connection, _ = server.accept()\n    {body}\n"
    );
    command(&["python3", "-c", &program, "{port}"])
}

#[test]
fn the_peers_do_the_exercises() {
    let folder = std::env::temp_dir().join(format!("socklab-peers-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let peers: Vec<_> = peers(&folder).into_iter().map(Result::unwrap).collect();
    assert_eq!(peers.len(), 3);
    for peer in &peers {
        for exercise in ["echo", "capitals", "welcome"] {
            let program = start(exercise, &peer.command).expect(peer.name);
            let proved = prove(exercise, program.address);
            assert!(proved.is_ok(), "{} {exercise}: {proved:?}", peer.name);
            let usage = ProcessUsage::of(program.id()).expect("it lives");
            assert!(usage.cpu > Duration::ZERO && usage.memory > 0);
        }
        // 20 ms, where it is asked for them.
        let program = start("capitals", &peer.command).expect(peer.name);
        let mut stream = TcpStream::connect(program.address).expect("it listens");
        let asked = Instant::now();
        stream.write_all(b"wait 20 ms\n").expect("it takes it");
        let mut reply = [0; 11];
        stream.read_exact(&mut reply).expect("it answers");
        assert_eq!(&reply, b"WAIT 20 MS\n");
        assert!(
            asked.elapsed() >= Duration::from_millis(20),
            "{}",
            peer.name
        );
    }
    let _ = std::fs::remove_dir_all(folder);
}

#[test]
fn one_that_answers_once_is_not_asked_by_being_looked_for() {
    let mut once = start(
        "welcome",
        &python("connection.send(b'Bienvenido al Servidor'); break"),
    )
    .expect("it starts");
    let proved = prove("welcome", once.address);
    assert_eq!(proved, Err(Unproved::Silent { after: 1 }));
    assert_eq!(once.last_line(), "exit status: 0");
}

#[test]
fn what_it_said_last_is_known() {
    let crash = "import sys; print('before', file=sys.stderr); raise SystemExit('no such thing')";
    let died = start("welcome", &command(&["python3", "-c", crash])).expect_err("it ends");
    assert_eq!(died.to_string(), "no such thing");
    let died = start("welcome", &command(&["no-such-program-anywhere"])).expect_err("none");
    assert_eq!(died.kind(), std::io::ErrorKind::NotFound);

    let mut raises = start("welcome", &python("raise ValueError('ñ')")).expect("it starts");
    let proved = prove("welcome", raises.address);
    assert_eq!(proved, Err(Unproved::Silent { after: 0 }));
    assert_eq!(raises.last_line(), "ValueError: ñ");
}

#[test]
fn one_that_answers_wrongly_is_told() {
    let wrong = start(
        "welcome",
        &python("connection.send(b'Hello'); connection.close()"),
    );
    let wrong = wrong.expect("it starts");
    let differs = Unproved::Differs {
        expected: b"Bienvenido al Servidor".to_vec(),
        got: b"Hello".to_vec(),
    };
    assert_eq!(prove("welcome", wrong.address), Err(differs));
}

#[test]
fn children_end_with_it_and_are_charged_to_it() {
    // One child for each connection, one of which has left its group.
    let forks = python(
        "os.fork() or (os.setsid(), [hash(i) for i in range(10**6)], sys.stdin.read(), \
                        connection.recv(1), sys.exit())",
    );
    let program = start("welcome", &forks).expect("it starts");
    let before = ProcessUsage::of(program.id()).expect("it lives");
    let connections: Vec<_> = (0..2)
        .map(|_| TcpStream::connect(program.address).expect("it listens"))
        .collect();
    let until = Instant::now() + Duration::from_secs(10);
    let mut usage = before;
    while usage.cpu < before.cpu + Duration::from_millis(20) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
        usage = ProcessUsage::of(program.id()).expect("it lives");
    }
    assert!(
        usage.cpu >= before.cpu + Duration::from_millis(20),
        "{usage:?}"
    );
    assert_eq!(usage.threads, 3);
    drop(program);
    for mut connection in connections {
        connection
            .set_read_timeout(Some(Duration::from_secs(5)))
            .expect("a limit");
        // All who held the connection are gone.
        let end = connection.read(&mut [0]);
        assert!(!matches!(end, Err(ref error) if error.kind() == std::io::ErrorKind::WouldBlock));
    }
}

#[test]
fn one_that_is_suspended_uses_no_time() {
    let spin = "import socket, sys\n\
                server = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n\
                while True: pass";
    let program =
        start("welcome", &command(&["python3", "-c", spin, "{port}"])).expect("it starts");
    let cpu = || ProcessUsage::cpu(program.id()).expect("it lives");
    program.set_suspended(true);
    // A signal takes a moment to arrive.
    let mut before = cpu();
    let stopped = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        let was = std::mem::replace(&mut before, cpu());
        was == before
    });
    assert!(stopped);
    program.set_suspended(false);
    let until = Instant::now() + Duration::from_secs(10);
    while cpu() == before && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(cpu() > before);
}

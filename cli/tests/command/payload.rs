//! Payload that cannot be written, or that its reader does not want any more.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{
    PATIENCE, datagrams, on_disk, on_every_runtime, pipe, scratch, socklab, stderr,
};

/// The command writes onto a disk without room: its exit status and what it said.
fn onto_a_full_disk(mut command: Command) -> (Option<i32>, String) {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ended = command.stdout(full).output().unwrap();
    (
        ended.status.code(),
        String::from_utf8(ended.stderr).unwrap(),
    )
}

/// Sends back whatever comes, and returns how much it was, once nothing comes any more.
fn parrot(socket: UdpSocket) -> thread::JoinHandle<usize> {
    socket
        .set_read_timeout(Some(Duration::from_secs(2)))
        .unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        let mut count = 0;
        while let Ok((len, peer)) = socket.recv_from(&mut buffer) {
            socket
                .send_to(&buffer[..len].to_ascii_uppercase(), peer)
                .unwrap();
            count += 1;
        }
        count
    })
}

#[test]
fn a_full_disk_is_a_failure_that_names_standard_output() {
    let transcript = scratch("full disk");
    let (socket, address) = datagrams();
    let parrot = parrot(socket);
    let line = scratch("a line");
    fs::write(&line, "hola\nFIN\n").unwrap();
    let mut client = socklab(&format!("echo client {address}"));
    client.arg("--transcript").arg(&transcript);
    client.stdin(File::open(&line).unwrap());
    let (code, said) = onto_a_full_disk(client);
    let full = "standard output: No space left on device (os error 28)\n";
    assert_eq!((code, &*said), (Some(1), full), "a client");
    // The peer was not left alone.
    assert_eq!(parrot.join().unwrap(), 2);

    let mut show = socklab("transcript show");
    show.arg(&transcript);
    assert_eq!(onto_a_full_disk(show), (Some(1), full.to_owned()));
    for words in [
        "--help",
        "--version",
        "echo client --help",
        "otp code --dni 123456",
        "otp enroll --dni 123456 --no-verify",
        "otp verify --dni 123456 186818",
        "compare --list",
        "timeline message --models blocking",
        "tour message --runtime blocking",
        "lesson",
    ] {
        let mut command = socklab(words);
        command.stdin(Stdio::null());
        let (code, said) = onto_a_full_disk(command);
        assert_eq!(code, Some(1), "{words}: {said}");
        assert!(said.ends_with(full), "{words}: {said}");
    }
}

/// As `socklab … | head -1`: a client ends with its reader, and not after all of its input.
#[test]
fn a_client_ends_with_its_reader() {
    let lines = scratch("many lines");
    fs::write(&lines, "hola\n".repeat(22_000)).unwrap();
    on_every_runtime(|runtime| {
        let (socket, address) = datagrams();
        let parrot = parrot(socket);
        let mut client = socklab(&format!("echo client {address} {runtime}"));
        client.stdin(File::open(&lines).unwrap());
        client.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut client = client.spawn().unwrap();
        let mut first = String::new();
        let mut reader = BufReader::with_capacity(8, client.stdout.take().unwrap());
        reader.read_line(&mut first).unwrap();
        assert_eq!(first, "HOLA\n", "{runtime}");
        drop(reader);
        let ended = client.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(141), "{runtime}");
        assert_eq!(ended.stderr, b"", "{runtime}");
        let answered = parrot.join().unwrap();
        assert!(answered < 22_000, "{runtime}: {answered}");
    });
}

/// Long work for a reader who has seen enough is not done.
#[test]
fn a_command_ends_with_its_reader() {
    for words in ["tour", "otp code --dni 123456", "--help"] {
        // The reader has gone before the command begins.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = socklab(words);
        command.stdin(Stdio::null()).stdout(writer);
        let ended = command.output().unwrap();
        assert_eq!(ended.status.code(), Some(141), "{words}");
        assert_eq!(ended.stderr, b"", "{words}");
    }
}

/// As `socklab … | head -1`, of what would go on for ever: it leaves with its reader, although it
/// has no more to write.
#[test]
fn what_goes_on_for_ever_ends_with_its_reader() {
    let folder = on_disk();
    let register = folder.path().join("register.db");
    let location: socklab_register::Location = register.to_str().unwrap().parse().unwrap();
    drop(location.archive_or_create().unwrap());
    for words in ["register status --watch", "lesson head-of-line"] {
        let mut command = socklab(words);
        if words.starts_with("register") {
            command.arg("--register").arg(&register);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // No answer to the lesson's question, again and again.
        thread::spawn(move || while writeln!(stdin, "?").is_ok() {});
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        reader.read_line(&mut String::new()).unwrap();
        drop(reader);
        let start = Instant::now();
        let ended = loop {
            if let Some(ended) = child.try_wait().unwrap() {
                break ended.code();
            }
            if start.elapsed() > PATIENCE {
                child.kill().unwrap();
            }
            thread::sleep(Duration::from_millis(10));
        };
        assert_eq!(ended, Some(141), "{words}");
    }
}

/// A line that is too long is told with its own length.
#[test]
fn a_long_line_is_told_with_its_length() {
    let (_socket, address) = datagrams();
    for (exercise, length) in [("echo", 1_000_000), ("message", 200_000), ("chat", 70_000)] {
        let command = socklab(&format!("{exercise} client {address}"));
        let ended = pipe(command, "a".repeat(length) + "\n").code(1);
        let said = stderr(&ended);
        let told = format!("your line has {length} bytes and a datagram carries at most 65507");
        assert!(said.starts_with(&told), "{exercise}: {said}");
    }
}

/// A server that has served says too why it ends with 1.
#[test]
fn a_server_whose_payload_was_lost_says_so() {
    let mut server = socklab("message server --listen :0");
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    server.stdout(full).stderr(Stdio::piped());
    let mut running = server.spawn().unwrap();
    let mut lines = BufReader::new(running.stderr.take().unwrap()).lines();
    let ready = lines.next().unwrap().unwrap();
    let address = ready.rsplit(' ').next().unwrap().to_owned();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(b"hola", address).unwrap();
    let said: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(running.wait().unwrap().code(), Some(1));
    let last = said.last().unwrap();
    assert_eq!(
        last,
        "standard output: No space left on device (os error 28)"
    );
}

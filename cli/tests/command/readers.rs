//! A reader that has stopped (Ctrl-S, a pager, a pipe that no program reads) does not stop a
//! server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::common::{PATIENCE, code_now, on_every_runtime, pipe, scratch, socklab, stderr};

/// A server whose two streams are pipes. One is read up to the address, and no further.
struct PipedServer {
    child: Child,
    address: SocketAddr,
    // Kept, so that the pipe stays open; not read before the server is told to end.
    stderr: BufReader<std::process::ChildStderr>,
}

fn serve(words: &str) -> PipedServer {
    start(socklab(words))
}

fn start(mut command: Command) -> PipedServer {
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    let address = line.trim().rsplit(' ').next().unwrap().parse().unwrap();
    PipedServer {
        child,
        address,
        stderr,
    }
}

/// One that says nothing when it is ready.
fn start_quietly(mut command: Command, address: SocketAddr) -> PipedServer {
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(begun.elapsed() < PATIENCE, "it does not begin");
        std::thread::sleep(Duration::from_millis(10));
    }
    let stderr = BufReader::new(child.stderr.take().unwrap());
    PipedServer {
        child,
        address,
        stderr,
    }
}

impl PipedServer {
    /// It ends, although nobody reads what it says.
    fn ends(mut self, runtime: &str) {
        assert_eq!(self.ended(runtime), Some(0), "{runtime}");
    }

    fn ended(&mut self, runtime: &str) -> Option<i32> {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        let begun = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < PATIENCE, "{runtime}: it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
        self.child.wait().unwrap().code()
    }
}

/// More notices than a pipe holds (64 KiB), one for each connection.
#[test]
fn unread_notices_stop_no_server() {
    on_every_runtime(|runtime| {
        let server = serve(&format!("welcome server --listen :0 {runtime}"));
        for _ in 0..2500 {
            let mut stream = TcpStream::connect(server.address).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let mut banner = String::new();
            stream.read_to_string(&mut banner).unwrap();
            assert_eq!(banner, "Bienvenido al Servidor", "{runtime}");
        }
        server.ends(runtime);
    });
}

/// More payload than a pipe and the queue hold: 3 MiB.
#[test]
fn unread_payload_stops_no_server() {
    on_every_runtime(|runtime| {
        let server = serve(&format!("echo server --listen :0 --keep-serving {runtime}"));
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.connect(server.address).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        let (text, mut reply) = (vec![b'a'; 30_000], vec![0; 65_536]);
        for _ in 0..100 {
            client.send(&text).unwrap();
            assert_eq!(client.recv(&mut reply).unwrap(), text.len(), "{runtime}");
        }
        server.ends(runtime);
    });
}

/// A named pipe without a reader is refused at once, before anything else is made.
#[test]
fn a_log_without_a_reader_is_refused() {
    let folder = scratch("no reader");
    std::fs::create_dir_all(&folder).unwrap();
    let (log, register) = (folder.join("log"), folder.join("register.db"));
    let made = Command::new("mkfifo").arg(&log).status();
    assert!(made.unwrap().success());
    let mut submissions = socklab("submit server --listen :0");
    submissions.arg("--register").arg(&register);
    let welcome = socklab("welcome server --listen :0");
    for (mut command, option) in [(submissions, "--log"), (welcome, "--transcript")] {
        command.arg(option).arg(&log);
        let said = stderr(&pipe(command, "").code(1));
        let refused = format!("{}: no program reads this pipe", log.display());
        assert!(said.starts_with(&refused), "{said}");
    }
}

/// More lines than a pipe holds go to a log that no program reads, and to standard error: all are
/// answered, and the server says at its end that the log lacks some.
#[test]
fn an_unread_log_stops_no_submission() {
    let folder = scratch("unread log");
    std::fs::create_dir_all(&folder).unwrap();
    let (log, register) = (folder.join("log"), folder.join("register.db"));
    let made = Command::new("mkfifo").arg(&log).status();
    assert!(made.unwrap().success());
    let mut both = std::fs::OpenOptions::new();
    let unread = both.read(true).write(true).open(&log).unwrap();
    for quiet in ["", "--quiet"] {
        // Even then the log is written, and it is the only one that is full.
        let port = socklab_process::free_port().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let words = format!("submit server --listen {address} --runtime mio {quiet}");
        let mut command = socklab(&words);
        command.args(["--log".as_ref(), log.as_os_str()]);
        command.args(["--register".as_ref(), register.as_os_str()]);
        let mut server = match quiet {
            "" => start(command),
            _ => start_quietly(command, address),
        };
        let message = format!("Ana&12345678&{}", code_now("12345678"));
        for n in 0..900 {
            let mut stream = TcpStream::connect(server.address).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream.write_all(message.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("OK "), "{n}: {answer}");
        }
        assert_eq!(server.ended(quiet), Some(1), "the log is not complete");
        let mut said = String::new();
        server.stderr.read_to_string(&mut said).unwrap();
        // Without --quiet what it says of this has no reader either.
        assert!(quiet.is_empty() || said.contains("are missing"), "{said}");
    }
    drop(unread);
}

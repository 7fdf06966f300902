//! Proves what needs a process of its own: that a server out of descriptors keeps those who are in and
//! takes the others later, and that an idle server of any runtime uses no CPU.

#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use socklab_system::AcceptPause;
use socklab_tests::kit::PATIENCE;

const RUNTIMES: [&str; 4] = ["blocking", "async-std", "mio", "tokio"];

/// A server in a process of its own, which ends with this.
struct Parrots {
    process: Child,
    says: BufReader<ChildStdout>,
    address: String,
}

impl Parrots {
    /// One that may open so many descriptors.
    fn start(runtime: &str, descriptors: u32) -> Self {
        // `cargo test` builds examples beside the tests. (A second binary in the workspace would leave
        // `cargo run` without a default.)
        let here = std::env::current_exe().unwrap();
        let program = here.ancestors().nth(2).unwrap().join("examples/parrots");
        assert!(
            program.exists(),
            "build it: cargo build -p socklab-tests --examples"
        );
        let mut process = Command::new("sh")
            .args(["-c", "ulimit -n $0 && exec \"$@\""])
            .arg(descriptors.to_string())
            .arg(program)
            .arg(runtime)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut says = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        says.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("ready ").unwrap().to_owned();
        Parrots {
            process,
            says,
            address,
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn hears(&mut self) -> String {
        let mut line = String::new();
        self.says.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    /// Ends it; what else it has heard.
    fn rest(mut self) -> String {
        drop(self.process.stdin.take());
        let mut rest = String::new();
        self.says.read_to_string(&mut rest).unwrap();
        rest
    }

    /// CPU time used so far, by all its threads.
    fn cpu(&self) -> Duration {
        let tasks = format!("/proc/{}/task", self.process.id());
        let nanos = std::fs::read_dir(tasks).unwrap().map(|task| {
            let path = task.unwrap().path().join("schedstat");
            let text = std::fs::read_to_string(path).unwrap_or_default();
            text.split(' ')
                .next()
                .and_then(|first| first.parse().ok())
                .unwrap_or(0)
        });
        Duration::from_nanos(nanos.sum())
    }
}

impl Drop for Parrots {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn served(stream: &mut TcpStream) {
    stream.write_all(b"hola").unwrap();
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"hola");
}

#[test]
fn out_of_descriptors() {
    for runtime in RUNTIMES {
        let mut server = Parrots::start(runtime, 40);
        let mut inside = [server.connect()];
        served(&mut inside[0]);
        // More than there is room for; the rest wait in the backlog.
        let mut others: Vec<TcpStream> = (0..60).map(|_| server.connect()).collect();
        assert_eq!(server.hears(), "accept-paused", "{runtime}");
        served(&mut inside[0]);
        // Those who came first go, in turn, and so everybody is served, without a word too many.
        for other in &mut others {
            served(other);
            let _ = other.shutdown(std::net::Shutdown::Both);
        }
        served(&mut inside[0]);
        // Said once, when there was no error for as long as a pause takes; that takes time.
        std::thread::sleep(2 * AcceptPause::LENGTH);
        served(&mut server.connect());
        assert_eq!(server.hears(), "accept-resumed", "{runtime}");
        assert_eq!(server.rest(), "", "{runtime}");
    }
}

#[test]
fn an_idle_server_uses_no_cpu() {
    for runtime in RUNTIMES {
        let server = Parrots::start(runtime, 256);
        let mut streams: Vec<TcpStream> = (0..50).map(|_| server.connect()).collect();
        streams.iter_mut().for_each(served);
        let before = server.cpu();
        // Idleness takes time; nothing waits for it to be over.
        std::thread::sleep(Duration::from_secs(1));
        let used = server.cpu() - before;
        // A server that polled even once a millisecond would use more.
        assert!(used < Duration::from_millis(3), "{runtime}: {used:?}");
    }
}

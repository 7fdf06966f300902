//! Proves what needs a process of its own: that a server out of descriptors keeps those who are in and
//! takes the others later, and that an idle server of any runtime uses no CPU.

#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use socklab_system::AcceptPause;
use socklab_tests::kit::PATIENCE;

/// Each runtime and design, with how many connections it can serve at once here.
const MODELS: [(&str, usize); 7] = [
    ("blocking", 1024),
    ("blocking-iterative", 1),
    ("blocking-pool", 50),
    ("async-std", 1024),
    ("mio", 1024),
    ("mio-loops", 1024),
    ("tokio", 1024),
];

/// How many threads a model has that has a fixed number of them.
fn threads(runtime: &str) -> &'static str {
    match runtime {
        "blocking-pool" => "50",
        _ => "2",
    }
}

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
            .args([runtime, "1024", threads(runtime)])
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

    /// How many descriptors it has open.
    fn descriptors(&self) -> usize {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.process.id()));
        open.unwrap().count()
    }

    /// Whether it has not closed, or not accepted yet, a connection that its peer has closed: CLOSE_WAIT, 8 in proc_net_tcp.
    fn has_connections_of_the_gone(&self) -> bool {
        let port: u16 = self.address.rsplit(':').next().unwrap().parse().unwrap();
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let gone = |line: &str| {
            let mut words = line.split_whitespace().skip(1);
            let local = words.next().unwrap_or_default();
            local.ends_with(&format!(":{port:04X}")) && words.nth(1) == Some("08")
        };
        table.lines().any(gone)
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
    for (runtime, at_once) in MODELS {
        // A thread that blocks in `accept` has the descriptor of its connection already, so those of a fixed number are not
        // out of them later. And of several loops, one that has room does not serve those that wait for another.
        if at_once < 1024 || runtime == "mio-loops" {
            continue;
        }
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

/// The pause is one for all loops, and is told once.
#[test]
fn loops_out_of_descriptors() {
    let mut server = Parrots::start("mio-loops", 40);
    let mut inside = server.connect();
    served(&mut inside);
    let others: Vec<TcpStream> = (0..60).map(|_| server.connect()).collect();
    assert_eq!(server.hears(), "accept-paused");
    served(&mut inside);
    drop(others);
    // Each loop takes those that are gone from its own backlog, when its pause is over.
    while server.has_connections_of_the_gone() {
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(2 * AcceptPause::LENGTH);
    served(&mut server.connect());
    assert_eq!(server.hears(), "accept-resumed");
    served(&mut inside);
    assert_eq!(server.rest(), "");
}

/// What wakes a server to stop must not need a descriptor that there is not.
#[test]
fn a_stop_without_a_descriptor_left() {
    const MOST: usize = 40;
    for (runtime, at_once) in MODELS {
        // The last one may be taken by a thread that waits in `accept`.
        for full in [MOST - 1, MOST] {
            let server = Parrots::start(runtime, MOST as u32);
            let mut inside = Vec::new();
            while server.descriptors() < full && inside.len() < at_once {
                inside.push(server.connect());
                inside.iter_mut().last().map(served).unwrap();
            }
            // It ends, whatever it has said meanwhile.
            server.rest();
        }
    }
}

#[test]
fn an_idle_server_uses_no_cpu() {
    for (runtime, at_once) in MODELS {
        let server = Parrots::start(runtime, 256);
        let streams = 0..at_once.min(50);
        let mut streams: Vec<TcpStream> = streams.map(|_| server.connect()).collect();
        streams.iter_mut().for_each(served);
        let before = server.cpu();
        // Idleness takes time; nothing waits for it to be over.
        std::thread::sleep(Duration::from_secs(1));
        let used = server.cpu() - before;
        // A server that polled even once a millisecond would use more.
        assert!(used < Duration::from_millis(3), "{runtime}: {used:?}");
    }
}

//! Proves what needs a process of its own: that a server out of descriptors or threads keeps those
//! who are in and takes the others later, what connections over a limit cost, and that a server of
//! any runtime uses no CPU when it is idle.

#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use socklab_core::REFUSAL_TIMEOUT;
use socklab_system::{AcceptPause, MAX_REFUSALS, socket};
use socklab_tests::kit::{PATIENCE, is_here, many_descriptors, wait_until};
use socklab_uring::Uring;

/// Each runtime and design, with how many connections it can serve at once here.
const MODELS: [(&str, usize); 12] = [
    ("blocking", 1024),
    ("blocking-iterative", 1),
    ("blocking-pool", 50),
    ("async-std", 1024),
    ("mio", 1024),
    ("mio-loops", 1024),
    ("tokio", 1024),
    ("nonblocking", 1024),
    ("select", 1024),
    ("poll", 1024),
    ("epoll-level", 1024),
    ("uring", 1024),
];

/// Those that this machine has.
fn models() -> impl Iterator<Item = (&'static str, usize)> {
    MODELS
        .into_iter()
        .filter(|(runtime, _)| *runtime != "uring" || is_here::<Uring>())
}

/// The models that wait, and so use no CPU while they are idle.
fn waiting() -> impl Iterator<Item = (&'static str, usize)> {
    let waits = |(runtime, _): &(&str, usize)| *runtime != "nonblocking";
    models().filter(waits)
}

/// How many threads a model has that has a fixed number of them.
fn threads(runtime: &str) -> &'static str {
    match runtime {
        "blocking-pool" => "50",
        _ => "2",
    }
}

/// The server's program.
fn program() -> PathBuf {
    // `cargo test` builds examples beside the tests. (A second binary in the workspace would leave
    // `cargo run` without a default.)
    let here = std::env::current_exe().unwrap();
    let program = here.ancestors().nth(2).unwrap().join("examples/parrots");
    assert!(
        program.exists(),
        "build it: cargo build -p socklab-tests --examples"
    );
    program
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
        Parrots::of(runtime, descriptors, &[])
    }

    /// The same with another service, and a limit.
    fn of(runtime: &str, descriptors: u32, service: &[&str]) -> Self {
        let mut command = Command::new("sh");
        command
            .args(["-c", "ulimit -n $0 && exec \"$@\""])
            .arg(descriptors.to_string())
            .arg(program())
            .args([runtime, "1024", threads(runtime)])
            .args(service);
        Parrots::spawn(&mut command)
    }

    fn spawn(command: &mut Command) -> Self {
        let mut process = command
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

    /// Whether it has not closed, or not accepted yet, a connection that its peer has closed:
    /// CLOSE_WAIT, 8 in proc_net_tcp.
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

    /// How many threads it has.
    fn threads(&self) -> usize {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.process.id()));
        tasks.unwrap().count()
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
    for (runtime, at_once) in models() {
        // A thread that blocks in `accept` has the descriptor of its connection already, so those
        // of a fixed number are not out of them later. And of several loops, one that has room does
        // not serve those that wait for another.
        if at_once < 1024 || runtime == "mio-loops" {
            continue;
        }
        let mut server = Parrots::start(runtime, 40);
        let mut inside = [server.connect()];
        served(&mut inside[0]);
        // More than there is room for; the rest wait in the backlog.
        let mut others: Vec<TcpStream> = (0..60).map(|_| server.connect()).collect();
        assert_eq!(server.hears(), "accept-paused descriptors", "{runtime}");
        served(&mut inside[0]);
        // The first connections leave in turn, so every peer is served, and no notice is repeated.
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

/// `select` has no bit for a descriptor numbered 1,024 or more, however many the system grants: the
/// connections beyond wait in the backlog, as if the system had none left.
#[test]
fn select_takes_no_descriptor_that_has_no_bit() {
    const BITS: usize = 1024;
    many_descriptors();
    let mut server = Parrots::of("select", 4096, &[]);
    let mut streams: Vec<TcpStream> = (0..BITS + 10).map(|_| server.connect()).collect();
    assert_eq!(server.hears(), "accept-paused descriptors");
    // The copy of the listener that shows which number is next is open for a moment.
    assert!(server.descriptors() <= BITS + 1, "{}", server.descriptors());
    // Those inside are served, and their descriptors are used again.
    let mut rest = streams.split_off(900);
    for stream in &mut streams {
        served(stream);
    }
    drop(streams);
    for stream in &mut rest {
        served(stream);
    }
}

/// The pause is one for all loops, and is told once.
#[test]
fn loops_out_of_descriptors() {
    let mut server = Parrots::start("mio-loops", 40);
    let mut inside = server.connect();
    served(&mut inside);
    let others: Vec<TcpStream> = (0..60).map(|_| server.connect()).collect();
    assert_eq!(server.hears(), "accept-paused descriptors");
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

/// A user without processes, and the next is another: the system counts threads by user, and does
/// not limit root's.
const NO_USER: u32 = 54_321;

/// A server whose user may have so many threads, in a directory that any user may enter; `None`
/// where a test cannot be another user.
fn with_threads(user: u32, most: u32) -> Option<(Parrots, tempfile::TempDir)> {
    if !rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED: only root can start a process as another user");
        return None;
    }
    // The build may lie where only its own user may go.
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("parrots");
    std::fs::copy(program(), &copy).unwrap();
    for path in [directory.path(), &copy] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let mut command = Command::new(copy);
    command
        .args([
            "blocking",
            "1024",
            "2",
            "parrots",
            "1024",
            &most.to_string(),
        ])
        .current_dir("/")
        .uid(user)
        .gid(user);
    Some((Parrots::spawn(&mut command), directory))
}

/// Those for whom there is no thread wait, and are served when there is one; none is turned away.
/// The user is told what there is too little of.
#[test]
fn out_of_threads() {
    const MOST: u32 = 12;
    let Some((mut server, _directory)) = with_threads(NO_USER, MOST) else {
        return;
    };
    let mut inside = [server.connect()];
    served(&mut inside[0]);
    // Silent for now, and more than there are threads for.
    let mut others: Vec<TcpStream> = (0..40).map(|_| server.connect()).collect();
    assert_eq!(server.hears(), "accept-paused threads");
    assert_eq!(server.threads(), MOST as usize);
    served(&mut inside[0]);
    // One who speaks does not come before those who were there first; when those go, it is served.
    for other in &mut others {
        other.write_all(b"hola").unwrap();
    }
    for other in &mut others {
        let mut answer = [0; 4];
        other.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"hola");
        other.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(other.read(&mut [0]).unwrap(), 0);
    }
    served(&mut inside[0]);
    std::thread::sleep(2 * AcceptPause::LENGTH);
    served(&mut server.connect());
    assert_eq!(server.hears(), "accept-resumed");
    assert_eq!(server.rest(), "");
}

/// A connection that ends just as the pause begins makes room at once. The server does not wait for
/// another to end.
#[test]
fn a_connection_ends_as_the_pause_begins() {
    let Some((mut server, _directory)) = with_threads(NO_USER + 1, 12) else {
        return;
    };
    // While one stays, no last thread of all wakes the one that accepts.
    let mut inside = server.connect();
    served(&mut inside);
    let mut streams: Vec<TcpStream> = (0..20).map(|_| server.connect()).collect();
    // The server's console takes a while to say so.
    assert_eq!(server.hears(), "accept-paused threads");
    drop(streams.remove(0));
    for mut stream in streams {
        served(&mut stream);
    }
    served(&mut inside);
}

/// Silent peers over a limit cost no thread each, and no descriptor for long.
#[test]
fn silent_peers_over_a_limit() {
    const SILENT: usize = 200;
    for (runtime, at_once) in models() {
        // It would refuse no peer while it serves the first.
        if at_once == 1 {
            continue;
        }
        let mut server = Parrots::of(runtime, 1024, &["submissions", "1"]);
        let mut inside = server.connect();
        assert_eq!(server.hears(), "connection");
        // The first refusal, for which whatever they need once is made.
        assert_eq!(told(server.connect()), "ERROR busy");
        // A pool's threads may be starting still.
        wait_until("all threads", || {
            let before = server.threads();
            std::thread::sleep(Duration::from_millis(200));
            server.threads() == before
        });
        let (threads, descriptors) = (server.threads(), server.descriptors());
        let silent: Vec<TcpStream> = (0..SILENT).map(|_| server.connect()).collect();
        let mut most = (0, 0);
        let (mut busy, mut closed) = (0, 0);
        for stream in &silent {
            match told(stream.try_clone().unwrap()).as_str() {
                "ERROR busy" => busy += 1,
                "" => closed += 1,
                other => panic!("{other}"),
            }
            let now = (server.threads(), server.descriptors());
            most = (most.0.max(now.0), most.1.max(now.1));
        }
        assert!(
            busy > 0 && busy + closed == SILENT,
            "{runtime}: {busy}, {closed}"
        );
        assert!(
            most.0 <= threads,
            "{runtime}: {} threads, then {}",
            threads,
            most.0
        );
        // One more may be accepted meanwhile, or one for each loop.
        let bound = descriptors + MAX_REFUSALS + 2;
        assert!(
            most.1 <= bound,
            "{runtime}: {descriptors} descriptors, then {}",
            most.1
        );
        // All are closed though no peer has said or closed anything.
        std::thread::sleep(REFUSAL_TIMEOUT);
        wait_until("closed refusals", || server.descriptors() < descriptors + 2);
        inside.write_all(b"Ana&123456&000000").unwrap();
        assert_eq!(told(inside), "ERROR unavailable", "{runtime}");
        drop(silent);
    }
}

/// All that a peer hears; one that is turned away with a word of its own unread sees a reset.
fn told(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

/// A machine that goes on after its stream has had a fault keeps no driver busy: not when it had
/// been receiving, and not when much was unsent.
#[test]
fn a_dead_stream_uses_no_cpu() {
    for (runtime, at_once) in waiting() {
        let server = Parrots::of(runtime, 256, &["survivors"]);
        for orders in ["!", "a", "!", "a"].iter().take(at_once) {
            let mut stream = server.connect();
            stream.write_all(orders.as_bytes()).unwrap();
            stream.read_exact(&mut [0]).unwrap();
            socket::reset_on_close(&stream);
        }
        // The machines' last words.
        std::thread::sleep(Duration::from_millis(500));
        let before = server.cpu();
        std::thread::sleep(Duration::from_secs(1));
        let used = server.cpu() - before;
        assert!(used < Duration::from_millis(3), "{runtime}: {used:?}");
    }
}

/// What wakes a server to stop must not need a descriptor that there is not.
#[test]
fn a_stop_without_a_descriptor_left() {
    const MOST: usize = 40;
    for (runtime, at_once) in models() {
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
    for (runtime, at_once) in waiting() {
        let server = Parrots::start(runtime, 256);
        let streams = 0..at_once.min(50);
        let mut streams: Vec<TcpStream> = streams.map(|_| server.connect()).collect();
        streams.iter_mut().for_each(served);
        let before = server.cpu();
        // A server can be seen to be idle only over some time.
        std::thread::sleep(Duration::from_secs(1));
        let used = server.cpu() - before;
        // A server that polled even once a millisecond would use more.
        assert!(used < Duration::from_millis(3), "{runtime}: {used:?}");
    }
}

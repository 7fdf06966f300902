//! The command, and other programs, as a user would run them.

// Each test program uses its share.
#![allow(dead_code)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use snapbox::IntoData;
use snapbox::cmd::OutputAssert;

/// Only against a test that would hang; nothing waits for it to pass.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The I/O models that most tests of the command run on, with their designs, which must not differ
/// in anything that can be seen from outside.
#[cfg(target_os = "linux")]
pub(crate) const RUNTIMES: &[&str] = &[
    "blocking",
    "blocking-iterative",
    "blocking-pool",
    "async-std",
    "mio",
    "mio-loops",
    "tokio",
];
#[cfg(not(target_os = "linux"))]
pub(crate) const RUNTIMES: &[&str] = &[
    "blocking",
    "blocking-iterative",
    "blocking-pool",
    "async-std",
    "mio",
    "tokio",
];

/// The others: those of Stevens's that programs seldom use.
const OTHERS: &[&str] = &[
    "nonblocking",
    "select",
    "poll",
    "epoll-level",
    "signal-driven",
    "uring",
    "blocking-batched",
    "mio-batched",
];

/// Designs that start processes, as servers of TCP exercises that share nothing.
pub(crate) const DESIGNS: &[&str] = match cfg!(target_os = "linux") {
    true => &["blocking-process", "blocking-prefork"],
    false => &[],
};

/// Those of them that this machine has.
pub(crate) fn others() -> Vec<&'static str> {
    let listed = stdout(&run("compare --list").success());
    let here = |name: &&str| {
        let mut lines = listed.lines();
        lines.any(|line| line.split(' ').next() == Some(*name))
    };
    OTHERS.iter().copied().filter(here).collect()
}

/// Those that the tour shows.
pub(crate) const MAIN: [&str; 4] = ["blocking", "async-std", "mio", "tokio"];

/// Runs a test on every runtime at once, each in a thread that says which one it was if it fails.
pub(crate) fn on_every_runtime(test: impl Fn(&str) + Sync) {
    thread::scope(|scope| {
        for runtime in RUNTIMES {
            let test = &test;
            let name = format!("on {runtime}");
            thread::Builder::new()
                .name(name)
                .spawn_scoped(scope, move || test(&format!("--runtime {runtime}")))
                .expect("a thread");
        }
    });
}

/// What the environment may say about the language and the colours.
const AMBIENT: [&str; 6] = [
    "SOCKLAB_LANG",
    "LC_ALL",
    "LC_MESSAGES",
    "LANG",
    "LANGUAGE",
    "NO_COLOR",
];

/// The command with these words, speaking English wherever the test runs. An argument with a
/// blank in it is added with `arg`.
pub(crate) fn socklab(words: &str) -> Command {
    let mut command = in_no_locale(Command::new(env!("CARGO_BIN_EXE_socklab")));
    command.env("SOCKLAB_LANG", "en");
    command.args(words.split_whitespace());
    command
}

/// The command without anything in the environment that says which language to speak.
pub(crate) fn in_no_locale(mut command: Command) -> Command {
    for variable in AMBIENT {
        command.env_remove(variable);
    }
    command
}

/// Runs it to its end with this on standard input.
pub(crate) fn pipe(command: Command, input: impl IntoData) -> OutputAssert {
    pipe_within(PATIENCE, command, input)
}

/// The same for a command that takes long by itself.
pub(crate) fn pipe_within(limit: Duration, command: Command, input: impl IntoData) -> OutputAssert {
    let command = snapbox::cmd::Command::from_std(command);
    command.stdin(input).timeout(limit).assert()
}

/// The same with words alone and nothing to read.
pub(crate) fn run(words: &str) -> OutputAssert {
    pipe(socklab(words), "")
}

/// What it wrote on standard output, as text.
pub(crate) fn stdout(ended: &OutputAssert) -> String {
    text(&ended.get_output().stdout)
}

/// What it wrote on standard error, as text.
pub(crate) fn stderr(ended: &OutputAssert) -> String {
    text(&ended.get_output().stderr)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// A program that runs while the test goes on.
pub(crate) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines,
    errors: Lines,
}

/// How it ended, and what it wrote that nobody had waited for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Process {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a program that can be run");
        Process {
            input: child.stdin.take(),
            output: Lines::of("standard output", child.stdout.take().expect("a pipe")),
            errors: Lines::of("standard error", child.stderr.take().expect("a pipe")),
            child,
        }
    }

    /// A server of ours on a free port, once it hears, with its address.
    pub(crate) fn serve(words: &str) -> (Self, SocketAddr) {
        Process::ready(socklab(&format!("{words} --listen :0")))
    }

    /// The same for a command of one's own.
    pub(crate) fn ready(server: Command) -> (Self, SocketAddr) {
        let mut server = Process::start(server);
        // What it read at its start, such as a roster, is told before.
        let address = std::iter::repeat_with(|| server.notes())
            .find_map(|line| Some(line.strip_prefix("the server is ready at ")?.to_owned()))
            .and_then(|address| address.parse().ok())
            .expect("an address");
        let hint = server.notes();
        assert!(hint.contains("--listen 0.0.0.0:"), "no hint: {hint:?}");
        (server, address)
    }

    /// The next line on standard output.
    pub(crate) fn says(&mut self) -> String {
        self.output.next()
    }

    /// The next line on standard error.
    pub(crate) fn notes(&mut self) -> String {
        self.errors.next()
    }

    /// Gives it a line to read.
    pub(crate) fn types(&mut self, line: &str) {
        let input = self.input.as_mut().expect("the input has not ended");
        input
            .write_all(format!("{line}\n").as_bytes())
            .expect("it reads");
    }

    /// Gives it nothing more to read.
    pub(crate) fn ends_input(&mut self) {
        self.input = None;
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, signal).expect("it runs");
    }

    /// How many threads it has now.
    #[cfg(target_os = "linux")]
    pub(crate) fn threads(&self) -> usize {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id()));
        tasks.expect("it runs").count()
    }

    /// Waits for it to end by itself.
    pub(crate) fn end(mut self) -> Ended {
        // Its end closes both, so waiting for the process takes no time after that.
        let (stdout, stderr) = (self.output.rest(), self.errors.rest());
        let code = self.child.wait().expect("an end").code();
        Ended {
            code,
            stdout,
            stderr,
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of a pipe, read by a thread so that waiting for one has a limit.
struct Lines {
    name: &'static str,
    lines: Receiver<String>,
}

impl Lines {
    fn of(name: &'static str, pipe: impl Read + Send + 'static) -> Self {
        let (sender, lines) = channel();
        thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while matches!(pipe.read_until(b'\n', &mut line), Ok(1..)) {
                let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
                line.clear();
            }
        });
        Lines { name, lines }
    }

    fn next(&self) -> String {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => line.trim_end_matches('\n').to_owned(),
            Err(error) => panic!("no line on {}: {error}", self.name),
        }
    }

    fn rest(&self) -> String {
        let mut rest = String::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => rest.push_str(&line),
                Err(RecvTimeoutError::Disconnected) => return rest,
                Err(RecvTimeoutError::Timeout) => panic!("{} goes on: {rest:?}", self.name),
            }
        }
    }
}

/// A UDP socket of the test's own on this computer, with its address.
pub(crate) fn datagrams() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.set_read_timeout(Some(PATIENCE)).expect("a limit");
    let address = socket.local_addr().expect("an address");
    (socket, address)
}

/// The next datagram as text, and who sent it.
pub(crate) fn datagram(socket: &UdpSocket) -> (String, SocketAddr) {
    let mut buffer = [0; 65_536];
    let (len, peer) = socket.recv_from(&mut buffer).expect("a datagram");
    (text(&buffer[..len]), peer)
}

/// A TCP server of the test's own: what it does with its one connection runs beside the test.
pub(crate) fn one_connection<T: Send + 'static>(
    serve: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (thread::JoinHandle<T>, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let serving = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        serve(stream)
    });
    (serving, address)
}

/// An address where nothing listens, over UDP or TCP, and nothing else can as long as what is
/// returned with it lives.
pub(crate) fn nobody_on_udp() -> (SocketAddr, (UdpSocket, socket2::Socket)) {
    loop {
        let (udp, address) = deaf_udp("127.0.0.1:0".parse().expect("an address")).expect("a port");
        // A port that is taken and not listened at.
        let tcp = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
        let tcp = tcp.expect("a socket");
        if tcp.bind(&address.into()).is_ok() {
            return (address, (udp, tcp));
        }
    }
}

/// The same with the port of a TCP client, which is taken but not listened at.
pub(crate) fn nobody_on_tcp() -> (SocketAddr, (TcpListener, TcpStream, UdpSocket)) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = listener.local_addr().expect("an address");
    loop {
        let client = TcpStream::connect(at).expect("a connection");
        if let Ok((udp, address)) = deaf_udp(client.local_addr().expect("an address")) {
            return (address, (listener, client, udp));
        }
    }
}

/// A UDP socket that hears only itself: to everybody else its port is closed.
fn deaf_udp(at: SocketAddr) -> std::io::Result<(UdpSocket, SocketAddr)> {
    let socket = UdpSocket::bind(at)?;
    let address = socket.local_addr()?;
    socket.connect(address)?;
    Ok((socket, address))
}

/// Does something that holds only within one step of 30 s, again if a step ended meanwhile.
pub(crate) fn within_one_step<T>(mut attempt: impl FnMut() -> T) -> T {
    loop {
        let before = step();
        let result = attempt();
        if step() == before {
            return result;
        }
    }
}

/// The current step of 30 s.
pub(crate) fn step() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("a time after 1970").as_secs() / 30
}

/// The code that a phone would show now.
pub(crate) fn code_now(dni: &str) -> String {
    let ended = run(&format!("otp code --dni {dni}")).success();
    stdout(&ended).trim_end().to_owned()
}

/// Another code than this one.
pub(crate) fn not(code: &str) -> String {
    let number: u32 = code.parse().expect("digits");
    format!("{:06}", (number + 1) % 1_000_000)
}

/// How long it took, beside what it gave.
pub(crate) fn timed<T>(what: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = what();
    (start.elapsed(), result)
}

/// A file of this test's own, not there yet.
pub(crate) fn scratch(name: &str) -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let ending = match name.contains('.') {
        true => "",
        false => ".txt",
    };
    let name = format!("{}-{number} {name}{ending}", std::process::id());
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_file(&file);
    file
}

/// A folder for registers, beside the build and so on its disk: the system's own may be in memory,
/// which a server says of a register.
pub(crate) fn on_disk() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// Looks again and again until there is something to see.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(start.elapsed() < PATIENCE, "there is never {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until a file has a whole line like that, and gives it.
pub(crate) fn line_of(file: &Path, like: impl Fn(&str) -> bool) -> String {
    eventually("such a line", || {
        let so_far = fs::read_to_string(file).ok()?;
        let mut whole = so_far
            .split_inclusive('\n')
            .filter_map(|line| line.strip_suffix('\n'));
        whole.find(|line| like(line)).map(str::to_owned)
    })
}

/// What is found in a picture of a QR code drawn with half blocks, two modules in each character.
///
/// Whatever is not a line of the drawing is passed over. Where nothing sets colours, text is light
/// on dark.
pub(crate) fn scan(screen: &str) -> Option<String> {
    let rows: Vec<Vec<bool>> = screen.lines().filter_map(half_blocks).flatten().collect();
    let width = rows.first()?.len();
    assert!(
        rows.iter().all(|row| row.len() == width),
        "ragged:\n{screen}"
    );
    // Around it the terminal is dark, and nothing is seen closer than 4 pixels a module.
    let (frame, scale) = (8, 4);
    let light = |x: usize, y: usize| {
        let (x, y) = (x.checked_sub(frame)?, y.checked_sub(frame)?);
        rows.get(y)?.get(x).copied()
    };
    let side = |modules| (modules + 2 * frame) * scale;
    let mut picture =
        rqrr::PreparedImage::prepare_from_greyscale(side(width), side(rows.len()), |x, y| {
            match light(x / scale, y / scale) {
                Some(true) => 255,
                _ => 0,
            }
        });
    let grids = picture.detect_grids();
    Some(grids.first()?.decode().ok()?.1)
}

/// The two rows of modules in a line, light where true; nothing if it is not a line of the drawing.
fn half_blocks(line: &str) -> Option<[Vec<bool>; 2]> {
    let (mut ink, mut paper) = (true, false);
    let mut rows = [Vec::new(), Vec::new()];
    let mut rest = line.trim_end_matches('\r');
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("\x1b[") {
            let (colours, after) = after.split_once('m')?;
            (ink, paper) = match colours {
                // The corners of the 256 colours' cube, which no theme changes.
                "38;5;16;48;5;231" => (false, true),
                "0" => (true, false),
                _ => return None,
            };
            rest = after;
            continue;
        }
        let (upper, lower) = match c {
            '█' => (ink, ink),
            '▀' => (ink, paper),
            '▄' => (paper, ink),
            ' ' => (paper, paper),
            _ => return None,
        };
        rows[0].push(upper);
        rows[1].push(lower);
        rest = &rest[c.len_utf8()..];
    }
    // The smallest code has 21 modules and a quiet zone.
    (rows[0].len() > 21).then_some(rows)
}

/// Whether there is a Python to run programs with; says so if there is none.
pub(crate) fn has_python() -> bool {
    let found = Command::new("python3").arg("--version").output().is_ok();
    if !found {
        eprintln!("SKIPPED: there is no python3");
    }
    found
}

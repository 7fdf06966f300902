//! Ctrl-C and SIGTERM: a client ends with 130, a server stops cleanly with 0, wherever it waits.

use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::path::PathBuf;

use rustix::process::Signal;

use crate::common::{
    Ended, PATIENCE, Process, datagram, datagrams, eventually, has_python, line_of,
    on_every_runtime, one_connection, scratch, socklab,
};

const SIGNALS: [Signal; 2] = [Signal::INT, Signal::TERM];

/// A client and its transcript.
struct Client {
    running: Process,
    transcript: PathBuf,
}

impl Client {
    fn start(words: &str) -> Self {
        let transcript = scratch("stopped client");
        let mut command = socklab(words);
        command.arg("--transcript").arg(&transcript);
        Client {
            running: Process::start(command),
            transcript,
        }
    }

    /// It ends with 130 and says nothing; and it ends by itself: whoever had to be ended by force
    /// some time after the signal would have the same status, but an unfinished transcript.
    #[track_caller]
    fn interrupted_by(self, signal: Signal) {
        self.running.signal(signal);
        self.interrupted();
    }

    #[track_caller]
    fn interrupted(self) {
        let ended = self.running.end();
        assert_eq!(
            (ended.code, &*ended.stdout, &*ended.stderr),
            (Some(130), "", "")
        );
        let transcript = fs::read_to_string(&self.transcript).expect("a transcript");
        assert!(transcript.ends_with("-- ended stopped\n"), "{transcript}");
    }
}

/// `nohup`, and a shell's `&` in a script, ignore a signal for what they start: it stays ignored,
/// and the others do what they do.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_was_ignored_stays_ignored() {
    on_every_runtime(|runtime| {
        let (socket, address) = datagrams();
        let script = format!("trap '' INT; exec \"$0\" echo client {address} {runtime}");
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_socklab")]);
        let mut client = Process::start(shell);
        for _ in 0..2 {
            client.types("hola");
            let (_, peer) = datagram(&socket);
            client.signal(Signal::INT);
            socket.send_to(b"HOLA", peer).expect("sent");
            assert_eq!(client.says(), "HOLA");
        }
        client.signal(Signal::TERM);
        assert_eq!(client.end().code, Some(130));

        let script =
            format!("trap '' TERM; exec \"$0\" --lang en echo server --listen :0 {runtime}");
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_socklab")]);
        let mut server = Process::start(shell);
        let ready = server.notes();
        let address = ready.rsplit(' ').next().expect("an address").to_owned();
        server.signal(Signal::TERM);
        socket.send_to(b"hola", address).expect("sent");
        assert_eq!(datagram(&socket).0, "HOLA");
        server.signal(Signal::INT);
        assert_eq!(server.end().code, Some(0));
    });
}

/// A server that stopped, and said so and nothing else.
fn stopped(server: Process) {
    let ended = server.end();
    assert_eq!(
        (ended.code, &*ended.stdout, &*ended.stderr),
        (Some(0), "", "the server has stopped\n")
    );
}

/// On every runtime, with each signal.
fn each(test: impl Fn(&str, Signal) + Sync) {
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
        // For ever, or for long: a stop does not wait for the deadline.
        for (exercise, timeout) in [("echo", 0), ("echo", 1000), ("chat", 0)] {
            let (socket, address) = datagrams();
            let mut client = Client::start(&format!(
                "{exercise} client {address} --timeout {timeout} {runtime}"
            ));
            client.running.types("hola");
            assert_eq!(datagram(&socket).0, "hola");
            client.interrupted_by(signal);
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
            let (serving, address) = one_connection(|mut stream| {
                // Until the client is gone.
                let _ = stream.read_to_end(&mut Vec::new());
            });
            let client = Client::start(&format!("{client} {address} --timeout 0 {runtime}"));
            line_of(&client.transcript, |line| line.contains("-> opened server"));
            client.interrupted_by(signal);
            serving.join().expect("a peer");
        }
    });
}

/// A blocked read of standard input must not keep it. From a pipe nothing asks for a line; the
/// transcript tells when it would.
#[test]
fn a_client_that_waits_for_a_line() {
    each(|runtime, signal| {
        for exercise in ["message", "echo", "submit"] {
            let (_socket, address) = datagrams();
            let client = Client::start(&format!("{exercise} client {address} {runtime}"));
            line_of(&client.transcript, |line| line.contains("<- prompt "));
            client.interrupted_by(signal);
        }
    });
}

/// Whoever leaves a chat on his turn takes his leave of the other.
#[test]
fn a_chat_client_says_fin_before_it_leaves() {
    each(|runtime, signal| {
        let (socket, address) = datagrams();
        let mut client = Client::start(&format!("chat client {address} {runtime}"));
        client.running.types("hola");
        let (_, peer) = datagram(&socket);
        socket.send_to(b"buenas", peer).expect("sent");
        assert_eq!(client.running.says(), "buenas");
        client.running.signal(signal);
        assert_eq!(datagram(&socket), ("fin".to_owned(), peer));
        client.interrupted();
    });
}

#[test]
fn a_server_that_waits_for_the_first_datagram() {
    each(|runtime, signal| {
        for exercise in ["message", "echo", "chat"] {
            let (server, _) = Process::serve(&format!("{exercise} server {runtime}"));
            server.signal(signal);
            stopped(server);
        }
    });
}

#[test]
fn a_server_that_waits_for_the_next_datagram() {
    each(|runtime, signal| {
        let (mut server, address) = Process::serve(&format!("echo server {runtime}"));
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
        let (mut server, address) = Process::serve(&format!("chat server {runtime}"));
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
        let (server, _) = Process::serve(&format!("welcome server {runtime}"));
        server.signal(signal);
        stopped(server);
    });
}

/// Clients that neither read nor close keep nobody.
#[test]
fn a_server_with_connections_open() {
    each(|runtime, signal| {
        let (mut server, address) = Process::serve(&format!("welcome server {runtime}"));
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

/// Having stopped, it has let go of its port. The system may give that very port to another test
/// meanwhile, but not time and again.
#[test]
fn the_port_is_free_after_a_stop() {
    each(|runtime, signal| {
        for exercise in ["echo", "welcome"] {
            let free_again = || {
                let (server, address) = Process::serve(&format!("{exercise} server {runtime}"));
                server.signal(signal);
                stopped(server);
                let again = socklab(&format!("{exercise} server --listen {address} {runtime}"));
                let mut again = Process::start(again);
                again.notes() == format!("the server is ready at {address}")
            };
            assert!((0..3).any(|_| free_again()), "{exercise}");
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
        let server = Process::start(command);
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

/// A comparison that records leaves no register behind.
#[test]
fn a_comparison_of_submissions_leaves_nothing() {
    for signal in SIGNALS {
        let folder = scratch("registers").with_extension("folder");
        fs::create_dir_all(&folder).expect("a folder");
        let mut compare = socklab("compare submit --quick --models mio --register-folder");
        compare.arg(&folder);
        let running = Process::start(compare);
        let there = || fs::read_dir(&folder).expect("the folder").next();
        eventually("a register", || {
            let made = there()?.expect("an entry").path();
            made.join("register.db").exists().then_some(())
        });
        running.signal(signal);
        assert_eq!(running.end().code, Some(130));
        assert!(there().is_none(), "{:?}", there());
    }
}

/// Programs under load, and a checked one, end with the command, and so do its temporary folders.
#[cfg(target_os = "linux")]
#[test]
fn other_programs_leave_nothing() {
    if !has_python() {
        return;
    }
    let folder = scratch("temporary").with_extension("folder");
    let kept = folder.join("kept");
    fs::create_dir_all(&kept).expect("a folder");
    let port = socklab_process::free_port().expect("a free port");
    let student = kept.join("silent.py");
    let silent = "import socket, time\n\
        server = socket.create_server(('', PORT))\n\
        time.sleep(600)\n";
    fs::write(&student, silent.replace("PORT", &port.to_string())).expect("a program");
    let mut check = socklab(&format!("check capitals server --port {port} -- python3"));
    check.arg(&student);
    let compare = socklab("compare capitals --peers --models mio");
    for (words, mut command) in [("compare", compare), ("check", check)] {
        command.env("TMPDIR", &folder);
        let running = Process::start(command);
        let folders = || fs::read_dir(&folder).expect("the folder").count();
        let programs = || python_programs(&folder.to_string_lossy());
        eventually(words, || (folders() > 1 && programs() > 0).then_some(()));
        running.signal(Signal::TERM);
        assert_eq!(running.end().code, Some(130), "{words}");
        assert_eq!((folders(), programs()), (1, 0), "{words}");
    }
}

/// The servers of a lesson end with it.
#[cfg(target_os = "linux")]
#[test]
fn a_lesson_leaves_no_server() {
    let lesson = Process::start(socklab("lesson fork --predict 2"));
    let children = || {
        let tasks = fs::read_dir(format!("/proc/{}/task", lesson.id())).expect("its threads");
        let lists = tasks.flatten().map(|one| one.path().join("children"));
        let texts = lists.filter_map(|list| fs::read_to_string(list).ok());
        let all: String = texts.collect();
        all.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let servers = eventually("a server", || {
        let servers = children();
        (!servers.is_empty()).then_some(servers)
    });
    lesson.signal(Signal::TERM);
    assert_eq!(lesson.end().code, Some(130));
    for server in servers {
        assert!(!fs::exists(format!("/proc/{server}")).expect("/proc"));
    }
}

/// How many Python programs run with this in their command line.
#[cfg(target_os = "linux")]
fn python_programs(path: &str) -> usize {
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    let lines = processes.filter_map(|one| fs::read(one.path().join("cmdline")).ok());
    let texts = lines.map(|line| String::from_utf8_lossy(&line).into_owned());
    texts
        .filter(|line| {
            let program = line.split('\0').next().unwrap_or_default();
            program.contains("python") && line.contains(path)
        })
        .count()
}

//! The models that programs seldom use: each serves and asks as the others do, waits in what its
//! name says, and is refused where it cannot be had.

use crate::common::{Process, others, pipe, run, socklab, stderr, stdout};

/// Both ends of the exercises, each end once with `blocking` at the other.
#[test]
fn each_serves_and_asks_as_the_others_do() {
    for model in others() {
        for (server, client) in [(model, model), (model, "blocking"), ("blocking", model)] {
            let about = format!("{server} serves {client}");
            for exercise in ["echo", "capitals", "welcome"] {
                if exercise != "echo" && model == "signal-driven" {
                    continue;
                }
                let words = format!("{exercise} server --runtime {server}");
                let (serving, address) = Process::serve(&words);
                let asks = format!("{exercise} client {address} --runtime {client}");
                let (typed, shown) = match exercise {
                    "welcome" => ("", "Bienvenido al Servidor\n"),
                    _ => ("ñandú\nfin\n", "ÑANDÚ\nFIN\n"),
                };
                let asked = pipe(socklab(&asks), typed).success().stderr_eq("");
                assert_eq!(stdout(&asked), shown, "{exercise}, {about}");
                match exercise {
                    "echo" => assert_eq!(serving.end().code, Some(0), "{about}"),
                    _ => drop(serving),
                }
            }
        }
    }
}

/// What it lacks is said in one line, in the user's language.
#[test]
#[cfg(target_os = "linux")]
fn signal_driven_has_no_tcp() {
    for words in [
        "welcome server --runtime signal-driven",
        "capitals client 127.0.0.1 --runtime signal-driven",
        "submit server --runtime signal-driven",
        "timeline welcome --models signal-driven",
        "tour welcome --runtime signal-driven",
        "compare welcome --models mio,signal-driven",
    ] {
        for (lang, said) in [("en", "has no TCP"), ("es", "no tiene TCP")] {
            let refused = stderr(&run(&format!("{words} --lang {lang}")).code(2).stdout_eq(""));
            assert!(
                refused.contains(said) && refused.contains("UNP 25.2"),
                "{words}: {refused}"
            );
            assert_eq!(refused.lines().count(), 1, "{words}: {refused}");
        }
    }
}

#[test]
fn who_spins_says_so() {
    let mut server = Process::start(socklab("echo server --listen :0 --runtime nonblocking"));
    let said = server.notes();
    assert!(said.contains("a whole core"), "{said}");
    let mut server = Process::start(socklab("echo server --listen :0 --runtime select"));
    assert!(server.notes().starts_with("the server is ready at "));
}

/// What needs strace.
#[cfg(target_os = "linux")]
mod traced {
    use std::collections::BTreeMap;
    use std::net::UdpSocket;
    use std::process::Command;
    use std::time::Duration;

    use crate::common::{PATIENCE, Process, others, pipe, scratch, socklab, stderr};

    /// The command under strace, where there is one.
    fn traced(options: &[&str], words: &str) -> Option<Command> {
        if Command::new("strace").arg("-V").output().is_err() {
            eprintln!("SKIPPED: this machine has no strace");
            return None;
        }
        let plain = socklab(words);
        let mut command = Command::new("strace");
        command
            .args(options)
            .arg(plain.get_program())
            .args(plain.get_args());
        for (name, value) in plain.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        Some(command)
    }

    /// Calls that wait for one of several things.
    const WAITS: [&str; 8] = [
        "select",
        "pselect6",
        "poll",
        "ppoll",
        "epoll_wait",
        "epoll_pwait",
        "rt_sigtimedwait",
        "io_uring_enter",
    ];

    /// In which of them a model waits.
    fn waits(model: &str) -> &'static [&'static str] {
        match model {
            "select" => &["select", "pselect6"],
            "poll" => &["poll", "ppoll"],
            "mio" | "epoll-level" | "mio-batched" => &["epoll_wait", "epoll_pwait"],
            "signal-driven" => &["rt_sigtimedwait"],
            "uring" => &["io_uring_enter"],
            _ => &[],
        }
    }

    /// How often its peer lets an echo server be idle.
    const PAUSES: usize = 10;

    /// How often an echo server of a model made each call, for so many questions.
    fn calls(model: &str, questions: usize) -> Option<BTreeMap<String, usize>> {
        let counts = scratch(&format!("calls-of-{model}"));
        let options = ["-f", "-c", "-o", counts.to_str().unwrap()];
        let words = format!("echo server --listen :0 --runtime {model}");
        let (mut server, address) = Process::ready(traced(&options, &words)?);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        for question in 0..questions {
            // Idleness takes time: most wait in a pause, and one that spins asks on.
            if question % (questions / PAUSES) == 0 {
                std::thread::sleep(Duration::from_millis(30));
            }
            socket.send(b"hola").unwrap();
            assert_eq!(socket.recv(&mut [0; 16]).unwrap(), 4);
            assert_eq!(server.says(), "hola");
        }
        socket.send(b"fin").unwrap();
        assert_eq!(server.end().code, Some(0));
        // % time, seconds, microseconds for each, calls, errors if any, name.
        let table = std::fs::read_to_string(&counts).unwrap();
        let row = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            Some((words.last()?.to_string(), words.get(3)?.parse().ok()?))
        };
        Some(table.lines().filter_map(row).collect())
    }

    #[test]
    fn each_waits_in_what_its_name_says() {
        const QUESTIONS: usize = 100;
        for model in others().into_iter().chain(["blocking", "mio"]) {
            let Some(calls) = calls(model, QUESTIONS) else {
                return;
            };
            let count = |names: &[&str]| -> usize {
                names.iter().filter_map(|name| calls.get(*name)).sum()
            };
            let own = waits(model);
            let others: Vec<&str> = WAITS
                .into_iter()
                .filter(|name| !own.contains(name))
                .collect();
            // Not for each question: the next may come before it waits. And in nothing else, but
            // for a program's start, which asks what its standard streams are.
            assert!(
                own.is_empty() || count(own) > PAUSES / 2,
                "{model}: {calls:?}"
            );
            assert!(count(&others) <= 3, "{model}: {calls:?}");
            let receives = count(&["recvfrom", "recvmsg"]);
            match model {
                "uring" => assert!(receives < QUESTIONS / 10, "{calls:?}"),
                // It asks in vain far more often than there is something.
                "nonblocking" => assert!(receives > 2 * QUESTIONS, "{calls:?}"),
                _ => assert!(receives >= QUESTIONS, "{model}: {calls:?}"),
            }
        }
    }

    /// Where the kernel refuses a ring, as in many containers, the model is refused in one line.
    #[test]
    fn uring_where_it_is_forbidden() {
        let refuse = "inject=io_uring_setup:error=EPERM";
        let options = &["-f", "-o", "/dev/null", "-e", refuse];
        let Some(command) = traced(options, "echo server --listen :0 --runtime uring") else {
            return;
        };
        let refused = stderr(&pipe(command, "").code(3).stdout_eq(""));
        assert!(refused.contains("uring is not offered"), "{refused}");
        assert!(refused.contains("Operation not permitted"), "{refused}");
        assert_eq!(refused.lines().count(), 1, "{refused}");
        let listed = traced(options, "compare --list").unwrap();
        let listed = pipe(listed, "").success();
        let listed = String::from_utf8(listed.get_output().stdout.clone()).unwrap();
        assert!(
            listed.contains("select ") && !listed.contains("uring "),
            "{listed}"
        );
    }
}

//! The designs that start processes: they serve what the others serve, and leave no process behind.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::common::{
    DESIGNS, PATIENCE, Process, eventually, pipe, pipe_within, run, scratch, socklab, stderr,
    stdout,
};

/// The children of a process, those that have ended and were not waited for too.
fn children(process: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{process}/task"));
    let of_task = |task: fs::DirEntry| {
        let text = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        let ids = text.split_whitespace().filter_map(|id| id.parse().ok());
        ids.collect::<Vec<u32>>()
    };
    let tasks = tasks.into_iter().flatten().flatten();
    tasks.flat_map(of_task).collect()
}

fn is_alive(process: u32) -> bool {
    fs::metadata(format!("/proc/{process}")).is_ok()
}

fn has_children(server: &Process, count: usize) -> Vec<u32> {
    eventually(&format!("{count} children"), || {
        let children = children(server.id());
        (children.len() == count).then_some(children)
    })
}

fn connect(server: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Asks on a connection that stays.
fn asks(stream: &mut TcpStream) {
    stream.write_all("ñandú\n".as_bytes()).unwrap();
    let mut reply = String::new();
    BufReader::new(stream).read_line(&mut reply).unwrap();
    assert_eq!(reply, "ÑANDÚ\n");
}

#[test]
fn they_serve_as_threads_do() {
    for design in DESIGNS {
        let (mut server, address) = Process::serve(&format!("welcome server --runtime {design}"));
        for _ in 0..5 {
            let client = socklab(&format!("welcome client {address}"));
            pipe(client, "")
                .success()
                .stdout_eq("Bienvenido al Servidor\n")
                .stderr_eq("");
            let said = server.notes();
            assert!(
                said.starts_with("Connection from 127.0.0.1:"),
                "{design}: {said}"
            );
        }
        server.signal(Signal::TERM);
        let ended = server.end();
        assert_eq!(
            (ended.code, &*ended.stdout),
            (Some(0), ""),
            "{design}: {ended:?}"
        );

        let words = format!("capitals server --pieces 1 --runtime {design} --lang es");
        let mut server = Process::start(socklab(&format!("{words} --listen :0")));
        let ready = server.notes();
        let address = ready.rsplit(' ').next().unwrap();
        let client = socklab(&format!("capitals client {address}"));
        let asked = pipe(client, "ñandú\nstraße\nfin\n").success();
        assert_eq!(stdout(&asked), "ÑANDÚ\nSTRASSE\nFIN\n", "{design}");
    }
}

/// A process for each connection that is there, and none for one that has gone.
#[test]
fn a_process_for_each_connection() {
    let (server, address) = Process::serve("capitals server --runtime blocking-process");
    assert!(children(server.id()).is_empty());
    let mut streams: Vec<TcpStream> = (0..5).map(|_| connect(address)).collect();
    streams.iter_mut().for_each(asks);
    has_children(&server, 5);
    streams.truncate(2);
    let left = has_children(&server, 2);
    streams.iter_mut().for_each(asks);
    // One that is killed takes no other connection with it.
    let killed = Pid::from_raw(left[0].cast_signed()).unwrap();
    kill_process(killed, Signal::KILL).unwrap();
    has_children(&server, 1);
    let alive = streams.iter_mut().filter_map(|stream| {
        stream.write_all(b"hola\n").ok()?;
        stream.read(&mut [0; 8]).ok().filter(|len| *len == 5)
    });
    assert_eq!(alive.count(), 1);
    asks(&mut connect(address));
}

/// As many as were asked for; one connection more waits for the first that leaves.
#[test]
fn as_many_processes_as_were_asked_for() {
    let (server, address) =
        Process::serve("capitals server --runtime blocking-prefork --threads 2");
    let before = has_children(&server, 2);
    let mut streams: Vec<TcpStream> = (0..3).map(|_| connect(address)).collect();
    for stream in &mut streams[..2] {
        asks(stream);
    }
    streams[2].write_all("ñandú\n".as_bytes()).unwrap();
    drop(streams.remove(0));
    let mut reply = String::new();
    BufReader::new(&streams[1]).read_line(&mut reply).unwrap();
    assert_eq!(reply, "ÑANDÚ\n");
    assert_eq!(children(server.id()), before);
}

/// A stop reaches all, those with a connection and those that wait for one.
#[test]
fn a_stop_ends_every_process() {
    for (design, signal) in [
        ("blocking-process", Signal::TERM),
        ("blocking-prefork", Signal::TERM),
        ("blocking-prefork", Signal::INT),
    ] {
        let (server, address) = Process::serve(&format!("capitals server --runtime {design}"));
        let mut streams: Vec<TcpStream> = (0..3).map(|_| connect(address)).collect();
        streams.iter_mut().for_each(asks);
        let all = eventually("children", || {
            let children = children(server.id());
            (children.len() >= 3).then_some(children)
        });
        server.signal(signal);
        for stream in &mut streams {
            assert_eq!(stream.read(&mut [0; 8]).unwrap_or(0), 0, "{design}");
        }
        let ended = server.end();
        assert_eq!(ended.code, Some(0), "{design}: {ended:?}");
        assert!(ended.stderr.ends_with("stopped\n"), "{design}: {ended:?}");
        assert!(!all.into_iter().any(is_alive), "{design}");
        assert!(TcpStream::connect(address).is_err(), "{design}");
    }
}

/// A parent that cannot say so takes its children with it all the same.
#[test]
fn who_is_killed_leaves_no_process() {
    for design in DESIGNS {
        let (server, address) = Process::serve(&format!("capitals server --runtime {design}"));
        let mut stream = connect(address);
        asks(&mut stream);
        let all = children(server.id());
        assert!(!all.is_empty());
        server.signal(Signal::KILL);
        assert_eq!(stream.read(&mut [0; 8]).unwrap_or(0), 0, "{design}");
        eventually("the end of all", || {
            (!all.iter().any(|id| is_alive(*id))).then_some(())
        });
        assert!(TcpStream::connect(address).is_err(), "{design}");
    }
}

/// A share of the connections would wait for one that has ended for ever.
#[test]
fn the_first_that_ends_ends_a_preforked_server() {
    let (server, address) = Process::serve("welcome server --runtime blocking-prefork");
    let all = eventually("children", || {
        let children = children(server.id());
        (!children.is_empty()).then_some(children)
    });
    let killed = Pid::from_raw(all[0].cast_signed()).unwrap();
    kill_process(killed, Signal::KILL).unwrap();
    assert_eq!(server.end().code, Some(1));
    assert!(!all.into_iter().any(is_alive));
    assert!(TcpStream::connect(address).is_err());
}

/// A shell that becomes the server may have started something before.
#[test]
fn another_child_that_ends_is_none_of_its_business() {
    let mut shell = Command::new("sh");
    shell.args(["-c", "(sleep 0.5; exit 3) & exec \"$@\"", "sh"]);
    let server = socklab("capitals server --runtime blocking-prefork --threads 2 --listen :0");
    shell.arg(server.get_program()).args(server.get_args());
    for (name, value) in server.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let (server, address) = Process::ready(shell);
    has_children(&server, 3);
    has_children(&server, 2);
    asks(&mut connect(address));
    server.signal(Signal::INT);
    assert_eq!(server.end().code, Some(0));
}

#[test]
fn what_they_cannot_do_is_said() {
    for (words, en, es) in [
        (
            "capitals client 127.0.0.1",
            "only serves welcome, capitals",
            "solo sirve welcome, capitals",
        ),
        (
            "submit server",
            "only serves welcome, capitals",
            "solo sirve welcome, capitals",
        ),
        (
            "echo server",
            "only serves welcome, capitals",
            "solo sirve welcome, capitals",
        ),
        (
            "compare submit",
            "only serves welcome, capitals",
            "solo sirve welcome, capitals",
        ),
        (
            "welcome server --transcript x",
            "no transcript",
            "no escribe transcripciones",
        ),
    ] {
        for design in DESIGNS {
            let option = if words.starts_with("compare") {
                "--models"
            } else {
                "--runtime"
            };
            for (lang, said) in [("en", en), ("es", es)] {
                let line = format!("{words} {option} {design} --lang {lang}");
                let refused = stderr(&run(&line).code(2).stdout_eq(""));
                assert!(
                    refused.contains(said) && refused.contains(design),
                    "{line}: {refused}"
                );
                assert_eq!(refused.lines().count(), 1, "{line}: {refused}");
            }
        }
    }
    let refused = stderr(&run("welcome server --runtime blocking-process --threads 2").code(2));
    assert!(refused.contains("blocking-prefork"), "{refused}");
}

/// They are contestants, whose children's CPU time counts.
#[test]
fn they_are_listed_and_compared() {
    let listed = stdout(&run("compare --list").success());
    for design in DESIGNS {
        let line = listed
            .lines()
            .find(|line| line.starts_with(&format!("{design} ")));
        assert!(
            line.is_some_and(|line| line.ends_with("(welcome, capitals)")),
            "{listed}"
        );
    }
    let models = "blocking,blocking-process,blocking-prefork";
    let words = format!("compare welcome --models {models} --rounds 1 --seconds 1 --connections 1");
    let mut compare = socklab(&words);
    compare
        .arg("--report")
        .arg(scratch("report of processes").with_extension("html"));
    let table = stdout(&pipe(compare, "").success());
    for design in DESIGNS {
        assert!(table.contains(design), "{table}");
    }
}

/// What is measured after the loads is measured of programs too: it once ended the comparison.
#[test]
fn their_idle_connections_and_their_knee_are_measured() {
    let mut compare = socklab(
        "compare capitals --models blocking-process --find-knee --limit 1000 --idle 1,2 --rounds 1 \
         --seconds 0.1 --connections 1",
    );
    let report = scratch("knee of processes").with_extension("html");
    compare.arg("--report").arg(report);
    // It measures for 10 s, and longer where other tests run.
    let limit = Duration::from_secs(300);
    let table = stdout(&pipe_within(limit, compare, "").success());
    let rows = table
        .lines()
        .filter(|line| line.starts_with("blocking-process "));
    // One of the load, two of idle connections, one of the knee.
    assert!(rows.count() >= 4, "{table}");
    assert!(
        table.contains("the highest rate that is kept up"),
        "{table}"
    );
}

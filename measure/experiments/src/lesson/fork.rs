//! The cost of serving a connection with a thread, with a new process, or with a preforked process:
//! the designs of Stevens's chapter 30 under one client load.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use socklab_core::Transport;
use socklab_process::{ProcessUsage, Program, ProgramSpec};
use socklab_text::Grid;

use super::context::{LessonContext, cores};
use super::definition::{Findings, Lesson, Question};
use super::page::{NONE, figures};
use super::prediction::{Answer, Answers};
use crate::cores::pin;
use crate::in_process::LIMIT;

pub(super) static LESSON: Lesson = Lesson {
    name: "fork",
    about: "lesson-fork",
    ask,
    measure,
    why: "lesson-fork-why",
    source: "lesson-fork-source",
    next: &[
        "socklab welcome server --runtime blocking-process",
        "socklab compare welcome --models blocking,blocking-pool,blocking-process,blocking-prefork",
        "socklab lesson c10k",
    ],
};

/// The designs, beginning with the one without process control, each with the CPU time that the
/// book gives (UNP, figure 30.1, rows 0 to 2). The book's programs fork without `exec`.
const DESIGNS: [(&str, Option<f64>); 5] = [
    ("blocking-iterative", Some(0.0)),
    ("blocking", None),
    ("blocking-pool", None),
    ("blocking-process", Some(20.9)),
    ("blocking-prefork", Some(1.8)),
];

/// How many clients connect at the same time, as in the book.
const CLIENTS: usize = 5;

/// How many connections all clients make together.
fn connections(context: &LessonContext<'_>) -> usize {
    CLIENTS * context.choose(100, 10)
}

fn ask(context: &LessonContext<'_>) -> Question {
    let messages = context.messages;
    let count = connections(context);
    Question {
        setup: messages.say_with(
            "lesson-fork-setup",
            &[("clients", &CLIENTS), ("count", &count)],
        ),
        question: messages.say("lesson-fork-question"),
        answers: Answers::Number { within: 2.0 },
    }
}

fn measure(context: &LessonContext<'_>) -> io::Result<Findings> {
    let messages = context.messages;
    let count = connections(context);
    let header = [
        messages.say("lesson-fork-design"),
        messages.say("lesson-fork-cpu"),
        messages.say("lesson-fork-control"),
        messages.say("lesson-fork-book"),
    ];
    let mut table = Grid::new(1, header, Vec::new());
    let mut notes = vec![messages.say("lesson-fork-columns")];
    let (mut base, mut costs) = (None, Vec::new());
    for (design, book) in DESIGNS {
        if design == "blocking-process" && !cfg!(target_os = "linux") {
            notes.push(messages.say("lesson-fork-not-here"));
            break;
        }
        context.progress(design);
        let each = connection(design, count)?;
        let base = *base.get_or_insert(each);
        table.rows.push(vec![
            design.to_owned(),
            figures(each),
            figures(each - base),
            book.map_or(NONE.to_owned(), |seconds| format!("{seconds:.2}")),
        ]);
        costs.push((design, each));
    }
    if cfg!(target_os = "linux") {
        context.progress("exec");
        table.rows.push(vec![
            messages.say("lesson-fork-exec"),
            figures(start(count / CLIENTS)?),
            NONE.to_owned(),
            NONE.to_owned(),
        ]);
    }
    let of = |design| Some(costs.iter().find(|(name, _)| *name == design)?.1);
    let ratio = of("blocking-process").zip(of("blocking"));
    let ratio = ratio.map(|(process, thread)| process / thread.max(1e-9));
    Ok(Findings {
        answer: ratio.map(Answer::Number),
        table,
        notes,
        explained: ratio.is_none_or(|ratio| ratio > 2.0),
    })
}

/// The CPU time in microseconds that a server of this design uses for each connection, including
/// its children's.
fn connection(design: &str, count: usize) -> io::Result<f64> {
    let cores = cores();
    pin(&cores.generator);
    let program = std::env::current_exe()?.to_string_lossy().into_owned();
    let words = [
        "welcome",
        "server",
        "--quiet",
        "--listen",
        "127.0.0.1:{port}",
        "--runtime",
        design,
    ];
    let command = [program].into_iter().chain(words.map(str::to_owned));
    let command: Vec<String> = command.collect();
    let server = Program::start(&ProgramSpec {
        command: &command,
        exercise: "welcome",
        transport: Transport::Stream,
        cores: &cores.server,
    })?;
    let used = || ProcessUsage::cpu(server.id()).ok_or(io::ErrorKind::NotFound);
    // Warm up, so that costs which arise only once are not counted.
    visit(server.address, CLIENTS)?;
    let before = used()?;
    visit(server.address, count)?;
    // Give the server time to wait for its last children: their CPU time counts only then.
    thread::sleep(Duration::from_millis(50));
    Ok((used()?.saturating_sub(before)).as_secs_f64() * 1e6 / count as f64)
}

/// Makes `count` connections in all, by concurrent clients.
fn visit(server: SocketAddr, count: usize) -> io::Result<()> {
    let visits = move || -> io::Result<()> {
        for _ in 0..count / CLIENTS {
            let mut stream = TcpStream::connect(server)?;
            stream.set_read_timeout(Some(LIMIT))?;
            stream.read_to_end(&mut Vec::new())?;
        }
        Ok(())
    };
    let clients: Vec<_> = (0..CLIENTS).map(|_| thread::spawn(visits)).collect();
    for client in clients {
        client.join().map_err(|_| io::Error::other("client"))??;
    }
    Ok(())
}

/// The CPU time in microseconds of a process that is started with `exec`, as these servers'
/// children are, and ends at once.
fn start(count: usize) -> io::Result<f64> {
    let before = ended_children();
    for _ in 0..count {
        let mut one = Command::new(std::env::current_exe()?);
        one.arg("--version").stdout(Stdio::null());
        one.status()?;
    }
    Ok((ended_children() - before) / count as f64)
}

/// The CPU time in microseconds of children that have ended.
fn ended_children() -> f64 {
    #[cfg(unix)]
    {
        use nix::sys::resource::{UsageWho, getrusage};
        use nix::sys::time::TimeValLike;
        if let Ok(used) = getrusage(UsageWho::RUSAGE_CHILDREN) {
            let all = used.user_time() + used.system_time();
            return all.num_microseconds() as f64;
        }
    }
    0.0
}

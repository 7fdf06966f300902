//! How much CPU time an idle server uses, and what its clients gain by it.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use socklab_load::{Plan, Workload};
use socklab_text::Grid;

use super::context::LessonContext;
use super::definition::{Findings, Lesson, Question};
use super::page::{figures, micros};
use super::prediction::{Answer, Answers};
use crate::in_process::{ANY, LIMIT};
use crate::measured::{MeasuredServer, ReportedUsage, ServerSpec};

pub(super) static LESSON: Lesson = Lesson {
    name: "spin",
    about: "lesson-spin",
    ask,
    measure,
    why: "lesson-spin-why",
    source: "lesson-spin-source",
    next: &[
        "socklab timeline echo --models blocking,nonblocking,mio",
        "socklab compare --list",
        "socklab lesson head-of-line",
    ],
};

const MODELS: [&str; 3] = ["nonblocking", "select", "mio"];

/// The choices: for each model, whether it uses the CPU while it is idle.
const CHOICES: [[bool; MODELS.len()]; 4] = [
    [false, false, false],
    [true, false, false],
    [true, true, false],
    [true, true, true],
];

/// From this share of a core on, an idle server counts as using the CPU. On a busy computer, a
/// server that spins does not get all of the core.
const USES: f64 = 0.1;

fn idle(context: &LessonContext<'_>) -> Duration {
    context.choose(Duration::from_millis(2000), Duration::from_millis(200))
}

fn ask(context: &LessonContext<'_>) -> Question {
    let messages = context.messages;
    let seconds = idle(context);
    Question {
        setup: messages.say_with("lesson-spin-setup", &[("seconds", &seconds)]),
        question: messages.say("lesson-spin-question"),
        answers: Answers::Choices(vec![
            messages.say("lesson-spin-none"),
            messages.say("lesson-spin-one"),
            messages.say("lesson-spin-two"),
            messages.say("lesson-spin-all"),
        ]),
    }
}

fn measure(context: &LessonContext<'_>) -> io::Result<Findings> {
    let messages = context.messages;
    let header = [
        messages.say("lesson-model"),
        messages.say("lesson-spin-cpu"),
        messages.say("lesson-spin-calls"),
        "p50 µs".to_owned(),
        "p99 µs".to_owned(),
    ];
    let mut table = Grid::new(1, header, Vec::new());
    let mut notes = vec![messages.say("lesson-spin-rule")];
    let mut uses = [false; MODELS.len()];
    let (offered, lacking) = context.offered(&MODELS);
    notes.extend(lacking);
    for (at, model) in MODELS.into_iter().enumerate() {
        if !offered.contains(&model) {
            continue;
        }
        context.progress(model);
        let spec = ServerSpec {
            observe: true,
            ..ServerSpec::default()
        };
        let server = context.server_that("echo", model, spec)?;
        let (share, calls) = left_alone(&server, idle(context))?;
        uses[at] = share >= USES;
        let plan = Plan {
            warm_up: Duration::from_millis(50)..Duration::from_millis(200),
            measure: context.choose(Duration::from_millis(1000), Duration::from_millis(150)),
            ..Plan::new(Workload::Echo, server.address)
        };
        let outcome = socklab_load::run(&plan, &mut |_| ()).map_err(io::Error::other)?;
        table.rows.push(vec![
            model.to_owned(),
            figures(share * 100.0),
            calls.to_string(),
            micros(outcome.response.value_at_quantile(0.5)),
            micros(outcome.response.value_at_quantile(0.99)),
        ]);
        notes.extend(context.problem(model, &outcome));
    }
    let measured = CHOICES.iter().position(|choice| uses == *choice);
    Ok(Findings {
        answer: measured.map(Answer::Choice),
        table,
        notes,
        explained: measured == Some(1),
    })
}

/// The share of a core that a server used while it was idle, and how many calls it made.
fn left_alone(server: &MeasuredServer, idle: Duration) -> io::Result<(f64, u64)> {
    let before = used(server)?;
    let begun = Instant::now();
    thread::sleep(idle);
    let after = used(server)?;
    let elapsed = begun.elapsed().as_secs_f64();
    let since = after.since(&before);
    let calls = since.operations.values().map(|one| one.calls).sum();
    Ok(((since.user + since.system) / 1e6 / elapsed, calls))
}

/// What a server has used so far. It reports that with its next operation, so ask it a question.
fn used(server: &MeasuredServer) -> io::Result<ReportedUsage> {
    server.ask()?;
    question(server.address)?;
    server.answer()
}

fn question(to: SocketAddr) -> io::Result<()> {
    let socket = UdpSocket::bind(ANY)?;
    socket.set_read_timeout(Some(LIMIT))?;
    socket.connect(to)?;
    socket.send(b"hola")?;
    socket.recv(&mut [0; 16]).map(drop)
}

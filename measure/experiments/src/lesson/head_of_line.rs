//! One slow client: how long the others wait, on servers that wait in different places.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use socklab_load::{Outcome, Pace, Plan, Workload};

use socklab_text::Grid;

use super::context::LessonContext;
use super::definition::{Findings, Lesson, Question};
use super::page::{figures, millis};
use super::prediction::{Answer, Answers};

pub(super) static LESSON: Lesson = Lesson {
    name: "head-of-line",
    about: "lesson-head-of-line",
    ask,
    measure,
    why: "lesson-head-of-line-why",
    source: "lesson-head-of-line-source",
    next: &[
        "socklab timeline submit --models blocking-iterative,blocking,mio",
        "socklab submit server --rehearse --runtime blocking-iterative",
        "socklab compare submit --models blocking-iterative,blocking-pool,mio --quick",
        "socklab lesson c10k",
    ],
};

/// The designs. The first is the one whose clients have to wait.
const MODELS: [&str; 3] = ["blocking-iterative", "blocking", "mio"];

/// The choices: for each model, whether the slow client delayed the others.
const CHOICES: [[bool; MODELS.len()]; 4] = [
    [false, false, false],
    [true, false, false],
    [true, false, true],
    [true, true, true],
];

/// How many submissions per second the other clients make.
const RATE: f64 = 100.0;

/// What the slow client sends; whether its code is right does not matter.
const SLOWLY: &str = "Ana&12345678&000000";

/// How long the slow client takes.
fn hold(context: &LessonContext<'_>) -> Duration {
    context.choose(Duration::from_millis(1000), Duration::from_millis(300))
}

fn ask(context: &LessonContext<'_>) -> Question {
    let messages = context.messages;
    let seconds = hold(context);
    Question {
        setup: messages.say_with(
            "lesson-head-of-line-setup",
            &[("seconds", &seconds), ("rate", &RATE)],
        ),
        question: messages.say("lesson-head-of-line-question"),
        answers: Answers::Choices(vec![
            messages.say("lesson-head-of-line-none"),
            messages.say("lesson-head-of-line-iterative"),
            messages.say("lesson-head-of-line-one-thread"),
            messages.say("lesson-head-of-line-all"),
        ]),
    }
}

fn measure(context: &LessonContext<'_>) -> io::Result<Findings> {
    let messages = context.messages;
    let hold = hold(context);
    let header = [
        messages.say("lesson-model"),
        messages.say("lesson-slow-client"),
        messages.say("lesson-others"),
        "p50 ms".to_owned(),
        "p99 ms".to_owned(),
        "max ms".to_owned(),
    ];
    let mut table = Grid::new(1, header, Vec::new());
    let mut notes = vec![messages.say("lesson-head-of-line-rule")];
    let mut held = Vec::new();
    for model in MODELS {
        context.progress(model);
        let server = context.server("submit", model)?;
        let (slow, others) = beside_a_slow_one(server.address, hold)?;
        let response = &others.response;
        table.rows.push(vec![
            model.to_owned(),
            figures(slow.as_secs_f64() * 1e3),
            others.replies.to_string(),
            millis(response.value_at_quantile(0.5)),
            millis(response.value_at_quantile(0.99)),
            millis(response.max()),
        ]);
        held.push(u128::from(response.value_at_quantile(0.99)) * 2 >= hold.as_nanos());
        notes.extend(context.problem(model, &others));
    }
    let measured = CHOICES.iter().position(|choice| held == *choice);
    Ok(Findings {
        answer: measured.map(Answer::Choice),
        table,
        notes,
        explained: measured == Some(1),
    })
}

/// How long a slow client took, and the results of the clients that submitted meanwhile and shortly
/// afterwards.
fn beside_a_slow_one(to: SocketAddr, hold: Duration) -> io::Result<(Duration, Outcome)> {
    // Connect the slow client before the others, so that it is served first.
    let slow = TcpStream::connect(to)?;
    let slow = thread::spawn(move || submit_slowly(slow, hold));
    let plan = Plan {
        // The most clients that may wait at the same time.
        connections: 1000,
        pace: Pace::Open { rate: RATE },
        warm_up: Duration::ZERO..Duration::ZERO,
        measure: hold * 3,
        timeout: hold * 10,
        ..Plan::new(Workload::Submit, to)
    };
    let others = socklab_load::run(&plan, &mut |_| ()).map_err(io::Error::other)?;
    let slow = slow.join().map_err(|_| io::Error::other("slow client"))??;
    Ok((slow, others))
}

/// Sends a submission a byte at a time, with equal pauses, and waits for the answer. Returns how
/// long that took.
fn submit_slowly(mut stream: TcpStream, hold: Duration) -> io::Result<Duration> {
    let begun = Instant::now();
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(hold * 10))?;
    let pauses = SLOWLY.len() as u32 - 1;
    for (at, byte) in SLOWLY.bytes().enumerate() {
        if at > 0 {
            thread::sleep(hold / pauses);
        }
        stream.write_all(&[byte])?;
    }
    stream.read_to_end(&mut Vec::new())?;
    Ok(begun.elapsed())
}

//! What many silent sockets add to the cost of a wait, for three system calls.

use std::io;
use std::time::Duration;

use socklab_load::{Idle, LoadGenerator, Plan, Workload};
use socklab_text::Grid;

use super::context::LessonContext;
use super::definition::{Findings, Lesson, Question};
use super::page::{NONE, figures};
use super::prediction::{Answer, Answers};
use crate::measured::{MeasuredServer, ServerSpec};

pub(super) static LESSON: Lesson = Lesson {
    name: "select",
    about: "lesson-select",
    ask,
    measure,
    why: "lesson-select-why",
    source: "lesson-select-source",
    next: &[
        "socklab compare capitals --models select,poll,mio --idle 10,1000 --quick",
        "socklab capitals server --runtime select",
        "socklab lesson c10k",
    ],
};

const MODELS: [&str; 3] = ["select", "poll", "mio"];

/// How many connections are idle at each step. With the server's own descriptors, the last step
/// stays below `FD_SETSIZE`, 1,024.
const STEPS: [u32; 3] = [10, 100, 1_000];

/// Kerrisk, The Linux Programming Interface, table 63-9 (Linux 2.6.25): CPU seconds for 100,000
/// monitoring operations, by the steps and the models above.
const PUBLISHED: [[f64; MODELS.len()]; STEPS.len()] =
    [[0.73, 0.61, 0.41], [3.0, 2.9, 0.42], [35.0, 35.0, 0.53]];

/// How long the client talks before the first reading of the counters and after the last.
const AROUND: Duration = Duration::from_millis(30);

fn ask(context: &LessonContext<'_>) -> Question {
    let messages = context.messages;
    let steps = context.steps(&STEPS);
    let (first, last) = (steps.first().copied(), steps.last().copied());
    let (first, last) = (first.unwrap_or(0), last.unwrap_or(0));
    Question {
        setup: messages.say_with("lesson-select-setup", &[("first", &first), ("last", &last)]),
        question: messages.say_with(
            "lesson-select-question",
            &[("first", &first), ("last", &last)],
        ),
        answers: Answers::Number { within: 2.0 },
    }
}

fn measure(context: &LessonContext<'_>) -> io::Result<Findings> {
    let messages = context.messages;
    let header = [
        messages.say("lesson-model"),
        messages.say("lesson-idle"),
        messages.say("lesson-select-here"),
        messages.say("lesson-select-times"),
        "Kerrisk µs".to_owned(),
        messages.say("lesson-select-times"),
    ];
    let mut table = Grid::new(1, header, Vec::new());
    let mut notes = vec![messages.say("lesson-select-columns")];
    let (offered, lacking) = context.offered(&MODELS);
    notes.extend(lacking);
    let mut growth = [None; MODELS.len()];
    for (at, model) in MODELS.into_iter().enumerate() {
        if !offered.contains(&model) {
            continue;
        }
        let spec = ServerSpec {
            observe: true,
            ..ServerSpec::default()
        };
        let server = context.server_that("capitals", model, spec)?;
        let mut held: Vec<Idle> = Vec::new();
        let mut first = None;
        for (step, idle) in context.steps(&STEPS).into_iter().enumerate() {
            context.progress(
                &messages.say_with("lesson-c10k-step", &[("model", &model), ("count", &idle)]),
            );
            let before: usize = held.iter().map(Idle::held).sum();
            let more = idle.saturating_sub(before as u32);
            held.push(Idle::open(server.address, more).map_err(io::Error::other)?);
            let each = cost_of_a_wait(context, &server)?;
            let times = first.map(|first: f64| each / first);
            first = first.or(Some(each));
            growth[at] = times;
            // From seconds for 100,000 operations to microseconds for one.
            let published = |step: usize| PUBLISHED[step][at] * 10.0;
            table.rows.push(vec![
                model.to_owned(),
                idle.to_string(),
                figures(each),
                times.map_or(NONE.to_owned(), figures),
                figures(published(step)),
                times.map_or(NONE.to_owned(), |_| figures(published(step) / published(0))),
            ]);
        }
    }
    let [select, _, mio] = growth;
    Ok(Findings {
        answer: select.map(Answer::Number),
        table,
        notes,
        explained: select.is_none_or(|select| mio.is_none_or(|mio| select > mio)),
    })
}

/// The CPU time in microseconds that a server takes for each wait, including its work between two
/// waits: it receives and answers a line of the one client that talks.
fn cost_of_a_wait(context: &LessonContext<'_>, server: &MeasuredServer) -> io::Result<f64> {
    let measure = context.choose(Duration::from_millis(600), Duration::from_millis(100));
    let plan = Plan::new(Workload::Capitals, server.address);
    let mut load = LoadGenerator::new(&plan).map_err(io::Error::other)?;
    let mut talk = |length| load.slice(length).map_err(io::Error::other);
    // Once this client is answered, the server has accepted all others.
    talk(AROUND)?;
    server.ask()?;
    talk(measure)?;
    server.ask()?;
    talk(AROUND)?;
    let before = server.answer()?;
    let used = server.answer()?.since(&before);
    let waits = used.operations.get("wait").map_or(0, |waits| waits.calls);
    Ok((used.user + used.system) / waits.max(1) as f64)
}

//! Requests that block the server's thread: which clients they delay depends on how the server
//! shares its threads.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socklab_load::{Outcome, Pace, Plan, SLOW_WORK, SlowRequests, Workload};
use socklab_text::Grid;

use super::context::LessonContext;
use super::definition::{Findings, Lesson, Question};
use super::page::{NONE, millis};
use super::prediction::{Answer, Answers};
use crate::measured::ServerSpec;

pub(super) static LESSON: Lesson = Lesson {
    name: "slow-request",
    about: "lesson-slow-request",
    ask,
    measure,
    why: "lesson-slow-request-why",
    source: "lesson-slow-request-source",
    next: &[
        "socklab lesson head-of-line",
        "socklab compare --quick --models blocking,blocking-pool,tokio,mio",
        "socklab capitals server --runtime blocking-pool --threads 4",
    ],
};

const MODELS: [&str; 4] = ["blocking", "tokio", "mio", "uring"];

/// The choices: for each model, whether the other clients wait. The lesson explains the third.
const CHOICES: [[bool; MODELS.len()]; 4] = [
    [false, false, false, false],
    [false, false, true, true],
    [false, true, true, true],
    [true, true, true, true],
];

/// How many other clients come in a second, one request each.
const RATE: f64 = 200.0;

fn ask(context: &LessonContext<'_>) -> Question {
    let messages = context.messages;
    let milliseconds = SLOW_WORK.as_millis() as u64;
    Question {
        setup: messages.say_with(
            "lesson-slow-request-setup",
            &[("milliseconds", &milliseconds), ("rate", &RATE)],
        ),
        question: messages.say("lesson-slow-request-question"),
        answers: Answers::Choices(vec![
            messages.say("lesson-slow-request-none"),
            messages.say("lesson-slow-request-loops"),
            messages.say("lesson-slow-request-tasks"),
            messages.say("lesson-slow-request-all"),
        ]),
    }
}

fn measure(context: &LessonContext<'_>) -> io::Result<Findings> {
    let messages = context.messages;
    let header = [
        messages.say("lesson-model"),
        messages.say("lesson-slow-request-slow"),
        messages.say("lesson-others"),
        "p50 ms".to_owned(),
        "p90 ms".to_owned(),
        "p99 ms".to_owned(),
    ];
    let mut table = Grid::new(1, header, Vec::new());
    let mut notes = vec![messages.say("lesson-slow-request-rule")];
    let (offered, lacking) = context.offered(&MODELS);
    notes.extend(lacking);
    let mut waits = [None; MODELS.len()];
    for (at, model) in MODELS.into_iter().enumerate() {
        if !offered.contains(&model) {
            continue;
        }
        context.progress(model);
        let spec = ServerSpec {
            slow_work: true,
            ..ServerSpec::default()
        };
        let server = context.server_that("capitals", model, spec)?;
        let (slow, others) = beside_slow_ones(context, server.address)?;
        let response = &others.response;
        table.rows.push(vec![
            model.to_owned(),
            slow.map_or(NONE.to_owned(), |took| millis(took.as_nanos() as u64)),
            others.replies.to_string(),
            millis(response.value_at_quantile(0.5)),
            millis(response.value_at_quantile(0.9)),
            millis(response.value_at_quantile(0.99)),
        ]);
        // The others wait if their median is at least a quarter of the slow work.
        waits[at] = Some(u128::from(response.value_at_quantile(0.5)) * 4 >= SLOW_WORK.as_nanos());
        notes.extend(context.problem(model, &others));
    }
    let agrees = |choice: &[bool; MODELS.len()]| {
        let mut both = waits.iter().zip(choice);
        both.all(|(measured, chosen)| measured.is_none_or(|measured| measured == *chosen))
    };
    let measured = CHOICES.iter().position(agrees);
    Ok(Findings {
        answer: measured.map(Answer::Choice),
        table,
        notes,
        explained: measured == Some(2),
    })
}

/// How long a slow request took (the median), and the results of the clients that came meanwhile.
fn beside_slow_ones(
    context: &LessonContext<'_>,
    to: SocketAddr,
) -> io::Result<(Option<Duration>, Outcome)> {
    let slow = SlowRequests::begin(to, Duration::ZERO);
    let plan = Plan {
        // The most clients that may wait at the same time.
        connections: 1000,
        pace: Pace::Open { rate: RATE },
        warm_up: Duration::ZERO..Duration::ZERO,
        measure: context.choose(Duration::from_millis(2000), Duration::from_millis(400)),
        timeout: Duration::from_secs(5),
        ..Plan::new(Workload::CapitalsOnce, to)
    };
    let others = socklab_load::run(&plan, &mut |_| ());
    let mut took = slow.end();
    took.sort_unstable();
    let others = others.map_err(io::Error::other)?;
    Ok((took.get(took.len() / 2).copied(), others))
}

//! A server that is stopped for a second, measured by a closed and by an open loop.

use std::io;
use std::time::Duration;

use socklab_load::{Outcome, Pace, Plan, Workload};

use crate::measured::MeasuredServer;

use socklab_text::Grid;

use super::context::LessonContext;
use super::definition::{Findings, Lesson, Question};
use super::page::{figures, millis};
use super::prediction::{Answer, Answers};

pub(super) static LESSON: Lesson = Lesson {
    name: "coordinated-omission",
    about: "lesson-coordinated-omission",
    ask,
    measure,
    why: "lesson-coordinated-omission-why",
    source: "lesson-coordinated-omission-source",
    next: &[
        "socklab compare echo --rate 1000,10000",
        "socklab lesson head-of-line",
    ],
};

/// The server whose process is stopped. The model does not matter, because no server runs while it
/// is stopped.
const MODEL: &str = "mio";

/// How many questions per second the open loop asks.
const RATE: f64 = 200.0;

/// How long the server is stopped, and how long the measurement takes.
fn times(context: &LessonContext<'_>) -> (Duration, Duration) {
    let stall = context.choose(Duration::from_millis(1000), Duration::from_millis(250));
    (stall, stall * 4)
}

fn ask(context: &LessonContext<'_>) -> Question {
    let messages = context.messages;
    let (stall, measure) = times(context);
    Question {
        setup: messages.say_with(
            "lesson-coordinated-omission-setup",
            &[("stall", &stall), ("seconds", &measure), ("rate", &RATE)],
        ),
        question: messages.say("lesson-coordinated-omission-question"),
        answers: Answers::Choices(vec![
            messages.say("lesson-coordinated-omission-neither"),
            messages.say("lesson-coordinated-omission-closed"),
            messages.say("lesson-coordinated-omission-open"),
            messages.say("lesson-coordinated-omission-both"),
        ]),
    }
}

fn measure(context: &LessonContext<'_>) -> io::Result<Findings> {
    let messages = context.messages;
    let (stall, _) = times(context);
    let header = [
        messages.say("lesson-load"),
        messages.say("lesson-time"),
        messages.say("lesson-times"),
        messages.say("lesson-slower"),
        "p50 ms".to_owned(),
        "p99 ms".to_owned(),
        "p99.9 ms".to_owned(),
        "max ms".to_owned(),
    ];
    let mut table = Grid::new(2, header, Vec::new());
    let mut notes = vec![messages.say("lesson-coordinated-omission-rule")];
    let mut shown = Vec::new();
    for (load, pace) in [
        ("lesson-closed-loop", Pace::Closed),
        ("lesson-open-loop", Pace::Open { rate: RATE }),
    ] {
        let name = messages.say(load);
        context.progress(&name);
        let Some(outcome) = with_a_stall(context, pace)? else {
            notes.push(messages.say("lesson-no-stall"));
            break;
        };
        let mut rows = vec![("lesson-service", &outcome.service)];
        // In a closed loop, response time and service time are the same.
        if pace != Pace::Closed {
            rows.push(("lesson-response", &outcome.response));
        }
        for (kind, times) in rows {
            let slower = times.len() - times.count_between(0, stall.as_nanos() as u64 / 2);
            table.rows.push(vec![
                name.clone(),
                messages.say(kind),
                times.len().to_string(),
                percent(slower, times.len()),
                millis(times.value_at_quantile(0.5)),
                millis(times.value_at_quantile(0.99)),
                millis(times.value_at_quantile(0.999)),
                millis(times.max()),
            ]);
        }
        shown.push(u128::from(outcome.response.value_at_quantile(0.99)) * 2 >= stall.as_nanos());
        notes.extend(context.problem(&name, &outcome));
    }
    let answer = match shown[..] {
        [closed, open] => Some(usize::from(closed) + 2 * usize::from(open)),
        _ => None,
    };
    Ok(Findings {
        answer: answer.map(Answer::Choice),
        table,
        notes,
        explained: answer == Some(2),
    })
}

fn percent(of: u64, all: u64) -> String {
    figures(100.0 * of as f64 / all.max(1) as f64)
}

/// Measures one connection after another to a fresh server that is stopped once. Returns `None` if
/// the system cannot stop a process.
fn with_a_stall(context: &LessonContext<'_>, pace: Pace) -> io::Result<Option<Outcome>> {
    let (stall, measure) = times(context);
    let server = context.server("welcome", MODEL)?;
    let plan = Plan {
        connections: 1,
        pace,
        warm_up: Duration::ZERO..Duration::ZERO,
        measure,
        timeout: stall * 5,
        ..Plan::new(Workload::Welcome, server.address)
    };
    let Some(stalled) = stop_for(&server, measure / 4, stall) else {
        return Ok(None);
    };
    let outcome = socklab_load::run(&plan, &mut |_| ());
    // Join even if the load failed: otherwise a signal could hit another process after the server
    // has ended.
    stalled.join().map_err(|_| io::Error::other("stall"))??;
    outcome.map(Some).map_err(io::Error::other)
}

type Stalling = std::thread::JoinHandle<io::Result<()>>;

/// Stops the server's process after `after`, for `stall`, with SIGSTOP and SIGCONT.
#[cfg(unix)]
fn stop_for(server: &MeasuredServer, after: Duration, stall: Duration) -> Option<Stalling> {
    use nix::sys::signal::{Signal, kill};
    let process = nix::unistd::Pid::from_raw(server.id().cast_signed());
    Some(std::thread::spawn(move || {
        std::thread::sleep(after);
        kill(process, Signal::SIGSTOP)?;
        std::thread::sleep(stall);
        Ok(kill(process, Signal::SIGCONT)?)
    }))
}

#[cfg(not(unix))]
fn stop_for(_: &MeasuredServer, _: Duration, _: Duration) -> Option<Stalling> {
    None
}

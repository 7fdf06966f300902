//! Silent connections: what each costs a server, and how they affect one more client.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use socklab_load::{Idle, Outcome, Pace, Plan, Workload};

use socklab_text::Grid;

use super::context::LessonContext;
use super::definition::{Findings, Lesson, Question};
use super::page::{NONE, figures, millis};
use super::prediction::{Answer, Answers};

pub(super) static LESSON: Lesson = Lesson {
    name: "c10k",
    about: "lesson-c10k",
    ask,
    measure,
    why: "lesson-c10k-why",
    source: "lesson-c10k-source",
    next: &[
        "socklab lesson head-of-line",
        "socklab compare submit --idle 10,1000,5000",
    ],
};

/// The question compares the first, with threads, and the last, with one loop.
const MODELS: [&str; 4] = ["blocking", "async-std", "tokio", "mio"];

/// How many connections are idle at each step.
const STEPS: [u32; 4] = [10, 100, 1_000, 10_000];

/// How many submissions per second one more client makes.
const RATE: f64 = 200.0;

fn ask(context: &LessonContext<'_>) -> Question {
    let messages = context.messages;
    let most = context.steps(&STEPS).last().copied().unwrap_or(0);
    Question {
        setup: messages.say_with("lesson-c10k-setup", &[("count", &most)]),
        question: messages.say("lesson-c10k-question"),
        answers: Answers::Number { within: 2.0 },
    }
}

/// A server's memory with a number of idle connections.
#[derive(Clone, Copy)]
struct Step {
    idle: u32,
    /// In KiB.
    memory: u64,
}

fn measure(context: &LessonContext<'_>) -> io::Result<Findings> {
    let messages = context.messages;
    let header = [
        messages.say("lesson-model"),
        messages.say("lesson-idle"),
        messages.say("lesson-threads"),
        messages.say("lesson-memory"),
        messages.say("lesson-each"),
        "p50 ms".to_owned(),
        "p99 ms".to_owned(),
    ];
    let mut table = Grid::new(1, header, Vec::new());
    let mut notes = vec![messages.say_with("lesson-c10k-columns", &[("rate", &RATE)])];
    let mut costs = Vec::new();
    for model in MODELS {
        let server = context.server("submit", model)?;
        let mut held: Vec<Idle> = Vec::new();
        let mut seen: Vec<Step> = Vec::new();
        for idle in context.steps(&STEPS) {
            context.progress(
                &messages.say_with("lesson-c10k-step", &[("model", &model), ("count", &idle)]),
            );
            let before: usize = held.iter().map(Idle::held).sum();
            let more = idle.saturating_sub(before as u32);
            held.push(Idle::open(server.address, more).map_err(io::Error::other)?);
            settle(server.address)?;
            let one_more = one_more(context, server.address, seen.len() as u64)?;
            let footprint = server.footprint();
            let idle = held.iter().map(Idle::held).sum::<usize>() as u32;
            let known = footprint.threads > 0;
            let shown = |number: u64| {
                if known {
                    number.to_string()
                } else {
                    NONE.to_owned()
                }
            };
            let step = Step {
                idle,
                memory: footprint.memory,
            };
            let each = seen
                .first()
                .and_then(|first| slope(*first, step))
                .filter(|_| known);
            table.rows.push(vec![
                model.to_owned(),
                idle.to_string(),
                shown(footprint.threads.into()),
                shown(footprint.memory),
                each.map_or(NONE.to_owned(), figures),
                millis(one_more.response.value_at_quantile(0.5)),
                millis(one_more.response.value_at_quantile(0.99)),
            ]);
            notes.extend(context.problem(model, &one_more));
            costs.push((model, each));
            seen.push(step);
        }
    }
    let last = |name| costs.iter().rev().find(|(model, _)| *model == name)?.1;
    let ratio = match (last("blocking"), last("mio")) {
        (Some(threads), Some(one_loop)) if one_loop > 0.0 => Some(threads / one_loop),
        _ => None,
    };
    if ratio.is_none() && last("mio").is_some() {
        notes.push(messages.say("lesson-c10k-too-few"));
    }
    Ok(Findings {
        answer: ratio.map(Answer::Number),
        table,
        notes,
        explained: ratio.is_none_or(|ratio| ratio > 1.0),
    })
}

/// The memory for each connection in KiB, from the difference between two steps.
fn slope(first: Step, now: Step) -> Option<f64> {
    let connections = now.idle.checked_sub(first.idle).filter(|&more| more > 0)?;
    Some((now.memory as f64 - first.memory as f64) / f64::from(connections))
}

/// Waits until the server has accepted all connections. Connects once more: the server answers only
/// after it has accepted the earlier ones.
fn settle(server: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(b"Ana&12345678&000000")?;
    stream.read_to_end(&mut Vec::new()).map(drop)
}

/// Measures how long one more client waits for its answers. It asks at a moderate rate, because
/// each submission stays in the server's memory.
fn one_more(context: &LessonContext<'_>, to: SocketAddr, step: u64) -> io::Result<Outcome> {
    let plan = Plan {
        connections: 100,
        pace: Pace::Open { rate: RATE },
        measure: context.choose(Duration::from_millis(300), Duration::from_millis(100)),
        warm_up: Duration::from_millis(50)..Duration::from_millis(100),
        timeout: Duration::from_secs(5),
        // Use other DNIs at each step, because each DNI submits once.
        first: step * 1_000_000,
        ..Plan::new(Workload::Submit, to)
    };
    socklab_load::run(&plan, &mut |_| ()).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_connection_costs() {
        let step = |idle, memory| Step { idle, memory };
        assert_eq!(slope(step(10, 4_000), step(110, 5_600)), Some(16.0));
        assert_eq!(slope(step(10, 4_000), step(10, 4_000)), None);
    }
}

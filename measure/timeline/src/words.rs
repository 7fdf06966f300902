//! A chart in the user's words.

use std::time::Duration;

use socklab_core::OperationKind;

use crate::Texts;
use crate::chart::{Cause, Chart, Class, Lane, Name, Span, Style, What};

/// Milliseconds, to the microsecond.
pub(crate) fn millis(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64() * 1e3)
}

/// A length with as many digits as tell something, and its unit, which no line end parts from it: `41.3 ms`, `18.2 µs`.
pub(crate) fn length(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        _ if micros < 99.95 => format!("{micros:.1}\u{a0}µs"),
        _ if micros < 999.5 => format!("{micros:.0}\u{a0}µs"),
        _ if micros < 99_950.0 => format!("{:.1}\u{a0}ms", micros / 1e3),
        _ => format!("{:.0}\u{a0}ms", micros / 1e3),
    }
}

/// A share of the whole in percent.
pub(crate) fn share(part: Duration, whole: Duration) -> String {
    if whole.is_zero() {
        return "0".to_owned();
    }
    let percent = 100.0 * part.as_secs_f64() / whole.as_secs_f64();
    if (1.0..=99.0).contains(&percent) {
        format!("{percent:.1}")
    } else {
        format!("{percent:.2}")
    }
}

/// The title of a chart.
pub(crate) fn title(chart: &Chart, texts: &dyn Texts) -> String {
    let length = length(chart.length);
    texts.say(
        "timeline-title",
        &[
            ("exercise", &chart.exercise),
            ("model", &chart.model),
            ("length", &length),
        ],
    )
}

/// How the model of the chart waits, in a sentence.
pub(crate) fn style(chart: &Chart, texts: &dyn Texts) -> String {
    texts.say(&format!("timeline-style-{}", chart.style.name()), &[])
}

/// What the boundaries of a chart are worth, in a sentence.
pub(crate) fn note(chart: &Chart, texts: &dyn Texts) -> String {
    let id = match chart.stamped {
        true => "timeline-note-stamped",
        false => "timeline-note-unsplit",
    };
    texts.say(id, &[])
}

/// Where the figures are.
pub(crate) fn source(texts: &dyn Texts) -> String {
    texts.say("timeline-note-figures", &[])
}

pub(crate) fn name(name: Name, texts: &dyn Texts) -> String {
    let numbered = |id: &str, number: String| texts.say(id, &[("number", &number)]);
    match name {
        Name::Client {
            number,
            slow: false,
        } => numbered("timeline-lane-client", number.to_string()),
        Name::Client { number, slow: true } => {
            numbered("timeline-lane-slow-client", number.to_string())
        }
        Name::Kernel => texts.say("timeline-lane-kernel", &[]),
        Name::Main => texts.say("timeline-lane-main", &[]),
        Name::Thread(number) => numbered("timeline-lane-thread", number.to_string()),
        Name::MainTask => texts.say("timeline-lane-main-task", &[]),
        Name::Task(number) => numbered("timeline-lane-task", number.to_string()),
    }
}

pub(crate) fn class(class: Class, texts: &dyn Texts) -> String {
    texts.say(&format!("timeline-class-{}", class.name()), &[])
}

/// What a span was, in full.
pub(crate) fn describe(span: &Span, texts: &dyn Texts) -> String {
    let mut said = what(span, texts);
    let more = [
        span.client
            .map(|number| texts.say("timeline-lane-client", &[("number", &number.to_string())])),
        thread(span)
            .map(|number| texts.say("timeline-on-thread", &[("number", &number.to_string())])),
        span.before.then(|| texts.say("timeline-before", &[])),
        span.after.then(|| texts.say("timeline-after", &[])),
    ];
    for one in more.into_iter().flatten() {
        said.push_str(" · ");
        said.push_str(&one);
    }
    said
}

/// The thread that ran a task, unless it was the main one; nothing ran what was suspended.
fn thread(span: &Span) -> Option<u32> {
    span.thread
        .filter(|number| *number > 0 && !matches!(span.what, What::Suspended(_)))
}

/// What a span was, in a word or two.
pub(crate) fn short(span: &Span, texts: &dyn Texts) -> String {
    match (span.what, span.operation) {
        (What::Poll(_), _) => texts.say("timeline-call-poll", &[]),
        (What::Thread(_), _) => texts.say("timeline-call-thread", &[]),
        (What::Buffered { .. }, _) => format!("{} B", span.bytes),
        (What::Suspended(_) | What::Pause | What::Backlog | What::Code, _) | (_, None) => {
            class(span.class(), texts)
        }
        (_, Some(kind)) => texts.say(&format!("timeline-operation-{}", kind.name()), &[]),
    }
}

fn what(span: &Span, texts: &dyn Texts) -> String {
    let operation = match span.operation {
        Some(kind) => texts.say(&format!("timeline-operation-{}", kind.name()), &[]),
        None => String::new(),
    };
    let bytes = span.bytes.to_string();
    let all = [("operation", operation.as_str()), ("bytes", bytes.as_str())];
    let (operation, bytes) = (&all[..1], &all[1..]);
    let (id, values) = match (span.what, span.operation) {
        (What::Poll(cause), _) => return ended("timeline-what-poll", cause, texts),
        (What::Suspended(cause), _) => return ended("timeline-what-suspended", cause, texts),
        (What::Thread(cause), _) => return ended("timeline-what-thread", cause, texts),
        (What::Code, _) => ("timeline-class-code", &[][..]),
        (What::Pause, _) => ("timeline-what-pause", &[][..]),
        (What::Backlog, _) => ("timeline-what-backlog", &[][..]),
        // Its receiver had it before its sender's call returned.
        (What::Buffered { stamped: false, .. }, _) if span.took().is_zero() => {
            ("timeline-what-passed", bytes)
        }
        (What::Buffered { to_server, .. }, _) => match to_server {
            true => ("timeline-what-to-server", bytes),
            false => ("timeline-what-to-client", bytes),
        },
        (What::Wait, _) => ("timeline-what-wait", operation),
        (What::Copy, _) => ("timeline-what-copy", &all[..]),
        (What::Expired, _) => ("timeline-what-expired", operation),
        (What::Empty, _) => ("timeline-what-empty", operation),
        (What::Failed, _) => ("timeline-what-failed", operation),
        (What::Call | What::Done, Some(OperationKind::Send)) => ("timeline-what-send", &all[..]),
        // What came of it comes later than the chart.
        (What::Call, Some(OperationKind::Receive)) if span.after => {
            ("timeline-what-wait", operation)
        }
        (What::Call | What::Done, Some(OperationKind::Receive)) if span.bytes == 0 => {
            ("timeline-what-end", operation)
        }
        (What::Call, Some(OperationKind::Receive)) => ("timeline-what-call", &all[..]),
        (What::Call, Some(OperationKind::Accept)) => ("timeline-what-accept", operation),
        (What::Call, Some(OperationKind::Connect)) => ("timeline-what-connect", operation),
        (What::Done, Some(OperationKind::Receive)) => ("timeline-what-taken", &all[..]),
        (What::Done, Some(OperationKind::Accept)) => ("timeline-what-accepted", operation),
        (What::Call | What::Done, _) => ("timeline-what-done", operation),
    };
    texts.say(id, values)
}

/// A wait, and what ended it if it was not the network.
fn ended(id: &str, cause: Cause, texts: &dyn Texts) -> String {
    let mut said = texts.say(id, &[]);
    let id = match cause {
        Cause::Network => return said,
        Cause::Line => "timeline-until-line",
        Cause::Decision => "timeline-until-decision",
    };
    said.push_str(&texts.say(id, &[]));
    said
}

/// What a program was blocked in.
fn call(chart: &Chart, call: OperationKind, texts: &dyn Texts) -> String {
    match (call, chart.style) {
        (OperationKind::Wait, Style::Loop) => texts.say("timeline-call-poll", &[]),
        (OperationKind::Wait, _) => texts.say("timeline-call-thread", &[]),
        _ => texts.say(&format!("timeline-operation-{}", call.name()), &[]),
    }
}

/// A lane of the server's in a sentence: in what it spent its time, the most first.
pub(crate) fn summary(chart: &Chart, lane: &Lane, texts: &dyn Texts) -> String {
    let parts = lane.shares().into_iter().map(|(class, call, took)| {
        let (part, took) = (share(took, chart.length), length(took));
        let name = match call {
            Some(call) => texts.say(
                "timeline-blocked-in",
                &[("call", &self::call(chart, call, texts))],
            ),
            None => self::class(class, texts),
        };
        texts.say(
            "timeline-share",
            &[("class", &name), ("percent", &part), ("took", &took)],
        )
    });
    parts.collect::<Vec<_>>().join("; ")
}

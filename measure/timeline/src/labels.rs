//! The texts of a chart, in the user's language.

use std::time::Duration;

use socklab_core::OperationKind;

use crate::chart::{Cause, Chart, Class, Lane, LaneOwner, Span, SpanKind};
use crate::style::Style;
use socklab_text::{Messages, Variable};

/// A duration in milliseconds, to the microsecond.
pub(crate) fn millis(time: Duration, messages: &dyn Messages) -> String {
    messages.number(&format!("{:.3}", time.as_secs_f64() * 1e3))
}

/// A duration with about three significant digits and its unit, joined by a no-break space: `41.3
/// ms`, `18.2 µs`.
pub(crate) fn length(time: Duration, messages: &dyn Messages) -> String {
    let micros = time.as_secs_f64() * 1e6;
    messages.number(&match micros {
        _ if micros < 99.95 => format!("{micros:.1}\u{a0}µs"),
        _ if micros < 999.5 => format!("{micros:.0}\u{a0}µs"),
        _ if micros < 99_950.0 => format!("{:.1}\u{a0}ms", micros / 1e3),
        _ => format!("{:.0}\u{a0}ms", micros / 1e3),
    })
}

/// A part of the whole in percent.
pub(crate) fn share(part: Duration, whole: Duration, messages: &dyn Messages) -> String {
    if whole.is_zero() {
        return "0".to_owned();
    }
    let percent = 100.0 * part.as_secs_f64() / whole.as_secs_f64();
    let decimals = if (1.0..=99.0).contains(&percent) {
        1
    } else {
        2
    };
    messages.number(&format!("{percent:.decimals$}"))
}

/// The title of a chart.
pub(crate) fn title(chart: &Chart, messages: &dyn Messages) -> String {
    let length = length(chart.length, messages);
    messages.say_with(
        "timeline-title",
        &[
            ("exercise", &chart.exercise),
            ("model", &chart.model),
            ("length", &length),
        ],
    )
}

/// How the model of the chart waits, in a sentence.
pub(crate) fn style(chart: &Chart, messages: &dyn Messages) -> String {
    messages.say(&format!("timeline-style-{}", chart.style.name()))
}

/// How precise the boundaries of a chart are, in a sentence.
pub(crate) fn note(chart: &Chart, messages: &dyn Messages) -> String {
    let id = match chart.stamped {
        true => "timeline-note-stamped",
        false => "timeline-note-unsplit",
    };
    messages.say(id)
}

/// Says where the numbers of the figures come from.
pub(crate) fn source(messages: &dyn Messages) -> String {
    messages.say("timeline-note-figures")
}

pub(crate) fn name(owner: LaneOwner, messages: &dyn Messages) -> String {
    let numbered = |id: &str, number: &dyn Variable| messages.say_with(id, &[("number", number)]);
    match owner {
        LaneOwner::Client {
            number,
            slow: false,
        } => numbered("timeline-lane-client", &number),
        LaneOwner::Client { number, slow: true } => numbered("timeline-lane-slow-client", &number),
        LaneOwner::Kernel => messages.say("timeline-lane-kernel"),
        LaneOwner::Main => messages.say("timeline-lane-main"),
        LaneOwner::Thread(number) => numbered("timeline-lane-thread", &number),
        LaneOwner::MainTask => messages.say("timeline-lane-main-task"),
        LaneOwner::Task(number) => numbered("timeline-lane-task", &number),
    }
}

pub(crate) fn class(class: Class, messages: &dyn Messages) -> String {
    messages.say(&format!("timeline-class-{}", class.name()))
}

/// Describes a span in full.
pub(crate) fn describe(span: &Span, messages: &dyn Messages) -> String {
    let mut said = kind(span, messages);
    let more = [
        span.client
            .map(|number| messages.say_with("timeline-lane-client", &[("number", &number)])),
        thread(span).map(|number| messages.say_with("timeline-on-thread", &[("number", &number)])),
        span.before.then(|| messages.say("timeline-before")),
        span.after.then(|| messages.say("timeline-after")),
    ];
    for one in more.into_iter().flatten() {
        said.push_str(" · ");
        said.push_str(&one);
    }
    said
}

/// The thread that ran a task; `None` for the main thread and for a suspended task, which no thread
/// ran.
fn thread(span: &Span) -> Option<u32> {
    span.thread
        .filter(|number| *number > 0 && !matches!(span.kind, SpanKind::Suspended(_)))
}

/// Describes a span in a word or two.
pub(crate) fn short(span: &Span, messages: &dyn Messages) -> String {
    match (span.kind, span.operation) {
        (SpanKind::Poll(_), _) => messages.say("timeline-call-poll"),
        (SpanKind::Signal(_), _) => messages.say("timeline-call-signal"),
        (SpanKind::Completion(_), _) => messages.say("timeline-call-completion"),
        (SpanKind::Thread(_), _) => messages.say("timeline-call-thread"),
        (SpanKind::Buffered { .. }, _) => format!("{} B", span.bytes),
        (SpanKind::Suspended(_) | SpanKind::Pause | SpanKind::Backlog | SpanKind::Code, _)
        | (_, None) => class(span.class(), messages),
        (_, Some(kind)) => messages.say(&format!("timeline-operation-{}", kind.name())),
    }
}

fn kind(span: &Span, messages: &dyn Messages) -> String {
    let operation = match span.operation {
        Some(kind) => messages.say(&format!("timeline-operation-{}", kind.name())),
        None => String::new(),
    };
    let all: [(&str, &dyn Variable); 2] = [("operation", &operation), ("bytes", &span.bytes)];
    let (operation, bytes) = (&all[..1], &all[1..]);
    let (id, values) = match (span.kind, span.operation) {
        (SpanKind::Poll(cause), _) => return ended("timeline-what-poll", cause, messages),
        (SpanKind::Signal(cause), _) => return ended("timeline-what-signal", cause, messages),
        (SpanKind::Completion(cause), _) => {
            return ended("timeline-what-completion", cause, messages);
        }
        (SpanKind::Spin(times), _) => {
            let (_, operation) = operation[0];
            return messages.say_with(
                "timeline-what-spin",
                &[("operation", operation), ("times", &times)],
            );
        }
        (SpanKind::Suspended(cause), _) => {
            return ended("timeline-what-suspended", cause, messages);
        }
        (SpanKind::Thread(cause), _) => return ended("timeline-what-thread", cause, messages),
        (SpanKind::Code, _) => ("timeline-class-code", &[][..]),
        (SpanKind::Pause, _) => ("timeline-what-pause", &[][..]),
        (SpanKind::Backlog, _) => ("timeline-what-backlog", &[][..]),
        // The receiver had the bytes before the sender's call returned.
        (SpanKind::Buffered { stamped: false, .. }, _) if span.took().is_zero() => {
            ("timeline-what-passed", bytes)
        }
        (SpanKind::Buffered { to_server, .. }, _) => match to_server {
            true => ("timeline-what-to-server", bytes),
            false => ("timeline-what-to-client", bytes),
        },
        (SpanKind::Wait, _) => ("timeline-what-wait", operation),
        (SpanKind::Copy, _) => ("timeline-what-copy", &all[..]),
        (SpanKind::Expired, _) => ("timeline-what-expired", operation),
        (SpanKind::Empty, _) => ("timeline-what-empty", operation),
        (SpanKind::Failed, _) => ("timeline-what-failed", operation),
        (SpanKind::Call | SpanKind::Done, Some(OperationKind::Send)) => {
            ("timeline-what-send", &all[..])
        }
        // The result of this call comes after the end of the chart.
        (SpanKind::Call, Some(OperationKind::Receive)) if span.after => {
            ("timeline-what-wait", operation)
        }
        (
            SpanKind::Call
            | SpanKind::Done
            | SpanKind::Found
            | SpanKind::Signalled
            | SpanKind::Completed,
            Some(OperationKind::Receive),
        ) if span.bytes == 0 => ("timeline-what-end", operation),
        (SpanKind::Completed, Some(OperationKind::Receive)) => {
            ("timeline-what-completed", &all[..])
        }
        (SpanKind::Asked, _) => ("timeline-what-asked", &all[..]),
        (SpanKind::Call, Some(OperationKind::Receive)) => ("timeline-what-call", &all[..]),
        (SpanKind::Call, Some(OperationKind::Accept)) => ("timeline-what-accept", operation),
        (SpanKind::Call, Some(OperationKind::Connect)) => ("timeline-what-connect", operation),
        (SpanKind::Done | SpanKind::Found | SpanKind::Signalled, Some(OperationKind::Receive)) => {
            ("timeline-what-taken", &all[..])
        }
        (SpanKind::Done | SpanKind::Found | SpanKind::Completed, Some(OperationKind::Accept)) => {
            ("timeline-what-accepted", operation)
        }
        (
            SpanKind::Call
            | SpanKind::Done
            | SpanKind::Found
            | SpanKind::Signalled
            | SpanKind::Completed,
            _,
        ) => ("timeline-what-done", operation),
    };
    messages.say_with(id, values)
}

/// Describes a wait, with what ended it, unless that was the network.
fn ended(id: &str, cause: Cause, messages: &dyn Messages) -> String {
    let mut said = messages.say(id);
    let id = match cause {
        Cause::Network => return said,
        Cause::Line => "timeline-until-line",
        Cause::Decision => "timeline-until-decision",
    };
    said.push_str(&messages.say(id));
    said
}

/// The call in which a program was blocked.
fn call(chart: &Chart, call: OperationKind, messages: &dyn Messages) -> String {
    match (call, chart.style) {
        (OperationKind::Wait, Style::Loop) => messages.say("timeline-call-poll"),
        (OperationKind::Wait, Style::Signal) => messages.say("timeline-call-signal"),
        (OperationKind::Wait, Style::Completion) => messages.say("timeline-call-completion"),
        (OperationKind::Wait, _) => messages.say("timeline-call-thread"),
        _ => messages.say(&format!("timeline-operation-{}", call.name())),
    }
}

/// Summarises a lane of the server in a sentence: what it spent its time on, the largest share
/// first.
pub(crate) fn summary(chart: &Chart, lane: &Lane, messages: &dyn Messages) -> String {
    let parts = lane.shares().into_iter().map(|(class, call, took)| {
        let (part, took) = (share(took, chart.length, messages), length(took, messages));
        let name = match call {
            Some(call) => messages.say_with(
                "timeline-blocked-in",
                &[("call", &self::call(chart, call, messages))],
            ),
            None => self::class(class, messages),
        };
        messages.say_with(
            "timeline-share",
            &[("class", &name), ("percent", &part), ("took", &took)],
        )
    });
    parts.collect::<Vec<_>>().join("; ")
}

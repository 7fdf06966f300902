//! Charts as a trace in Chrome's format, which <https://ui.perfetto.dev> opens.
//!
//! Format: "Trace Event Format", Google, 2016: complete events (`X`) with times in microseconds,
//! and metadata (`M`) that name processes and threads. Each model is a process here, each lane a
//! thread; the kernel has as many as keep what it holds from covering each other.

use std::time::Duration;

use serde_json::{Value, json};

use crate::chart::{Chart, Lane, Span, SpanKind};
use crate::labels::{class, describe, name, title};
use socklab_text::Messages;

/// Writes the charts as processes of one trace, all beginning at zero.
pub fn chrome(charts: &[Chart], messages: &dyn Messages) -> String {
    let mut events = Vec::new();
    for (process, chart) in (1_u32..).zip(charts) {
        let named = |kind: &str, thread: u32, args: Value| {
            json!({
                "name": kind, "ph": "M", "pid": process, "tid": thread, "args": args,
            })
        };
        events.push(named(
            "process_name",
            0,
            json!({ "name": title(chart, messages) }),
        ));
        events.push(named(
            "process_sort_index",
            0,
            json!({ "sort_index": process }),
        ));
        let rows = chart
            .lanes
            .iter()
            .flat_map(|lane| lane.rows().into_iter().map(move |row| (lane, row)));
        for (thread, (lane, row)) in (1_u32..).zip(rows) {
            let name = name(lane.owner, messages);
            events.push(named("thread_name", thread, json!({ "name": name })));
            events.push(named(
                "thread_sort_index",
                thread,
                json!({ "sort_index": thread }),
            ));
            events.extend(
                row.into_iter()
                    .map(|span| event(lane, span, (process, thread), messages)),
            );
        }
    }
    json!({ "displayTimeUnit": "ms", "traceEvents": events }).to_string()
}

fn event(
    lane: &Lane,
    span: &Span,
    (process, thread): (u32, u32),
    messages: &dyn Messages,
) -> Value {
    let mut args = json!({ "lane": name(lane.owner, messages) });
    if span.kind != SpanKind::Code {
        args["number"] = json!(span.number);
    }
    if let Some(figure) = span.figure() {
        args["figure"] = json!(figure);
    }
    if span.bytes > 0 {
        args["bytes"] = json!(span.bytes);
    }
    json!({
        "name": describe(span, messages),
        "cat": class(span.class(), messages),
        "ph": "X",
        "ts": micros(span.start),
        "dur": micros(span.took()),
        "pid": process,
        "tid": thread,
        "args": args,
    })
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e3
}

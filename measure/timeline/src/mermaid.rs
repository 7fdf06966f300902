//! A chart as a Mermaid sequence diagram.
//!
//! The diagram shows the order of events, and which program talks to which. Times are text, because
//! Mermaid has no time axis. A wait is a note over its lane; a transfer of bytes is an arrow
//! between a program and the kernel. A number in brackets, such as `[6.1]`, is the figure of
//! Stevens's that shows this kind of span.

use std::fmt::Write as _;

use socklab_core::OperationKind;

use crate::chart::{Chart, LaneOwner, Span};
use crate::labels::{describe, length, millis, name, title};
use socklab_text::Messages;

/// The chart as a diagram, to be put between fences in Markdown.
pub fn mermaid(chart: &Chart, messages: &dyn Messages) -> String {
    let mut out = String::from("sequenceDiagram\n");
    let _ = writeln!(out, "    title {}", clean(&title(chart, messages)));
    for lane in &chart.lanes {
        let said = clean(&name(lane.owner, messages));
        let _ = writeln!(out, "    participant {} as {said}", id(lane.owner));
    }
    for (lane, span) in chart.numbered() {
        let figure = span
            .figure()
            .map_or_else(String::new, |figure| format!(" [{figure}]"));
        let said = format!(
            "{}. {} ms, {}{figure}: {}",
            span.number,
            millis(span.start, messages),
            length(span.took(), messages),
            describe(span, messages)
        );
        let _ = match arrow(lane.owner, span) {
            Some((from, arrow, to)) => {
                writeln!(out, "    {}{arrow}{}: {}", id(from), id(to), clean(&said))
            }
            None => writeln!(out, "    Note over {}: {}", id(lane.owner), clean(&said)),
        };
    }
    out
}

/// The arrow for a span that moved bytes or a connection: from where, the arrow's sign, and to
/// where. Spans in the kernel's lane have none.
fn arrow(lane: LaneOwner, span: &Span) -> Option<(LaneOwner, &'static str, LaneOwner)> {
    // A span that goes on after the end of the chart moved no bytes within it.
    if lane == LaneOwner::Kernel || span.after || !span.kind.moves() {
        return None;
    }
    Some(match span.operation? {
        OperationKind::Send | OperationKind::Connect => (lane, "->>", LaneOwner::Kernel),
        OperationKind::Receive | OperationKind::Accept => (LaneOwner::Kernel, "-->>", lane),
        _ => return None,
    })
}

fn id(owner: LaneOwner) -> String {
    match owner {
        LaneOwner::Client { number, .. } => format!("c{number}"),
        LaneOwner::Kernel => "k".to_owned(),
        LaneOwner::Main | LaneOwner::MainTask => "s".to_owned(),
        LaneOwner::Thread(number) => format!("s{number}"),
        LaneOwner::Task(number) => format!("s{number}"),
    }
}

/// Removes characters with a meaning in Mermaid: `;` ends a line, `#` begins an entity.
fn clean(text: &str) -> String {
    text.replace(';', ",").replace('#', "").replace('\n', " ")
}

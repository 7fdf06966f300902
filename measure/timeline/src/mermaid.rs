//! A chart as a Mermaid sequence diagram.
//!
//! It shows the order, and who talks to whom. Times are text, because Mermaid has no time axis. A
//! wait is a note over its lane; a transfer of bytes is an arrow between a program and the kernel.

use std::fmt::Write as _;

use socklab_core::OperationKind;

use crate::chart::{Chart, Name, Span};
use crate::labels::{describe, length, millis, name, title};
use socklab_text::Messages;

/// The chart as a diagram; what stands between fences in Markdown.
pub fn mermaid(chart: &Chart, messages: &dyn Messages) -> String {
    let mut out = String::from("sequenceDiagram\n");
    let _ = writeln!(out, "    title {}", clean(&title(chart, messages)));
    for lane in &chart.lanes {
        let said = clean(&name(lane.name, messages));
        let _ = writeln!(out, "    participant {} as {said}", id(lane.name));
    }
    for (lane, span) in chart.numbered() {
        let figure = span
            .figure()
            .map_or_else(String::new, |figure| format!(" [{figure}]"));
        let said = format!(
            "{}. {} ms, {}{figure}: {}",
            span.number,
            millis(span.start),
            length(span.took()),
            describe(span, messages)
        );
        let _ = match arrow(lane.name, span) {
            Some((from, arrow, to)) => {
                writeln!(out, "    {}{arrow}{}: {}", id(from), id(to), clean(&said))
            }
            None => writeln!(out, "    Note over {}: {}", id(lane.name), clean(&said)),
        };
    }
    out
}

/// From whom to whom bytes or a connection went, for what moved them. In the kernel's lane nothing
/// moves.
fn arrow(lane: Name, span: &Span) -> Option<(Name, &'static str, Name)> {
    // What goes on after the chart has moved nothing in it.
    if lane == Name::Kernel || span.after || !span.what.moves() {
        return None;
    }
    Some(match span.operation? {
        OperationKind::Send | OperationKind::Connect => (lane, "->>", Name::Kernel),
        OperationKind::Receive | OperationKind::Accept => (Name::Kernel, "-->>", lane),
        _ => return None,
    })
}

fn id(name: Name) -> String {
    match name {
        Name::Client { number, .. } => format!("c{number}"),
        Name::Kernel => "k".to_owned(),
        Name::Main | Name::MainTask => "s".to_owned(),
        Name::Thread(number) => format!("s{number}"),
        Name::Task(number) => format!("s{number}"),
    }
}

/// Without what Mermaid takes for its own: `;` ends a line, `#` begins an entity.
fn clean(text: &str) -> String {
    text.replace(';', ",").replace('#', "").replace('\n', " ")
}

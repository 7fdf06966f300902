//! Counts what a driver did for one end of an exercise. This is where the I/O models differ while
//! the exercise is the same.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use socklab_compare::format::Numbers;
use socklab_core::{Observer, Operation, OperationKind, OperationResult};
use socklab_text::{Grid, Messages, wrap};

/// The kinds of operation that are shown, in the order of the columns.
const SHOWN: [OperationKind; 5] = [
    OperationKind::Accept,
    OperationKind::Receive,
    OperationKind::Send,
    OperationKind::Wait,
    OperationKind::Wake,
];

/// Counts of one run of one end.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    calls: [u32; SHOWN.len()],
    spent: [Duration; SHOWN.len()],
    would_block: u32,
}

impl Counts {
    fn add(&mut self, operation: &Operation) {
        if operation.result == OperationResult::WouldBlock {
            self.would_block += 1;
        }
        if let Some(at) = SHOWN.iter().position(|kind| *kind == operation.kind) {
            self.calls[at] += 1;
            self.spent[at] += operation.end.since(operation.start);
        }
    }

    /// The kind of operation that took the most time: where the program was blocked.
    fn blocked_in(&self) -> Option<(OperationKind, Duration)> {
        let most = (0..SHOWN.len()).max_by_key(|at| self.spent[*at])?;
        (!self.spent[most].is_zero()).then_some((SHOWN[most], self.spent[most]))
    }
}

/// An observer that counts, for any number of machines.
#[derive(Clone, Debug, Default)]
pub(super) struct Counter(Arc<Mutex<Counts>>);

impl Counter {
    pub(super) fn take(&self) -> Counts {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Observer for Counter {
    fn operation(&mut self, operation: &Operation) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.add(operation);
    }
}

/// What the server's driver did on one runtime.
pub(super) struct Row<'a> {
    pub(super) runtime: &'a str,
    pub(super) counts: &'a Counts,
    /// Whether the transcript is that of the first runtime.
    pub(super) same: bool,
}

/// One line for each runtime: what its server's driver did, and whether the exchange differed.
pub(super) fn sentences(rows: &[Row<'_>], width: usize, messages: &dyn Messages) -> String {
    let name = |kind: OperationKind| messages.say(&format!("timeline-operation-{}", kind.name()));
    let mut text = String::new();
    for Row {
        runtime,
        counts,
        same,
    } in rows
    {
        let calls = SHOWN
            .iter()
            .zip(counts.calls)
            .filter(|(_, calls)| *calls > 0);
        let calls = calls.map(|(kind, calls)| format!("{} {calls}", name(*kind)));
        let mut line = calls.collect::<Vec<_>>().join(", ");
        if counts.would_block > 0 {
            let count = counts.would_block;
            line.push_str(&messages.say_with("tour-in-vain", &[("count", &count)]));
        }
        if let Some((kind, spent)) = counts.blocked_in() {
            let spent = Numbers::new(messages).fixed(spent.as_secs_f64() * 1e3, 1);
            let name = name(kind);
            let longest =
                messages.say_with("tour-longest", &[("operation", &name), ("ms", &spent)]);
            line.push_str(&longest);
        }
        if !same {
            line.push_str(&format!("; {}", messages.say("tour-differs")));
        }
        let head = format!("{:>9}  {runtime:12} ", "");
        let _ = writeln!(text, "{}", wrap(&head, &line, width));
    }
    text
}

/// The server's counts on each runtime, and whether its transcript is that of the first; as
/// [`sentences`] where a table would be wider than `width`.
pub(super) fn table(rows: &[Row<'_>], width: usize, messages: &dyn Messages) -> String {
    let mut header = vec![messages.say("tour-runtime")];
    header.extend(SHOWN.map(|kind| kind.name().to_owned()));
    header
        .extend(["tour-would-block", "tour-blocked", "tour-transcript"].map(|id| messages.say(id)));
    let cells = rows.iter().map(|one| {
        let mut row = vec![one.runtime.to_owned()];
        row.extend(one.counts.calls.map(|calls| calls.to_string()));
        row.push(one.counts.would_block.to_string());
        row.push(match one.counts.blocked_in() {
            Some((kind, spent)) => {
                let millis = format!("{:.3}", spent.as_secs_f64() * 1e3);
                format!("{} {} ms", kind.name(), messages.number(&millis))
            }
            None => String::new(),
        });
        row.push(messages.say(if one.same {
            "tour-same"
        } else {
            "tour-differs"
        }));
        row
    });
    let table = Grid::new(1, header, cells.collect()).plain();
    match table.lines().all(|line| line.chars().count() <= width) {
        true => table,
        false => sentences(rows, width, messages),
    }
}

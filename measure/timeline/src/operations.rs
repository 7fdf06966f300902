//! Interprets recorded operations: with which peer, and in which phases.

use std::collections::VecDeque;
use std::net::SocketAddr;

use socklab_core::{Mono, Operation, OperationKind, OperationResult, Subject};

use crate::chart::{Cause, SpanKind};
use crate::record::{Event, InputKind, Party, Record, Thread};
use crate::style::Style;

/// All records, each with its operations.
pub(crate) type TracedRecords<'a> = [(&'a Record, Vec<TracedOperation>)];

/// An operation, and the peer that it was with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TracedOperation {
    pub(crate) operation: Operation,
    pub(crate) thread: Thread,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) cause: Cause,
}

impl TracedOperation {
    /// How many bytes it moved, if it is of this kind and succeeded.
    pub(crate) fn moved(&self, kind: OperationKind) -> Option<usize> {
        match self.operation.result {
            OperationResult::Done { bytes, .. } if self.operation.kind == kind => Some(bytes),
            _ => None,
        }
    }
}

/// A span that is not cut to the chart yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draft {
    pub(crate) start: Mono,
    pub(crate) end: Mono,
    pub(crate) kind: SpanKind,
    pub(crate) operation: Option<OperationKind>,
    pub(crate) client: Option<u32>,
    pub(crate) bytes: usize,
    pub(crate) thread: Option<Thread>,
}

impl Draft {
    pub(crate) fn new(start: Mono, end: Mono, kind: SpanKind) -> Self {
        Draft {
            start,
            end,
            kind,
            operation: None,
            client: None,
            bytes: 0,
            thread: None,
        }
    }
}

/// The operations of a record, each with its peer and with what followed it.
pub(crate) fn traced(record: &Record) -> Vec<TracedOperation> {
    let mut all = Vec::new();
    let mut sending: VecDeque<SocketAddr> = VecDeque::new();
    let whose = match record.party {
        Party::Server(Subject::Connection { peer, .. }) => Some(peer),
        Party::Client { address, .. } => address,
        Party::Server(_) => None,
    };
    for (at, (thread, event)) in record.events.iter().enumerate() {
        match *event {
            Event::Sending(peer) => sending.push_back(peer),
            Event::Operation(operation) => {
                let next = next_input(&record.events[at + 1..]);
                let done = matches!(operation.result, OperationResult::Done { .. });
                let peer = match (operation.kind, next) {
                    (OperationKind::Send, _) if done => sending.pop_front(),
                    (OperationKind::Receive, Some(InputKind::Network(peer))) if done => Some(peer),
                    _ => None,
                };
                all.push(TracedOperation {
                    operation,
                    thread: *thread,
                    peer: whose.or(peer),
                    cause: cause(next),
                });
            }
            Event::Input(..) | Event::Paused(..) => {}
        }
    }
    all
}

/// What the machine was told before the next operation.
fn next_input(events: &[(Thread, Event)]) -> Option<InputKind> {
    let before = events
        .iter()
        .take_while(|(_, event)| !matches!(event, Event::Operation(_)));
    before
        .filter_map(|(_, event)| match event {
            Event::Input(_, input) => Some(*input),
            _ => None,
        })
        .next()
}

fn cause(input: Option<InputKind>) -> Cause {
    match input {
        Some(InputKind::Line) => Cause::Line,
        Some(InputKind::Decision) => Cause::Decision,
        _ => Cause::Network,
    }
}

/// What any machine of a thread was told first after that moment. A loop's poll is not in the
/// record of the machine that it woke for. What came after the next poll did not end this one.
pub(crate) fn cause_on(end: Mono, thread: Thread, records: &TracedRecords<'_>) -> Cause {
    let waits = records
        .iter()
        .flat_map(|(_, traced)| traced)
        .filter(|traced| {
            traced.thread == thread
                && traced.operation.kind == OperationKind::Wait
                && traced.operation.start >= end
        });
    let next = waits.map(|traced| traced.operation.start).min();
    let events = records.iter().flat_map(|(record, _)| &record.events);
    let input = events.filter_map(|(on, event)| match *event {
        Event::Input(at, input)
            if *on == thread && at >= end && next.is_none_or(|next| at <= next) =>
        {
            Some((at, input))
        }
        _ => None,
    });
    cause(input.min_by_key(|(at, _)| *at).map(|(_, input)| input))
}

/// The client with this address.
pub(crate) fn client_at(peer: Option<SocketAddr>, records: &TracedRecords<'_>) -> Option<u32> {
    let peer = peer?;
    records.iter().find_map(|(record, _)| match record.party {
        Party::Client {
            number,
            address: Some(address),
            ..
        } if address == peer => Some(number),
        _ => None,
    })
}

/// The phases of an operation: two if it is known when the first ended.
pub(crate) fn phases(style: Style, traced: &TracedOperation) -> Vec<Draft> {
    let Operation {
        kind,
        start,
        end,
        arrival,
        result,
    } = traced.operation;
    let draft = |start, end, phase| Draft {
        operation: Some(kind),
        ..Draft::new(start, end, phase)
    };
    let bytes = match result {
        OperationResult::Done { bytes, .. } => bytes,
        _ => 0,
    };
    let whole = |phase| {
        vec![Draft {
            bytes,
            ..draft(start, end, phase)
        }]
    };
    match (kind, result) {
        (_, OperationResult::Failed | OperationResult::Interrupted) => whole(SpanKind::Failed),
        (OperationKind::Wait, _) => whole(match style {
            Style::Threads => SpanKind::Thread(traced.cause),
            Style::Loop => SpanKind::Poll(traced.cause),
            Style::Executor => SpanKind::Suspended(traced.cause),
            Style::Signal => SpanKind::Signal(traced.cause),
            Style::Spin | Style::Completion => SpanKind::Completion(traced.cause),
        }),
        (_, OperationResult::WouldBlock | OperationResult::TimedOut) => whole(match style {
            Style::Threads => SpanKind::Expired,
            _ => SpanKind::Empty,
        }),
        (OperationKind::Receive, OperationResult::Done { .. }) if style == Style::Threads => {
            match arrival {
                None => whole(SpanKind::Call),
                Some(arrival) if arrival <= start => whole(SpanKind::Copy),
                Some(arrival) => vec![
                    draft(start, arrival, SpanKind::Wait),
                    Draft {
                        bytes,
                        ..draft(arrival, end, SpanKind::Copy)
                    },
                ],
            }
        }
        (_, OperationResult::Done { .. }) => whole(match (style, kind) {
            (Style::Threads, _) => SpanKind::Call,
            (Style::Spin, OperationKind::Receive | OperationKind::Accept) => SpanKind::Found,
            (Style::Signal, OperationKind::Receive) => SpanKind::Signalled,
            (Style::Completion, OperationKind::Receive | OperationKind::Accept) => {
                SpanKind::Completed
            }
            (Style::Completion, OperationKind::Send) => SpanKind::Asked,
            _ => SpanKind::Done,
        }),
    }
}

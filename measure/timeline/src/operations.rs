//! Interprets recorded operations: with which peer, and in which phases.

use std::collections::VecDeque;
use std::net::SocketAddr;

use socklab_core::{Mono, Operation, OperationKind, OperationResult, Subject};

use crate::chart::{Cause, What};
use crate::record::{Event, Heard, Page, Thread, Who};
use crate::style::Style;

/// All records, each with its operations.
pub(crate) type Noted<'a> = [(&'a Page, Vec<Did>)];

/// An operation, and the peer that it was with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Did {
    pub(crate) operation: Operation,
    pub(crate) thread: Thread,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) cause: Cause,
}

impl Did {
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
    pub(crate) what: What,
    pub(crate) operation: Option<OperationKind>,
    pub(crate) client: Option<u32>,
    pub(crate) bytes: usize,
    pub(crate) thread: Option<Thread>,
}

impl Draft {
    pub(crate) fn new(start: Mono, end: Mono, what: What) -> Self {
        Draft {
            start,
            end,
            what,
            operation: None,
            client: None,
            bytes: 0,
            thread: None,
        }
    }
}

/// The operations of a record, each with its peer and with what followed it.
pub(crate) fn did(page: &Page) -> Vec<Did> {
    let mut all = Vec::new();
    let mut sending: VecDeque<SocketAddr> = VecDeque::new();
    let whose = match page.who {
        Who::Server(Subject::Connection { peer, .. }) => Some(peer),
        Who::Client { address, .. } => address,
        Who::Server(_) => None,
    };
    for (at, (thread, event)) in page.events.iter().enumerate() {
        match *event {
            Event::Sending(peer) => sending.push_back(peer),
            Event::Did(operation) => {
                let next = heard_next(&page.events[at + 1..]);
                let done = matches!(operation.result, OperationResult::Done { .. });
                let peer = match (operation.kind, next) {
                    (OperationKind::Send, _) if done => sending.pop_front(),
                    (OperationKind::Receive, Some(Heard::Network(peer))) if done => Some(peer),
                    _ => None,
                };
                all.push(Did {
                    operation,
                    thread: *thread,
                    peer: whose.or(peer),
                    cause: cause(next),
                });
            }
            Event::Heard(..) | Event::Paused(..) => {}
        }
    }
    all
}

/// What the machine was told before the next operation.
fn heard_next(events: &[(Thread, Event)]) -> Option<Heard> {
    let before = events
        .iter()
        .take_while(|(_, event)| !matches!(event, Event::Did(_)));
    before
        .filter_map(|(_, event)| match event {
            Event::Heard(_, heard) => Some(*heard),
            _ => None,
        })
        .next()
}

fn cause(heard: Option<Heard>) -> Cause {
    match heard {
        Some(Heard::Line) => Cause::Line,
        Some(Heard::Decision) => Cause::Decision,
        _ => Cause::Network,
    }
}

/// What any machine of a thread was told first after that moment. A loop's poll is not in the
/// record of the machine that it woke for. What came after the next poll did not end this one.
pub(crate) fn cause_on(end: Mono, thread: Thread, pages: &Noted<'_>) -> Cause {
    let waits = pages.iter().flat_map(|(_, did)| did).filter(|did| {
        did.thread == thread
            && did.operation.kind == OperationKind::Wait
            && did.operation.start >= end
    });
    let next = waits.map(|did| did.operation.start).min();
    let events = pages.iter().flat_map(|(page, _)| &page.events);
    let heard = events.filter_map(|(on, event)| match *event {
        Event::Heard(at, heard)
            if *on == thread && at >= end && next.is_none_or(|next| at <= next) =>
        {
            Some((at, heard))
        }
        _ => None,
    });
    cause(heard.min_by_key(|(at, _)| *at).map(|(_, heard)| heard))
}

/// The client with this address.
pub(crate) fn client_at(peer: Option<SocketAddr>, pages: &Noted<'_>) -> Option<u32> {
    let peer = peer?;
    pages.iter().find_map(|(page, _)| match page.who {
        Who::Client {
            number,
            address: Some(address),
            ..
        } if address == peer => Some(number),
        _ => None,
    })
}

/// The phases of an operation: two if it is known when the first ended.
pub(crate) fn phases(style: Style, did: &Did) -> Vec<Draft> {
    let Operation {
        kind,
        start,
        end,
        arrival,
        result,
    } = did.operation;
    let draft = |start, end, what| Draft {
        operation: Some(kind),
        ..Draft::new(start, end, what)
    };
    let bytes = match result {
        OperationResult::Done { bytes, .. } => bytes,
        _ => 0,
    };
    let whole = |what| {
        vec![Draft {
            bytes,
            ..draft(start, end, what)
        }]
    };
    match (kind, result) {
        (_, OperationResult::Failed | OperationResult::Interrupted) => whole(What::Failed),
        (OperationKind::Wait, _) => whole(match style {
            Style::Threads => What::Thread(did.cause),
            Style::Loop => What::Poll(did.cause),
            Style::Executor => What::Suspended(did.cause),
            Style::Signal => What::Signal(did.cause),
            Style::Spin | Style::Completion => What::Completion(did.cause),
        }),
        (_, OperationResult::WouldBlock | OperationResult::TimedOut) => whole(match style {
            Style::Threads => What::Expired,
            _ => What::Empty,
        }),
        (OperationKind::Receive, OperationResult::Done { .. }) if style == Style::Threads => {
            match arrival {
                None => whole(What::Call),
                Some(arrival) if arrival <= start => whole(What::Copy),
                Some(arrival) => vec![
                    draft(start, arrival, What::Wait),
                    Draft {
                        bytes,
                        ..draft(arrival, end, What::Copy)
                    },
                ],
            }
        }
        (_, OperationResult::Done { .. }) => whole(match (style, kind) {
            (Style::Threads, _) => What::Call,
            (Style::Spin, OperationKind::Receive | OperationKind::Accept) => What::Found,
            (Style::Signal, OperationKind::Receive) => What::Signalled,
            (Style::Completion, OperationKind::Receive | OperationKind::Accept) => What::Completed,
            (Style::Completion, OperationKind::Send) => What::Asked,
            _ => What::Done,
        }),
    }
}

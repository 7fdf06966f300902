//! The data of a chart: lanes of spans.

use crate::style::Style;
use std::time::Duration;

use socklab_core::OperationKind;

/// One exchange on one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// The exercise's name.
    pub exercise: String,
    /// The model's name.
    pub model: String,
    /// How the model waits.
    pub style: Style,
    /// The length of the chart, which begins at zero.
    pub length: Duration,
    /// The lanes: first the clients', then the kernel's, then the server's.
    pub lanes: Vec<Lane>,
    /// Whether the kernel gave any datagram the timestamp of its arrival.
    pub stamped: bool,
}

/// What one party did, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Whose lane it is.
    pub owner: LaneOwner,
    /// Spans do not overlap, except in the kernel's lane, because the kernel may hold many things
    /// at once.
    pub spans: Vec<Span>,
}

/// The party of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneOwner {
    /// A client.
    Client {
        /// Counted from 1.
        number: u32,
        /// Whether the client pauses on purpose.
        slow: bool,
    },
    /// The kernel: what waits there.
    Kernel,
    /// The thread that runs the server.
    Main,
    /// Another thread of the server, counted from 1 as they were first seen.
    Thread(u32),
    /// The task that accepts, or that receives all datagrams.
    MainTask,
    /// The task of a connection, by the connection's number.
    Task(u64),
}

impl LaneOwner {
    /// Whether the lane is one of the server's.
    pub const fn is_server(self) -> bool {
        !matches!(self, LaneOwner::Client { .. } | LaneOwner::Kernel)
    }
}

/// A stretch of time in which one thing was going on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The number in the chart, counted from 1 in the order of time; 0 for code between two
    /// operations.
    pub number: u32,
    /// When it began.
    pub start: Duration,
    /// When it was over.
    pub end: Duration,
    /// What was going on.
    pub kind: SpanKind,
    /// The operation that this span is, or is a part of.
    pub operation: Option<OperationKind>,
    /// The client that it was for, if that is known.
    pub client: Option<u32>,
    /// How many bytes were moved, or wait in the kernel.
    pub bytes: usize,
    /// The thread that ran it, if the lane is a task's.
    pub thread: Option<u32>,
    /// Whether it began before the chart does.
    pub before: bool,
    /// Whether it goes on after the chart ends.
    pub after: bool,
}

impl Span {
    /// How long the span is within the chart.
    pub fn took(&self) -> Duration {
        self.end.saturating_sub(self.start)
    }
}

/// The kinds of spans: the phases in Stevens's figures, and what is around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// Between two operations: the program's own code.
    Code,
    /// Asleep in a call until the kernel had something (6.1, the first phase).
    Wait,
    /// Woken, and copying (6.1, the second phase).
    Copy,
    /// A whole call that blocks: no measurement separates its phases (6.1).
    Call,
    /// A call that blocked until its time-out (6.1).
    Expired,
    /// A call that would have blocked and found no data (6.2).
    Empty,
    /// This many such calls in a row (6.2).
    Spin(u32),
    /// The call after them that found data, and copies it (6.2).
    Found,
    /// A nonblocking call that succeeded: a send (6.2), or the second phase after a poll (6.3).
    Done,
    /// Asleep in a poll for all sockets (6.3, the first phase).
    Poll(Cause),
    /// Asleep until the kernel sends a signal (6.4, the first phase).
    Signal(Cause),
    /// A call that receives after the signal (6.4, the second phase).
    Signalled,
    /// Asleep until an operation has completed (6.5).
    Completion(Cause),
    /// A completed receive: the data are in the program's memory already (6.5).
    Completed,
    /// A submitted send (6.5).
    Asked,
    /// A suspended task: the reactor below it polls for all tasks (6.3, hidden from the task).
    Suspended(Cause),
    /// Asleep until there is a message from another thread.
    Thread(Cause),
    /// A call that failed.
    Failed,
    /// A client pauses on purpose.
    Pause,
    /// In the kernel: a connection that is not accepted yet.
    Backlog,
    /// In the kernel: bytes in the buffer of one of the sockets.
    Buffered {
        /// Whether the bytes are in the server's socket, and not in the client's.
        to_server: bool,
        /// Whether the span begins at the kernel's timestamp. If not, it begins when the sender's
        /// call returned, which may be a little late.
        stamped: bool,
    },
}

impl SpanKind {
    /// Whether this is a call that moved data, or may have.
    pub const fn moves(self) -> bool {
        matches!(
            self,
            SpanKind::Copy
                | SpanKind::Call
                | SpanKind::Done
                | SpanKind::Found
                | SpanKind::Signalled
                | SpanKind::Completed
                | SpanKind::Asked
        )
    }
}

/// What ended a wait, if a machine was told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Data from the network, or an event that no machine was told of.
    Network,
    /// The user's line.
    Line,
    /// The register's decision.
    Decision,
}

/// A class of spans that are drawn alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A client's pause.
    Pause,
    /// In the kernel.
    Kernel,
    /// Asleep in a call.
    Blocked,
    /// A suspended task.
    Suspended,
    /// The program's own code.
    Code,
    /// A call that found no data.
    Empty,
    /// A call that moves data.
    Copy,
}

impl Class {
    /// All classes, in the order of the legend.
    pub const ALL: [Class; 7] = [
        Class::Copy,
        Class::Code,
        Class::Blocked,
        Class::Suspended,
        Class::Empty,
        Class::Kernel,
        Class::Pause,
    ];

    /// The word in the ids of messages and in the classes of pictures.
    pub const fn name(self) -> &'static str {
        match self {
            Class::Pause => "pause",
            Class::Kernel => "kernel",
            Class::Blocked => "blocked",
            Class::Suspended => "suspended",
            Class::Code => "code",
            Class::Empty => "empty",
            Class::Copy => "copy",
        }
    }
}

impl Span {
    /// The class of the span. A call that may have blocked counts as blocked, unless it sends or
    /// closes: a send blocks only while the kernel has no room.
    pub fn class(&self) -> Class {
        match self.kind {
            SpanKind::Code => Class::Code,
            SpanKind::Call
                if matches!(
                    self.operation,
                    Some(OperationKind::Send | OperationKind::Close)
                ) =>
            {
                Class::Copy
            }
            SpanKind::Wait
            | SpanKind::Call
            | SpanKind::Expired
            | SpanKind::Poll(_)
            | SpanKind::Signal(_)
            | SpanKind::Completion(_)
            | SpanKind::Thread(_) => Class::Blocked,
            SpanKind::Copy
            | SpanKind::Done
            | SpanKind::Found
            | SpanKind::Signalled
            | SpanKind::Completed
            | SpanKind::Asked
            | SpanKind::Failed => Class::Copy,
            SpanKind::Empty | SpanKind::Spin(_) => Class::Empty,
            SpanKind::Suspended(_) => Class::Suspended,
            SpanKind::Pause => Class::Pause,
            SpanKind::Backlog | SpanKind::Buffered { .. } => Class::Kernel,
        }
    }

    /// The figure of Stevens's that shows this kind of span, if there is one.
    pub fn figure(&self) -> Option<&'static str> {
        match self.kind {
            SpanKind::Wait | SpanKind::Copy | SpanKind::Call | SpanKind::Expired => Some("6.1"),
            SpanKind::Done if self.operation == Some(OperationKind::Send) => Some("6.2"),
            SpanKind::Empty | SpanKind::Spin(_) | SpanKind::Found => Some("6.2"),
            SpanKind::Signal(_) | SpanKind::Signalled => Some("6.4"),
            SpanKind::Completion(_) | SpanKind::Completed | SpanKind::Asked => Some("6.5"),
            SpanKind::Done | SpanKind::Poll(_) | SpanKind::Suspended(_) => Some("6.3"),
            SpanKind::Code
            | SpanKind::Thread(_)
            | SpanKind::Failed
            | SpanKind::Pause
            | SpanKind::Backlog
            | SpanKind::Buffered { .. } => None,
        }
    }
}

impl Chart {
    /// All numbered spans with their lanes, in the order of their numbers.
    pub fn numbered(&self) -> Vec<(&Lane, &Span)> {
        let spans = self
            .lanes
            .iter()
            .flat_map(|lane| lane.spans.iter().map(move |span| (lane, span)));
        let mut all: Vec<_> = spans.filter(|(_, span)| span.number > 0).collect();
        all.sort_by_key(|(_, span)| span.number);
        all
    }

    /// A short stretch that shows the server's first answer to a client, with as much before and
    /// after to see the context. It lasts from the client's first operation until the server has
    /// sent to it, or at least has received. A client that is not slow is preferred. `None` if no
    /// stretch is much shorter than the whole chart.
    pub fn closest(&self) -> Option<(Duration, Duration)> {
        let clients = |slowly| {
            self.lanes.iter().filter_map(move |lane| match lane.owner {
                LaneOwner::Client { number, slow } if slow == slowly => Some((number, lane)),
                _ => None,
            })
        };
        let clients = || clients(false).chain(clients(true));
        let after = [OperationKind::Send, OperationKind::Receive].into_iter();
        let mut looks = after.flat_map(|kind| {
            clients().filter_map(move |(number, lane)| self.first_answer(number, lane, kind))
        });
        looks.find(|(start, end)| end.saturating_sub(*start) * 10 < self.length)
    }

    /// The time from a client's first operation to the server's first of that kind with it.
    fn first_answer(
        &self,
        number: u32,
        lane: &Lane,
        kind: OperationKind,
    ) -> Option<(Duration, Duration)> {
        let mut theirs = lane.spans.iter();
        let start = theirs.find(|span| span.operation.is_some())?.start;
        let mut ours: Vec<&Span> = self
            .lanes
            .iter()
            .filter(|lane| lane.owner.is_server())
            .flat_map(|lane| &lane.spans)
            .filter(|span| {
                span.client == Some(number)
                    && span.operation == Some(kind)
                    && span.kind.moves()
                    && span.end > start
            })
            .collect();
        ours.sort_by_key(|span| span.end);
        let end = ours.first()?.end;
        let around = end.saturating_sub(start) / 3;
        Some((
            start.saturating_sub(around),
            (end + around).min(self.length),
        ))
    }
}

impl Lane {
    /// How long the lane was in spans of each class, the longest first; if blocked, also in which
    /// call.
    pub fn shares(&self) -> Vec<(Class, Option<OperationKind>, Duration)> {
        let mut shares: Vec<(Class, Option<OperationKind>, Duration)> = Vec::new();
        for span in &self.spans {
            let class = span.class();
            let call = span.operation.filter(|_| class == Class::Blocked);
            let mut known = shares.iter_mut();
            match known.find(|(other, which, _)| (*other, *which) == (class, call)) {
                Some((_, _, took)) => *took += span.took(),
                None => shares.push((class, call, span.took())),
            }
        }
        shares.sort_by_key(|(_, _, took)| std::cmp::Reverse(*took));
        shares
    }

    /// The spans in as few rows as possible, so that none covers another. Only the kernel's lane
    /// needs more than one row.
    pub fn rows(&self) -> Vec<Vec<&Span>> {
        let mut rows: Vec<Vec<&Span>> = Vec::new();
        let mut spans: Vec<&Span> = self.spans.iter().collect();
        spans.sort_by_key(|span| (span.start, span.end));
        for span in spans {
            let free = rows
                .iter_mut()
                .find(|row| row.last().is_none_or(|last| last.end <= span.start));
            match free {
                Some(row) => row.push(span),
                None => rows.push(vec![span]),
            }
        }
        if rows.is_empty() {
            rows.push(Vec::new());
        }
        rows
    }
}

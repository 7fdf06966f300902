//! What is shown: lanes of spans.

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
    /// From the beginning, which is zero, to the end.
    pub length: Duration,
    /// Clients first, then the kernel, then the server's.
    pub lanes: Vec<Lane>,
    /// Whether the kernel said of any datagram when it had it.
    pub stamped: bool,
}

/// What one of the parties did, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Whose it is.
    pub name: Name,
    /// Each begins when or after the one before ends, but for the kernel's, which may hold many
    /// things at once.
    pub spans: Vec<Span>,
}

/// Whose a lane is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// A client's.
    Client {
        /// Counted from 1.
        number: u32,
        /// Whether it takes its time.
        slow: bool,
    },
    /// What waits in the kernel.
    Kernel,
    /// The thread that runs the server.
    Main,
    /// Another thread of the server, counted from 1 as they were first seen.
    Thread(u32),
    /// The task that accepts, or hears all datagrams.
    MainTask,
    /// The task of a connection, by the connection's number.
    Task(u64),
}

impl Name {
    /// Whether it is one of the server's.
    pub const fn is_server(self) -> bool {
        !matches!(self, Name::Client { .. } | Name::Kernel)
    }
}

/// Something that took a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Counted from 1 in the order of time; 0 for code between two operations.
    pub number: u32,
    /// When it began.
    pub start: Duration,
    /// When it was over.
    pub end: Duration,
    /// What it was.
    pub what: What,
    /// Which operation it is, or is a part of.
    pub operation: Option<OperationKind>,
    /// Which client it was for, as far as that is known.
    pub client: Option<u32>,
    /// How many bytes were moved, or wait.
    pub bytes: usize,
    /// Which thread ran it, where the lane is a task's.
    pub thread: Option<u32>,
    /// It had begun before the chart does.
    pub before: bool,
    /// It goes on when the chart ends.
    pub after: bool,
}

impl Span {
    /// How long it took, as far as it is in the chart.
    pub fn took(&self) -> Duration {
        self.end.saturating_sub(self.start)
    }
}

/// What a span was: the phases of Stevens' figures, and what is around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Between two operations: the program's own code.
    Code,
    /// Asleep in a call until the kernel had something (6.1, the first phase).
    Wait,
    /// Woken, and copying (6.1, the second phase).
    Copy,
    /// A call that blocks, whole: nothing tells its phases apart (6.1).
    Call,
    /// A call that blocks, which ended because its time had passed (6.1).
    Expired,
    /// A call that does not block and found nothing (6.2).
    Empty,
    /// So many such calls after each other (6.2).
    Spin(u32),
    /// The call among them that found something, and copies it (6.2).
    Found,
    /// A call that does not block and did what it should (6.2 where it sends; where it takes what a
    /// poll told of, the second phase of 6.3).
    Done,
    /// Asleep in a poll for all sockets (6.3, the first phase).
    Poll(Cause),
    /// Asleep until the kernel sends a signal (6.4, the first phase).
    Signal(Cause),
    /// A call after it that takes what came (6.4, the second phase).
    Signalled,
    /// Asleep until the kernel has done something of what it was asked for (6.5).
    Completion(Cause),
    /// Something was received: it is in the program's memory already (6.5).
    Completed,
    /// The kernel is asked to send (6.5).
    Asked,
    /// A suspended task: the reactor below it polls for all tasks (6.3, hidden).
    Suspended(Cause),
    /// Asleep until another thread has something.
    Thread(Cause),
    /// A call that failed.
    Failed,
    /// A client that does nothing, on purpose.
    Pause,
    /// In the kernel: a connection that is not accepted yet.
    Backlog,
    /// In the kernel: bytes in the buffer of one of the sockets.
    Buffered {
        /// The server's socket, or the client's.
        to_server: bool,
        /// Since the kernel's own stamp; if not, since the sender's call had returned, which may be
        /// a little late.
        stamped: bool,
    },
}

impl What {
    /// Whether it is a call that moved something, or may have.
    pub const fn moves(self) -> bool {
        matches!(
            self,
            What::Copy
                | What::Call
                | What::Done
                | What::Found
                | What::Signalled
                | What::Completed
                | What::Asked
        )
    }
}

/// What ended a wait, where the machine was told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Something from the network, or nothing that a machine was told of.
    Network,
    /// The user's line.
    Line,
    /// The register's decision.
    Decision,
}

/// What is drawn alike.
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
    /// Own code.
    Code,
    /// A call that found nothing.
    Empty,
    /// A call that moves something.
    Copy,
}

impl Class {
    /// All of them, in the order of a legend.
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
    /// How it is drawn. A call that may have blocked counts as blocked, unless it sends, which
    /// blocks only while the kernel has no room, or closes.
    pub fn class(&self) -> Class {
        match self.what {
            What::Code => Class::Code,
            What::Call
                if matches!(
                    self.operation,
                    Some(OperationKind::Send | OperationKind::Close)
                ) =>
            {
                Class::Copy
            }
            What::Wait
            | What::Call
            | What::Expired
            | What::Poll(_)
            | What::Signal(_)
            | What::Completion(_)
            | What::Thread(_) => Class::Blocked,
            What::Copy
            | What::Done
            | What::Found
            | What::Signalled
            | What::Completed
            | What::Asked
            | What::Failed => Class::Copy,
            What::Empty | What::Spin(_) => Class::Empty,
            What::Suspended(_) => Class::Suspended,
            What::Pause => Class::Pause,
            What::Backlog | What::Buffered { .. } => Class::Kernel,
        }
    }

    /// The figure of Stevens' that shows it, if one does.
    pub fn figure(&self) -> Option<&'static str> {
        match self.what {
            What::Wait | What::Copy | What::Call | What::Expired => Some("6.1"),
            What::Done if self.operation == Some(OperationKind::Send) => Some("6.2"),
            What::Empty | What::Spin(_) | What::Found => Some("6.2"),
            What::Signal(_) | What::Signalled => Some("6.4"),
            What::Completion(_) | What::Completed | What::Asked => Some("6.5"),
            What::Done | What::Poll(_) | What::Suspended(_) => Some("6.3"),
            What::Code
            | What::Thread(_)
            | What::Failed
            | What::Pause
            | What::Backlog
            | What::Buffered { .. } => None,
        }
    }
}

impl Chart {
    /// All that is numbered, in the order of the numbers, with its lane.
    pub fn numbered(&self) -> Vec<(&Lane, &Span)> {
        let spans = self
            .lanes
            .iter()
            .flat_map(|lane| lane.spans.iter().map(move |span| (lane, span)));
        let mut all: Vec<_> = spans.filter(|(_, span)| span.number > 0).collect();
        all.sort_by_key(|(_, span)| span.number);
        all
    }

    /// A short stretch in which the server deals with a client for the first time, with as much
    /// around it as shows what it does before and after: from the client's first operation until
    /// the server has sent to it, or at least has received. That of a client that is not slow, if
    /// it can be had. Nothing if none is much shorter than the whole.
    pub fn closest(&self) -> Option<(Duration, Duration)> {
        let clients = |slowly| {
            self.lanes.iter().filter_map(move |lane| match lane.name {
                Name::Client { number, slow } if slow == slowly => Some((number, lane)),
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

    /// From a client's first operation until the server's first of that kind with it.
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
            .filter(|lane| lane.name.is_server())
            .flat_map(|lane| &lane.spans)
            .filter(|span| {
                span.client == Some(number)
                    && span.operation == Some(kind)
                    && span.what.moves()
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
    /// How long the lane was in spans of each class, and when blocked, in which call; the longest
    /// first.
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

    /// The spans in as few rows as need be so that none covers another: one, but for the kernel's.
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

//! Where a machine puts what it wants done.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::ops::Range;

use crate::link::{Link, Socket, Transport};
use crate::output::{Notice, Output, Prompt};
use crate::register::{Attempt, StoreId};

/// The caller's list of outputs, with the bytes they carry.
///
/// A driver makes one and reuses it: after the first few exchanges it has the size it needs, and a
/// steady state allocates nothing. What is sent lies in one arena in the order of sending, so
/// consecutive sends lie side by side and can be handed to the kernel in one call.
///
/// ```
/// use socklab_core::{Link, Outbox, Output};
/// let mut out = Outbox::new();
/// let link = Link::first("127.0.0.1:16000".parse().unwrap());
/// out.send(link, b"hola");
/// assert!(matches!(out.iter().next(), Some(Output::Send { bytes: b"hola", .. })));
/// out.clear(); // the capacity stays
/// ```
#[derive(Debug, Default)]
pub struct Outbox {
    sent: Vec<u8>,
    shown: Vec<u8>,
    ops: Vec<Op>,
}

#[derive(Debug)]
enum Op {
    Open(Socket, Transport, SocketAddr),
    Send(Link, Range<usize>),
    Finish(Link),
    Abort(Link),
    Prompt(Prompt),
    Show(Range<usize>),
    Notice(Notice),
    Store(StoreId, Box<Attempt>),
}

impl Outbox {
    /// An empty outbox.
    pub const fn new() -> Self {
        Outbox {
            sent: Vec::new(),
            shown: Vec::new(),
            ops: Vec::new(),
        }
    }

    /// How many outputs are waiting to be carried out.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether nothing is waiting to be carried out.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.sent.clear();
        self.shown.clear();
        self.ops.clear();
    }

    /// The outputs in order.
    pub fn iter(&self) -> impl Iterator<Item = Output<'_>> {
        self.since(0)
    }

    /// The outputs in order, as a driver carries them over a transport: on a stream, where cuts mean
    /// nothing and each send may be a system call, consecutive sends on one link are joined.
    pub fn iter_over(&self, transport: Transport) -> impl Iterator<Item = Output<'_>> {
        let mut ops = self.ops.iter().peekable();
        core::iter::from_fn(move || {
            let op = ops.next()?;
            let Op::Send(link, range) = op else {
                return Some(self.output(op));
            };
            let mut range = range.clone();
            let follows = |next: &&Op| match next {
                Op::Send(other, _) => transport == Transport::Stream && other == link,
                _ => false,
            };
            while let Some(Op::Send(_, more)) = ops.next_if(follows) {
                range.end = more.end;
            }
            Some(Output::Send {
                link: *link,
                bytes: &self.sent[range],
            })
        })
    }

    /// The outputs in order, without the first `skip`.
    pub fn since(&self, skip: usize) -> impl Iterator<Item = Output<'_>> {
        self.ops[skip..].iter().map(|op| self.output(op))
    }

    fn output<'a>(&'a self, op: &'a Op) -> Output<'a> {
        match op {
            Op::Open(socket, transport, to) => Output::Open {
                socket: *socket,
                transport: *transport,
                to: *to,
            },
            Op::Send(link, range) => Output::Send {
                link: *link,
                bytes: &self.sent[range.clone()],
            },
            Op::Finish(link) => Output::Finish { link: *link },
            Op::Abort(link) => Output::Abort { link: *link },
            Op::Prompt(prompt) => Output::Prompt(*prompt),
            Op::Show(range) => Output::Show {
                bytes: &self.shown[range.clone()],
            },
            Op::Notice(notice) => Output::Notice(*notice),
            Op::Store(id, attempt) => Output::Store { id: *id, attempt },
        }
    }

    /// Asks for a socket to be opened and connected.
    pub fn open(&mut self, socket: Socket, transport: Transport, to: SocketAddr) {
        self.ops.push(Op::Open(socket, transport, to));
    }

    /// Sends `bytes`.
    pub fn send(&mut self, link: Link, bytes: &[u8]) {
        self.send_with(link, |to| to.extend_from_slice(bytes));
    }

    /// Sends what `write` appends, and says how many bytes that was.
    ///
    /// The closure may only append; what lies before belongs to earlier sends.
    pub fn send_with(&mut self, link: Link, write: impl FnOnce(&mut Vec<u8>)) -> usize {
        let start = self.sent.len();
        write(&mut self.sent);
        debug_assert!(self.sent.len() >= start, "a send may only append");
        self.ops.push(Op::Send(link, start..self.sent.len()));
        self.sent.len() - start
    }

    /// Takes the last send back, bytes and all.
    ///
    /// # Panics
    /// In debug builds, when the last output is not a send.
    pub fn unsend(&mut self) {
        match self.ops.pop() {
            Some(Op::Send(_, range)) => self.sent.truncate(range.start),
            other => debug_assert!(false, "the last output is not a send: {other:?}"),
        }
    }

    /// Flushes a link and closes its writing side.
    pub fn finish(&mut self, link: Link) {
        self.ops.push(Op::Finish(link));
    }

    /// Gives a link up at once.
    pub fn abort(&mut self, link: Link) {
        self.ops.push(Op::Abort(link));
    }

    /// Asks the user for a line.
    pub fn prompt(&mut self, prompt: Prompt) {
        self.ops.push(Op::Prompt(prompt));
    }

    /// Shows `bytes` to the user.
    pub fn show(&mut self, bytes: &[u8]) {
        let start = self.shown.len();
        self.shown.extend_from_slice(bytes);
        self.ops.push(Op::Show(start..self.shown.len()));
    }

    /// Tells the user something.
    pub fn notice(&mut self, notice: Notice) {
        self.ops.push(Op::Notice(notice));
    }

    /// Hands an attempt to the register.
    pub fn store(&mut self, id: StoreId, attempt: Attempt) {
        self.ops.push(Op::Store(id, Box::new(attempt)));
    }

    /// Copies one output, as a layer does with those it lets through.
    pub fn push(&mut self, output: &Output<'_>) {
        match *output {
            Output::Open {
                socket,
                transport,
                to,
            } => self.open(socket, transport, to),
            Output::Send { link, bytes } => self.send(link, bytes),
            Output::Finish { link } => self.finish(link),
            Output::Abort { link } => self.abort(link),
            Output::Prompt(prompt) => self.prompt(prompt),
            Output::Show { bytes } => self.show(bytes),
            Output::Notice(notice) => self.notice(notice),
            Output::Store { id, attempt } => self.store(id, attempt.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::prelude::v1::*;

    #[test]
    fn sends_of_a_stream_are_joined() {
        let link = |port| Link::first(SocketAddr::from(([127, 0, 0, 1], port)));
        let mut out = Outbox::new();
        for (port, bytes) in [(1, "a"), (1, "b"), (2, "c"), (1, "d")] {
            out.send(link(port), bytes.as_bytes());
        }
        out.show(b"x");
        out.send(link(1), b"e");
        out.finish(link(1));
        let sent: Vec<&[u8]> = out
            .iter_over(Transport::Stream)
            .filter_map(|output| match output {
                Output::Send { bytes, .. } => Some(bytes),
                _ => None,
            })
            .collect();
        assert_eq!(sent, [&b"ab"[..], b"c", b"d", b"e"]);
        assert_eq!(out.iter_over(Transport::Stream).count(), 6);
        assert_eq!(out.iter_over(Transport::Datagram).count(), 7);
    }
}

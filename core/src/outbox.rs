//! Where a machine puts its outputs.

mod batch;

use alloc::vec::Vec;
use core::net::SocketAddr;
use core::ops::Range;

use crate::link::{Link, Socket, Transport};
use crate::output::{Notice, Output, Prompt};
use crate::register::{Attempt, StoreId};
use crate::unexpected::{Unexpected, UnexpectedKind};

pub(crate) use batch::Batch;

/// A machine's outputs, with the bytes that they carry.
///
/// A driver makes one for each loop or thread and reuses it: after the first few exchanges it has
/// the size it needs, and a steady state does not allocate. What is sent lies in one arena in the
/// order of sending, so consecutive sends lie side by side and can be handed to the kernel in one
/// call. A [`Session`](crate::Session) carries the outputs out and empties it.
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
    to_send: Vec<u8>,
    to_show: Vec<u8>,
    /// To whom sends go; consecutive sends to one peer share an entry.
    links: Vec<Link>,
    addresses: Vec<SocketAddr>,
    attempts: Vec<Attempt>,
    ops: Vec<Op>,
    /// How many of `ops` have been searched for outputs for the user.
    searched: usize,
    /// How many of the others are for the user.
    for_user: usize,
    /// How many of `ops` have been carried out.
    done: usize,
    /// No console wants what is shown.
    drops_shows: bool,
}

/// An output. Its bytes are in the outbox. It is `Copy`, so clearing a list of them takes no loop.
#[derive(Clone, Copy, Debug)]
enum Op {
    Open(Socket, Transport, Span),
    /// The number of its link in `links`, and its bytes. With the link itself in it, building the
    /// output and then copying it stalled each send for 4 ns.
    Send(usize, Span),
    Finish(Link),
    Abort(Link),
    NoDelay(Link),
    Prompt(Prompt),
    Show(Span),
    Notice(Notice),
    Unexpected(UnexpectedKind, [Span; 3]),
    Store(StoreId, usize),
}

/// How many outputs keep their memory. A peer's line feeds make one or two outputs of each byte,
/// and a thread that serves a connection has an outbox of its own.
const KEPT_OPS: usize = 256;

/// The place of something in one of the vectors of an outbox.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    end: usize,
}

impl Span {
    const fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// From `start` to the end of `whole`.
    const fn from<T>(start: usize, whole: &[T]) -> Self {
        let end = whole.len();
        Span { start, end }
    }
}

impl Op {
    /// Whether the output is for the user.
    #[inline]
    fn is_for_user(&self) -> bool {
        matches!(
            self,
            Op::Prompt(_) | Op::Show(_) | Op::Notice(_) | Op::Unexpected(..)
        )
    }
}

impl Outbox {
    /// An empty outbox.
    pub const fn new() -> Self {
        Outbox {
            to_send: Vec::new(),
            to_show: Vec::new(),
            links: Vec::new(),
            addresses: Vec::new(),
            attempts: Vec::new(),
            ops: Vec::new(),
            searched: 0,
            for_user: 0,
            done: 0,
            drops_shows: false,
        }
    }

    /// From now on leaves out what is to be shown: no console shows it.
    #[must_use]
    pub const fn without_shows(mut self) -> Self {
        self.drops_shows = true;
        self
    }

    /// How many outputs are waiting to be carried out.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether all outputs have been carried out.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// Forgets everything, keeping the memory of an ordinary exchange.
    #[inline]
    pub fn clear(&mut self) {
        if self.ops.capacity() > KEPT_OPS {
            self.ops.clear();
            self.ops.shrink_to(KEPT_OPS);
        }
        self.to_send.clear();
        self.to_show.clear();
        self.links.clear();
        self.addresses.clear();
        self.attempts.clear();
        self.ops.clear();
        (self.searched, self.for_user, self.done) = (0, 0, 0);
    }

    /// The outputs in order.
    pub fn iter(&self) -> impl Iterator<Item = Output<'_>> {
        self.skip(0)
    }

    /// The outputs in order, without the first `count`.
    pub fn skip(&self, count: usize) -> impl Iterator<Item = Output<'_>> {
        self.ops[count..].iter().map(|op| self.output(*op))
    }

    /// The next output that is for the user, if there is one that has not been told.
    #[inline]
    pub(crate) fn next_for_user(&mut self) -> Option<usize> {
        // Many datagrams in a row have nothing for the user: their sends are not looked at.
        while self.for_user > 0 && self.searched < self.ops.len() {
            self.searched += 1;
            if self.ops[self.searched - 1].is_for_user() {
                self.for_user -= 1;
                return Some(self.searched - 1);
            }
        }
        None
    }

    /// The first output that is not for the user and has not been carried out.
    #[inline]
    pub(crate) fn next_for_driver(&mut self) -> Option<usize> {
        while self.ops.get(self.done)?.is_for_user() {
            self.done += 1;
        }
        Some(self.done)
    }

    /// Notes that all outputs before that one have been carried out.
    #[inline]
    pub(crate) fn done_before(&mut self, index: usize) {
        self.done = index;
    }

    /// Output `index`.
    #[inline]
    pub(crate) fn at(&self, index: usize) -> Output<'_> {
        self.output(self.ops[index])
    }

    /// The link of a send.
    #[inline]
    pub(crate) fn link_of(&self, index: usize) -> Option<&Link> {
        match &self.ops[index] {
            Op::Send(link, _) => Some(&self.links[*link]),
            _ => None,
        }
    }

    /// The bytes of a batch.
    #[inline]
    pub(crate) fn bytes_at(&self, range: Range<usize>) -> &[u8] {
        &self.to_send[range]
    }

    fn output(&self, op: Op) -> Output<'_> {
        match op {
            Op::Open(socket, transport, to) => Output::Open {
                socket,
                transport,
                to: &self.addresses[to.range()],
            },
            Op::Send(link, bytes) => Output::Send {
                link: self.links[link],
                bytes: &self.to_send[bytes.range()],
            },
            Op::Finish(link) => Output::Finish { link },
            Op::Abort(link) => Output::Abort { link },
            Op::NoDelay(link) => Output::NoDelay { link },
            Op::Prompt(prompt) => Output::Prompt(prompt),
            Op::Show(bytes) => Output::Show {
                bytes: &self.to_show[bytes.range()],
            },
            Op::Notice(notice) => Output::Notice(notice),
            Op::Unexpected(kind, spans) => {
                let [question, expected, received] = spans.map(|span| &self.to_show[span.range()]);
                Output::Unexpected(Unexpected {
                    kind,
                    question,
                    expected,
                    received,
                })
            }
            Op::Store(id, attempt) => Output::Store {
                id,
                attempt: &self.attempts[attempt],
            },
        }
    }

    /// Asks for a socket to be opened and connected to the first of these addresses that answers.
    pub fn open(&mut self, socket: Socket, transport: Transport, to: &[SocketAddr]) {
        let start = self.addresses.len();
        self.addresses.extend_from_slice(to);
        let to = Span::from(start, &self.addresses);
        self.ops.push(Op::Open(socket, transport, to));
    }

    /// Sends `bytes`.
    pub fn send(&mut self, link: Link, bytes: &[u8]) {
        self.send_with(&link, |to| to.extend_from_slice(bytes));
    }

    /// Sends what `write` appends, and says how many bytes that was.
    ///
    /// The closure may only append; what lies before belongs to earlier sends.
    pub fn send_with(&mut self, link: &Link, write: impl FnOnce(&mut Vec<u8>)) -> usize {
        let start = self.to_send.len();
        write(&mut self.to_send);
        debug_assert!(self.to_send.len() >= start, "a send may only append");
        let span = Span::from(start, &self.to_send);
        if self.links.last() != Some(link) {
            // A connection has one peer: its thread keeps no room for more.
            self.links.reserve_exact(1);
            self.links.push(*link);
        }
        self.ops.push(Op::Send(self.links.len() - 1, span));
        span.end - span.start
    }

    /// Takes back the last send.
    ///
    /// # Panics
    /// In debug builds, when the last output is not a send.
    pub fn undo_send(&mut self) {
        match self.ops.pop() {
            Some(Op::Send(_, range)) => self.to_send.truncate(range.start),
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

    /// Has the system send small segments of a stream at once.
    pub fn no_delay(&mut self, link: Link) {
        self.ops.push(Op::NoDelay(link));
    }

    /// Asks the user for a line.
    pub fn prompt(&mut self, prompt: Prompt) {
        self.tell(Op::Prompt(prompt));
    }

    /// Shows `bytes` to the user.
    pub fn show(&mut self, bytes: &[u8]) {
        if self.drops_shows {
            return;
        }
        let span = self.store_shown(bytes);
        self.tell(Op::Show(span));
    }

    fn store_shown(&mut self, bytes: &[u8]) -> Span {
        let start = self.to_show.len();
        self.to_show.extend_from_slice(bytes);
        Span::from(start, &self.to_show)
    }

    /// Tells the user what is odd about a message.
    pub fn unexpected(&mut self, unexpected: &Unexpected<'_>) {
        if self.drops_shows {
            return;
        }
        let Unexpected {
            kind,
            question,
            expected,
            received,
        } = *unexpected;
        let spans = [question, expected, received].map(|bytes| self.store_shown(bytes));
        self.tell(Op::Unexpected(kind, spans));
    }

    /// Tells the user something.
    pub fn notice(&mut self, notice: Notice) {
        self.tell(Op::Notice(notice));
    }

    fn tell(&mut self, op: Op) {
        self.for_user += 1;
        self.ops.push(op);
    }

    /// Hands an attempt to the register.
    pub fn store(&mut self, id: StoreId, attempt: Attempt) {
        self.attempts.push(attempt);
        self.ops.push(Op::Store(id, self.attempts.len() - 1));
    }

    /// Appends an output of another outbox: a machine that wraps another passes outputs on this
    /// way.
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
            Output::NoDelay { link } => self.no_delay(link),
            Output::Prompt(prompt) => self.prompt(prompt),
            Output::Show { bytes } => self.show(bytes),
            Output::Notice(notice) => self.notice(notice),
            Output::Unexpected(unexpected) => self.unexpected(&unexpected),
            Output::Store { id, attempt } => self.store(id, attempt.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_does_not_keep_its_memory() {
        let link = Link::first(([127, 0, 0, 1], 1).into());
        let mut out = Outbox::new();
        for _ in 0..5000 {
            out.send(link, b"\n");
        }
        assert!(out.ops.capacity() >= 5000);
        out.clear();
        assert!(out.is_empty() && out.ops.capacity() <= KEPT_OPS);
    }
}

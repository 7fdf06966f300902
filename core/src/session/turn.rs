//! A turn of a conversation: what happened goes in, what to do comes out.

use core::net::SocketAddr;
use core::time::Duration;

use super::{Opening, Session, WireState};
use crate::fault::{CallError, Doing, Fault, FaultKind};
use crate::input::{ExceededLimit, Input, LineEvent};
use crate::link::{Link, Socket, Transport};
use crate::machine::{CLOSE_LIMIT, Machine, Status};
use crate::observer::{Observer, Operation};
use crate::outbox::{Outbox, Train};
use crate::output::Output;
use crate::register::{Attempt, Decision, StoreId};
use crate::time::{Mono, Now};

/// What a driver must do now.
#[derive(Debug)]
pub enum Next<'a> {
    /// Hand this to the user's console.
    Tell(Output<'a>),
    /// Hand this to the register; answer with [`Turn::stored`] when it has decided.
    Store {
        /// The machine's number for it.
        id: StoreId,
        /// The attempt.
        attempt: &'a Attempt,
    },
    /// Open a socket and connect it, in place of any that is being opened. Answer with
    /// [`Turn::opened`], or [`Turn::fault`].
    Open {
        /// The number that the machine gave it.
        socket: Socket,
        /// UDP or TCP.
        transport: Transport,
        /// To whom.
        to: SocketAddr,
        /// How long it may take, for a driver that blocks in it. Others look at [`Wait::until`].
        limit: Option<Duration>,
    },
    /// Send. Answer with [`Turn::sent`].
    Send {
        /// To whom.
        link: Link,
        /// The next bytes of a stream; one datagram, or several of the same length side by side.
        bytes: &'a [u8],
        /// How long each of the datagrams is; only the last may be shorter.
        segment: usize,
        /// Until when a stream's send may block, for a driver that blocks in it.
        until: Option<Mono>,
    },
    /// Close the writing side of a stream; ask a datagram socket whether it knows of an error.
    /// Answer with [`Turn::finished`].
    Finish(Link),
    /// Give the connection up, or its opening, so that a stream's peer sees a reset.
    Abort,
    /// There is nothing to do: wait for any of these.
    Wait(Wait),
    /// The conversation is over: close what is open.
    Ended(Status),
}

/// What a conversation waits for, beside its register, its opening, and a stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wait {
    /// Something to receive: then call [`Turn::received`].
    pub receive: bool,
    /// Room to send: then call [`Turn::room`].
    pub room: bool,
    /// A line from the user: then call [`Turn::typed`].
    pub line: bool,
    /// This moment: then ask for what is [`next`](Turn::next).
    pub until: Option<Mono>,
}

/// How a conversation begins.
#[derive(Clone, Copy, Debug)]
pub enum Begin {
    /// A client, which will ask to open a link.
    Client,
    /// A UDP server, whose socket is bound to this address.
    Bound(SocketAddr),
    /// A connection of a TCP server.
    Accepted {
        /// Who connected.
        link: Link,
        /// The server's address.
        local: SocketAddr,
        /// The limit that it exceeds.
        over: Option<ExceededLimit>,
    },
}

/// What came out of a receive; the payload is in the buffer.
#[derive(Clone, Copy, Debug)]
pub enum Received {
    /// A datagram of so many bytes, and when the kernel had it, where that is known.
    Datagram(Link, usize, Option<Mono>),
    /// So many bytes of a stream, at least one.
    Bytes(usize),
    /// The end of a stream.
    End,
}

/// A session with the outbox that was lent to it.
#[derive(Debug)]
pub struct Turn<'a, M, O> {
    session: &'a mut Session<M, O>,
    out: &'a mut Outbox,
    sending: Sending,
}

/// Where the bytes of the last [`Next::Send`] lie.
#[derive(Debug)]
enum Sending {
    Nothing,
    /// In the outbox: the first output, and what leaves together with it.
    Outbox {
        first: usize,
        link: Link,
        train: Train,
    },
    Unsent,
    Blocked,
}

/// What [`Turn::next`] decided, before it borrows what it shows.
enum Step {
    Hand(usize),
    Open(Socket, Transport, SocketAddr, Option<Duration>),
    Send(Link, Option<Mono>),
    Finish(Link),
    Abort,
    Wait(Wait),
    Ended(Status),
}

impl<'a, M: Machine, O: Observer> Turn<'a, M, O> {
    #[inline]
    pub(super) fn new(session: &'a mut Session<M, O>, out: &'a mut Outbox) -> Self {
        let sending = Sending::Nothing;
        Turn {
            session,
            out,
            sending,
        }
    }

    /// Starts the machine, and tells it of the socket that it has.
    pub fn begin(&mut self, now: Now, begin: Begin) {
        let session = &mut *self.session;
        let input = match begin {
            Begin::Client => None,
            Begin::Bound(local) => {
                session.wire = WireState::Datagrams;
                let socket = Socket(0);
                Some(Input::Bound { socket, local })
            }
            Begin::Accepted { link, local, over } => {
                session.wire = WireState::Stream;
                session.link = Some(link);
                Some(Input::Opened { link, local, over })
            }
        };
        self.feed(now, Input::Start);
        if let Some(input) = input {
            self.feed(now, input);
        }
    }

    /// Hands over what a receive gave; whether there may be more to receive.
    #[inline]
    pub fn received(
        &mut self,
        now: Now,
        received: Result<Received, CallError>,
        buffer: &[u8],
    ) -> bool {
        let link = self.session.link;
        match received {
            Ok(Received::Datagram(link, len, _)) => {
                let bytes = &buffer[..len];
                self.session.faults = 0;
                self.feed(now, Input::Datagram { link, bytes });
            }
            Ok(Received::Bytes(len)) => {
                let bytes = &buffer[..len];
                let input = link.map(|link| Input::Bytes { link, bytes });
                input.into_iter().for_each(|input| self.feed(now, input));
            }
            Ok(Received::End) => {
                self.session.hears = false;
                let input = link.map(|link| Input::End { link });
                input.into_iter().for_each(|input| self.feed(now, input));
            }
            Err(CallError::WouldBlock) => return false,
            Err(CallError::Failed(fault)) => self.fault(now, Doing::Receiving, fault),
            Err(CallError::Interrupted) => {}
        }
        true
    }

    /// Hands over several datagrams, so that their replies lie side by side. Returns how many the
    /// machine took: it may want no more after one of them, and the rest stays with the driver.
    pub fn datagrams<'b>(
        &mut self,
        now: Now,
        datagrams: impl IntoIterator<Item = (Link, &'b [u8])>,
    ) -> usize {
        let mut taken = 0;
        for (link, bytes) in datagrams {
            if !self.session.receives() {
                break;
            }
            self.session.faults = 0;
            self.feed(now, Input::Datagram { link, bytes });
            taken += 1;
        }
        taken
    }

    /// The socket that was to be opened is open, and has this address.
    pub fn opened(&mut self, now: Now, local: SocketAddr) {
        let session = &mut *self.session;
        let Some(opening) = session.rare.as_mut().and_then(|rare| rare.opening.take()) else {
            return;
        };
        let link = opening.link();
        (session.wire, session.link) = match opening.transport {
            Transport::Datagram => (WireState::Datagrams, session.link),
            Transport::Stream => (WireState::Stream, Some(link)),
        };
        let over = None;
        self.feed(now, Input::Opened { link, local, over });
    }

    /// The system reported an error. Of several addresses the machine hears of the last one's.
    pub fn fault(&mut self, now: Now, doing: Doing, fault: Fault) {
        let session = &mut *self.session;
        if doing == Doing::Opening
            && let Some(rare) = &mut session.rare
            && let Some(opening) = &mut rare.opening
        {
            if let Some(notice) = opening.next(fault) {
                return self.out.notice(notice);
            }
            rare.opening = None;
        }
        let socket = session.link.map_or(Socket(0), |link| link.socket);
        session.note_fault(doing, fault);
        self.feed(
            now,
            Input::Fault {
                socket,
                doing,
                fault,
            },
        );
    }

    /// The user typed a line, or will type no more. Kept if the machine does not want it yet.
    pub fn typed(&mut self, now: Now, line: LineEvent) {
        if self.session.pump.interest().line {
            self.feed(now, line.input());
        } else {
            self.session.rare().line = Some(line);
        }
    }

    /// The register has decided.
    pub fn stored(&mut self, now: Now, id: StoreId, decision: &Decision) {
        self.feed(now, Input::Stored { id, decision });
    }

    /// The program is to end; again does nothing more.
    pub fn stop(&mut self, now: Now) {
        if !self.session.stopped {
            self.session.stopped = true;
            self.feed(now, Input::Stop);
        }
    }

    /// The system may have room to send again.
    pub fn room(&mut self) {
        self.session.room = true;
    }

    /// How the last [`Next::Send`] went: how many bytes the system took.
    #[inline]
    pub fn sent(&mut self, now: Now, sent: Result<usize, CallError>) {
        let fault = match sent {
            Ok(len) => return self.took(len),
            // It is offered again.
            Err(CallError::Interrupted) => return,
            Err(CallError::WouldBlock) => {
                self.session.room = false;
                return self.keep(0);
            }
            Err(CallError::Failed(fault)) => fault,
        };
        match core::mem::replace(&mut self.sending, Sending::Nothing) {
            // Of several datagrams the first is lost, and the others are tried for themselves.
            Sending::Outbox { first, .. } => self.out.done_before(first + 1),
            Sending::Blocked => drop(self.session.rare().blocked.pop_front()),
            Sending::Nothing | Sending::Unsent => {}
        }
        self.fault(now, Doing::Sending, fault);
    }

    /// The last [`Next::Send`] has been submitted whole, to be completed later. The bytes are the
    /// driver's by now; [`landed`](Self::landed) tells how it went.
    pub fn submitted(&mut self, bytes: usize) {
        self.session.in_flight += 1;
        self.took(bytes);
    }

    /// A submitted send is complete.
    pub fn landed(&mut self, now: Now, sent: Result<(), Fault>) {
        self.session.in_flight -= 1;
        if let Err(fault) = sent {
            self.fault(now, Doing::Sending, fault);
        }
    }

    /// How the [`Next::Finish`] went.
    pub fn finished(&mut self, now: Now, link: Link, finished: Result<(), Fault>) {
        match finished {
            Ok(()) => self.feed(now, Input::Finished { link }),
            Err(fault) => self.fault(now, Doing::Sending, fault),
        }
    }

    /// Shows the observer what the driver did, if it was noted.
    #[inline]
    pub fn observe(&mut self, operation: Option<Operation>) {
        if let Some(operation) = operation {
            self.session.pump.observer().operation(&operation);
        }
    }

    /// What to do now. Datagrams are sent one by one.
    #[inline]
    pub fn next(&mut self, now: Now) -> Next<'_> {
        self.next_train(now, 1)
    }

    /// What to do now. Up to `most` datagrams of the same length to one peer are sent together.
    #[inline]
    pub fn next_train(&mut self, now: Now, most: usize) -> Next<'_> {
        match self.step(now, most) {
            Step::Hand(index) => match self.out.at(index) {
                Output::Store { id, attempt } => Next::Store { id, attempt },
                told => Next::Tell(told),
            },
            Step::Send(link, until) => {
                let (bytes, segment) = self.bytes();
                Next::Send {
                    link,
                    bytes,
                    segment,
                    until,
                }
            }
            Step::Open(socket, transport, to, limit) => Next::Open {
                socket,
                transport,
                to,
                limit,
            },
            Step::Finish(link) => Next::Finish(link),
            Step::Abort => Next::Abort,
            Step::Wait(wait) => Next::Wait(wait),
            Step::Ended(status) => Next::Ended(status),
        }
    }

    /// Gives the machine an input, unless it has ended.
    #[inline]
    fn feed(&mut self, now: Now, input: Input<'_>) {
        if self.session.pump.is_running() {
            self.session.pump.feed(now, input, self.out);
        }
    }

    /// The one place where a machine's outputs are carried out: what is for the user first, then the
    /// rest in order, then what is left to do when there are none.
    fn step(&mut self, now: Now, most: usize) -> Step {
        loop {
            if let Some(index) = self.out.next_told() {
                return Step::Hand(index);
            }
            let Some(index) = self.out.next_undone() else {
                self.out.clear();
                match self.idle(now) {
                    Some(step) => return step,
                    None => continue,
                }
            };
            match self.out.at(index) {
                Output::Send { link, .. } => {
                    let waits = self.session.has_unsent();
                    let transport = self.session.transport();
                    let train = self
                        .out
                        .train(index, transport, if waits { 1 } else { most });
                    self.sending = Sending::Outbox {
                        first: index,
                        link,
                        train,
                    };
                    match self.session.wire {
                        // A dead stream sends nothing.
                        WireState::None | WireState::Dead => {}
                        _ if waits => {
                            self.keep(0);
                            continue;
                        }
                        _ => return Step::Send(link, self.session.send_until(now)),
                    }
                }
                Output::Open {
                    socket,
                    transport,
                    to,
                } => {
                    let opening = Opening::new(socket, transport, to);
                    self.session.rare().opening = Some(opening);
                }
                Output::Finish { link } => self.session.rare().finishing = Some(link),
                Output::Abort { .. } => {
                    self.out.done_before(index + 1);
                    return self.session.abort();
                }
                Output::Store { .. } => {
                    self.out.done_before(index + 1);
                    return Step::Hand(index);
                }
                Output::Prompt(_) | Output::Show { .. } | Output::Notice(_) => {}
            }
            self.out.done_before(index + 1);
        }
    }

    /// What there is to do when all outputs have been carried out; `None` if the machine was given
    /// an input, which may have caused more.
    fn idle(&mut self, now: Now) -> Option<Step> {
        let session = &mut *self.session;
        if session.room
            && let Some((link, sending)) = session.first_unsent()
        {
            self.sending = sending;
            return Some(Step::Send(link, session.send_until(now)));
        }
        let mut until = None;
        if session.rare.is_some() {
            if let Some(step) = session.asked_before(now) {
                return Some(step);
            }
            let opening = session.rare().opening.as_ref();
            until = opening.and_then(|opening| opening.until);
            if until.is_some_and(|until| until <= now.mono) {
                let (kind, code) = (FaultKind::TimedOut, 0);
                self.fault(now, Doing::Opening, Fault { kind, code });
                return None;
            }
        }
        if !session.pump.is_running() {
            return session.close(now);
        }
        let deadline = session.pump.machine().deadline();
        if deadline.is_some_and(|deadline| deadline.at <= now.mono) {
            self.feed(now, Input::Timer);
            return None;
        }
        let interest = session.pump.machine().interest();
        if interest.line
            && let Some(line) = session.rare.as_mut().and_then(|rare| rare.line.take())
        {
            self.feed(now, line.input());
            return None;
        }
        let deadline = deadline.map(|deadline| deadline.at);
        Some(Step::Wait(Wait {
            receive: interest.network && session.can_receive(),
            room: session.has_unsent(),
            line: interest.line,
            until: until.into_iter().chain(deadline).min(),
        }))
    }

    /// The bytes of the send that was decided on, and how long each datagram is.
    fn bytes(&self) -> (&[u8], usize) {
        match &self.sending {
            Sending::Outbox { train, .. } => (self.out.sent(train.bytes.clone()), train.segment),
            Sending::Unsent => whole(self.session.unsent.as_slice()),
            Sending::Blocked => {
                let rare = self.session.rare.as_ref();
                let front = rare.and_then(|rare| rare.blocked.front());
                whole(front.map_or(&[], |(_, bytes)| bytes))
            }
            Sending::Nothing => (&[], 0),
        }
    }

    /// The system took so many bytes of the last send.
    fn took(&mut self, len: usize) {
        match &self.sending {
            Sending::Outbox { train, .. } => {
                if self.session.wire == WireState::Stream && len < train.bytes.len() {
                    self.session.room = false;
                    return self.keep(len);
                }
                self.out.done_before(train.next);
            }
            Sending::Unsent => {
                self.session.unsent.sent(len);
                self.session.room = self.session.unsent.is_empty();
            }
            Sending::Blocked => drop(self.session.rare().blocked.pop_front()),
            Sending::Nothing => {}
        }
        self.sending = Sending::Nothing;
    }

    /// Keeps what the system did not take of a send from the outbox.
    fn keep(&mut self, taken: usize) {
        let Sending::Outbox { link, train, .. } =
            core::mem::replace(&mut self.sending, Sending::Nothing)
        else {
            return;
        };
        let bytes = &self.out.sent(train.bytes)[taken..];
        if self.session.wire == WireState::Stream {
            self.session.unsent.push(bytes);
        } else {
            let blocked = &mut self.session.rare().blocked;
            blocked.push_back((link, bytes[..train.segment].to_vec()));
            let rest = bytes[train.segment..].chunks(train.segment.max(1));
            blocked.extend(rest.map(|bytes| (link, bytes.to_vec())));
        }
        self.out.done_before(train.next);
    }
}

fn whole(bytes: &[u8]) -> (&[u8], usize) {
    (bytes, bytes.len())
}

impl<M: Machine, O: Observer> Session<M, O> {
    /// Whose bytes wait, and where they lie.
    fn first_unsent(&self) -> Option<(Link, Sending)> {
        if !self.unsent.is_empty() {
            return Some((self.link?, Sending::Unsent));
        }
        let (link, _) = self.rare.as_ref()?.blocked.front()?;
        Some((*link, Sending::Blocked))
    }

    /// Until when a send may block: a stream's, which a peer can hold up.
    fn send_until(&mut self, now: Now) -> Option<Mono> {
        if self.wire != WireState::Stream {
            return None;
        }
        if self.pump.is_running() {
            return self.pump.machine().deadline().map(|deadline| deadline.at);
        }
        Some(self.close_until(now))
    }

    fn close_until(&mut self, now: Now) -> Mono {
        let limit = || now.mono.plus(CLOSE_LIMIT);
        *self.rare().closing.get_or_insert_with(limit)
    }

    /// What the machine asked for earlier, and can be done now.
    fn asked_before(&mut self, now: Now) -> Option<Step> {
        let all_sent = self.all_sent();
        let rare = self.rare.as_mut()?;
        if rare.broken.is_some() {
            return Some(Step::Ended(self.status()));
        }
        if let Some(opening) = rare.opening.as_mut().filter(|opening| opening.asks) {
            let deadline = self.pump.machine().deadline();
            let limit = opening.ask(now.mono, deadline.map(|deadline| deadline.at));
            let (socket, to) = (opening.socket, opening.address());
            return Some(Step::Open(socket, opening.transport, to, limit));
        }
        let link = rare.finishing.take_if(|_| all_sent)?;
        Some(Step::Finish(link))
    }

    /// The machine has ended: its last bytes have a while to leave.
    fn close(&mut self, now: Now) -> Option<Step> {
        if self.all_sent() {
            return Some(Step::Ended(self.pump.status()));
        }
        let until = self.close_until(now);
        if until <= now.mono {
            self.in_flight = 0;
            return Some(self.abort());
        }
        Some(Step::Wait(Wait {
            room: self.has_unsent(),
            until: Some(until),
            ..Wait::default()
        }))
    }

    /// Gives the connection up, and what could not be sent.
    fn abort(&mut self) -> Step {
        self.drop_unsent();
        if let Some(rare) = &mut self.rare {
            (rare.opening, rare.finishing) = (None, None);
        }
        if self.wire != WireState::Datagrams {
            self.wire = WireState::Dead;
        }
        Step::Abort
    }
}

//! A turn of a conversation: what happened goes in, what to do comes out.

use core::mem;
use core::net::SocketAddr;
use core::time::Duration;

use super::{Opening, Session, WireState};
use crate::fault::{CallError, Doing, Failure, Fault, FaultKind};
use crate::input::{ExceededLimit, Input, LineEvent};
use crate::link::{Link, Socket, Transport};
use crate::machine::{CLOSE_LIMIT, Machine, REFUSAL_LIMIT, Status};
use crate::observer::{Observer, Operation};
use crate::outbox::{Outbox, Train};
use crate::output::Output;
use crate::register::{Attempt, Decision, StoreId};
use crate::time::{Mono, Now};

/// What a driver must do now.
#[derive(Debug)]
pub enum Next<'a> {
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
    /// Send. Answer with [`Turn::sent`] or [`Turn::not_sent`].
    Send {
        /// To whom.
        link: Link,
        /// The next bytes of a stream; one datagram, or several of the same length side by side.
        bytes: &'a [u8],
        /// How long each of the datagrams is; only the last may be shorter. Of a stream, how long
        /// all is.
        segment: usize,
        /// Until when a stream's send may block, for a driver that blocks in it.
        until: Option<Mono>,
    },
    /// Close the writing side of a stream; ask a datagram socket whether it knows of an error.
    /// Answer with [`Turn::finished`].
    Finish(Link),
    /// Give the connection up, or its opening, so that a stream's peer sees a reset.
    Abort,
    /// Have the system send each of a stream's sends at once (`TCP_NODELAY`). There is no answer.
    NoDelay,
    /// There is nothing to do: wait for any of these.
    Wait(Wait),
    /// The conversation is over: close what is open.
    Ended(Status),
}

/// What a conversation waits for, beside its register, its opening, and a stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wait {
    /// Something to receive: then call [`Turn::received`] or [`Turn::not_received`].
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
    /// Several datagrams of one peer, side by side.
    Train {
        /// From whom.
        link: Link,
        /// How many bytes they have together.
        len: usize,
        /// How long each is; only the last may be shorter.
        segment: usize,
        /// When the kernel had the first, where that is known.
        arrived: Option<Mono>,
    },
    /// So many bytes of a stream, at least one.
    Bytes(usize),
    /// The end of a stream.
    End,
}

impl Received {
    /// How many bytes of payload came.
    pub const fn len(&self) -> usize {
        match *self {
            Received::Datagram(_, len, _) | Received::Train { len, .. } | Received::Bytes(len) => {
                len
            }
            Received::End => 0,
        }
    }

    /// Whether there is no payload: the end of a stream, or an empty datagram.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
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
    /// In the outbox.
    Outbox(Train),
    Unsent,
    Blocked,
}

/// What [`Turn::next`] decided, before it borrows what it shows.
enum Step {
    /// Look again: the machine was given an input, or an output was carried out.
    Again,
    Store(usize),
    /// Send what waits for room.
    Send(Link),
    Open(Socket, Transport, SocketAddr, Option<Duration>),
    Finish(Link),
    Abort,
    NoDelay,
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
                if over.is_some() {
                    session.rare().refused_until = Some(now.mono.plus(REFUSAL_LIMIT));
                }
                Some(Input::Opened { link, local, over })
            }
        };
        self.feed(now, Input::Start);
        if let Some(input) = input {
            self.feed(now, input);
        }
    }

    /// Hands over what a receive gave. Returns how many bytes the machine took: it may want no more
    /// in the middle of a train, and the rest stays with the driver.
    #[inline]
    pub fn received(&mut self, now: Now, received: &Received, buffer: &[u8]) -> usize {
        match *received {
            Received::Datagram(link, len, _) => {
                let bytes = &buffer[..len];
                self.session.faults = 0;
                self.feed(now, Input::Datagram { link, bytes });
                len
            }
            Received::Train {
                link, len, segment, ..
            } => {
                let datagrams = buffer[..len].chunks(segment).map(|bytes| (link, bytes));
                len.min(segment * self.datagrams(now, datagrams))
            }
            Received::Bytes(len) => {
                let bytes = &buffer[..len];
                if let Some(link) = self.session.link {
                    self.feed(now, Input::Bytes { link, bytes });
                }
                len
            }
            Received::End => {
                self.session.hears = false;
                if let Some(link) = self.session.link {
                    self.feed(now, Input::End { link });
                }
                0
            }
        }
    }

    /// A receive gave nothing; whether to call again.
    pub fn not_received(&mut self, now: Now, error: CallError) -> bool {
        if let CallError::Failed(fault) = error {
            self.fault(now, Doing::Receiving, fault);
        }
        error != CallError::WouldBlock
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

    /// The system reported an error, on the machine's only socket or on its stream. Of several
    /// addresses the machine hears of the last one's.
    pub fn fault(&mut self, now: Now, doing: Doing, fault: Fault) {
        let socket = self.session.link.map_or(Socket(0), |link| link.socket);
        self.fault_on(now, socket, doing, fault);
    }

    /// The system reported an error on one of several sockets.
    pub fn fault_on(&mut self, now: Now, mut socket: Socket, doing: Doing, fault: Fault) {
        let session = &mut *self.session;
        if doing == Doing::Opening
            && let Some(rare) = &mut session.rare
            && let Some(opening) = &mut rare.opening
        {
            if let Some(notice) = opening.next(fault) {
                return self.out.notice(notice);
            }
            socket = opening.socket;
            rare.opening = None;
        } else if session.wire == WireState::Dead {
            // The machine knows.
            return;
        }
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

    /// The connection has to make room for another: it is given up, whatever its machine makes of
    /// that.
    pub fn evict(&mut self, now: Now) {
        let (kind, code) = (FaultKind::Evicted, 0);
        let (doing, fault) = (Doing::Receiving, Fault { kind, code });
        self.fault(now, doing, fault);
        self.session.rare().broken = Some(Failure::Io(doing, fault));
    }

    /// The system may have room to send again.
    pub fn room(&mut self) {
        self.session.room = true;
    }

    /// The system took so many bytes of the last [`Next::Send`]: of datagrams, whole ones.
    #[inline(always)]
    pub fn sent(&mut self, len: usize) {
        match &self.sending {
            Sending::Outbox(train) if len == train.bytes.len() => {
                self.out.done_before(train.next);
                self.sending = Sending::Nothing;
            }
            _ => self.sent_in_part(len),
        }
    }

    /// The system took less than all, or of what waited for room.
    fn sent_in_part(&mut self, len: usize) {
        match &self.sending {
            Sending::Outbox(_) if self.session.wire == WireState::Stream => {
                self.session.room = false;
                return self.keep(len);
            }
            Sending::Outbox(train) => {
                let next = self.out.after(train, len);
                self.out.done_before(next);
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

    /// The system took nothing of the last [`Next::Send`].
    pub fn not_sent(&mut self, now: Now, error: CallError) {
        let fault = match error {
            // It is offered again.
            CallError::Interrupted => return,
            CallError::WouldBlock => {
                self.session.room = false;
                return self.keep(0);
            }
            CallError::Failed(fault) => fault,
        };
        let link = match mem::replace(&mut self.sending, Sending::Nothing) {
            // Of several datagrams the first is lost, and the others are tried for themselves.
            Sending::Outbox(train) => {
                self.out.done_before(train.first + 1);
                self.out.link_of(train.first)
            }
            Sending::Blocked => (self.session.rare().blocked.pop_front()).map(|(link, _)| link),
            Sending::Nothing | Sending::Unsent => self.session.link,
        };
        let socket = link.map_or(Socket(0), |link| link.socket);
        self.fault_on(now, socket, Doing::Sending, fault);
    }

    /// How it went to send what [`Session::unsent`] showed: how many bytes the system took.
    pub fn unsent_sent(&mut self, now: Now, sent: Result<usize, CallError>) {
        self.session.room = true;
        self.sending = self.session.first_sending();
        match sent {
            Ok(len) => self.sent(len),
            Err(error) => self.not_sent(now, error),
        }
    }

    /// The last [`Next::Send`] has been submitted whole, to be completed later. The bytes are the
    /// driver's by now; [`landed`](Self::landed) tells how it went.
    pub fn submitted(&mut self, bytes: usize) {
        self.session.in_flight += 1;
        self.sent(bytes);
    }

    /// So many submitted sends are complete, of which one may have failed.
    pub fn landed(&mut self, now: Now, sends: u32, sent: Result<(), Fault>) {
        // None is waited for any more after the close limit.
        self.session.in_flight = self.session.in_flight.saturating_sub(sends);
        if let Err(fault) = sent {
            self.fault(now, Doing::Sending, fault);
        }
    }

    /// How the [`Next::Finish`] went.
    pub fn finished(&mut self, now: Now, link: Link, finished: Result<(), Fault>) {
        match finished {
            Ok(()) => self.feed(now, Input::Finished { link }),
            Err(fault) => self.fault_on(now, link.socket, Doing::Sending, fault),
        }
    }

    /// Shows the observer what the driver did, if it was noted.
    #[inline]
    pub fn observe(&mut self, operation: Option<Operation>) {
        if let Some(operation) = operation {
            self.session.pump.observer().operation(&operation);
        }
    }

    /// What to do now. Datagrams are sent one by one. What is for the user goes to `tell` before.
    #[inline(always)]
    pub fn next(&mut self, now: Now, tell: impl FnMut(Output<'_>)) -> Next<'_> {
        self.next_train(now, 1, tell)
    }

    /// What to do now. Up to `most` datagrams of the same length to one peer are sent together.
    ///
    /// What is for the user goes to `tell`, which needs no answer. Then come the machine's other
    /// outputs in order, then what is left to do when there are none. Inlined, because drivers call
    /// it several times for a datagram: the call, and moving what it returns, would be a tenth of
    /// an echo's instructions.
    #[inline(always)]
    pub fn next_train(
        &mut self,
        now: Now,
        most: usize,
        mut tell: impl FnMut(Output<'_>),
    ) -> Next<'_> {
        loop {
            while let Some(index) = self.out.next_told() {
                tell(self.out.at(index));
            }
            let step = match self.out.next_undone() {
                None => {
                    self.out.clear();
                    self.idle(now)
                }
                Some(first) => {
                    let session = &mut *self.session;
                    // Asked last: it looks at every send that follows, which for each send of a
                    // stream that is dead would be too often.
                    if session.is_open()
                        && !session.has_unsent()
                        && let Some((link, train)) =
                            self.out.train(first, session.transport(), most)
                    {
                        let (until, segment) = (session.send_until(now), train.segment);
                        let bytes = self.out.sent(train.bytes.clone());
                        self.sending = Sending::Outbox(train);
                        return Next::Send {
                            link,
                            bytes,
                            segment,
                            until,
                        };
                    }
                    self.carry_out(first)
                }
            };
            match step {
                Step::Again => {}
                Step::Wait(wait) => return Next::Wait(wait),
                Step::Send(link) => return self.send_unsent(now, link),
                Step::Store(index) => return self.store(index),
                Step::Open(socket, transport, to, limit) => {
                    return Next::Open {
                        socket,
                        transport,
                        to,
                        limit,
                    };
                }
                Step::Finish(link) => return Next::Finish(link),
                Step::Abort => return Next::Abort,
                Step::NoDelay => return Next::NoDelay,
                Step::Ended(status) => return Next::Ended(status),
            }
        }
    }

    /// Carries out an output that is not a send, or is one that has to wait.
    fn carry_out(&mut self, index: usize) -> Step {
        let session = &mut *self.session;
        match self.out.at(index) {
            Output::Send { .. } if session.is_open() => {
                // Behind what waits already.
                let train = self.out.train(index, session.transport(), 1);
                self.sending = train.map_or(Sending::Nothing, |(_, train)| Sending::Outbox(train));
                self.keep(0);
                return Step::Again;
            }
            Output::Open {
                socket,
                transport,
                to,
            } => session.rare().opening = Some(Opening::new(socket, transport, to)),
            Output::Finish { link } => session.finish(link),
            Output::Abort { .. } => {
                session.abort();
                self.out.done_before(index + 1);
                return Step::Abort;
            }
            Output::Store { .. } => {
                self.out.done_before(index + 1);
                return Step::Store(index);
            }
            Output::NoDelay { .. } if session.wire == WireState::Stream => {
                self.out.done_before(index + 1);
                return Step::NoDelay;
            }
            // A dead stream sends nothing. What is for the user has been told.
            Output::Send { .. }
            | Output::NoDelay { .. }
            | Output::Prompt(_)
            | Output::Show { .. }
            | Output::Notice(_)
            | Output::Unexpected(_) => {}
        }
        self.out.done_before(index + 1);
        Step::Again
    }

    fn store(&self, index: usize) -> Next<'_> {
        match self.out.at(index) {
            Output::Store { id, attempt } => Next::Store { id, attempt },
            // It is one: `carry_out` has seen it.
            _ => Next::Wait(Wait::default()),
        }
    }

    /// Sends the first of what waits for room.
    fn send_unsent(&mut self, now: Now, link: Link) -> Next<'_> {
        let until = self.session.send_until(now);
        self.sending = self.session.first_sending();
        let blocked = self.session.first_blocked();
        let bytes = blocked.map_or(self.session.unsent.as_slice(), |(_, bytes)| bytes);
        Next::Send {
            link,
            bytes,
            segment: bytes.len(),
            until,
        }
    }

    /// Gives the machine an input, unless it has ended.
    #[inline]
    fn feed(&mut self, now: Now, input: Input<'_>) {
        if self.session.pump.is_running() {
            self.session.pump.feed(now, input, self.out);
        }
    }

    /// What is left to do when all outputs have been carried out.
    #[inline(always)]
    fn idle(&mut self, now: Now) -> Step {
        let session = &mut *self.session;
        let mut until = None;
        if session.rare.is_some() || !session.unsent.is_empty() {
            if let Some(idle) = session.left_to_do(now) {
                return idle;
            }
            let rare = session.rare.as_deref();
            let refused_until = rare.and_then(|rare| rare.refused_until);
            let refused_until = refused_until.filter(|_| !session.stopped);
            let tried_until = rare.and_then(|rare| rare.opening.as_ref()?.until);
            until = tried_until.or(refused_until);
            if refused_until.is_some_and(|until| until <= now.mono) {
                self.stop(now);
                return Step::Again;
            }
            if tried_until.is_some_and(|until| until <= now.mono) {
                let (kind, code) = (FaultKind::TimedOut, 0);
                self.fault(now, Doing::Opening, Fault { kind, code });
                return Step::Again;
            }
        }
        if !session.pump.is_running() {
            return session.close(now);
        }
        let machine = session.pump.machine();
        let (deadline, interest) = (machine.deadline(), machine.interest());
        if let Some(deadline) = deadline {
            if deadline.at <= now.mono {
                self.feed(now, Input::Timer);
                return Step::Again;
            }
            until = Some(until.map_or(deadline.at, |until| until.min(deadline.at)));
        }
        if interest.line
            && let Some(line) = session.rare.as_mut().and_then(|rare| rare.line.take())
        {
            self.feed(now, line.input());
            return Step::Again;
        }
        Step::Wait(Wait {
            receive: interest.network && session.can_receive(),
            room: session.has_unsent(),
            line: interest.line,
            until,
        })
    }

    /// Keeps what the system did not take of a send from the outbox.
    fn keep(&mut self, taken: usize) {
        let Sending::Outbox(train) = mem::replace(&mut self.sending, Sending::Nothing) else {
            return;
        };
        let bytes = &self.out.sent(train.bytes.clone())[taken..];
        if self.session.wire == WireState::Stream {
            self.session.unsent.push(bytes);
        } else if let Some(link) = self.out.link_of(train.first) {
            let blocked = &mut self.session.rare().blocked;
            let (first, rest) = bytes.split_at(train.segment);
            blocked.push_back((link, first.to_vec()));
            let rest = rest.chunks(train.segment.max(1));
            blocked.extend(rest.map(|bytes| (link, bytes.to_vec())));
        }
        self.out.done_before(train.next);
    }
}

impl<M: Machine, O: Observer> Session<M, O> {
    /// Where the first of what waits for room lies.
    fn first_sending(&self) -> Sending {
        match self.first_blocked() {
            Some(_) => Sending::Blocked,
            None => Sending::Unsent,
        }
    }

    /// Until when a send may block: a stream's, which a peer can hold up.
    #[inline]
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

    /// What was asked for earlier, and can be done now.
    fn left_to_do(&mut self, now: Now) -> Option<Step> {
        let (all_sent, running) = (self.all_sent(), self.pump.is_running());
        if self.rare.as_ref().is_some_and(|rare| rare.broken.is_some()) {
            return Some(Step::Ended(self.status()));
        }
        if self.room && !self.unsent.is_empty() {
            return self.link.map(Step::Send);
        }
        if self.room
            && let Some((link, _)) = self.first_blocked()
        {
            return Some(Step::Send(*link));
        }
        let rare = self.rare.as_mut()?;
        rare.opening.take_if(|_| !running);
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
    fn close(&mut self, now: Now) -> Step {
        if self.all_sent() {
            return Step::Ended(self.pump.status());
        }
        let until = self.close_until(now);
        if until <= now.mono {
            self.in_flight = 0;
            self.abort();
            return Step::Abort;
        }
        Step::Wait(Wait {
            room: self.has_unsent(),
            until: Some(until),
            ..Wait::default()
        })
    }

    /// Finishes the link once all has been sent. One that is dead has no end to send.
    fn finish(&mut self, link: Link) {
        if self.wire != WireState::Dead {
            self.rare().finishing = Some(link);
        }
    }

    /// Gives the connection up, and what could not be sent.
    fn abort(&mut self) {
        self.drop_unsent();
        if let Some(rare) = &mut self.rare {
            rare.opening = None;
        }
        if self.wire != WireState::Datagrams {
            self.wire = WireState::Dead;
        }
    }
}

//! What a driver must do now: carry out an output, or wait.

use core::net::SocketAddr;
use core::time::Duration;

use super::turn::{Sending, Turn};
use super::{Opening, Session, WireState};
use crate::fault::{Doing, Fault, FaultKind};
use crate::input::Input;
use crate::link::{Link, Socket, Transport};
use crate::machine::{CLOSE_TIMEOUT, Machine, Status};
use crate::observer::Observer;
use crate::output::Output;
use crate::register::{Attempt, StoreId};
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
        timeout: Option<Duration>,
    },
    /// Send. Answer with [`Turn::sent`] or [`Turn::send_failed`].
    Send {
        /// To whom.
        link: &'a Link,
        /// The next bytes of a stream; one datagram, or several of the same length side by side.
        bytes: &'a [u8],
        /// The length of each datagram; only the last may be shorter. For a stream, the length of
        /// `bytes`.
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
    /// There is nothing to do now: wait for any of these.
    Wait(Wait),
    /// The conversation is over: close the socket.
    Ended(Status),
}

/// What a conversation waits for, besides its register, its opening and a stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wait {
    /// Something to receive: then call [`Turn::received`] or [`Turn::receive_failed`].
    pub readable: bool,
    /// Room to send: then call [`Turn::writable`].
    pub writable: bool,
    /// A line from the user: then call [`Turn::typed`].
    pub line: bool,
    /// This moment: then ask for what is [`next`](Turn::next).
    pub until: Option<Mono>,
}

/// The decision of [`Turn::next`], before it borrows the bytes or the attempt.
#[derive(Clone, Copy)]
enum Action {
    /// Look again: the machine was given an input, or an output was carried out.
    Again,
    Store(usize),
    /// Send what has waited for room.
    Send,
    Open(Socket, Transport, SocketAddr, Option<Duration>),
    Finish(Link),
    Abort,
    NoDelay,
    Wait(Wait),
    Ended(Status),
}

impl<M: Machine, O: Observer> Turn<'_, M, O> {
    /// What to do now. Datagrams are sent one by one. Outputs for the user go to `tell` first.
    #[inline(always)]
    pub fn next(&mut self, now: Now, tell: impl FnMut(Output<'_>)) -> Next<'_> {
        self.next_batch(now, 1, tell)
    }

    /// What to do now. Up to `max_batch` datagrams of the same length to one peer are sent
    /// together.
    ///
    /// Outputs for the user go to `tell`, which needs no answer. Then come the machine's other
    /// outputs in order, then what is left to do. Drivers call this twice for a datagram: to send
    /// the reply, and to wait. Both paths are inlined, and what is rare is not: in one function it
    /// would cost each datagram a quarter more instructions.
    #[inline(always)]
    pub fn next_batch(
        &mut self,
        now: Now,
        max_batch: usize,
        mut tell: impl FnMut(Output<'_>),
    ) -> Next<'_> {
        loop {
            while let Some(index) = self.out.next_for_user() {
                tell(self.out.at(index));
            }
            let action = match self.out.next_for_driver() {
                None => {
                    self.out.clear();
                    if let Some(wait) = self.session.waits_only(now) {
                        return Next::Wait(wait);
                    }
                    self.idle(now)
                }
                Some(first) => {
                    let session = &mut *self.session;
                    // Checked last, because it looks at all sends that follow. On a dead stream
                    // that would be repeated for each of them.
                    if session.is_open()
                        && !session.has_unsent()
                        && let Some(batch) = self.out.batch(first, session.transport(), max_batch)
                    {
                        let until = session.send_until(now);
                        self.sending = Sending::Outbox(batch);
                        return self.send_next(until);
                    }
                    self.carry_out(first)
                }
            };
            if !matches!(action, Action::Again) {
                return self.next_of(now, action);
            }
        }
    }

    /// Turns the decision into what the driver sees, with borrowed bytes.
    #[inline(never)]
    fn next_of(&mut self, now: Now, action: Action) -> Next<'_> {
        match action {
            Action::Again => Next::Wait(Wait::default()),
            Action::Wait(wait) => Next::Wait(wait),
            Action::Send => {
                self.sending = self.session.first_sending();
                let until = self.session.send_until(now);
                self.send_next(until)
            }
            Action::Store(index) => self.store(index),
            Action::Open(socket, transport, to, timeout) => Next::Open {
                socket,
                transport,
                to,
                timeout,
            },
            Action::Finish(link) => Next::Finish(link),
            Action::Abort => Next::Abort,
            Action::NoDelay => Next::NoDelay,
            Action::Ended(status) => Next::Ended(status),
        }
    }

    /// Carries out an output other than a send, or queues a send that must wait.
    fn carry_out(&mut self, index: usize) -> Action {
        let session = &mut *self.session;
        match self.out.at(index) {
            Output::Send { .. } if session.is_open() => {
                // Queue it behind what waits already.
                let batch = self.out.batch(index, session.transport(), 1);
                self.sending = batch.map_or(Sending::Nothing, Sending::Outbox);
                self.keep(0);
                return Action::Again;
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
                return Action::Abort;
            }
            Output::Store { .. } => {
                self.out.done_before(index + 1);
                return Action::Store(index);
            }
            Output::NoDelay { .. } if session.wire == WireState::Stream => {
                self.out.done_before(index + 1);
                return Action::NoDelay;
            }
            // A dead stream sends nothing. The user has been told the other outputs already.
            Output::Send { .. }
            | Output::NoDelay { .. }
            | Output::Prompt(_)
            | Output::Show { .. }
            | Output::Notice(_)
            | Output::Unexpected(_) => {}
        }
        self.out.done_before(index + 1);
        Action::Again
    }

    fn store(&self, index: usize) -> Next<'_> {
        match self.out.at(index) {
            Output::Store { id, attempt } => Next::Store { id, attempt },
            // Cannot happen: `carry_out` has checked that it is a `Store`.
            _ => Next::Wait(Wait::default()),
        }
    }

    /// Returns the bytes to be sent.
    #[inline(always)]
    fn send_next(&self, until: Option<Mono>) -> Next<'_> {
        let sends = match &self.sending {
            Sending::Outbox(batch) => self.out.send_of(batch),
            _ => self.session.unsent(),
        };
        let Some((link, bytes)) = sends else {
            return Next::Wait(Wait::default());
        };
        let segment = match &self.sending {
            Sending::Outbox(batch) => batch.segment,
            _ => bytes.len(),
        };
        Next::Send {
            link,
            bytes,
            segment,
            until,
        }
    }

    /// Decides what is left to do when all outputs have been carried out.
    #[inline(never)]
    fn idle(&mut self, now: Now) -> Action {
        let session = &mut *self.session;
        if let Some(left) = session.left_to_do(now) {
            return left;
        }
        let rare = session.rare.as_deref();
        let refused_until = rare.and_then(|rare| rare.refused_until);
        let refused_until = refused_until.filter(|_| !session.stopped);
        let tried_until = rare.and_then(|rare| rare.opening.as_ref()?.until);
        if refused_until.is_some_and(|until| until <= now.mono) {
            self.stop(now);
            return Action::Again;
        }
        if tried_until.is_some_and(|until| until <= now.mono) {
            let (kind, code) = (FaultKind::TimedOut, 0);
            self.fault(now, Doing::Opening, Fault { kind, code });
            return Action::Again;
        }
        if !session.pump.is_running() {
            return session.close(now);
        }
        let wait = session.wait();
        if wait.until.is_some_and(|deadline| deadline <= now.mono) {
            self.feed(now, Input::Timer);
            return Action::Again;
        }
        if wait.line
            && let Some(line) = session.rare.as_mut().and_then(|rare| rare.line.take())
        {
            self.feed(now, line.input());
            return Action::Again;
        }
        let limit = tried_until.or(refused_until);
        let until = wait.until.into_iter().chain(limit).min();
        Action::Wait(Wait { until, ..wait })
    }
}

impl<M: Machine, O: Observer> Session<M, O> {
    /// What to wait for, if nothing else is left to do; that is so after nearly every datagram.
    #[inline(always)]
    fn waits_only(&self, now: Now) -> Option<Wait> {
        if self.rare.is_some() || !self.unsent.is_empty() || !self.pump.is_running() {
            return None;
        }
        let wait = self.wait();
        let due = wait.until.is_some_and(|deadline| deadline <= now.mono);
        (!due).then_some(wait)
    }

    /// What the machine waits for, and whether sends wait for room.
    #[inline(always)]
    fn wait(&self) -> Wait {
        let machine = self.pump.machine();
        let interest = machine.interest();
        Wait {
            readable: interest.network && self.can_receive(),
            writable: self.has_unsent(),
            line: interest.line,
            until: machine.deadline().map(|deadline| deadline.at),
        }
    }

    /// Until when a send may block. Only a stream's has a time-out: its peer can hold it up.
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
        let limit = || now.mono.plus(CLOSE_TIMEOUT);
        *self.rare().closing.get_or_insert_with(limit)
    }

    /// What was asked for earlier and can be done now.
    fn left_to_do(&mut self, now: Now) -> Option<Action> {
        let (all_sent, running) = (self.all_sent(), self.pump.is_running());
        if self.rare.as_ref().is_some_and(|rare| rare.broken.is_some()) {
            return Some(Action::Ended(self.status()));
        }
        if self.writable && self.has_unsent() {
            return Some(Action::Send);
        }
        let rare = self.rare.as_mut()?;
        rare.opening.take_if(|_| !running);
        if let Some(opening) = rare.opening.as_mut().filter(|opening| opening.untried) {
            let deadline = self.pump.machine().deadline();
            let timeout = opening.begin_attempt(now.mono, deadline.map(|deadline| deadline.at));
            let (socket, to) = (opening.socket, opening.address());
            return Some(Action::Open(socket, opening.transport, to, timeout));
        }
        let link = rare.finishing.take_if(|_| all_sent)?;
        Some(Action::Finish(link))
    }

    /// Ends the conversation once the machine's last bytes are sent, or after [`CLOSE_TIMEOUT`].
    fn close(&mut self, now: Now) -> Action {
        if self.all_sent() {
            return Action::Ended(self.pump.status());
        }
        let until = self.close_until(now);
        if until <= now.mono {
            self.abort();
            return Action::Abort;
        }
        Action::Wait(Wait {
            writable: self.has_unsent(),
            until: Some(until),
            ..Wait::default()
        })
    }

    /// Finishes the link once everything has been sent. A dead stream has no end to send.
    fn finish(&mut self, link: Link) {
        if self.wire != WireState::Dead {
            self.rare().finishing = Some(link);
        }
    }

    /// Gives the connection up, with what could not be sent.
    fn abort(&mut self) {
        self.drop_unsent();
        if let Some(rare) = &mut self.rare {
            rare.opening = None;
        }
        if self.wire != WireState::Datagrams {
            self.wire = WireState::Dead;
        }
        // The driver closes the socket, so no completion comes any more.
        self.in_flight = 0;
    }
}

//! A turn of a conversation: how a driver reports what happened.

use core::mem;
use core::net::SocketAddr;

use super::{Received, Session, WireState};
use crate::fault::{CallError, Doing, Failure, Fault, FaultKind};
use crate::input::{ExceededLimit, Input, LineEvent};
use crate::link::{Link, Socket, Transport};
use crate::machine::{Machine, REFUSAL_TIMEOUT};
use crate::observer::{Observer, Operation};
use crate::outbox::{Batch, Outbox};
use crate::register::{Decision, StoreId};
use crate::time::Now;

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
        exceeded: Option<ExceededLimit>,
    },
}

/// A session with the outbox that was lent to it.
#[derive(Debug)]
pub struct Turn<'a, M, O> {
    pub(super) session: &'a mut Session<M, O>,
    pub(super) out: &'a mut Outbox,
    pub(super) sending: Sending,
}

/// Where the bytes of the last [`Send`](crate::Next::Send) are.
#[derive(Debug)]
pub(super) enum Sending {
    Nothing,
    /// In the outbox.
    Outbox(Batch),
    Unsent,
    Blocked,
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

    /// Starts the machine, and tells it which socket it has.
    pub fn begin(&mut self, now: Now, begin: Begin) {
        let session = &mut *self.session;
        let input = match begin {
            Begin::Client => None,
            Begin::Bound(local) => {
                session.wire = WireState::Datagrams;
                let socket = Socket(0);
                Some(Input::Bound { socket, local })
            }
            Begin::Accepted {
                link,
                local,
                exceeded,
            } => {
                session.wire = WireState::Stream;
                session.link = Some(link);
                if exceeded.is_some() {
                    session.rare().refused_until = Some(now.mono.plus(REFUSAL_TIMEOUT));
                }
                Some(Input::Opened {
                    link,
                    local,
                    exceeded,
                })
            }
        };
        self.feed(now, Input::Start);
        if let Some(input) = input {
            self.feed(now, input);
        }
    }

    /// Hands over the result of a receive. Returns how many of the last bytes the driver must keep:
    /// a machine may want no more in the middle of a batch.
    #[inline]
    pub fn received(&mut self, now: Now, received: &Received, buffer: &[u8]) -> usize {
        match *received {
            Received::Datagram(link, len, _) => {
                let bytes = &buffer[..len];
                self.session.faults = 0;
                self.feed(now, Input::Datagram { link, bytes });
                0
            }
            Received::Batch {
                link, len, segment, ..
            } => {
                let datagrams = buffer[..len].chunks(segment).map(|bytes| (link, bytes));
                len.saturating_sub(segment * self.datagrams(now, datagrams))
            }
            Received::Bytes(len) => {
                let bytes = &buffer[..len];
                if let Some(link) = self.session.link {
                    self.feed(now, Input::Bytes { link, bytes });
                }
                0
            }
            Received::End => {
                self.session.read_open = false;
                if let Some(link) = self.session.link {
                    self.feed(now, Input::End { link });
                }
                0
            }
        }
    }

    /// Reports a receive that gave no data. Returns whether to receive again.
    pub fn receive_failed(&mut self, now: Now, error: CallError) -> bool {
        if let CallError::Failed(fault) = error {
            self.fault(now, Doing::Receiving, fault);
        }
        error != CallError::WouldBlock
    }

    /// Hands over several datagrams, so that their replies lie side by side. Returns how many the
    /// machine took; the driver keeps the others.
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

    /// Reports that the socket is open, with its own address.
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
        let exceeded = None;
        self.feed(
            now,
            Input::Opened {
                link,
                local,
                exceeded,
            },
        );
    }

    /// Reports an error of the system, on the machine's only socket or on its stream. If several
    /// addresses are tried, the machine is told only of the last one's failure.
    pub fn fault(&mut self, now: Now, doing: Doing, fault: Fault) {
        let socket = self.session.link.map_or(Socket(0), |link| link.socket);
        self.fault_on(now, socket, doing, fault);
    }

    /// Reports an error of the system on one of several sockets.
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
            // The machine has heard of a fault of this stream already.
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

    /// Reports that the driver cannot wait for the socket, for want of memory, say. A stream is
    /// dead then. A UDP socket would stay deaf, so its conversation fails.
    pub fn unwatchable(&mut self, now: Now, fault: Fault) {
        match self.session.wire {
            WireState::Datagrams => {
                self.session.rare().broken = Some(Failure::Io(Doing::Opening, fault));
            }
            _ => self.fault(now, Doing::Opening, fault),
        }
    }

    /// Reports the user's line, or the end of the input. Keeps it if the machine does not want it
    /// yet.
    pub fn typed(&mut self, now: Now, line: LineEvent) {
        if self.session.pump.interest().line {
            self.feed(now, line.input());
        } else {
            self.session.rare().line = Some(line);
        }
    }

    /// Reports the register's decision.
    pub fn stored(&mut self, now: Now, id: StoreId, decision: &Decision) {
        self.feed(now, Input::Stored { id, decision });
    }

    /// Tells the machine to stop. A second call has no effect.
    pub fn stop(&mut self, now: Now) {
        if !self.session.stopped {
            self.session.stopped = true;
            self.feed(now, Input::Stop);
        }
    }

    /// Ends the connection to make room for another, whatever the machine does about it.
    pub fn evict(&mut self, now: Now) {
        let (kind, code) = (FaultKind::Evicted, 0);
        let (doing, fault) = (Doing::Receiving, Fault { kind, code });
        self.fault(now, doing, fault);
        self.session.rare().broken = Some(Failure::Io(doing, fault));
    }

    /// Reports that the system may have room to send again.
    pub fn writable(&mut self) {
        self.session.writable = true;
    }

    /// Reports how many bytes of the last [`Send`](crate::Next::Send) the system took; if these are
    /// datagrams, it takes whole ones.
    #[inline(always)]
    pub fn sent(&mut self, len: usize) {
        match &self.sending {
            Sending::Outbox(batch) if len == batch.bytes.len() => {
                self.out.done_before(batch.end);
                self.sending = Sending::Nothing;
            }
            _ => self.sent_in_part(len),
        }
    }

    /// The system took only a part, or took what had waited for room.
    fn sent_in_part(&mut self, len: usize) {
        match &self.sending {
            Sending::Outbox(_) if self.session.wire == WireState::Stream => {
                self.session.writable = false;
                return self.keep(len);
            }
            Sending::Outbox(batch) => {
                let next = self.out.after(batch, len);
                self.out.done_before(next);
            }
            Sending::Unsent => {
                self.session.unsent.sent(len);
                self.session.writable = self.session.unsent.is_empty();
            }
            Sending::Blocked => drop(self.session.rare().blocked.pop_front()),
            Sending::Nothing => {}
        }
        self.sending = Sending::Nothing;
    }

    /// Reports that the system took no byte of the last [`Send`](crate::Next::Send).
    pub fn send_failed(&mut self, now: Now, error: CallError) {
        let fault = match error {
            // The next turn offers the same bytes again.
            CallError::Interrupted => return,
            CallError::WouldBlock => {
                self.session.writable = false;
                return self.keep(0);
            }
            CallError::Failed(fault) => fault,
        };
        let link = match mem::replace(&mut self.sending, Sending::Nothing) {
            // Of several datagrams the first is lost; the others are tried again.
            Sending::Outbox(batch) => {
                self.out.done_before(batch.first + 1);
                self.out.link_of(batch.first).copied()
            }
            Sending::Blocked => (self.session.rare().blocked.pop_front()).map(|(link, _)| link),
            Sending::Nothing | Sending::Unsent => self.session.link,
        };
        let socket = link.map_or(Socket(0), |link| link.socket);
        self.fault_on(now, socket, Doing::Sending, fault);
    }

    /// Reports the result of sending what [`Session::unsent`] returned: how many bytes the system
    /// took.
    pub fn retried(&mut self, now: Now, sent: Result<usize, CallError>) {
        self.session.writable = true;
        self.sending = self.session.first_sending();
        match sent {
            Ok(len) => self.sent(len),
            Err(error) => self.send_failed(now, error),
        }
    }

    /// Reports that the whole of the last [`Send`](crate::Next::Send) was submitted. The session
    /// drops the bytes, so the driver must have a copy. [`completed`](Self::completed) reports the
    /// completion.
    pub fn submitted(&mut self, bytes: usize) {
        self.session.in_flight += 1;
        self.sent(bytes);
    }

    /// Reports that `sends` submitted sends have completed, one of which may have failed.
    pub fn completed(&mut self, now: Now, sends: u32, sent: Result<(), Fault>) {
        // Saturating: after the close time-out the count is zero, and completions may still come.
        self.session.in_flight = self.session.in_flight.saturating_sub(sends);
        if let Err(fault) = sent {
            self.fault(now, Doing::Sending, fault);
        }
    }

    /// Reports the result of a [`Finish`](crate::Next::Finish).
    pub fn finished(&mut self, now: Now, link: Link, finished: Result<(), Fault>) {
        match finished {
            Ok(()) => self.feed(now, Input::Finished { link }),
            Err(fault) => self.fault_on(now, link.socket, Doing::Sending, fault),
        }
    }

    /// Passes an operation of the driver to the observer, if it was noted.
    #[inline]
    pub fn observe(&mut self, operation: Option<Operation>) {
        if let Some(operation) = operation {
            self.session.pump.observer().operation(&operation);
        }
    }

    /// Gives the machine an input, unless it has ended.
    #[inline]
    pub(super) fn feed(&mut self, now: Now, input: Input<'_>) {
        if self.session.pump.is_running() {
            self.session.pump.feed(now, input, self.out);
        }
    }

    /// Keeps what the system did not take of a send from the outbox, until there is room.
    pub(super) fn keep(&mut self, taken: usize) {
        let Sending::Outbox(batch) = mem::replace(&mut self.sending, Sending::Nothing) else {
            return;
        };
        let bytes = &self.out.bytes_at(batch.bytes.clone())[taken..];
        if self.session.wire == WireState::Stream {
            self.session.unsent.push(bytes);
        } else if let Some(&link) = self.out.link_of(batch.first) {
            let blocked = &mut self.session.rare().blocked;
            let (first, rest) = bytes.split_at(batch.segment);
            blocked.push_back((link, first.to_vec()));
            let rest = rest.chunks(batch.segment.max(1));
            blocked.extend(rest.map(|bytes| (link, bytes.to_vec())));
        }
        self.out.done_before(batch.end);
    }
}

impl<M: Machine, O: Observer> Session<M, O> {
    /// Where the first bytes that wait for room are.
    pub(super) fn first_sending(&self) -> Sending {
        match self.first_blocked() {
            Some(_) => Sending::Blocked,
            None => Sending::Unsent,
        }
    }
}

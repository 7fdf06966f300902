//! One machine with its socket.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;

use mio::net::TcpStream;
use mio::{Registry, Token};
use socklab_core::register::{Attempt, Decision, StoreId};
use socklab_core::{
    CLOSE_LIMIT, Console, Doing, Failure, FaultKind, Input, Link, Machine, Mono, Now, Observer,
    OperationKind, Outbox, Output, Pump, Socket, Status, Transport, Watch,
};
use socklab_system::{Run, fault, socket, timed};

use crate::mailbox::{Address, Mailbox, Message};
use crate::wire::{Received, Wire};

/// What a turn of any conversation uses: one of each for the whole loop.
pub(crate) struct Desk<'a, W> {
    pub(crate) run: &'a Run<W>,
    pub(crate) console: &'a dyn Console,
    pub(crate) registry: &'a Registry,
    pub(crate) mailbox: &'a Arc<Mailbox>,
    pub(crate) out: &'a mut Outbox,
    pub(crate) buffer: &'a mut [u8],
}

/// How many times a conversation may receive before others have their turn, and how many bytes.
const BUDGET: (usize, usize) = (64, 256 * 1024);

/// How many receive errors of a socket may follow each other before it counts as broken. Errors
/// that peers can cause do not count: they are endless, and mean nothing.
const BROKEN: u32 = 100;

/// What carrying out an output causes, to be fed when all outputs are carried out.
enum Caused {
    Opened(Link, SocketAddr),
    Finished(Link),
    Fault(Doing, io::Error),
}

/// One machine, its socket, and what is known of it.
pub(crate) struct Conversation<M, O> {
    pub(crate) pump: Pump<M, O>,
    wire: Wire,
    address: Address,
    registered: bool,
    /// The socket may have something to read: it was told of, and has not said `WouldBlock` since.
    readable: bool,
    /// The socket may have room.
    writable: bool,
    /// Nothing more can be read: the stream is at its end, or broken.
    ended: bool,
    /// The system was asked to tell when a datagram socket has room.
    full: bool,
    /// It is in the loop's queue for a turn.
    pub(crate) queued: bool,
    /// The moment for which the timers have it.
    pub(crate) armed: Option<Mono>,
    finishing: Option<Link>,
    /// The machine has ended; until when its last bytes may take to leave.
    closing: Option<Mono>,
    errors: u32,
    broken: Option<Failure>,
}

impl<M: Machine, O: Observer> Conversation<M, O> {
    pub(crate) fn new(machine: M, observer: O, wire: Wire, address: Address) -> Self {
        Conversation {
            pump: Pump::new(machine, observer),
            wire,
            address,
            registered: false,
            readable: false,
            writable: true,
            ended: false,
            full: false,
            queued: false,
            armed: None,
            finishing: None,
            closing: None,
            errors: 0,
            broken: None,
        }
    }

    pub(crate) fn address(&self) -> Address {
        self.address
    }

    /// The system has told of its socket. Of an end it tells with every event, also with those for room to write; but an
    /// end is read once.
    pub(crate) fn ready(&mut self, readable: bool, writable: bool) {
        self.readable |= readable && !self.ended;
        self.writable |= writable;
    }

    /// How it ended, once it has and its last bytes have left.
    pub(crate) fn over(&self) -> Option<Status> {
        match (self.broken, self.pump.status()) {
            (Some(failure), _) => Some(Status::Failed(failure)),
            (None, Status::Running) => None,
            (None, _) if self.wire.has_unsent() => None,
            (None, status) => Some(status),
        }
    }

    /// When it must be looked at, at the latest.
    pub(crate) fn deadline(&self) -> Option<Mono> {
        self.closing
            .or(self.pump.deadline().map(|deadline| deadline.at))
    }

    /// Whether it would do something now if it had a turn.
    pub(crate) fn wants_turn(&self) -> bool {
        let reads = self.readable && self.pump.interest().network && !self.wire.is_full();
        reads || (self.writable && (self.wire.has_unsent() || self.wire.is_connecting()))
    }

    /// After anything has happened to it: has the system tell of its socket from now on, unless it is over already, for
    /// a greeting that left at once is never registered; and of room to write, where there was none.
    pub(crate) fn settle<W: Watch>(&mut self, desk: &mut Desk<'_, W>) {
        if self.registered && self.full != self.wire.has_unsent() {
            self.full = !self.full;
            let token = Token(self.address.key);
            if let Err(error) = self.wire.ask_for_room(self.full, desk.registry, token) {
                self.fault(Doing::Sending, &error, desk.run.clock.now(), desk);
            }
        }
        if self.registered || self.over().is_some() || matches!(self.wire, Wire::Closed) {
            return;
        }
        self.registered = true;
        let token = Token(self.address.key);
        if let Err(error) = self.wire.register(desk.registry, token) {
            self.fault(Doing::Opening, &error, desk.run.clock.now(), desk);
        }
    }

    /// The moment for which it was armed has come, or another.
    pub(crate) fn look_at_clock<W: Watch>(&mut self, now: Now, desk: &mut Desk<'_, W>) {
        if self.closing.is_some_and(|end| end <= now.mono) {
            self.wire.abort();
        } else if self.pump.due(now.mono) {
            self.feed(now, Input::Timer, desk);
        }
    }

    /// Writes what waits, reads what there is, within the budget.
    pub(crate) fn turn<W: Watch>(&mut self, desk: &mut Desk<'_, W>) {
        let mut now = desk.run.clock.now();
        if self.wire.is_connecting() {
            self.opened(now, desk);
        }
        if self.wire.has_unsent() && self.writable {
            self.flush(now, desk);
        }
        let mut bytes = 0;
        for turn in 0..BUDGET.0 {
            let wants = self.readable && self.pump.interest().network && !self.wire.is_full();
            if !wants || bytes >= BUDGET.1 {
                break;
            }
            // One reading of the clock serves a turn, but whoever watches wants each moment.
            if O::TIMES && turn > 0 {
                now = desk.run.clock.now();
            }
            bytes += self.receive(now, desk);
        }
    }

    fn opened<W: Watch>(&mut self, now: Now, desk: &mut Desk<'_, W>) {
        match self.wire.opened() {
            None => self.writable = false,
            Some(Ok((link, local))) => self.feed(now, Input::Opened { link, local }, desk),
            Some(Err(error)) => self.fault(Doing::Opening, &error, now, desk),
        }
    }

    /// Takes what there is, once; how many bytes that was.
    fn receive<W: Watch>(&mut self, now: Now, desk: &mut Desk<'_, W>) -> usize {
        let (wire, buffer, clock) = (&mut self.wire, &mut *desk.buffer, &desk.run.clock);
        let received = timed(
            self.pump.observer(),
            clock,
            OperationKind::Receive,
            Received::moved,
            || wire.receive::<O>(buffer, clock),
        );
        match received {
            Ok(Received::Datagram(link, len, _)) => {
                self.errors = 0;
                self.hear(now, desk, len, |bytes| Input::Datagram { link, bytes });
                return len;
            }
            Ok(Received::Bytes(link, len)) => {
                self.hear(now, desk, len, |bytes| Input::Bytes { link, bytes });
                return len;
            }
            Ok(Received::End(link)) => {
                (self.ended, self.readable) = (true, false);
                self.feed(now, Input::End { link }, desk);
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock => self.readable = false,
                ErrorKind::Interrupted => {}
                _ => self.fault(Doing::Receiving, &error, now, desk),
            },
        }
        0
    }

    fn hear<W: Watch>(
        &mut self,
        now: Now,
        desk: &mut Desk<'_, W>,
        len: usize,
        input: impl FnOnce(&[u8]) -> Input<'_>,
    ) {
        self.pump.feed(now, input(&desk.buffer[..len]), desk.out);
        self.carry_out(now, desk);
    }

    /// Hands an input to the machine and carries out what it asks for.
    pub(crate) fn feed<W: Watch>(&mut self, now: Now, input: Input<'_>, desk: &mut Desk<'_, W>) {
        self.pump.feed(now, input, desk.out);
        self.carry_out(now, desk);
    }

    fn carry_out<W: Watch>(&mut self, now: Now, desk: &mut Desk<'_, W>) {
        // What outputs cause is fed after the last of them, in order.
        let mut caused = Vec::new();
        let out = std::mem::take(desk.out);
        for output in out.iter_over(self.wire.transport()) {
            match output {
                Output::Open {
                    socket,
                    transport,
                    to,
                } => {
                    debug_assert_eq!(socket, Socket(0), "a conversation has one socket here");
                    caused.extend(self.open(transport, to, desk));
                }
                Output::Send { link, bytes } => {
                    if let Err(error) = self.send(link, bytes, desk.run) {
                        caused.push(Caused::Fault(Doing::Sending, error));
                    }
                }
                Output::Finish { link } => {
                    self.finishing = Some(link);
                    caused.extend(self.finish());
                }
                Output::Abort { .. } => self.wire.abort(),
                Output::Store { id, attempt } => self.store(id, attempt.clone(), desk),
                Output::Prompt(_) | Output::Show { .. } | Output::Notice(_) => {
                    desk.console.tell(&output);
                }
            }
        }
        *desk.out = out;
        desk.out.clear();
        for cause in caused {
            if !self.pump.is_running() {
                break;
            }
            match cause {
                Caused::Opened(link, local) => {
                    self.feed(now, Input::Opened { link, local }, desk);
                }
                Caused::Finished(link) => self.feed(now, Input::Finished { link }, desk),
                Caused::Fault(doing, error) => self.fault(doing, &error, now, desk),
            }
        }
        if !self.pump.is_running() && self.closing.is_none() && self.wire.has_unsent() {
            self.closing = Some(now.mono.plus(CLOSE_LIMIT));
        }
    }

    fn open<W: Watch>(
        &mut self,
        transport: Transport,
        to: SocketAddr,
        desk: &mut Desk<'_, W>,
    ) -> Option<Caused> {
        let link = Link::first(to);
        let opened = timed(
            self.pump.observer(),
            &desk.run.clock,
            OperationKind::Connect,
            |_| (1, 0),
            || match transport {
                Transport::Datagram => {
                    let udp = socket::datagram_client(to)?;
                    let local = udp.local_addr()?;
                    Ok((Some(local), Wire::datagram(udp, Some(link))?))
                }
                Transport::Stream => Ok((None, Wire::stream(TcpStream::connect(to)?, link, true))),
            },
        );
        match opened {
            Ok((local, wire)) => {
                self.wire = wire;
                // Nothing is known of a connection until the system tells.
                self.writable = local.is_some();
                local.map(|local| Caused::Opened(link, local))
            }
            Err(error) => Some(Caused::Fault(Doing::Opening, error)),
        }
    }

    fn send<W: Watch>(&mut self, link: Link, bytes: &[u8], run: &Run<W>) -> io::Result<()> {
        let wire = &mut self.wire;
        let sent = timed(
            self.pump.observer(),
            &run.clock,
            OperationKind::Send,
            |len| (1, *len),
            || {
                loop {
                    match wire.send(link, bytes) {
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        result => return result,
                    }
                }
            },
        );
        match sent {
            Ok(_) => {
                // Less than all was taken: there is no more room.
                self.writable &= !self.wire.has_unsent();
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.writable = false;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn flush<W: Watch>(&mut self, now: Now, desk: &mut Desk<'_, W>) {
        let wire = &mut self.wire;
        let flushed = timed(
            self.pump.observer(),
            &desk.run.clock,
            OperationKind::Send,
            |len| (1, *len),
            || wire.flush(),
        );
        match flushed {
            Ok(_) => match self.finish() {
                Some(Caused::Finished(link)) if self.pump.is_running() => {
                    self.feed(now, Input::Finished { link }, desk);
                }
                Some(Caused::Fault(doing, error)) => self.fault(doing, &error, now, desk),
                _ => {}
            },
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.writable = false,
            Err(error) => {
                if !self.pump.is_running() {
                    // Its last bytes have nowhere to go.
                    self.wire = Wire::Closed;
                }
                self.fault(Doing::Sending, &error, now, desk);
            }
        }
    }

    /// What the machine asked to finish is finished, once nothing waits.
    fn finish(&mut self) -> Option<Caused> {
        if self.wire.has_unsent() {
            return None;
        }
        let link = self.finishing.take()?;
        Some(match self.wire.finish() {
            Ok(()) => Caused::Finished(link),
            Err(error) => Caused::Fault(Doing::Sending, error),
        })
    }

    fn store<W: Watch>(&self, id: StoreId, attempt: Attempt, desk: &Desk<'_, W>) {
        let (address, mailbox) = (self.address, Arc::clone(desk.mailbox));
        let done = Box::new(move |decision| {
            mailbox.leave(Message::Stored(address, id, decision));
        });
        match &desk.run.register {
            Some(register) => register.store(attempt, done),
            None => done(Decision::Unavailable),
        }
    }

    fn fault<W: Watch>(
        &mut self,
        doing: Doing,
        error: &io::Error,
        now: Now,
        desk: &mut Desk<'_, W>,
    ) {
        if !self.pump.is_running() {
            return;
        }
        let fault = fault(error);
        if matches!(fault.kind, FaultKind::Other | FaultKind::Exhausted) {
            self.errors += 1;
            self.broken = (self.errors > BROKEN).then_some(Failure::Io(doing, fault));
        }
        if matches!(self.wire, Wire::Stream { .. }) && doing != Doing::Opening {
            // A stream is dead after an error: there is nothing more to read from it.
            (self.ended, self.readable) = (true, false);
        }
        let socket = Socket(0);
        self.feed(
            now,
            Input::Fault {
                socket,
                doing,
                fault,
            },
            desk,
        );
    }
}

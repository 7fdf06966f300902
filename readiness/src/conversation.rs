//! One session with its socket.

use std::net::SocketAddr;
use std::sync::Arc;

use socklab_core::{
    Begin, CallError, Console, Doing, Machine, Mono, Next, Now, Observer, OperationKind, Outbox,
    Session, Status, Transport, Turn, Wait, Watch,
};
use socklab_system::{LoopClock, Permit, Run, call_error, fault, timed};

use crate::mailbox::{Address, Mailbox};
use crate::model::{Interest, Model, Trigger};
use crate::wire::Wire;

/// What the turn of any conversation uses: one of each for the whole loop.
pub(crate) struct Resources<'a, L: Model, W> {
    pub(crate) run: &'a Run<W>,
    pub(crate) clock: LoopClock,
    pub(crate) console: &'a dyn Console,
    pub(crate) model: L,
    pub(crate) mailbox: Arc<Mailbox<L>>,
    pub(crate) out: Outbox,
    pub(crate) buffer: Vec<u8>,
}

/// How much a conversation may receive before others have their turn.
struct Budget {
    receives: u32,
    bytes: usize,
}

const BUDGET: Budget = Budget {
    receives: 64,
    bytes: 256 * 1024,
};

/// One session, its socket, and what is known of it.
pub(crate) struct Conversation<L: Model, M, O> {
    session: Session<M, O>,
    wire: Wire<L>,
    address: Address,
    /// What it waits for; `None` once it has ended.
    wait: Option<Wait>,
    /// The socket may have something to receive: no call has returned `WouldBlock` since its event.
    readable: bool,
    /// The socket may have room to send.
    writable: bool,
    /// A connection is being opened.
    connecting: bool,
    /// It is in the loop's queue for a turn.
    pub(crate) queued: bool,
    /// What the model watches the socket for; `None` if it does not yet.
    watched: Option<Interest>,
    /// The moment for which the timers have it.
    pub(crate) armed: Option<Mono>,
    /// Counts the connection. In a box, since most servers have no limit.
    _permit: Option<Box<Permit>>,
}

impl<L: Model, M: Machine, O: Observer> Conversation<L, M, O> {
    pub(crate) fn new(
        session: Session<M, O>,
        wire: Wire<L>,
        address: Address,
        permit: Option<Permit>,
    ) -> Self {
        Conversation {
            session,
            wire,
            address,
            wait: Some(Wait::default()),
            readable: false,
            writable: true,
            connecting: false,
            queued: false,
            watched: None,
            armed: None,
            _permit: permit.map(Box::new),
        }
    }

    pub(crate) fn address(&self) -> Address {
        self.address
    }

    /// How it has ended.
    pub(crate) fn ended(&self) -> Option<Status> {
        self.wait.is_none().then(|| self.session.status())
    }

    /// Whether it waits for a line from the user.
    pub(crate) fn wants_line(&self) -> bool {
        self.wait.is_some_and(|wait| wait.line)
    }

    /// When it must have a turn, at the latest.
    pub(crate) fn deadline(&self) -> Option<Mono> {
        self.wait?.until
    }

    /// Whether it would do something now if it had a turn.
    pub(crate) fn wants_turn(&self) -> bool {
        let writes = |wait: Wait| self.writable && (wait.room || self.connecting);
        (self.wait).is_some_and(|wait| self.readable && wait.receive || writes(wait))
    }

    /// The wait found its socket ready.
    pub(crate) fn ready(&mut self, ready: Interest) {
        // At the end of a stream every event says "readable": nothing is received any more.
        self.readable |= ready.read;
        self.writable |= ready.write;
        if L::TRIGGER == Trigger::OneShot {
            self.watched = self.watched.map(|_| Interest::default());
        }
    }

    /// Starts the machine.
    pub(crate) fn begin<W>(&mut self, begin: Begin, resources: &mut Resources<'_, L, W>)
    where
        W: Watch<Observer = O>,
    {
        let now = resources.clock.now();
        self.give(now, resources, |turn| turn.begin(now, begin));
    }

    /// Gives the session something that happened outside of its socket, and does what comes of it.
    pub(crate) fn give<W: Watch<Observer = O>>(
        &mut self,
        now: Now,
        resources: &mut Resources<'_, L, W>,
        happened: impl FnOnce(&mut Turn<'_, M, O>),
    ) {
        if self.wait.is_some() {
            happened(&mut self.session.turn(&mut resources.out));
            self.carry_out(now, resources);
        }
        self.settle(resources);
    }

    /// Sends what waits, receives what there is, within the budget.
    pub(crate) fn turn<W: Watch<Observer = O>>(&mut self, resources: &mut Resources<'_, L, W>) {
        let mut now = resources.clock.now();
        if self.connecting && self.writable {
            self.connected(now, resources);
        }
        if self.writable && self.wait.is_some_and(|wait| wait.room) {
            self.session.turn(&mut resources.out).room();
            self.carry_out(now, resources);
        }
        let mut bytes = 0;
        for receive in 0..BUDGET.receives {
            let wants = self.readable && self.wait.is_some_and(|wait| wait.receive);
            if !wants || bytes >= BUDGET.bytes {
                break;
            }
            // One reading of the clock serves a turn, but an observer wants each moment.
            if O::TIMES && receive > 0 {
                now = resources.clock.now();
            }
            bytes += self.receive(now, resources);
            self.carry_out(now, resources);
        }
        self.settle(resources);
    }

    /// Takes what there is, once; how many bytes that was.
    #[inline]
    fn receive<W: Watch<Observer = O>>(
        &mut self,
        now: Now,
        resources: &mut Resources<'_, L, W>,
    ) -> usize {
        let Resources {
            run, out, buffer, ..
        } = resources;
        let wire = &mut self.wire;
        let (received, operation) = timed::<O, _>(&run.clock, OperationKind::Receive, || {
            wire.receive(buffer, &run.clock)
        });
        let mut turn = self.session.turn(out);
        turn.observe(operation);
        match received {
            Ok(received) => {
                turn.received(now, &received, buffer);
                received.len()
            }
            Err(error) => {
                self.readable = turn.not_received(now, call_error(&error));
                0
            }
        }
    }

    /// Does what there is to do, one thing after the other, until that is to wait.
    fn carry_out<W: Watch<Observer = O>>(&mut self, now: Now, resources: &mut Resources<'_, L, W>) {
        loop {
            let mut turn = self.session.turn(&mut resources.out);
            match turn.next(now) {
                Next::Tell(output) => resources.console.tell(&output),
                Next::Send { link, bytes, .. } => {
                    let (len, wire) = (bytes.len(), &mut self.wire);
                    let (sent, operation) =
                        timed::<O, _>(&resources.run.clock, OperationKind::Send, || {
                            wire.send(link, bytes)
                        });
                    turn.observe(operation);
                    match sent {
                        Ok(taken) => {
                            // Less than all was taken: there is no more room. mio on Windows has to
                            // see the next call fail, or it never reports that there is room again.
                            self.writable = taken == len || cfg!(windows);
                            turn.sent(taken);
                        }
                        Err(error) => {
                            let error = call_error(&error);
                            self.writable = error != CallError::WouldBlock;
                            turn.not_sent(now, error);
                        }
                    }
                }
                Next::Wait(wait) => {
                    self.wait = Some(wait);
                    return;
                }
                Next::Ended(_) => {
                    self.wait = None;
                    return;
                }
                Next::Finish(link) => {
                    let finished = self.wire.finish().map_err(|error| fault(&error));
                    turn.finished(now, link, finished);
                }
                Next::Open { transport, to, .. } => self.open(transport, to, now, resources),
                Next::Abort => {
                    self.wire.abort();
                    self.close(&mut resources.model);
                }
                Next::Store { id, attempt } => {
                    let done = resources.mailbox.stored(self.address, id);
                    resources.run.store(attempt.clone(), done);
                }
            }
        }
    }

    /// Opens a socket in place of the one there is. A TCP connection opens in its own time.
    fn open<W: Watch<Observer = O>>(
        &mut self,
        transport: Transport,
        to: SocketAddr,
        now: Now,
        resources: &mut Resources<'_, L, W>,
    ) {
        self.close(&mut resources.model);
        let (opened, operation) =
            timed::<O, _>(&resources.run.clock, OperationKind::Connect, || {
                Wire::open(transport, to)
            });
        let mut turn = self.session.turn(&mut resources.out);
        turn.observe(operation);
        match opened {
            Ok((local, wire)) => {
                self.wire = wire;
                self.connecting = local.is_none();
                // Of a connection nothing is known until the first event.
                self.writable = local.is_some();
                local.into_iter().for_each(|local| turn.opened(now, local));
            }
            Err(error) => turn.fault(now, Doing::Opening, fault(&error)),
        }
    }

    /// A connection that was being opened may be open, or has failed.
    fn connected<W: Watch<Observer = O>>(&mut self, now: Now, resources: &mut Resources<'_, L, W>) {
        let Some(opened) = self.wire.opened() else {
            self.writable = false;
            return;
        };
        self.connecting = false;
        let mut turn = self.session.turn(&mut resources.out);
        match opened {
            Ok(local) => turn.opened(now, local),
            Err(error) => turn.fault(now, Doing::Opening, fault(&error)),
        }
        self.carry_out(now, resources);
    }

    /// Has the model watch the socket for what the conversation waits for, if that has changed. One
    /// that is over already is never watched: a greeting may leave at once.
    fn settle<W>(&mut self, resources: &mut Resources<'_, L, W>)
    where
        W: Watch<Observer = O>,
    {
        let Some(wait) = self.wait else { return };
        let room = wait.room || self.connecting;
        let interest = match L::TRIGGER {
            // An edge is reported once, so a stream is watched for both from the first. A datagram
            // socket nearly always has room, and to be told so costs the kernel work at each send
            // (3 % of an echo's CPU time): it is asked only while there is none.
            Trigger::Edge => Interest {
                read: true,
                write: room || self.wire.is_stream(),
            },
            Trigger::Level | Trigger::OneShot => Interest {
                read: wait.receive,
                write: room,
            },
        };
        if self.watched == Some(interest) {
            return;
        }
        let Some(socket) = self.wire.watched() else {
            return;
        };
        let (key, before) = (self.address.key, self.watched);
        match resources.model.watch(key, socket, before, interest) {
            Ok(()) => self.watched = Some(interest),
            Err(error) => {
                let now = resources.clock.now();
                let mut turn = self.session.turn(&mut resources.out);
                turn.fault(now, Doing::Opening, fault(&error));
                self.carry_out(now, resources);
            }
        }
    }

    /// Closes the socket.
    pub(crate) fn close(&mut self, model: &mut L) {
        if self.watched.take().is_some()
            && let Some(socket) = self.wire.watched()
        {
            model.unwatch(self.address.key, socket);
        }
        self.wire = Wire::Closed;
        (self.connecting, self.readable) = (false, false);
    }
}

//! One conversation on one thread: carry out what there is to do, then block in one call.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use socklab_core::register::{Decision, StoreId};
use socklab_core::{
    Begin, CLOSE_LIMIT, Doing, LineEvent, Machine, Next, Now, OperationKind, Outbox, Session,
    Status, Wait, Watch,
};
use socklab_system::{Lines, LoopClock, Moved, Run, StopGuard, call_error, fault, timed};

use crate::wire::Wire;

/// What comes from other threads.
enum Event {
    Line(LineEvent),
    Stored(StoreId, Decision),
    /// There is a stop to be looked at.
    Wake,
}

impl Moved for Event {}

/// One session with its socket, its lines and its time-outs. The thread that runs it owns it.
pub(crate) struct Conversation<M, W: Watch> {
    session: Session<M, W::Observer>,
    connection: Connection,
    run: Arc<Run<W>>,
    clock: LoopClock,
    out: Outbox,
    events: Receiver<Event>,
    sender: Sender<Event>,
    lines: Lines,
    watcher: Option<StopGuard>,
}

/// A socket, and what ends a call that blocks on it.
struct Connection {
    wire: Wire,
    buffer: Vec<u8>,
    waker: Option<StopGuard>,
    /// A signal ends a blocked receive by itself, and no thread waits for signals.
    bell: bool,
}

impl<M: Machine, W: Watch> Conversation<M, W> {
    pub(crate) fn new(machine: M, observer: W::Observer, wire: Wire, run: &Arc<Run<W>>) -> Self {
        let (sender, events) = channel();
        let mut connection = Connection {
            wire: Wire::Closed,
            buffer: Vec::new(),
            waker: None,
            bell: false,
        };
        connection.connect(wire, run, &sender);
        Conversation {
            session: Session::new(machine, observer),
            connection,
            run: Arc::clone(run),
            clock: LoopClock::of(run.clock),
            out: Outbox::new(),
            events,
            sender,
            lines: Lines::default(),
            watcher: None,
        }
    }

    /// Starts the machine. Returns what it then waits for, or how it has ended already.
    pub(crate) fn begin(&mut self, begin: Begin) -> Result<Wait, Status> {
        let now = self.clock.now();
        self.session.turn(&mut self.out).begin(now, begin);
        self.carry_out(now)
    }

    /// Runs the machine to its end.
    pub(crate) fn run(mut self, begun: Result<Wait, Status>) -> Status {
        let mut next = begun;
        loop {
            match next {
                Err(status) => return status,
                Ok(wait) => {
                    let now = self.block(wait);
                    next = self.carry_out(now);
                }
            }
        }
    }

    /// Does what there is to do, one thing after the other. Returns what to wait for then, or how
    /// the conversation has ended.
    fn carry_out(&mut self, mut now: Now) -> Result<Wait, Status> {
        let (run, clock) = (&*self.run, &self.run.clock);
        let mut turn = self.session.turn(&mut self.out);
        if run.stop.requested() {
            turn.stop(now);
        }
        loop {
            match turn.next(now) {
                Next::Tell(output) => run.console.tell(&output),
                Next::Send {
                    link, bytes, until, ..
                } => {
                    // A stop cannot wake a blocked write without cutting off what it writes, so
                    // the write itself ends after a while.
                    let left = until.map_or(CLOSE_LIMIT, |until| until.since(now.mono));
                    let wire = &mut self.connection.wire;
                    let (sent, operation) =
                        timed::<W::Observer, _>(clock, OperationKind::Send, || {
                            wire.send(link, bytes, left.min(CLOSE_LIMIT))
                        });
                    turn.observe(operation);
                    match sent {
                        Ok(len) => turn.sent(len),
                        Err(error) => turn.not_sent(now, call_error(&error)),
                    }
                    if until.is_some() {
                        now = self.clock.now();
                        if run.stop.requested() {
                            turn.stop(now);
                        }
                    }
                }
                Next::Wait(wait) => return Ok(wait),
                Next::Ended(status) => return Err(status),
                Next::Open {
                    transport,
                    to,
                    limit,
                    ..
                } => {
                    let (opened, operation) =
                        timed::<W::Observer, _>(clock, OperationKind::Connect, || {
                            Wire::open(transport, to, limit)
                        });
                    turn.observe(operation);
                    now = self.clock.now();
                    match opened {
                        Ok((local, wire)) => {
                            self.connection.connect(wire, run, &self.sender);
                            turn.opened(now, local);
                        }
                        Err(error) => turn.fault(now, Doing::Opening, fault(&error)),
                    }
                    if run.stop.requested() {
                        turn.stop(now);
                    }
                }
                Next::Finish(link) => {
                    let finished = self.connection.wire.finish().map_err(|error| fault(&error));
                    turn.finished(now, link, finished);
                }
                Next::Abort => self.connection.wire.abort(),
                Next::Store { id, attempt } => {
                    let sender = self.sender.clone();
                    // If the conversation is over by then, the decision is dropped.
                    let done = Box::new(move |decision| {
                        let _ = sender.send(Event::Stored(id, decision));
                    });
                    run.store(attempt.clone(), done);
                }
            }
        }
    }

    /// Blocks in one call of the system, for the network or for another thread: never for both.
    fn block(&mut self, wait: Wait) -> Now {
        let limit = wait.until.map(|until| until.since(self.run.clock.mono()));
        if wait.room || limit.is_some_and(|limit| limit.is_zero()) {
            // The write itself blocks.
            self.session.turn(&mut self.out).room();
            self.clock.now()
        } else if wait.receive {
            self.receive(limit)
        } else {
            self.wait_for_threads(wait.line, limit)
        }
    }

    /// Blocks until something comes from the network.
    fn receive(&mut self, limit: Option<Duration>) -> Now {
        let Connection { wire, buffer, .. } = &mut self.connection;
        let clock = &self.run.clock;
        let (received, operation) = timed::<W::Observer, _>(clock, OperationKind::Receive, || {
            wire.receive(buffer, limit, clock)
        });
        let now = self.clock.now();
        let mut turn = self.session.turn(&mut self.out);
        turn.observe(operation);
        match received {
            // A stop ends what can be received, which looks like an end or an empty datagram.
            Ok(received) if received.is_empty() && self.run.stop.requested() => turn.stop(now),
            Ok(received) => turn.received(now, &received, buffer),
            Err(_) if self.run.stop.requested() => turn.stop(now),
            Err(error) => drop(turn.not_received(now, call_error(&error))),
        }
        now
    }

    /// Blocks until another thread has something: the user's line, the register's decision, a stop.
    fn wait_for_threads(&mut self, line: bool, limit: Option<Duration>) -> Now {
        let (run, sender) = (&self.run, &self.sender);
        let sink = || -> Box<dyn FnMut(LineEvent) + Send> {
            let sender = sender.clone();
            Box::new(move |line| drop(sender.send(Event::Line(line))))
        };
        if line && !self.lines.ask(run, sink) {
            let now = self.clock.now();
            let mut turn = self.session.turn(&mut self.out);
            turn.typed(now, LineEvent::End);
            return now;
        }
        if self.connection.bell {
            // The bell ends a receive, and this is none: here another thread must tell of a signal.
            self.connection.bell = false;
            self.watcher = Some(run.stop.on_request(|| {}));
            if run.stop.requested() {
                return self.clock.now();
            }
        }
        let events = &self.events;
        let (event, operation) = timed::<W::Observer, _>(&run.clock, OperationKind::Wait, || {
            match limit {
                Some(limit) => events.recv_timeout(limit).map_err(|_| ErrorKind::TimedOut),
                None => events.recv().map_err(|_| ErrorKind::NotConnected),
            }
            .map_err(io::Error::from)
        });
        let now = self.clock.now();
        let mut turn = self.session.turn(&mut self.out);
        turn.observe(operation);
        match event {
            Ok(Event::Line(line)) => {
                self.lines.came();
                turn.typed(now, line);
            }
            Ok(Event::Stored(id, decision)) => turn.stored(now, id, &decision),
            Ok(Event::Wake) | Err(_) => {}
        }
        now
    }
}

impl Connection {
    /// Takes a socket, and leaves a stop a way to end the call that blocks on it.
    fn connect<W: Watch>(&mut self, wire: Wire, run: &Run<W>, sender: &Sender<Event>) {
        self.buffer.resize(wire.buffer(), 0);
        let (wake, sender) = (wire.waker(), sender.clone());
        let wake = move || {
            let _ = sender.send(Event::Wake);
            wake();
        };
        let bell = wire.bell();
        self.bell = bell.is_some();
        self.waker = Some(match bell {
            Some(bell) => run.stop.on_request_or_bell(bell, wake),
            None => run.stop.on_request(wake),
        });
        self.wire = wire;
    }
}

//! One session with its socket, in an event loop.

use std::io::{self, ErrorKind};
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use socklab_core::{
    Begin, Console, Doing, Link, Machine, Mono, Now, Observer, Observers, OperationKind, Outbox,
    Session, Status, Transport, Wait,
};
use socklab_system::{
    self as system, Budget, Calls, Lines, LoopClock, Mailbox, Opened, Permit, Run, RunContext,
    SystemSocket, ThreadMessage, ThreadMessageSender, call_error, carry_out, deliver, fault,
    observed_time, operation, timed,
};

use crate::model::{Interest, Model, Trigger};
use crate::timers::ConversationId;
use crate::wire::{self, Wire};

/// What a conversation uses during its turn. The loop has one of each, and lends them in turn.
pub(crate) struct LoopContext<'a, L: Model, W> {
    pub(crate) out: Outbox,
    pub(crate) buffer: Vec<u8>,
    pub(crate) run: &'a Run<W>,
    pub(crate) clock: LoopClock,
    pub(crate) console: &'a dyn Console,
    pub(crate) model: L,
    pub(crate) mailbox: Arc<Mailbox<(ConversationId, ThreadMessage)>>,
    pub(crate) lines: Lines,
}

pub(crate) struct Conversation<L: Model, M, W: Observers> {
    session: Session<M, W::Observer>,
    socket: Socket<L>,
    /// What the conversation waits for; `None` once it has ended.
    wait: Option<Wait>,
    /// Whether the conversation is in the loop's queue for a turn.
    pub(crate) queued: bool,
    /// The time of the conversation's earliest entry in the timers.
    pub(crate) timer: Option<Mono>,
    /// The place in the connection limit, for a connection of a server.
    permit: Option<Permit>,
}

/// A socket, and what the loop knows of its readiness.
struct Socket<L: Model> {
    wire: Wire<L>,
    id: ConversationId,
    /// There may be something to receive: no receive returned `WouldBlock` since the last event.
    readable: bool,
    /// There may be room to send.
    writable: bool,
    /// Sends that were in flight have completed, and the session has not heard of it yet.
    completed: bool,
    /// A TCP connection is being opened.
    connecting: bool,
    /// What the model watches the socket for; `None` before the first watch.
    watched: Option<Interest>,
}

impl<L: Model, M: Machine, W: Observers> Conversation<L, M, W> {
    pub(crate) fn new(
        session: Session<M, W::Observer>,
        wire: Wire<L>,
        id: ConversationId,
        permit: Option<Permit>,
    ) -> Self {
        Conversation {
            session,
            socket: Socket {
                wire,
                id,
                readable: false,
                writable: true,
                completed: false,
                connecting: false,
                watched: None,
            },
            wait: Some(Wait::default()),
            queued: false,
            timer: None,
            permit,
        }
    }

    pub(crate) fn id(&self) -> ConversationId {
        self.socket.id
    }

    /// How the conversation ended; `None` while it goes on.
    pub(crate) fn ended(&self) -> Option<Status> {
        self.wait.is_none().then(|| self.session.status())
    }

    /// When the loop must visit the conversation at the latest.
    pub(crate) fn deadline(&self) -> Option<Mono> {
        self.wait?.until
    }

    /// Whether its machine wants what its peers send.
    fn receives(&self) -> bool {
        self.wait.is_some_and(|wait| wait.readable)
    }

    /// Whether a turn would do anything: the socket is ready for what the session waits for, or
    /// sends have completed.
    pub(crate) fn has_work(&self) -> bool {
        let socket = &self.socket;
        let writes = |wait: Wait| socket.writable && (wait.writable || socket.connecting);
        socket.readable && self.receives() || self.wait.is_some_and(writes) || socket.completed
    }

    /// Notes what the wait reported about the socket.
    pub(crate) fn ready(&mut self, ready: Interest) {
        // After the end of a stream every event says "readable". This does no harm, because the
        // session does not ask to receive any more.
        self.socket.readable |= ready.read;
        self.socket.writable |= ready.write;
        self.socket.completed |= ready.write && L::COMPLETIONS;
        if L::TRIGGER == Trigger::OneShot {
            self.socket.watched = self.socket.watched.map(|_| Interest::default());
        }
    }

    /// Starts the machine.
    pub(crate) fn begin(&mut self, begin: Begin, context: &mut LoopContext<'_, L, W>) {
        if let Some(permit) = &self.permit {
            let (mailbox, id) = (Arc::clone(&context.mailbox), self.socket.id);
            permit.on_evict(move || mailbox.send((id, ThreadMessage::Wake)));
        }
        let now = context.clock.now();
        self.session.turn(&mut context.out).begin(now, begin);
        self.advance(now, context);
    }

    /// Hands over a message from another thread, and carries out what follows.
    pub(crate) fn deliver(&mut self, message: ThreadMessage, context: &mut LoopContext<'_, L, W>) {
        let now = context.clock.now();
        let mut turn = self.session.turn(&mut context.out);
        deliver(&mut turn, now, message, &mut context.lines);
        self.advance(now, context);
    }

    /// Carries out what the session asks for, then has the model watch for what it waits for.
    pub(crate) fn advance(&mut self, now: Now, context: &mut LoopContext<'_, L, W>) {
        self.carry_out(now, context);
        self.update_interest(context);
    }

    /// Finishes connecting, reports completed sends, sends what waited for room, and receives until
    /// the socket is empty or the budget is spent.
    pub(crate) fn handle_readiness(&mut self, context: &mut LoopContext<'_, L, W>) {
        let mut now = context.clock.now();
        if self.socket.connecting && self.socket.writable {
            self.finish_connecting(now, context);
        }
        if mem::take(&mut self.socket.completed) {
            let socket = wire::watched(&mut self.socket.wire);
            let (sends, sent) = socket.map_or((0, Ok(())), |socket| L::completed(&socket));
            let sent = sent.map_err(|error| fault(&error));
            self.session
                .turn(&mut context.out)
                .completed(now, sends, sent);
            self.carry_out(now, context);
        }
        if self.socket.writable && self.wait.is_some_and(|wait| wait.writable) {
            self.session.turn(&mut context.out).writable();
            self.carry_out(now, context);
        }
        let mut budget = Budget::FULL;
        while self.socket.readable && self.receives() && !budget.is_spent() {
            // One reading of the clock serves a turn. Only an observer of times needs one for each
            // receive.
            if W::Observer::TIMES && budget != Budget::FULL {
                now = context.clock.now();
            }
            budget.spend(self.receive(now, context));
            self.carry_out_inline(now, context);
        }
        self.update_interest(context);
    }

    /// Receives once. Returns how many bytes came.
    #[inline(always)]
    fn receive(&mut self, now: Now, context: &mut LoopContext<'_, L, W>) -> usize {
        let (buffer, clock) = (&mut context.buffer, &context.run.clock);
        let wire = &mut self.socket.wire;
        let start = observed_time::<W::Observer>(clock);
        let received = wire::receive::<L>(wire, buffer, clock);
        let kind = OperationKind::Receive;
        let operation = operation::<W::Observer, _>(clock, kind, start, &received);
        let mut turn = self.session.turn(&mut context.out);
        // With completions, a receive that finds no data made no system call.
        turn.observe(operation.filter(|_| !L::COMPLETIONS || received.is_ok()));
        match received {
            Ok(received) => {
                (self.permit.iter()).for_each(|permit| permit.note_received(now.mono));
                let (rest, len) = (turn.received(now, &received, buffer), received.len());
                if rest > 0 {
                    wire.keep(&received, &buffer[len - rest..len]);
                }
                len
            }
            Err(error) => {
                self.socket.readable = turn.receive_failed(now, call_error(&error));
                0
            }
        }
    }

    /// Carries out what the session asks for, unless the conversation is over.
    #[inline(never)]
    fn carry_out(&mut self, now: Now, context: &mut LoopContext<'_, L, W>) {
        self.carry_out_inline(now, context);
    }

    /// The same, for the loop that every datagram passes. After a system call the processor
    /// mispredicts each return to a caller, because the kernel has used its return stack. So that
    /// loop has as few as can be.
    #[inline(always)]
    fn carry_out_inline(&mut self, now: Now, context: &mut LoopContext<'_, L, W>) {
        if self.wait.is_some() {
            let turn = self.session.turn(&mut context.out);
            let run_context = RunContext {
                run: context.run,
                console: context.console,
                clock: &mut context.clock,
                lines: &mut context.lines,
                permit: self.permit.as_ref(),
            };
            let calls = &mut LoopCalls {
                socket: &mut self.socket,
                model: &mut context.model,
                mailbox: &context.mailbox,
            };
            self.wait = carry_out(turn, now, run_context, calls).ok();
        }
    }

    /// Checks whether the TCP connection that is being opened is open, or has failed.
    fn finish_connecting(&mut self, now: Now, context: &mut LoopContext<'_, L, W>) {
        let opened = wire::opened::<L>(&self.socket.wire);
        self.socket.connecting = matches!(opened, Ok(None));
        let mut turn = self.session.turn(&mut context.out);
        match opened {
            Ok(Some(local)) => turn.opened(now, local),
            Ok(None) => self.socket.writable = false,
            Err(error) => turn.fault(now, Doing::Opening, fault(&error)),
        }
        self.carry_out(now, context);
    }

    /// Has the model watch the socket for what the conversation waits for. A conversation that is
    /// over before its first wait, such as one that only sends a greeting, is never watched.
    fn update_interest(&mut self, context: &mut LoopContext<'_, L, W>) {
        let Some(wait) = self.wait else { return };
        if let Err(error) = self.socket.watch(wait, &mut context.model) {
            let now = context.clock.now();
            let mut turn = self.session.turn(&mut context.out);
            turn.unwatchable(now, fault(&error));
            self.carry_out(now, context);
        }
    }

    pub(crate) fn close(&mut self, model: &mut L) {
        self.socket.close(model);
    }
}

impl<L: Model> Socket<L> {
    /// Has the model watch the socket for what the conversation waits for, if that has changed.
    fn watch(&mut self, wait: Wait, model: &mut L) -> io::Result<()> {
        let room = wait.writable || self.connecting;
        let interest = match L::TRIGGER {
            // An edge is reported once, so a stream is watched for reading and writing from the
            // start. A datagram socket nearly always has room, and reporting that costs the kernel
            // work at each send (3 % of an echo's CPU time). So it is watched for room only while
            // it has none.
            Trigger::Edge => Interest {
                read: true,
                write: room || matches!(self.wire, system::Wire::Stream(_)),
            },
            Trigger::Level | Trigger::OneShot => Interest {
                read: wait.readable,
                write: room,
            },
        };
        if self.watched != Some(interest)
            && let Some(socket) = wire::watched(&mut self.wire)
        {
            model.watch(self.id.key, socket, self.watched, interest)?;
            self.watched = Some(interest);
        }
        Ok(())
    }

    /// Stops watching the socket, and closes it.
    fn close(&mut self, model: &mut L) {
        if self.watched.take().is_some()
            && let Some(socket) = wire::watched(&mut self.wire)
        {
            model.unwatch(self.id.key, socket);
        }
        self.wire = system::Wire::Closed;
        (self.connecting, self.readable) = (false, false);
    }
}

/// The calls of a conversation in a loop. None of them waits.
struct LoopCalls<'a, L: Model> {
    socket: &'a mut Socket<L>,
    model: &'a mut L,
    mailbox: &'a Arc<Mailbox<(ConversationId, ThreadMessage)>>,
}

impl<L: Model> Calls for LoopCalls<'_, L> {
    const COMPLETIONS: bool = L::COMPLETIONS;

    fn wire(&self) -> &system::Wire<impl SystemSocket, impl SystemSocket> {
        &self.socket.wire
    }

    #[inline(always)]
    fn send(
        &mut self,
        link: &Link,
        bytes: &[u8],
        segment: usize,
        _: Option<Duration>,
    ) -> io::Result<usize> {
        let sent = wire::send::<L>(&mut self.socket.wire, link, bytes, segment);
        self.socket.writable = match &sent {
            // If the system took only part of a stream's bytes, there is no more room. mio on
            // Windows has to see the next call fail; otherwise it never reports that there is room
            // again.
            Ok(taken) => *taken >= segment || cfg!(windows),
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        };
        sent
    }

    /// Only begins to open a TCP connection; a later turn finds it open.
    fn open<W: Observers>(
        &mut self,
        run: &Run<W>,
        transport: Transport,
        link: Link,
        _: Option<Duration>,
    ) -> Opened {
        self.socket.close(self.model);
        timed::<W::Observer, _>(&run.clock, OperationKind::Connect, || {
            let (local, wire) = wire::open(transport, link, self.model)?;
            self.socket.wire = wire;
            self.socket.connecting = local.is_none();
            // Whether a TCP connection is open is not known before its first event.
            self.socket.writable = local.is_some();
            Ok(local)
        })
    }

    fn abort(&mut self) {
        self.socket.wire.reset_on_close();
        self.socket.close(self.model);
    }

    fn message_sender(&self) -> ThreadMessageSender {
        let (mailbox, id) = (Arc::clone(self.mailbox), self.socket.id);
        Box::new(move |message| mailbox.send((id, message)))
    }
}

//! One conversation on one thread: do what the session says, then block in one call.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use socklab_core::{
    Begin, Link, Machine, Now, Observers, OperationKind, Outbox, Session, Status, Transport, Wait,
};
use socklab_system::{
    Calls, Lines, LoopClock, Opened, Permit, Run, RunContext, Stop, StopGuard, SystemSocket,
    ThreadMessage, ThreadMessageSender, Wire, call_error, carry_out, deliver, observed_time,
    operation, timed,
};

use crate::wire::BlockingWire;

/// One session with its socket, its lines and its time-outs. The thread that runs it owns it.
pub(crate) struct Conversation<M, W: Observers> {
    session: Session<M, W::Observer>,
    out: Outbox,
    run: Arc<Run<W>>,
    clock: LoopClock,
    lines: Lines,
    thread: ThreadCalls,
    permit: Option<Permit>,
}

/// What a thread blocks on, and what can wake it.
struct ThreadCalls {
    wire: BlockingWire,
    buffer: Vec<u8>,
    messages: Receiver<ThreadMessage>,
    sender: Sender<ThreadMessage>,
    stop_guard: Option<StopGuard>,
    /// A signal writes to the socket itself and so ends a blocked receive. No thread waits for
    /// signals.
    woken_by_signals: bool,
    signal_guard: Option<StopGuard>,
}

impl<M: Machine, W: Observers> Conversation<M, W> {
    pub(crate) fn new(
        session: Session<M, W::Observer>,
        wire: BlockingWire,
        permit: Option<Permit>,
        run: &Arc<Run<W>>,
    ) -> Box<Self> {
        let mut new = Conversation::boxed(session, permit, run);
        new.thread.connect(wire, &run.stop);
        if let Some(permit) = &new.permit {
            permit.on_evict(new.thread.wake_fn());
        }
        new
    }

    /// Builds the conversation on the heap, in a stack frame of its own that is gone when the loop
    /// runs. On the stack, it would cost every thread another page.
    #[inline(never)]
    fn boxed(
        session: Session<M, W::Observer>,
        permit: Option<Permit>,
        run: &Arc<Run<W>>,
    ) -> Box<Self> {
        let (sender, messages) = channel();
        let thread = ThreadCalls {
            wire: BlockingWire::default(),
            buffer: Vec::new(),
            messages,
            sender,
            stop_guard: None,
            woken_by_signals: false,
            signal_guard: None,
        };
        Box::new(Conversation {
            session,
            out: Run::<W>::outbox(&*run.console),
            run: Arc::clone(run),
            clock: LoopClock::of(run.clock),
            lines: Lines::default(),
            thread,
            permit,
        })
    }

    /// Starts the machine, and carries out what it asks for. Returns what to wait for, or the
    /// status if the conversation has ended already.
    #[inline(never)]
    pub(crate) fn begin(&mut self, begin: Begin) -> Result<Wait, Status> {
        let now = self.clock.now();
        self.session.turn(&mut self.out).begin(now, begin);
        self.carry_out(now)
    }

    /// Runs the machine to its end.
    pub(crate) fn run(&mut self, mut begun: Result<Wait, Status>) -> Status {
        loop {
            match begun {
                Err(status) => return status,
                Ok(wait) => {
                    let now = self.block(wait);
                    begun = self.carry_out(now);
                }
            }
        }
    }

    /// Carries out what the session asks for.
    #[inline(always)]
    fn carry_out(&mut self, now: Now) -> Result<Wait, Status> {
        let context = RunContext {
            run: &self.run,
            console: &*self.run.console,
            clock: &mut self.clock,
            lines: &mut self.lines,
            permit: self.permit.as_ref(),
        };
        let turn = self.session.turn(&mut self.out);
        carry_out(turn, now, context, &mut self.thread)
    }

    /// Blocks in one call: for the network or for another thread, never for both.
    fn block(&mut self, wait: Wait) -> Now {
        let timeout = (wait.until).map(|until| until.since(self.run.clock.mono()));
        if wait.writable || timeout.is_some_and(|timeout| timeout.is_zero()) {
            // Do not wait: for room, the next write blocks; a deadline has come already.
            self.session.turn(&mut self.out).writable();
            self.clock.now()
        } else if wait.readable {
            self.receive(timeout)
        } else {
            self.wait_for_message(timeout)
        }
    }

    /// Blocks until something comes from the network.
    fn receive(&mut self, timeout: Option<Duration>) -> Now {
        let ThreadCalls { wire, buffer, .. } = &mut self.thread;
        let (clock, permit) = (&self.run.clock, self.permit.as_ref());
        let start = observed_time::<W::Observer>(clock);
        let received = wire.receive(buffer, timeout, clock);
        let kind = OperationKind::Receive;
        let operation = operation::<W::Observer, _>(clock, kind, start, &received);
        let now = match permit.is_some() || self.session.needs_time() || received.is_err() {
            true => self.clock.now(),
            false => self.clock.last(),
        };
        let stopped = self.session.is_stopped();
        let mut turn = self.session.turn(&mut self.out);
        turn.observe(operation);
        let is_over =
            || self.run.stop.requested() && !stopped || permit.is_some_and(Permit::is_evicted);
        match &received {
            // To end a blocked receive, a stop sends an empty datagram or shuts the stream. A
            // machine that goes on after the stop has to hear of that end: no more comes.
            Ok(received) if received.is_empty() && is_over() => {}
            Ok(received) => {
                permit
                    .iter()
                    .for_each(|permit| permit.note_received(now.mono));
                let rest = turn.received(now, received, buffer);
                if rest > 0 {
                    let len = received.len();
                    wire.inner.keep(received, &buffer[len - rest..len]);
                }
            }
            Err(_) if is_over() => {}
            Err(error) => drop(turn.receive_failed(now, call_error(error))),
        }
        now
    }

    /// Blocks until there is a message from another thread: the user's line, the register's
    /// decision, or a wake-up for a stop.
    fn wait_for_message(&mut self, timeout: Option<Duration>) -> Now {
        let (thread, stop) = (&mut self.thread, &self.run.stop);
        if thread.woken_by_signals {
            // A signal ends only a receive by itself. To end this wait, a thread must wait for
            // signals.
            thread.woken_by_signals = false;
            thread.signal_guard = Some(stop.on_request(|| {}));
            if stop.requested() {
                return self.clock.now();
            }
        }
        let (clock, messages) = (&self.run.clock, &thread.messages);
        let (message, operation) = timed::<W::Observer, _>(clock, OperationKind::Wait, || {
            (messages.recv_timeout(timeout.unwrap_or(Duration::MAX)))
                .map_err(|_| ErrorKind::TimedOut.into())
        });
        let now = self.clock.now();
        let mut turn = self.session.turn(&mut self.out);
        turn.observe(operation);
        if let Ok(message) = message {
            deliver(&mut turn, now, message, &mut self.lines);
        }
        now
    }
}

impl ThreadCalls {
    /// Takes a socket, and registers with the stop how to end a call that blocks on it.
    fn connect(&mut self, wire: BlockingWire, stop: &Stop) {
        self.buffer.resize(wire.buffer(), 0);
        self.wire = wire;
        let (wake, wake_socket) = (self.wake_fn(), self.wire.wake_socket());
        self.woken_by_signals = wake_socket.is_some();
        self.stop_guard = Some(match wake_socket {
            Some(socket) => stop.on_request_with_socket(socket, wake),
            None => stop.on_request(wake),
        });
    }

    /// Returns a function that ends a call that blocks.
    fn wake_fn(&self) -> impl Fn() + Send + 'static {
        let (wake, send) = (self.wire.wake_fn(), self.message_sender());
        move || {
            send(ThreadMessage::Wake);
            wake();
        }
    }
}

impl Calls for ThreadCalls {
    const BLOCK: bool = true;

    fn wire(&self) -> &Wire<impl SystemSocket, impl SystemSocket> {
        &self.wire.inner
    }

    #[inline(always)]
    fn send(
        &mut self,
        link: &Link,
        bytes: &[u8],
        segment: usize,
        timeout: Option<Duration>,
    ) -> io::Result<usize> {
        self.wire.send(link, bytes, segment, timeout)
    }

    #[inline(never)]
    fn open<W: Observers>(
        &mut self,
        run: &Run<W>,
        transport: Transport,
        link: Link,
        timeout: Option<Duration>,
    ) -> Opened {
        timed::<W::Observer, _>(&run.clock, OperationKind::Connect, || {
            let (local, wire) = BlockingWire::open(transport, link, timeout)?;
            self.connect(wire, &run.stop);
            Ok(Some(local))
        })
    }

    fn abort(&mut self) {
        self.wire.inner.abort();
    }

    fn message_sender(&self) -> ThreadMessageSender {
        let sender = self.sender.clone();
        // If the conversation is over by then, the message is dropped.
        Box::new(move |message| drop(sender.send(message)))
    }
}

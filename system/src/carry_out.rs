//! What every driver does between two waits: it asks the session what is next, and makes that call.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socklab_core::register::{Attempt, Decision, StoreId};
use socklab_core::{
    Console, Doing, LineEvent, Link, Machine, Next, Now, Observer, Observers, Operation,
    OperationKind, Status, Transport, Turn, Wait,
};

use crate::clock::LoopClock;
use crate::fault::{call_error, fault};
use crate::limit::Permit;
use crate::lines::Lines;
use crate::observed::{Moved, Sent, observed_time, operation};
use crate::run::Run;
use crate::socket::SystemSocket;
use crate::wire::Wire;

/// A message from another thread to a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ThreadMessage {
    /// The user's line, or the end of the input.
    Line(LineEvent),
    /// The register's decision on an attempt.
    Stored(StoreId, Decision),
    /// A wake-up without content: look for a stop, and whether the connection must make room.
    Wake,
}

impl Moved for ThreadMessage {}

/// Sends a message to a conversation. If the conversation is over by then, the message is dropped.
pub type ThreadMessageSender = Box<dyn Fn(ThreadMessage) + Send>;

/// The result of opening a socket: its own address, or `None` while a connection is still being
/// opened. With it the operation for the observer, if a call was made.
pub type Opened = (io::Result<Option<SocketAddr>>, Option<Operation>);

/// What a conversation has besides its socket.
pub struct RunContext<'a, W> {
    /// What the run gives to all its conversations.
    pub run: &'a Run<W>,
    /// Where prompts, payloads and notices for the user go.
    pub console: &'a dyn Console,
    /// The run's clock, as the loop or thread reads it.
    pub clock: &'a mut LoopClock,
    /// The lines that the user types.
    pub lines: &'a mut Lines,
    /// The place in the connection limit, for a connection of a server.
    pub permit: Option<&'a Permit>,
}

/// The calls that a driver makes for one conversation.
pub trait Calls {
    /// Whether the calls block. Then the driver reads the clock and looks for a stop after each
    /// call that may have taken long.
    const BLOCK: bool = false;

    /// Whether a call only submits an operation. Then a send is in flight until the driver says
    /// that it [has completed](Turn::completed).
    const COMPLETIONS: bool = false;

    /// The conversation's socket.
    fn wire(&self) -> &Wire<impl SystemSocket, impl SystemSocket>;

    /// How many datagrams one call sends at most.
    fn max_batch(&self) -> usize {
        self.wire().max_batch()
    }

    /// Sends a datagram, or some bytes of a stream; returns how many bytes the system took. Where
    /// the call blocks on a stream, it does so for at most `timeout`.
    /// Where [several](Self::max_batch) datagrams leave in one call, each is `segment` bytes long,
    /// but for the last.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is no room.
    fn send(
        &mut self,
        link: &Link,
        bytes: &[u8],
        segment: usize,
        timeout: Option<Duration>,
    ) -> io::Result<usize>;

    /// Opens a socket to `link`, in place of the one before.
    fn open<W: Observers>(
        &mut self,
        run: &Run<W>,
        transport: Transport,
        link: Link,
        timeout: Option<Duration>,
    ) -> Opened;

    /// Gives the connection up: unsent bytes are lost, and the peer sees a reset.
    fn abort(&mut self);

    /// Returns how other threads send messages to the conversation.
    fn message_sender(&self) -> ThreadMessageSender;
}

/// Carries out what the session asks for, one thing after the other. Returns what to wait for next.
///
/// # Errors
/// The conversation's status, if it has ended.
#[inline(always)]
pub fn carry_out<M: Machine, W: Observers, C: Calls>(
    mut turn: Turn<'_, M, W::Observer>,
    mut now: Now,
    context: RunContext<'_, W>,
    calls: &mut C,
) -> Result<Wait, Status> {
    let (run, clock, permit) = (context.run, context.clock, context.permit);
    let max_batch = calls.max_batch();
    look_for_stop(&mut turn, &mut now, clock, run, permit);
    loop {
        match turn.next_batch(now, max_batch, |output| context.console.tell(&output)) {
            Next::Send {
                link,
                bytes,
                segment,
                until,
            } => {
                let timeout = until.map(|until| until.since(now.mono));
                let start = observed_time::<W::Observer>(&run.clock);
                let sent = calls.send(link, bytes, segment, timeout);
                let kind = OperationKind::Send;
                let sent = sent.map(|len| Sent { len, segment });
                turn.observe(operation::<W::Observer, _>(&run.clock, kind, start, &sent));
                match sent {
                    Ok(Sent { len, .. }) if C::COMPLETIONS => turn.submitted(len),
                    Ok(Sent { len, .. }) => turn.sent(len),
                    Err(error) => {
                        now = clock.now();
                        turn.send_failed(now, call_error(&error));
                    }
                }
                if C::BLOCK && until.is_some() {
                    now = clock.now();
                    look_for_stop(&mut turn, &mut now, clock, run, permit);
                }
            }
            Next::Wait(wait) if wait.line && !ask_for_line(context.lines, run, calls) => {
                turn.typed(now, LineEvent::End);
            }
            Next::Wait(wait) => return Ok(wait),
            Next::Ended(status) => return Err(status),
            Next::Open {
                socket,
                transport,
                to,
                timeout,
            } => {
                let (opened, operation) = calls.open(run, transport, Link::on(socket, to), timeout);
                turn.observe(operation);
                if C::BLOCK {
                    now = clock.now();
                    look_for_stop(&mut turn, &mut now, clock, run, permit);
                }
                match opened {
                    Ok(Some(local)) => turn.opened(now, local),
                    Ok(None) => {}
                    Err(error) => turn.fault(now, Doing::Opening, fault(&error)),
                }
            }
            Next::Finish(link) => {
                let finished = calls.wire().finish().map_err(|error| fault(&error));
                turn.finished(now, link, finished);
            }
            Next::Abort => calls.abort(),
            Next::NoDelay => calls.wire().no_delay(),
            Next::Store { id, attempt } => store(run, permit, calls.message_sender(), id, attempt),
        }
    }
}

/// Hands an attempt to the register. Not inlined: it would enlarge the frame of [`carry_out`],
/// which is on the stack of each thread that serves a connection.
#[inline(never)]
fn store<W: Observers>(
    run: &Run<W>,
    permit: Option<&Permit>,
    send: ThreadMessageSender,
    id: StoreId,
    attempt: &Attempt,
) {
    let (unprotect, clock) = (permit.map(Permit::protect), run.clock);
    let done = Box::new(move |decision| {
        (unprotect.iter()).for_each(|unprotect| unprotect(clock.mono()));
        send(ThreadMessage::Stored(id, decision));
    });
    run.store(attempt.clone(), done);
}

/// Tells the session of a stop, or that its connection must make room.
#[inline(always)]
fn look_for_stop<M: Machine, W: Observers>(
    turn: &mut Turn<'_, M, W::Observer>,
    now: &mut Now,
    clock: &mut LoopClock,
    run: &Run<W>,
    permit: Option<&Permit>,
) {
    if run.stop.requested() {
        *now = clock.now();
        turn.stop(*now);
    }
    if permit.is_some_and(Permit::is_evicted) {
        turn.evict(*now);
    }
}

/// Asks for the user's next line. Returns `false` if there are no lines. Not inlined, because it
/// may start a thread.
#[inline(never)]
fn ask_for_line<W: Observers>(lines: &mut Lines, run: &Run<W>, calls: &impl Calls) -> bool {
    lines.ask(run, || {
        let send = calls.message_sender();
        move |line| send(ThreadMessage::Line(line))
    })
}

/// Hands a message from another thread to the session.
pub fn deliver<M: Machine, O: Observer>(
    turn: &mut Turn<'_, M, O>,
    now: Now,
    message: ThreadMessage,
    lines: &mut Lines,
) {
    match message {
        ThreadMessage::Line(line) => {
            lines.arrived();
            turn.typed(now, line);
        }
        ThreadMessage::Stored(id, decision) => turn.stored(now, id, &decision),
        // Nothing to hand over: `carry_out` looks for a stop first.
        ThreadMessage::Wake => {}
    }
}

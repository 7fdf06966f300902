//! What every driver does between two waits: it asks the session what is next, and makes that call.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socklab_core::register::{Attempt, Decision, StoreId};
use socklab_core::{
    Console, Doing, LineEvent, Link, Machine, Next, Now, Observer, Operation, OperationKind,
    Status, Transport, Turn, Wait, Watch,
};

use crate::clock::LoopClock;
use crate::fault::{call_error, fault};
use crate::limit::Permit;
use crate::lines::Lines;
use crate::observed::{Moved, Sent, timed};
use crate::run::Run;
use crate::socket::SystemSocket;
use crate::wire::Wire;

/// What another thread has for a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// What came of asking the user for a line.
    Line(LineEvent),
    /// The register has decided.
    Stored(StoreId, Decision),
    /// There is a stop to be looked at, or another connection to make room for.
    Wake,
}

impl Moved for Message {}

/// Where another thread leaves a message; the conversation may be over by then.
pub type Leave = Box<dyn Fn(Message) + Send>;

/// What opening a socket gave: its own address, or `None` while a connection is still being opened;
/// and what the observer is told of the call, if one was made.
pub type Opened = (io::Result<Option<SocketAddr>>, Option<Operation>);

/// What a conversation has beside its socket.
pub struct RunContext<'a, W> {
    /// The run that it is of.
    pub run: &'a Run<W>,
    /// The user's side.
    pub console: &'a dyn Console,
    /// The time.
    pub clock: &'a mut LoopClock,
    /// The user's lines.
    pub lines: &'a mut Lines,
    /// Counts a connection of a server.
    pub permit: Option<&'a Permit>,
}

/// The calls that a driver makes for one conversation.
pub trait Calls {
    /// They block. Then the driver looks at the clock and for a stop after each that may have taken
    /// long.
    const BLOCK: bool = false;

    /// They only ask for something to be done. What a send took is in flight until the driver says
    /// that it [has landed](Turn::landed).
    const COMPLETIONS: bool = false;

    /// The socket.
    fn wire(&self) -> &Wire<impl SystemSocket, impl SystemSocket>;

    /// How many datagrams one call sends at most.
    fn most(&self) -> usize {
        self.wire().most()
    }

    /// Sends a datagram, or some bytes of a stream; returns how many bytes the system took. Of a
    /// stream, one that blocks does so for `limit` at most. Where [several](Self::most) datagrams
    /// leave in one call, each is `segment` bytes long, but for the last.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if there is no room.
    fn send(
        &mut self,
        link: &Link,
        bytes: &[u8],
        segment: usize,
        limit: Option<Duration>,
    ) -> io::Result<usize>;

    /// Opens a socket to `link`, in place of the one that there is.
    fn open<W: Watch>(
        &mut self,
        run: &Run<W>,
        transport: Transport,
        link: Link,
        limit: Option<Duration>,
    ) -> Opened;

    /// Gives the connection up: what is unsent is lost, and the peer is told so.
    fn abort(&mut self);

    /// Where other threads leave what they have for the conversation.
    fn leave(&self) -> Leave;
}

/// Does what there is to do, one thing after the other. Returns what to wait for then.
///
/// # Errors
/// How the conversation has ended.
#[inline]
pub fn carry_out<M: Machine, W: Watch, C: Calls>(
    mut turn: Turn<'_, M, W::Observer>,
    mut now: Now,
    context: RunContext<'_, W>,
    calls: &mut C,
) -> Result<Wait, Status> {
    let (run, clock, permit) = (context.run, context.clock, context.permit);
    let most = calls.most();
    heed(&mut turn, now, run, permit);
    loop {
        match turn.next_train(now, most, |output| context.console.tell(&output)) {
            Next::Send {
                link,
                bytes,
                segment,
                until,
            } => {
                let limit = until.map(|until| until.since(now.mono));
                let send = || {
                    let len = calls.send(link, bytes, segment, limit)?;
                    Ok(Sent { len, segment })
                };
                let (sent, operation) =
                    timed::<W::Observer, _>(&run.clock, OperationKind::Send, send);
                turn.observe(operation);
                match sent {
                    Ok(sent) if C::COMPLETIONS => turn.submitted(sent.len),
                    Ok(sent) => turn.sent(sent.len),
                    Err(error) => turn.not_sent(now, call_error(&error)),
                }
                if C::BLOCK && until.is_some() {
                    now = clock.now();
                    heed(&mut turn, now, run, permit);
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
                limit,
            } => {
                let (opened, operation) = calls.open(run, transport, Link::on(socket, to), limit);
                turn.observe(operation);
                if C::BLOCK {
                    now = clock.now();
                    heed(&mut turn, now, run, permit);
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
            Next::Store { id, attempt } => store(run, permit, calls.leave(), id, attempt),
        }
    }
}

/// Hands an attempt to the register. Not inlined: the frame of [`carry_out`] lies on the stack of
/// each thread that serves a connection.
#[inline(never)]
fn store<W: Watch>(
    run: &Run<W>,
    permit: Option<&Permit>,
    leave: Leave,
    id: StoreId,
    attempt: &Attempt,
) {
    let (goes_on, clock) = (permit.map(Permit::keeps_waiting), run.clock);
    let done = Box::new(move |decision| {
        goes_on.iter().for_each(|goes_on| goes_on(clock.mono()));
        leave(Message::Stored(id, decision));
    });
    run.store(attempt.clone(), done);
}

/// Has the session hear that the program is to stop, or that its connection has to make room.
#[inline(always)]
fn heed<M: Machine, W: Watch>(
    turn: &mut Turn<'_, M, W::Observer>,
    now: Now,
    run: &Run<W>,
    permit: Option<&Permit>,
) {
    if run.stop.requested() {
        turn.stop(now);
    }
    if permit.is_some_and(Permit::is_evicted) {
        turn.evict(now);
    }
}

/// Asks for the user's next line. Returns `false` if there are none to be had. Not inlined, because
/// it may start a thread.
#[inline(never)]
fn ask_for_line<W: Watch>(lines: &mut Lines, run: &Run<W>, calls: &impl Calls) -> bool {
    lines.ask(run, || {
        let leave = calls.leave();
        move |line| leave(Message::Line(line))
    })
}

/// Hands over what another thread left.
pub fn hand_over<M: Machine, O: Observer>(
    turn: &mut Turn<'_, M, O>,
    now: Now,
    message: Message,
    lines: &mut Lines,
) {
    match message {
        Message::Line(line) => {
            lines.came();
            turn.typed(now, line);
        }
        Message::Stored(id, decision) => turn.stored(now, id, &decision),
        // It is looked at before anything else is done.
        Message::Wake => {}
    }
}

//! One conversation in one task: carry out what there is to do, then wait at one `.await`.

use std::io;
use std::mem;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use socklab_core::{
    Begin, Doing, LineEvent, Link, Machine, Next, Now, Observer, OperationKind, OperationResult,
    Outbox, Received, Session, Status, Transport, Wait, Watch,
};
use socklab_system::task::{Alarm, Budget, Mailbox, Sleep, Times, WOKEN, Wakeup, lend, watched};
use socklab_system::{Lines, LoopClock, Moved, Run, StopGuard, call_error, fault, socket, timed};
use tokio::io::Ready;
use tokio::net::TcpStream;
use tokio::task::yield_now;

use crate::wire::Wire;

/// How many bytes of a stream are read in one call.
const STREAM_BUFFER: usize = 4096;

/// A TCP connection that is being opened.
type Opening = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

/// What a task was woken for.
enum Happened {
    Woken(Wakeup),
    Opened(io::Result<TcpStream>),
    /// There may be something to receive, or room to send.
    Ready(Ready),
    Deadline,
}

/// A timer of tokio's.
pub(crate) fn sleep(time: Duration) -> Sleep {
    Box::pin(tokio::time::sleep(time))
}

/// One machine with its socket, its lines and its deadlines. The task that runs it owns it.
pub(crate) struct Conversation<M, W: Watch> {
    session: Session<M, W::Observer>,
    wire: Wire,
    /// The reactor has said that there is room to send.
    room_noted: bool,
    opening: Option<Opening>,
    run: Arc<Run<W>>,
    clock: LoopClock,
    mailbox: Arc<Mailbox<Wakeup>>,
    /// For datagrams. A stream is read to the stack, so that an idle connection keeps no buffer.
    buffer: Vec<u8>,
    budget: Budget,
    alarm: Alarm,
    lines: Lines,
    _waker: StopGuard,
}

impl<M: Machine, W: Watch> Conversation<M, W> {
    pub(crate) fn new(machine: M, observer: W::Observer, wire: Wire, run: Arc<Run<W>>) -> Self {
        let mailbox = Arc::new(Mailbox::default());
        let stop = Arc::clone(&mailbox);
        Conversation {
            session: Session::new(machine, observer),
            wire,
            room_noted: false,
            opening: None,
            clock: LoopClock::of(run.clock),
            mailbox,
            buffer: Vec::new(),
            budget: Budget::FULL,
            alarm: Alarm::new(sleep),
            lines: Lines::default(),
            _waker: run.stop.on_request(move || stop.leave(Wakeup::Stop)),
            run,
        }
    }

    /// Starts the machine. Returns what it then waits for, or how it has ended already.
    pub(crate) fn begin(&mut self, begin: Begin) -> Result<Wait, Status> {
        let now = self.clock.now();
        lend(|out| {
            self.session.turn(out).begin(now, begin);
            self.carry_out(now, out)
        })
    }

    /// Runs the machine to its end.
    ///
    /// `self` is borrowed: what is moved into an `async fn` has two places in the task's memory.
    pub(crate) async fn run(&mut self, begun: Result<Wait, Status>) -> Status {
        let mut next = begun;
        loop {
            match next {
                Err(status) => return status,
                Ok(wait) => {
                    let (happened, times) = self.wait(wait).await;
                    next = lend(|out| self.take(happened, &times, out));
                }
            }
        }
    }

    /// The one place where a task waits. It takes nothing from the socket, so a future that is
    /// dropped because another one was ready first loses nothing.
    async fn wait(&mut self, wait: Wait) -> (Happened, Times) {
        if mem::replace(&mut self.budget, Budget::FULL).is_spent() {
            // There is more to receive, but other tasks have waited.
            yield_now().await;
        }
        let mut ready = pin!(self.wire.ready(wait));
        let (clock, mailbox) = (&self.run.clock, &self.mailbox);
        let (opening, alarm) = (&mut self.opening, &mut self.alarm);
        watched::<W::Observer, _>(clock, |cx| {
            // First, or a busy socket would keep the task from other threads' messages.
            if let Poll::Ready(wakeup) = mailbox.poll(cx) {
                return Poll::Ready(Happened::Woken(wakeup));
            }
            if let Some(opening) = opening
                && let Poll::Ready(opened) = opening.as_mut().poll(cx)
            {
                return Poll::Ready(Happened::Opened(opened));
            }
            if let Poll::Ready(ready) = ready.as_mut().poll(cx) {
                return Poll::Ready(Happened::Ready(ready));
            }
            alarm
                .poll(wait.until, clock, cx)
                .map(|()| Happened::Deadline)
        })
        .await
    }

    /// Hands over what happened, and carries out what that causes.
    fn take(
        &mut self,
        happened: Happened,
        times: &Times,
        out: &mut Outbox,
    ) -> Result<Wait, Status> {
        let now = self.clock.now();
        let mut turn = self.session.turn(out);
        let result = match happened {
            Happened::Deadline => OperationResult::TimedOut,
            _ => WOKEN,
        };
        // A call that would have blocked was told of when it was made.
        times
            .wait::<W::Observer>(None, result)
            .into_iter()
            .for_each(|operation| turn.observe(operation));
        match happened {
            Happened::Ready(ready) => {
                if ready.is_writable() {
                    self.room_noted = true;
                    turn.room();
                }
                let wait = self.carry_out(now, out)?;
                return match ready.is_readable() || ready.is_error() {
                    true => self.receive(now, wait, out),
                    false => Ok(wait),
                };
            }
            Happened::Opened(opened) => {
                self.opening = None;
                let (clock, kind) = (&self.run.clock, OperationKind::Connect);
                turn.observe(
                    times.operation::<W::Observer, _, _>(clock, kind, &opened, |_| (1, 0)),
                );
                match opened.and_then(|tcp| Ok((tcp.local_addr()?, tcp))) {
                    Ok((local, tcp)) => {
                        self.wire = Wire::Stream(tcp);
                        turn.opened(now, local);
                    }
                    Err(error) => turn.fault(now, Doing::Opening, fault(&error)),
                }
            }
            Happened::Woken(Wakeup::Line(line)) => {
                self.lines.came();
                turn.typed(now, line);
            }
            Happened::Woken(Wakeup::Stored(id, decision)) => turn.stored(now, id, &decision),
            // Looked at before anything else is done.
            Happened::Woken(Wakeup::Stop) | Happened::Deadline => {}
        }
        self.carry_out(now, out)
    }

    /// Receives what there is, within the budget, and carries out at once what each receive causes.
    fn receive(&mut self, now: Now, wait: Wait, out: &mut Outbox) -> Result<Wait, Status> {
        if let Wire::Stream(_) = self.wire {
            return self.receive_into(&mut [0; STREAM_BUFFER], now, wait, out);
        }
        let mut buffer = mem::take(&mut self.buffer);
        buffer.resize(socket::DATAGRAM_BUFFER, 0);
        let wait = self.receive_into(&mut buffer, now, wait, out);
        self.buffer = buffer;
        wait
    }

    fn receive_into(
        &mut self,
        buffer: &mut [u8],
        mut now: Now,
        mut wait: Wait,
        out: &mut Outbox,
    ) -> Result<Wait, Status> {
        while wait.receive && !self.budget.is_spent() {
            let (wire, clock) = (&mut self.wire, &self.run.clock);
            let (received, operation) = timed::<W::Observer, _, _>(
                clock,
                OperationKind::Receive,
                |received: &Received| Moved::from(received),
                || wire.receive(buffer, clock),
            );
            // One reading of the clock serves all, but an observer wants each moment.
            if W::Observer::TIMES {
                now = self.clock.now();
            }
            let mut turn = self.session.turn(out);
            turn.observe(operation);
            self.budget
                .spend(received.as_ref().map_or(0, Received::len));
            match received {
                Ok(received) => turn.received(now, &received, buffer),
                Err(error) => {
                    if !turn.not_received(now, call_error(&error)) {
                        break;
                    }
                }
            }
            wait = self.carry_out(now, out)?;
        }
        Ok(wait)
    }

    /// Does what there is to do, one thing after the other. Returns what to wait for then, or how
    /// the conversation has ended. Nothing here waits.
    fn carry_out(&mut self, now: Now, out: &mut Outbox) -> Result<Wait, Status> {
        let (run, clock, wire) = (&*self.run, &self.run.clock, &mut self.wire);
        let mut turn = self.session.turn(out);
        if run.stop.requested() {
            turn.stop(now);
        }
        loop {
            match turn.next(now) {
                Next::Tell(output) => run.console.tell(&output),
                Next::Send { link, bytes, .. } => {
                    let (sent, operation) = timed::<W::Observer, _, _>(
                        clock,
                        OperationKind::Send,
                        |len| (1, *len),
                        || wire.send(link, bytes, self.room_noted),
                    );
                    turn.observe(operation);
                    match sent {
                        Ok(len) => turn.sent(len),
                        Err(error) => turn.not_sent(now, call_error(&error)),
                    }
                }
                Next::Wait(wait) if wait.line && !self.lines.ask(run, || self.mailbox.lines()) => {
                    turn.typed(now, LineEvent::End);
                }
                Next::Wait(wait) => return Ok(wait),
                Next::Ended(status) => return Err(status),
                Next::Open {
                    transport: Transport::Stream,
                    to,
                    ..
                } => self.opening = Some(Box::pin(TcpStream::connect(to))),
                Next::Open { socket, to, .. } => {
                    let (opened, operation) = timed::<W::Observer, _, _>(
                        clock,
                        OperationKind::Connect,
                        |_| (1, 0),
                        || Wire::client(Link::on(socket, to)),
                    );
                    turn.observe(operation);
                    match opened {
                        Ok((local, client)) => {
                            *wire = client;
                            turn.opened(now, local);
                        }
                        Err(error) => turn.fault(now, Doing::Opening, fault(&error)),
                    }
                }
                Next::Finish(link) => {
                    let finished = wire.finish().map_err(|error| fault(&error));
                    turn.finished(now, link, finished);
                }
                Next::Abort => {
                    self.opening = None;
                    wire.abort();
                }
                Next::Store { id, attempt } => run.store(attempt.clone(), self.mailbox.stored(id)),
            }
        }
    }
}

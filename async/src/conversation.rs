//! One conversation in one task: carry out what there is to do, then wait at one `.await`.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_std::net::TcpStream;
use async_std::task;
use socklab_core::{
    Begin, Doing, LineEvent, Link, Machine, Next, Now, OperationKind, OperationResult, Outbox,
    Received, Session, Status, Transport, Wait, Watch,
};
use socklab_system::task::{Alarm, Budget, Mailbox, Sleep, Times, WOKEN, Wakeup, lend, watched};
use socklab_system::{Lines, LoopClock, Moved, Run, StopGuard, call_error, fault, timed};

use crate::wire::{Inbox, Wire};

/// A TCP connection that is being opened.
type Opening = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

/// What a task was woken for.
enum Happened {
    Woken(Wakeup),
    Opened(io::Result<TcpStream>),
    Received(io::Result<Received>),
    /// What had to wait for room was sent, or some of it.
    Sent(io::Result<usize>),
    Deadline,
}

/// A timer of the reactor's.
pub(crate) fn sleep(time: Duration) -> Sleep {
    Box::pin(task::sleep(time))
}

/// One machine with its socket, its lines and its deadlines. The task that runs it owns it.
pub(crate) struct Conversation<M, W: Watch> {
    session: Session<M, W::Observer>,
    wire: Wire,
    inbox: Inbox,
    opening: Option<Opening>,
    run: Arc<Run<W>>,
    clock: LoopClock,
    mailbox: Arc<Mailbox<Wakeup>>,
    budget: Budget,
    alarm: Alarm,
    lines: Lines,
    _waker: StopGuard,
}

impl<M: Machine, W: Watch> Conversation<M, W> {
    pub(crate) fn new(
        machine: M,
        observer: W::Observer,
        wire: Wire,
        inbox: Inbox,
        run: Arc<Run<W>>,
    ) -> Self {
        let mailbox = Arc::new(Mailbox::default());
        let stop = Arc::clone(&mailbox);
        Conversation {
            session: Session::new(machine, observer),
            wire,
            inbox,
            opening: None,
            clock: LoopClock::of(run.clock),
            mailbox,
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
                    next = lend(|out| self.take(wait, happened, &times, out));
                }
            }
        }
    }

    /// The one place where a task waits, for whatever comes first.
    ///
    /// Futures that are dropped because another one was ready first lose nothing: each takes from
    /// the socket, or gives to it, only in the poll that returns ready.
    async fn wait(&mut self, wait: Wait) -> (Happened, Times) {
        let spent = self.budget.is_spent();
        if spent {
            // There may be more to receive, but other tasks have waited.
            task::yield_now().await;
            self.budget = Budget::FULL;
        }
        let (clock, mailbox) = (&self.run.clock, &self.mailbox);
        let (opening, alarm) = (&mut self.opening, &mut self.alarm);
        let mut sent = pin!(self.wire.send_waiting(self.session.unsent()));
        let mut received = pin!(self.wire.receive(&mut self.inbox, clock));
        watched::<W::Observer, _>(clock, |cx| {
            // Now and then, or a busy socket would keep the task from other threads' messages.
            if spent && let Poll::Ready(wakeup) = mailbox.poll(cx) {
                return Poll::Ready(Happened::Woken(wakeup));
            }
            if let Some(opening) = opening
                && let Poll::Ready(opened) = opening.as_mut().poll(cx)
            {
                return Poll::Ready(Happened::Opened(opened));
            }
            if wait.room
                && let Poll::Ready(sent) = sent.as_mut().poll(cx)
            {
                return Poll::Ready(Happened::Sent(sent));
            }
            if wait.receive
                && let Poll::Ready(received) = received.as_mut().poll(cx)
            {
                return Poll::Ready(Happened::Received(received));
            }
            if let Poll::Ready(wakeup) = mailbox.poll(cx) {
                return Poll::Ready(Happened::Woken(wakeup));
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
        wait: Wait,
        happened: Happened,
        times: &Times,
        out: &mut Outbox,
    ) -> Result<Wait, Status> {
        let (clock, now) = (&self.run.clock, self.clock.now());
        let mut turn = self.session.turn(out);
        let tried = match wait {
            Wait { receive: true, .. } => Some(OperationKind::Receive),
            Wait { room: true, .. } => Some(OperationKind::Send),
            _ => None,
        };
        let result = match happened {
            Happened::Deadline => OperationResult::TimedOut,
            _ => WOKEN,
        };
        times
            .wait::<W::Observer>(tried, result)
            .into_iter()
            .for_each(|operation| turn.observe(operation));
        match happened {
            Happened::Received(received) => {
                let moved = |received: &Received| Moved::from(received);
                let kind = OperationKind::Receive;
                turn.observe(times.operation::<W::Observer, _, _>(clock, kind, &received, moved));
                self.budget
                    .spend(received.as_ref().map_or(0, Received::len));
                match received {
                    Ok(received) => turn.received(now, &received, self.inbox.bytes()),
                    Err(error) => drop(turn.not_received(now, call_error(&error))),
                }
            }
            Happened::Sent(sent) => {
                let (kind, moved) = (OperationKind::Send, |len: &usize| (1, *len));
                turn.observe(times.operation::<W::Observer, _, _>(clock, kind, &sent, moved));
                turn.unsent_sent(now, sent.map_err(|error| call_error(&error)));
            }
            Happened::Opened(opened) => {
                self.opening = None;
                let kind = OperationKind::Connect;
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
                        || wire.send(link, bytes),
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

//! One conversation in one task: carry out what there is to do, then wait at one `.await`.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use socklab_core::{
    Begin, Doing, LineEvent, Link, Machine, Mono, Next, Now, OperationKind, Outbox, Session,
    Status, Transport, Wait, Watch,
};
use socklab_system::{Clock, Lines, LoopClock, Run, StopGuard, call_error, fault, timed};

use crate::alarm::Alarm;
use crate::budget::Budget;
use crate::lend::lend;
use crate::mailbox::{Mailbox, Wakeup};
use crate::runtime::{Runtime, Socket};
use crate::watched::Times;

/// A socket that is being opened, and then its own address.
type Opening<S> = Pin<Box<dyn Future<Output = io::Result<(SocketAddr, S)>> + Send>>;

/// What a task was woken for.
pub enum Happened<R: Runtime> {
    /// Another thread has left something.
    Woken(Wakeup),
    /// A socket is open, or cannot be opened.
    Opened(io::Result<(SocketAddr, R::Socket)>),
    /// What the runtime has to say of the socket.
    Socket(R::Event),
    /// The moment to wait for has come.
    Deadline,
}

/// What a conversation waits for beside its socket.
pub struct Others<R: Runtime> {
    mailbox: Arc<Mailbox<Wakeup>>,
    opening: Option<Opening<R::Socket>>,
    alarm: Alarm,
}

impl<R: Runtime> Others<R> {
    /// Ready if another thread has left something, or if the socket that is being opened is open.
    pub fn poll_woken(&mut self, cx: &mut Context<'_>) -> Poll<Happened<R>> {
        if let Poll::Ready(wakeup) = self.mailbox.poll(cx) {
            return Poll::Ready(Happened::Woken(wakeup));
        }
        match &mut self.opening {
            Some(opening) => opening.as_mut().poll(cx).map(Happened::Opened),
            None => Poll::Pending,
        }
    }

    /// Ready if the moment has come. To be polled last, because it may set a timer.
    pub fn poll_deadline(
        &mut self,
        at: Option<Mono>,
        clock: &Clock,
        cx: &mut Context<'_>,
    ) -> Poll<Happened<R>> {
        let alarm = self.alarm.poll(at, clock, R::sleep, cx);
        alarm.map(|()| Happened::Deadline)
    }
}

/// One machine with its socket, its lines and its deadlines. The task that runs it owns it.
pub struct Conversation<R: Runtime, M, W: Watch> {
    /// The machine, and what is unsent.
    pub session: Session<M, W::Observer>,
    /// Its socket.
    pub socket: R::Socket,
    /// What it waits for beside its socket.
    pub others: Others<R>,
    /// What it may receive before other tasks have their turn.
    pub budget: Budget,
    /// The run that it is of.
    pub run: Arc<Run<W>>,
    /// The time.
    pub clock: LoopClock,
    lines: Lines,
    _waker: StopGuard,
}

impl<R: Runtime, M: Machine, W: Watch> Conversation<R, M, W> {
    pub(crate) fn new(
        machine: M,
        observer: W::Observer,
        socket: R::Socket,
        run: Arc<Run<W>>,
    ) -> Self {
        let mailbox = Arc::new(Mailbox::default());
        let stop = Arc::clone(&mailbox);
        Conversation {
            session: Session::new(machine, observer),
            socket,
            others: Others {
                mailbox,
                opening: None,
                alarm: Alarm::default(),
            },
            budget: Budget::FULL,
            clock: LoopClock::of(run.clock),
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
                    let (happened, times) = R::wait(self, wait).await;
                    next = lend(|out| self.take(wait, happened, &times, out));
                }
            }
        }
    }

    /// Hands over what happened, and carries out what that causes.
    fn take(
        &mut self,
        wait: Wait,
        happened: Happened<R>,
        times: &Times,
        out: &mut Outbox,
    ) -> Result<Wait, Status> {
        let now = self.clock.now();
        let mut turn = self.session.turn(out);
        let tried = match wait {
            _ if !R::TRIES_FIRST => None,
            Wait { receive: true, .. } => Some(OperationKind::Receive),
            Wait { room: true, .. } => Some(OperationKind::Send),
            _ => None,
        };
        let timed_out = matches!(happened, Happened::Deadline);
        for operation in times.wait::<W::Observer>(tried, timed_out) {
            turn.observe(operation);
        }
        match happened {
            Happened::Socket(event) => return R::take(self, event, times, now, out),
            Happened::Opened(opened) => {
                self.others.opening = None;
                let (clock, kind) = (&self.run.clock, OperationKind::Connect);
                turn.observe(times.operation::<W::Observer, _>(clock, kind, &opened));
                match opened {
                    Ok((local, socket)) => {
                        self.socket = socket;
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

    /// Does what there is to do, one thing after the other. Returns what to wait for then. Nothing
    /// here waits.
    ///
    /// # Errors
    /// How the conversation has ended.
    pub fn carry_out(&mut self, now: Now, out: &mut Outbox) -> Result<Wait, Status> {
        let (run, others, socket) = (&*self.run, &mut self.others, &mut self.socket);
        let mut turn = self.session.turn(out);
        if run.stop.requested() {
            turn.stop(now);
        }
        loop {
            match turn.next(now) {
                Next::Tell(output) => run.console.tell(&output),
                Next::Send { link, bytes, .. } => {
                    let (sent, operation) =
                        timed::<W::Observer, _>(&run.clock, OperationKind::Send, || {
                            socket.send(link, bytes)
                        });
                    turn.observe(operation);
                    match sent {
                        Ok(len) => turn.sent(len),
                        Err(error) => turn.not_sent(now, call_error(&error)),
                    }
                }
                Next::Wait(wait)
                    if wait.line && !self.lines.ask(run, || others.mailbox.lines()) =>
                {
                    turn.typed(now, LineEvent::End);
                }
                Next::Wait(wait) => return Ok(wait),
                Next::Ended(status) => return Err(status),
                Next::Open {
                    socket,
                    transport,
                    to,
                    ..
                } => {
                    let link = Link::on(socket, to);
                    others.opening = Some(match transport {
                        Transport::Datagram => Box::pin(async move { R::client(link) }),
                        Transport::Stream => Box::pin(async move {
                            let (local, tcp) = R::connect(to).await?;
                            Ok((local, tcp.into()))
                        }),
                    });
                }
                Next::Finish(link) => {
                    let finished = socket.finish().map_err(|error| fault(&error));
                    turn.finished(now, link, finished);
                }
                Next::Abort => {
                    others.opening = None;
                    socket.abort();
                }
                Next::Store { id, attempt } => {
                    run.store(attempt.clone(), others.mailbox.stored(id));
                }
            }
        }
    }
}

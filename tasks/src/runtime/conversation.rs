//! One conversation in one task: do what the session says, then wait at one `.await`.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use socklab_core::{
    Begin, Doing, Link, Machine, Mono, Now, OperationKind, Outbox, Session, Status, Transport,
    Wait, Watch,
};
use socklab_system::{
    Budget, Calls, Clock, Leave, Lines, LoopClock, Mailbox, Message, Opened, Permit, Run,
    RunContext, StopGuard, SystemSocket, Wire, carry_out, fault, hand_over, timed,
};

use crate::alarm::Alarm;
use crate::lend::lend;
use crate::watched::Times;

use super::Runtime;

/// A TCP connection that is being opened, and then its own address.
type Opening<T> = Pin<Box<dyn Future<Output = io::Result<(SocketAddr, T)>> + Send>>;

/// What a task was woken for.
pub enum Happened<R: Runtime> {
    /// Another thread has left something.
    Woken(Message),
    /// A connection is open, or cannot be opened.
    Opened(io::Result<(SocketAddr, R::Tcp)>),
    /// What the runtime has to say of the socket.
    Socket(R::Event),
    /// The moment to wait for has come.
    Deadline,
}

/// What a conversation waits for beside its socket.
pub struct Others<R: Runtime> {
    mailbox: Arc<Mailbox<Message>>,
    opening: Option<Opening<R::Tcp>>,
    alarm: Alarm,
}

impl<R: Runtime> Others<R> {
    /// Ready if another thread has left something, or if the connection that is being opened is
    /// open.
    pub fn poll_woken(&mut self, cx: &mut Context<'_>) -> Poll<Happened<R>> {
        if let Poll::Ready(message) = self.mailbox.poll(cx) {
            return Poll::Ready(Happened::Woken(message));
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
    pub socket: Socket<R>,
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
    /// Counts a connection of a server.
    pub permit: Option<Permit>,
}

/// A socket of either kind, and what its runtime keeps with it.
pub struct Socket<R: Runtime> {
    /// The socket.
    pub wire: Wire<R::Udp, R::Tcp>,
    /// What the runtime keeps.
    pub notes: R::Notes,
}

/// The calls of a conversation, none of which waits.
struct InTask<'a, R: Runtime> {
    socket: &'a mut Socket<R>,
    others: &'a mut Others<R>,
}

impl<R: Runtime, M: Machine, W: Watch> Conversation<R, M, W> {
    pub(crate) fn new(
        session: Session<M, W::Observer>,
        wire: Wire<R::Udp, R::Tcp>,
        permit: Option<Permit>,
        run: Arc<Run<W>>,
    ) -> Self {
        let mailbox = Arc::new(Mailbox::default());
        let wakes = Arc::clone(&mailbox);
        let wake = move || wakes.leave(Message::Wake);
        if let Some(permit) = &permit {
            permit.on_evict(wake.clone());
        }
        let notes = R::Notes::default();
        Conversation {
            session,
            socket: Socket { wire, notes },
            others: Others {
                mailbox,
                opening: None,
                alarm: Alarm::default(),
            },
            budget: Budget::FULL,
            clock: LoopClock::of(run.clock),
            lines: Lines::default(),
            _waker: run.stop.on_request(wake),
            permit,
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
                    Ok((local, tcp)) => {
                        self.socket.wire = Wire::Stream(tcp);
                        turn.opened(now, local);
                    }
                    Err(error) => turn.fault(now, Doing::Opening, fault(&error)),
                }
            }
            Happened::Woken(message) => {
                hand_over(&mut turn, now, message, &mut self.lines);
            }
            Happened::Deadline => {}
        }
        self.carry_out(now, out)
    }

    /// Does what there is to do, one thing after the other. Returns what to wait for then. Nothing
    /// here waits.
    ///
    /// # Errors
    /// How the conversation has ended.
    pub fn carry_out(&mut self, now: Now, out: &mut Outbox) -> Result<Wait, Status> {
        let context = RunContext {
            run: &self.run,
            console: &*self.run.console,
            clock: &mut self.clock,
            lines: &mut self.lines,
            permit: self.permit.as_ref(),
        };
        let (socket, others) = (&mut self.socket, &mut self.others);
        let calls = &mut InTask { socket, others };
        carry_out(self.session.turn(out), now, context, calls)
    }
}

impl<R: Runtime> Calls for InTask<'_, R> {
    fn wire(&self) -> &Wire<impl SystemSocket, impl SystemSocket> {
        &self.socket.wire
    }

    fn most(&self) -> usize {
        1
    }

    fn send(
        &mut self,
        link: &Link,
        bytes: &[u8],
        _: usize,
        _: Option<Duration>,
    ) -> io::Result<usize> {
        R::send(self.socket, link, bytes)
    }

    /// A TCP connection is opened in the next wait.
    fn open<W: Watch>(
        &mut self,
        run: &Run<W>,
        transport: Transport,
        link: Link,
        _: Option<Duration>,
    ) -> Opened {
        if transport == Transport::Stream {
            self.others.opening = Some(Box::pin(R::connect(link.peer)));
            return (Ok(None), None);
        }
        timed::<W::Observer, _>(&run.clock, OperationKind::Connect, || {
            let (local, wire) = Wire::client(link, R::udp)?;
            self.socket.wire = wire;
            Ok(Some(local))
        })
    }

    fn abort(&mut self) {
        self.others.opening = None;
        self.socket.wire.abort();
    }

    fn leave(&self) -> Leave {
        let mailbox = Arc::clone(&self.others.mailbox);
        Box::new(move |message| mailbox.leave(message))
    }
}

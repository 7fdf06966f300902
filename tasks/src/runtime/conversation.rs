//! One conversation in one task: do what the session says, then wait at one `.await`.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use socklab_core::{
    Begin, Doing, Link, Machine, Mono, Now, Observers, OperationKind, Outbox, Session, Status,
    Transport, Wait,
};
use socklab_system::{
    Budget, Calls, Clock, Lines, LoopClock, Mailbox, Opened, Permit, Run, RunContext, StopGuard,
    SystemSocket, ThreadMessage, ThreadMessageSender, Wire, carry_out, deliver, fault, timed,
};

use crate::deadline_timer::DeadlineTimer;
use crate::outbox::with_outbox;
use crate::timed_wait::WaitTimes;

use super::AsyncRuntime;

/// Opens a TCP connection. Its result includes the connection's own address.
type Opening<T> = Pin<Box<dyn Future<Output = io::Result<(SocketAddr, T)>> + Send>>;

/// What ended a conversation's wait.
pub enum Event<R: AsyncRuntime> {
    /// A message from another thread.
    ThreadMessage(ThreadMessage),
    /// A connection was opened, or could not be.
    Opened(io::Result<(SocketAddr, R::Tcp)>),
    /// An event of the socket.
    Socket(R::SocketEvent),
    /// The deadline has come.
    Deadline,
}

/// What a conversation waits for besides its socket.
pub struct OtherSources<R: AsyncRuntime> {
    mailbox: Arc<Mailbox<ThreadMessage>>,
    opening: Option<Opening<R::Tcp>>,
    timer: DeadlineTimer,
}

impl<R: AsyncRuntime> OtherSources<R> {
    /// Ready with a message from another thread, or with the connection that is being opened.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Event<R>> {
        if let Poll::Ready(message) = self.mailbox.poll(cx) {
            return Poll::Ready(Event::ThreadMessage(message));
        }
        match &mut self.opening {
            Some(opening) => opening.as_mut().poll(cx).map(Event::Opened),
            None => Poll::Pending,
        }
    }

    /// Ready once the deadline has come. Poll it last, because it may set a timer.
    pub fn poll_deadline(
        &mut self,
        at: Option<Mono>,
        clock: &Clock,
        cx: &mut Context<'_>,
    ) -> Poll<Event<R>> {
        let passed = self.timer.poll(at, clock, R::sleep, cx);
        passed.map(|()| Event::Deadline)
    }
}

/// One session with its socket, its lines and its deadlines. One task owns and runs it.
pub struct Conversation<R: AsyncRuntime, M, W: Observers> {
    /// The session: the machine, and what is unsent.
    pub session: Session<M, W::Observer>,
    /// The conversation's socket.
    pub socket: Socket<R>,
    /// What it waits for besides its socket.
    pub other_sources: OtherSources<R>,
    /// What the conversation may still receive before it must let other tasks run.
    pub budget: Budget,
    /// What the run gives to all its conversations.
    pub run: Arc<Run<W>>,
    /// The run's clock, as this conversation reads it.
    pub clock: LoopClock,
    lines: Lines,
    _stop_guard: StopGuard,
    /// The place in the connection limit, for a connection of a server.
    pub permit: Option<Permit>,
}

/// A socket, UDP or TCP, and what the runtime keeps with it.
pub struct Socket<R: AsyncRuntime> {
    /// The socket.
    pub wire: Wire<R::Udp, R::Tcp>,
    /// What the runtime keeps.
    pub state: R::SocketState,
}

/// The calls of a conversation in a task. None of them waits.
struct TaskCalls<'a, R: AsyncRuntime> {
    socket: &'a mut Socket<R>,
    other_sources: &'a mut OtherSources<R>,
}

impl<R: AsyncRuntime, M: Machine, W: Observers> Conversation<R, M, W> {
    pub(crate) fn new(
        session: Session<M, W::Observer>,
        wire: Wire<R::Udp, R::Tcp>,
        permit: Option<Permit>,
        run: Arc<Run<W>>,
    ) -> Self {
        let mailbox = Arc::new(Mailbox::default());
        let wakes = Arc::clone(&mailbox);
        let wake = move || wakes.send(ThreadMessage::Wake);
        if let Some(permit) = &permit {
            permit.on_evict(wake.clone());
        }
        let state = R::SocketState::default();
        Conversation {
            session,
            socket: Socket { wire, state },
            other_sources: OtherSources {
                mailbox,
                opening: None,
                timer: DeadlineTimer::default(),
            },
            budget: Budget::FULL,
            clock: LoopClock::of(run.clock),
            lines: Lines::default(),
            _stop_guard: run.stop.on_request(wake),
            permit,
            run,
        }
    }

    /// Starts the machine. Returns what it waits for, or the status if it has ended already.
    pub(crate) fn begin(&mut self, begin: Begin) -> Result<Wait, Status> {
        let now = self.clock.now();
        with_outbox(|out| {
            self.session.turn(out).begin(now, begin);
            self.carry_out(now, out)
        })
    }

    /// Runs the machine to its end.
    ///
    /// `self` is borrowed, because an `async fn` stores an argument that is moved into it twice.
    pub(crate) async fn run(&mut self, begun: Result<Wait, Status>) -> Status {
        let mut next = begun;
        loop {
            match next {
                Err(status) => return status,
                Ok(wait) => {
                    let (event, times) = R::wait(self, wait).await;
                    next = with_outbox(|out| self.handle_event(wait, event, &times, out));
                }
            }
        }
    }

    /// Hands over what ended the wait, and carries out what follows.
    fn handle_event(
        &mut self,
        wait: Wait,
        event: Event<R>,
        times: &WaitTimes,
        out: &mut Outbox,
    ) -> Result<Wait, Status> {
        let now = self.clock.now();
        let mut turn = self.session.turn(out);
        let tried = match wait {
            _ if !R::TRIES_FIRST => None,
            Wait { readable: true, .. } => Some(OperationKind::Receive),
            Wait { writable: true, .. } => Some(OperationKind::Send),
            _ => None,
        };
        let timed_out = matches!(event, Event::Deadline);
        for operation in times.wait_operations::<W::Observer>(tried, timed_out) {
            turn.observe(operation);
        }
        match event {
            Event::Socket(event) => return R::handle_socket_event(self, event, times, now, out),
            Event::Opened(opened) => {
                self.other_sources.opening = None;
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
            Event::ThreadMessage(message) => {
                deliver(&mut turn, now, message, &mut self.lines);
            }
            Event::Deadline => {}
        }
        self.carry_out(now, out)
    }

    /// Carries out what the session asks for, without waiting. Returns what to wait for next.
    ///
    /// # Errors
    /// The conversation's status, if it has ended.
    pub fn carry_out(&mut self, now: Now, out: &mut Outbox) -> Result<Wait, Status> {
        let context = RunContext {
            run: &self.run,
            console: &*self.run.console,
            clock: &mut self.clock,
            lines: &mut self.lines,
            permit: self.permit.as_ref(),
        };
        let calls = &mut TaskCalls {
            socket: &mut self.socket,
            other_sources: &mut self.other_sources,
        };
        carry_out(self.session.turn(out), now, context, calls)
    }
}

impl<R: AsyncRuntime> Calls for TaskCalls<'_, R> {
    fn wire(&self) -> &Wire<impl SystemSocket, impl SystemSocket> {
        &self.socket.wire
    }

    fn max_batch(&self) -> usize {
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

    /// A TCP connection is only prepared here; the next wait opens it.
    fn open<W: Observers>(
        &mut self,
        run: &Run<W>,
        transport: Transport,
        link: Link,
        _: Option<Duration>,
    ) -> Opened {
        if transport == Transport::Stream {
            self.other_sources.opening = Some(Box::pin(R::connect(link.peer)));
            return (Ok(None), None);
        }
        timed::<W::Observer, _>(&run.clock, OperationKind::Connect, || {
            let (local, wire) = Wire::udp_client(link, R::udp)?;
            self.socket.wire = wire;
            Ok(Some(local))
        })
    }

    fn abort(&mut self) {
        self.other_sources.opening = None;
        self.socket.wire.abort();
    }

    fn message_sender(&self) -> ThreadMessageSender {
        let mailbox = Arc::clone(&self.other_sources.mailbox);
        Box::new(move |message| mailbox.send(message))
    }
}

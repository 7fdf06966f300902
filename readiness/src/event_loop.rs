//! The loop: wait for any of the sockets, then give each that is ready its turn.

use std::io::{self, ErrorKind};
use std::mem;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use socklab_core::{
    Begin, Console, Machine, Observer, Observers, OperationKind, Service, Session, Status, Subject,
};
use socklab_system::{
    self as system, Lines, LoopClock, Mailbox, Run, ThreadMessage, socket, timed,
};

use crate::conversation::{Conversation, LoopContext};
use crate::conversations::Conversations;
use crate::listener::{self, Listener};
use crate::model::{Model, Ready};
use crate::timers::ConversationId;
use crate::wake_socket::{self, WakeSocket};
use crate::wire::Wire;

/// How many connections one round accepts at most, before the open ones have their turn.
const ACCEPTS: usize = 64;

/// What one thread needs to wait for many sockets and to serve them.
pub struct EventLoop<'a, L: Model, W: Observers> {
    context: LoopContext<'a, L, W>,
    ready: Vec<Ready>,
    observer: W::Observer,
    /// `None` if the model never waits.
    wake_socket: Option<WakeSocket<L>>,
    waker: Waker,
    /// Another thread or a signal has woken the loop, and no round has looked why yet.
    woken: bool,
    stopped: bool,
    /// The status of the conversation that ended last.
    ended: Option<Status>,
}

impl<'a, L: Model, W: Observers> EventLoop<'a, L, W> {
    /// Makes a loop. What its conversations tell the user goes to `console`.
    ///
    /// # Errors
    /// When the system has no descriptor left for the model or for the wake socket.
    pub fn new(run: &'a Run<W>, console: &'a dyn Console) -> io::Result<Self> {
        let mut model = L::new()?;
        let wake_socket = match L::WAITS {
            true => Some(WakeSocket::new(&run.stop, &mut model)?),
            false => None,
        };
        let waker = wake_socket
            .as_ref()
            .map_or(Waker::noop(), WakeSocket::waker)
            .clone();
        let mailbox = Mailbox::default();
        // Leaves the waker in the mailbox, so that the first message wakes the loop.
        let _ = mailbox.poll(&mut Context::from_waker(&waker));
        Ok(EventLoop {
            context: LoopContext {
                out: Run::<W>::outbox(console),
                buffer: vec![0; socket::DATAGRAM_BUFFER],
                run,
                clock: LoopClock::of(run.clock),
                console,
                model,
                mailbox: Arc::new(mailbox),
                lines: Lines::default(),
            },
            ready: Vec::new(),
            observer: run.observers.observer(Subject::Driver),
            wake_socket,
            waker,
            woken: false,
            stopped: false,
            ended: None,
        })
    }

    /// Runs one machine to its end: a client if `server` is `None`, otherwise a UDP server on that
    /// socket, which is bound to that address.
    ///
    /// # Errors
    /// When the socket cannot be set up, or the system cannot wait.
    pub fn run_machine<M: Machine>(
        &mut self,
        machine: M,
        observer: W::Observer,
        server: Option<(SocketAddr, UdpSocket)>,
    ) -> io::Result<Status> {
        let mut all: Conversations<L, M, W> = Conversations::new();
        let (wire, begin) = match server {
            Some((local, udp)) => {
                let LoopContext { run, model, .. } = &self.context;
                let make = |udp| model.udp(udp);
                let mut wire =
                    Wire::<L>::udp_server(udp, local, run.observers.wants_arrivals(), make)?;
                if L::BATCHED {
                    wire.enable_batching();
                }
                (wire, Begin::Bound(local))
            }
            None => (system::Wire::Closed, Begin::Client),
        };
        let id = all.insert(Session::new(machine, observer), wire, None);
        self.visit(&mut all, id, |one, context| {
            one.begin(begin, context);
        });
        while !all.slab.is_empty() {
            self.round(&mut all, &mut None)?;
        }
        Ok(self.ended.unwrap_or(Status::Stopped))
    }

    /// Serves until told to stop, then until the last connection has ended.
    ///
    /// # Errors
    /// When the listener cannot be set up, or the system cannot wait.
    pub fn serve<S: Service>(&mut self, listener: TcpListener, service: &S) -> io::Result<Status> {
        let (LoopContext { run, model, .. }, waker) = (&self.context, self.waker.clone());
        let mut listener = Some(Listener::new(listener, service, run, waker, model)?);
        let mut all: Conversations<L, S::Machine, W> = Conversations::new();
        while listener.is_some() || !all.slab.is_empty() {
            self.round(&mut all, &mut listener)?;
            if let Some(listener) = &mut listener {
                self.accept(&mut all, listener, service);
            }
        }
        Ok(Status::Stopped)
    }

    /// One round: waits, handles a wake-up, and gives the conversations their turns.
    fn round<M: Machine>(
        &mut self,
        all: &mut Conversations<L, M, W>,
        listener: &mut Option<Listener<L>>,
    ) -> io::Result<()> {
        self.wait(all, listener.as_mut())?;
        // A model that never waits is not woken, so each of its rounds looks.
        if mem::take(&mut self.woken) || !L::WAITS {
            self.handle_wake_up(all, listener);
        }
        self.run_queue(all);
        Ok(())
    }

    /// Looks why the loop was woken: for a stop, for messages from other threads, or because there
    /// may be room for a connection.
    fn handle_wake_up<M: Machine>(
        &mut self,
        all: &mut Conversations<L, M, W>,
        listener: &mut Option<Listener<L>>,
    ) {
        if self.context.run.stop.requested() && !mem::replace(&mut self.stopped, true) {
            if let Some(listener) = listener.take() {
                listener.close(&mut self.context.model);
            }
            for id in all.ids() {
                self.deliver(all, id, ThreadMessage::Wake);
            }
        }
        let (mailbox, waker) = (&self.context.mailbox, self.waker.clone());
        let (mailbox, mut cx) = (Arc::clone(mailbox), Context::from_waker(&waker));
        while let Poll::Ready((id, message)) = mailbox.poll(&mut cx) {
            self.deliver(all, id, message);
        }
        listener.iter_mut().for_each(Listener::look_again);
    }

    /// Accepts connections that wait, as many as there is room for, and at most [`ACCEPTS`].
    fn accept<S: Service>(
        &mut self,
        all: &mut Conversations<L, S::Machine, W>,
        listener: &mut Listener<L>,
        service: &S,
    ) {
        for _ in 0..ACCEPTS {
            let Some(incoming) = listener.next(self.context.run, &mut self.observer) else {
                return;
            };
            let (session, begin) = incoming.session(service, self.context.run);
            let id = all.insert(
                session,
                system::Wire::Stream(incoming.tcp),
                Some(incoming.permit),
            );
            self.visit(all, id, |one, context| one.begin(begin, context));
        }
    }

    /// The one place where the program waits. Notes which sockets are ready.
    fn wait<M: Machine>(
        &mut self,
        all: &mut Conversations<L, M, W>,
        mut listener: Option<&mut Listener<L>>,
    ) -> io::Result<()> {
        let LoopContext { model, run, .. } = &mut self.context;
        let mut accepts = false;
        if let Some(listener) = &mut listener {
            listener.update_interest(model)?;
            accepts = listener.has_work();
        }
        let pause = listener.as_ref().and_then(|one| one.deadline());
        let next = [all.timers.next(), pause].into_iter().flatten().min();
        let timeout = match next {
            // There is work already, so do not wait: only ask what else is ready.
            _ if accepts || !all.queue.is_empty() => Some(Duration::ZERO),
            Some(at) => Some(at.since(run.clock.mono())),
            None => None,
        };
        let ready = &mut self.ready;
        ready.clear();
        let (waited, operation) = timed::<W::Observer, _>(&run.clock, OperationKind::Wait, || {
            model.wait(timeout, ready)?;
            Ok(u32::try_from(ready.len()).unwrap_or(u32::MAX))
        });
        if let Some(operation) = operation.filter(|_| L::WAITS) {
            self.observer.operation(&operation);
        }
        match waited {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for ready in &self.ready {
            match ready.key {
                wake_socket::KEY => {
                    self.woken = true;
                    if let Some(socket) = &mut self.wake_socket {
                        socket.drain(model, &run.clock)?;
                    }
                }
                listener::KEY => listener.iter_mut().for_each(|listener| listener.ready()),
                key => {
                    if let Some(conversation) = all.slab.get_mut(key) {
                        conversation.ready(ready.interest);
                        let id = conversation.id();
                        all.reschedule(id, model);
                    }
                }
            }
        }
        if let (Some(listener), Some(at)) = (listener, pause)
            && at <= run.clock.mono()
        {
            listener.look_again();
        }
        Ok(())
    }

    /// Visits the conversations whose deadline has come, then gives each queued one a turn.
    fn run_queue<M: Machine>(&mut self, all: &mut Conversations<L, M, W>) {
        if all.timers.next().is_some() {
            let now = self.context.clock.now();
            while let Some((at, id)) = all.timers.take_due(now.mono) {
                self.visit(all, id, |one, context| {
                    // This entry is taken. A timer that is set to another time stays set.
                    one.timer = one.timer.filter(|timer| *timer != at);
                    one.advance(now, context);
                });
            }
        }
        for _ in 0..all.queue.len() {
            let Some(id) = all.queue.pop_front() else {
                break;
            };
            self.visit(all, id, |one, context| {
                one.queued = false;
                one.handle_readiness(context);
            });
        }
    }

    /// Hands a conversation a message from another thread.
    fn deliver<M: Machine>(
        &mut self,
        all: &mut Conversations<L, M, W>,
        id: ConversationId,
        message: ThreadMessage,
    ) {
        self.visit(all, id, |one, context| {
            one.deliver(message, context);
        });
    }

    /// Runs `does` on a conversation that still exists, then removes it or updates its timer and
    /// its place in the queue.
    fn visit<M: Machine>(
        &mut self,
        all: &mut Conversations<L, M, W>,
        id: ConversationId,
        does: impl FnOnce(&mut Conversation<L, M, W>, &mut LoopContext<'a, L, W>),
    ) {
        if let Some(one) = all.get(id) {
            does(one, &mut self.context);
            let ended = all.reschedule(id, &mut self.context.model);
            self.ended = ended.or(self.ended);
        }
    }
}

//! The loop: wait for any of the sockets, then give each that is ready its turn.

use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use socklab_core::{
    Begin, Console, Machine, Observer, OperationKind, Outbox, Service, Session, Status, Subject,
    Watch,
};
use socklab_system::{Lines, LoopClock, Message, Run, socket, timed};

use crate::acceptor::Acceptor;
use crate::bell::RungBell;
use crate::conversation::{Conversation, Resources, Shared};
use crate::conversations::Conversations;
use crate::mailbox::{Address, Mailbox, Wakeup};
use crate::model::{Model, Ready};
use crate::wire::Wire;

/// Keys below these are those of conversations.
const LISTENER: usize = usize::MAX - 1;
const BELL: usize = usize::MAX - 2;

/// How many connections are accepted before those that are in have their turn.
const ACCEPTS: usize = 64;

/// All that one thread needs to wait for many sockets.
pub struct EventLoop<'a, L: Model, W: Watch> {
    resources: Resources<'a, L, W>,
    ready: Vec<Ready>,
    observer: W::Observer,
    stop: bool,
    bell: Option<RungBell<L>>,
}

/// The conversations of a loop whose machines are `M`.
type All<L, M, W> = Conversations<L, M, <W as Watch>::Observer>;

impl<'a, L: Model, W: Watch> EventLoop<'a, L, W> {
    /// A loop whose conversations tell `console` what is for the user.
    ///
    /// # Errors
    /// When the system has no descriptor for it.
    pub fn new(run: &'a Run<W>, console: &'a dyn Console) -> io::Result<Self> {
        let mut model = L::new()?;
        let mailbox = Mailbox::new(model.waker()?);
        let mut bell = None;
        if L::WAITS {
            let mailbox = Arc::clone(&mailbox);
            let wake = move || mailbox.leave(Wakeup::Stop);
            bell = Some(RungBell::hang(&run.stop, &mut model, BELL, wake)?);
        }
        Ok(EventLoop {
            resources: Resources {
                out: Outbox::new(),
                buffer: vec![0; socket::DATAGRAM_BUFFER],
                shared: Shared {
                    run,
                    clock: LoopClock::of(run.clock),
                    console,
                    model,
                    mailbox,
                    lines: Lines::default(),
                },
            },
            ready: Vec::new(),
            observer: run.watch.watch(Subject::Driver),
            stop: false,
            bell,
        })
    }

    /// Runs one machine to its end.
    ///
    /// # Errors
    /// When the system cannot wait.
    pub fn alone<M: Machine>(
        &mut self,
        machine: M,
        observer: W::Observer,
        wire: Wire<L>,
        begin: Begin,
    ) -> io::Result<Status> {
        let mut all: All<L, M, W> = Conversations::new();
        let address = all.insert(Session::new(machine, observer), wire, None);
        let mut ended = self.visit(&mut all, address, |one, resources| {
            one.begin(begin, resources);
        });
        loop {
            if let Some(status) = ended {
                return Ok(status);
            }
            self.wait(&mut all, None)?;
            for wakeup in self.wakeups() {
                let message = match wakeup {
                    Wakeup::For(_, message) => message,
                    _ => Message::Wake,
                };
                ended = self.deliver(&mut all, address, message).or(ended);
            }
            ended = self.turns(&mut all).or(ended);
        }
    }

    /// Serves until told to stop, and until the last connection has ended.
    ///
    /// # Errors
    /// When the system cannot wait.
    pub fn serve<S: Service>(&mut self, listener: TcpListener, service: &S) -> io::Result<Status> {
        let Shared { run, mailbox, .. } = &self.resources.shared;
        let tells = service.tells_refused();
        let mut acceptor = Some(Acceptor::new(listener, run, tells, mailbox)?);
        let mut all: All<L, S::Machine, W> = Conversations::new();
        loop {
            if acceptor.is_none() && all.slab.is_empty() {
                return Ok(Status::Stopped);
            }
            self.wait(&mut all, acceptor.as_mut())?;
            for wakeup in self.wakeups() {
                match (wakeup, &mut acceptor) {
                    (Wakeup::Stop, _) => {
                        if let Some(acceptor) = acceptor.take() {
                            acceptor.close(&mut self.resources.shared.model, LISTENER);
                        }
                        for address in all.addresses() {
                            self.deliver(&mut all, address, Message::Wake);
                        }
                    }
                    (Wakeup::For(address, message), _) => {
                        self.deliver(&mut all, address, message);
                    }
                    (Wakeup::Room, acceptor) => {
                        acceptor.iter_mut().for_each(Acceptor::look_again);
                    }
                }
            }
            self.turns(&mut all);
            if let Some(acceptor) = &mut acceptor {
                self.accept(&mut all, acceptor, service);
            }
        }
    }

    /// Takes the connections that wait, as many as there is room for.
    fn accept<S: Service>(
        &mut self,
        all: &mut All<L, S::Machine, W>,
        acceptor: &mut Acceptor<L>,
        service: &S,
    ) {
        let (run, local) = (self.resources.shared.run, acceptor.local());
        for _ in 0..ACCEPTS {
            let Some(guest) = acceptor.next(run, &mut self.observer) else {
                return;
            };
            let (session, begin) = guest.session(local, service, run);
            let address = all.insert(session, Wire::accepted(guest.tcp), Some(guest.permit));
            self.visit(all, address, |one, resources| one.begin(begin, resources));
        }
    }

    /// The one place where the program waits. Notes what is ready.
    fn wait<M: Machine>(
        &mut self,
        all: &mut All<L, M, W>,
        mut acceptor: Option<&mut Acceptor<L>>,
    ) -> io::Result<()> {
        let Shared { model, run, .. } = &mut self.resources.shared;
        let mut accepts = false;
        if let Some(acceptor) = &mut acceptor {
            acceptor.settle(model, LISTENER)?;
            accepts = acceptor.wants_turn();
        }
        let pause = acceptor.as_ref().and_then(|one| one.deadline());
        let next = [all.timers.next(), pause].into_iter().flatten().min();
        let limit = match next {
            // There are turns to be had, so only look.
            _ if accepts || !all.queue.is_empty() => Some(Duration::ZERO),
            Some(at) => Some(at.since(run.clock.mono())),
            None => None,
        };
        let ready = &mut self.ready;
        ready.clear();
        let (waited, operation) = timed::<W::Observer, _>(&run.clock, OperationKind::Wait, || {
            model.wait(limit, ready)?;
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
                BELL => self.bell.iter().for_each(RungBell::heard),
                LISTENER => acceptor.iter_mut().for_each(|acceptor| acceptor.ready()),
                key => {
                    if let Some(conversation) = all.slab.get_mut(key) {
                        conversation.ready(ready.interest);
                        let address = conversation.address();
                        all.after(address, model);
                    }
                }
            }
        }
        if let (Some(acceptor), Some(at)) = (acceptor, pause)
            && at <= run.clock.mono()
        {
            acceptor.look_again();
        }
        Ok(())
    }

    /// Those whose deadline has come, then one turn for each that was in the queue; how the last to
    /// end ended.
    fn turns<M: Machine>(&mut self, all: &mut All<L, M, W>) -> Option<Status> {
        let mut ended = None;
        if all.timers.next().is_some() {
            let now = self.resources.shared.clock.now();
            while let Some((at, address)) = all.timers.take_due(now.mono) {
                let due = self.visit(all, address, |one, resources| {
                    one.armed = one.armed.filter(|armed| *armed != at);
                    one.go_on(now, resources);
                });
                ended = due.or(ended);
            }
        }
        for _ in 0..all.queue.len() {
            let Some(address) = all.queue.pop_front() else {
                break;
            };
            let turned = self.visit(all, address, |one, resources| {
                one.queued = false;
                one.turn(resources);
            });
            ended = turned.or(ended);
        }
        ended
    }

    /// Does something to a conversation, and looks at what it wants then. How it ended, if it did.
    fn visit<M: Machine>(
        &mut self,
        all: &mut All<L, M, W>,
        address: Address,
        does: impl FnOnce(&mut Conversation<L, M, W::Observer>, &mut Resources<'a, L, W>),
    ) -> Option<Status> {
        does(all.get(address)?, &mut self.resources);
        all.after(address, &mut self.resources.shared.model)
    }

    /// What other threads left. A stop comes first, once. It is read from `run.stop`, because a
    /// signal handler cannot use the mailbox.
    fn wakeups(&mut self) -> Vec<Wakeup> {
        let mut wakeups = self.resources.shared.mailbox.take();
        wakeups.retain(|wakeup| !matches!(wakeup, Wakeup::Stop));
        if !self.stop && self.resources.shared.run.stop.requested() {
            self.stop = true;
            wakeups.insert(0, Wakeup::Stop);
        }
        wakeups
    }

    /// Gives a conversation what another thread left for it. How it ended, if it did.
    fn deliver<M: Machine>(
        &mut self,
        all: &mut All<L, M, W>,
        address: Address,
        message: Message,
    ) -> Option<Status> {
        self.visit(all, address, |one, resources| {
            one.hand_over(message, resources);
        })
    }
}

//! The loop: have the kernel do what all conversations wait for, wait until some of it is done, and
//! hand it out.

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, ErrorKind};
use std::mem;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;

use slab::Slab;
use socket2::Socket;
use socklab_core::{
    Begin, LineEvent, Machine, Mono, Now, Observer, OperationKind, Service, Session, Status,
    Subject, Watch,
};
use socklab_system::{Lines, LoopClock, NextGuest, Reception, Run, timed};

use crate::conversation::{Conversation, Resources, Whose};
use crate::mailbox::{Address, Wakeup, Woken};
use crate::ring::{Done, Ring};

/// How many connections the kernel is asked to accept at once.
const ACCEPTS: usize = 16;

/// All that one thread needs to have many conversations.
pub(crate) struct CompletionLoop<'a, M, W: Watch> {
    resources: Resources<'a, W>,
    woken: Woken,
    observer: W::Observer,
    lines: Lines,
    all: Slab<Conversation<M, W::Observer>>,
    timers: BTreeSet<(Mono, usize)>,
    number: u64,
    stopped: bool,
    /// How the last conversation that ended did.
    ended: Option<Status>,
    /// Connections that have been accepted, or errors.
    accepted: VecDeque<io::Result<(Socket, SocketAddr)>>,
}

impl<'a, M: Machine, W: Watch> CompletionLoop<'a, M, W> {
    /// A loop for the thread that calls.
    ///
    /// # Errors
    /// When the system has no io_uring, or no descriptor.
    pub(crate) fn new(run: &'a Run<W>) -> io::Result<Self> {
        let (mut ring, woken) = (Ring::new()?, Woken::by(&run.stop)?);
        ring.poll(Whose::Mailbox, &woken.socket)?;
        Ok(CompletionLoop {
            resources: Resources {
                run,
                clock: LoopClock::of(run.clock),
                ring,
                mailbox: Arc::clone(&woken.mailbox),
                out: Run::<W>::outbox(&*run.console),
            },
            woken,
            observer: run.watch.watch(Subject::Driver),
            lines: Lines::default(),
            all: Slab::new(),
            timers: BTreeSet::new(),
            number: 0,
            stopped: false,
            ended: None,
            accepted: VecDeque::new(),
        })
    }

    /// Runs one machine to its end. A server's socket comes with its address, and with whether the
    /// kernel was asked to tell more than a datagram's sender.
    ///
    /// # Errors
    /// When the system cannot wait.
    pub(crate) fn alone(
        &mut self,
        machine: M,
        observer: W::Observer,
        server: Option<(SocketAddr, Socket, bool)>,
    ) -> io::Result<Status> {
        let session = Session::new(machine, observer);
        let address = self.address();
        let mut one = Conversation::new(session, address);
        let mut begin = Begin::Client;
        if let Some((local, socket, told)) = server {
            one = one.bound(socket, told);
            begin = Begin::Bound(local);
        }
        self.all.insert(one);
        self.begin(address, begin);
        loop {
            self.ask_for_line(address);
            if let Some(status) = self.ended {
                return Ok(status);
            }
            self.round(None)?;
        }
    }

    /// Serves until told to stop, and until the last connection has ended.
    ///
    /// # Errors
    /// When the system cannot wait.
    pub(crate) fn serve<S: Service<Machine = M>>(
        &mut self,
        listener: TcpListener,
        service: &S,
    ) -> io::Result<Status> {
        let local = listener.local_addr()?;
        let mut listener = Some(Rc::new(Socket::from(listener)));
        let Resources { run, mailbox, .. } = &self.resources;
        let (run, waker) = (*run, Waker::from(Arc::clone(mailbox)));
        let mut reception = Reception::new(run, service.tells_refused(), waker);
        let mut asked = 0;
        while listener.is_some() || !self.all.is_empty() {
            let mut waits = None;
            if let Some(socket) = &listener {
                waits = self.accept(&mut reception, local, service);
                while waits.is_none() && asked < ACCEPTS {
                    self.resources.ring.accept(Whose::Listener, socket)?;
                    asked += 1;
                }
            }
            let before = self.accepted.len();
            self.round(waits.flatten())?;
            asked -= self.accepted.len() - before;
            if self.stopped
                && let Some(socket) = listener.take()
            {
                self.resources.ring.cancel(&socket)?;
                self.accepted.clear();
            }
        }
        Ok(Status::Stopped)
    }

    /// Begins with the connections that the kernel has accepted, as many as there is room for.
    /// Returns until when the next one waits, if it does.
    fn accept<S: Service<Machine = M>>(
        &mut self,
        reception: &mut Reception<Socket>,
        local: SocketAddr,
        service: &S,
    ) -> Option<Option<Mono>> {
        let run = self.resources.run;
        loop {
            match reception.next(run) {
                NextGuest::Wait(until) => return Some(until),
                NextGuest::Accept => {
                    let accepted = self.accepted.pop_front()?;
                    let (accepted, operation) =
                        timed::<W::Observer, _>(&run.clock, OperationKind::Accept, || accepted);
                    (operation.iter()).for_each(|operation| self.observer.operation(operation));
                    reception.accepted(run, accepted);
                }
                NextGuest::Begin(guest) => {
                    let (session, begin) = guest.session(local, service, run);
                    let Begin::Accepted { link, .. } = begin else {
                        continue;
                    };
                    let (address, mailbox) = (self.address(), Arc::clone(&self.resources.mailbox));
                    let evict = move || mailbox.leave(Wakeup::Evict(address));
                    guest.permit.on_evict(evict);
                    let one = Conversation::new(session, address);
                    self.all.insert(one.accepted(guest.tcp, link, guest.permit));
                    self.begin(address, begin);
                }
            }
        }
    }

    /// That of the next conversation.
    fn address(&mut self) -> Address {
        self.number += 1;
        Address {
            key: self.all.vacant_key(),
            number: self.number,
        }
    }

    fn begin(&mut self, address: Address, begin: Begin) {
        let now = self.resources.clock.now();
        self.visit(address, |one, resources| {
            one.give(now, resources, |turn| turn.begin(now, begin));
        });
    }

    /// Waits in the one place where this model does, and hands out what is complete.
    fn round(&mut self, pause: Option<Mono>) -> io::Result<()> {
        let Resources { run, ring, .. } = &mut self.resources;
        let first = self.timers.first().map(|(at, _)| *at);
        let next = [first, pause].into_iter().flatten().min();
        let limit = next.map(|at| at.since(run.clock.mono()));
        let (waited, operation) =
            timed::<W::Observer, _>(&run.clock, OperationKind::Wait, || ring.wait(limit));
        (operation.iter()).for_each(|operation| self.observer.operation(operation));
        match waited {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        while let Some(completion) = self.resources.ring.next() {
            match (completion.whose, completion.what) {
                (Whose::Mailbox, _) => {
                    self.wakeups();
                    self.resources
                        .ring
                        .poll(Whose::Mailbox, &self.woken.socket)?;
                }
                (Whose::Conversation(address, opened), done) => {
                    self.complete(address, opened, done);
                }
                (Whose::Listener, Done::Accepted(accepted)) => self.accepted.push_back(accepted),
                (Whose::Listener, _) => {}
            }
        }
        if self.resources.run.stop.requested() && !mem::replace(&mut self.stopped, true) {
            let all: Vec<Address> = self.all.iter().map(|(_, one)| one.address).collect();
            all.into_iter().for_each(|address| self.stop(address));
        }
        self.due();
        Ok(())
    }

    fn complete(&mut self, address: Address, opened: u32, done: Done) {
        match self.all.get(address.key) {
            Some(one) if one.address == address => self.visit(address, |one, resources| {
                one.complete(opened, done, resources);
            }),
            _ => {
                if let Done::Received(Ok(incoming), _) = done {
                    self.resources.ring.give_back(incoming);
                }
            }
        }
    }

    /// Does something to a conversation, and looks at what it wants then.
    fn visit(
        &mut self,
        address: Address,
        does: impl FnOnce(&mut Conversation<M, W::Observer>, &mut Resources<'a, W>),
    ) {
        let key = address.key;
        let Some(one) = self.all.get_mut(key).filter(|one| one.address == address) else {
            return;
        };
        does(one, &mut self.resources);
        let until = one.wait.and_then(|wait| wait.until);
        if until != one.armed {
            if let Some(at) = one.armed {
                self.timers.remove(&(at, key));
            }
            self.timers.extend(until.map(|at| (at, key)));
            one.armed = until;
        }
        if let Some(status) = one.ended() {
            one.close(&mut self.resources.ring);
            self.ended = Some(status);
            self.all.remove(key);
        }
    }

    /// Has those look at the time whose deadline has come.
    fn due(&mut self) {
        if self.timers.is_empty() {
            return;
        }
        let now = self.resources.clock.now();
        while let Some(&(at, key)) = self.timers.first()
            && at <= now.mono
        {
            self.timers.pop_first();
            let Some(one) = self.all.get_mut(key) else {
                continue;
            };
            one.armed = None;
            let address = one.address;
            self.visit(address, |one, resources| one.give(now, resources, |_| ()));
        }
    }

    fn stop(&mut self, address: Address) {
        let now = self.resources.clock.now();
        self.visit(address, |one, resources| {
            one.give(now, resources, |turn| turn.stop(now));
        });
    }

    /// Hands out what other threads left.
    fn wakeups(&mut self) {
        let now = self.resources.clock.now();
        for wakeup in self.woken.take() {
            match wakeup {
                Wakeup::Line(line) => {
                    self.lines.came();
                    let one = self.all.iter().next().map(|(_, one)| one.address);
                    one.into_iter()
                        .for_each(|address| self.typed(now, address, line.clone()));
                }
                Wakeup::Evict(address) => self.visit(address, |one, resources| {
                    one.give(now, resources, |turn| turn.evict(now));
                }),
                Wakeup::Stored(address, id, decision) => self.visit(address, |one, resources| {
                    one.give(now, resources, |turn| turn.stored(now, id, &decision));
                }),
            }
        }
    }

    fn typed(&mut self, now: Now, address: Address, line: LineEvent) {
        self.visit(address, |one, resources| {
            one.give(now, resources, |turn| turn.typed(now, line));
        });
    }

    /// Asks for the user's next line if the machine wants one.
    fn ask_for_line(&mut self, address: Address) {
        let wants = |one: &Conversation<_, _>| one.wait.is_some_and(|wait| wait.line);
        if !self.all.get(address.key).is_some_and(wants) {
            return;
        }
        let mailbox = &self.woken.mailbox;
        let sink = || -> Box<dyn FnMut(LineEvent) + Send> {
            let mailbox = Arc::clone(mailbox);
            Box::new(move |line| mailbox.leave(Wakeup::Line(line)))
        };
        if !self.lines.ask(self.resources.run, sink) {
            let now = self.resources.clock.now();
            self.typed(now, address, LineEvent::End);
        }
    }
}

//! One session with its socket, and what the kernel is doing for it.

use std::collections::VecDeque;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use nix::libc::{ECANCELED, ENOBUFS};
use socket2::{Domain, Protocol, Socket, Type};
use socklab_core::{
    CallError, Doing, Link, Machine, Mono, Next, Now, Observer, OperationKind, Outbox, Received,
    Session, Status, Transport, Turn, Wait, Watch,
};
use socklab_system::{Clock, LoopClock, Permit, Run, arrival, call_error, fault, socket, timed};

use crate::buffers::Incoming;
use crate::mailbox::{Address, Mailbox, Wakeup};
use crate::ring::{Done, Ring};

/// For whom the kernel does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The mailbox.
    Mailbox,
    /// The listener.
    Listener,
    /// A conversation, and which of its sockets: one may be opened after another.
    Conversation(Address, u32),
}

/// What the turn of any conversation uses: one of each for the whole loop.
pub(crate) struct Resources<'a, W> {
    pub(crate) run: &'a Run<W>,
    pub(crate) clock: LoopClock,
    pub(crate) ring: Ring<Whose>,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) out: Outbox,
}

/// How many datagrams of a conversation may be in flight. Of a stream one piece is: two could
/// overtake each other.
const DATAGRAMS: u32 = 1024;

/// How large such a piece is at most.
const PIECE: usize = 64 * 1024;

/// One session, its socket, and what is known of it.
pub(crate) struct Conversation<M, O> {
    session: Session<M, O>,
    pub(crate) address: Address,
    socket: Option<Rc<Socket>>,
    /// Counts its sockets.
    opened: u32,
    transport: Transport,
    /// Whom the socket is connected to.
    peer: Option<Link>,
    /// The kernel was asked to tell more of each datagram than its sender.
    told: bool,
    /// What it waits for; `None` once it has ended.
    pub(crate) wait: Option<Wait>,
    /// A receive is in flight.
    receiving: bool,
    connecting: bool,
    /// So many sends are in flight.
    sending: u32,
    /// What has come and is not wanted yet.
    held: VecDeque<(Received, Incoming)>,
    /// The moment for which the timers have it.
    pub(crate) armed: Option<Mono>,
    /// Counts a connection of a server.
    permit: Option<Permit>,
}

impl<M: Machine, O: Observer> Conversation<M, O> {
    /// A client's, which has no socket yet.
    pub(crate) fn new(session: Session<M, O>, address: Address) -> Self {
        Conversation {
            session,
            address,
            socket: None,
            opened: 0,
            transport: Transport::Datagram,
            peer: None,
            told: false,
            wait: Some(Wait::default()),
            receiving: false,
            connecting: false,
            sending: 0,
            held: VecDeque::new(),
            armed: None,
            permit: None,
        }
    }

    /// A UDP server's.
    pub(crate) fn bound(mut self, socket: Socket, told: bool) -> Self {
        self.socket = Some(Rc::new(socket));
        self.told = told;
        self
    }

    /// A connection of a TCP server.
    pub(crate) fn accepted(mut self, socket: Socket, link: Link, permit: Permit) -> Self {
        self.socket = Some(Rc::new(socket));
        self.transport = Transport::Stream;
        self.peer = Some(link);
        self.permit = Some(permit);
        self
    }

    /// How it has ended.
    pub(crate) fn ended(&self) -> Option<Status> {
        self.wait.is_none().then(|| self.session.status())
    }

    /// Gives the session something that happened outside of its socket, and does what comes of it.
    pub(crate) fn give<W: Watch<Observer = O>>(
        &mut self,
        now: Now,
        resources: &mut Resources<'_, W>,
        happened: impl FnOnce(&mut Turn<'_, M, O>),
    ) {
        if self.wait.is_some() {
            happened(&mut self.session.turn(&mut resources.out));
            self.carry_out(now, resources);
        }
    }

    /// Something that was asked for is complete.
    pub(crate) fn complete<W: Watch<Observer = O>>(
        &mut self,
        opened: u32,
        done: Done,
        resources: &mut Resources<'_, W>,
    ) {
        let now = resources.clock.now();
        let current = opened == self.opened && self.socket.is_some();
        match done {
            Done::Sent(sent) => {
                self.sending -= 1;
                let failed = sent.is_err();
                let mut turn = self.session.turn(&mut resources.out);
                turn.landed(now, sent.map_err(|error| fault(&error)));
                // Between others that are in flight nothing follows from it.
                if self.sending == 0 || failed || self.wait.is_some_and(|wait| wait.room) {
                    turn.room();
                    self.carry_out(now, resources);
                }
            }
            Done::Received(received, more) if current => {
                self.receiving = more;
                self.received(now, received, resources);
            }
            Done::Received(Ok(incoming), _) => resources.ring.give_back(incoming),
            Done::Connected(connected) if current => {
                self.connecting = false;
                let local = connected.and_then(|()| self.local());
                self.give(now, resources, |turn| match local {
                    Ok(local) => turn.opened(now, local),
                    Err(error) => turn.fault(now, Doing::Opening, fault(&error)),
                });
            }
            _ => {}
        }
    }

    /// The kernel has received something for it, or could not.
    fn received<W: Watch<Observer = O>>(
        &mut self,
        now: Now,
        received: io::Result<Incoming>,
        resources: &mut Resources<'_, W>,
    ) {
        let Resources { run, ring, out, .. } = resources;
        let received = received.map(|incoming| (self.what(&incoming, ring, &run.clock), incoming));
        let wanted = self.wants() && self.held.is_empty();
        let mut turn = self.session.turn(out);
        match received {
            Ok((received, incoming)) if wanted => {
                (self.permit.iter()).for_each(|permit| permit.heard(now.mono));
                hand_over(&mut turn, now, &run.clock, ring, (received, incoming));
            }
            Ok((received, mut incoming)) => {
                // Datagrams may use up all buffers, as they may fill the kernel's; a stream has
                // others beside it that need one.
                if self.transport == Transport::Stream {
                    ring.detach(&mut incoming);
                }
                self.held.push_back((received, incoming));
            }
            // There was no buffer, or it was given up: it is asked for again.
            Err(error)
                if [ENOBUFS, ECANCELED]
                    .map(Some)
                    .contains(&error.raw_os_error()) => {}
            Err(error) => drop(turn.not_received(now, call_error(&error))),
        }
        self.carry_out(now, resources);
    }

    /// Whether its machine wants what its peers send.
    fn wants(&self) -> bool {
        self.wait.is_some_and(|wait| wait.receive)
    }

    fn what(&self, incoming: &Incoming, ring: &Ring<Whose>, clock: &Clock) -> Received {
        let len = ring.bytes(incoming).len();
        if self.transport == Transport::Stream {
            return match len {
                0 => Received::End,
                len => Received::Bytes(len),
            };
        }
        let arrived = incoming.stamp.and_then(|stamp| arrival(stamp, clock));
        let from = || {
            let link = incoming.peer.map(Link::first)?;
            let local = incoming.local;
            Some(Link { local, ..link })
        };
        match self.peer.or_else(from) {
            Some(link) => Received::Datagram(link, len, arrived),
            None => Received::End,
        }
    }

    /// Does what there is to do, one thing after the other, until that is to wait; then has the
    /// kernel do what it waits for.
    fn carry_out<W: Watch<Observer = O>>(&mut self, now: Now, resources: &mut Resources<'_, W>) {
        let Resources { run, ring, out, .. } = resources;
        loop {
            let whose = self.whose();
            let mut turn = self.session.turn(out);
            match turn.next(now) {
                Next::Tell(output) => run.console.tell(&output),
                Next::Send { link, bytes, .. } => {
                    let (most, to) = match self.peer {
                        Some(_) if self.transport == Transport::Stream => (1, None),
                        Some(_) => (DATAGRAMS, None),
                        None => (DATAGRAMS, Some(&link)),
                    };
                    if self.sending == most {
                        turn.not_sent(now, CallError::WouldBlock);
                        continue;
                    }
                    let bytes = &bytes[..bytes.len().min(PIECE)];
                    let socket = &self.socket;
                    let (sent, operation) = timed::<O, _>(&run.clock, OperationKind::Send, || {
                        let socket = socket.as_ref().ok_or(io::ErrorKind::NotConnected)?;
                        ring.send(whose, socket, bytes, to)?;
                        Ok(bytes.len())
                    });
                    turn.observe(operation);
                    match sent {
                        Ok(len) => {
                            self.sending += 1;
                            turn.submitted(len);
                        }
                        Err(error) => turn.not_sent(now, call_error(&error)),
                    }
                }
                Next::Wait(wait) => {
                    self.wait = Some(wait);
                    if !wait.receive {
                        return;
                    }
                    if let Some(held) = self.held.pop_front() {
                        hand_over(&mut turn, now, &run.clock, ring, held);
                        continue;
                    }
                    let Err(error) = self.receive(ring) else {
                        return;
                    };
                    let mut turn = self.session.turn(out);
                    turn.fault(now, Doing::Receiving, fault(&error));
                }
                Next::Ended(_) => {
                    self.wait = None;
                    return;
                }
                Next::Finish(link) => {
                    let finished = self.finish().map_err(|error| fault(&error));
                    self.session.turn(out).finished(now, link, finished);
                }
                Next::Open { transport, to, .. } => {
                    self.close(ring);
                    let (opened, operation) =
                        timed::<O, _>(&run.clock, OperationKind::Connect, || {
                            self.open(transport, to, ring)
                        });
                    // A connection opens in its own time.
                    let local = opened.and_then(|()| match self.connecting {
                        true => Ok(None),
                        false => self.local().map(Some),
                    });
                    let mut turn = self.session.turn(out);
                    turn.observe(operation);
                    match local {
                        Ok(local) => local.into_iter().for_each(|local| turn.opened(now, local)),
                        Err(error) => turn.fault(now, Doing::Opening, fault(&error)),
                    }
                }
                Next::NoDelay => {
                    let socket = self.socket.iter();
                    socket.for_each(|socket| socket::no_delay(&**socket));
                }
                Next::Abort => {
                    self.socket
                        .iter()
                        .for_each(|socket| socket::reset_on_close(&**socket));
                    self.close(ring);
                }
                Next::Store { id, attempt } => {
                    let (mailbox, address) = (Arc::clone(&resources.mailbox), self.address);
                    let (goes_on, clock) =
                        (self.permit.as_ref().map(Permit::keeps_waiting), run.clock);
                    let leave = move |decision| {
                        goes_on.iter().for_each(|goes_on| goes_on(clock.mono()));
                        mailbox.leave(Wakeup::Stored(address, id, decision));
                    };
                    run.store(attempt.clone(), Box::new(leave));
                }
            }
        }
    }

    /// Has the kernel receive, unless it is about to.
    fn receive(&mut self, ring: &mut Ring<Whose>) -> io::Result<()> {
        let whose = self.whose();
        if let Some(socket) = self.socket.as_ref().filter(|_| !self.receiving) {
            match self.transport {
                Transport::Stream => ring.receive(whose, socket)?,
                Transport::Datagram => ring.receive_all(whose, socket, self.told)?,
            }
            self.receiving = true;
        }
        Ok(())
    }

    /// Opens a socket, or begins to.
    fn open(
        &mut self,
        transport: Transport,
        to: SocketAddr,
        ring: &mut Ring<Whose>,
    ) -> io::Result<()> {
        self.opened += 1;
        self.transport = transport;
        self.peer = Some(Link::first(to));
        self.socket = Some(Rc::new(match transport {
            Transport::Datagram => socket::datagram_client(to)?.into(),
            Transport::Stream => {
                Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?
            }
        }));
        if let (Transport::Stream, Some(socket)) = (transport, &self.socket) {
            ring.connect(self.whose(), socket, to)?;
            self.connecting = true;
        }
        Ok(())
    }

    /// Closes the writing side of a stream. Asks a UDP socket, once, what the system already knows
    /// to have gone wrong.
    fn finish(&self) -> io::Result<()> {
        match &self.socket {
            None => Ok(()),
            Some(socket) if self.transport == Transport::Stream => socket.shutdown(Shutdown::Write),
            Some(socket) => socket.take_error()?.map_or(Ok(()), Err),
        }
    }

    /// Closes the socket, which takes until the kernel is done with it.
    pub(crate) fn close(&mut self, ring: &mut Ring<Whose>) {
        if let Some(socket) = self.socket.take()
            && (self.receiving || self.connecting || self.sending > 0)
        {
            // Without it, it would be closed when its peer closes it.
            let _ = ring.cancel(&socket);
        }
        (self.receiving, self.connecting) = (false, false);
        self.held
            .drain(..)
            .for_each(|(_, incoming)| ring.give_back(incoming));
    }

    fn whose(&self) -> Whose {
        Whose::Conversation(self.address, self.opened)
    }

    /// The socket's own address.
    fn local(&self) -> io::Result<SocketAddr> {
        let no_address = || io::Error::from(io::ErrorKind::AddrNotAvailable);
        let socket = self.socket.as_ref().ok_or_else(no_address)?;
        socket.local_addr()?.as_socket().ok_or_else(no_address)
    }
}

/// Gives the machine what was received. That was earlier: what the observer is shown is that the
/// program takes it.
#[inline]
fn hand_over<M: Machine, O: Observer>(
    turn: &mut Turn<'_, M, O>,
    now: Now,
    clock: &Clock,
    ring: &mut Ring<Whose>,
    (received, incoming): (Received, Incoming),
) {
    let (_, operation) = timed::<O, _>(clock, OperationKind::Receive, || Ok(received));
    turn.observe(operation);
    turn.received(now, &received, ring.bytes(&incoming));
    ring.give_back(incoming);
}

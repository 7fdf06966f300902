//! The loop: wait for any of the sockets, then give each that has something its turn.

use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use mio::{Events, Poll, Token};
use socklab_core::{
    Console, Input, Link, Machine, OperationKind, Outbox, Service, Status, Subject, Watch,
};
use socklab_system::{LineEvent, LineReader, Run, socket, timed};

use crate::acceptor::Acceptor;
use crate::bell::{self, Bell};
use crate::conversation::{Conversation, Desk};
use crate::conversations::Conversations;
use crate::mailbox::{Address, Mailbox, Message};
use crate::places::Places;
use crate::wire::Wire;

/// Tokens below these are keys of conversations.
const MAILBOX: Token = Token(usize::MAX);
const LISTENER: Token = Token(usize::MAX - 1);
const BELL: Token = Token(usize::MAX - 2);

/// How many events one poll takes at most.
const EVENTS: usize = 1024;

/// How many connections are accepted before those that are in have their turn.
const ACCEPTS: usize = 64;

/// All that one thread needs to wait for everybody.
pub(crate) struct EventLoop<'a, W: Watch> {
    run: &'a Run<W>,
    /// The run's, or one that stands before it.
    console: &'a dyn Console,
    poll: Poll,
    events: Events,
    mailbox: Arc<Mailbox>,
    observer: W::Observer,
    out: Outbox,
    buffer: Vec<u8>,
    lines: Option<LineReader>,
    stop: bool,
    _bell: Bell,
}

impl<'a, W: Watch> EventLoop<'a, W> {
    pub(crate) fn new(run: &'a Run<W>, console: &'a dyn Console) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mailbox = Mailbox::new(poll.registry(), MAILBOX)?;
        let bell = {
            let mailbox = Arc::clone(&mailbox);
            let wake = move || mailbox.leave(Message::Stop);
            bell::hang(&run.stop, poll.registry(), BELL, wake)?
        };
        Ok(EventLoop {
            run,
            console,
            poll,
            events: Events::with_capacity(EVENTS),
            mailbox,
            observer: run.watch.watch(Subject::Driver),
            out: Outbox::new(),
            buffer: vec![0; socket::DATAGRAM_BUFFER],
            lines: None,
            stop: false,
            _bell: bell,
        })
    }

    /// Runs one machine to its end.
    pub(crate) fn alone<M: Machine>(
        &mut self,
        machine: M,
        observer: W::Observer,
        wire: Wire,
        first: &[Input<'_>],
    ) -> io::Result<Status> {
        let mut all = Conversations::new();
        let address = all.insert(machine, observer, wire);
        self.begin(&mut all, address, first);
        loop {
            if let Some(status) = self.check(&mut all, address) {
                return Ok(status);
            }
            self.wait(&mut all, None)?;
            for message in self.messages() {
                self.deliver(&mut all, address, message);
                if let Some(status) = self.check(&mut all, address) {
                    return Ok(status);
                }
            }
            if let Some(status) = self.turns(&mut all) {
                return Ok(status);
            }
        }
    }

    /// Serves until told to stop, and until the last connection has ended. The places may be shared with other loops.
    pub(crate) fn serve<S: Service>(
        &mut self,
        listener: TcpListener,
        places: &Arc<Places>,
        service: &S,
    ) -> io::Result<Status> {
        let (places, mailbox) = (Arc::clone(places), Arc::clone(&self.mailbox));
        let mut acceptor = Acceptor::new(listener, places, mailbox)?;
        acceptor.register(self.poll.registry(), LISTENER)?;
        let local = acceptor.local();
        let mut acceptor = Some(acceptor);
        let mut all: Conversations<S::Machine, W::Observer> = Conversations::new();
        loop {
            if acceptor.is_none() && all.slab.is_empty() {
                return Ok(Status::Stopped);
            }
            self.wait(&mut all, acceptor.as_mut())?;
            for message in self.messages() {
                match message {
                    Message::Stop => {
                        acceptor = None;
                        let open: Vec<Address> =
                            all.slab.iter().map(|(_, one)| one.address()).collect();
                        for address in open {
                            self.deliver(&mut all, address, Message::Stop);
                            all.after(address);
                        }
                    }
                    Message::Stored(address, ..) => {
                        self.deliver(&mut all, address, message);
                        all.after(address);
                    }
                    Message::Place => {
                        if let Some(acceptor) = &mut acceptor {
                            acceptor.place_came();
                        }
                    }
                    Message::PauseOver | Message::Line(_) => {}
                }
            }
            self.turns(&mut all);
            let Some(acceptor) = &mut acceptor else {
                continue;
            };
            for _ in 0..ACCEPTS {
                acceptor.ended(all.take_ended());
                let (clock, console) = (&self.run.clock, self.console);
                let accepted = acceptor.accept(clock, &mut self.observer, console);
                let Some((number, stream, peer)) = accepted else {
                    break;
                };
                let link = Link::first(peer);
                let observer = self.run.watch.watch(Subject::Connection {
                    number,
                    peer,
                    local,
                });
                let wire = Wire::stream(stream, link, false);
                let address = all.insert(service.accept(link), observer, wire);
                self.begin(&mut all, address, &[Input::Opened { link, local }]);
                all.after(address);
            }
            acceptor.ended(all.take_ended());
            acceptor.rest();
        }
    }

    /// Starts a machine, and then has the system tell of its socket.
    fn begin<M: Machine>(
        &mut self,
        all: &mut Conversations<M, W::Observer>,
        address: Address,
        first: &[Input<'_>],
    ) {
        let (conversation, mut desk) = self.at_desk(all, address);
        let Some(conversation) = conversation else {
            return;
        };
        let now = desk.run.clock.now();
        conversation.feed(now, Input::Start, &mut desk);
        for input in first {
            if conversation.pump.is_running() {
                conversation.feed(now, *input, &mut desk);
            }
        }
        conversation.settle(&mut desk);
    }

    fn at_desk<'b, M: Machine>(
        &'b mut self,
        all: &'b mut Conversations<M, W::Observer>,
        address: Address,
    ) -> (Option<&'b mut Conversation<M, W::Observer>>, Desk<'b, W>) {
        let desk = Desk {
            run: self.run,
            console: self.console,
            registry: self.poll.registry(),
            mailbox: &self.mailbox,
            out: &mut self.out,
            buffer: &mut self.buffer,
        };
        (all.get(address), desk)
    }

    /// The one place where the program waits. Notes what is ready.
    fn wait<M: Machine>(
        &mut self,
        all: &mut Conversations<M, W::Observer>,
        mut acceptor: Option<&mut Acceptor>,
    ) -> io::Result<()> {
        let accepts = acceptor.as_ref().is_some_and(|one| one.wants_turn());
        let pause = acceptor.as_ref().and_then(|one| one.deadline());
        let next = [all.timers.next(), pause].into_iter().flatten().min();
        let limit = match next {
            // There are turns to be had, so only look.
            _ if accepts || !all.queue.is_empty() => Some(Duration::ZERO),
            Some(at) => Some(at.since(self.run.clock.mono())),
            None => None,
        };
        let (poll, events) = (&mut self.poll, &mut self.events);
        let waited = timed(
            &mut self.observer,
            &self.run.clock,
            OperationKind::Wait,
            |items| (*items, 0),
            || {
                poll.poll(events, limit)?;
                Ok(u32::try_from(events.iter().count()).unwrap_or(u32::MAX))
            },
        );
        match waited {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &self.events {
            match event.token() {
                MAILBOX | BELL => {}
                LISTENER => {
                    if let Some(acceptor) = &mut acceptor {
                        acceptor.ready = true;
                    }
                }
                Token(key) => {
                    let Some(conversation) = all.slab.get_mut(key) else {
                        continue;
                    };
                    // An error shows when it is read or written.
                    let error = event.is_error();
                    conversation.ready(
                        event.is_readable() || event.is_read_closed() || error,
                        event.is_writable() || event.is_write_closed() || error,
                    );
                    let address = conversation.address();
                    all.after(address);
                }
            }
        }
        if let (Some(acceptor), Some(_)) = (acceptor, pause) {
            acceptor.look_at_clock(self.run.clock.mono());
        }
        Ok(())
    }

    /// Timers first, then one turn for each that was in the queue; how the last to end ended.
    fn turns<M: Machine>(&mut self, all: &mut Conversations<M, W::Observer>) -> Option<Status> {
        let mut ended = None;
        if all.timers.next().is_some() {
            let now = self.run.clock.now();
            while let Some((at, address)) = all.timers.take_due(now.mono) {
                let (conversation, mut desk) = self.at_desk(all, address);
                let Some(conversation) = conversation else {
                    continue;
                };
                if conversation.armed == Some(at) {
                    conversation.armed = None;
                }
                conversation.look_at_clock(now, &mut desk);
                conversation.settle(&mut desk);
                ended = all.after(address).or(ended);
            }
        }
        for _ in 0..all.queue.len() {
            let Some(address) = all.queue.pop_front() else {
                break;
            };
            let (conversation, mut desk) = self.at_desk(all, address);
            let Some(conversation) = conversation else {
                continue;
            };
            conversation.queued = false;
            conversation.turn(&mut desk);
            conversation.settle(&mut desk);
            ended = all.after(address).or(ended);
        }
        ended
    }

    /// What other threads left; a stop, which a signal does not leave there, comes first and once.
    fn messages(&mut self) -> Vec<Message> {
        let mut messages = self.mailbox.take();
        messages.retain(|message| !matches!(message, Message::Stop));
        if !self.stop && self.run.stop.requested() {
            self.stop = true;
            messages.insert(0, Message::Stop);
        }
        messages
    }

    /// Gives a conversation what another thread left for it.
    fn deliver<M: Machine>(
        &mut self,
        all: &mut Conversations<M, W::Observer>,
        address: Address,
        message: Message,
    ) {
        if let (Message::Line(_), Some(lines)) = (&message, &mut self.lines) {
            lines.came();
        }
        let (conversation, mut desk) = self.at_desk(all, address);
        let Some(conversation) = conversation.filter(|one| one.pump.is_running()) else {
            return;
        };
        let now = desk.run.clock.now();
        match message {
            Message::Line(_) if !conversation.pump.interest().line => {}
            Message::Line(LineEvent::Line(line)) => {
                conversation.feed(now, Input::Line(&line), &mut desk);
            }
            Message::Line(LineEvent::End) => conversation.feed(now, Input::InputEnd, &mut desk),
            Message::Stored(_, id, decision) => {
                let decision = &decision;
                conversation.feed(now, Input::Stored { id, decision }, &mut desk);
            }
            Message::Stop => conversation.feed(now, Input::Stop, &mut desk),
            // The listener's.
            Message::Place | Message::PauseOver => {}
        }
        conversation.settle(&mut desk);
    }

    /// Asks for a line if the machine wants one; says how it ended, if it did.
    fn check<M: Machine>(
        &mut self,
        all: &mut Conversations<M, W::Observer>,
        address: Address,
    ) -> Option<Status> {
        if let Some(conversation) = all.get(address)
            && conversation.pump.interest().line
            && !self.ask_for_line()
        {
            self.deliver(all, address, Message::Line(LineEvent::End));
        }
        all.after(address)
    }

    /// Asks for the user's next line; `false` if nobody types.
    fn ask_for_line(&mut self) -> bool {
        if self.lines.is_none()
            && let Some(source) = self.run.take_lines()
        {
            let mailbox = Arc::clone(&self.mailbox);
            let sink = move |event| mailbox.leave(Message::Line(event));
            self.lines = LineReader::spawn(source, sink).ok();
        }
        match &mut self.lines {
            Some(lines) => {
                lines.ask();
                true
            }
            None => false,
        }
    }
}

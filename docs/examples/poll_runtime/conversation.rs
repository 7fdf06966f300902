//! One machine with its socket.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;

use polling::Event;
use socklab_core::register::{Attempt, Decision, StoreId};
use socklab_core::{
    CLOSE_LIMIT, Doing, Input, Link, Machine, Mono, Observer, OperationKind, Output, Pump, Socket,
    Status, Transport, Watch,
};
use socklab_system::{fault, socket, timed};

use super::event_loop::{Desk, Message};
use super::wire::Wire;

/// How often a conversation reads for each event before the others have their turn.
const BUDGET: usize = 16;

/// What an operation led to, for the machine to be told.
enum Caused {
    Opened(Link, SocketAddr),
    Finished(Link),
    Fault(Doing, io::Error),
}

/// One machine, its socket, and what is still to be done for it.
pub(super) struct Conversation<M, O> {
    key: usize,
    pump: Pump<M, O>,
    wire: Wire,
    /// Fed when the outputs before them are carried out, in order.
    caused: VecDeque<Caused>,
    finishing: Option<Link>,
    /// The machine has ended; until when its last bytes may take to leave.
    closing: Option<Mono>,
}

impl<M: Machine, O: Observer> Conversation<M, O> {
    pub(super) fn new(key: usize, machine: M, observer: O, wire: Wire) -> Self {
        Conversation {
            key,
            pump: Pump::new(machine, observer),
            wire,
            caused: VecDeque::new(),
            finishing: None,
            closing: None,
        }
    }

    pub(super) fn is_running(&self) -> bool {
        self.pump.is_running()
    }

    pub(super) fn wants_line(&self) -> bool {
        self.pump.interest().line
    }

    /// When it must be looked at, at the latest.
    pub(super) fn deadline(&self) -> Option<Mono> {
        self.closing
            .or(self.pump.deadline().map(|deadline| deadline.at))
    }

    /// Hands an input to the machine, carries out what it asks for, and tells it what that led to.
    pub(super) fn feed<W: Watch>(&mut self, input: Input<'_>, desk: &mut Desk<'_, W>) {
        let now = desk.run.clock.now();
        self.pump.feed(now, input, &mut desk.out);
        self.carry_out(desk);
        self.tell(desk);
    }

    fn tell<W: Watch>(&mut self, desk: &mut Desk<'_, W>) {
        while self.pump.is_running()
            && let Some(caused) = self.caused.pop_front()
        {
            let input = match caused {
                Caused::Opened(link, local) => Input::Opened { link, local },
                Caused::Finished(link) => Input::Finished { link },
                Caused::Fault(doing, error) => {
                    self.wire.failed();
                    Input::Fault {
                        socket: Socket(0),
                        doing,
                        fault: fault(&error),
                    }
                }
            };
            let now = desk.run.clock.now();
            self.pump.feed(now, input, &mut desk.out);
            self.carry_out(desk);
        }
        if !self.pump.is_running() && self.closing.is_none() {
            self.closing = Some(desk.run.clock.mono().plus(CLOSE_LIMIT));
        }
    }

    fn carry_out<W: Watch>(&mut self, desk: &mut Desk<'_, W>) {
        let out = std::mem::take(&mut desk.out);
        for output in out.iter_over(self.wire.transport()) {
            match output {
                Output::Open { transport, to, .. } => self.open(transport, to, desk),
                Output::Send { link, bytes } => {
                    self.wire.push(link, bytes);
                    self.flush(desk);
                }
                Output::Finish { link } => {
                    self.finishing = Some(link);
                    self.flush(desk);
                }
                Output::Abort { .. } => self.wire.abort(),
                Output::Store { id, attempt } => self.store(id, attempt.clone(), desk),
                Output::Prompt(_) | Output::Show { .. } | Output::Notice(_) => {
                    desk.run.console.tell(&output);
                }
            }
        }
        desk.out = out;
        desk.out.clear();
    }

    fn open<W: Watch>(&mut self, transport: Transport, to: SocketAddr, desk: &Desk<'_, W>) {
        let (link, key, poller) = (Link::first(to), self.key, &desk.poller);
        let opened = timed(
            self.pump.observer(),
            &desk.run.clock,
            OperationKind::Connect,
            |_| (1, 0),
            || match transport {
                Transport::Datagram => {
                    let udp = socket::datagram_client(to)?;
                    let local = udp.local_addr()?;
                    Ok((Some(local), Wire::datagram(poller, key, udp, Some(link))?))
                }
                Transport::Stream => Ok((None, Wire::connect(poller, key, to)?)),
            },
        );
        match opened {
            Ok((local, wire)) => {
                self.wire = wire;
                // That a stream is open is told by an event.
                self.caused
                    .extend(local.map(|local| Caused::Opened(link, local)));
            }
            Err(error) => self.caused.push_back(Caused::Fault(Doing::Opening, error)),
        }
    }

    /// Writes what the system takes; when nothing is left, finishes what was to be finished.
    fn flush<W: Watch>(&mut self, desk: &Desk<'_, W>) {
        if self.wire.is_connecting() {
            return;
        }
        while self.wire.has_unsent() {
            let sent = timed(
                self.pump.observer(),
                &desk.run.clock,
                OperationKind::Send,
                |len| (1, *len),
                || self.wire.write(),
            );
            match sent {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => self.caused.push_back(Caused::Fault(Doing::Sending, error)),
            }
        }
        if let Some(link) = self.finishing.take() {
            self.caused.push_back(match self.wire.finish() {
                Ok(()) => Caused::Finished(link),
                Err(error) => Caused::Fault(Doing::Sending, error),
            });
        }
    }

    /// The decision comes on another thread, perhaps after the conversation has ended.
    fn store<W: Watch>(&self, id: StoreId, attempt: Attempt, desk: &Desk<'_, W>) {
        let (key, mailbox) = (self.key, Arc::clone(&desk.mailbox));
        let done = Box::new(move |decision| mailbox.leave(Message::Stored(key, id, decision)));
        match &desk.run.register {
            Some(register) => register.store(attempt, done),
            None => done(Decision::Unavailable),
        }
    }

    /// The poller told of its socket, and looks for nothing on it any more.
    pub(super) fn event<W: Watch>(&mut self, event: Event, desk: &mut Desk<'_, W>) {
        self.wire.came();
        if self.wire.is_connecting()
            && let Some(opened) = self.wire.opened()
        {
            self.caused.push_back(match opened {
                Ok((link, local)) => Caused::Opened(link, local),
                Err(error) => Caused::Fault(Doing::Opening, error),
            });
        }
        if event.writable {
            self.flush(desk);
        }
        self.tell(desk);
        // If there is more after that, the poller says so when it is asked again: nothing has to be remembered.
        if event.readable {
            for _ in 0..BUDGET {
                if !self.wants_bytes() || !self.receive(desk) {
                    break;
                }
            }
        }
    }

    fn wants_bytes(&self) -> bool {
        self.pump.interest().network && self.wire.can_read()
    }

    /// Reads once; whether there may be more.
    fn receive<W: Watch>(&mut self, desk: &mut Desk<'_, W>) -> bool {
        let mut buffer = std::mem::take(&mut desk.buffer);
        let received = timed(
            self.pump.observer(),
            &desk.run.clock,
            OperationKind::Receive,
            |(_, len)| (1, *len),
            || self.wire.receive(&mut buffer),
        );
        let more = match received {
            Ok((link, len)) => {
                let bytes = &buffer[..len];
                let input = match self.wire.transport() {
                    Transport::Datagram => Input::Datagram { link, bytes },
                    Transport::Stream if len == 0 => Input::End { link },
                    Transport::Stream => Input::Bytes { link, bytes },
                };
                self.feed(input, desk);
                true
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => false,
            Err(error) if error.kind() == ErrorKind::Interrupted => true,
            Err(error) => {
                self.caused
                    .push_back(Caused::Fault(Doing::Receiving, error));
                self.tell(desk);
                true
            }
        };
        desk.buffer = buffer;
        more
    }

    /// Tells the machine what needs no socket: a stop, the time, that nobody types. Then has the poller look for what the
    /// machine wants now. How it ended, once it has and its last bytes have left.
    pub(super) fn settle<W: Watch>(
        &mut self,
        stop: bool,
        desk: &mut Desk<'_, W>,
    ) -> Option<Status> {
        if stop && self.pump.is_running() {
            self.feed(Input::Stop, desk);
        }
        if self.pump.due(desk.run.clock.mono()) {
            self.feed(Input::Timer, desk);
        }
        if self.wants_line() && !desk.ask_for_line() {
            self.feed(Input::InputEnd, desk);
        }
        // Interest lasts for one event, so it is always what the machine wants now.
        if let Err(error) = self.wire.ask(self.pump.interest().network) {
            self.caused.push_back(Caused::Fault(Doing::Opening, error));
            self.tell(desk);
        }
        if self.pump.is_running() {
            return None;
        }
        if self.closing.is_some_and(|end| end <= desk.run.clock.mono()) {
            self.wire.abort();
        }
        (!self.wire.has_unsent()).then(|| self.pump.status())
    }
}

//! The loop: wait for any of the sockets, then hand out what came.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use polling::{Events, Poller};
use socklab_core::register::{Decision, StoreId};
use socklab_core::{Input, Machine, Mono, OperationKind, Outbox, Service, Status, Subject, Watch};
use socklab_system::{LineEvent, LineReader, Run, StopGuard, socket, timed};

use super::acceptor::{Acceptor, LISTENER};
use super::conversation::Conversation;
use super::wire::Wire;

/// Word from another thread.
pub(super) enum Message {
    /// What came of asking the user for a line.
    Line(LineEvent),
    /// A decision, for the conversation with that key.
    Stored(usize, StoreId, Decision),
}

/// Where other threads leave word for the loop, and wake it.
pub(super) struct Mailbox {
    messages: Mutex<Vec<Message>>,
    poller: Arc<Poller>,
}

impl Mailbox {
    pub(super) fn leave(&self, message: Message) {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.push(message);
        // A loop that cannot be woken has ended.
        let _ = self.poller.notify();
    }

    fn take(&self) -> Vec<Message> {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *messages)
    }
}

/// What all conversations use: one of each for the whole loop.
pub(super) struct Desk<'a, W> {
    pub(super) run: &'a Run<W>,
    pub(super) poller: Arc<Poller>,
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) out: Outbox,
    pub(super) buffer: Vec<u8>,
    lines: Option<LineReader>,
}

impl<W: Watch> Desk<'_, W> {
    /// Asks for the user's next line; `false` if nobody types.
    pub(super) fn ask_for_line(&mut self) -> bool {
        if self.lines.is_none()
            && let Some(source) = self.run.take_lines()
        {
            let mailbox = Arc::clone(&self.mailbox);
            let sink = move |event| mailbox.leave(Message::Line(event));
            self.lines = LineReader::spawn(source, sink).ok();
        }
        self.lines.as_mut().map(LineReader::ask).is_some()
    }
}

/// One thread, and all that it waits for.
pub(super) struct EventLoop<'a, M, W: Watch> {
    desk: Desk<'a, W>,
    conversations: BTreeMap<usize, Conversation<M, W::Observer>>,
    /// Keys are not used again, so that late word finds nobody rather than somebody else.
    next_key: usize,
    events: Events,
    observer: W::Observer,
    stopping: bool,
    _waker: StopGuard,
}

impl<'a, M: Machine, W: Watch> EventLoop<'a, M, W> {
    pub(super) fn new(run: &'a Run<W>) -> io::Result<Self> {
        let poller = Arc::new(Poller::new()?);
        let waker = Arc::clone(&poller);
        let mailbox = Arc::new(Mailbox {
            messages: Mutex::default(),
            poller: Arc::clone(&poller),
        });
        Ok(EventLoop {
            desk: Desk {
                run,
                poller,
                mailbox,
                out: Outbox::new(),
                buffer: vec![0; socket::DATAGRAM_BUFFER],
                lines: None,
            },
            conversations: BTreeMap::new(),
            next_key: 0,
            events: Events::new(),
            observer: run.watch.watch(Subject::Driver),
            stopping: false,
            _waker: run.stop.on_request(move || drop(waker.notify())),
        })
    }

    pub(super) fn poller(&self) -> &Arc<Poller> {
        &self.desk.poller
    }

    /// The key of the next machine, and of its socket.
    pub(super) fn next_key(&self) -> usize {
        self.next_key
    }

    /// Starts a machine; `first` tells it of its socket, if it has one yet.
    pub(super) fn begin(
        &mut self,
        machine: M,
        observer: W::Observer,
        wire: Wire,
        first: Option<Input<'_>>,
    ) {
        let key = self.next_key;
        self.next_key += 1;
        let mut conversation = Conversation::new(key, machine, observer, wire);
        conversation.feed(Input::Start, &mut self.desk);
        if let Some(first) = first.filter(|_| conversation.is_running()) {
            conversation.feed(first, &mut self.desk);
        }
        self.conversations.insert(key, conversation);
    }

    /// Runs the one machine to its end.
    pub(super) fn alone(&mut self) -> io::Result<Status> {
        loop {
            if let Some(status) = self.settle() {
                return Ok(status);
            }
            self.wait(None)?;
        }
    }

    /// Serves until told to stop, and until the last connection has ended.
    pub(super) fn serve<S: Service<Machine = M>>(
        &mut self,
        acceptor: Acceptor,
        local: SocketAddr,
        service: &S,
    ) -> io::Result<Status> {
        let run = self.desk.run;
        let mut acceptor = Some(acceptor);
        loop {
            let ended = self.settle().is_some();
            if self.stopping {
                acceptor = None;
            }
            let open = self.conversations.len();
            match &mut acceptor {
                Some(acceptor) => acceptor.settle(open, ended, run.clock.mono())?,
                None if open == 0 => return Ok(Status::Stopped),
                None => {}
            }
            let told = self.wait(acceptor.as_ref().and_then(Acceptor::deadline))?;
            let accepted = match &mut acceptor {
                Some(acceptor) if told => {
                    let (poller, key) = (&self.desk.poller, self.next_key);
                    acceptor.accept(poller, key, run, &mut self.observer)
                }
                _ => None,
            };
            if let Some((wire, link)) = accepted {
                let observer = run.watch.watch(Subject::Connection {
                    number: self.next_key as u64 + 1,
                    peer: link.peer,
                    local,
                });
                let opened = Input::Opened { link, local };
                self.begin(service.accept(link), observer, wire, Some(opened));
            }
        }
    }

    /// Has each conversation look at what needs no socket. How the last to end ended.
    fn settle(&mut self) -> Option<Status> {
        let stop = !self.stopping && self.desk.run.stop.requested();
        self.stopping |= stop;
        let desk = &mut self.desk;
        let mut ended = None;
        self.conversations.retain(|_, one| {
            let status = one.settle(stop, desk);
            ended = status.or(ended);
            status.is_none()
        });
        ended
    }

    /// The one place where the program waits. Hands out what came; whether a connection did.
    fn wait(&mut self, pause: Option<Mono>) -> io::Result<bool> {
        let deadlines = self.conversations.values().map(Conversation::deadline);
        let next = deadlines.chain([pause]).flatten().min();
        let clock = &self.desk.run.clock;
        let limit = next.map(|at| at.since(clock.mono()));
        self.events.clear();
        timed(
            &mut self.observer,
            clock,
            OperationKind::Wait,
            |came| (u32::try_from(*came).unwrap_or(u32::MAX), 0),
            || self.desk.poller.wait(&mut self.events, limit),
        )?;
        let mut accepts = false;
        for event in self.events.iter() {
            accepts |= event.key == LISTENER;
            if let Some(conversation) = self.conversations.get_mut(&event.key) {
                conversation.event(event, &mut self.desk);
            }
        }
        for message in self.desk.mailbox.take() {
            self.deliver(message);
        }
        Ok(accepts)
    }

    fn deliver(&mut self, message: Message) {
        match message {
            Message::Stored(key, id, decision) => {
                // A decision for a conversation that has ended is nobody's.
                if let Some(one) = self.conversations.get_mut(&key)
                    && one.is_running()
                {
                    let decision = &decision;
                    one.feed(Input::Stored { id, decision }, &mut self.desk);
                }
            }
            Message::Line(line) => {
                self.desk.lines.iter_mut().for_each(LineReader::came);
                let mut all = self.conversations.values_mut();
                if let Some(one) = all.find(|one| one.wants_line()) {
                    let input = match &line {
                        LineEvent::Line(line) => Input::Line(line),
                        LineEvent::End => Input::InputEnd,
                    };
                    one.feed(input, &mut self.desk);
                }
            }
        }
    }
}

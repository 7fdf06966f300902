//! One machine on one thread.

use std::io::{self, ErrorKind};
use std::mem;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use socklab_core::register::{Decision, StoreId};
use socklab_core::{
    CLOSE_LIMIT, Doing, Failure, FaultKind, Input, Link, Machine, OperationKind, Outbox, Output,
    Pump, Socket, Status, Transport, Watch,
};
use socklab_system::{LineEvent, LineReader, Run, StopGuard, fault, socket, timed};

use crate::wire::{Received, Wire};

/// What comes from other threads.
enum Event {
    Line(LineEvent),
    Stored(StoreId, Decision),
    Wake,
}

/// What carrying out an output causes, to be fed when all outputs are carried out.
enum Caused {
    Opened { link: Link, local: SocketAddr },
    Finished(Link),
    Fault(Doing, io::Error),
}

/// How many receive errors of the same socket may follow each other before it counts as broken.
/// Errors that peers can cause do not count: they are endless, and mean nothing.
const BROKEN: u32 = 100;

/// One machine with its socket, its lines and its time-outs.
pub(crate) struct Conversation<'a, M, W: Watch> {
    pump: Pump<M, W::Observer>,
    wire: Wire,
    run: &'a Run<W>,
    out: Outbox,
    buffer: Vec<u8>,
    events: Receiver<Event>,
    sender: Sender<Event>,
    lines: Option<LineReader>,
    waker: Option<StopGuard>,
    /// A signal rings a bell at the socket, and no thread waits for signals.
    bell: bool,
    watcher: Option<StopGuard>,
    stopping: bool,
    /// The stream has ended: from now on it only says so again.
    ended: bool,
    errors: u32,
    broken: Option<Failure>,
}

impl<'a, M: Machine, W: Watch> Conversation<'a, M, W> {
    pub(crate) fn new(machine: M, observer: W::Observer, wire: Wire, run: &'a Run<W>) -> Self {
        let (sender, events) = channel();
        let mut conversation = Conversation {
            pump: Pump::new(machine, observer),
            wire: Wire::Closed,
            run,
            out: Outbox::new(),
            buffer: Vec::new(),
            events,
            sender,
            lines: None,
            waker: None,
            bell: false,
            watcher: None,
            stopping: false,
            ended: false,
            errors: 0,
            broken: None,
        };
        conversation.connect(wire);
        conversation
    }

    /// Runs the machine to its end. `first` is what follows the start: the socket that it has.
    pub(crate) fn run(mut self, first: &[Input<'_>]) -> Status {
        self.feed(Input::Start);
        for input in first {
            if self.pump.is_running() {
                self.feed(*input);
            }
        }
        while self.pump.is_running() {
            if self.run.stop.requested() && !self.stopping {
                self.stopping = true;
                self.feed(Input::Stop);
            } else if self.due() {
                self.feed(Input::Timer);
            } else if self.wire.has_unsent() {
                self.write();
            } else if self.pump.interest().network && !self.ended {
                self.receive();
            } else {
                self.wait();
            }
            if let Some(failure) = self.broken {
                return Status::Failed(failure);
            }
        }
        self.close();
        self.pump.status()
    }

    /// Takes a socket, and leaves a stop a way to wake whoever blocks on it.
    fn connect(&mut self, wire: Wire) {
        self.buffer.resize(wire.buffer(), 0);
        let (wake, sender) = (wire.waker(), self.sender.clone());
        let wake = move || {
            let _ = sender.send(Event::Wake);
            wake();
        };
        let stop = &self.run.stop;
        let bell = wire.bell();
        self.bell = bell.is_some();
        self.waker = Some(match bell {
            Some(bell) => stop.on_request_or_bell(bell, wake),
            None => stop.on_request(wake),
        });
        self.wire = wire;
    }

    fn due(&self) -> bool {
        self.pump.deadline().is_some() && self.pump.due(self.run.clock.mono())
    }

    /// How long to block at most.
    fn limit(&self) -> Option<Duration> {
        self.pump.deadline()?;
        self.pump.timeout(self.run.clock.mono())
    }

    /// Hands an input to the machine and carries out what it asks for.
    fn feed(&mut self, input: Input<'_>) {
        self.pump.feed(self.run.clock.now(), input, &mut self.out);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        // What outputs cause is fed after the last of them, in order.
        let mut caused = Vec::new();
        let mut out = mem::take(&mut self.out);
        for output in out.iter() {
            match output {
                Output::Open {
                    socket,
                    transport,
                    to,
                } => {
                    debug_assert_eq!(socket, Socket(0), "one thread waits for one socket");
                    caused.push(self.open(transport, to));
                }
                Output::Send { link, bytes } => {
                    if let Err(error) = self.send(link, bytes) {
                        caused.push(Caused::Fault(Doing::Sending, error));
                    }
                }
                Output::Finish { link } => caused.extend(self.finish(link)),
                Output::Abort { .. } => self.wire.abort(),
                Output::Store { id, attempt } => self.store(id, attempt.clone()),
                Output::Prompt(_) | Output::Show { .. } | Output::Notice(_) => {
                    self.run.console.tell(&output);
                }
            }
        }
        out.clear();
        self.out = out;
        for cause in caused {
            if !self.pump.is_running() {
                break;
            }
            match cause {
                Caused::Opened { link, local } => self.feed(Input::Opened { link, local }),
                Caused::Finished(link) => self.feed(Input::Finished { link }),
                Caused::Fault(doing, error) => self.fault(doing, &error),
            }
        }
    }

    fn open(&mut self, transport: Transport, to: SocketAddr) -> Caused {
        let limit = self.limit();
        let link = Link::first(to);
        let opened = timed(
            self.pump.observer(),
            &self.run.clock,
            OperationKind::Connect,
            |_| (1, 0),
            || match transport {
                Transport::Datagram => {
                    let udp = socket::datagram_client(to)?;
                    Ok((udp.local_addr()?, Wire::datagram(udp, link)))
                }
                Transport::Stream => {
                    let tcp = socket::stream_client(to, limit)?;
                    Ok((tcp.local_addr()?, Wire::stream(tcp, link)))
                }
            },
        );
        match opened {
            Ok((local, wire)) => {
                self.connect(wire);
                Caused::Opened { link, local }
            }
            Err(error) => Caused::Fault(Doing::Opening, error),
        }
    }

    fn send(&mut self, link: Link, bytes: &[u8]) -> io::Result<()> {
        let wire = &mut self.wire;
        if let Wire::Stream { .. } = wire {
            // They are only put behind the others: the operation is the write.
            return wire.send(link, bytes).map(drop);
        }
        timed(
            self.pump.observer(),
            &self.run.clock,
            OperationKind::Send,
            |len| (1, *len),
            || {
                loop {
                    match wire.send(link, bytes) {
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        result => return result,
                    }
                }
            },
        )?;
        Ok(())
    }

    fn store(&mut self, id: StoreId, attempt: socklab_core::register::Attempt) {
        let sender = self.sender.clone();
        // If the conversation is over by then, nobody listens, and the decision is dropped.
        let done = Box::new(move |decision| {
            let _ = sender.send(Event::Stored(id, decision));
        });
        match &self.run.register {
            Some(register) => register.store(attempt, done),
            None => done(Decision::Unavailable),
        }
    }

    /// Blocks in the system until something comes from the network, or the deadline.
    fn receive(&mut self) {
        let limit = self.limit();
        if limit.is_some_and(|limit| limit.is_zero()) {
            return;
        }
        let mut buffer = mem::take(&mut self.buffer);
        let (wire, clock) = (&mut self.wire, &self.run.clock);
        let received = timed(
            self.pump.observer(),
            clock,
            OperationKind::Receive,
            Received::moved,
            || wire.receive::<W::Observer>(&mut buffer, limit, clock),
        );
        match received {
            Ok(Received::Alarm) => {}
            // A stop ends what can be received, which looks like an end or an empty datagram; the
            // machine hears of the stop first.
            Ok(Received::End(_) | Received::Datagram(_, 0, _)) | Err(_)
                if self.run.stop.requested() && !self.stopping => {}
            Ok(Received::Datagram(link, len, _)) => {
                self.errors = 0;
                let bytes = &buffer[..len];
                self.feed(Input::Datagram { link, bytes });
            }
            Ok(Received::Bytes(link, len)) => {
                let bytes = &buffer[..len];
                self.feed(Input::Bytes { link, bytes });
            }
            Ok(Received::End(link)) => {
                self.ended = true;
                self.feed(Input::End { link });
            }
            // The loop looks at the clock and at the stop.
            Err(error) if is_timeout(&error) || error.kind() == ErrorKind::Interrupted => {}
            Err(error) => self.fault(Doing::Receiving, &error),
        }
        self.buffer = buffer;
    }

    /// Blocks in the system until the peer takes more bytes, or the deadline.
    ///
    /// A stop cannot wake a blocked write without cutting off what it writes, so the write itself
    /// ends after a while, to look around.
    fn write(&mut self) {
        let limit = self.limit().unwrap_or(CLOSE_LIMIT).min(CLOSE_LIMIT);
        if limit.is_zero() {
            return;
        }
        match self.write_some(limit) {
            Err(error) if is_timeout(&error) || error.kind() == ErrorKind::Interrupted => {}
            Err(error) => self.fault(Doing::Sending, &error),
            Ok(_) => match self.wire.try_finish() {
                Some(Ok(link)) => self.feed(Input::Finished { link }),
                Some(Err(error)) => self.fault(Doing::Sending, &error),
                None => {}
            },
        }
    }

    fn write_some(&mut self, limit: Duration) -> io::Result<usize> {
        let wire = &mut self.wire;
        timed(
            self.pump.observer(),
            &self.run.clock,
            OperationKind::Send,
            |len| (1, *len),
            || wire.write(Some(limit)),
        )
    }

    /// Nothing more will be sent: a stream's writing side is closed once all is written; a
    /// datagram socket is asked what it knows.
    fn finish(&mut self, link: Link) -> Option<Caused> {
        self.wire.finish();
        let finished = match self.wire {
            Wire::Stream { .. } => self.wire.try_finish()?,
            _ => self.wire.pending_error().map(|()| link),
        };
        Some(match finished {
            Ok(link) => Caused::Finished(link),
            Err(error) => Caused::Fault(Doing::Sending, error),
        })
    }

    /// Waits for another thread: for the user's line, for the register, for a stop.
    fn wait(&mut self) {
        if self.pump.interest().line && !self.ask_for_line() {
            return self.feed(Input::InputEnd);
        }
        if self.bell {
            // It ends a receive, and this is none: here another thread must tell of a signal.
            self.bell = false;
            self.watcher = Some(self.run.stop.on_request(|| {}));
            // One that came just before told nobody.
            if self.run.stop.requested() && !self.stopping {
                return;
            }
        }
        let limit = self.limit();
        let events = &self.events;
        let event = timed(
            self.pump.observer(),
            &self.run.clock,
            OperationKind::Wait,
            |_| (1, 0),
            || {
                match limit {
                    Some(limit) => events.recv_timeout(limit).map_err(|_| ErrorKind::TimedOut),
                    None => events.recv().map_err(|_| ErrorKind::NotConnected),
                }
                .map_err(io::Error::from)
            },
        );
        match event {
            Ok(Event::Line(line)) => {
                if let Some(lines) = &mut self.lines {
                    lines.came();
                }
                match line {
                    // It was asked for, and is not wanted any more.
                    _ if !self.pump.interest().line => {}
                    LineEvent::Line(line) => self.feed(Input::Line(&line)),
                    LineEvent::End => self.feed(Input::InputEnd),
                }
            }
            Ok(Event::Stored(id, decision)) => self.feed(Input::Stored {
                id,
                decision: &decision,
            }),
            Ok(Event::Wake) | Err(_) => {}
        }
    }

    /// Asks for the user's next line; `false` if nobody types.
    fn ask_for_line(&mut self) -> bool {
        if self.lines.is_none()
            && let Some(source) = self.run.take_lines()
        {
            let sender = self.sender.clone();
            let sink = move |event| {
                let _ = sender.send(Event::Line(event));
            };
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

    fn fault(&mut self, doing: Doing, error: &io::Error) {
        let fault = fault(error);
        if matches!(fault.kind, FaultKind::Other | FaultKind::Exhausted) {
            self.errors += 1;
            self.broken = (self.errors > BROKEN).then_some(Failure::Io(doing, fault));
        }
        self.feed(Input::Fault {
            socket: Socket(0),
            doing,
            fault,
        });
    }

    /// Writes what is left, for as long as a machine that is done may take.
    fn close(&mut self) {
        let end = self.run.clock.mono().plus(CLOSE_LIMIT);
        while self.wire.has_unsent() {
            let left = end.since(self.run.clock.mono());
            if left.is_zero() {
                return self.wire.abort();
            }
            if let Err(error) = self.write_some(left)
                && !is_timeout(&error)
                && error.kind() != ErrorKind::Interrupted
            {
                return;
            }
        }
    }
}

/// A blocking call's own time-out: `WouldBlock` on Unix, `TimedOut` on Windows. On Unix `TimedOut`
/// is something else, a connection that the system has given up.
fn is_timeout(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock || cfg!(windows) && error.kind() == ErrorKind::TimedOut
}

//! A runtime on `poll`, through the `polling` crate: one thread, one list of sockets, interest that is asked for anew after
//! each event.
//!
//! An example of a driver, whole and simple rather than fast: it passes the same kit as the others.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use polling::{Event, Events, Poller};
use socklab_core::register::{Decision, StoreId};
use socklab_core::{
    CLOSE_LIMIT, Doing, Failure, FaultKind, Input, Link, Machine, Mono, Notice, Observer,
    OperationKind, Outbox, Output, Pump, Service, Socket, Status, Subject, Transport, Watch,
};
use socklab_system::{
    AcceptPause, Backend, LineEvent, LineReader, Run, StopGuard, Unsent, fault, socket, timed,
};

/// How many bytes may wait to be written before a machine is given no more to answer.
const HIGH_WATER: usize = 64 * 1024;

/// How often one socket is read before the others have their turn.
const TURNS: usize = 16;

/// The key of the listening socket; those of conversations count up from 0.
const LISTENER: usize = usize::MAX - 1;

/// This I/O model.
#[derive(Clone, Copy, Debug)]
pub struct Poll;

impl Backend for Poll {
    const NAME: &'static str = "poll";

    fn client<M: Machine + 'static, W: Watch + 'static>(machine: M, run: &Arc<Run<W>>) -> Status {
        alone(machine, Wire::Closed, &[], run)
    }

    fn serve_datagrams<M: Machine + 'static, W: Watch + 'static>(
        address: SocketAddr,
        machine: M,
        run: &Arc<Run<W>>,
    ) -> Status {
        let bound = socket::datagram_server(address).and_then(|udp| Ok((udp.local_addr()?, udp)));
        match bound {
            Ok((local, udp)) => {
                let socket = Socket(0);
                alone(
                    machine,
                    Wire::Datagram(udp, None),
                    &[Input::Bound { socket, local }],
                    run,
                )
            }
            Err(error) => Status::Failed(Failure::Listen(address, fault(&error))),
        }
    }

    fn serve_streams<S: Service + 'static, W: Watch + 'static>(
        address: SocketAddr,
        service: Arc<S>,
        run: &Arc<Run<W>>,
    ) -> Status {
        let bound = socket::stream_server(address).and_then(|tcp| Ok((tcp.local_addr()?, tcp)));
        let (local, listener) = match bound {
            Ok(bound) => bound,
            Err(error) => return Status::Failed(Failure::Listen(address, fault(&error))),
        };
        let served = Loop::new(run).and_then(|mut all| {
            run.console.notice(Notice::Ready(local));
            all.serve(listener, local, &*service)
        });
        served.unwrap_or_else(|error| Status::Failed(Failure::Io(Doing::Opening, fault(&error))))
    }
}

/// Runs one machine to its end.
fn alone<M: Machine, W: Watch>(
    machine: M,
    wire: Wire,
    first: &[Input<'_>],
    run: &Run<W>,
) -> Status {
    let run_it = || -> io::Result<Status> {
        let mut all = Loop::new(run)?;
        let observer = run.watch.watch(Subject::Endpoint);
        all.begin(machine, observer, wire, first);
        loop {
            if let Some(status) = all.settle() {
                return Ok(status);
            }
            all.wait(None, None)?;
        }
    };
    run_it().unwrap_or_else(|error| Status::Failed(Failure::Io(Doing::Opening, fault(&error))))
}

/// A socket of either kind, none of which blocks.
enum Wire {
    Closed,
    /// With its peer, if it is a client's.
    Datagram(UdpSocket, Option<Link>),
    Stream(TcpStream, Link),
}

/// One machine with its socket.
struct Talk<M, O> {
    pump: Pump<M, O>,
    wire: Wire,
    /// The poller knows the socket.
    known: bool,
    connecting: bool,
    /// What the poller looks for: something to read, room to write.
    asked: (bool, bool),
    /// There is nothing more to read: the stream has ended, or the link is broken.
    ended: bool,
    unsent: Unsent,
    /// Datagrams for which there was no room.
    datagrams: VecDeque<(Link, Vec<u8>)>,
    finishing: Option<Link>,
    /// The machine has ended; until when its last bytes may take to leave.
    closing: Option<Mono>,
}

/// What an output or an event leads to, fed when its turn comes.
enum Next {
    Opened(Link, SocketAddr),
    Finished(Link),
    Fault(Doing, io::Error),
}

/// Word from other threads.
enum Message {
    Line(LineEvent),
    Stored(usize, StoreId, Decision),
}

/// One thread, and all that it waits for.
struct Loop<'a, M, W: Watch> {
    run: &'a Run<W>,
    poller: Arc<Poller>,
    events: Events,
    mail: Arc<Mutex<Vec<Message>>>,
    talks: BTreeMap<usize, Talk<M, W::Observer>>,
    next_key: usize,
    observer: W::Observer,
    out: Outbox,
    buffer: Vec<u8>,
    lines: Option<LineReader>,
    stopping: bool,
    _waker: StopGuard,
}

impl<'a, M: Machine, W: Watch> Loop<'a, M, W> {
    fn new(run: &'a Run<W>) -> io::Result<Self> {
        let poller = Arc::new(Poller::new()?);
        let waker = Arc::clone(&poller);
        Ok(Loop {
            run,
            poller,
            events: Events::new(),
            mail: Arc::default(),
            talks: BTreeMap::new(),
            next_key: 0,
            observer: run.watch.watch(Subject::Driver),
            out: Outbox::new(),
            buffer: vec![0; socket::DATAGRAM_BUFFER],
            lines: None,
            stopping: false,
            _waker: run.stop.on_request(move || drop(waker.notify())),
        })
    }

    /// Serves until told to stop, and until the last conversation has ended.
    fn serve<S: Service<Machine = M>>(
        &mut self,
        listener: TcpListener,
        local: SocketAddr,
        service: &S,
    ) -> io::Result<Status> {
        listener.set_nonblocking(true)?;
        // SAFETY: it is deleted from the poller before it is dropped, below.
        unsafe { self.poller.add(&listener, Event::none(LISTENER))? };
        let mut listener = Some(listener);
        let mut pause = AcceptPause::default();
        let mut number = 0;
        loop {
            let before = self.talks.len();
            let _ = self.settle();
            if self.stopping
                && let Some(listener) = listener.take()
            {
                self.poller.delete(&listener)?;
            }
            if listener.is_none() && self.talks.is_empty() {
                return Ok(Status::Stopped);
            }
            let over = pause.until().is_some_and(|at| at <= self.run.clock.mono());
            if over || self.talks.len() < before {
                pause.end();
            }
            let room = self.talks.len() < self.run.max_connections && pause.until().is_none();
            if let Some(listener) = listener.as_ref().filter(|_| room) {
                self.poller.modify(listener, Event::readable(LISTENER))?;
            }
            if !self.wait(listener.as_ref(), pause.until())? {
                continue;
            }
            let Some(tcp) = &listener else { continue };
            let clock = &self.run.clock;
            match timed(
                &mut self.observer,
                clock,
                OperationKind::Accept,
                |_| (1, 0),
                || tcp.accept(),
            ) {
                Ok((stream, peer)) => {
                    let news = pause.accepted(clock.mono());
                    news.into_iter()
                        .for_each(|news| self.run.console.notice(news));
                    number += 1;
                    let link = Link::first(peer);
                    let subject = Subject::Connection {
                        number,
                        peer,
                        local,
                    };
                    let observer = self.run.watch.watch(subject);
                    let wire = Wire::Stream(stream, link);
                    self.begin(
                        service.accept(link),
                        observer,
                        wire,
                        &[Input::Opened { link, local }],
                    );
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(error) if fault(&error).kind == FaultKind::Reset => {}
                Err(error) => {
                    let news = pause.refused(clock.mono(), fault(&error));
                    news.into_iter()
                        .for_each(|news| self.run.console.notice(news));
                }
            }
        }
    }

    fn begin(&mut self, machine: M, observer: W::Observer, wire: Wire, first: &[Input<'_>]) {
        let mut talk = Talk {
            pump: Pump::new(machine, observer),
            wire: Wire::Closed,
            known: false,
            connecting: false,
            asked: (false, false),
            ended: false,
            unsent: Unsent::default(),
            datagrams: VecDeque::new(),
            finishing: None,
            closing: None,
        };
        let key = self.next_key;
        self.next_key += 1;
        self.take_socket(&mut talk, key, wire, false);
        self.feed(&mut talk, key, Input::Start);
        for input in first {
            if talk.pump.is_running() {
                self.feed(&mut talk, key, *input);
            }
        }
        self.talks.insert(key, talk);
    }

    /// From now on the poller knows the socket, which does not block.
    fn take_socket(
        &self,
        talk: &mut Talk<M, W::Observer>,
        key: usize,
        wire: Wire,
        connecting: bool,
    ) {
        // SAFETY (both): `drop_socket` deletes it from the poller before it is dropped.
        let added = match &wire {
            Wire::Closed => return,
            Wire::Datagram(udp, _) => udp
                .set_nonblocking(true)
                .and_then(|()| unsafe { self.poller.add(udp, Event::none(key)) }),
            Wire::Stream(tcp, _) => tcp
                .set_nonblocking(true)
                .and_then(|()| unsafe { self.poller.add(tcp, Event::none(key)) }),
        };
        talk.wire = wire;
        talk.known = added.is_ok();
        talk.connecting = connecting;
    }

    fn drop_socket(&self, talk: &mut Talk<M, W::Observer>) {
        let _ = match &talk.wire {
            Wire::Datagram(udp, _) if talk.known => self.poller.delete(udp),
            Wire::Stream(tcp, _) if talk.known => self.poller.delete(tcp),
            _ => Ok(()),
        };
        talk.wire = Wire::Closed;
        (talk.unsent, talk.datagrams) = (Unsent::default(), VecDeque::new());
    }

    /// Hands an input to a machine, and carries out what it asks for, and what that leads to.
    fn feed(&mut self, talk: &mut Talk<M, W::Observer>, key: usize, input: Input<'_>) {
        let now = self.run.clock.now();
        talk.pump.feed(now, input, &mut self.out);
        let mut next = VecDeque::new();
        self.carry_out(talk, key, &mut next);
        while let Some(one) = next.pop_front().filter(|_| talk.pump.is_running()) {
            let input = match one {
                Next::Opened(link, local) => Input::Opened { link, local },
                Next::Finished(link) => Input::Finished { link },
                Next::Fault(doing, error) => {
                    talk.ended |= matches!(talk.wire, Wire::Stream(..));
                    let socket = Socket(0);
                    let fault = fault(&error);
                    Input::Fault {
                        socket,
                        doing,
                        fault,
                    }
                }
            };
            talk.pump.feed(now, input, &mut self.out);
            self.carry_out(talk, key, &mut next);
        }
        if !talk.pump.is_running() && talk.closing.is_none() {
            talk.closing = Some(now.mono.plus(CLOSE_LIMIT));
        }
    }

    fn carry_out(
        &mut self,
        talk: &mut Talk<M, W::Observer>,
        key: usize,
        next: &mut VecDeque<Next>,
    ) {
        let transport = match talk.wire {
            Wire::Stream(..) => Transport::Stream,
            _ => Transport::Datagram,
        };
        let out = std::mem::take(&mut self.out);
        for output in out.iter_over(transport) {
            match output {
                Output::Open { transport, to, .. } => match self.open(talk, key, transport, to) {
                    Ok(opened) => next.extend(opened),
                    Err(error) => next.push_back(Next::Fault(Doing::Opening, error)),
                },
                Output::Send { link, bytes } => {
                    if let Wire::Datagram(..) = talk.wire {
                        talk.datagrams.push_back((link, bytes.to_vec()));
                    } else {
                        talk.unsent.push(bytes);
                    }
                    next.extend(self.flush(talk));
                }
                Output::Finish { link } => {
                    talk.finishing = Some(link);
                    next.extend(self.flush(talk));
                }
                Output::Abort { .. } => {
                    if let Wire::Stream(tcp, _) = &talk.wire {
                        socket::reset_on_close(tcp);
                    }
                    self.drop_socket(talk);
                }
                Output::Store { id, attempt } => {
                    let (mail, poller) = (Arc::clone(&self.mail), Arc::clone(&self.poller));
                    let done = Box::new(move |decision| {
                        leave(&mail, &poller, Message::Stored(key, id, decision));
                    });
                    match &self.run.register {
                        Some(register) => register.store(attempt.clone(), done),
                        None => done(Decision::Unavailable),
                    }
                }
                Output::Prompt(_) | Output::Show { .. } | Output::Notice(_) => {
                    self.run.console.tell(&output);
                }
            }
        }
        self.out = out;
        self.out.clear();
    }

    fn open(
        &mut self,
        talk: &mut Talk<M, W::Observer>,
        key: usize,
        transport: Transport,
        to: SocketAddr,
    ) -> io::Result<Option<Next>> {
        let link = Link::first(to);
        if transport == Transport::Datagram {
            let udp = socket::datagram_client(to)?;
            let local = udp.local_addr()?;
            self.take_socket(talk, key, Wire::Datagram(udp, Some(link)), false);
            return Ok(Some(Next::Opened(link, local)));
        }
        let tcp = socket2::Socket::new(
            socket2::Domain::for_address(to),
            socket2::Type::STREAM,
            None,
        )?;
        tcp.set_nonblocking(true)?;
        match tcp.connect(&to.into()) {
            // The system goes on with it, and the socket is writable when it is done.
            Err(error) if !in_progress(&error) => return Err(error),
            _ => self.take_socket(talk, key, Wire::Stream(tcp.into(), link), true),
        }
        Ok(None)
    }

    /// Writes what the system takes; when nothing is left, finishes what was to be finished.
    fn flush(&mut self, talk: &mut Talk<M, W::Observer>) -> Option<Next> {
        if talk.connecting {
            return None;
        }
        let clock = &self.run.clock;
        while !talk.unsent.is_empty() || !talk.datagrams.is_empty() {
            let (wire, unsent) = (&mut talk.wire, talk.unsent.as_slice());
            let first = talk.datagrams.front();
            let sent = timed(
                talk.pump.observer(),
                clock,
                OperationKind::Send,
                |len| (1, *len),
                || match (wire, first) {
                    (Wire::Datagram(udp, Some(_)), Some((_, bytes))) => udp.send(bytes),
                    (Wire::Datagram(udp, None), Some((link, bytes))) => {
                        udp.send_to(bytes, link.peer)
                    }
                    (Wire::Stream(tcp, _), _) => tcp.write(unsent),
                    _ => Err(ErrorKind::NotConnected.into()),
                },
            );
            match sent {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                sent => {
                    if talk.datagrams.pop_front().is_none() {
                        talk.unsent
                            .wrote(*sent.as_ref().unwrap_or(&talk.unsent.len()));
                    }
                    if let Err(error) = sent {
                        return Some(Next::Fault(Doing::Sending, error));
                    }
                }
            }
        }
        let link = talk.finishing.take()?;
        let finished = match &talk.wire {
            Wire::Closed => Ok(()),
            Wire::Datagram(udp, _) => udp.take_error().and_then(|error| error.map_or(Ok(()), Err)),
            Wire::Stream(tcp, _) => tcp.shutdown(Shutdown::Write),
        };
        Some(match finished {
            Ok(()) => Next::Finished(link),
            Err(error) => Next::Fault(Doing::Sending, error),
        })
    }

    /// Reads while there is something and the machine wants it.
    fn read(&mut self, talk: &mut Talk<M, W::Observer>, key: usize) {
        for _ in 0..TURNS {
            if !talk.wants_to_read() {
                return;
            }
            let mut buffer = std::mem::take(&mut self.buffer);
            let (wire, clock) = (&mut talk.wire, &self.run.clock);
            let got = timed(
                talk.pump.observer(),
                clock,
                OperationKind::Receive,
                |(_, len)| (1, *len),
                || match wire {
                    Wire::Closed => Err(ErrorKind::WouldBlock.into()),
                    Wire::Datagram(udp, Some(link)) => Ok((*link, udp.recv(&mut buffer)?)),
                    Wire::Datagram(udp, None) => {
                        let (len, peer) = udp.recv_from(&mut buffer)?;
                        Ok((Link::first(peer), len))
                    }
                    Wire::Stream(tcp, link) => Ok((*link, tcp.read(&mut buffer)?)),
                },
            );
            let stream = matches!(talk.wire, Wire::Stream(..));
            let more = match got {
                Ok((link, 0)) if stream => {
                    talk.ended = true;
                    self.feed(talk, key, Input::End { link });
                    false
                }
                Ok((link, len)) => {
                    let bytes = &buffer[..len];
                    self.feed(
                        talk,
                        key,
                        match stream {
                            true => Input::Bytes { link, bytes },
                            false => Input::Datagram { link, bytes },
                        },
                    );
                    true
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => false,
                Err(error) if error.kind() == ErrorKind::Interrupted => true,
                Err(error) => {
                    talk.ended |= stream;
                    let (socket, fault) = (Socket(0), fault(&error));
                    self.feed(
                        talk,
                        key,
                        Input::Fault {
                            socket,
                            doing: Doing::Receiving,
                            fault,
                        },
                    );
                    !stream
                }
            };
            self.buffer = buffer;
            if !more {
                return;
            }
        }
    }

    /// The connection that was being opened is open, or is not to be had.
    fn opened(&mut self, talk: &mut Talk<M, W::Observer>, key: usize) {
        let Wire::Stream(tcp, link) = &talk.wire else {
            return;
        };
        let link = *link;
        let opened = match tcp.take_error() {
            Ok(Some(error)) | Err(error) => Err(error),
            Ok(None) => match tcp.peer_addr() {
                Err(error) if error.kind() == ErrorKind::NotConnected => return,
                Err(error) => Err(error),
                Ok(_) => tcp.local_addr(),
            },
        };
        talk.connecting = false;
        match opened {
            Ok(local) => self.feed(talk, key, Input::Opened { link, local }),
            Err(error) => {
                talk.ended = true;
                let (socket, fault) = (Socket(0), fault(&error));
                self.feed(
                    talk,
                    key,
                    Input::Fault {
                        socket,
                        doing: Doing::Opening,
                        fault,
                    },
                );
            }
        }
    }

    /// Tells machines what needs no socket: a stop, the time, that the user is to type. Takes out those that have ended,
    /// and has the poller look for what the others want. How the last to end ended.
    fn settle(&mut self) -> Option<Status> {
        let stop = self.run.stop.requested()
            && !std::mem::replace(&mut self.stopping, self.run.stop.requested());
        let mut ended = None;
        for key in self.talks.keys().copied().collect::<Vec<_>>() {
            let Some(mut talk) = self.talks.remove(&key) else {
                continue;
            };
            let now = self.run.clock.mono();
            if stop && talk.pump.is_running() {
                self.feed(&mut talk, key, Input::Stop);
            }
            if talk.pump.due(now) {
                self.feed(&mut talk, key, Input::Timer);
            }
            if talk.pump.is_running() && talk.pump.interest().line && !self.ask_for_line() {
                self.feed(&mut talk, key, Input::InputEnd);
            }
            let late = talk.closing.is_some_and(|at| at <= now);
            if !talk.pump.is_running() && (late || !talk.has_unsent()) {
                ended = Some(talk.pump.status());
                self.drop_socket(&mut talk);
                continue;
            }
            // Interest lasts for one event, so it is always what the machine wants now.
            let wants = (talk.wants_to_read(), talk.connecting || talk.has_unsent());
            if std::mem::replace(&mut talk.asked, wants) != wants {
                let interest = Event::new(key, wants.0, wants.1);
                let _ = match &talk.wire {
                    Wire::Closed => Ok(()),
                    Wire::Datagram(udp, _) => self.poller.modify(udp, interest),
                    Wire::Stream(tcp, _) => self.poller.modify(tcp, interest),
                };
            }
            self.talks.insert(key, talk);
        }
        ended
    }

    /// The one place where the program waits. Gives what comes to whom it is for; whether a connection waits to be accepted.
    fn wait(&mut self, listener: Option<&TcpListener>, pause: Option<Mono>) -> io::Result<bool> {
        let deadlines = self.talks.values().filter_map(Talk::deadline);
        let now = self.run.clock.mono();
        let limit = deadlines
            .chain(pause)
            .min()
            .map(|at| round_up(at.since(now)));
        let (poller, events) = (&self.poller, &mut self.events);
        events.clear();
        let count = |n: &usize| (u32::try_from(*n).unwrap_or(u32::MAX), 0);
        timed(
            &mut self.observer,
            &self.run.clock,
            OperationKind::Wait,
            count,
            || poller.wait(events, limit),
        )?;
        let came: Vec<Event> = self.events.iter().collect();
        let mut accepts = false;
        for event in came {
            accepts |= event.key == LISTENER && listener.is_some();
            let Some(mut talk) = self.talks.remove(&event.key) else {
                continue;
            };
            talk.asked = (false, false);
            if talk.connecting {
                self.opened(&mut talk, event.key);
            }
            if event.writable
                && let Some(next) = self.flush(&mut talk)
            {
                self.follow(&mut talk, event.key, next);
            }
            if event.readable {
                self.read(&mut talk, event.key);
            }
            self.talks.insert(event.key, talk);
        }
        let mail = std::mem::take(&mut *self.mail.lock().unwrap_or_else(PoisonError::into_inner));
        for message in mail {
            self.deliver(message);
        }
        Ok(accepts)
    }

    /// Feeds what writing later led to.
    fn follow(&mut self, talk: &mut Talk<M, W::Observer>, key: usize, next: Next) {
        if !talk.pump.is_running() {
            // Its last bytes have nowhere to go, or have gone.
            if let Next::Fault(..) = next {
                self.drop_socket(talk);
            }
            return;
        }
        match next {
            Next::Finished(link) => self.feed(talk, key, Input::Finished { link }),
            Next::Opened(link, local) => self.feed(talk, key, Input::Opened { link, local }),
            Next::Fault(doing, error) => {
                talk.ended |= matches!(talk.wire, Wire::Stream(..));
                let (socket, fault) = (Socket(0), fault(&error));
                self.feed(
                    talk,
                    key,
                    Input::Fault {
                        socket,
                        doing,
                        fault,
                    },
                );
            }
        }
    }

    fn deliver(&mut self, message: Message) {
        let key = match &message {
            Message::Stored(key, ..) => *key,
            Message::Line(_) => {
                self.lines.iter_mut().for_each(LineReader::came);
                0
            }
        };
        // A decision for a conversation that has ended is nobody's.
        let Some(mut talk) = self.talks.remove(&key) else {
            return;
        };
        let wants_line = talk.pump.interest().line;
        match message {
            _ if !talk.pump.is_running() => {}
            Message::Stored(_, id, decision) => {
                let decision = &decision;
                self.feed(&mut talk, key, Input::Stored { id, decision });
            }
            Message::Line(_) if !wants_line => {}
            Message::Line(LineEvent::Line(line)) => self.feed(&mut talk, key, Input::Line(&line)),
            Message::Line(LineEvent::End) => self.feed(&mut talk, key, Input::InputEnd),
        }
        self.talks.insert(key, talk);
    }

    /// Asks for the user's next line; `false` if nobody types.
    fn ask_for_line(&mut self) -> bool {
        if self.lines.is_none()
            && let Some(source) = self.run.take_lines()
        {
            let (mail, poller) = (Arc::clone(&self.mail), Arc::clone(&self.poller));
            let sink = move |event| leave(&mail, &poller, Message::Line(event));
            self.lines = LineReader::spawn(source, sink).ok();
        }
        self.lines.as_mut().map(LineReader::ask).is_some()
    }
}

impl<M: Machine, O: Observer> Talk<M, O> {
    fn has_unsent(&self) -> bool {
        !self.unsent.is_empty() || !self.datagrams.is_empty()
    }

    fn wants_to_read(&self) -> bool {
        let full = self.unsent.len() >= HIGH_WATER || !self.datagrams.is_empty();
        let open = !self.ended && !self.connecting;
        open && !full && self.pump.is_running() && self.pump.interest().network
    }

    fn deadline(&self) -> Option<Mono> {
        self.closing
            .or(self.pump.deadline().map(|deadline| deadline.at))
    }
}

/// Leaves word, and wakes the loop.
fn leave(mail: &Mutex<Vec<Message>>, poller: &Poller, message: Message) {
    mail.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(message);
    let _ = poller.notify();
}

/// `poll` counts in milliseconds: to wake up early would be to wake up twice.
fn round_up(limit: Duration) -> Duration {
    let millis = limit.as_nanos().div_ceil(1_000_000);
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

fn in_progress(error: &io::Error) -> bool {
    // EINPROGRESS has no ErrorKind of its own on the oldest Rust that is promised.
    error.kind() == ErrorKind::WouldBlock || error.raw_os_error() == Some(IN_PROGRESS)
}

const IN_PROGRESS: i32 = if cfg!(windows) {
    10035
} else if cfg!(target_os = "linux") {
    115
} else {
    36
};

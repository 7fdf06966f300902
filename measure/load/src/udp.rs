//! Asks over UDP.

use std::io;
use std::net::SocketAddr;

use mio::event::Event;
use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use socket2::{Protocol, Type};

use crate::backoff::Backoff;
use crate::batch::{Incoming, Outgoing};
use crate::clock::{Clock, nanos};
use crate::plan::Plan;
use crate::run::{Clients, NEW_DATA_RAISES_EVENT, expiry_interval};
use crate::sources::{classify_failure, nonblocking};
use crate::tally::Tally;
use crate::text::{Content, MAX_FIRST_NUMBER, QuestionTemplate};
use crate::window::{Asked, Reply, Window};

/// Under an open load: how many datagrams one call receives at most.
const OPEN_BATCH: usize = 16;

/// The receive buffer asked for on each socket, in bytes.
const RECEIVE_BUFFER: usize = 4 << 20;

/// The sockets of a load, each with its questions in flight.
#[derive(Debug)]
pub(crate) struct UdpClients {
    template: QuestionTemplate,
    depth: u32,
    timeout: u64,
    connections: Vec<Connection>,
    incoming: Incoming,
    outgoing: Outgoing,
    /// Closed load: whether an answered question is followed by another.
    keep_asking: bool,
    turn: usize,
    in_flight: usize,
    /// Sockets for which the system had no room, and how many questions each could not send.
    waiting: Vec<(u32, usize)>,
    backoff: Backoff,
    next_expiry: u64,
}

#[derive(Debug)]
struct Connection {
    socket: UdpSocket,
    window: Window,
}

impl UdpClients {
    pub(crate) fn new(plan: &Plan, registry: &Registry) -> io::Result<UdpClients> {
        let template = QuestionTemplate::new(plan.payload, plan.ascii);
        let mut connections = Vec::with_capacity(plan.connections as usize);
        for token in 0..plan.connections as usize {
            let mut socket = connected(plan.to)?;
            registry.register(&mut socket, Token(token), Interest::READABLE)?;
            let window = Window::starting_at(plan.first % MAX_FIRST_NUMBER);
            connections.push(Connection { socket, window });
        }
        let batch = if plan.is_open() {
            OPEN_BATCH
        } else {
            plan.depth as usize
        };
        Ok(UdpClients {
            depth: plan.depth,
            timeout: nanos(plan.timeout),
            connections,
            incoming: Incoming::new(batch, template.reply_len()),
            outgoing: Outgoing::new(batch, template.bytes()),
            template,
            keep_asking: false,
            turn: 0,
            in_flight: 0,
            waiting: Vec::new(),
            backoff: Backoff::default(),
            next_expiry: 0,
        })
    }

    /// Sends `count` questions, which were due at `due` or are due now. Returns how many were sent.
    fn send_question(
        &mut self,
        at: u32,
        mut count: usize,
        due: Option<u64>,
        now: u64,
        tally: &mut Tally,
    ) -> io::Result<usize> {
        let asked = tally.ask(due.unwrap_or(now), now);
        let Connection { socket, window } = &mut self.connections[at as usize];
        let mut all = 0;
        while count > 0 {
            let some = count.min(self.outgoing.capacity());
            let before = window.in_flight();
            let first = window.next();
            for place in 0..some {
                let number = window.ask(asked);
                QuestionTemplate::number(at, number, self.outgoing.datagram(place));
            }
            let (mut sent, mut failed_once) = (0, false);
            while sent < some {
                match self.outgoing.send(socket, sent, some) {
                    Ok(more) => {
                        sent += more;
                        failed_once = false;
                    }
                    Err(error) if has_no_room(&error) => break,
                    Err(error) => {
                        classify_failure(error)?;
                        // An ICMP error from an earlier question surfaces on the next send. Charge
                        // it to the oldest question in flight and send again; a second error
                        // belongs to this one.
                        let earlier =
                            (!failed_once && window.in_flight() > some - sent).then_some(None);
                        let this = failed_once.then_some(Some(first + sent as u64));
                        if let Some((_, asked)) =
                            earlier.or(this).and_then(|which| window.give_up(which))
                        {
                            tally.refused(asked);
                            self.backoff.add(now, at);
                        }
                        sent += usize::from(failed_once);
                        failed_once = !failed_once;
                    }
                }
            }
            window.take_back(some - sent);
            tally.sent(asked, sent as u64);
            self.in_flight = self.in_flight + window.in_flight() - before;
            all += sent;
            count -= some;
            if sent < some {
                break;
            }
        }
        Ok(all)
    }

    /// Asks as many new questions as were closed.
    fn follow(&mut self, at: u32, count: usize, now: u64, tally: &mut Tally) -> io::Result<()> {
        if self.keep_asking && count > 0 {
            let sent = self.send_question(at, count, None, now, tally)?;
            if sent < count {
                self.waiting.push((at, count - sent));
            }
        }
        Ok(())
    }

    /// Receives replies. If `dry`, until no more have come.
    fn take(&mut self, at: u32, dry: bool, clock: &Clock, tally: &mut Tally) -> io::Result<()> {
        // Saves the last receive, which would find none: once no question is in flight, a datagram
        // that comes later raises a new event.
        let dry = dry || !NEW_DATA_RAISES_EVENT;
        let mut wanted = self.connections[at as usize].window.in_flight();
        loop {
            let socket = &self.connections[at as usize].socket;
            let count = match self.incoming.receive(socket) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => {
                    classify_failure(error)?;
                    self.refused(at, clock.now(), tally);
                    continue;
                }
            };
            let now = clock.now();
            let mut closed = 0;
            for place in 0..count {
                closed += usize::from(self.classify(at, place, now, tally));
            }
            self.in_flight -= closed;
            self.follow(at, closed, now, tally)?;
            wanted = wanted.saturating_sub(closed);
            if count < self.incoming.capacity() || (wanted == 0 && !dry) {
                return Ok(());
            }
        }
    }

    /// Classifies a datagram. Returns whether it closes a question.
    fn classify(&mut self, at: u32, place: usize, now: u64, tally: &mut Tally) -> bool {
        let window = &mut self.connections[at as usize].window;
        let reply = self.incoming.datagram(place);
        let number = match self.template.read(at, reply) {
            Content::Right(number) => match window.answer(number, now, self.timeout) {
                Reply::Right { asked, reordered } => {
                    tally.right(asked, now, reordered);
                    return true;
                }
                Reply::Late { asked, counted } => {
                    tally.late += u64::from(counted);
                    asked.inspect(|&asked| tally.lost(asked));
                    return asked.is_some();
                }
                Reply::Duplicate { counted } => {
                    tally.duplicated += u64::from(counted);
                    return false;
                }
                Reply::NeverAsked => None,
            },
            Content::Wrong(number) => number,
        };
        // A reply without the number of its question is charged to the oldest one.
        let closed = window.give_up(number);
        let counted = closed.map_or(tally.is_measured(), |(_, asked)| asked.counted);
        let number = closed.map(|(number, _)| number).or(number);
        let expected = || number.map_or_else(Vec::new, |number| self.template.reply(at, number));
        tally.wrong(counted, expected, reply);
        closed.is_some()
    }

    /// No program listens: closes the oldest question in flight. The socket asks again after a
    /// delay.
    fn refused(&mut self, at: u32, now: u64, tally: &mut Tally) {
        if let Some((_, asked)) = self.connections[at as usize].window.give_up(None) {
            tally.refused(asked);
            self.in_flight -= 1;
            self.backoff.add(now, at);
        }
    }

    /// Gives up each question that was sent more than `timeout` ago.
    fn expire(&mut self, now: u64, timeout: u64, tally: &mut Tally) -> io::Result<()> {
        for at in 0..self.connections.len() {
            let mut closed = 0;
            let mut lost = |asked: Asked| {
                closed += 1;
                tally.lost(asked);
            };
            self.connections[at].window.expire(now, timeout, &mut lost);
            self.in_flight -= closed;
            self.follow(at as u32, closed, now, tally)?;
        }
        Ok(())
    }
}

/// A UDP socket connected to `to`, which receives only from there.
fn connected(to: SocketAddr) -> io::Result<UdpSocket> {
    let socket = nonblocking(to, Type::DGRAM, Protocol::UDP)?;
    // A server that was stalled sends many replies at once, and none must be lost here. The system
    // may grant less.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    socket.connect(&to.into())?;
    Ok(UdpSocket::from_std(socket.into()))
}

impl Clients for UdpClients {
    fn begin(&mut self, clock: &Clock, tally: &mut Tally) -> io::Result<()> {
        self.keep_asking = true;
        for at in 0..self.connections.len() as u32 {
            self.follow(at, self.depth as usize, clock.now(), tally)?;
        }
        Ok(())
    }

    fn ask(&mut self, due: u64, clock: &Clock, tally: &mut Tally) -> io::Result<bool> {
        let at = self.turn;
        let sent = self.send_question(at as u32, 1, Some(due), clock.now(), tally)?;
        if sent == 0 {
            return Ok(false);
        }
        self.turn = (at + 1) % self.connections.len();
        Ok(true)
    }

    fn can_ask(&self) -> bool {
        true
    }

    fn ready(&mut self, event: &Event, clock: &Clock, tally: &mut Tally) -> io::Result<()> {
        self.take(event.token().0 as u32, false, clock, tally)
    }

    fn on_timer(&mut self, now: u64, _: &Clock, tally: &mut Tally) -> io::Result<()> {
        for (at, count) in std::mem::take(&mut self.waiting) {
            self.follow(at, count, now, tally)?;
        }
        while let Some(at) = self.backoff.take_ended(now) {
            self.follow(at, 1, now, tally)?;
        }
        if now >= self.next_expiry {
            self.next_expiry = now + expiry_interval(self.timeout);
            self.expire(now, self.timeout, tally)?;
        }
        Ok(())
    }

    fn next_timer(&self) -> u64 {
        if !self.waiting.is_empty() {
            return 0;
        }
        self.next_expiry
            .min(self.backoff.next_end().unwrap_or(u64::MAX))
    }

    fn in_flight(&self) -> usize {
        self.in_flight
    }

    fn stop(&mut self) {
        self.keep_asking = false;
        self.waiting.clear();
        self.backoff.clear();
    }

    fn finish(&mut self, now: u64, clock: &Clock, tally: &mut Tally) -> io::Result<()> {
        for at in 0..self.connections.len() as u32 {
            self.take(at, true, clock, tally)?;
        }
        // Questions still in flight have no time left.
        self.expire(now + 1, 0, tally)
    }

    fn lingers(&self) -> bool {
        true
    }
}

/// Whether the system's send buffer is full, which it will not be for long.
fn has_no_room(error: &io::Error) -> bool {
    #[cfg(unix)]
    const NO_BUFFERS: i32 = nix::Error::ENOBUFS as i32;
    #[cfg(windows)]
    const NO_BUFFERS: i32 = 10055;
    error.raw_os_error() == Some(NO_BUFFERS) || error.kind() == io::ErrorKind::WouldBlock
}

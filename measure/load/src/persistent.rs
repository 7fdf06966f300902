//! Asks over persistent TCP connections: a line, its capitals, the next line.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};

use mio::event::Event;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::backoff::Backoff;
use crate::clock::{Clock, nanos};
use crate::plan::Plan;
use crate::run::{Clients, NEW_DATA_RAISES_EVENT, expiry_interval};
use crate::sources::{Failure, Sources, classify_failure, send};
use crate::tally::Tally;
use crate::text::{Content, MAX_FIRST_NUMBER, QuestionTemplate};
use crate::window::Asked;

/// The connections of a load, each with at most one question in flight.
#[derive(Debug)]
pub(crate) struct PersistentClients {
    registry: Registry,
    sources: Sources,
    template: QuestionTemplate,
    timeout: u64,
    peers: Vec<Peer>,
    /// Under an open load: connections without a question in flight.
    free: VecDeque<u32>,
    /// Closed load: whether an answered question is followed by another.
    keep_asking: bool,
    in_flight: usize,
    backoff: Backoff,
    next_expiry: u64,
    buffer: Box<[u8]>,
}

#[derive(Debug)]
struct Peer {
    stream: Option<TcpStream>,
    asked: Option<Asked>,
    /// The number of the question in flight, or of the next one.
    number: u64,
    /// The question in flight, and how much of it has been written.
    line: Vec<u8>,
    written: usize,
    /// The reply so far.
    reply: Vec<u8>,
    /// Whether a question was answered since the load last began.
    served: bool,
}

/// What a read found on a connection.
enum Found {
    /// No whole reply: the question is still in flight.
    Waiting,
    /// A whole line: the server's reply.
    Line,
    Failed(Failure),
}

impl PersistentClients {
    pub(crate) fn new(plan: &Plan, registry: &Registry) -> io::Result<PersistentClients> {
        let template = QuestionTemplate::new(plan.payload, plan.ascii);
        let peer = || Peer {
            stream: None,
            asked: None,
            number: plan.first % MAX_FIRST_NUMBER,
            line: [template.bytes(), b"\n"].concat(),
            written: 0,
            reply: Vec::new(),
            served: false,
        };
        Ok(PersistentClients {
            registry: registry.try_clone()?,
            sources: Sources::to(plan.to),
            timeout: nanos(plan.timeout),
            peers: (0..plan.connections).map(|_| peer()).collect(),
            free: (0..plan.connections).collect(),
            keep_asking: false,
            in_flight: 0,
            backoff: Backoff::default(),
            next_expiry: 0,
            buffer: vec![0; template.reply_len() + 2].into(),
            template,
        })
    }

    /// Asks a question on one connection. Opens the connection first if it is closed.
    fn send_question(
        &mut self,
        at: u32,
        due: Option<u64>,
        clock: &Clock,
        tally: &mut Tally,
    ) -> io::Result<()> {
        let now = clock.now();
        let asked = tally.ask(due.unwrap_or(now), now);
        tally.sent(asked, 1);
        let peer = &mut self.peers[at as usize];
        peer.asked = Some(asked);
        QuestionTemplate::number(at, peer.number, &mut peer.line);
        peer.written = 0;
        peer.reply.clear();
        self.in_flight += 1;
        let sent = match &peer.stream {
            Some(_) => peer.write(),
            None => self.sources.connect().and_then(|mut stream| {
                let both = Interest::READABLE | Interest::WRITABLE;
                self.registry
                    .register(&mut stream, Token(at as usize), both)?;
                peer.stream = Some(stream);
                peer.write()
            }),
        };
        match sent {
            Ok(()) => Ok(()),
            Err(error) => {
                let how = classify_failure(error)?;
                self.broken(at, how, now, tally);
                Ok(())
            }
        }
    }

    /// Ends a question that failed, and closes its connection.
    fn broken(&mut self, at: u32, how: Failure, now: u64, tally: &mut Tally) {
        let peer = &mut self.peers[at as usize];
        peer.stream = None;
        let Some(asked) = peer.asked.take() else {
            return;
        };
        peer.number += 1;
        self.in_flight -= 1;
        match how {
            Failure::Refused => tally.refused(asked),
            Failure::OutOfPorts => tally.out_of_ports(asked),
            Failure::Broken => tally.lost(asked),
        }
        if self.keep_asking {
            self.backoff.add(now, at);
        } else {
            self.free.push_back(at);
        }
    }

    /// Checks the line that came. Under a closed load asks the next question.
    fn answered(&mut self, at: u32, clock: &Clock, tally: &mut Tally) -> io::Result<()> {
        let now = clock.now();
        let peer = &mut self.peers[at as usize];
        let Some(asked) = peer.asked.take() else {
            return Ok(());
        };
        let number = peer.number;
        peer.number += 1;
        self.in_flight -= 1;
        let line = peer.reply.strip_suffix(b"\n").unwrap_or(&peer.reply);
        if self.template.read(at, line) != Content::Right(number) {
            let expected = || [&self.template.reply(at, number)[..], b"\n"].concat();
            tally.wrong(asked.counted, expected, &peer.reply);
            // Bytes after the line belong to no question, so begin with a new connection.
            peer.stream = None;
        } else if now - asked.sent > self.timeout {
            tally.late += u64::from(asked.counted);
            tally.lost(asked);
        } else {
            peer.served = true;
            tally.right(asked, now, false);
        }
        if self.keep_asking {
            return self.send_question(at, None, clock, tally);
        }
        self.free.push_back(at);
        Ok(())
    }

    /// Gives up each question that was sent more than `timeout` ago. Closes its connection, because
    /// its reply may still come.
    fn expire(&mut self, now: u64, timeout: u64, tally: &mut Tally) {
        for at in 0..self.peers.len() {
            let overdue = |asked: Asked| now.saturating_sub(asked.sent) > timeout;
            if self.peers[at].asked.is_some_and(overdue) {
                self.broken(at as u32, Failure::Broken, now, tally);
            }
        }
    }
}

impl Peer {
    /// Writes as much as the system takes now.
    fn write(&mut self) -> io::Result<()> {
        match &mut self.stream {
            Some(stream) => send(stream, &self.line, &mut self.written),
            None => Ok(()),
        }
    }

    /// Reads what has come.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Found> {
        loop {
            let Some(stream) = &mut self.stream else {
                return Ok(Found::Waiting);
            };
            match stream.read(buffer) {
                Ok(0) => return Ok(Found::Failed(Failure::Broken)),
                Ok(len) => {
                    self.reply.extend_from_slice(&buffer[..len]);
                    // The buffer is longer than a right reply, so a read that returns one has
                    // emptied the socket, and later bytes raise a new event.
                    if self.reply.ends_with(b"\n") || self.reply.len() >= buffer.len() {
                        return Ok(Found::Line);
                    }
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::NotConnected => return Ok(Found::Waiting),
                    ErrorKind::Interrupted => {}
                    _ => return classify_failure(error).map(Found::Failed),
                },
            }
        }
    }
}

impl Clients for PersistentClients {
    fn begin(&mut self, clock: &Clock, tally: &mut Tally) -> io::Result<()> {
        self.keep_asking = true;
        self.free.clear();
        for at in 0..self.peers.len() as u32 {
            self.peers[at as usize].served = false;
            self.send_question(at, None, clock, tally)?;
        }
        Ok(())
    }

    fn ask(&mut self, due: u64, clock: &Clock, tally: &mut Tally) -> io::Result<bool> {
        let Some(at) = self.free.pop_front() else {
            return Ok(false);
        };
        self.send_question(at, Some(due), clock, tally)?;
        Ok(true)
    }

    fn can_ask(&self) -> bool {
        !self.free.is_empty()
    }

    fn ready(&mut self, event: &Event, clock: &Clock, tally: &mut Tally) -> io::Result<()> {
        let at = event.token().0;
        loop {
            let peer = &mut self.peers[at];
            let found = match peer.write() {
                Ok(()) => peer.read(&mut self.buffer)?,
                Err(error) => Found::Failed(classify_failure(error)?),
            };
            match found {
                Found::Waiting => return Ok(()),
                Found::Line => self.answered(at as u32, clock, tally)?,
                Found::Failed(how) => self.broken(at as u32, how, clock.now(), tally),
            }
            if NEW_DATA_RAISES_EVENT {
                return Ok(());
            }
        }
    }

    fn on_timer(&mut self, now: u64, clock: &Clock, tally: &mut Tally) -> io::Result<()> {
        while let Some(at) = self.backoff.take_ended(now) {
            self.send_question(at, None, clock, tally)?;
        }
        if now >= self.next_expiry {
            self.next_expiry = now + expiry_interval(self.timeout);
            self.expire(now, self.timeout, tally);
        }
        Ok(())
    }

    fn next_timer(&self) -> u64 {
        self.next_expiry
            .min(self.backoff.next_end().unwrap_or(u64::MAX))
    }

    fn in_flight(&self) -> usize {
        self.in_flight
    }

    fn stop(&mut self) {
        self.keep_asking = false;
        self.backoff.clear();
    }

    fn finish(&mut self, now: u64, _: &Clock, tally: &mut Tally) -> io::Result<()> {
        // Questions still in flight have no time left.
        self.expire(now + 1, 0, tally);
        // Under an open load the next slice begins with the first connection again.
        self.free = (0..self.peers.len() as u32).collect();
        Ok(())
    }

    fn served(&self) -> u32 {
        self.peers.iter().filter(|peer| peer.served).count() as u32
    }
}

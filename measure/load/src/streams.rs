//! Asks over TCP: a connection for each question.

use std::io::{self, ErrorKind, Read, Write};

use mio::event::Event;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use socklab_core::otp::Step;
use socklab_core::welcome::{BANNER, MAX_ANSWER};

use crate::clock::{Clock, nanos};
use crate::plan::{Kind, Plan};
use crate::rests::Rests;
use crate::run::Askers;
use crate::sources::{Failed, Sources, failed};
use crate::submission::{Submissions, is_accepted, step_now};
use crate::tally::Tally;
use crate::window::Asked;

/// The connections of a load: places, in each of which one question after another is asked.
pub(crate) struct Streams {
    registry: Registry,
    sources: Sources,
    submissions: Option<Submissions>,
    timeout: u64,
    places: Vec<Place>,
    /// Places without a connection, under an open load.
    free: Vec<u32>,
    /// Whether an answered question is followed by another.
    again: bool,
    open: usize,
    rests: Rests,
    next_sweep: u64,
    buffer: Box<[u8]>,
}

struct Place {
    stream: Option<TcpStream>,
    asked: Asked,
    message: Vec<u8>,
    written: usize,
    step: Step,
    answer: Vec<u8>,
}

/// How a question ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The server said all that it will say.
    Said,
    /// It says too much.
    TooMuch,
    Failed(Failed),
}

impl Streams {
    pub(crate) fn new(plan: &Plan, registry: &Registry) -> io::Result<Streams> {
        let place = || Place {
            stream: None,
            asked: Asked {
                due: 0,
                sent: 0,
                counted: false,
            },
            message: Vec::new(),
            written: 0,
            step: Step(0),
            answer: Vec::new(),
        };
        Ok(Streams {
            registry: registry.try_clone()?,
            sources: Sources::to(plan.to),
            submissions: (plan.exercise == Kind::Submit).then(|| Submissions::from(plan.first)),
            timeout: nanos(plan.timeout),
            places: (0..plan.connections).map(|_| place()).collect(),
            free: (0..plan.connections).rev().collect(),
            again: false,
            open: 0,
            rests: Rests::default(),
            next_sweep: 0,
            buffer: vec![0; MAX_ANSWER + 1].into(),
        })
    }

    /// Connects, and sends what is to be sent.
    fn put(
        &mut self,
        at: u32,
        due: Option<u64>,
        clock: &Clock,
        tally: &mut Tally,
    ) -> io::Result<()> {
        let place = &mut self.places[at as usize];
        place.answer.clear();
        place.written = 0;
        if let Some(submissions) = &mut self.submissions {
            place.step = submissions.write(&mut place.message);
        }
        let now = clock.now();
        place.asked = tally.ask(due.unwrap_or(now), now);
        tally.sent(place.asked, 1);
        self.open += 1;
        let connected = self.sources.connect().and_then(|mut stream| {
            // On one machine the connection is often made by now, and the message can go at once.
            place.written = write(&mut stream, &place.message)?;
            let interest = if place.written < place.message.len() {
                Interest::READABLE | Interest::WRITABLE
            } else {
                Interest::READABLE
            };
            self.registry
                .register(&mut stream, Token(at as usize), interest)?;
            place.stream = Some(stream);
            Ok(())
        });
        match connected {
            Ok(()) => Ok(()),
            Err(error) => {
                let end = End::Failed(failed(error)?);
                self.end(at, end, clock, tally)
            }
        }
    }

    /// A question has ended; another follows if it is to.
    fn end(&mut self, at: u32, end: End, clock: &Clock, tally: &mut Tally) -> io::Result<()> {
        let now = clock.now();
        let place = &mut self.places[at as usize];
        place.stream = None;
        self.open -= 1;
        let asked = place.asked;
        match end {
            End::Failed(Failed::Refused) => tally.refused(asked),
            End::Failed(Failed::OutOfPorts) => tally.out_of_ports(asked),
            End::Failed(Failed::Broken) => tally.lost(asked),
            End::Said | End::TooMuch if now - asked.sent > self.timeout => {
                tally.late += u64::from(asked.counted);
                tally.lost(asked);
            }
            End::Said | End::TooMuch => {
                let (right, expected) = match &self.submissions {
                    None => (place.answer == BANNER, BANNER),
                    Some(_) => (is_accepted(&place.answer), &b"OK"[..]),
                };
                if right && end == End::Said {
                    tally.right(asked, now, false);
                } else if self.submissions.is_some() && step_now() != place.step {
                    tally.stale += u64::from(asked.counted);
                } else {
                    tally.wrong(asked.counted, || expected.to_vec(), &place.answer);
                }
            }
        }
        if !self.again {
            self.free.push(at);
            return Ok(());
        }
        if let End::Failed(_) = end {
            self.rests.add(now, at);
            return Ok(());
        }
        self.put(at, None, clock, tally)
    }

    fn sweep(&mut self, now: u64, clock: &Clock, tally: &mut Tally) -> io::Result<()> {
        for at in 0..self.places.len() {
            let place = &self.places[at];
            if place.stream.is_some() && now.saturating_sub(place.asked.sent) > self.timeout {
                self.end(at as u32, End::Failed(Failed::Broken), clock, tally)?;
            }
        }
        Ok(())
    }
}

impl Place {
    /// What there is to do and hear; how it ended, if it did.
    fn go_on(&mut self, buffer: &mut [u8]) -> io::Result<Option<End>> {
        let Some(stream) = &mut self.stream else {
            return Ok(None);
        };
        let unsent = &self.message[self.written..];
        if !unsent.is_empty() {
            match write(stream, unsent) {
                Ok(more) => self.written += more,
                Err(error) => return failed(error).map(|how| Some(End::Failed(how))),
            }
        }
        loop {
            match stream.read(buffer) {
                Ok(0) => return Ok(Some(End::Said)),
                Ok(len) => {
                    self.answer.extend_from_slice(&buffer[..len]);
                    if self.answer.len() > MAX_ANSWER {
                        return Ok(Some(End::TooMuch));
                    }
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => return Ok(None),
                    ErrorKind::Interrupted => {}
                    _ => return failed(error).map(|how| Some(End::Failed(how))),
                },
            }
        }
    }
}

/// Writes what can be written now.
fn write(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
    if bytes.is_empty() {
        return Ok(0);
    }
    match stream.write(bytes) {
        // Not connected yet, as some systems call it.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::WouldBlock | ErrorKind::NotConnected
            ) =>
        {
            Ok(0)
        }
        result => result,
    }
}

impl Askers for Streams {
    fn begin(&mut self, clock: &Clock, tally: &mut Tally) -> io::Result<()> {
        self.again = true;
        self.free.clear();
        for at in 0..self.places.len() as u32 {
            self.put(at, None, clock, tally)?;
        }
        Ok(())
    }

    fn ask(&mut self, due: u64, clock: &Clock, tally: &mut Tally) -> io::Result<bool> {
        let Some(at) = self.free.pop() else {
            return Ok(false);
        };
        self.put(at, Some(due), clock, tally)?;
        Ok(true)
    }

    fn can_ask(&self) -> bool {
        !self.free.is_empty()
    }

    fn ready(&mut self, event: &Event, clock: &Clock, tally: &mut Tally) -> io::Result<()> {
        let at = event.token().0;
        match self.places[at].go_on(&mut self.buffer)? {
            Some(end) => self.end(at as u32, end, clock, tally),
            None => Ok(()),
        }
    }

    fn turn(&mut self, now: u64, clock: &Clock, tally: &mut Tally) -> io::Result<()> {
        while let Some(at) = self.rests.wake(now) {
            self.put(at, None, clock, tally)?;
        }
        if now >= self.next_sweep {
            self.next_sweep = now + crate::run::sweep_every(self.timeout);
            self.sweep(now, clock, tally)?;
        }
        Ok(())
    }

    fn next_turn(&self) -> u64 {
        self.next_sweep.min(self.rests.next().unwrap_or(u64::MAX))
    }

    fn outstanding(&self) -> usize {
        self.open
    }

    fn stop(&mut self) {
        self.again = false;
        self.rests.clear();
    }

    fn finish(&mut self, now: u64, clock: &Clock, tally: &mut Tally) -> io::Result<()> {
        // What is still open now has no time left.
        self.timeout = 0;
        self.sweep(now + 1, clock, tally)
    }

    fn lingers(&self) -> bool {
        false
    }
}

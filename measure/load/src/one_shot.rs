//! Asks over TCP: a connection for each question.

use std::io::{self, ErrorKind, Read};

use mio::event::Event;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use socklab_core::otp::TimeStep;
use socklab_core::welcome::{BANNER, MAX_ANSWER};

use crate::backoff::Backoff;
use crate::clock::{Clock, nanos};
use crate::plan::{Plan, Workload};
use crate::run::{Clients, expiry_interval};
use crate::sources::{Failure, Sources, classify_failure, send};
use crate::submission::{Submissions, is_accepted, step_now};
use crate::tally::Tally;
use crate::text::{Content, MAX_FIRST_NUMBER, QuestionTemplate};
use crate::window::Asked;

/// The connections of a load: slots, in each of which one question after another is asked.
#[derive(Debug)]
pub(crate) struct OneShotClients {
    registry: Registry,
    sources: Sources,
    questions: Questions,
    timeout: u64,
    slots: Vec<Slot>,
    /// Slots without a connection, under an open load.
    free: Vec<u32>,
    /// Whether an answered question is followed by another.
    keep_asking: bool,
    in_flight: usize,
    backoff: Backoff,
    next_expiry: u64,
    buffer: Box<[u8]>,
}

/// What each connection asks.
#[derive(Debug)]
enum Questions {
    Welcome,
    Submit(Submissions),
    /// A line of this text, with a number of its own.
    Capitals {
        template: QuestionTemplate,
        next: u64,
    },
}

impl Questions {
    fn of(plan: &Plan) -> Questions {
        match plan.workload {
            Workload::Submit => Questions::Submit(Submissions::from(plan.first)),
            Workload::CapitalsOnce => Questions::Capitals {
                template: QuestionTemplate::new(plan.payload, plan.ascii),
                next: plan.first % MAX_FIRST_NUMBER,
            },
            Workload::Welcome | Workload::Echo | Workload::Capitals => Questions::Welcome,
        }
    }

    /// Writes the next question of the slot `at` into it.
    fn write(&mut self, at: u32, slot: &mut Slot) {
        match self {
            Questions::Welcome => {}
            Questions::Submit(submissions) => slot.step = submissions.write(&mut slot.message),
            Questions::Capitals { template, next } => {
                slot.number = *next;
                *next += 1;
                slot.message.clear();
                slot.message.extend_from_slice(template.bytes());
                QuestionTemplate::number(at, slot.number, &mut slot.message);
                slot.message.push(b'\n');
            }
        }
    }

    /// Whether the slot's answer is right; what it had to be if not.
    fn judge(&self, at: u32, slot: &Slot) -> Result<(), Vec<u8>> {
        let (right, expected) = match self {
            Questions::Welcome => (slot.answer == BANNER, BANNER.to_vec()),
            Questions::Submit(_) => (is_accepted(&slot.answer), b"OK".to_vec()),
            Questions::Capitals { template, .. } => {
                let line = slot.answer.strip_suffix(b"\n");
                let read = line.map(|line| template.read(at, line));
                match read == Some(Content::Right(slot.number)) {
                    true => return Ok(()),
                    false => (false, template.reply(at, slot.number)),
                }
            }
        };
        if right { Ok(()) } else { Err(expected) }
    }

    /// Whether an answer ends with a line feed; if not, with the stream.
    fn is_line(&self) -> bool {
        matches!(self, Questions::Capitals { .. })
    }
}

#[derive(Debug)]
struct Slot {
    stream: Option<TcpStream>,
    asked: Asked,
    message: Vec<u8>,
    written: usize,
    step: TimeStep,
    number: u64,
    answer: Vec<u8>,
}

/// How a question ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The server said all that it will say.
    Complete,
    /// It says too much.
    TooLong,
    Failed(Failure),
}

impl OneShotClients {
    pub(crate) fn new(plan: &Plan, registry: &Registry) -> io::Result<OneShotClients> {
        let slot = || Slot {
            stream: None,
            asked: Asked {
                due: 0,
                sent: 0,
                counted: false,
            },
            message: Vec::new(),
            written: 0,
            step: TimeStep(0),
            number: 0,
            answer: Vec::new(),
        };
        Ok(OneShotClients {
            registry: registry.try_clone()?,
            sources: Sources::to(plan.to),
            questions: Questions::of(plan),
            timeout: nanos(plan.timeout),
            slots: (0..plan.connections).map(|_| slot()).collect(),
            free: (0..plan.connections).rev().collect(),
            keep_asking: false,
            in_flight: 0,
            backoff: Backoff::default(),
            next_expiry: 0,
            buffer: vec![0; MAX_ANSWER.max(3 * plan.payload) + 1].into(),
        })
    }

    /// Connects, and sends what is to be sent.
    fn send_question(
        &mut self,
        at: u32,
        due: Option<u64>,
        clock: &Clock,
        tally: &mut Tally,
    ) -> io::Result<()> {
        let slot = &mut self.slots[at as usize];
        slot.answer.clear();
        slot.written = 0;
        self.questions.write(at, slot);
        let now = clock.now();
        slot.asked = tally.ask(due.unwrap_or(now), now);
        tally.sent(slot.asked, 1);
        self.in_flight += 1;
        let connected = self.sources.connect().and_then(|mut stream| {
            // On one machine the connection is often made by now, and the message can go at once.
            send(&mut stream, &slot.message, &mut slot.written)?;
            let interest = if slot.written < slot.message.len() {
                Interest::READABLE | Interest::WRITABLE
            } else {
                Interest::READABLE
            };
            self.registry
                .register(&mut stream, Token(at as usize), interest)?;
            slot.stream = Some(stream);
            Ok(())
        });
        match connected {
            Ok(()) => Ok(()),
            Err(error) => {
                let end = End::Failed(classify_failure(error)?);
                self.end(at, end, clock, tally)
            }
        }
    }

    /// A question has ended; another follows if it is to.
    fn end(&mut self, at: u32, end: End, clock: &Clock, tally: &mut Tally) -> io::Result<()> {
        let now = clock.now();
        let slot = &mut self.slots[at as usize];
        slot.stream = None;
        self.in_flight -= 1;
        let asked = slot.asked;
        match end {
            End::Failed(Failure::Refused) => tally.refused(asked),
            End::Failed(Failure::OutOfPorts) => tally.out_of_ports(asked),
            End::Failed(Failure::Broken) => tally.lost(asked),
            End::Complete | End::TooLong if now - asked.sent > self.timeout => {
                tally.late += u64::from(asked.counted);
                tally.lost(asked);
            }
            End::Complete | End::TooLong => {
                let submits = matches!(self.questions, Questions::Submit(_));
                match self.questions.judge(at, slot) {
                    Ok(()) if end == End::Complete => tally.right(asked, now, false),
                    _ if submits && step_now() != slot.step => {
                        tally.stale += u64::from(asked.counted);
                    }
                    judged => {
                        let expected = || judged.err().unwrap_or_default();
                        tally.wrong(asked.counted, expected, &slot.answer);
                    }
                }
            }
        }
        if !self.keep_asking {
            self.free.push(at);
            return Ok(());
        }
        if let End::Failed(_) = end {
            self.backoff.add(now, at);
            return Ok(());
        }
        self.send_question(at, None, clock, tally)
    }

    /// Gives up every question that was sent more than `timeout` ago.
    fn expire(
        &mut self,
        now: u64,
        timeout: u64,
        clock: &Clock,
        tally: &mut Tally,
    ) -> io::Result<()> {
        for at in 0..self.slots.len() {
            let slot = &self.slots[at];
            if slot.stream.is_some() && now.saturating_sub(slot.asked.sent) > timeout {
                self.end(at as u32, End::Failed(Failure::Broken), clock, tally)?;
            }
        }
        Ok(())
    }
}

impl Slot {
    /// What there is to do and hear; how it ended, if it did.
    fn advance(&mut self, buffer: &mut [u8], is_line: bool) -> io::Result<Option<End>> {
        let most = buffer.len() - 1;
        let Some(stream) = &mut self.stream else {
            return Ok(None);
        };
        if let Err(error) = send(stream, &self.message, &mut self.written) {
            return classify_failure(error).map(|how| Some(End::Failed(how)));
        }
        loop {
            match stream.read(buffer) {
                // Closed without a word where one is due: broken, as if it had been reset.
                Ok(0) if is_line && self.answer.is_empty() => {
                    return Ok(Some(End::Failed(Failure::Broken)));
                }
                Ok(0) => return Ok(Some(End::Complete)),
                Ok(len) => {
                    self.answer.extend_from_slice(&buffer[..len]);
                    if self.answer.len() > most {
                        return Ok(Some(End::TooLong));
                    }
                    if is_line && self.answer.ends_with(b"\n") {
                        return Ok(Some(End::Complete));
                    }
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::NotConnected => return Ok(None),
                    ErrorKind::Interrupted => {}
                    _ => return classify_failure(error).map(|how| Some(End::Failed(how))),
                },
            }
        }
    }
}

impl Clients for OneShotClients {
    fn begin(&mut self, clock: &Clock, tally: &mut Tally) -> io::Result<()> {
        self.keep_asking = true;
        self.free.clear();
        for at in 0..self.slots.len() as u32 {
            self.send_question(at, None, clock, tally)?;
        }
        Ok(())
    }

    fn ask(&mut self, due: u64, clock: &Clock, tally: &mut Tally) -> io::Result<bool> {
        let Some(at) = self.free.pop() else {
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
        let is_line = self.questions.is_line();
        match self.slots[at].advance(&mut self.buffer, is_line)? {
            Some(end) => self.end(at as u32, end, clock, tally),
            None => Ok(()),
        }
    }

    fn on_timer(&mut self, now: u64, clock: &Clock, tally: &mut Tally) -> io::Result<()> {
        while let Some(at) = self.backoff.take_ended(now) {
            self.send_question(at, None, clock, tally)?;
        }
        if now >= self.next_expiry {
            self.next_expiry = now + expiry_interval(self.timeout);
            self.expire(now, self.timeout, clock, tally)?;
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

    fn finish(&mut self, now: u64, clock: &Clock, tally: &mut Tally) -> io::Result<()> {
        // What is still open now has no time left.
        self.expire(now + 1, 0, clock, tally)
    }
}

//! The engine in virtual time, driven by a script.

mod closing;
mod datagrams;
mod opening;
mod random;
mod streams;
mod time;
mod waiting;

use alloc::borrow::ToOwned;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use super::*;
use crate::fault::CallError;
use crate::input::Input;
use crate::link::Socket;
use crate::machine::Interest;
use crate::output::{Notice, Output, Prompt};
use crate::register::Attempt;
use crate::time::{Deadline, Now, Why};

/// More steps than any of these tests takes: a session that finds no end fails here.
const BOUND: usize = 10_000;

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn peer(port: u16) -> Link {
    Link::first(address(port))
}

fn fault(kind: FaultKind) -> Fault {
    Fault { kind, code: 1 }
}

/// An attempt for the register.
fn attempt() -> Attempt {
    Attempt {
        name: (*b"Ana").into(),
        dni: crate::otp::Dni::parse("123456").unwrap(),
        code: crate::otp::Code::parse("548094").unwrap(),
        peer: address(1),
        at: Now::default(),
    }
}

/// A driver that does at once what it is asked to, and notes it.
struct Rig<M, O> {
    session: Session<M, O>,
    out: Outbox,
    now: Now,
    /// What the system says to the sends to come; when there is no more, it takes all.
    answers: VecDeque<Result<usize, CallError>>,
    /// Sends are submitted, to be completed later.
    submits: bool,
    /// How many datagrams leave together at most.
    max_batch: usize,
    /// What was done, a line each.
    done: Vec<String>,
    /// What the system took.
    sent: Vec<u8>,
}

impl<M: Machine, O: Observer> Rig<M, O> {
    fn new(machine: M, observer: O, begin: Begin) -> Self {
        let mut rig = Rig {
            session: Session::new(machine, observer),
            out: Outbox::new(),
            now: Now::default(),
            answers: VecDeque::new(),
            submits: false,
            max_batch: 1,
            done: Vec::new(),
            sent: Vec::new(),
        };
        let now = rig.now;
        rig.turn().begin(now, begin);
        rig
    }

    fn turn(&mut self) -> Turn<'_, M, O> {
        self.session.turn(&mut self.out)
    }

    fn wait(&mut self, time: Duration) {
        self.now.mono = self.now.mono.plus(time);
    }

    /// Does what there is to do. Returns what the session waits for then, or how it has ended.
    fn run(&mut self) -> Result<Wait, Status> {
        let now = self.now;
        for _ in 0..BOUND {
            let transport = self.session.transport();
            let mut turn = self.session.turn(&mut self.out);
            let done = &mut self.done;
            let tell = |output: Output<'_>| {
                done.push(match output {
                    Output::Show { bytes } => format!("show {}", String::from_utf8_lossy(bytes)),
                    Output::Notice(Notice::NextAddress { failed, .. }) => {
                        format!("{} failed", failed.port())
                    }
                    output => format!("tell {output:?}"),
                });
            };
            let line = match turn.next_batch(now, self.max_batch, tell) {
                Next::Wait(wait) => {
                    assert!(self.out.is_empty());
                    return Ok(wait);
                }
                Next::Ended(status) => return Err(status),
                Next::Send {
                    link,
                    bytes,
                    segment,
                    ..
                } => {
                    let segment = match transport {
                        Transport::Datagram => segment.max(1),
                        Transport::Stream => bytes.len().max(1),
                    };
                    let parts = bytes.chunks(segment).map(String::from_utf8_lossy);
                    let parts = parts.collect::<Vec<_>>().join("|");
                    let line = format!("send {} {parts}", link.peer.port());
                    let answer = self.answers.pop_front().unwrap_or(Ok(bytes.len()));
                    let answer = answer.map(|len| len.min(bytes.len()));
                    self.sent.extend_from_slice(&bytes[..answer.unwrap_or(0)]);
                    match answer {
                        Ok(len) if self.submits => turn.submitted(len),
                        Ok(len) => turn.sent(len),
                        Err(error) => turn.send_failed(now, error),
                    }
                    line
                }
                Next::Store { id, .. } => format!("store {}", id.0),
                Next::Open {
                    socket,
                    transport,
                    to,
                    timeout,
                } => {
                    let (socket, transport) = (socket.0, transport.name());
                    format!("open s{socket} {transport} {} {timeout:?}", to.port())
                }
                Next::Finish(link) => {
                    turn.finished(now, link, Ok(()));
                    "finish".to_owned()
                }
                Next::Abort => "abort".to_owned(),
                Next::NoDelay => "no-delay".to_owned(),
            };
            self.done.push(line);
        }
        panic!("no end: {:#?}", self.done);
    }

    /// What was done since this was last asked.
    fn news(&mut self) -> Vec<String> {
        core::mem::take(&mut self.done)
    }

    fn receive(&mut self, received: Received, bytes: &[u8]) {
        let now = self.now;
        self.turn().received(now, &received, bytes);
    }

    fn receives_nothing(&mut self, error: CallError) -> bool {
        let now = self.now;
        self.turn().receive_failed(now, error)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.receive(Received::Bytes(bytes.len()), bytes);
    }

    fn datagram(&mut self, port: u16, bytes: &[u8]) {
        self.receive(Received::Datagram(peer(port), bytes.len(), None), bytes);
    }

    fn fault(&mut self, doing: Doing, kind: FaultKind) {
        let now = self.now;
        self.turn().fault(now, doing, fault(kind));
    }
}

/// How a [`Puppet`] stands.
struct Standing {
    interest: Interest,
    deadline: Option<Mono>,
    status: Status,
}

/// A machine that does what a test says, and remembers what it was given.
struct Puppet<F> {
    react: F,
    standing: Standing,
    heard: Vec<String>,
}

impl<F: FnMut(&Input<'_>, &mut Standing, &mut Outbox) + Send> Puppet<F> {
    fn new(react: F) -> Self {
        Puppet {
            react,
            standing: Standing {
                interest: Interest::NETWORK,
                deadline: None,
                status: Status::Running,
            },
            heard: Vec::new(),
        }
    }
}

impl<F: FnMut(&Input<'_>, &mut Standing, &mut Outbox) + Send> Machine for Puppet<F> {
    fn step(&mut self, _: Now, input: Input<'_>, out: &mut Outbox) {
        self.heard.push(word(&input));
        (self.react)(&input, &mut self.standing, out);
    }
    fn deadline(&self) -> Option<Deadline> {
        let why = Why::Reply;
        self.standing.deadline.map(|at| Deadline { at, why })
    }
    fn interest(&self) -> Interest {
        self.standing.interest
    }
    fn state(&self) -> &'static str {
        "Puppet"
    }
    fn status(&self) -> Status {
        self.standing.status
    }
}

fn word(input: &Input<'_>) -> String {
    let text = String::from_utf8_lossy;
    match *input {
        Input::Start => "start".to_owned(),
        Input::Bound { .. } => "bound".to_owned(),
        Input::Opened { link, .. } => format!("opened {}", link.peer.port()),
        Input::Datagram { link, bytes } => format!("{}: {}", link.peer.port(), text(bytes)),
        Input::Bytes { bytes, .. } => format!("bytes {}", text(bytes)),
        Input::End { .. } => "end".to_owned(),
        Input::Finished { .. } => "finished".to_owned(),
        Input::Fault {
            socket,
            doing,
            fault,
        } => format!("s{} {} {}", socket.0, doing.name(), fault.kind.name()),
        Input::Line(line) => format!("line {}", text(line)),
        Input::InputEnd => "no more lines".to_owned(),
        Input::Timer => "timer".to_owned(),
        Input::Stored { id, .. } => format!("stored {}", id.0),
        Input::Stop => "stop".to_owned(),
    }
}

impl<F: FnMut(&Input<'_>, &mut Standing, &mut Outbox) + Send> Rig<Puppet<F>, ()> {
    fn client(react: F) -> Self {
        Rig::new(Puppet::new(react), (), Begin::Client)
    }

    fn bound(react: F) -> Self {
        Rig::new(Puppet::new(react), (), Begin::Bound(address(9)))
    }

    fn accepted(react: F) -> Self {
        let (link, local, exceeded) = (peer(1), address(9), None);
        let begin = Begin::Accepted {
            link,
            local,
            exceeded,
        };
        Rig::new(Puppet::new(react), (), begin)
    }

    /// What the machine was given.
    fn heard(&self) -> &[String] {
        &self.session.machine().heard
    }

    /// The last of it.
    fn last_heard(&self) -> &str {
        self.heard().last().map_or("", String::as_str)
    }
}

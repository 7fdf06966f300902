//! `welcome`: whoever connects is greeted and let go (TCP 19000).
//!
//! The server stays open. Each connection comes from a new port, because a client that does not
//! choose one is given the next free one.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use crate::fault::{Doing, Failure, FaultKind};
use crate::input::Input;
use crate::lab::{Exercise, Server as Serve, Settings};
use crate::link::{Link, Socket, Transport};
use crate::machine::{Interest, Machine, Service, Status};
use crate::outbox::Outbox;
use crate::output::Notice;
use crate::table::table;
use crate::time::{Deadline, Mono, Now, Why};

/// What the server says: 22 bytes, no line end.
pub const BANNER: &[u8] = b"Bienvenido al Servidor";

table! { ClientState on ClientEvent { Start, Opened, Bytes, TooBig, Enough, Nothing, GaveUp, Fault, Stop }
    Idle {
        Start    => Opening: "connect",
        Stop     => Stopped: "",
    }
    Opening {
        Opened   => Reading: "",
        GaveUp   => Failed: "",
        Fault    => Failed: "",
        Stop     => Stopped: "",
    }
    Reading {
        Bytes    => Reading: "keep them",
        TooBig   => Failed: "show what came",
        Enough   => Done: "show what came; close",
        Nothing  => Failed: "",
        GaveUp   => Failed: "",
        Fault    => Failed: "show what came",
        Stop     => Stopped: "",
    }
    Done {}
    Stopped {}
    Failed {}
}

table! { ServerState on ServerEvent { Start, Opened, Fault, Stop }
    Idle {
        Start    => Opening: "",
        Stop     => Stopped: "",
    }
    Opening {
        Opened   => Done: "say who came; send the banner; close",
        Fault    => Done: "",
        Stop     => Stopped: "",
    }
    Done {}
    Stopped {}
}

/// The exercise.
pub static EXERCISE: Exercise = Exercise {
    name: "welcome",
    transport: Transport::Stream,
    port: 19_000,
    timeout: Some(Duration::from_secs(5)),
    offers: &[],
    secret: false,
    client_table: ClientState::ROWS,
    server_table: ServerState::ROWS,
    client: |settings| Box::new(Client::new(settings)),
    server: Serve::Service(|_| Box::new(Server)),
};

/// How long a server may be silent after it began to speak before what it said counts as all: 1 s.
///
/// A server is to close after its answer, and its end of stream is the proper end. Programs that
/// forget to close are common in this lab, and their answer is shown all the same.
pub const SILENCE: Duration = Duration::from_secs(1);

/// The most bytes a client takes: four times what the lab's own read in one call.
pub const MAX_ANSWER: usize = 4096;

/// What a TCP client hears until the server has said all it has to say.
///
/// `welcome` and `submit` share it: both wait for one answer that has no frame.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    bytes: Vec<u8>,
    last: Mono,
}

impl Answer {
    /// Waiting begins.
    pub(crate) fn await_from(&mut self, now: Now) {
        self.last = now.mono;
    }

    /// Takes bytes; `false` when there are more than an answer may have.
    pub(crate) fn take(&mut self, now: Now, bytes: &[u8]) -> bool {
        self.last = now.mono;
        let room = MAX_ANSWER - self.bytes.len();
        self.bytes
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
        bytes.len() <= room
    }

    /// What came so far.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Until when to wait for the first bytes, then for more.
    pub(crate) fn deadline(&self, timeout: Option<Duration>) -> Option<Deadline> {
        if self.bytes.is_empty() {
            let at = self.last.plus(timeout?);
            Some(Deadline {
                at,
                why: Why::Reply,
            })
        } else {
            let at = self.last.plus(SILENCE);
            Some(Deadline {
                at,
                why: Why::Silence,
            })
        }
    }
}

/// Connects, and shows what the server says.
#[derive(Debug)]
pub struct Client {
    state: ClientState,
    servers: Vec<SocketAddr>,
    /// The one that answered; until then the last, which is to blame if none does.
    server: SocketAddr,
    timeout: Option<Duration>,
    answer: Answer,
    failure: Failure,
}

impl Client {
    /// A client with the server and the time-out of `settings`.
    pub fn new(settings: &Settings) -> Self {
        Client {
            state: ClientState::Idle,
            servers: settings.servers(),
            server: settings.last_server(),
            timeout: settings.timeout,
            answer: Answer::default(),
            failure: Failure::NoInput,
        }
    }

    fn fail(&mut self, on: ClientEvent, failure: Failure) {
        if self.state.go(on) {
            self.failure = failure;
        }
    }

    /// The server has said all it will say.
    fn all(&mut self, otherwise: ClientEvent, failure: Failure, out: &mut Outbox) {
        if self.answer.bytes().is_empty() {
            self.fail(otherwise, failure);
        } else if self.state.go(ClientEvent::Enough) {
            out.show(self.answer.bytes());
        }
    }
}

impl Machine for Client {
    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        let server = self.server;
        let waited = self.timeout.unwrap_or_default();
        match input {
            Input::Start if self.state.go(ClientEvent::Start) => {
                self.answer.await_from(now);
                out.open(Socket(0), Transport::Stream, &self.servers);
            }
            Input::Opened { link, .. } if self.state.go(ClientEvent::Opened) => {
                self.server = link.peer;
                self.answer.await_from(now);
            }
            Input::Bytes { bytes, .. } if self.state.go(ClientEvent::Bytes) => {
                if !self.answer.take(now, bytes) {
                    self.fail(ClientEvent::TooBig, Failure::ReplyTooBig(server));
                    out.show(self.answer.bytes());
                }
            }
            Input::End { .. } => {
                self.all(ClientEvent::Nothing, Failure::ClosedEarly(server), out);
            }
            Input::Timer if self.state == ClientState::Opening => {
                self.fail(
                    ClientEvent::GaveUp,
                    Failure::ConnectTimedOut(server, waited),
                );
            }
            Input::Timer => self.all(ClientEvent::GaveUp, Failure::NoReply(server, waited), out),
            Input::Fault { doing, fault, .. } => {
                if !self.answer.bytes().is_empty() {
                    out.show(self.answer.bytes());
                }
                self.fail(
                    ClientEvent::Fault,
                    client_failure(server, doing, fault.kind, waited)
                        .unwrap_or(Failure::of(server, doing, fault)),
                );
            }
            Input::Stop => {
                self.state.go(ClientEvent::Stop);
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        match self.state {
            ClientState::Opening => Some(Deadline {
                at: self.answer.last.plus(self.timeout?),
                why: Why::Connect,
            }),
            ClientState::Reading => self.answer.deadline(self.timeout),
            _ => None,
        }
    }

    fn interest(&self) -> Interest {
        match self.state {
            ClientState::Reading => Interest::NETWORK,
            _ => Interest::NOTHING,
        }
    }

    fn state(&self) -> &'static str {
        self.state.name()
    }

    fn status(&self) -> Status {
        match self.state {
            ClientState::Done => Status::Done,
            ClientState::Stopped => Status::Stopped,
            ClientState::Failed => Status::Failed(self.failure),
            _ => Status::Running,
        }
    }
}

/// The system itself may give up connecting before the machine's deadline.
pub(crate) fn client_failure(
    server: SocketAddr,
    doing: Doing,
    kind: FaultKind,
    waited: Duration,
) -> Option<Failure> {
    (doing == Doing::Opening && kind == FaultKind::TimedOut)
        .then_some(Failure::ConnectTimedOut(server, waited))
}

/// Greets each connection.
#[derive(Clone, Copy, Debug)]
pub struct Server;

impl Service for Server {
    type Machine = Box<dyn Machine>;

    fn accept(&self, _: Link) -> Box<dyn Machine> {
        Box::new(Greeter {
            state: ServerState::Idle,
        })
    }
}

/// One connection of the server.
#[derive(Debug)]
struct Greeter {
    state: ServerState,
}

impl Machine for Greeter {
    fn step(&mut self, _: Now, input: Input<'_>, out: &mut Outbox) {
        match input {
            Input::Start => {
                self.state.go(ServerEvent::Start);
            }
            Input::Opened { link, .. } if self.state.go(ServerEvent::Opened) => {
                out.notice(Notice::Connection(link.peer));
                out.send(link, BANNER);
            }
            Input::Fault { .. } => {
                self.state.go(ServerEvent::Fault);
            }
            Input::Stop => {
                self.state.go(ServerEvent::Stop);
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        None
    }

    fn interest(&self) -> Interest {
        Interest::NOTHING
    }

    fn state(&self) -> &'static str {
        self.state.name()
    }

    fn status(&self) -> Status {
        match self.state {
            ServerState::Done => Status::Done,
            ServerState::Stopped => Status::Stopped,
            _ => Status::Running,
        }
    }
}

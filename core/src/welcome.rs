//! `welcome`: the server greets each client that connects, and closes (TCP 19000).
//!
//! The server stays open. Each connection comes from a new port, because the system gives a client
//! that chooses none the next free one.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use crate::exercise::{Exercise, ServerKind, Settings};
use crate::fault::Failure;
use crate::input::Input;
use crate::link::{Link, Socket, Transport};
use crate::machine::{Machine, Service};
use crate::outbox::Outbox;
use crate::output::Notice;
use crate::scene::{ClientStep, Scene};
use crate::table::{from_table, table};
use crate::time::{Deadline, Mono, Now, Why};
use crate::unexpected::{Unexpected, UnexpectedKind};

/// What the server says: 22 bytes, no line end.
pub const BANNER: &[u8] = b"Bienvenido al Servidor";

table! { ClientState on ClientEvent {
    Start, Opened, Bytes, TooBig, Answered, ClosedEarly, GaveUp, Fault, Stop,
} ends in Done, Stopped, Failed;
    Idle {
        Start    => Opening: "connect",
        Stop     => Stopped: "",
    }
    Opening waits for Socket or Timer {
        Opened   => Reading: "",
        GaveUp   => Failed: "",
        Fault    => Failed: "",
        Stop     => Stopped: "",
    }
    Reading waits for Network or Timer {
        Bytes    => Reading: "keep them",
        TooBig   => Failed: "show what came",
        Answered => Done: "show what came, and say if it is not the banner and its end; close",
        ClosedEarly => Failed: "",
        GaveUp   => Failed: "",
        Fault    => Failed: "show what came",
        Stop     => Stopped: "",
    }
}

table! { ServerState on ServerEvent { Start, Opened, Fault, Stop } ends in Done, Stopped;
    Idle {
        Start    => Opening: "",
        Stop     => Stopped: "",
    }
    Opening waits for Socket {
        Opened   => Done: "say who came; send the banner; close",
        Fault    => Done: "",
        Stop     => Stopped: "",
    }
}

/// The exercise.
pub static EXERCISE: Exercise = Exercise {
    name: "welcome",
    transport: Transport::Stream,
    port: 19_000,
    timeout: Some(Duration::from_secs(5)),
    options: &[],
    secret: false,
    client_table: ClientState::TABLE,
    server_table: ServerState::TABLE,
    client: |settings| Box::new(Client::new(settings)),
    server: ServerKind::Service(|_| Box::new(Server)),
    scene: Scene {
        client: &[],
        server: &[],
        two_clients: [
            &[ClientStep::Pause, ClientStep::ReceiveAll],
            &[ClientStep::ReceiveAll],
        ],
    },
};

/// How long a server may pause within its answer: 1 s. After that the answer counts as complete.
///
/// An answer properly ends with the stream. Programs that forget to close are common in this lab,
/// so their answer is shown as well.
pub const SILENCE: Duration = Duration::from_secs(1);

/// The longest answer in bytes: four times what the lab's own clients read in one call.
pub const MAX_ANSWER: usize = 4096;

/// The answer of a TCP server that marks its end only by closing.
///
/// `welcome` and `submit` share it.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    bytes: Vec<u8>,
    last_received: Mono,
}

impl Answer {
    /// Begins to wait for the first byte.
    pub(crate) fn await_from(&mut self, now: Now) {
        self.last_received = now.mono;
    }

    /// Whether the answer with these bytes still fits into [`MAX_ANSWER`].
    pub(crate) fn fits(&self, bytes: &[u8]) -> bool {
        self.bytes.len() + bytes.len() <= MAX_ANSWER
    }

    /// Appends as many of the bytes as fit.
    pub(crate) fn take(&mut self, now: Now, bytes: &[u8]) {
        self.last_received = now.mono;
        let room = MAX_ANSWER - self.bytes.len();
        self.bytes
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// What came so far.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// When to stop waiting: for the first byte, or for more of an answer that has begun.
    pub(crate) fn deadline(&self, timeout: Option<Duration>) -> Option<Deadline> {
        match self.bytes.is_empty() {
            true => Deadline::after(self.last_received, timeout, Why::Reply),
            false => Deadline::after(self.last_received, Some(SILENCE), Why::Silence),
        }
    }
}

/// Connects, and shows what the server says.
#[derive(Debug)]
pub struct Client {
    state: ClientState,
    servers: Vec<SocketAddr>,
    /// The address that answered; until one has, the last one tried, for error messages.
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

    /// Classifies the end of an answer, whatever ended it.
    fn classify(&self, without_answer: ClientEvent) -> ClientEvent {
        match self.answer.bytes() {
            [] => without_answer,
            _ => ClientEvent::Answered,
        }
    }
}

impl Machine for Client {
    from_table!(state, failure);

    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        let opening = self.state == ClientState::Opening;
        let event = match input {
            Input::Start => ClientEvent::Start,
            Input::Opened { .. } => ClientEvent::Opened,
            Input::Bytes { bytes, .. } if self.answer.fits(bytes) => ClientEvent::Bytes,
            Input::Bytes { .. } => ClientEvent::TooBig,
            Input::End { .. } => self.classify(ClientEvent::ClosedEarly),
            Input::Timer => self.classify(ClientEvent::GaveUp),
            Input::Fault { .. } => ClientEvent::Fault,
            Input::Stop => ClientEvent::Stop,
            _ => return,
        };
        if !self.state.go(event) {
            return;
        }
        let server = self.server;
        let waited = self.timeout.unwrap_or_default();
        match (event, input) {
            (ClientEvent::Start, _) => {
                self.answer.await_from(now);
                out.open(Socket(0), Transport::Stream, &self.servers);
            }
            (_, Input::Opened { link, .. }) => {
                self.server = link.peer;
                self.answer.await_from(now);
            }
            (ClientEvent::Answered, _) => {
                let received = self.answer.bytes();
                out.show(received);
                if received != BANNER {
                    out.unexpected(&Unexpected {
                        kind: UnexpectedKind::Banner,
                        question: &[],
                        expected: BANNER,
                        received,
                    });
                } else if matches!(input, Input::Timer) {
                    out.unexpected(&Unexpected::of(UnexpectedKind::NoEnd, received));
                }
            }
            (_, Input::Bytes { bytes, .. }) => {
                self.answer.take(now, bytes);
                if event == ClientEvent::TooBig {
                    self.failure = Failure::ReplyTooBig(server);
                    out.show(self.answer.bytes());
                }
            }
            (ClientEvent::ClosedEarly, _) => self.failure = Failure::ClosedEarly(server),
            (ClientEvent::GaveUp, _) => self.failure = Failure::gave_up(opening, server, waited),
            (_, Input::Fault { doing, fault, .. }) => {
                self.failure = Failure::of_stream(server, doing, fault, waited);
                if !self.answer.bytes().is_empty() {
                    out.show(self.answer.bytes());
                }
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        match self.state {
            ClientState::Opening => {
                Deadline::after(self.answer.last_received, self.timeout, Why::Connect)
            }
            ClientState::Reading => self.answer.deadline(self.timeout),
            _ => None,
        }
    }
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
    from_table!(state);

    fn step(&mut self, _: Now, input: Input<'_>, out: &mut Outbox) {
        let event = match input {
            Input::Start => ServerEvent::Start,
            Input::Opened { .. } => ServerEvent::Opened,
            Input::Fault { .. } => ServerEvent::Fault,
            Input::Stop => ServerEvent::Stop,
            _ => return,
        };
        if self.state.go(event)
            && let Input::Opened { link, .. } = input
        {
            out.notice(Notice::Connection(link.peer));
            out.send(link, BANNER);
        }
    }
}

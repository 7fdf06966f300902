//! `chat`: two people take strict turns, the client first, until one sends `fin` (UDP 16000).
//!
//! A lost datagram leaves both waiting, and nothing here can mend that: a repeated message could
//! not be told from a new one, and the turns would fall out of step.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use crate::fault::{Failure, FaultKind, FaultsSaid};
use crate::input::Input;
use crate::lab::{Exercise, Server as Serve, Settings};
use crate::link::{Link, Transport, max_datagram};
use crate::machine::{Interest, Machine, Status};
use crate::outbox::Outbox;
use crate::output::{Notice, Prompt};
use crate::table::table;
use crate::time::{Deadline, Mono, Now, Why};

/// The text that ends a chat, exactly.
pub const FIN: &[u8] = b"fin";

table! { ClientState on ClientEvent {
    Start, Opened, Line, SaidFin, TooLong, InputEnd, Text, HeardFin, GaveUp, Fault, Stop,
}
    Idle {
        Start    => Opening: "open the socket",
        Stop     => Stopped: "",
    }
    Opening {
        Opened   => Typing: "ask for a line",
        Fault    => Failed: "",
        Stop     => Stopped: "",
    }
    Typing {
        Line     => Waiting: "send it",
        SaidFin  => Done: "send it; close",
        InputEnd => Done: "send fin; close",
        TooLong  => Failed: "send nothing",
        Stop     => Stopped: "send fin; close",
    }
    Waiting {
        Text     => Typing: "show it; ask for a line",
        HeardFin => Done: "show it; close",
        GaveUp   => Failed: "",
        Fault    => Failed: "",
        Stop     => Stopped: "",
    }
    Done {}
    Stopped {}
    Failed {}
}

table! { ServerState on ServerEvent {
    Start, Bound, First, FirstFin, Text, HeardFin, Stranger, Line, SaidFin, TooLong, InputEnd,
    GaveUp, Fault, Stop,
}
    Idle {
        Start    => Binding: "",
        Stop     => Stopped: "",
    }
    Binding {
        Bound    => Open: "say that the server is ready",
        Stop     => Stopped: "",
    }
    Open {
        First    => Typing: "the chat is this client's; show it; ask for a line",
        FirstFin => Done: "show it; close",
        Fault    => Open: "say so once",
        Stop     => Stopped: "",
    }
    Waiting {
        Text     => Typing: "show it; ask for a line",
        HeardFin => Done: "show it; close",
        Stranger => Waiting: "drop it, and say so",
        GaveUp   => Failed: "",
        Fault    => Waiting: "say so once",
        Stop     => Stopped: "",
    }
    Typing {
        Line     => Waiting: "send it",
        SaidFin  => Done: "send it; close",
        InputEnd => Done: "send fin; close",
        TooLong  => Failed: "send nothing",
        Fault    => Typing: "say so once",
        Stop     => Stopped: "send fin; close",
    }
    Done {}
    Stopped {}
    Failed {}
}

/// The exercise.
pub static EXERCISE: Exercise = Exercise {
    name: "chat",
    transport: Transport::Datagram,
    port: 16_000,
    timeout: None,
    offers: &[],
    secret: false,
    client_table: ClientState::ROWS,
    server_table: ServerState::ROWS,
    client: |settings| Box::new(Client::new(settings)),
    server: Serve::Endpoint(|settings| Box::new(Server::new(settings))),
};

/// The side that begins.
#[derive(Debug)]
pub struct Client {
    state: ClientState,
    servers: Vec<SocketAddr>,
    /// The one that answered; until then the last, which is to blame if none does.
    server: SocketAddr,
    timeout: Option<Duration>,
    waiting_since: Mono,
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
            waiting_since: Mono::ZERO,
            failure: Failure::NoInput,
        }
    }

    fn fail(&mut self, on: ClientEvent, failure: Failure) {
        if self.state.go(on) {
            self.failure = failure;
        }
    }
}

impl Machine for Client {
    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        let link = Link::first(self.server);
        match input {
            Input::Start if self.state.go(ClientEvent::Start) => {
                out.open(link.socket, Transport::Datagram, &self.servers);
            }
            Input::Opened { link, .. } if self.state.go(ClientEvent::Opened) => {
                self.server = link.peer;
                out.prompt(Prompt::Chat);
            }
            Input::Line(line) if line.len() > max_datagram(self.server) => {
                let failure = Failure::TooLong(self.server, line.len());
                self.fail(ClientEvent::TooLong, failure);
            }
            Input::Line(FIN) if self.state.go(ClientEvent::SaidFin) => out.send(link, FIN),
            Input::Line(line) if self.state.go(ClientEvent::Line) => {
                self.waiting_since = now.mono;
                out.send(link, line);
            }
            Input::InputEnd if self.state.go(ClientEvent::InputEnd) => out.send(link, FIN),
            Input::Datagram { bytes, .. } => {
                let fin = bytes == FIN;
                let event = if fin {
                    ClientEvent::HeardFin
                } else {
                    ClientEvent::Text
                };
                if self.state.go(event) {
                    out.show(bytes);
                    if !fin {
                        out.prompt(Prompt::Chat);
                    }
                }
            }
            Input::Timer => {
                let waited = self.timeout.unwrap_or_default();
                self.fail(ClientEvent::GaveUp, Failure::NoReply(self.server, waited));
            }
            Input::Fault { doing, fault, .. } => {
                let failure = match fault.kind {
                    // On a connected UDP socket both mean the ICMP refusal of the last datagram.
                    FaultKind::Refused | FaultKind::Reset => Failure::Refused(self.server),
                    _ => Failure::of(self.server, doing, fault),
                };
                self.fail(ClientEvent::Fault, failure);
            }
            Input::Stop => {
                // On its turn it can still say goodbye; out of turn the peer would not hear it.
                if self.state == ClientState::Typing {
                    out.send(link, FIN);
                }
                self.state.go(ClientEvent::Stop);
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        match (self.state, self.timeout) {
            (ClientState::Waiting, Some(timeout)) => Some(Deadline {
                at: self.waiting_since.plus(timeout),
                why: Why::Reply,
            }),
            _ => None,
        }
    }

    fn interest(&self) -> Interest {
        match self.state {
            ClientState::Typing => Interest::LINE,
            ClientState::Waiting => Interest::NETWORK,
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

/// How many strangers are named before the rest are dropped without a word.
const STRANGERS_NAMED: usize = 8;

/// The side that answers, for the first client that speaks.
#[derive(Debug)]
pub struct Server {
    state: ServerState,
    timeout: Option<Duration>,
    waiting_since: Mono,
    client: Option<Link>,
    strangers: Vec<SocketAddr>,
    said: FaultsSaid,
    failure: Failure,
}

impl Server {
    /// A server with the time-out of `settings` for each answer of its client.
    pub fn new(settings: &Settings) -> Self {
        Server {
            state: ServerState::Idle,
            timeout: settings.timeout,
            waiting_since: Mono::ZERO,
            client: None,
            strangers: Vec::new(),
            said: FaultsSaid::default(),
            failure: Failure::NoInput,
        }
    }

    fn hear(&mut self, link: Link, bytes: &[u8], out: &mut Outbox) {
        let fin = bytes == FIN;
        let event = match self.client {
            None if fin => ServerEvent::FirstFin,
            None => ServerEvent::First,
            Some(client) if client.peer != link.peer => ServerEvent::Stranger,
            Some(_) if fin => ServerEvent::HeardFin,
            Some(_) => ServerEvent::Text,
        };
        if !self.state.go(event) {
            return;
        }
        if event == ServerEvent::Stranger {
            self.turn_away(link.peer, out);
            return;
        }
        // The answer leaves from the address that was asked last.
        if self.client.replace(link).is_none() {
            out.notice(Notice::ChatBegan(link.peer));
        }
        out.show(bytes);
        if !fin {
            out.prompt(Prompt::Chat);
        }
    }

    fn turn_away(&mut self, peer: SocketAddr, out: &mut Outbox) {
        if self.strangers.contains(&peer) || self.strangers.len() > STRANGERS_NAMED {
            return;
        }
        self.strangers.push(peer);
        out.notice(if self.strangers.len() > STRANGERS_NAMED {
            Notice::MoreStrangers
        } else {
            Notice::Stranger(peer)
        });
    }

    /// What is wrong with a line that does not fit into a datagram to the client.
    fn too_long(&self, line: &[u8]) -> Option<Failure> {
        let client = self.client?.peer;
        let fits = line.len() <= max_datagram(client);
        (!fits).then_some(Failure::TooLong(client, line.len()))
    }

    fn say(&mut self, on: ServerEvent, text: &[u8], out: &mut Outbox) {
        if let Some(client) = self.client
            && self.state.go(on)
        {
            out.send(client, text);
        }
    }
}

impl Machine for Server {
    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        match input {
            Input::Start => {
                self.state.go(ServerEvent::Start);
            }
            Input::Bound { local, .. } if self.state.go(ServerEvent::Bound) => {
                out.notice(Notice::Ready(local));
            }
            Input::Datagram { link, bytes } => self.hear(link, bytes, out),
            Input::Line(FIN) => self.say(ServerEvent::SaidFin, FIN, out),
            Input::Line(line) => {
                if let Some(failure) = self.too_long(line) {
                    if self.state.go(ServerEvent::TooLong) {
                        self.failure = failure;
                    }
                } else {
                    self.waiting_since = now.mono;
                    self.say(ServerEvent::Line, line, out);
                }
            }
            Input::InputEnd => self.say(ServerEvent::InputEnd, FIN, out),
            Input::Timer => {
                if let Some(client) = self.client
                    && self.state.go(ServerEvent::GaveUp)
                {
                    let waited = self.timeout.unwrap_or_default();
                    self.failure = Failure::NoReply(client.peer, waited);
                }
            }
            Input::Fault { doing, fault, .. } if self.state.go(ServerEvent::Fault) => {
                self.said.say(doing, fault, out);
            }
            Input::Stop if self.state == ServerState::Typing => {
                self.say(ServerEvent::Stop, FIN, out);
            }
            Input::Stop => {
                self.state.go(ServerEvent::Stop);
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        match (self.state, self.timeout) {
            (ServerState::Waiting, Some(timeout)) => Some(Deadline {
                at: self.waiting_since.plus(timeout),
                why: Why::Reply,
            }),
            _ => None,
        }
    }

    fn interest(&self) -> Interest {
        match self.state {
            ServerState::Open | ServerState::Waiting => Interest::NETWORK,
            ServerState::Typing => Interest::LINE,
            _ => Interest::NOTHING,
        }
    }

    fn state(&self) -> &'static str {
        self.state.name()
    }

    fn status(&self) -> Status {
        match self.state {
            ServerState::Done => Status::Done,
            ServerState::Stopped => Status::Stopped,
            ServerState::Failed => Status::Failed(self.failure),
            _ => Status::Running,
        }
    }
}

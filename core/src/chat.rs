//! `chat`: two people take strict turns, the client first, until one sends `fin` (UDP 16000).
//!
//! After a lost datagram both sides wait. Sending again would not help: the other side could not
//! tell a repeated message from a new one, and the turns would get out of step.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use crate::exercise::{Exercise, ServerKind, Settings};
use crate::fault::Failure;
use crate::input::Input;
use crate::link::{Link, Transport, max_datagram};
use crate::machine::Machine;
use crate::outbox::Outbox;
use crate::output::{Notice, Prompt};
use crate::reported_faults::ReportedFaults;
use crate::scene::ClientStep::{PauseForOther, Receive, Send};
use crate::scene::Scene;
use crate::table::{from_table, table};
use crate::time::{Deadline, Mono, Now, Why};
use crate::unexpected::{self, Unexpected, UnexpectedKind};

/// The text that ends a chat, exactly.
pub const FIN: &[u8] = b"fin";

table! { ClientState on ClientEvent {
    Start, Opened, Line, SaidFin, TooLong, InputEnd, Text, HeardFin, GaveUp, Fault,
    StopOnTurn, Stop,
} ends in Done, Stopped, Failed;
    Idle {
        Start    => Opening: "open the socket",
        Stop     => Stopped: "",
    }
    Opening waits for Socket {
        Opened   => Typing: "ask for a line",
        Fault    => Failed: "",
        Stop     => Stopped: "",
    }
    Typing waits for Line {
        Line     => Waiting: "send it",
        SaidFin  => Done: "send it; close",
        InputEnd => Done: "send fin; close",
        TooLong  => Failed: "do not send it",
        StopOnTurn => Stopped: "send fin; close",
    }
    Waiting waits for Network or Timer {
        Text     => Typing: "show it; ask for a line",
        HeardFin => Done: "show it; close",
        GaveUp   => Failed: "",
        Fault    => Failed: "",
        Stop     => Stopped: "",
    }
}

table! { ServerState on ServerEvent {
    Start, Bound, First, FirstFin, Text, HeardFin, Stranger, Line, SaidFin, TooLong, InputEnd,
    GaveUp, Fault, StopOnTurn, Stop,
} ends in Done, Stopped, Failed;
    Idle {
        Start    => Binding: "",
        Stop     => Stopped: "",
    }
    Binding waits for Socket {
        Bound    => Open: "say that the server is ready",
        Stop     => Stopped: "",
    }
    Open waits for Network {
        First    => Typing: "the chat is this client's; show it; ask for a line",
        FirstFin => Done: "show it; close",
        Fault    => Open: "say so once",
        Stop     => Stopped: "",
    }
    Waiting waits for Network or Timer {
        Text     => Typing: "show it; ask for a line",
        HeardFin => Done: "show it; close",
        Stranger => Waiting: "drop it, and say so",
        GaveUp   => Failed: "",
        Fault    => Waiting: "say so once",
        Stop     => Stopped: "",
    }
    Typing waits for Line {
        Line     => Waiting: "send it",
        SaidFin  => Done: "send it; close",
        InputEnd => Done: "send fin; close",
        TooLong  => Failed: "do not send it",
        Fault    => Typing: "say so once",
        StopOnTurn => Stopped: "send fin; close",
    }
}

/// The exercise.
pub static EXERCISE: Exercise = Exercise {
    name: "chat",
    transport: Transport::Datagram,
    port: 16_000,
    timeout: None,
    options: &[],
    secret: false,
    client_table: ClientState::TABLE,
    server_table: ServerState::TABLE,
    client: |settings| Box::new(Client::new(settings)),
    server: ServerKind::Endpoint(|settings| Box::new(Server::new(settings))),
    scene: Scene {
        client: &["hola", "bien, ¿y tú?", "fin"],
        server: &["¿qué tal?", "muy bien"],
        // The second client is not in the chat; the server reads its datagram when it next listens.
        two_clients: [
            &[Send("hola"), Receive, PauseForOther, Send("fin")],
            &[Send("¿hay alguien?")],
        ],
    },
};

/// The side that begins.
#[derive(Debug)]
pub struct Client {
    state: ClientState,
    servers: Vec<SocketAddr>,
    /// The address that answered; until one has, the last one tried, for error messages.
    server: SocketAddr,
    timeout: Option<Duration>,
    waiting_since: Mono,
    /// The last text that this side sent.
    said: Vec<u8>,
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
            said: Vec::new(),
            failure: Failure::NoInput,
        }
    }

    /// Whether an answer is the capitals of what was said, as the echo server makes them.
    fn is_echo(&self, answer: &[u8]) -> bool {
        unexpected::is_capitals_of(answer, &self.said)
    }
}

/// What is odd about a text of the other side.
fn odd(text: &[u8]) -> Option<Unexpected<'_>> {
    Unexpected::check_text(text, |text| text == FIN)
}

impl Machine for Client {
    from_table!(state, failure);

    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        let event = match input {
            Input::Start => ClientEvent::Start,
            Input::Opened { .. } => ClientEvent::Opened,
            Input::Line(line) if line.len() > max_datagram(self.server) => ClientEvent::TooLong,
            Input::Line(FIN) => ClientEvent::SaidFin,
            Input::Line(_) => ClientEvent::Line,
            Input::InputEnd => ClientEvent::InputEnd,
            Input::Datagram { bytes: FIN, .. } => ClientEvent::HeardFin,
            Input::Datagram { .. } => ClientEvent::Text,
            Input::Timer => ClientEvent::GaveUp,
            Input::Fault { .. } => ClientEvent::Fault,
            // Out of turn the peer would not hear a `fin`.
            Input::Stop if self.state == ClientState::Typing => ClientEvent::StopOnTurn,
            Input::Stop => ClientEvent::Stop,
            _ => return,
        };
        if !self.state.go(event) {
            return;
        }
        let link = Link::first(self.server);
        match (event, input) {
            (ClientEvent::Start, _) => out.open(link.socket, Transport::Datagram, &self.servers),
            (_, Input::Opened { link, .. }) => {
                self.server = link.peer;
                out.prompt(Prompt::Chat);
            }
            (ClientEvent::TooLong, Input::Line(line)) => {
                self.failure = Failure::TooLong(self.server, line.len());
            }
            (_, Input::Line(line)) => {
                self.waiting_since = now.mono;
                self.said.clear();
                self.said.extend_from_slice(line);
                out.send(link, line);
            }
            (ClientEvent::InputEnd | ClientEvent::StopOnTurn, _) => out.send(link, FIN),
            (_, Input::Datagram { bytes, .. }) => {
                out.show(bytes);
                let echo = Unexpected::of(UnexpectedKind::OwnCapitals, bytes);
                if let Some(odd) = odd(bytes).or(self.is_echo(bytes).then_some(echo)) {
                    out.unexpected(&odd);
                }
                if event == ClientEvent::Text {
                    out.prompt(Prompt::Chat);
                }
            }
            (ClientEvent::GaveUp, _) => {
                let waited = self.timeout.unwrap_or_default();
                self.failure = Failure::NoReply(self.server, waited);
            }
            (_, Input::Fault { doing, fault, .. }) => {
                self.failure = Failure::of_connected_udp(self.server, doing, fault);
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        match self.state {
            ClientState::Waiting => Deadline::after(self.waiting_since, self.timeout, Why::Reply),
            _ => None,
        }
    }
}

/// How many strangers the user is told about; datagrams of further ones are dropped silently.
const STRANGERS_NAMED: usize = 8;

/// The side that answers, for the first client that speaks.
#[derive(Debug)]
pub struct Server {
    state: ServerState,
    timeout: Option<Duration>,
    waiting_since: Mono,
    client: Option<Link>,
    strangers: Vec<SocketAddr>,
    reported: ReportedFaults,
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
            reported: ReportedFaults::default(),
            failure: Failure::NoInput,
        }
    }

    /// Which event a datagram is.
    fn classify(&self, link: Link, bytes: &[u8]) -> ServerEvent {
        let fin = bytes == FIN;
        match self.client {
            None if fin => ServerEvent::FirstFin,
            None => ServerEvent::First,
            Some(client) if client.peer != link.peer => ServerEvent::Stranger,
            Some(_) if fin => ServerEvent::HeardFin,
            Some(_) => ServerEvent::Text,
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

    fn fail(&mut self, failure: impl Fn(SocketAddr) -> Failure) {
        if let Some(client) = self.client {
            self.failure = failure(client.peer);
        }
    }

    /// The longest line that fits into a datagram to the client.
    fn longest(&self) -> usize {
        self.client.map_or(0, |client| max_datagram(client.peer))
    }

    fn say(&self, text: &[u8], out: &mut Outbox) {
        if let Some(client) = self.client {
            out.send(client, text);
        }
    }
}

impl Machine for Server {
    from_table!(state, failure);

    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        let event = match input {
            Input::Start => ServerEvent::Start,
            Input::Bound { .. } => ServerEvent::Bound,
            Input::Datagram { link, bytes } => self.classify(link, bytes),
            Input::Line(FIN) => ServerEvent::SaidFin,
            Input::Line(line) if line.len() > self.longest() => ServerEvent::TooLong,
            Input::Line(_) => ServerEvent::Line,
            Input::InputEnd => ServerEvent::InputEnd,
            Input::Timer => ServerEvent::GaveUp,
            Input::Fault { .. } => ServerEvent::Fault,
            // Out of turn the peer would not hear a `fin`.
            Input::Stop if self.state == ServerState::Typing => ServerEvent::StopOnTurn,
            Input::Stop => ServerEvent::Stop,
            _ => return,
        };
        if !self.state.go(event) {
            return;
        }
        match (event, input) {
            (_, Input::Bound { local, .. }) => out.notice(Notice::Ready(local)),
            (ServerEvent::Stranger, Input::Datagram { link, .. }) => self.turn_away(link.peer, out),
            (_, Input::Datagram { link, bytes }) => {
                // Keep the latest link, so that the answer leaves from the address that the client
                // last wrote to.
                if self.client.replace(link).is_none() {
                    out.notice(Notice::ChatBegan(link.peer));
                }
                out.show(bytes);
                if let Some(odd) = odd(bytes) {
                    out.unexpected(&odd);
                }
                if self.state == ServerState::Typing {
                    out.prompt(Prompt::Chat);
                }
            }
            (ServerEvent::TooLong, Input::Line(line)) => {
                self.fail(|client| Failure::TooLong(client, line.len()));
            }
            (_, Input::Line(line)) => {
                self.waiting_since = now.mono;
                self.say(line, out);
            }
            (ServerEvent::InputEnd | ServerEvent::StopOnTurn, _) => self.say(FIN, out),
            (ServerEvent::GaveUp, _) => {
                let waited = self.timeout.unwrap_or_default();
                self.fail(|client| Failure::NoReply(client, waited));
            }
            (_, Input::Fault { doing, fault, .. }) => self.reported.report(doing, fault, out),
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        match self.state {
            ServerState::Waiting => Deadline::after(self.waiting_since, self.timeout, Why::Reply),
            _ => None,
        }
    }
}

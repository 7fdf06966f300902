//! `message`: one line, one datagram, no reply (UDP 15002).
//!
//! The client can send without a server, but only a running server receives the datagram.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;

use crate::exercise::{Exercise, ServerKind, Settings};
use crate::fault::{Failure, Fault, FaultKind};
use crate::input::Input;
use crate::link::{Link, Transport, max_datagram};
use crate::machine::Machine;
use crate::outbox::Outbox;
use crate::output::{Notice, Prompt};
use crate::reported_faults::ReportedFaults;
use crate::scene::{ClientStep, Scene};
use crate::table::{from_table, table};
use crate::time::Now;
use crate::unexpected::Unexpected;

table! { ClientState on ClientEvent {
    Start, Opened, Line, TooLong, InputEnd, Finished, Refused, Fault, Stop,
} ends in Done, Stopped, Failed;
    Idle {
        Start    => Opening: "open the socket",
        Stop     => Stopped: "",
    }
    Opening waits for Socket {
        Opened   => Asking: "ask for a line",
        Refused  => Failed: "",
        Fault    => Failed: "",
        Stop     => Stopped: "",
    }
    Asking waits for Line {
        Line     => Leaving: "send it and finish",
        TooLong  => Failed: "do not send it",
        InputEnd => Failed: "",
        Stop     => Stopped: "",
    }
    Leaving waits for Flush {
        Finished => Done: "close",
        Refused  => Done: "say that no server listens; close",
        Fault    => Failed: "",
        Stop     => Stopped: "",
    }
}

table! { ServerState on ServerEvent { Start, Bound, Datagram, Fault, Stop } ends in Done, Stopped;
    Idle {
        Start    => Binding: "",
        Stop     => Stopped: "",
    }
    Binding waits for Socket {
        Bound    => Waiting: "say that the server is ready",
        Stop     => Stopped: "",
    }
    Waiting waits for Network {
        Datagram => Done: "show it; close",
        Fault    => Waiting: "say so once",
        Stop     => Stopped: "",
    }
}

/// The exercise.
pub static EXERCISE: Exercise = Exercise {
    name: "message",
    transport: Transport::Datagram,
    port: 15_002,
    timeout: None,
    options: &[],
    secret: false,
    client_table: ClientState::TABLE,
    server_table: ServerState::TABLE,
    client: |settings| Box::new(Client::new(settings)),
    server: ServerKind::Endpoint(|_: &Settings| Box::new(Server::new())),
    scene: Scene {
        client: &["hola, ¿qué tal?"],
        server: &[],
        // The server takes one message, from the first client.
        two_clients: [
            &[
                ClientStep::PauseForOther,
                ClientStep::Send("hola, Servidor"),
            ],
            &[ClientStep::Send("hola")],
        ],
    },
};

/// Sends one line and leaves.
#[derive(Debug)]
pub struct Client {
    state: ClientState,
    servers: Vec<SocketAddr>,
    /// The address that answered; until one has, the last one tried, for error messages.
    server: SocketAddr,
    failure: Failure,
}

impl Client {
    /// A client with the server of `settings`.
    pub fn new(settings: &Settings) -> Self {
        Client {
            state: ClientState::Idle,
            servers: settings.servers(),
            server: settings.last_server(),
            failure: Failure::NoInput,
        }
    }
}

impl Machine for Client {
    from_table!(state, failure);

    fn step(&mut self, _: Now, input: Input<'_>, out: &mut Outbox) {
        let event = match input {
            Input::Start => ClientEvent::Start,
            Input::Opened { .. } => ClientEvent::Opened,
            Input::Line(line) if line.len() > max_datagram(self.server) => ClientEvent::TooLong,
            Input::Line(_) => ClientEvent::Line,
            Input::InputEnd => ClientEvent::InputEnd,
            Input::Finished { .. } => ClientEvent::Finished,
            Input::Fault { fault, .. } if is_refusal(fault) => ClientEvent::Refused,
            Input::Fault { .. } => ClientEvent::Fault,
            Input::Stop => ClientEvent::Stop,
            _ => return,
        };
        if !self.state.go(event) {
            return;
        }
        let link = Link::first(self.server);
        match (input, self.state) {
            (Input::Start, _) => out.open(link.socket, Transport::Datagram, &self.servers),
            (Input::Opened { link, .. }, _) => {
                self.server = link.peer;
                out.prompt(Prompt::Message);
            }
            (Input::Line(line), ClientState::Leaving) => {
                out.send(link, line);
                out.finish(link);
            }
            (Input::Line(line), _) => self.failure = Failure::TooLong(self.server, line.len()),
            // UDP sends whether or not a server is there, but an ICMP error may already have come.
            (Input::Fault { .. }, ClientState::Done) => {
                out.notice(Notice::NoListener(self.server));
            }
            (Input::Fault { doing, fault, .. }, _) => {
                self.failure = Failure::of(self.server, doing, fault);
            }
            _ => {}
        }
    }
}

fn is_refusal(fault: Fault) -> bool {
    // Windows reports an ICMP refusal as a reset.
    matches!(fault.kind, FaultKind::Refused | FaultKind::Reset)
}

/// Waits for one datagram and shows it.
#[derive(Debug)]
pub struct Server {
    state: ServerState,
    reported: ReportedFaults,
}

impl Default for Server {
    fn default() -> Self {
        Server::new()
    }
}

impl Server {
    /// A server for one message.
    pub fn new() -> Self {
        Server {
            state: ServerState::Idle,
            reported: ReportedFaults::default(),
        }
    }
}

impl Machine for Server {
    from_table!(state);

    fn reads_time(&self) -> bool {
        false
    }

    fn step(&mut self, _: Now, input: Input<'_>, out: &mut Outbox) {
        let event = match input {
            Input::Start => ServerEvent::Start,
            Input::Bound { .. } => ServerEvent::Bound,
            Input::Datagram { .. } => ServerEvent::Datagram,
            Input::Fault { .. } => ServerEvent::Fault,
            Input::Stop => ServerEvent::Stop,
            _ => return,
        };
        if !self.state.go(event) {
            return;
        }
        match input {
            Input::Bound { local, .. } => out.notice(Notice::Ready(local)),
            Input::Datagram { bytes, .. } => {
                out.show(bytes);
                if let Some(odd) = Unexpected::check_text(bytes, |_| true) {
                    out.unexpected(&odd);
                }
            }
            Input::Fault { doing, fault, .. } => self.reported.report(doing, fault, out),
            _ => {}
        }
    }
}

//! `message`: one line, one datagram, no reply (UDP 15002).
//!
//! The client needs no server to send, but a server must be up to hear it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;

use crate::fault::{Failure, Fault, FaultKind, FaultsSaid};
use crate::input::Input;
use crate::lab::{Exercise, Server as Serve, Settings};
use crate::link::{Link, Transport, max_datagram};
use crate::machine::{Interest, Machine, Status};
use crate::outbox::Outbox;
use crate::output::{Notice, Prompt};
use crate::table::table;
use crate::time::{Deadline, Now};

table! { ClientState on ClientEvent {
    Start, Opened, Line, TooLong, InputEnd, Finished, Refused, Fault, Stop,
}
    Idle {
        Start    => Opening: "open the socket",
        Stop     => Stopped: "",
    }
    Opening {
        Opened   => Asking: "ask for a line",
        Fault    => Failed: "",
        Stop     => Stopped: "",
    }
    Asking {
        Line     => Leaving: "send it and finish",
        TooLong  => Failed: "send nothing",
        InputEnd => Failed: "send nothing",
        Stop     => Stopped: "",
    }
    Leaving {
        Finished => Done: "close",
        Refused  => Done: "say that nobody listens; close",
        Fault    => Failed: "",
        Stop     => Stopped: "",
    }
    Done {}
    Stopped {}
    Failed {}
}

table! { ServerState on ServerEvent { Start, Bound, Datagram, Fault, Stop }
    Idle {
        Start    => Binding: "",
        Stop     => Stopped: "",
    }
    Binding {
        Bound    => Waiting: "say that the server is ready",
        Stop     => Stopped: "",
    }
    Waiting {
        Datagram => Done: "show it; close",
        Fault    => Waiting: "say so once",
        Stop     => Stopped: "",
    }
    Done {}
    Stopped {}
}

/// The exercise.
pub static EXERCISE: Exercise = Exercise {
    name: "message",
    transport: Transport::Datagram,
    port: 15_002,
    timeout: None,
    offers: &[],
    secret: false,
    client_table: ClientState::ROWS,
    server_table: ServerState::ROWS,
    client: |settings| Box::new(Client::new(settings)),
    server: Serve::Endpoint(|_: &Settings| Box::new(Server::new())),
};

/// Sends one line and leaves.
#[derive(Debug)]
pub struct Client {
    state: ClientState,
    servers: Vec<SocketAddr>,
    /// The one that answered; until then the last, which is to blame if none does.
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

    fn fail(&mut self, on: ClientEvent, failure: Failure) {
        if self.state.go(on) {
            self.failure = failure;
        }
    }
}

impl Machine for Client {
    fn step(&mut self, _: Now, input: Input<'_>, out: &mut Outbox) {
        let link = Link::first(self.server);
        match input {
            Input::Start if self.state.go(ClientEvent::Start) => {
                out.open(link.socket, Transport::Datagram, &self.servers);
            }
            Input::Opened { link, .. } if self.state.go(ClientEvent::Opened) => {
                self.server = link.peer;
                out.prompt(Prompt::Message);
            }
            Input::Line(line) if line.len() > max_datagram(self.server) => {
                let failure = Failure::TooLong(self.server, line.len());
                self.fail(ClientEvent::TooLong, failure);
            }
            Input::Line(line) if self.state.go(ClientEvent::Line) => {
                out.send(link, line);
                out.finish(link);
            }
            Input::InputEnd => self.fail(ClientEvent::InputEnd, Failure::NoInput),
            Input::Finished { .. } => {
                self.state.go(ClientEvent::Finished);
            }
            // UDP sends into the void with success; but if the system knows already, it is said.
            Input::Fault { fault, .. }
                if is_refusal(fault) && self.state.go(ClientEvent::Refused) =>
            {
                out.notice(Notice::NobodyListens(self.server));
            }
            Input::Fault { doing, fault, .. } => {
                self.fail(ClientEvent::Fault, Failure::of(self.server, doing, fault));
            }
            Input::Stop => {
                self.state.go(ClientEvent::Stop);
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        None
    }

    fn interest(&self) -> Interest {
        match self.state {
            ClientState::Asking => Interest::LINE,
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

fn is_refusal(fault: Fault) -> bool {
    // A reset is how Windows tells of an ICMP refusal.
    matches!(fault.kind, FaultKind::Refused | FaultKind::Reset)
}

/// Waits for one datagram and shows it.
#[derive(Debug)]
pub struct Server {
    state: ServerState,
    said: FaultsSaid,
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
            said: FaultsSaid::default(),
        }
    }
}

impl Machine for Server {
    fn step(&mut self, _: Now, input: Input<'_>, out: &mut Outbox) {
        match input {
            Input::Start => {
                self.state.go(ServerEvent::Start);
            }
            Input::Bound { local, .. } if self.state.go(ServerEvent::Bound) => {
                out.notice(Notice::Ready(local));
            }
            Input::Datagram { bytes, .. } if self.state.go(ServerEvent::Datagram) => {
                out.show(bytes);
            }
            Input::Fault { doing, fault, .. } if self.state.go(ServerEvent::Fault) => {
                self.said.say(doing, fault, out);
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
        match self.state {
            ServerState::Waiting => Interest::NETWORK,
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
            _ => Status::Running,
        }
    }
}

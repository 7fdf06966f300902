//! `reverse`: text comes back with its letters in the opposite order, until the reply is `NIF`.
//!
//! An exercise that the lab does not have, to show all that a new one needs. In `core/src`, `socklab_core::` becomes
//! `crate::`, and nothing else changes.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use socklab_core::lab::{Exercise, Server as Serve, Settings};
use socklab_core::{
    Deadline, Failure, Input, Interest, Link, Machine, Mono, Notice, Now, Outbox, Prompt, Status,
    Transport, Why, table,
};

/// The reply that ends both sides: to `FIN`.
const END: &[u8] = b"NIF";

table! { ClientState on ClientEvent { Start, Opened, Line, InputEnd, Reply, End, GaveUp, Fault, Stop }
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
        InputEnd => Done: "close",
        Stop     => Stopped: "",
    }
    Waiting {
        Reply    => Typing: "show it; ask for a line",
        End      => Done: "show it; close",
        GaveUp   => Failed: "",
        Fault    => Failed: "",
        Stop     => Stopped: "",
    }
    Done {}
    Stopped {}
    Failed {}
}

table! { ServerState on ServerEvent { Start, Bound, Text, End, Stop }
    Idle {
        Start    => Binding: "",
        Stop     => Stopped: "",
    }
    Binding {
        Bound    => Serving: "say that the server is ready",
        Stop     => Stopped: "",
    }
    Serving {
        Text     => Serving: "show it; reply in reverse",
        End      => Done: "show it; reply NIF; close",
        Stop     => Stopped: "",
    }
    Done {}
    Stopped {}
}

/// The exercise, as `core/src/lab.rs` lists it.
pub static EXERCISE: Exercise = Exercise {
    name: "reverse",
    transport: Transport::Datagram,
    port: 16_001,
    timeout: Some(Duration::from_secs(5)),
    offers: &[],
    secret: false,
    client_table: ClientState::ROWS,
    server_table: ServerState::ROWS,
    client: |settings| Box::new(Client::new(settings)),
    server: Serve::Endpoint(|_| Box::new(Server(ServerState::Idle))),
};

/// Sends lines and shows them reversed.
struct Client {
    state: ClientState,
    server: SocketAddr,
    timeout: Option<Duration>,
    sent: Mono,
    failure: Failure,
}

impl Client {
    fn new(settings: &Settings) -> Self {
        Client {
            state: ClientState::Idle,
            server: settings.server,
            timeout: settings.timeout,
            sent: Mono::ZERO,
            failure: Failure::NoInput,
        }
    }
}

impl Machine for Client {
    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        let link = Link::first(self.server);
        match input {
            Input::Start if self.state.go(ClientEvent::Start) => {
                out.open(link.socket, Transport::Datagram, &[self.server]);
            }
            Input::Opened { .. } if self.state.go(ClientEvent::Opened) => {
                out.prompt(Prompt::Message);
            }
            Input::Line(line) if self.state.go(ClientEvent::Line) => {
                self.sent = now.mono;
                out.send(link, line);
            }
            Input::Datagram { bytes: END, .. } if self.state.go(ClientEvent::End) => {
                out.show(END);
            }
            Input::Datagram { bytes, .. } if self.state.go(ClientEvent::Reply) => {
                out.show(bytes);
                out.prompt(Prompt::Message);
            }
            Input::InputEnd => {
                self.state.go(ClientEvent::InputEnd);
            }
            Input::Timer if self.state.go(ClientEvent::GaveUp) => {
                self.failure = Failure::NoReply(self.server, self.timeout.unwrap_or_default());
            }
            Input::Fault { doing, fault, .. } if self.state.go(ClientEvent::Fault) => {
                self.failure = Failure::of(self.server, doing, fault);
            }
            Input::Stop => {
                self.state.go(ClientEvent::Stop);
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        let timeout = self
            .timeout
            .filter(|_| self.state == ClientState::Waiting)?;
        Some(Deadline {
            at: self.sent.plus(timeout),
            why: Why::Reply,
        })
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

/// Answers everybody.
struct Server(ServerState);

impl Machine for Server {
    fn step(&mut self, _: Now, input: Input<'_>, out: &mut Outbox) {
        match input {
            Input::Start => {
                self.0.go(ServerEvent::Start);
            }
            Input::Bound { local, .. } if self.0.go(ServerEvent::Bound) => {
                out.notice(Notice::Ready(local));
            }
            Input::Datagram { link, bytes } => {
                let reply = reverse(bytes);
                let event = match reply == END {
                    true => ServerEvent::End,
                    false => ServerEvent::Text,
                };
                if self.0.go(event) {
                    out.show(bytes);
                    out.send(link, &reply);
                }
            }
            Input::Stop => {
                self.0.go(ServerEvent::Stop);
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        None
    }

    fn interest(&self) -> Interest {
        match self.0 {
            ServerState::Serving => Interest::NETWORK,
            _ => Interest::NOTHING,
        }
    }

    fn state(&self) -> &'static str {
        self.0.name()
    }

    fn status(&self) -> Status {
        match self.0 {
            ServerState::Done => Status::Done,
            ServerState::Stopped => Status::Stopped,
            _ => Status::Running,
        }
    }
}

/// The letters of a text in the opposite order; bytes that are no text, byte by byte.
fn reverse(bytes: &[u8]) -> Vec<u8> {
    match core::str::from_utf8(bytes) {
        Ok(text) => text.chars().rev().collect::<String>().into_bytes(),
        Err(_) => bytes.iter().rev().copied().collect(),
    }
}

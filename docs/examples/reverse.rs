//! `reverse`: text comes back with its letters in the opposite order, until the reply is `NIF`.
//!
//! An exercise that the lab does not have, to show all that a new one needs. In `core/src`,
//! `socklab_core::` becomes `crate::`, and nothing else changes.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use socklab_core::lab::{Exercise, ServerKind, Settings};
use socklab_core::scene::{ClientStep, Scene};
use socklab_core::{
    Deadline, Failure, Input, Link, Machine, Mono, Notice, Now, Outbox, Prompt, Transport, Why,
    from_table, table,
};

/// The reply that ends both sides: to `FIN`.
const END: &[u8] = b"NIF";

table! { ClientState on ClientEvent {
    Start, Opened, Line, InputEnd, Reply, End, GaveUp, Fault, Stop,
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
        InputEnd => Done: "close",
        Stop     => Stopped: "",
    }
    Waiting waits for Network or Timer {
        Reply    => Typing: "show it; ask for a line",
        End      => Done: "show it; close",
        GaveUp   => Failed: "",
        Fault    => Failed: "",
        Stop     => Stopped: "",
    }
}

table! { ServerState on ServerEvent { Start, Bound, Text, End, Stop } ends in Done, Stopped;
    Idle {
        Start    => Binding: "",
        Stop     => Stopped: "",
    }
    Binding waits for Socket {
        Bound    => Serving: "say that the server is ready",
        Stop     => Stopped: "",
    }
    Serving waits for Network {
        Text     => Serving: "show it; reply in reverse",
        End      => Done: "show it; reply NIF; close",
        Stop     => Stopped: "",
    }
}

/// The exercise, as `core/src/lab.rs` lists it.
pub static EXERCISE: Exercise = Exercise {
    name: "reverse",
    transport: Transport::Datagram,
    port: 16_001,
    timeout: Some(Duration::from_secs(5)),
    options: &[],
    secret: false,
    scene: Scene {
        client: &["amor", "ñandú", "FIN"],
        server: &[],
        two_clients: [
            &[
                ClientStep::Send("amor"),
                ClientStep::PauseForOther,
                ClientStep::Receive,
                ClientStep::Send("FIN"),
                ClientStep::Receive,
            ],
            &[ClientStep::Send("uno"), ClientStep::Receive],
        ],
    },
    client_table: ClientState::TABLE,
    server_table: ServerState::TABLE,
    client: |settings| Box::new(Client::new(settings)),
    server: ServerKind::Endpoint(|_| {
        Box::new(Server {
            state: ServerState::Idle,
        })
    }),
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
    from_table!(state, failure);

    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        let event = match input {
            Input::Start => ClientEvent::Start,
            Input::Opened { .. } => ClientEvent::Opened,
            Input::Line(_) => ClientEvent::Line,
            Input::InputEnd => ClientEvent::InputEnd,
            Input::Datagram { bytes: END, .. } => ClientEvent::End,
            Input::Datagram { .. } => ClientEvent::Reply,
            Input::Timer => ClientEvent::GaveUp,
            Input::Fault { .. } => ClientEvent::Fault,
            Input::Stop => ClientEvent::Stop,
            _ => return,
        };
        if !self.state.go(event) {
            return;
        }
        let link = Link::first(self.server);
        match input {
            Input::Start => out.open(link.socket, Transport::Datagram, &[self.server]),
            Input::Opened { .. } => out.prompt(Prompt::Message),
            Input::Line(line) => {
                self.sent = now.mono;
                out.send(link, line);
            }
            Input::Datagram { bytes, .. } => {
                out.show(bytes);
                if self.state == ClientState::Typing {
                    out.prompt(Prompt::Message);
                }
            }
            Input::Timer => {
                self.failure = Failure::NoReply(self.server, self.timeout.unwrap_or_default());
            }
            Input::Fault { doing, fault, .. } => {
                self.failure = Failure::of(self.server, doing, fault);
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        match self.state {
            ClientState::Waiting => Deadline::after(self.sent, self.timeout, Why::Reply),
            _ => None,
        }
    }
}

/// Answers every peer.
struct Server {
    state: ServerState,
}

impl Machine for Server {
    from_table!(state);

    fn step(&mut self, _: Now, input: Input<'_>, out: &mut Outbox) {
        let event = match input {
            Input::Start => ServerEvent::Start,
            Input::Bound { .. } => ServerEvent::Bound,
            Input::Datagram { bytes: b"FIN", .. } => ServerEvent::End,
            Input::Datagram { .. } => ServerEvent::Text,
            Input::Stop => ServerEvent::Stop,
            _ => return,
        };
        if !self.state.go(event) {
            return;
        }
        match input {
            Input::Bound { local, .. } => out.notice(Notice::Ready(local)),
            Input::Datagram { link, bytes } => {
                out.show(bytes);
                out.send(link, &reverse(bytes));
            }
            _ => {}
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

//! `capitals`: lines come back in capitals over one connection, until `FIN` (TCP 16000).
//!
//! It is `echo` over a stream, and shows that one `send` is not one `recv`. A line ends with a line
//! feed, wherever the network cuts it. `FIN` ends its connection only; the server stays up for the
//! others.

mod line_splitter;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use crate::echo::FIN;
use crate::exercise::{Exercise, ServerKind, Settings};
use crate::fault::Failure;
use crate::input::Input;
use crate::link::{Link, Socket, Transport};
use crate::machine::{Machine, Service};
use crate::outbox::Outbox;
use crate::output::{Notice, Prompt};
use crate::scene::ClientStep::{Pause, Receive, ReceiveAll, Send};
use crate::scene::Scene;
use crate::table::{from_table, table};
use crate::time::{Deadline, Mono, Now, Why};
use crate::unexpected::{Unexpected, UnexpectedKind};
use crate::uppercase::upper;
use line_splitter::LineSplitter;

table! { ClientState on ClientEvent {
    Start, Opened, Line, TooLong, InputEnd, Bytes, Reply, Fin, TooBig, Closed, GaveUp, Fault, Stop,
} ends in Done, Stopped, Failed;
    Idle {
        Start    => Opening: "connect",
        Stop     => Stopped: "",
    }
    Opening waits for Socket or Timer {
        Opened   => Typing: "ask for a line",
        GaveUp   => Failed: "",
        Fault    => Failed: "",
        Stop     => Stopped: "",
    }
    Typing waits for Line {
        Line     => Waiting: "send it with a line feed",
        TooLong  => Failed: "do not send it",
        InputEnd => Done: "close",
        Fault    => Failed: "",
        Stop     => Stopped: "",
    }
    Waiting waits for Network or Timer {
        Bytes    => Waiting: "keep them: the line has not ended",
        Reply    => Typing: "show it, and say if it is not the capitals; ask for a line",
        Fin      => Done: "show it; close",
        TooBig   => Failed: "",
        Closed   => Failed: "show what came of the line",
        GaveUp   => Failed: "show what came of the line",
        Fault    => Failed: "",
        Stop     => Stopped: "",
    }
}

table! { ServerState on ServerEvent {
    Start, Opened, Bytes, Unended, Text, Fin, TooLong, End, Finished, Drained, Fault, Stop,
} ends in Done, Stopped;
    Idle {
        Start    => Opening: "",
        Stop     => Stopped: "",
    }
    Opening waits for Socket {
        Opened   => Serving: "say who came",
        Fault    => Done: "",
        Stop     => Stopped: "",
    }
    Serving waits for Network or Timer {
        Bytes    => Serving: "keep them: the line has not ended",
        Unended  => Serving: "say so",
        Text     => Serving: "reply in capitals",
        Fin      => Draining: "reply FIN; finish",
        TooLong  => Draining: "say so; finish",
        End      => Closing: "reply to what came without a line feed; finish",
        Fault    => Done: "",
        Stop     => Stopped: "",
    }
    Draining waits for Network or Timer {
        Bytes    => Draining: "throw them away",
        Drained  => Done: "close",
        Fault    => Done: "",
        Stop     => Stopped: "close",
    }
    Closing waits for Flush {
        Finished => Done: "close",
        Fault    => Done: "",
        Stop     => Stopped: "close",
    }
}

/// The exercise.
pub static EXERCISE: Exercise = Exercise {
    name: "capitals",
    transport: Transport::Stream,
    port: 16_000,
    timeout: Some(Duration::from_secs(5)),
    options: &[],
    secret: false,
    client_table: ClientState::TABLE,
    server_table: ServerState::TABLE,
    client: |settings| Box::new(Client::new(settings)),
    server: ServerKind::Service(|_| Box::new(Server)),
    scene: Scene {
        client: &["ñandú", "straße", "", "fin"],
        server: &[],
        // The first client sends half of a line, and the rest later; each ends its own connection.
        two_clients: [
            &[
                Send("ho"),
                Pause,
                Send("la\n"),
                Receive,
                Send("fin\n"),
                ReceiveAll,
            ],
            &[Send("uno\n"), Receive, Send("fin\n"), ReceiveAll],
        ],
    },
};

/// The longest line, without its end: 64 KiB.
pub const MAX_LINE: usize = 64 * 1024;

/// The longest reply, without its end: capitals take up to three times the bytes (see [`upper`]).
pub const MAX_REPLY: usize = 3 * MAX_LINE;

/// How long a server drains what a client sends after `FIN`: 1 s. If it closed at once, unread
/// bytes would reset the connection, and the reply might be lost.
pub const DRAIN: Duration = Duration::from_secs(1);

/// How long a line may stay without its end before the server's user is told so, once: 2 s.
pub const PAUSE: Duration = Duration::from_secs(2);

/// Sends lines and shows them in capitals.
#[derive(Debug)]
pub struct Client {
    state: ClientState,
    servers: Vec<SocketAddr>,
    /// The address that answered; until one has, the last one tried, for error messages.
    server: SocketAddr,
    timeout: Option<Duration>,
    waiting_since: Mono,
    lines: LineSplitter,
    question: Vec<u8>,
    expected: Vec<u8>,
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
            lines: LineSplitter::default(),
            question: Vec::new(),
            expected: Vec::new(),
            failure: Failure::NoInput,
        }
    }

    /// Classifies bytes of the reply. Bytes after its line feed answer no question, and are
    /// dropped.
    fn classify(&mut self, mut bytes: &[u8], out: &mut Outbox) -> ClientEvent {
        let Some(reply) = self.lines.next(&mut bytes) else {
            return match self.lines.is_over(MAX_REPLY) {
                true => ClientEvent::TooBig,
                false => ClientEvent::Bytes,
            };
        };
        if reply.len() > MAX_REPLY {
            return ClientEvent::TooBig;
        }
        out.show(reply);
        if reply != self.expected {
            out.unexpected(&Unexpected {
                kind: UnexpectedKind::Reply,
                question: &self.question,
                expected: &self.expected,
                received: reply,
            });
        }
        let event = match reply == FIN {
            true => ClientEvent::Fin,
            false => ClientEvent::Reply,
        };
        self.lines.forget();
        event
    }
}

impl Machine for Client {
    from_table!(state, failure);

    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        let opening = self.state == ClientState::Opening;
        let event = match input {
            Input::Start => ClientEvent::Start,
            Input::Opened { .. } => ClientEvent::Opened,
            Input::Line(line) if line.len() > MAX_LINE => ClientEvent::TooLong,
            Input::Line(_) => ClientEvent::Line,
            Input::InputEnd => ClientEvent::InputEnd,
            Input::Bytes { bytes, .. } => self.classify(bytes, out),
            Input::End { .. } => ClientEvent::Closed,
            Input::Timer => ClientEvent::GaveUp,
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
                self.waiting_since = now.mono;
                out.open(Socket(0), Transport::Stream, &self.servers);
            }
            (_, Input::Opened { link, .. }) => {
                self.server = link.peer;
                out.prompt(Prompt::Echo);
            }
            (ClientEvent::TooLong, Input::Line(line)) => {
                self.failure = Failure::LineTooLong(line.len(), MAX_LINE);
            }
            (_, Input::Line(line)) => {
                self.waiting_since = now.mono;
                self.question.clear();
                self.question.extend_from_slice(line);
                self.expected.clear();
                upper(line, &mut self.expected);
                out.send_with(&Link::first(server), |to| {
                    to.extend_from_slice(line);
                    to.push(b'\n');
                });
            }
            (ClientEvent::Reply, _) => out.prompt(Prompt::Echo),
            (ClientEvent::TooBig, _) => self.failure = Failure::ReplyTooBig(server),
            (ClientEvent::Closed | ClientEvent::GaveUp, _) if !self.lines.partial.is_empty() => {
                out.show(&self.lines.partial);
                self.failure = Failure::NoLineEnd(server);
            }
            (ClientEvent::Closed, _) => self.failure = Failure::ClosedEarly(server),
            (ClientEvent::GaveUp, _) => self.failure = Failure::gave_up(opening, server, waited),
            (_, Input::Fault { doing, fault, .. }) => {
                self.failure = Failure::of_stream(server, doing, fault, waited);
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        let why = match self.state {
            ClientState::Opening => Why::Connect,
            ClientState::Waiting => Why::Reply,
            _ => return None,
        };
        Deadline::after(self.waiting_since, self.timeout, why)
    }
}

/// Answers each connection's lines in capitals.
#[derive(Clone, Copy, Debug)]
pub struct Server;

impl Service for Server {
    type Machine = Box<dyn Machine>;

    fn accept(&self, link: Link) -> Box<dyn Machine> {
        Box::new(Connection {
            state: ServerState::Idle,
            link,
            lines: LineSplitter::default(),
            partial_since: Mono::ZERO,
            unended_reported: false,
            draining_since: Mono::ZERO,
        })
    }
}

/// One connection of the server.
#[derive(Debug)]
struct Connection {
    state: ServerState,
    link: Link,
    lines: LineSplitter,
    /// When the last bytes of the unfinished line came.
    partial_since: Mono,
    unended_reported: bool,
    draining_since: Mono,
}

impl Connection {
    /// Answers every line that `bytes` ends.
    fn answer(&mut self, now: Now, mut bytes: &[u8], out: &mut Outbox) {
        while self.state == ServerState::Serving && !bytes.is_empty() {
            let Some(line) = self.lines.next(&mut bytes) else {
                self.partial_since = now.mono;
                self.state.go(ServerEvent::Bytes);
                break;
            };
            let event = match line.len() <= MAX_LINE {
                false => ServerEvent::TooLong,
                true if reply(self.link, line, out) => ServerEvent::Fin,
                true => ServerEvent::Text,
            };
            self.end_line(now, event, out);
        }
        if self.state == ServerState::Serving && self.lines.is_over(MAX_LINE) {
            self.end_line(now, ServerEvent::TooLong, out);
        }
    }

    fn end_line(&mut self, now: Now, event: ServerEvent, out: &mut Outbox) {
        self.lines.forget();
        self.state.go(event);
        if event == ServerEvent::TooLong {
            out.notice(Notice::LineTooLong(self.link.peer, MAX_LINE));
        }
        if self.state == ServerState::Draining {
            self.draining_since = now.mono;
            out.finish(self.link);
        }
    }

    /// Answers a last line without a line feed: the client will send no more.
    fn end(&mut self, out: &mut Outbox) {
        if !self.lines.partial.is_empty() {
            reply(self.link, &self.lines.partial, out);
            self.lines.forget();
        }
        out.finish(self.link);
    }
}

/// Sends a line's capitals and a line feed. Returns whether they are `FIN`.
fn reply(link: Link, line: &[u8], out: &mut Outbox) -> bool {
    let mut fin = false;
    out.send_with(&link, |to| {
        let start = to.len();
        upper(line, to);
        fin = &to[start..] == FIN;
        to.push(b'\n');
    });
    if let Some(odd) = Unexpected::check_text(line, |_| fin) {
        out.unexpected(&odd);
    }
    fin
}

impl Machine for Connection {
    from_table!(state);

    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        let event = match input {
            Input::Bytes { bytes, .. } => return self.answer(now, bytes, out),
            Input::Start => ServerEvent::Start,
            Input::Opened { .. } => ServerEvent::Opened,
            Input::End { .. } if self.state == ServerState::Serving => ServerEvent::End,
            Input::Timer if self.state == ServerState::Serving => ServerEvent::Unended,
            Input::End { .. } | Input::Timer => ServerEvent::Drained,
            Input::Finished { .. } => ServerEvent::Finished,
            Input::Fault { .. } => ServerEvent::Fault,
            Input::Stop => ServerEvent::Stop,
            _ => return,
        };
        if !self.state.go(event) {
            return;
        }
        match (event, input) {
            (_, Input::Opened { link, .. }) => out.notice(Notice::Connection(link.peer)),
            (ServerEvent::End, _) => self.end(out),
            (ServerEvent::Unended, _) => {
                self.unended_reported = true;
                out.unexpected(&Unexpected::of(
                    UnexpectedKind::Unended,
                    &self.lines.partial,
                ));
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        match self.state {
            ServerState::Serving if !self.unended_reported && !self.lines.partial.is_empty() => {
                Deadline::after(self.partial_since, Some(PAUSE), Why::Silence)
            }
            ServerState::Draining => Deadline::after(self.draining_since, Some(DRAIN), Why::Drain),
            _ => None,
        }
    }
}

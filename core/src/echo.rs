//! `echo`: text comes back in capitals, until the reply is `FIN` (UDP 16000).
//!
//! Any text whose capitals are `FIN` ends both sides: `fin`, `Fin`, and `ﬁn` with its ligature.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use crate::exercise::{Exercise, ExerciseOption, ServerKind, Settings};
use crate::fault::Failure;
use crate::input::Input;
use crate::link::{Link, Socket, Transport, max_datagram};
use crate::machine::Machine;
use crate::outbox::Outbox;
use crate::output::{Notice, Prompt};
use crate::reported_faults::ReportedFaults;
use crate::scene::ClientStep::{PauseForOther, Receive, Send};
use crate::scene::Scene;
use crate::table::{from_table, table};
use crate::time::{Deadline, Mono, Now, Why};
use crate::unexpected::{Unexpected, UnexpectedKind};
use crate::uppercase::upper;

/// The reply that ends both sides.
pub const FIN: &[u8] = b"FIN";

table! { ClientState on ClientEvent {
    Start, Opened, Line, TooLong, InputEnd, Reply, Fin, Late, Lost, GaveUp, Fault, Stop,
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
        TooLong  => Failed: "do not send it",
        InputEnd => Done: "close",
        Stop     => Stopped: "",
    }
    Waiting waits for Network or Timer {
        Reply    => Typing: "show it, and say if it is not the capitals; ask for a line",
        Fin      => Done: "show it; close",
        Late     => Waiting: "drop it",
        Lost     => Waiting: "send the line again",
        GaveUp   => Failed: "",
        Fault    => Failed: "",
        Stop     => Stopped: "",
    }
}

table! { ServerState on ServerEvent {
    Start, Bound, Text, TooLong, Fin, Fault, Stop,
} ends in Done, Stopped;
    Idle {
        Start    => Binding: "",
        Stop     => Stopped: "",
    }
    Binding waits for Socket {
        Bound    => Serving: "say that the server is ready",
        Stop     => Stopped: "",
    }
    Serving waits for Network {
        Text     => Serving: "show it; reply in capitals",
        TooLong  => Serving: "show it; say that the capitals do not fit",
        Fin      => Done: "show it; reply FIN; close",
        Fault    => Serving: "say so once",
        Stop     => Stopped: "",
    }
}

/// The exercise.
pub static EXERCISE: Exercise = Exercise {
    name: "echo",
    transport: Transport::Datagram,
    port: 16_000,
    timeout: Some(Duration::from_secs(5)),
    options: &[ExerciseOption::Retries, ExerciseOption::KeepServing],
    secret: false,
    client_table: ClientState::TABLE,
    server_table: ServerState::TABLE,
    client: |settings| Box::new(Client::new(settings)),
    server: ServerKind::Endpoints(|settings| Box::new(Server::new(settings.keep_serving))),
    scene: Scene {
        client: &["ñandú", "straße", "fin"],
        server: &[],
        // The first client reads its answer only after a pause; until then it waits in the kernel.
        two_clients: [
            &[Send("hola"), PauseForOther, Receive, Send("fin"), Receive],
            &[Send("uno"), Receive, Send("dos"), Receive],
        ],
    },
};

/// How many earlier replies a client remembers, to recognise their duplicates. A duplicate is
/// seldom more than a few datagrams late; an older one is shown.
const REMEMBERED: usize = 8;

/// Sends lines and shows them in capitals.
#[derive(Debug)]
pub struct Client {
    state: ClientState,
    servers: Vec<SocketAddr>,
    /// The address that answered; until one has, the last one tried, for error messages.
    server: SocketAddr,
    timeout: Option<Duration>,
    retries: u32,
    retried: u32,
    waiting_since: Mono,
    question: Vec<u8>,
    expected: Vec<u8>,
    answered: VecDeque<Vec<u8>>,
    failure: Failure,
}

impl Client {
    /// A client with the server, time-out and retries of `settings`.
    pub fn new(settings: &Settings) -> Self {
        Client {
            state: ClientState::Idle,
            servers: settings.servers(),
            server: settings.last_server(),
            timeout: settings.timeout,
            retries: settings.retries,
            retried: 0,
            waiting_since: Mono::ZERO,
            question: Vec::new(),
            expected: Vec::new(),
            answered: VecDeque::new(),
            failure: Failure::NoInput,
        }
    }

    /// Which event a datagram is.
    ///
    /// A late duplicate is recognised by its content: it is the right reply to an earlier line and
    /// not to this one. Any other text is a reply, because servers that are not ours may answer
    /// wrongly.
    fn classify(&self, bytes: &[u8]) -> ClientEvent {
        if bytes != self.expected && self.answered.iter().any(|reply| reply == bytes) {
            ClientEvent::Late
        } else if bytes == FIN {
            ClientEvent::Fin
        } else {
            ClientEvent::Reply
        }
    }

    /// Remembers a reply, reusing the memory of the oldest one.
    fn remember(&mut self) {
        let mut reply = match self.answered.len() {
            REMEMBERED => self.answered.pop_back().unwrap_or_default(),
            _ => Vec::new(),
        };
        reply.clear();
        reply.extend_from_slice(&self.expected);
        self.answered.push_front(reply);
    }

    fn send(&mut self, now: Now, out: &mut Outbox) {
        self.waiting_since = now.mono;
        out.send(Link::first(self.server), &self.question);
    }
}

impl Machine for Client {
    from_table!(state, failure);

    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        let event = match input {
            Input::Start => ClientEvent::Start,
            Input::Opened { .. } => ClientEvent::Opened,
            Input::Line(line) if line.len() > max_datagram(self.server) => ClientEvent::TooLong,
            Input::Line(_) => ClientEvent::Line,
            Input::InputEnd => ClientEvent::InputEnd,
            Input::Datagram { bytes, .. } => self.classify(bytes),
            Input::Timer if self.retried < self.retries => ClientEvent::Lost,
            Input::Timer => ClientEvent::GaveUp,
            Input::Fault { .. } => ClientEvent::Fault,
            Input::Stop => ClientEvent::Stop,
            _ => return,
        };
        if !self.state.go(event) {
            return;
        }
        match (event, input) {
            (ClientEvent::Start, _) => out.open(Socket(0), Transport::Datagram, &self.servers),
            (_, Input::Opened { link, .. }) => {
                self.server = link.peer;
                out.prompt(Prompt::Echo);
            }
            (ClientEvent::TooLong, Input::Line(line)) => {
                self.failure = Failure::TooLong(self.server, line.len());
            }
            (_, Input::Line(line)) => {
                self.retried = 0;
                self.question.clear();
                self.question.extend_from_slice(line);
                self.expected.clear();
                upper(line, &mut self.expected);
                self.send(now, out);
            }
            (ClientEvent::Late, _) => out.notice(Notice::LateReply),
            (_, Input::Datagram { bytes, .. }) => {
                out.show(bytes);
                if bytes != self.expected {
                    out.unexpected(&Unexpected {
                        kind: UnexpectedKind::Reply,
                        question: &self.question,
                        expected: &self.expected,
                        received: bytes,
                    });
                }
                if event == ClientEvent::Reply {
                    if bytes == self.expected {
                        self.remember();
                    }
                    out.prompt(Prompt::Echo);
                }
            }
            (ClientEvent::Lost, _) => {
                self.retried += 1;
                out.notice(Notice::Retry {
                    attempt: self.retried,
                    of: self.retries,
                });
                self.send(now, out);
            }
            (ClientEvent::GaveUp, _) => {
                let waited = self.timeout.unwrap_or_default() * (self.retries + 1);
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

/// Answers every peer in capitals.
#[derive(Debug)]
pub struct Server {
    state: ServerState,
    keep_serving: bool,
    too_long_reported: bool,
    reported: ReportedFaults,
}

impl Server {
    /// A server that ends after replying `FIN`, unless `keep_serving`.
    pub fn new(keep_serving: bool) -> Self {
        Server {
            state: ServerState::Idle,
            keep_serving,
            too_long_reported: false,
            reported: ReportedFaults::default(),
        }
    }

    fn answer(&mut self, link: &Link, text: &[u8], out: &mut Outbox) {
        if self.state != ServerState::Serving {
            return;
        }
        out.show(text);
        let mut fin = false;
        let bytes = out.send_with(link, |to| {
            let start = to.len();
            upper(text, to);
            fin = &to[start..] == FIN;
        });
        if bytes > max_datagram(link.peer) {
            out.undo_send();
            self.state.go(ServerEvent::TooLong);
            // A peer can cause this as often as it likes, so the user is told once.
            if !self.too_long_reported {
                self.too_long_reported = true;
                out.notice(Notice::ReplyTooLong {
                    peer: link.peer,
                    bytes,
                });
            }
        } else if fin && !self.keep_serving {
            self.state.go(ServerEvent::Fin);
        } else {
            self.state.go(ServerEvent::Text);
        }
        if let Some(odd) = Unexpected::check_text(text, |_| fin) {
            out.unexpected(&odd);
        }
    }
}

impl Machine for Server {
    from_table!(state);

    fn reads_time(&self) -> bool {
        false
    }

    fn step(&mut self, _: Now, input: Input<'_>, out: &mut Outbox) {
        let event = match &input {
            Input::Datagram { link, bytes } => return self.answer(link, bytes, out),
            Input::Start => ServerEvent::Start,
            Input::Bound { .. } => ServerEvent::Bound,
            Input::Fault { .. } => ServerEvent::Fault,
            Input::Stop => ServerEvent::Stop,
            _ => return,
        };
        if !self.state.go(event) {
            return;
        }
        match input {
            Input::Bound { local, .. } => out.notice(Notice::Ready(local)),
            Input::Fault { doing, fault, .. } => self.reported.report(doing, fault, out),
            _ => {}
        }
    }
}

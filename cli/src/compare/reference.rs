//! The exchange as the machines have it with no runtime at all: what every model's transcript must equal.

use std::collections::VecDeque;
use std::net::SocketAddr;

use socklab_core::lab::Server;
use socklab_core::register::{Decision, StoreId};
use socklab_core::transcript::{Header, Recorder, Role, Transcript, parse};
use socklab_core::{Input, Link, Machine, Now, Outbox, Output, Pump, Socket, Transport};

use socklab_system::Clock;

use crate::tour::scenes::{InMemory, Scene};

/// How many inputs an exchange may take. The lab's take some dozens.
const BOUND: usize = 10_000;

/// What is on its way to one of the two machines.
enum Event {
    Start,
    Bound,
    Opened,
    Data(Vec<u8>),
    End,
    Finished,
    Stored(StoreId, Decision),
}

struct End {
    pump: Pump<Box<dyn Machine>, Recorder<String>>,
    /// The other's address, and its own.
    link: Link,
    local: SocketAddr,
    lines: VecDeque<&'static str>,
    /// Whether the other has been told that nothing more will come.
    silent: bool,
}

/// Plays a scene on a wire in memory that loses, delays and splits nothing; what the client saw, then the server.
pub(super) fn play(scene: &Scene) -> Vec<Transcript> {
    let exercise = scene.exercise;
    let (client_at, server_at) = (
        SocketAddr::from(([127, 0, 0, 1], 50_000)),
        SocketAddr::from(([127, 0, 0, 1], exercise.port)),
    );
    let mut settings = scene.settings.clone();
    settings.server = server_at;
    settings.timeout = exercise.timeout;
    let end = |role, machine, link, local, lines: &[&'static str]| {
        let header = Header {
            exercise: exercise.name.to_owned(),
            role,
            runtime: "none".to_owned(),
            epoch: std::time::Duration::ZERO,
            masked: exercise.secret,
        };
        End {
            pump: Pump::new(machine, Recorder::new(&header, String::new())),
            link: Link::first(link),
            local,
            lines: lines.iter().copied().collect(),
            silent: false,
        }
    };
    let server = match exercise.server {
        Server::Endpoint(make) | Server::Endpoints(make) => make(&scene.settings),
        Server::Service(make) => make(&scene.settings).accept(Link::first(client_at)),
    };
    let client = (exercise.client)(&settings);
    let mut ends = [
        end(
            Role::Client,
            client,
            server_at,
            client_at,
            scene.client_lines,
        ),
        end(
            Role::Server,
            server,
            client_at,
            server_at,
            scene.server_lines,
        ),
    ];
    run(&mut ends, exercise.transport);
    let texts = ends.map(|end| end.pump.into_observer().into_inner());
    let read = texts
        .iter()
        .flat_map(|text| parse(text).unwrap_or_default());
    read.collect()
}

fn run(ends: &mut [End; 2], transport: Transport) {
    let register = InMemory::default();
    // One moment for all of it: the codes are of now, and nothing takes time.
    let now = Clock::start().now();
    let stream = transport == Transport::Stream;
    let mut events = VecDeque::from([(0, Event::Start)]);
    if !stream {
        events.extend([(1, Event::Start), (1, Event::Bound)]);
    }
    let mut out = Outbox::new();
    for _ in 0..BOUND {
        let Some((at, event)) = events.pop_front().or_else(|| typed(ends)) else {
            return;
        };
        let end = &mut ends[at];
        if !end.pump.is_running() {
            continue;
        }
        end.feed(now, &event, transport, &mut out);
        for output in out.iter() {
            match output {
                Output::Open { .. } => {
                    events.push_back((at, Event::Opened));
                    if stream {
                        events.extend([(1, Event::Start), (1, Event::Opened)]);
                    }
                }
                Output::Send { bytes, .. } => {
                    events.push_back((1 - at, Event::Data(bytes.to_vec())));
                }
                Output::Finish { .. } => {
                    events.push_back((at, Event::Finished));
                    end.hush(stream, 1 - at, &mut events);
                }
                Output::Store { id, attempt } => {
                    events.push_back((at, Event::Stored(id, register.judge(attempt))));
                }
                _ => {}
            }
        }
        out.clear();
        if !end.pump.is_running() {
            end.hush(stream, 1 - at, &mut events);
        }
    }
}

/// When nothing is on its way, somebody types.
fn typed(ends: &[End; 2]) -> Option<(usize, Event)> {
    let waits = |end: &End| end.pump.is_running() && end.pump.interest().line;
    let at = ends.iter().position(waits)?;
    Some((at, Event::Start))
}

impl End {
    fn feed(&mut self, now: Now, event: &Event, transport: Transport, out: &mut Outbox) {
        let (link, local) = (self.link, self.local);
        let input = match event {
            Event::Start if self.pump.interest().line => match self.lines.pop_front() {
                Some(line) => Input::Line(line.as_bytes()),
                None => Input::InputEnd,
            },
            Event::Start => Input::Start,
            Event::Bound => Input::Bound {
                socket: Socket(0),
                local,
            },
            Event::Opened => Input::Opened { link, local },
            Event::Data(bytes) => match transport {
                Transport::Datagram => Input::Datagram { link, bytes },
                Transport::Stream => Input::Bytes { link, bytes },
            },
            Event::End => Input::End { link },
            Event::Finished => Input::Finished { link },
            Event::Stored(id, decision) => Input::Stored { id: *id, decision },
        };
        self.pump.feed(now, input, out);
    }

    /// Nothing more will come from this end of a stream: the other is told, once.
    fn hush(&mut self, stream: bool, other: usize, events: &mut VecDeque<(usize, Event)>) {
        if stream && !self.silent {
            self.silent = true;
            events.push_back((other, Event::End));
        }
    }
}

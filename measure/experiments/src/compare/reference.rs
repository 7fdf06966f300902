//! The exchange between the machines without any runtime: every model's transcript must equal it.

use std::collections::VecDeque;
use std::net::SocketAddr;

use socklab_core::lab::{Exercise, ServerKind, Settings};
use socklab_core::register::{Decision, StoreId};
use socklab_core::transcript::{Header, Recorder, Role, Transcript, parse};
use socklab_core::{
    Begin, LineEvent, Link, Machine, Next, Now, Outbox, Received, Session, Transport, Wait,
};
use socklab_system::Clock;

use crate::in_memory::InMemory;

/// How many things may happen in an exchange. In the lab's it is some dozens.
const BOUND: usize = 10_000;

/// What happens to one of the two machines.
enum Event {
    Begin(Begin),
    Opened,
    Data(Vec<u8>),
    End,
    Stored(StoreId, Decision),
    Typed(LineEvent),
}

struct End {
    session: Session<Box<dyn Machine>, Recorder<String>>,
    /// What it waits for; `None` once it is over.
    wait: Option<Wait>,
    /// The other's address, and its own.
    link: Link,
    local: SocketAddr,
    lines: VecDeque<String>,
    /// The other has been told that nothing more will come.
    silent: bool,
}

const CLIENT: usize = 0;
const SERVER: usize = 1;

/// A wire in memory that loses, delays and splits nothing, and what is on its way.
struct Reference {
    ends: [End; 2],
    events: VecDeque<(usize, Event)>,
    transport: Transport,
    register: InMemory,
    /// One moment for all of it: the codes are of now, and no call takes time.
    now: Now,
    out: Outbox,
}

/// Plays an exercise; what the client saw, then the server.
pub(super) fn play(exercise: &Exercise) -> Vec<Transcript> {
    let now = Clock::start().now();
    let client_at = SocketAddr::from(([127, 0, 0, 1], 50_000));
    let server_at = SocketAddr::from(([127, 0, 0, 1], exercise.port));
    let end = |role, machine, peer, local| {
        let header = Header {
            exercise: exercise.name.to_owned(),
            role,
            runtime: "none".to_owned(),
            epoch: std::time::Duration::ZERO,
            masked: exercise.secret,
        };
        End {
            session: Session::new(machine, Recorder::new(&header, String::new())),
            wait: Some(Wait::default()),
            link: Link::first(peer),
            local,
            lines: exercise.scene.lines(role, now.unix.as_secs()).into(),
            silent: false,
        }
    };
    let server = match exercise.server {
        ServerKind::Endpoint(make) | ServerKind::Endpoints(make) => make(&Settings::default()),
        ServerKind::Service(make) => make(&Settings::default()).accept(Link::first(client_at)),
    };
    let client = (exercise.client)(&Settings::client(exercise, server_at));
    let client = end(Role::Client, client, server_at, client_at);
    let server = end(Role::Server, server, client_at, server_at);
    let mut reference = Reference {
        ends: [client, server],
        events: VecDeque::from([(CLIENT, Event::Begin(Begin::Client))]),
        transport: exercise.transport,
        register: InMemory::default(),
        now,
        out: Outbox::new(),
    };
    if exercise.transport == Transport::Datagram {
        let begin = Event::Begin(Begin::Bound(server_at));
        reference.events.push_back((SERVER, begin));
    }
    reference.run();
    let texts = (reference.ends).map(|end| end.session.into_observer().into_inner());
    let read = texts
        .iter()
        .flat_map(|text| parse(text).unwrap_or_default());
    read.collect()
}

impl Reference {
    fn run(&mut self) {
        for _ in 0..BOUND {
            let Some((at, event)) = self.next_event() else {
                return;
            };
            self.happen(at, event);
            self.carry_out(at);
        }
    }

    /// The first event that its machine takes now. When there is none, a user types.
    fn next_event(&mut self) -> Option<(usize, Event)> {
        let ends = &mut self.ends;
        self.events.retain(|(at, _)| ends[*at].wait.is_some());
        let takes = |(at, event): &(usize, Event)| match event {
            Event::Data(_) | Event::End => ends[*at].wait.is_some_and(|wait| wait.readable),
            _ => true,
        };
        if let Some(first) = self.events.iter().position(takes) {
            return self.events.remove(first);
        }
        let at = ends
            .iter()
            .position(|end| end.wait.is_some_and(|wait| wait.line))?;
        let line = ends[at].lines.pop_front();
        let typed = line.map_or(LineEvent::End, |line| LineEvent::Line(line.into()));
        Some((at, Event::Typed(typed)))
    }

    fn happen(&mut self, at: usize, event: Event) {
        let (end, now) = (&mut self.ends[at], self.now);
        let mut turn = end.session.turn(&mut self.out);
        match event {
            Event::Begin(begin) => turn.begin(now, begin),
            Event::Opened => turn.opened(now, end.local),
            Event::Data(bytes) => {
                let received = match self.transport {
                    Transport::Datagram => Received::Datagram(end.link, bytes.len(), None),
                    Transport::Stream => Received::Bytes(bytes.len()),
                };
                turn.received(now, &received, &bytes);
            }
            Event::End => drop(turn.received(now, &Received::End, &[])),
            Event::Stored(id, decision) => turn.stored(now, id, &decision),
            Event::Typed(line) => turn.typed(now, line),
        }
    }

    /// Does what the machine wants done, until it waits.
    fn carry_out(&mut self, at: usize) {
        let (now, events) = (self.now, &mut self.events);
        let End {
            session,
            link,
            local,
            wait,
            silent,
            ..
        } = &mut self.ends[at];
        let stream = self.transport == Transport::Stream;
        // Nothing more will come from this end of a stream: the other is told, once.
        let mut tell_end = |events: &mut VecDeque<_>| {
            if stream && !std::mem::replace(silent, true) {
                events.push_back((1 - at, Event::End));
            }
        };
        let mut turn = session.turn(&mut self.out);
        *wait = loop {
            match turn.next(now, |_| ()) {
                Next::Abort | Next::NoDelay => {}
                Next::Send { bytes, .. } => {
                    let len = bytes.len();
                    events.push_back((1 - at, Event::Data(bytes.to_vec())));
                    turn.sent(len);
                }
                Next::Open { .. } => {
                    events.push_back((at, Event::Opened));
                    if stream {
                        let accepted = Begin::Accepted {
                            link: Link::first(*local),
                            local: link.peer,
                            exceeded: None,
                        };
                        events.push_back((SERVER, Event::Begin(accepted)));
                    }
                }
                Next::Finish(link) => {
                    turn.finished(now, link, Ok(()));
                    tell_end(events);
                }
                Next::Store { id, attempt } => {
                    let decision = self.register.judge(attempt);
                    events.push_back((at, Event::Stored(id, decision)));
                }
                Next::Wait(wait) => break Some(wait),
                Next::Ended(_) => {
                    tell_end(events);
                    break None;
                }
            }
        };
    }
}

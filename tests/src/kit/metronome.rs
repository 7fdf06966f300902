//! A machine that waits for the network, the user and a timer at once.

use core::time::Duration;
use std::net::SocketAddr;

use socklab_core::{
    Deadline, Input, Interest, Link, Machine, Mono, Notice, Now, Outbox, Service, Socket, Status,
    Transport, Why,
};

/// Waits for the network, for lines, and for a timer that fires again and again. It sends back what
/// it receives, but only when the timer fires.
#[derive(Debug)]
pub(super) struct Metronome {
    open: Option<SocketAddr>,
    tick: Option<Duration>,
    next: Mono,
    peer: Option<Link>,
    held: Vec<u8>,
    status: Status,
}

impl Metronome {
    /// A metronome with this period. Without a period, it sends back at once.
    pub(super) fn every(tick: Option<Duration>) -> Self {
        Metronome {
            open: None,
            tick,
            next: Mono::ZERO,
            peer: None,
            held: Vec::new(),
            status: Status::Running,
        }
    }

    /// A metronome without a period that connects to `to` by TCP. When it begins to connect, it
    /// gives the notice that a chat began.
    pub(super) fn connecting(to: SocketAddr) -> Self {
        Metronome {
            open: Some(to),
            ..Metronome::every(None)
        }
    }

    fn take(&mut self, bytes: &[u8], out: &mut Outbox) {
        self.held.extend_from_slice(bytes);
        if self.tick.is_none() {
            self.give(out);
        }
    }

    fn give(&mut self, out: &mut Outbox) {
        if let Some(link) = self.peer
            && !self.held.is_empty()
        {
            out.send(link, &self.held);
            self.held.clear();
        }
    }
}

impl Machine for Metronome {
    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        match input {
            Input::Start => {
                self.next = now.mono.plus(self.tick.unwrap_or_default());
                if let Some(to) = self.open {
                    out.notice(Notice::ChatBegan(to));
                    out.open(Socket(0), Transport::Stream, &[to]);
                }
            }
            Input::Bound { local, .. } => out.notice(Notice::Ready(local)),
            Input::Opened { link, .. } => {
                self.peer = Some(link);
                out.notice(Notice::Connection(link.peer));
            }
            Input::Datagram { link, bytes } => {
                self.peer = Some(link);
                self.take(bytes, out);
            }
            Input::Bytes { bytes, .. } => self.take(bytes, out),
            Input::Line(line) => self.take(line, out),
            Input::Timer => {
                self.next = now.mono.plus(self.tick.unwrap_or_default());
                self.give(out);
            }
            Input::End { .. } | Input::Fault { .. } => self.status = Status::Done,
            Input::Stop => self.status = Status::Stopped,
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        let why = Why::Reply;
        self.tick.map(|_| Deadline { at: self.next, why })
    }

    fn interest(&self) -> Interest {
        Interest {
            network: self.open.is_none() || self.peer.is_some(),
            line: true,
        }
    }

    fn state(&self) -> &'static str {
        "Ticking"
    }

    fn status(&self) -> Status {
        self.status
    }
}

/// Makes a metronome for each connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Metronomes(pub(super) Option<Duration>);

impl Service for Metronomes {
    type Machine = Metronome;

    fn accept(&self, _: Link) -> Metronome {
        Metronome::every(self.0)
    }
}

//! The machine, the console and the keyboard of these tests.

// Each test file uses its share.
#![allow(dead_code)]

use std::io::{BufReader, Read};
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use socklab_core::{
    Console, Deadline, Input, Interest, Link, Machine, Mono, Notice, Now, Outbox, Prompt, Service,
    Socket, Status, Transport, Why,
};

/// Only against a test that would hang; nothing waits for it to pass.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Wants everything at once: the network, lines, and a timer that fires again and again. What comes
/// it sends back, but only when the timer fires.
pub(crate) struct Metronome {
    open: Option<SocketAddr>,
    tick: Option<Duration>,
    next: Mono,
    peer: Option<Link>,
    held: Vec<u8>,
    status: Status,
}

impl Metronome {
    /// One that ticks this often; without a tick, it sends back at once.
    pub(crate) fn every(tick: Option<Duration>) -> Self {
        Metronome {
            open: None,
            tick,
            next: Mono::ZERO,
            peer: None,
            held: Vec::new(),
            status: Status::Running,
        }
    }

    /// The same, which connects to `to` by TCP; its timer is set from the start.
    pub(crate) fn connecting(to: SocketAddr, tick: Option<Duration>) -> Self {
        Metronome {
            open: Some(to),
            ..Metronome::every(tick)
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
                    out.open(Socket(0), Transport::Stream, to);
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

/// One for each connection.
pub(crate) struct Metronomes(pub(crate) Option<Duration>);

impl Service for Metronomes {
    type Machine = Metronome;

    fn accept(&self, _: Link) -> Metronome {
        Metronome::every(self.0)
    }
}

/// Hands on what is noticed.
pub(crate) struct Screen(Mutex<Sender<Notice>>);

impl Screen {
    pub(crate) fn new() -> (Arc<Self>, Receiver<Notice>) {
        let (to, notices) = channel();
        (Arc::new(Screen(Mutex::new(to))), notices)
    }
}

impl Console for Screen {
    fn prompt(&self, _: Prompt) {}
    fn show(&self, _: &[u8]) {}
    fn notice(&self, notice: Notice) {
        let _ = self.0.lock().unwrap().send(notice);
    }
}

/// Where the server is, once it says that it is ready.
pub(crate) fn ready(notices: &Receiver<Notice>) -> SocketAddr {
    match notices.recv_timeout(PATIENCE).unwrap() {
        Notice::Ready(address) => address,
        other => panic!("{other:?}"),
    }
}

/// Lines that come when a test sends them: a user who has not typed yet.
pub(crate) struct Keyboard(Receiver<Vec<u8>>);

impl Keyboard {
    pub(crate) fn new() -> (Sender<Vec<u8>>, BufReader<Keyboard>) {
        let (keys, typed) = channel();
        (keys, BufReader::new(Keyboard(typed)))
    }
}

impl Read for Keyboard {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let line = self.0.recv().unwrap_or_default();
        buffer[..line.len()].copy_from_slice(&line);
        Ok(line.len())
    }
}

//! One machine, driven by hand.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use socklab_core::lab::{self, ServerKind, Settings};
use socklab_core::register::{Decision, StoreId};
use socklab_core::transcript::{Recorder, Role};
use socklab_core::{
    Deadline, Doing, Fault, FaultKind, Input, Interest, Link, Machine, Mono, Now, Outbox, Pump,
    Socket, Status, Transport,
};

use crate::EPOCH;
use crate::record::{SharedText, header, read};

/// The server's address on a bench.
pub const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 16_000);
/// The client's address on a bench.
pub const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 50_000);

/// A fault with the error number that Linux has for it.
pub const fn fault(kind: FaultKind) -> Fault {
    let code = match kind {
        FaultKind::Refused => 111,
        FaultKind::Unreachable => 113,
        FaultKind::TimedOut => 110,
        FaultKind::Reset => 104,
        FaultKind::AddressInUse => 98,
        FaultKind::AddressNotAvailable => 99,
        FaultKind::Denied => 13,
        FaultKind::TooLong => 90,
        FaultKind::Exhausted => 24,
        FaultKind::Evicted | FaultKind::Untrusted | FaultKind::Protocol => 0,
        FaultKind::Other => 5,
    };
    Fault { kind, code }
}

/// One machine. A test gives it one input at a time, at times of its choice.
///
/// Each input returns what it caused, as lines of the transcript without their time: `<- send
/// server "hola"`, `-- state Waiting`, `-- deadline reply +5s`.
pub struct Bench {
    pump: Pump<Box<dyn Machine>, (Recorder<SharedText>, Recorder<SharedText>)>,
    text: SharedText,
    masked: SharedText,
    told: usize,
    now: Duration,
    role: Role,
    out: Outbox,
}

impl Bench {
    /// A bench for a machine that has had no input yet.
    pub fn of(exercise: &str, role: Role, machine: Box<dyn Machine>) -> Self {
        let recorder = |masked| {
            let text = SharedText::default();
            let header = header(exercise, role, "bench", EPOCH, masked);
            (text.clone(), Recorder::new(&header, text))
        };
        let ((text, plain), (masked, masking)) = (recorder(false), recorder(true));
        Bench {
            pump: Pump::new(machine, (plain, masking)),
            told: text.text().len(),
            text,
            masked,
            now: Duration::ZERO,
            role,
            out: Outbox::new(),
        }
    }

    /// One end of an exercise of the lab, not started yet. A client talks to [`SERVER`], and has
    /// the exercise's own time-out if `settings` have none.
    ///
    /// # Panics
    /// When there is no such exercise.
    pub fn new(exercise: &str, role: Role, settings: &Settings) -> Self {
        Bench::of(exercise, role, Bench::machine(exercise, role, settings))
    }

    /// Makes the machine without a bench.
    ///
    /// # Panics
    /// When there is no such exercise.
    pub fn machine(exercise: &str, role: Role, settings: &Settings) -> Box<dyn Machine> {
        let found = lab::find(exercise).expect("an exercise of the lab");
        match (role, found.server) {
            (Role::Client, _) => (found.client)(&Settings {
                server: SERVER,
                timeout: settings.timeout.or(found.timeout),
                ..settings.clone()
            }),
            (Role::Server, ServerKind::Endpoint(make) | ServerKind::Endpoints(make)) => {
                make(settings)
            }
            (Role::Server, ServerKind::Service(make)) => make(settings).accept(Link::first(CLIENT)),
        }
    }

    /// The same, up to the machine's first socket: started, then bound, accepted or connected.
    ///
    /// # Panics
    /// When there is no such exercise.
    pub fn up(exercise: &str, role: Role, settings: &Settings) -> Self {
        let mut bench = Bench::new(exercise, role, settings);
        bench.feed(Input::Start);
        let transport = lab::find(exercise).expect("an exercise").transport;
        if bench.pump.is_running() && !bench.pump.interest().line {
            bench.feed(match (role, transport) {
                (Role::Server, Transport::Datagram) => Input::Bound {
                    socket: Socket(0),
                    local: SERVER,
                },
                (Role::Server, Transport::Stream) => Input::Opened {
                    link: Link::first(CLIENT),
                    local: SERVER,
                    exceeded: None,
                },
                (Role::Client, _) => Input::Opened {
                    link: Link::first(SERVER),
                    local: CLIENT,
                    exceeded: None,
                },
            });
        }
        bench
    }

    /// Gives the machine an input now. Returns what it caused.
    pub fn feed(&mut self, input: Input<'_>) -> Vec<String> {
        let now = Now::at(EPOCH, self.now);
        self.pump.feed(now, input, &mut self.out);
        self.out.clear();
        let text = self.text.text();
        let new = text[self.told..].lines();
        self.told = text.len();
        // Leave out the inputs, which the test gave itself, and the addresses of names.
        new.filter_map(|line| line.split_once(' '))
            .map(|(_, event)| event)
            .filter(|event| !event.starts_with("->"))
            .filter(|event| !(event.starts_with("--") && event.contains(" = ")))
            .map(str::to_string)
            .collect()
    }

    /// The peer of the machine.
    pub fn peer(&self) -> Link {
        Link::first(match self.role {
            Role::Client => SERVER,
            Role::Server => CLIENT,
        })
    }

    /// Gives the machine a line from the user.
    pub fn line(&mut self, text: &str) -> Vec<String> {
        self.feed(Input::Line(text.as_bytes()))
    }

    /// Gives the machine a datagram from its peer.
    pub fn datagram(&mut self, bytes: impl AsRef<[u8]>) -> Vec<String> {
        let link = self.peer();
        let bytes = bytes.as_ref();
        self.feed(Input::Datagram { link, bytes })
    }

    /// Gives the machine a datagram from another peer.
    pub fn datagram_from(&mut self, peer: SocketAddr, bytes: impl AsRef<[u8]>) -> Vec<String> {
        let link = Link::first(peer);
        let bytes = bytes.as_ref();
        self.feed(Input::Datagram { link, bytes })
    }

    /// Gives the machine bytes from its peer.
    pub fn bytes(&mut self, bytes: impl AsRef<[u8]>) -> Vec<String> {
        let link = self.peer();
        let bytes = bytes.as_ref();
        self.feed(Input::Bytes { link, bytes })
    }

    /// Gives the machine the end of its peer's stream.
    pub fn end(&mut self) -> Vec<String> {
        let link = self.peer();
        self.feed(Input::End { link })
    }

    /// Gives the machine an error of the system.
    pub fn fault(&mut self, doing: Doing, kind: FaultKind) -> Vec<String> {
        self.feed(Input::Fault {
            socket: Socket(0),
            doing,
            fault: fault(kind),
        })
    }

    /// Gives the machine the register's decision.
    pub fn stored(&mut self, decision: &Decision) -> Vec<String> {
        let id = StoreId(0);
        self.feed(Input::Stored { id, decision })
    }

    /// Moves the clock.
    pub fn wait(&mut self, time: Duration) {
        self.now += time;
    }

    /// Moves the clock to the deadline, and fires the timer. Returns how long that was, and what it
    /// caused.
    ///
    /// # Panics
    /// When there is no deadline.
    pub fn timer(&mut self) -> (Duration, Vec<String>) {
        let wait = self.left().expect("a deadline");
        self.wait(wait);
        (wait, self.feed(Input::Timer))
    }

    /// How long until the deadline.
    pub fn left(&self) -> Option<Duration> {
        self.pump.timeout(Mono::ZERO.plus(self.now))
    }

    /// The deadline.
    pub fn deadline(&self) -> Option<Deadline> {
        self.pump.deadline()
    }

    /// What the machine can take now.
    pub fn interest(&self) -> Interest {
        self.pump.interest()
    }

    /// The machine's status.
    pub fn status(&self) -> Status {
        self.pump.status()
    }

    /// Whether the machine is still running.
    pub fn is_running(&self) -> bool {
        self.pump.is_running()
    }

    /// The name of the machine's state in its table.
    pub fn state(&self) -> &'static str {
        self.pump.machine().state()
    }

    /// The transcript so far.
    pub fn transcript(&self) -> String {
        self.text.text()
    }

    /// The transcript so far, without what a clock or a network may change (see
    /// `Transcript::canonical`).
    pub fn canonical(&self) -> String {
        read(&self.text.text()).canonical()
    }

    /// The same, with digits masked while it was recorded.
    pub fn masked_canonical(&self) -> String {
        read(&self.masked.text()).canonical()
    }
}

impl std::fmt::Debug for Bench {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.transcript())
    }
}

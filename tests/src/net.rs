//! Machines that talk to each other in memory, under virtual time.

mod sockets;

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use socklab_core::register::{Decision, Register, StoreId};
use socklab_core::transcript::{Recorder, Role};
use socklab_core::{
    Begin, LineEvent, Link, Machine, Next, Now, Outbox, Service, Session, Status, Turn, Wait,
};

use crate::EPOCH;
use crate::bench::fault;
use crate::medium::{Medium, PerfectWire};
use crate::record::{SharedText, header, read};
use crate::register::MemoryRegister;
use sockets::{Arrival, Event, Network};

/// The lines that a user types, each as soon as it is asked for.
#[derive(Clone, Debug, Default)]
pub struct Script {
    lines: VecDeque<Vec<u8>>,
    ends: bool,
}

impl Script {
    /// A user who types these lines and then nothing more.
    pub fn of<T: AsRef<[u8]>>(lines: impl IntoIterator<Item = T>) -> Self {
        Script {
            lines: lines.into_iter().map(|line| line.as_ref().into()).collect(),
            ends: false,
        }
    }

    /// The same, followed by the end of the input.
    #[must_use]
    pub fn then_end(mut self) -> Self {
        self.ends = true;
        self
    }

    fn next(&mut self) -> Option<LineEvent> {
        match self.lines.pop_front() {
            Some(line) => Some(LineEvent::Line(line)),
            None => mem::take(&mut self.ends).then_some(LineEvent::End),
        }
    }
}

/// One machine of a net.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostId(usize);

type Observers = (Recorder<SharedText>, Recorder<SharedText>);

struct Host {
    session: Session<Box<dyn Machine>, Observers>,
    /// What the machine waits for, or how it has ended.
    next: Result<Wait, Status>,
    plain: SharedText,
    masked: SharedText,
    script: Script,
    /// Events that the machine has not been told yet, whether or not it waits for them.
    events: VecDeque<Event>,
}

type AcceptFn = Box<dyn Fn(Link) -> Box<dyn Machine>>;
type Decisions = Arc<Mutex<Vec<(HostId, StoreId, Decision)>>>;

/// A network of machines, a clock and a register.
///
/// It is a driver like any other: it waits for whatever happens next, and "waiting" moves the
/// clock there. It does not depend on the computer that it runs on, so a run is the same every
/// time, byte for byte.
pub struct VirtualNet {
    network: Network,
    hosts: Vec<Host>,
    out: Outbox,
    services: BTreeMap<SocketAddr, (String, AcceptFn)>,
    accepted: Vec<(SocketAddr, HostId)>,
    register: Arc<dyn Register>,
    decisions: Decisions,
    steps: usize,
}

impl Default for VirtualNet {
    fn default() -> Self {
        VirtualNet::new(PerfectWire::default())
    }
}

/// How many events a run may have before it counts as endless.
const STEPS: usize = 100_000;

/// How long the register takes to decide.
const STORE: Duration = Duration::from_millis(5);

impl VirtualNet {
    /// An empty net.
    pub fn new(medium: impl Medium + 'static) -> Self {
        VirtualNet {
            network: Network::new(Box::new(medium)),
            hosts: Vec::new(),
            out: Outbox::new(),
            services: BTreeMap::new(),
            accepted: Vec::new(),
            register: Arc::new(MemoryRegister::new()),
            decisions: Decisions::default(),
            steps: 0,
        }
    }

    /// The same with another register.
    #[must_use]
    pub fn with_register(mut self, register: Arc<dyn Register>) -> Self {
        self.register = register;
        self
    }

    /// Adds a UDP server at `at`.
    pub fn endpoint(
        &mut self,
        exercise: &str,
        at: SocketAddr,
        machine: impl Machine + 'static,
        script: Script,
    ) -> HostId {
        let host = self.host(exercise, Role::Server, Box::new(machine), script);
        self.network.bind(host, at);
        self.happen(host, |turn, now| turn.begin(now, Begin::Bound(at)));
        host
    }

    /// Adds a TCP server at `at`. [`accepted`](Self::accepted) returns the machines of its
    /// connections.
    pub fn service<S>(&mut self, exercise: &str, at: SocketAddr, service: S)
    where
        S: Service<Machine = Box<dyn Machine>> + 'static,
    {
        let accept = Box::new(move |link| service.accept(link));
        self.services.insert(at, (exercise.to_string(), accept));
    }

    /// Adds a client.
    pub fn client(
        &mut self,
        exercise: &str,
        machine: impl Machine + 'static,
        script: Script,
    ) -> HostId {
        let host = self.host(exercise, Role::Client, Box::new(machine), script);
        self.happen(host, |turn, now| turn.begin(now, Begin::Client));
        host
    }

    /// The machines of the connections to `at`, in the order in which they came.
    pub fn accepted(&self, at: SocketAddr) -> Vec<HostId> {
        let here = self.accepted.iter().filter(|(to, _)| *to == at);
        here.map(|(_, host)| *host).collect()
    }

    /// Tells a machine to stop once `after` has passed.
    pub fn stop(&mut self, host: HostId, after: Duration) {
        let stop = Arrival::Event(host, Event::Stop);
        self.network.arrive(after, stop);
    }

    /// Runs until there are no more events.
    ///
    /// # Panics
    /// When the run counts as endless. The message has all transcripts.
    pub fn run(&mut self) {
        loop {
            while self.turn() {}
            let waits = self.hosts.iter().filter_map(|host| host.next.ok()?.until);
            let deadline = waits.min().map(|at| Duration::from_nanos(at.as_nanos()));
            let arrival = self.network.next_arrival();
            let Some(next) = [deadline, arrival].into_iter().flatten().min() else {
                return;
            };
            self.network.now = self.network.now.max(next);
            while let Some(arrival) = self.network.arrived() {
                self.deliver(arrival);
            }
        }
    }

    /// The virtual time since the run began.
    pub fn now(&self) -> Duration {
        self.network.now
    }

    /// A machine's status.
    pub fn status(&self, host: HostId) -> Status {
        let host = &self.hosts[host.0];
        host.next.err().unwrap_or(host.session.status())
    }

    /// A machine's transcript, without masks.
    pub fn transcript(&self, host: HostId) -> String {
        self.hosts[host.0].plain.text()
    }

    /// A machine's canonical transcript, masked where the exercise is secret.
    pub fn canonical(&self, host: HostId) -> String {
        read(&self.hosts[host.0].masked.text()).canonical()
    }

    /// All transcripts, without masks.
    pub fn transcripts(&self) -> String {
        let all: Vec<String> = self.hosts.iter().map(|host| host.plain.text()).collect();
        all.join("\n")
    }

    /// What a machine showed its user, as text.
    pub fn shown(&self, host: HostId) -> Vec<String> {
        let lines = read(&self.transcript(host)).lines;
        let shown = lines.into_iter().filter(|line| line.event_name() == "show");
        shown
            .map(|line| String::from_utf8_lossy(&line.payload.unwrap_or_default()).into_owned())
            .collect()
    }

    fn host(
        &mut self,
        exercise: &str,
        role: Role,
        machine: Box<dyn Machine>,
        script: Script,
    ) -> HostId {
        let secret = socklab_core::lab::find(exercise).is_some_and(|exercise| exercise.secret);
        let recorder = |masked| {
            let text = SharedText::default();
            let header = header(exercise, role, "virtual", EPOCH, masked);
            (text.clone(), Recorder::new(&header, text))
        };
        let ((plain, first), (masked, second)) = (recorder(false), recorder(secret));
        self.hosts.push(Host {
            session: Session::new(machine, (first, second)),
            next: Ok(Wait::default()),
            plain,
            masked,
            script,
            events: VecDeque::new(),
        });
        HostId(self.hosts.len() - 1)
    }

    /// Gives every machine one event that it waits for, if there is one. Returns whether there was
    /// any.
    fn turn(&mut self) -> bool {
        let mut any = false;
        for host in 0..self.hosts.len() {
            any |= self.step(HostId(host));
        }
        any
    }

    /// Gives a machine one event that it waits for. Returns whether there was one.
    fn step(&mut self, id: HostId) -> bool {
        let host = &mut self.hosts[id.0];
        let Ok(wait) = host.next else { return false };
        if let Some(event) = host.events.pop_front() {
            self.happen(id, |turn, now| match event {
                Event::Opened(local) => turn.opened(now, local),
                Event::Fault(socket, doing, kind) => {
                    turn.fault_on(now, socket, doing, fault(kind));
                }
                Event::Stored(id, decision) => turn.stored(now, id, &decision),
                Event::Stop => turn.stop(now),
            });
        } else if wait.until.is_some_and(|until| until <= self.clock().mono) {
            self.happen(id, |_, _| ());
        } else if wait.readable
            && let Some((received, bytes)) = self.network.receive(id)
        {
            self.happen(id, |turn, now| {
                turn.received(now, &received, &bytes);
            });
        } else if wait.line
            && let Some(line) = self.hosts[id.0].script.next()
        {
            self.happen(id, |turn, now| turn.typed(now, line));
        } else {
            return false;
        }
        true
    }

    fn clock(&self) -> Now {
        Now::at(EPOCH, self.network.now)
    }

    /// Tells a machine of an event, and carries out what it asks for.
    fn happen(
        &mut self,
        id: HostId,
        event: impl FnOnce(&mut Turn<'_, Box<dyn Machine>, Observers>, Now),
    ) {
        let (now, network) = (self.clock(), &mut self.network);
        let host = &mut self.hosts[id.0];
        let mut turn = host.session.turn(&mut self.out);
        event(&mut turn, now);
        host.next = loop {
            self.steps += 1;
            match turn.next(now, |_| ()) {
                _ if self.steps > STEPS => break Ok(Wait::default()),
                // No effect: in this network each send is a segment of its own anyway.
                Next::NoDelay => {}
                Next::Send { link, bytes, .. } => {
                    let len = bytes.len();
                    network.send(id, *link, bytes);
                    turn.sent(len);
                }
                Next::Open {
                    socket,
                    transport,
                    to,
                    ..
                } => {
                    if let Some(local) = network.open(id, socket, transport, to) {
                        turn.opened(now, local);
                    }
                }
                Next::Finish(link) => {
                    network.finish(id, link.socket);
                    turn.finished(now, link, Ok(()));
                }
                Next::Abort => network.abort(id),
                Next::Store { id: store, attempt } => {
                    let decisions = Arc::clone(&self.decisions);
                    let done = Box::new(move |decision| {
                        let mut all = decisions.lock().unwrap_or_else(PoisonError::into_inner);
                        all.push((id, store, decision));
                    });
                    self.register.store(attempt.clone(), done);
                }
                Next::Wait(wait) => break Ok(wait),
                Next::Ended(status) => {
                    network.close(id);
                    break Err(status);
                }
            }
        };
        let mut decisions = (self.decisions.lock()).unwrap_or_else(PoisonError::into_inner);
        for (host, id, decision) in decisions.drain(..) {
            let stored = Arrival::Event(host, Event::Stored(id, decision));
            network.arrive(STORE, stored);
        }
        drop(decisions);
        assert!(
            self.steps <= STEPS,
            "no end after {STEPS} steps\n{}",
            self.transcripts()
        );
    }

    fn deliver(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Connect(attempt) => {
                let link = Link::first(attempt.from);
                let accept = self.services.get(&attempt.to);
                let server = accept.map(|(exercise, accept)| (exercise.clone(), accept(link)));
                let server = server.map(|(exercise, machine)| {
                    self.host(&exercise, Role::Server, machine, Script::default())
                });
                self.network.connect(attempt, server);
                if let Some(server) = server {
                    let (local, exceeded) = (attempt.to, None);
                    self.accepted.push((local, server));
                    let begin = Begin::Accepted {
                        link,
                        local,
                        exceeded,
                    };
                    self.happen(server, |turn, now| turn.begin(now, begin));
                }
            }
            Arrival::Event(host, event) => self.hosts[host.0].events.push_back(event),
            other => {
                if let Some((host, event)) = self.network.deliver(other) {
                    self.hosts[host.0].events.push_back(event);
                }
            }
        }
    }
}

impl std::fmt::Debug for VirtualNet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VirtualNet")
            .field("now", &self.network.now)
            .field("hosts", &self.hosts.len())
            .finish_non_exhaustive()
    }
}

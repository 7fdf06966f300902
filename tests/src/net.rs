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
    Doing, FaultKind, Input, Link, Machine, Mono, Now, Outbox, Pump, Service, Socket, Status,
};

use crate::EPOCH;
use crate::bench::fault;
use crate::medium::{Medium, Wire};
use crate::record::{Shared, header, read};
use crate::register::MemoryRegister;
use sockets::{Arrival, Sock};

/// What a user types, line by line, each as soon as it is asked for.
#[derive(Clone, Debug, Default)]
pub struct Script {
    lines: VecDeque<Vec<u8>>,
    ends: bool,
}

impl Script {
    /// These lines, and then silence.
    pub fn of<T: AsRef<[u8]>>(lines: impl IntoIterator<Item = T>) -> Self {
        Script {
            lines: lines.into_iter().map(|line| line.as_ref().into()).collect(),
            ends: false,
        }
    }

    /// The same, and then the end of the input.
    #[must_use]
    pub fn then_end(mut self) -> Self {
        self.ends = true;
        self
    }
}

/// One machine of a net.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostId(usize);

/// What is fed as soon as it can be, wanted or not.
enum Pending {
    Opened(Link, SocketAddr),
    Finished(Link),
    Fault(Socket, Doing, FaultKind),
    Stored(StoreId, Decision),
    Stop,
}

struct Host {
    pump: Pump<Box<dyn Machine>, (Recorder<Shared>, Recorder<Shared>)>,
    plain: Shared,
    masked: Shared,
    out: Outbox,
    script: Script,
    sockets: BTreeMap<Socket, Sock>,
    pending: VecDeque<Pending>,
    closed: bool,
}

type Accept = Box<dyn Fn(Link) -> Box<dyn Machine>>;
type Decisions = Arc<Mutex<Vec<(HostId, StoreId, Decision)>>>;

/// A network of machines, a clock and a register.
///
/// It is a driver like any other: it waits for whatever happens next, and "waiting" moves the
/// clock there. Nothing in it depends on the machine it runs on, so that a run is the same
/// every time, byte for byte.
pub struct VirtualNet {
    now: Duration,
    medium: Box<dyn Medium>,
    hosts: Vec<Host>,
    bound: BTreeMap<SocketAddr, (HostId, Socket)>,
    services: BTreeMap<SocketAddr, (String, Accept)>,
    accepted: Vec<(SocketAddr, HostId)>,
    queue: BTreeMap<(Duration, u64), Arrival>,
    arrivals: u64,
    next_port: u16,
    register: Arc<dyn Register>,
    decisions: Decisions,
    steps: usize,
}

impl Default for VirtualNet {
    fn default() -> Self {
        VirtualNet::new(Wire::default())
    }
}

/// How many inputs a run may take before it counts as endless.
const STEPS: usize = 20_000;

/// How many bytes of a stream are handed over at once at most, as a driver's buffer has it.
const READ: usize = 4096;

/// How long the register takes.
const STORE: Duration = Duration::from_millis(5);

impl VirtualNet {
    /// A net with nobody in it.
    pub fn new(medium: impl Medium + 'static) -> Self {
        VirtualNet {
            now: Duration::ZERO,
            medium: Box::new(medium),
            hosts: Vec::new(),
            bound: BTreeMap::new(),
            services: BTreeMap::new(),
            accepted: Vec::new(),
            queue: BTreeMap::new(),
            arrivals: 0,
            next_port: 50_000,
            register: Arc::new(MemoryRegister::new()),
            decisions: Decisions::default(),
            steps: 0,
        }
    }

    /// The same, with a register of the test's own.
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
        let inbox = VecDeque::new();
        let sock = Sock::Datagram { peer: None, inbox };
        self.hosts[host.0].sockets.insert(Socket(0), sock);
        self.bound.insert(at, (host, Socket(0)));
        self.feed(host, Input::Start);
        let (socket, local) = (Socket(0), at);
        self.feed(host, Input::Bound { socket, local });
        host
    }

    /// Adds a TCP server at `at`; [`accepted`](Self::accepted) has the machines it makes.
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
        self.feed(host, Input::Start);
        host
    }

    /// The machines of the connections to `at`, in the order in which they came.
    pub fn accepted(&self, at: SocketAddr) -> Vec<HostId> {
        let here = self.accepted.iter().filter(|(to, _)| *to == at);
        here.map(|(_, host)| *host).collect()
    }

    /// Tells a machine to stop, `after` that time.
    pub fn stop(&mut self, host: HostId, after: Duration) {
        self.arrive(after, Arrival::Pending(host, Pending::Stop));
    }

    /// Runs until nothing can happen any more.
    ///
    /// # Panics
    /// When that does not come, with all transcripts.
    pub fn run(&mut self) {
        loop {
            while self.turn() {}
            let deadlines = self.hosts.iter().filter_map(|host| host.pump.deadline());
            let deadline = deadlines
                .map(|deadline| Duration::from_nanos(deadline.at.as_nanos()))
                .min();
            let arrival = self.queue.keys().next().map(|(at, _)| *at);
            let Some(next) = [deadline, arrival].into_iter().flatten().min() else {
                return;
            };
            self.now = self.now.max(next);
            while let Some(entry) = self.queue.first_entry()
                && entry.key().0 <= self.now
            {
                let arrival = entry.remove();
                self.deliver(arrival);
            }
        }
    }

    /// The time.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// How a machine stands.
    pub fn status(&self, host: HostId) -> Status {
        self.hosts[host.0].pump.status()
    }

    /// A machine's transcript, with nothing masked.
    pub fn transcript(&self, host: HostId) -> String {
        self.hosts[host.0].plain.text()
    }

    /// A machine's canonical transcript, masked where the exercise is secret.
    pub fn canonical(&self, host: HostId) -> String {
        read(&self.hosts[host.0].masked.text()).canonical()
    }

    /// All transcripts, with nothing masked.
    pub fn transcripts(&self) -> String {
        let all: Vec<String> = self.hosts.iter().map(|host| host.plain.text()).collect();
        all.join("\n")
    }

    /// What a machine showed its user, as text.
    pub fn shown(&self, host: HostId) -> Vec<String> {
        let lines = read(&self.transcript(host)).lines;
        let shown = lines.into_iter().filter(|line| line.verb() == "show");
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
            let text = Shared::default();
            let header = header(exercise, role, "virtual", EPOCH, masked);
            (text.clone(), Recorder::new(&header, text))
        };
        let ((plain, first), (masked, second)) = (recorder(false), recorder(secret));
        self.hosts.push(Host {
            pump: Pump::new(machine, (first, second)),
            plain,
            masked,
            out: Outbox::new(),
            script,
            sockets: BTreeMap::new(),
            pending: VecDeque::new(),
            closed: false,
        });
        HostId(self.hosts.len() - 1)
    }

    fn arrive(&mut self, after: Duration, arrival: Arrival) {
        self.arrivals += 1;
        self.queue
            .insert((self.now + after, self.arrivals), arrival);
    }

    /// Gives every machine an input, if there is one that it can take; `false` if there was none.
    fn turn(&mut self) -> bool {
        let mut any = false;
        for host in 0..self.hosts.len() {
            any |= self.step(HostId(host));
        }
        any
    }

    /// Gives one machine one input, if there is one that it can take.
    fn step(&mut self, id: HostId) -> bool {
        let host = &mut self.hosts[id.0];
        if !host.pump.is_running() {
            return false;
        }
        if let Some(pending) = host.pending.pop_front() {
            match pending {
                Pending::Opened(link, local) => self.feed(id, Input::Opened { link, local }),
                Pending::Finished(link) => self.feed(id, Input::Finished { link }),
                Pending::Fault(socket, doing, kind) => {
                    let fault = fault(kind);
                    let input = Input::Fault {
                        socket,
                        doing,
                        fault,
                    };
                    self.feed(id, input);
                }
                Pending::Stored(store, decision) => {
                    let stored = Input::Stored {
                        id: store,
                        decision: &decision,
                    };
                    self.feed(id, stored);
                }
                Pending::Stop => self.feed(id, Input::Stop),
            }
            return true;
        }
        if host.pump.due(Mono::ZERO.plus(self.now)) {
            self.feed(id, Input::Timer);
            return true;
        }
        if host.pump.interest().network && self.step_network(id) {
            return true;
        }
        let host = &mut self.hosts[id.0];
        if host.pump.interest().line {
            if let Some(line) = host.script.lines.pop_front() {
                self.feed(id, Input::Line(&line));
                return true;
            }
            if mem::take(&mut host.script.ends) {
                self.feed(id, Input::InputEnd);
                return true;
            }
        }
        false
    }

    fn step_network(&mut self, id: HostId) -> bool {
        for (&socket, sock) in &mut self.hosts[id.0].sockets {
            match sock {
                Sock::Datagram { inbox, .. } => {
                    if let Some((peer, bytes)) = inbox.pop_front() {
                        let link = Link { socket, peer };
                        let bytes = &bytes;
                        self.feed(id, Input::Datagram { link, bytes });
                        return true;
                    }
                }
                Sock::Stream {
                    peer, inbox, ended, ..
                } => {
                    let link = Link {
                        socket,
                        peer: *peer,
                    };
                    if !inbox.is_empty() {
                        let bytes: Vec<u8> = inbox.drain(..inbox.len().min(READ)).collect();
                        let bytes = &bytes;
                        self.feed(id, Input::Bytes { link, bytes });
                        return true;
                    }
                    // The end is told once.
                    if mem::take(ended) {
                        self.feed(id, Input::End { link });
                        return true;
                    }
                }
            }
        }
        false
    }

    fn feed(&mut self, id: HostId, input: Input<'_>) {
        self.steps += 1;
        assert!(
            self.steps <= STEPS,
            "no end after {STEPS} inputs\n{}",
            self.transcripts()
        );
        let host = &mut self.hosts[id.0];
        let mut out = mem::take(&mut host.out);
        host.pump.feed(Now::at(EPOCH, self.now), input, &mut out);
        for output in out.iter() {
            self.carry_out(id, &output);
        }
        out.clear();
        self.hosts[id.0].out = out;
        self.close_if_over(id);
        let decisions = Arc::clone(&self.decisions);
        let mut decisions = decisions.lock().unwrap_or_else(PoisonError::into_inner);
        for (host, id, decision) in decisions.drain(..) {
            let stored = Pending::Stored(id, decision);
            self.arrive(STORE, Arrival::Pending(host, stored));
        }
    }
}

impl std::fmt::Debug for VirtualNet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VirtualNet")
            .field("now", &self.now)
            .field("hosts", &self.hosts.len())
            .finish_non_exhaustive()
    }
}

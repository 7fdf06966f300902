//! A server under load: a model of ours, any program, or one that is already running.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use socklab_compare::results;
use socklab_core::Transport;
use socklab_core::lab::Exercise;
use socklab_load::Load;
use socklab_process::{Charge, Order as Start, Program};
use socklab_runtimes::Runtime;

use super::trials::Slices;
use crate::cores::Cores;
use crate::measured::{Measured, Order, Usage};

/// One of those that are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contestant {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub kind: Kind,
}

/// What a contestant is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A model of ours, in a process of its own.
    Model(Runtime),
    /// Any program: its command, with `{port}` in it.
    Program(Vec<String>),
    /// A server that was already there.
    Target(SocketAddr),
}

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Server {
    process: Process,
    exercise: &'static Exercise,
    cores: usize,
    /// Whether it is stopped outside its slices, because it uses a core without being asked
    /// anything.
    polls: bool,
}

#[derive(Debug)]
enum Process {
    Ours {
        measured: Measured,
        observed: bool,
    },
    Program(Program),
    /// Its process, if that is on this machine and may be looked at.
    Target(SocketAddr, Option<u32>),
}

impl Server {
    /// Starts it, and waits until it listens.
    pub(crate) fn start(
        contestant: &Contestant,
        exercise: &'static Exercise,
        cores: &Cores,
        order: Order,
    ) -> io::Result<Server> {
        let process = match &contestant.kind {
            Kind::Model(runtime) => {
                let observed = order.observe;
                let measured = Measured::start(&Order {
                    exercise: exercise.name.to_owned(),
                    runtime: runtime.name().to_owned(),
                    cores: cores.server.clone(),
                    ..order
                })?;
                Process::Ours { measured, observed }
            }
            Kind::Program(command) => Process::Program(Program::start(&Start {
                command,
                exercise: exercise.name,
                transport: exercise.transport,
                cores: &cores.server,
            })?),
            Kind::Target(address) => {
                let process = socklab_process::owner(exercise.transport, *address);
                Process::Target(*address, process)
            }
        };
        Ok(Server {
            process,
            exercise,
            cores: cores.server.len().max(1),
            polls: false,
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        match &self.process {
            Process::Ours { measured, .. } => measured.address,
            Process::Program(program) => program.address,
            Process::Target(address, _) => *address,
        }
    }

    fn id(&self) -> Option<u32> {
        match &self.process {
            Process::Ours { measured, .. } => Some(measured.id()),
            Process::Program(program) => Some(program.id()),
            Process::Target(_, process) => *process,
        }
    }

    /// The CPU time that it has used since it began.
    pub(crate) fn cpu(&self) -> Option<Duration> {
        Charge::cpu(self.id()?)
    }

    /// What it has used since it began.
    pub(crate) fn charge(&self) -> Option<Charge> {
        Charge::of(self.id()?)
    }

    /// Its memory in KiB: as the system says, or, where it tells only the process itself, as a
    /// server of ours says.
    pub(crate) fn memory(&self) -> Option<u64> {
        if let Some(charge) = self.charge() {
            return Some(charge.memory);
        }
        let memory = self.usage()?.memory;
        (memory > 0).then_some(memory)
    }

    /// What a server of ours says that it has used since it began.
    fn usage(&self) -> Option<Usage> {
        let Process::Ours {
            measured,
            observed: true,
        } = &self.process
        else {
            return None;
        };
        measured.ask().and_then(|()| self.nudge()).ok()?;
        measured.answer().ok()
    }

    /// The share of a core that it uses while nobody asks it anything.
    pub(crate) fn idle_use(&self) -> Option<f64> {
        const LOOK: Duration = Duration::from_millis(40);
        let cpu = || {
            let reported = || Some(Duration::from_secs_f64(self.usage()?.user / 1e6));
            self.cpu().or_else(reported)
        };
        let before = cpu()?;
        std::thread::sleep(LOOK);
        let used = cpu()?.saturating_sub(before);
        Some(used.as_secs_f64() / LOOK.as_secs_f64())
    }

    /// It is stopped outside its slices from now on.
    pub(crate) fn polls(&mut self) {
        self.polls = true;
        self.awake(false);
    }

    /// Lets one that polls go on, or stops it.
    pub(crate) fn awake(&self, awake: bool) {
        if self.polls {
            match &self.process {
                Process::Ours { measured, .. } => measured.pause(!awake),
                Process::Program(program) => program.pause(!awake),
                // Somebody else's is not ours to stop.
                Process::Target(..) => {}
            }
        }
    }

    /// What a program said last on its standard error, or how it ended.
    pub(crate) fn last_line(&mut self) -> String {
        match &mut self.process {
            Process::Ours { .. } | Process::Target(..) => String::new(),
            Process::Program(program) => program.last_line(),
        }
    }

    /// Asks for the counters of a model of ours, which it says with its next operation.
    pub(crate) fn ask(&self) {
        if let Process::Ours {
            measured,
            observed: true,
        } = &self.process
        {
            let _ = measured.ask();
        }
    }

    /// What it used in its slices. Its load's connections are closed first, so that it can say so.
    pub(crate) fn used(
        self,
        load: Load,
        slices: &Slices,
        begun: Option<Charge>,
    ) -> Option<results::Server> {
        self.awake(true);
        let charge = self.charge();
        let usage = match &self.process {
            Process::Ours {
                measured,
                observed: true,
            } => {
                let begun = measured.answer();
                let _ = measured.ask();
                drop(load);
                let _ = self.nudge();
                begun
                    .and_then(|begun| Ok(measured.answer()?.since(&begun)))
                    .ok()
            }
            _ => None,
        };
        // Nothing is known of one that has ended, nor of one that the system keeps to itself.
        let cpu = slices
            .cpu()
            .or(usage.as_ref().map(|usage| usage.user + usage.system))?;
        let mut charge = charge.unwrap_or_default();
        if charge.memory == 0 {
            charge.memory = usage.as_ref().map_or(0, |usage| usage.memory);
            charge.peak = charge.memory;
        }
        let usage = usage.unwrap_or_else(|| outside(cpu, &charge, &begun.unwrap_or_default()));
        Some(slices.server(cpu, &usage, &charge, self.cores))
    }

    /// One more question, whose answer is not needed: a server answers how much it used with it.
    fn nudge(&self) -> io::Result<()> {
        match self.exercise.transport {
            Transport::Datagram => {
                let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
                socket.send_to(b"one more", self.address()).map(drop)
            }
            Transport::Stream => TcpStream::connect(self.address()).map(drop),
        }
    }
}

/// What is known from outside of what was used between two charges: `cpu`, divided as the clock's
/// ticks say, and the switches of the threads that live.
fn outside(cpu: f64, now: &Charge, begun: &Charge) -> Usage {
    let since = |now: Duration, begun: Duration| now.saturating_sub(begun).as_secs_f64();
    let (user, system) = (since(now.user, begun.user), since(now.system, begun.system));
    let own = user / (user + system).max(1e-9);
    Usage {
        user: cpu * own,
        system: cpu * (1.0 - own),
        voluntary: now.voluntary.saturating_sub(begun.voluntary),
        involuntary: now.involuntary.saturating_sub(begun.involuntary),
        ..Usage::default()
    }
}

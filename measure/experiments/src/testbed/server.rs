//! A server under load: one of our models, another program, or a server that is already running.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use socklab_compare::results;
use socklab_core::Transport;
use socklab_core::lab::Exercise;
use socklab_load::LoadGenerator;
use socklab_process::{ProcessUsage, Program, ProgramSpec};
use socklab_runtimes::Runtime;

use super::trials::Slices;
use crate::cores::Cores;
use crate::measured::{MeasuredServer, ReportedUsage, ServerSpec};

/// A server that takes part in a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contestant {
    /// The contestant's name.
    pub name: String,
    /// How the contestant is run.
    pub kind: ContestantKind,
}

/// The kinds of contestants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContestantKind {
    /// One of our models, in its own process.
    Model(Runtime),
    /// Another program: its command, which contains `{port}`.
    Program(Vec<String>),
    /// A server that is already running.
    Target(SocketAddr),
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    process: Process,
    exercise: &'static Exercise,
    cores: usize,
    /// Whether the server spins, so that it must be suspended outside its slices.
    spins: bool,
}

#[derive(Debug)]
enum Process {
    Ours {
        measured: MeasuredServer,
        observed: bool,
    },
    Program(Program),
    /// The server's process, if it is on this machine and we may read its usage.
    Target(SocketAddr, Option<u32>),
}

impl Server {
    /// Starts a server, and waits until it listens.
    pub(crate) fn start(
        contestant: &Contestant,
        exercise: &'static Exercise,
        cores: &Cores,
        spec: ServerSpec,
    ) -> io::Result<Server> {
        let process = match &contestant.kind {
            ContestantKind::Model(runtime) => {
                let observed = spec.observe;
                let measured = MeasuredServer::start(&ServerSpec {
                    exercise: exercise.name.to_owned(),
                    runtime: runtime.name().to_owned(),
                    cores: cores.server.clone(),
                    ..spec
                })?;
                Process::Ours { measured, observed }
            }
            ContestantKind::Program(command) => Process::Program(Program::start(&ProgramSpec {
                command,
                exercise: exercise.name,
                transport: exercise.transport,
                cores: &cores.server,
            })?),
            ContestantKind::Target(address) => {
                let process = socklab_process::owner(exercise.transport, *address);
                Process::Target(*address, process)
            }
        };
        Ok(Server {
            process,
            exercise,
            cores: cores.server.len().max(1),
            spins: false,
        })
    }

    /// The address at which the server listens.
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

    /// The CPU time that the server has used since it began.
    pub(crate) fn cpu(&self) -> Option<Duration> {
        ProcessUsage::cpu(self.id()?)
    }

    /// What the server has used since it began.
    pub(crate) fn process_usage(&self) -> Option<ProcessUsage> {
        ProcessUsage::of(self.id()?)
    }

    /// The server's memory in KiB. On systems where only a process itself can read that, a server
    /// of ours reports it.
    pub(crate) fn memory(&self) -> Option<u64> {
        if let Some(usage) = self.process_usage() {
            return Some(usage.memory);
        }
        let memory = self.reported_usage()?.memory;
        (memory > 0).then_some(memory)
    }

    /// What a server of ours reports to have used since it began.
    fn reported_usage(&self) -> Option<ReportedUsage> {
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

    /// The share of a core that the server uses while it is asked nothing.
    pub(crate) fn idle_use(&self) -> Option<f64> {
        const OBSERVED: Duration = Duration::from_millis(40);
        let cpu = || {
            let reported = || Some(Duration::from_secs_f64(self.reported_usage()?.user / 1e6));
            self.cpu().or_else(reported)
        };
        let before = cpu()?;
        std::thread::sleep(OBSERVED);
        let used = cpu()?.saturating_sub(before);
        Some(used.as_secs_f64() / OBSERVED.as_secs_f64())
    }

    /// From now on suspends the server outside its slices.
    pub(crate) fn suspend_outside_slices(&mut self) {
        self.spins = true;
        self.set_suspended(true);
    }

    /// Suspends a server that spins, or lets it go on.
    pub(crate) fn set_suspended(&self, suspended: bool) {
        if self.spins {
            match &self.process {
                Process::Ours { measured, .. } => measured.set_suspended(suspended),
                Process::Program(program) => program.set_suspended(suspended),
                // We must not suspend a server that we did not start.
                Process::Target(..) => {}
            }
        }
    }

    /// A program's last line on standard error, or how it ended.
    pub(crate) fn last_line(&mut self) -> String {
        match &mut self.process {
            Process::Ours { .. } | Process::Target(..) => String::new(),
            Process::Program(program) => program.last_line(),
        }
    }

    /// Asks a model of ours for its counters, which it reports with its next operation.
    pub(crate) fn ask(&self) {
        if let Process::Ours {
            measured,
            observed: true,
        } = &self.process
        {
            let _ = measured.ask();
        }
    }

    /// What the server used in its slices. Closes the load's connections first, so that the server
    /// can report.
    pub(crate) fn used(
        self,
        load: LoadGenerator,
        slices: &Slices,
        begun: Option<ProcessUsage>,
    ) -> Option<results::ServerUsage> {
        self.set_suspended(false);
        let process = self.process_usage();
        let reported = match &self.process {
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
        // Nothing is known of a server that has ended, nor of one that we may not read.
        let cpu = slices
            .cpu()
            .or(reported.as_ref().map(|usage| usage.user + usage.system))?;
        let mut process = process.unwrap_or_default();
        if process.memory == 0 {
            process.memory = reported.as_ref().map_or(0, |usage| usage.memory);
            process.peak = process.memory;
        }
        let reported = reported
            .unwrap_or_else(|| usage_from_outside(cpu, &process, &begun.unwrap_or_default()));
        Some(slices.server(cpu, &reported, &process, self.cores))
    }

    /// Asks one more question, and ignores the answer: a server reports its usage with it.
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

/// What the difference of two readings says: `cpu`, divided into user and system time as the clock
/// ticks say, and the context switches of threads that are alive.
fn usage_from_outside(cpu: f64, now: &ProcessUsage, begun: &ProcessUsage) -> ReportedUsage {
    let since = |now: Duration, begun: Duration| now.saturating_sub(begun).as_secs_f64();
    let (user, system) = (since(now.user, begun.user), since(now.system, begun.system));
    let own = user / (user + system).max(1e-9);
    ReportedUsage {
        user: cpu * own,
        system: cpu * (1.0 - own),
        voluntary: now.voluntary.saturating_sub(begun.voluntary),
        involuntary: now.involuntary.saturating_sub(begun.involuntary),
        ..ReportedUsage::default()
    }
}

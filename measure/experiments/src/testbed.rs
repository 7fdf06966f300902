//! Measures servers in turn. All of them run, on cores of their own, and exactly one is under load
//! at any moment, for one slice.

mod noise;
mod proof;
mod server;
mod trials;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use fastrand::Rng;
use socklab_compare::slices::{Blocks, is_disturbed};
use socklab_load::{LoadGenerator, Outcome, WarmUp};
use socklab_process::ProcessUsage;

pub use noise::Noise;
pub(crate) use proof::{differs, prove_program};
pub use server::{Contestant, ContestantKind};

use noise::CpuReading;
pub(crate) use server::Server;
use trials::Slices;
pub(crate) use trials::{TrialOutcome, latencies};

use crate::cores::Cores;

/// The result of one slice.
#[derive(Debug)]
pub(crate) struct Slice {
    pub(crate) outcome: Outcome,
    /// The server's CPU time in the slice, including that for replies in flight at its end.
    pub(crate) cpu: Option<Duration>,
    /// The share of the cores' time that other programs used.
    pub(crate) others: f64,
}

impl Slice {
    fn is_disturbed(&self) -> bool {
        is_disturbed(self.others, self.outcome.seconds)
    }
}

/// A server with its load.
#[derive(Debug)]
pub(crate) struct LoadedServer {
    pub(crate) name: String,
    pub(crate) server: Server,
    load: LoadGenerator,
    warm_up: WarmUp,
    slices: Vec<Slice>,
    /// What the server's processes had used before the first slice.
    begun: Option<ProcessUsage>,
}

/// Starts what runs beside a slice.
pub(crate) type StartBackground<'b> =
    dyn Fn(SocketAddr) -> io::Result<Option<Box<dyn Background>>> + 'b;

/// Something that runs beside a slice, such as slow clients.
pub(crate) trait Background {
    /// Called when the slice is over. Returns when everything has ended.
    fn end(self: Box<Self>);
}

/// The servers of one load.
#[derive(Debug)]
pub(crate) struct Testbed<'p> {
    cores: &'p Cores,
    pub(crate) servers: Vec<LoadedServer>,
}

impl<'p> Testbed<'p> {
    pub(crate) fn new(cores: &'p Cores) -> Self {
        Testbed {
            cores,
            servers: Vec::new(),
        }
    }

    /// Adds a server and its load.
    pub(crate) fn add(&mut self, name: &str, server: Server, load: LoadGenerator) {
        self.servers.push(LoadedServer {
            name: name.to_owned(),
            server,
            load,
            warm_up: WarmUp {
                took: Duration::ZERO,
                steady: true,
            },
            slices: Vec::new(),
            begun: None,
        });
    }

    /// Runs each server's load until it is steady, as its plan says.
    pub(crate) fn warm_up(&mut self) -> io::Result<()> {
        for loaded in &mut self.servers {
            loaded.server.set_suspended(false);
            let warm_up = loaded.load.warm_up(&mut |_| ());
            loaded.server.set_suspended(true);
            loaded.warm_up = warm_up.map_err(io::Error::other)?;
        }
        Ok(())
    }

    /// Runs the slices of a round, in `blocks` blocks.
    pub(crate) fn run(
        &mut self,
        blocks: u32,
        length: Duration,
        rng: Rng,
        start_background: &StartBackground<'_>,
        on: &mut dyn FnMut(&str, f64),
    ) -> io::Result<()> {
        for loaded in &mut self.servers {
            // The server answers with the first question of its first slice.
            loaded.server.ask();
            loaded.begun = loaded.server.process_usage();
        }
        let mut blocks = Blocks::new(self.servers.len(), blocks, rng);
        while let Some(planned) = blocks.next() {
            let loaded = &mut self.servers[planned.server];
            let slice = loaded.slice(self.cores, length, start_background)?;
            on(
                &loaded.name,
                slice.outcome.replies as f64 / slice.outcome.seconds,
            );
            let disturbed = slice.is_disturbed();
            loaded.slices.push(slice);
            if disturbed {
                blocks.repeat(planned);
            }
        }
        Ok(())
    }

    /// Ends the servers. Returns one trial for each.
    pub(crate) fn trials(self, round: u32, load: usize, planned: u32) -> Vec<TrialOutcome> {
        let trial = |loaded: LoadedServer| {
            let LoadedServer {
                name,
                mut server,
                load: connections,
                warm_up,
                slices,
                begun,
            } = loaded;
            let slices = Slices::new(slices, planned);
            let said = match slices.replied() {
                true => String::new(),
                false => server.last_line(),
            };
            let used = server.used(connections, &slices, begun);
            TrialOutcome {
                said,
                ..slices.trial(name, round, load, warm_up, used)
            }
        };
        self.servers.into_iter().map(trial).collect()
    }
}

impl LoadedServer {
    fn slice(
        &mut self,
        cores: &Cores,
        length: Duration,
        start_background: &StartBackground<'_>,
    ) -> io::Result<Slice> {
        self.server.set_suspended(false);
        let before = CpuReading::take(cores, self.server.cpu());
        let background = start_background(self.server.address());
        let outcome = self.load.slice(length).map_err(io::Error::other);
        // Ignore errors: a server that has ended is found because it does not reply.
        if let Some(background) = background.ok().flatten() {
            background.end();
        }
        let (cpu, others) = before.since(cores, self.server.cpu());
        self.server.set_suspended(true);
        Ok(Slice {
            outcome: outcome?,
            cpu,
            others,
        })
    }
}

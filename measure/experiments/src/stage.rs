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
use socklab_compare::slices::{Blocks, DISTURBED};
use socklab_load::{Load, Outcome, WarmUp};
use socklab_process::ProcessUsage;

pub use noise::Noise;
pub(crate) use proof::{differs, prove_program};
pub use server::{Contestant, ContestantKind};

use noise::Watch;
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

/// A server with its load.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) server: Server,
    load: Load,
    warm_up: WarmUp,
    slices: Vec<Slice>,
    /// What the server's processes had used before the first slice.
    begun: Option<ProcessUsage>,
}

/// Starts what runs beside a slice.
pub(crate) type StartCompany<'b> = dyn Fn(SocketAddr) -> io::Result<Option<Box<dyn Company>>> + 'b;

/// Something that runs beside a slice, such as slow clients.
pub(crate) trait Company {
    /// Called when the slice is over. Returns when everything has ended.
    fn end(self: Box<Self>);
}

/// The servers of one load.
#[derive(Debug)]
pub(crate) struct Stage<'p> {
    cores: &'p Cores,
    pub(crate) places: Vec<Place>,
}

impl<'p> Stage<'p> {
    pub(crate) fn new(cores: &'p Cores) -> Self {
        Stage {
            cores,
            places: Vec::new(),
        }
    }

    /// Adds a server and its load.
    pub(crate) fn add(&mut self, name: &str, server: Server, load: Load) {
        self.places.push(Place {
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
        for place in &mut self.places {
            place.server.set_suspended(false);
            let warm_up = place.load.warm_up(&mut |_| ());
            place.server.set_suspended(true);
            place.warm_up = warm_up.map_err(io::Error::other)?;
        }
        Ok(())
    }

    /// Runs the slices of a round, in `blocks` blocks.
    pub(crate) fn run(
        &mut self,
        blocks: u32,
        length: Duration,
        rng: Rng,
        start_company: &StartCompany<'_>,
        on: &mut dyn FnMut(&str, f64),
    ) -> io::Result<()> {
        for place in &mut self.places {
            // The server answers with the first question of its first slice.
            place.server.ask();
            place.begun = place.server.process_usage();
        }
        let mut blocks = Blocks::new(self.places.len(), blocks, rng);
        while let Some(turn) = blocks.next() {
            let place = &mut self.places[turn.server];
            let slice = place.slice(self.cores, length, start_company)?;
            on(
                &place.name,
                slice.outcome.replies as f64 / slice.outcome.seconds,
            );
            let disturbed = slice.others > DISTURBED;
            place.slices.push(slice);
            if disturbed {
                blocks.again(turn);
            }
        }
        Ok(())
    }

    /// Ends the servers. Returns one trial for each.
    pub(crate) fn trials(self, round: u32, load: usize, planned: u32) -> Vec<TrialOutcome> {
        let trial = |place: Place| {
            let Place {
                name,
                server,
                load: connections,
                warm_up,
                slices,
                begun,
            } = place;
            let slices = Slices::new(slices, planned);
            let used = server.used(connections, &slices, begun);
            slices.trial(name, round, load, warm_up, used)
        };
        self.places.into_iter().map(trial).collect()
    }
}

impl Place {
    fn slice(
        &mut self,
        cores: &Cores,
        length: Duration,
        start_company: &StartCompany<'_>,
    ) -> io::Result<Slice> {
        self.server.set_suspended(false);
        let watch = Watch::begin(cores, self.server.cpu());
        let company = start_company(self.server.address());
        let outcome = self.load.slice(length).map_err(io::Error::other);
        // Ignore errors: a server that has ended is found because it does not reply.
        if let Some(company) = company.ok().flatten() {
            company.end();
        }
        let (cpu, others) = watch.end(cores, self.server.cpu());
        self.server.set_suspended(true);
        Ok(Slice {
            outcome: outcome?,
            cpu,
            others,
        })
    }
}

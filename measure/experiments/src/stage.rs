//! Servers that are measured in turn: all are alive, on cores of their own, and exactly one is
//! under load at any moment, for one slice.

mod noise;
mod proof;
mod server;
mod trials;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use fastrand::Rng;
use socklab_compare::results::Trial;
use socklab_compare::slices::{Blocks, DISTURBED};
use socklab_load::{Load, Outcome};
use socklab_process::Charge;

pub use noise::Noise;
pub(crate) use proof::prove_program;
pub use server::{Contestant, Kind};

use noise::Watch;
pub(crate) use server::Server;
use trials::Slices;
pub(crate) use trials::latencies;

use crate::cores::Cores;

/// One slice.
#[derive(Debug)]
pub(crate) struct Slice {
    pub(crate) outcome: Outcome,
    /// The CPU time that the server used in it, with what was in flight at its end.
    pub(crate) cpu: Option<Duration>,
    /// The share of the cores' time that others had.
    pub(crate) others: f64,
}

/// A server with its load.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) server: Server,
    load: Load,
    warm_up: (Duration, bool),
    slices: Vec<Slice>,
    /// What its processes had used before the first slice.
    begun: Option<Charge>,
}

/// Starts what goes on beside a slice.
pub(crate) type StartCompany<'b> = dyn Fn(SocketAddr) -> io::Result<Option<Box<dyn Company>>> + 'b;

/// What goes on beside a slice.
pub(crate) trait Company {
    /// The slice is over. Returns when nothing of it is left.
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

    /// A server and its load take part.
    pub(crate) fn add(&mut self, name: &str, server: Server, load: Load) {
        self.places.push(Place {
            name: name.to_owned(),
            server,
            load,
            warm_up: (Duration::ZERO, true),
            slices: Vec::new(),
            begun: None,
        });
    }

    /// Each server's load runs until it is steady, as its plan says.
    pub(crate) fn warm_up(&mut self) -> io::Result<()> {
        for place in &mut self.places {
            place.server.awake(true);
            let warm_up = place.load.warm_up(&mut |_| ());
            place.server.awake(false);
            place.warm_up = warm_up.map_err(io::Error::other)?;
        }
        Ok(())
    }

    /// Makes the slices of a round: so many blocks.
    pub(crate) fn run(
        &mut self,
        blocks: u32,
        length: Duration,
        rng: Rng,
        start_company: &StartCompany<'_>,
        on: &mut dyn FnMut(&str, f64),
    ) -> io::Result<()> {
        for place in &mut self.places {
            // Answered with the first question of its first slice.
            place.server.ask();
            place.begun = place.server.charge();
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

    /// What each server did and used: one trial each. The servers end.
    pub(crate) fn trials(self, round: u32, load: usize, planned: u32) -> Vec<(Trial, Wrong)> {
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

/// The first wrong reply, after what it had to be.
pub(crate) type Wrong = Option<(Vec<u8>, Vec<u8>)>;

impl Place {
    fn slice(
        &mut self,
        cores: &Cores,
        length: Duration,
        start_company: &StartCompany<'_>,
    ) -> io::Result<Slice> {
        self.server.awake(true);
        let watch = Watch::begin(cores, self.server.cpu());
        let company = start_company(self.server.address());
        let outcome = self.load.slice(length).map_err(io::Error::other);
        // A server that has ended takes no company either, and is found by its silence.
        if let Some(company) = company.ok().flatten() {
            company.end();
        }
        let (cpu, others) = watch.end(cores, self.server.cpu());
        self.server.awake(false);
        Ok(Slice {
            outcome: outcome?,
            cpu,
            others,
        })
    }
}

//! A load that is made in slices.

use std::time::Duration;

use mio::Poll;

use crate::error::Error;
use crate::limits;
use crate::one_shot::OneShotClients;
use crate::outcome::{Outcome, WarmUp};
use crate::persistent::PersistentClients;
use crate::plan::{LoadEvent, Plan, Workload};
use crate::run::{Run, Runner};
use crate::udp::UdpClients;

/// Runs a load. `on` is called as it proceeds.
///
/// # Errors
/// [`Error::NoRoom`] if the system does not allow so many sockets; `InvalidInput` for a plan that
/// makes no sense; otherwise the first error of the system that the [`Outcome`] does not count.
pub fn run(plan: &Plan, on: &mut dyn FnMut(LoadEvent)) -> Result<Outcome, Error> {
    LoadGenerator::new(plan)?.run(on)
}

/// A load that runs in slices. Between slices no question is asked, and persistent connections stay
/// open. So the loads of several servers can take turns, a tenth of a second each.
#[derive(Debug)]
pub struct LoadGenerator(Box<dyn Runner>);

impl LoadGenerator {
    /// Prepares a load.
    ///
    /// # Errors
    /// As for [`run`](crate::run()).
    pub fn new(plan: &Plan) -> Result<LoadGenerator, Error> {
        plan.check()?;
        limits::make_room(plan.connections.into())?;
        let poll = Poll::new()?;
        let registry = poll.registry();
        Ok(LoadGenerator(match plan.workload {
            Workload::Echo => Box::new(Run::new(plan, UdpClients::new(plan, registry)?, poll)),
            Workload::Capitals => Box::new(Run::new(
                plan,
                PersistentClients::new(plan, registry)?,
                poll,
            )),
            Workload::CapitalsOnce | Workload::Welcome | Workload::Submit => {
                Box::new(Run::new(plan, OneShotClients::new(plan, registry)?, poll))
            }
        }))
    }

    /// Runs the whole load at once.
    pub(crate) fn run(mut self, on: &mut dyn FnMut(LoadEvent)) -> Result<Outcome, Error> {
        Ok(self.0.run(on)?)
    }

    /// Asks until the rate is steady or the time for it has passed, as the plan says.
    ///
    /// # Errors
    /// What the system says of the first thing that went wrong and is not counted in an
    /// [`Outcome`].
    pub fn warm_up(&mut self, on: &mut dyn FnMut(LoadEvent)) -> Result<WarmUp, Error> {
        Ok(self.0.warm_up(on)?)
    }

    /// Asks for this long, and follows every question to its end.
    ///
    /// # Errors
    /// As for [`warm_up`](Self::warm_up).
    pub fn slice(&mut self, length: Duration) -> Result<Outcome, Error> {
        Ok(self.0.slice(length)?)
    }
}

//! A load that is made in slices.

use std::time::Duration;

use mio::Poll;

use crate::conversations::Conversations;
use crate::datagrams::Datagrams;
use crate::error::Error;
use crate::limits;
use crate::outcome::Outcome;
use crate::plan::{Kind, Moment, Plan};
use crate::run::{Course, Run};
use crate::streams::Streams;

/// Makes a load and returns what came of it. `on` is called with how far it is.
///
/// # Errors
/// [`Error::NoRoom`] if the system does not let it have so many sockets; `InvalidInput` for a plan
/// that makes no sense; else what the system says of the first thing that went wrong and is not
/// counted in the [`Outcome`].
pub fn run(plan: &Plan, on: &mut dyn FnMut(Moment)) -> Result<Outcome, Error> {
    Load::new(plan)?.whole(on)
}

/// A load that is made in slices: between them nobody asks, and connections that stay are kept. So
/// the loads of several servers can take turns, a tenth of a second each.
#[derive(Debug)]
pub struct Load(Box<dyn Course>);

impl Load {
    /// Makes ready to ask.
    ///
    /// # Errors
    /// As for [`run`](crate::run()).
    pub fn new(plan: &Plan) -> Result<Load, Error> {
        plan.check()?;
        limits::make_room(plan.connections.into())?;
        let poll = Poll::new()?;
        let registry = poll.registry();
        Ok(Load(match plan.exercise {
            Kind::Echo => Box::new(Run::new(plan, Datagrams::new(plan, registry)?, poll)),
            Kind::Capitals => Box::new(Run::new(plan, Conversations::new(plan, registry)?, poll)),
            Kind::CapitalsOnce | Kind::Welcome | Kind::Submit => {
                Box::new(Run::new(plan, Streams::new(plan, registry)?, poll))
            }
        }))
    }

    /// All of it at once.
    pub(crate) fn whole(mut self, on: &mut dyn FnMut(Moment)) -> Result<Outcome, Error> {
        Ok(self.0.whole(on)?)
    }

    /// Asks until the rate is steady or the time for it has passed, as the plan says. Returns how
    /// long that was, and whether it became steady.
    ///
    /// # Errors
    /// What the system says of the first thing that went wrong and is not counted in an
    /// [`Outcome`].
    pub fn warm_up(&mut self, on: &mut dyn FnMut(Moment)) -> Result<(Duration, bool), Error> {
        Ok(self.0.prepare(on)?)
    }

    /// Asks for so long, follows every question to its end, and is silent again.
    ///
    /// # Errors
    /// As for [`warm_up`](Self::warm_up).
    pub fn slice(&mut self, length: Duration) -> Result<Outcome, Error> {
        Ok(self.0.slice(length)?)
    }
}

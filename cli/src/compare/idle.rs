//! What connections cost that are there and say nothing.

use std::io;

use socklab_compare::results::{Idle, Load};

use super::plan::{Entry, Plan};
use super::trial;

/// Holds more and more idle connections, and at each step looks at the server's memory and at how long one more client waits.
///
/// Nothing for a target: its memory is not ours to see.
///
/// # Errors
/// When the server does not start, or the connections cannot be had.
pub(super) fn run(plan: &Plan, entry: &Entry) -> io::Result<Vec<Idle>> {
    let mut steps = Vec::new();
    if plan.idle.is_empty() {
        return Ok(steps);
    }
    // They say nothing for as long as it takes, so the server has to be patient.
    let patient = Plan {
        timeout: std::time::Duration::from_secs(3600),
        observe: false,
        ..plan.clone()
    };
    let (_register, Some(server)) = trial::start(&patient, entry, false)? else {
        return Ok(steps);
    };
    let (mut held, mut count, mut asked) = (Vec::new(), 0, 0);
    for &connections in &plan.idle {
        let more = connections.saturating_sub(count);
        held.push(socklab_load::Idle::open(server.address, more).map_err(io::Error::other)?);
        count += more;
        let mut one = trial::questions(plan, &Load::Closed { connections: 1 }, server.address);
        one.first = asked;
        let outcome = socklab_load::run(&one, &mut |_| ()).map_err(io::Error::other)?;
        asked += outcome.asked;
        let footprint = server.footprint();
        steps.push(Idle {
            model: entry.name.clone(),
            connections: count,
            memory: footprint.memory,
            threads: footprint.threads,
            reply: trial::latencies(&outcome.service),
        });
    }
    Ok(steps)
}

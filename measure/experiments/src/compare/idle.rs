//! What silent connections cost.

use std::io;
use std::thread;
use std::time::Duration;

use socklab_compare::results::{Idle, Latencies, Load};

use socklab_process::ProcessUsage;

use super::plan::{Contestant, ContestantKind, Plan};
use super::trial;
use crate::measured::ServerSpec;
use crate::testbed::Server;

/// How long the server has to accept the connections that have just come.
const SETTLING: Duration = Duration::from_millis(200);

/// Holds more and more idle connections, and at each step looks at the server's memory, and at how
/// long one more client waits.
///
/// These are two series with a server each, because what is asked of a server stays in its memory.
/// A target has none: it cannot be started anew.
///
/// # Errors
/// When the server does not start, or the connections cannot be had.
pub(super) fn run(plan: &Plan, contestant: &Contestant) -> io::Result<Vec<Idle>> {
    let footprints = series(plan, contestant, |server| {
        thread::sleep(SETTLING);
        Ok(server.process_usage().unwrap_or_default())
    })?;
    let mut asked = 0;
    let replies = series(plan, contestant, |server| {
        let mut one = trial::questions(plan, &Load::Closed { connections: 1 }, server.address());
        one.first = asked;
        let outcome = socklab_load::run(&one, &mut |_| ()).map_err(io::Error::other)?;
        asked += outcome.asked;
        Ok(trial::latencies(&outcome.service))
    })?;
    let steps = footprints.into_iter().zip(replies);
    let step =
        |((connections, footprint), (_, reply)): ((u32, ProcessUsage), (u32, Latencies))| Idle {
            model: contestant.name.clone(),
            connections,
            memory: footprint.memory,
            threads: footprint.threads,
            reply,
        };
    Ok(steps.map(step).collect())
}

/// What is seen at each step, with the number of connections held.
fn series<T>(
    plan: &Plan,
    contestant: &Contestant,
    mut look: impl FnMut(&Server) -> io::Result<T>,
) -> io::Result<Vec<(u32, T)>> {
    let mut seen = Vec::new();
    if plan.idle.is_empty() || matches!(contestant.kind, ContestantKind::Target(_)) {
        return Ok(seen);
    }
    let spec = ServerSpec {
        // The connections are silent for as long as it takes, so the server has to be patient.
        patience: Duration::from_secs(3600),
        ..ServerSpec::default()
    };
    let server = Server::start(contestant, plan.exercise, &plan.cores, spec)?;
    let (mut held, mut count) = (Vec::new(), 0);
    for &connections in &plan.idle {
        let more = connections.saturating_sub(count);
        held.push(socklab_load::Idle::open(server.address(), more).map_err(io::Error::other)?);
        count += more;
        seen.push((count, look(&server)?));
    }
    Ok(seen)
}

//! One model under one load, once.

use std::io;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use socklab_compare::results::{Generator, Load, Losses, ServerUsage, Trial};
use socklab_compare::validity;
use socklab_core::Transport;
use socklab_files::Scratch;
use socklab_load::{LoadEvent, Outcome, Pace, Workload};

use super::plan::{Contestant, ContestantKind, Plan};
use crate::measured::{MeasuredServer, ReportedUsage, ServerSpec};
use crate::testbed::TrialOutcome;
pub(super) use crate::testbed::latencies;

/// Over how many intervals a trial's rate is watched.
const INTERVALS: u32 = 20;

/// The shortest of them: long enough for some dozens of replies.
const SHORTEST: Duration = Duration::from_millis(10);

/// Starts the server, puts it under the load, and notes what both did.
///
/// # Errors
/// When the server does not start, or nobody can be asked.
pub(super) fn run(
    plan: &Plan,
    round: u32,
    contestant: &Contestant,
    load: usize,
    progress: &mut dyn FnMut(f64),
) -> io::Result<TrialOutcome> {
    let (register, server) = start(plan, contestant)?;
    let to = match (&contestant.kind, &server) {
        (ContestantKind::Target(address), _) => *address,
        (_, Some(server)) => server.address,
        (ContestantKind::Model(_) | ContestantKind::Program(_), None) => {
            return Err(io::ErrorKind::NotFound.into());
        }
    };
    let outcome = socklab_load::run(&questions(plan, &plan.loads[load], to), &mut |event| {
        match (event, &server) {
            (LoadEvent::Interval { rate }, _) => progress(rate),
            // The server notes what it has used so far, as it answers the next question.
            (LoadEvent::Steady | LoadEvent::Over, Some(server)) => drop(server.ask()),
            _ => {}
        }
    })
    .map_err(io::Error::other)?;
    let used = server.as_ref().map(|server| used(plan, server, &outcome));
    let mut trial = note(round, contestant, load, &outcome);
    // Without it the trial is invalid, if the server is ours.
    trial.server = used.and_then(Result::ok);
    trial.invalid =
        validity::invalid_reasons(&trial, matches!(contestant.kind, ContestantKind::Model(_)));
    trial.limits = validity::limits(&trial, &plan.loads[load]);
    drop((server, register));
    Ok(TrialOutcome {
        trial,
        wrong: outcome.first_wrong,
        tails: Vec::new(),
        said: String::new(),
    })
}

/// The server of a model, with a register of its own where it needs one.
fn start(
    plan: &Plan,
    contestant: &Contestant,
) -> io::Result<(Option<Scratch>, Option<MeasuredServer>)> {
    let ContestantKind::Model(model) = &contestant.kind else {
        return Ok((None, None));
    };
    let register = match plan.records() {
        true => Some(Scratch::within(&plan.folder)?),
        false => None,
    };
    let server = MeasuredServer::start(&ServerSpec {
        exercise: plan.exercise.name.to_owned(),
        runtime: model.name().to_owned(),
        cores: plan.cores.server.clone(),
        observe: plan.observe,
        register: register
            .as_ref()
            .map(|folder| folder.path().join("register.db")),
        patience: plan.timeout.max(Duration::from_secs(10)),
        ..ServerSpec::default()
    })?;
    Ok((register, Some(server)))
}

/// The connections and the pace of a load.
pub(crate) fn connections_and_pace(load: &Load) -> (u32, Pace) {
    match *load {
        Load::Closed { connections } => (connections, Pace::Closed),
        Load::Open { connections, rate } => (connections, Pace::Open { rate }),
    }
}

/// The load as the generator takes it.
pub(super) fn questions(plan: &Plan, load: &Load, to: SocketAddr) -> socklab_load::Plan {
    let (connections, pace) = connections_and_pace(load);
    let workload = match (plan.exercise.transport, plan.records()) {
        (Transport::Datagram, _) => Workload::Echo,
        (Transport::Stream, false) if plan.exercise.name == "capitals" => Workload::Capitals,
        (Transport::Stream, false) => Workload::Welcome,
        (Transport::Stream, true) => Workload::Submit,
    };
    socklab_load::Plan {
        connections,
        pace,
        depth: plan.depth,
        interval: (plan.measure / INTERVALS).max(SHORTEST),
        warm_up: plan.warm_up.clone(),
        measure: plan.measure,
        timeout: plan.timeout,
        ..socklab_load::Plan::new(workload, to)
    }
}

/// What the server used between the two moments at which it was asked.
fn used(plan: &Plan, server: &MeasuredServer, outcome: &Outcome) -> io::Result<ServerUsage> {
    let begin = server.answer()?;
    // The load is over, and it answers as it serves a question.
    nudge(plan, server.address)?;
    let end = server.answer()?;
    let ReportedUsage {
        user,
        system,
        voluntary,
        involuntary,
        memory,
        operations,
    } = end.since(&begin);
    let footprint = server.footprint();
    let cores = plan.cores.server.len().max(1) as f64;
    Ok(ServerUsage {
        user,
        system,
        busy: (user + system) / 1e6 / outcome.seconds / cores,
        voluntary,
        involuntary,
        threads: footprint.threads,
        memory: footprint.memory.max(memory),
        peak: footprint.peak.max(memory),
        operations,
    })
}

/// One more question, whose answer nobody needs.
fn nudge(plan: &Plan, to: SocketAddr) -> io::Result<()> {
    match plan.exercise.transport {
        Transport::Datagram => {
            let socket = UdpSocket::bind((std::net::Ipv4Addr::LOCALHOST, 0))?;
            socket.send_to(b"one more", to).map(drop)
        }
        Transport::Stream => TcpStream::connect(to).map(drop),
    }
}

fn note(round: u32, contestant: &Contestant, load: usize, outcome: &Outcome) -> Trial {
    Trial {
        round,
        model: contestant.name.clone(),
        load,
        warm_up: outcome.warm_up.as_secs_f64(),
        steady: outcome.steady,
        seconds: outcome.seconds,
        replies: outcome.replies,
        intervals: outcome.intervals.clone(),
        response: latencies(&outcome.response),
        service: latencies(&outcome.service),
        losses: Losses {
            lost: outcome.lost,
            duplicated: outcome.duplicated,
            reordered: outcome.reordered,
            wrong: outcome.wrong,
            refused: outcome.refused,
            out_of_ports: outcome.out_of_ports,
        },
        generator: Generator {
            busy: outcome.busy,
            lag: latencies(&outcome.lag),
        },
        server: None,
        disturbed: 0,
        limits: Vec::new(),
        invalid: Vec::new(),
    }
}

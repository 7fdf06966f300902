//! Is a student's program right? If not, what happened on the wire, and what must change?
//!
//! [`check`] starts the program, plays its peer in each scenario of an exercise, and returns what
//! it saw as data: steps, a symptom, and a cause if it is proved. It does not print, and knows no
//! language.

#![forbid(unsafe_code)]

mod bugs;
mod codes;
mod diagnose;
mod doctor;
mod evidence;
mod exercise;
mod given;
mod neighbours;
mod plan;
mod player;
mod practical;
mod program;
mod report;
mod scenario;
mod wire;

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub use bugs::{BUGS, Bug};
pub use codes::{Cause, Symptom};
pub use doctor::{Clock, Health, Phone, Pip, Problem, clock, doctor};
pub use exercise::{CheckedExercise, ENROLMENT};
pub use neighbours::{Neighbour, find_neighbour, is_here, is_listening, is_port_waiting};
pub use plan::{CheckPlan, GIVE_UP_AFTER, Submitter};
pub use practical::{MapEntry, NoProgram, Part, Practical, practicals};
pub use program::sockets::Holder;
pub use program::{CommandError, ProgramLanguage, Start};
pub use report::{
    Act, Finding, Reason, Report, ScenarioOutcome, ScenarioResult, SourceLine, Step, Verdict,
};
pub use scenario::{Move, ParseError, Scenario, Wrong, built_in, parse};

/// The cause that turns the expected bytes into the received ones, if the bytes prove it. `None`
/// for a question in lower case.
pub fn cause_of(question: Option<&[u8]>, expected: &[u8], received: &[u8]) -> Option<Cause> {
    let lower = String::from_utf8_lossy(received).to_lowercase();
    diagnose::payload(&diagnose::Exchange {
        exercise: "",
        question: Some(question.unwrap_or(lower.as_bytes())),
        expected,
        received,
    })
}

/// Plays every scenario. `tell` is called as each ends.
pub fn check(plan: &CheckPlan, mut tell: impl FnMut(&ScenarioOutcome)) -> Report {
    let began = Instant::now();
    let mut start = plan.start.clone();
    let mut stop = None;
    if let Some(start) = &mut start
        && let Some(first) = start.command.first_mut()
    {
        match program::resolve(first, start.folder.as_deref()) {
            Ok(found) => *first = found,
            Err(error) => stop = Some(Reason::Unusable(error)),
        }
        if let Some(script) = start.missing_script() {
            stop = Some(Reason::Unusable(CommandError::NoFile(script)));
        }
    }
    let mut setup = player::Setup {
        exercise: plan.exercise,
        role: plan.role,
        start: start.as_ref(),
        connect: plan.connect.first().copied(),
        port: plan.port,
        submitter: &plan.submitter,
        holds_output: Cell::new(false),
        answered: Cell::new(false),
        clients: Cell::new(0),
    };
    let mut outcomes: Vec<ScenarioOutcome> = Vec::new();
    for scenario in &plan.scenarios {
        let mut outcome = match &stop {
            None if outcomes.is_empty() => play_first(&mut setup, scenario, &plan.connect),
            None => player::play(&setup, scenario),
            Some(reason) => ScenarioOutcome {
                scenario: scenario.name.clone(),
                advice: scenario.advice,
                address: None,
                result: ScenarioResult::NotChecked(reason.clone()),
                steps: Vec::new(),
                took: Duration::ZERO,
                transcript: None,
            },
        };
        match &outcome.result {
            // What prevents one scenario from being played prevents all.
            ScenarioResult::NotChecked(
                reason @ (Reason::PortHeld { .. } | Reason::PortWaits(_) | Reason::NotReached(_)),
            ) => {
                stop = Some(reason.clone());
            }
            // If a scenario that only advises ended the server, the next ones are not checked.
            ScenarioResult::Failed(_) if outcome.advice && outcome.has_found_the_port_closed() => {
                stop = Some(Reason::NotReached(setup.connect.into_iter().collect()));
            }
            ScenarioResult::Failed(finding)
                if stop.is_none()
                    && is_pointless(finding, &outcome, began.elapsed() >= plan.give_up_after) =>
            {
                stop = Some(Reason::After(finding.symptom));
            }
            _ => {}
        }
        if let ScenarioResult::Failed(finding) = &mut outcome.result {
            finding.cause = finding
                .cause
                .filter(|&cause| is_still_proved(cause, &outcomes));
        }
        tell(&outcome);
        outcomes.push(outcome);
    }
    Report {
        exercise: plan.exercise.name.to_owned(),
        role: plan.exercise.transport.map(|_| plan.role),
        program: start.as_ref().map_or_else(String::new, Start::name),
        outcomes,
    }
}

/// Plays the first scenario. A name may have several addresses: like a client, tries each until a
/// program is there.
fn play_first(
    setup: &mut player::Setup<'_>,
    scenario: &Scenario,
    addresses: &[SocketAddr],
) -> ScenarioOutcome {
    let mut outcomes = vec![player::play(setup, scenario)];
    for &address in addresses.iter().skip(1) {
        if outcomes.iter().any(ScenarioOutcome::has_met_a_program) {
            break;
        }
        setup.connect = Some(address);
        outcomes.push(player::play(setup, scenario));
    }
    let failed = |one: &ScenarioOutcome| matches!(one.result, ScenarioResult::Failed(_));
    let refused = outcomes.iter().filter_map(|one| match &one.result {
        ScenarioResult::NotChecked(Reason::NotReached(addresses)) => Some(addresses.clone()),
        _ => None,
    });
    let refused: Vec<SocketAddr> = refused.flatten().collect();
    // Only the address that was tried last may have met a program.
    let shown = match outcomes
        .last()
        .is_some_and(ScenarioOutcome::has_met_a_program)
    {
        true => None,
        false => outcomes.iter().position(failed),
    };
    let mut outcome = outcomes.swap_remove(shown.unwrap_or(outcomes.len() - 1));
    if let ScenarioResult::NotChecked(Reason::NotReached(addresses)) = &mut outcome.result {
        *addresses = refused;
    }
    setup.connect = outcome.address;
    outcome
}

/// Whether a concluded cause still holds after the earlier failures.
fn is_still_proved(cause: Cause, before: &[ScenarioOutcome]) -> bool {
    let other = |one: &ScenarioOutcome| match &one.result {
        ScenarioResult::Failed(finding) => !one.advice && finding.cause != Some(cause),
        _ => false,
    };
    !cause.is_concluded() || !before.iter().any(other)
}

/// Whether all other scenarios would fail in the same way, or enough time has passed.
fn is_pointless(finding: &Finding, outcome: &ScenarioOutcome, enough: bool) -> bool {
    let at_once = matches!(
        finding.symptom,
        Symptom::NeverListens | Symptom::ExitsEarly | Symptom::NoRequest
    ) || finding.cause == Some(Cause::SyntaxError)
        || outcome.has_found_the_port_closed();
    !outcome.advice && (at_once || enough)
}

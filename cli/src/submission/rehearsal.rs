//! A server to rehearse with. It shows what it received, says what is right and wrong with each
//! part, and records no submission.

use std::sync::{Arc, Mutex, PoisonError};

use socklab_core::lab::BoxedService;
use socklab_core::policy::{Ledger, Policy};
use socklab_core::register::{Attempt, Decision, Done, Register};
use socklab_core::submit::MAX_MESSAGE;
use socklab_core::{
    Deadline, Input, Interest, Link, Machine, Now, Outbox, Output, Service, Status,
};
use socklab_register::RegisterObserver;

use super::log::SubmissionLog;
use super::review::{Received, Reviewer};

/// Judges as a real register does, but in memory and without throttling.
pub(super) struct Rehearsal {
    ledger: Mutex<Ledger>,
    log: Arc<SubmissionLog>,
}

impl Rehearsal {
    pub(super) fn new(policy: Policy, log: Arc<SubmissionLog>) -> Self {
        Rehearsal {
            ledger: Mutex::new(Ledger::new(policy)),
            log,
        }
    }
}

impl Register for Rehearsal {
    fn store(&self, attempt: Attempt, done: Done) {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let decision = ledger.judge(&attempt);
        drop(ledger);
        self.log.decided(&[(attempt, decision)]);
        done(decision);
    }
}

/// The exercise's server, with a review of each connection.
pub(super) struct Reviewed {
    pub(super) service: BoxedService,
    pub(super) reviewer: Arc<Reviewer>,
}

impl Service for Reviewed {
    type Machine = Box<dyn Machine>;

    fn accept(&self, link: Link) -> Self::Machine {
        Box::new(ReviewedMachine {
            machine: self.service.accept(link),
            reviewer: Arc::clone(&self.reviewer),
            received: Some(Received::new(link.peer)),
        })
    }

    fn explains_refusals(&self) -> bool {
        self.service.explains_refusals()
    }
}

/// A machine whose input is collected until it answers.
struct ReviewedMachine {
    machine: Box<dyn Machine>,
    reviewer: Arc<Reviewer>,
    received: Option<Received>,
}

impl Machine for ReviewedMachine {
    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        let (reads, before) = (self.machine.interest().network, out.len());
        self.machine.step(now, input, out);
        let Some(received) = &mut self.received else {
            return;
        };
        let mut decided: Option<&Decision> = None;
        match input {
            Input::Bytes { bytes, .. } => {
                received.pieces += 1;
                let room = MAX_MESSAGE.saturating_sub(received.bytes.len());
                let some = bytes.len().min(room);
                received.bytes.extend_from_slice(&bytes[..some]);
                received.complete = now.unix;
            }
            Input::Stored { decision, .. } => decided = Some(decision),
            _ => {}
        }
        let answer = out.skip(before).find_map(|output| match output {
            Output::Send { bytes, .. } => Some(bytes),
            _ => None,
        });
        if let Some(answer) = answer {
            // If the connection exceeded a limit, the message was not read, so there is no review.
            if reads || decided.is_some() {
                self.reviewer.say(received, decided, answer);
            }
            self.received = None;
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        self.machine.deadline()
    }

    fn interest(&self) -> Interest {
        self.machine.interest()
    }

    fn state(&self) -> &'static str {
        self.machine.state()
    }

    fn status(&self) -> Status {
        self.machine.status()
    }
}

//! The one way into a machine.

use core::time::Duration;

use crate::input::Input;
use crate::machine::{Interest, Machine, Status};
use crate::observer::Observer;
use crate::outbox::Outbox;
use crate::time::{Deadline, Mono, Now};

/// Feeds a machine, keeps its driver honest, and shows everything to an observer.
///
/// Every driver, real or simulated, owns one pump for each machine. What drivers have in common is
/// here: when to wait and for how long, and the rules of the contract, which debug builds assert.
#[derive(Debug)]
pub struct Pump<M, O> {
    machine: M,
    observer: O,
    last: Mono,
    started: bool,
}

impl<M: Machine, O: Observer> Pump<M, O> {
    /// A pump for a machine that has had no input yet.
    pub fn new(machine: M, observer: O) -> Self {
        Pump {
            machine,
            observer,
            last: Mono::ZERO,
            started: false,
        }
    }

    /// Hands `input` to the machine, which appends what it wants done to `out`.
    ///
    /// The caller carries `out` out and clears it; it may feed several inputs first, to carry out
    /// what they cause together.
    ///
    /// # Panics
    /// In debug builds, when the driver or the machine breaks the contract.
    pub fn feed(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        let before = out.len();
        let timer_was = self.check_before(now, &input);
        if !O::ENABLED {
            self.machine.step(now, input, out);
        } else {
            let (state, deadline) = (self.machine.state(), self.machine.deadline());
            self.observer.input(now, &input);
            self.machine.step(now, input, out);
            for output in out.since(before) {
                self.observer.output(now, &output);
            }
            if self.machine.state() != state {
                self.observer.state(now, self.machine.state());
            }
            if self.machine.deadline() != deadline {
                self.observer.deadline(now, self.machine.deadline());
            }
            if self.machine.status() != Status::Running {
                self.observer.ended(now, self.machine.status());
            }
        }
        if let (Some(was), Some(is)) = (timer_was, self.machine.deadline()) {
            debug_assert!(
                is.at > was.at,
                "in {}, a deadline that fired must move on: {was:?} then {is:?}",
                self.machine.state()
            );
        }
    }

    /// The rules a driver must keep; the deadline that fires now, if this is the timer.
    fn check_before(&mut self, now: Now, input: &Input<'_>) -> Option<Deadline> {
        let first = !self.started;
        self.started = true;
        debug_assert_eq!(
            first,
            matches!(input, Input::Start),
            "start comes first, once: {input:?}"
        );
        debug_assert!(now.mono >= self.last, "time ran backwards");
        self.last = now.mono;
        debug_assert_eq!(
            self.machine.status(),
            Status::Running,
            "a machine that has ended was given {input:?}"
        );
        let interest = self.machine.interest();
        match input {
            Input::Line(_) | Input::InputEnd => {
                debug_assert!(interest.line, "no line was wanted: {input:?}");
            }
            Input::Datagram { .. } | Input::Bytes { .. } => {
                debug_assert!(interest.network, "no bytes were wanted: {input:?}");
            }
            Input::Timer => {
                debug_assert!(self.due(now.mono), "the timer fired too early");
                return self.machine.deadline();
            }
            _ => {}
        }
        if let Input::Bytes { bytes, .. } = input {
            debug_assert!(!bytes.is_empty(), "no bytes are the end, not bytes");
        }
        None
    }

    /// What the machine can take now; nothing once it has ended.
    pub fn interest(&self) -> Interest {
        match self.machine.status() {
            Status::Running => self.machine.interest(),
            _ => Interest::NOTHING,
        }
    }

    /// The machine's deadline; none once it has ended.
    pub fn deadline(&self) -> Option<Deadline> {
        match self.machine.status() {
            Status::Running => self.machine.deadline(),
            _ => None,
        }
    }

    /// Whether the deadline has come: feed [`Input::Timer`] before waiting again.
    pub fn due(&self, now: Mono) -> bool {
        self.deadline().is_some_and(|deadline| deadline.at <= now)
    }

    /// How long to wait at most: `None` for as long as it takes, never zero unless [due](Self::due).
    pub fn timeout(&self, now: Mono) -> Option<Duration> {
        self.deadline().map(|deadline| deadline.at.since(now))
    }

    /// How the machine stands.
    pub fn status(&self) -> Status {
        self.machine.status()
    }

    /// Whether the machine is still running.
    pub fn is_running(&self) -> bool {
        self.machine.status() == Status::Running
    }

    /// The observer, for what the driver itself does.
    pub fn observer(&mut self) -> &mut O {
        &mut self.observer
    }

    /// The observer, when all is over.
    pub fn into_observer(self) -> O {
        self.observer
    }

    /// The machine, to look at.
    pub fn machine(&self) -> &M {
        &self.machine
    }
}

//! The pump: all inputs of a machine pass through it.

use core::time::Duration;

use crate::input::Input;
use crate::machine::{Interest, Machine, Status};
use crate::observer::Observer;
use crate::outbox::Outbox;
use crate::time::{Deadline, Mono, Now};

/// Feeds a machine, checks in debug builds that its driver and it keep the contract, and shows
/// every step to an observer.
///
/// Every driver, real or simulated, owns one pump for each machine. What drivers have in common is
/// here: when to wait and for how long, and the rules of the contract, which debug builds assert.
#[derive(Debug)]
pub struct Pump<M, O> {
    machine: M,
    observer: O,
    last: Mono,
    started: bool,
    /// The machine's status is [`Status::Running`].
    running: bool,
}

impl<M: Machine, O: Observer> Pump<M, O> {
    /// A pump for a machine that has had no input yet.
    pub fn new(machine: M, observer: O) -> Self {
        Pump {
            machine,
            observer,
            last: Mono::ZERO,
            started: false,
            running: true,
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
        if cfg!(debug_assertions)
            && let Some(rule) = self.broken_rule(now, &input)
        {
            panic!("{rule}: {input:?} in {}", self.machine.state());
        }
        let fired = match input {
            Input::Timer => self.machine.deadline(),
            _ => None,
        };
        self.started = true;
        self.last = now.mono;
        if !O::STEPS {
            self.machine.step(now, input, out);
            self.running = self.machine.is_running();
        } else {
            let (state, deadline) = (self.machine.state(), self.machine.deadline());
            self.observer.input(now, &input);
            self.machine.step(now, input, out);
            for output in out.skip(before) {
                self.observer.output(now, &output);
            }
            if self.machine.state() != state {
                self.observer.state(now, self.machine.state());
            }
            if self.machine.deadline() != deadline {
                self.observer.deadline(now, self.machine.deadline());
            }
            self.running = self.machine.is_running();
            if !self.running {
                self.observer.ended(now, self.machine.status());
            }
        }
        if let Some(was) = fired
            && let Some(is) = self.machine.deadline()
        {
            debug_assert!(
                is.at > was.at,
                "in {}, a deadline that fired must move on: {was:?} then {is:?}",
                self.machine.state()
            );
        }
    }

    /// The rule of the contract that a driver would break with this input now, if it would.
    ///
    /// Drivers need not ask: debug builds assert it in [`feed`](Self::feed). It is for inputs that
    /// come from elsewhere, such as a transcript.
    pub fn broken_rule(&self, now: Now, input: &Input<'_>) -> Option<&'static str> {
        let interest = self.machine.interest();
        if self.started == matches!(input, Input::Start) {
            return Some("start comes first, once");
        }
        if now.mono < self.last {
            return Some("time ran backwards");
        }
        if !self.is_running() {
            return Some("a machine that has ended was given an input");
        }
        match input {
            Input::Line(_) | Input::InputEnd if !interest.line => Some("no line was wanted"),
            Input::Datagram { .. } | Input::Bytes { .. } if !interest.network => {
                Some("no bytes were wanted")
            }
            Input::Bytes { bytes: [], .. } => Some("no bytes are the end, not bytes"),
            Input::Timer if !self.due(now.mono) => Some("the timer fired too early"),
            _ => None,
        }
    }

    /// What the machine can take now; [`Interest::NONE`] once it has ended.
    pub fn interest(&self) -> Interest {
        if self.running {
            self.machine.interest()
        } else {
            Interest::NONE
        }
    }

    /// The machine's deadline; `None` once it has ended.
    pub fn deadline(&self) -> Option<Deadline> {
        if self.running {
            self.machine.deadline()
        } else {
            None
        }
    }

    /// Whether the deadline has come: feed [`Input::Timer`] before waiting again.
    pub fn due(&self, now: Mono) -> bool {
        self.deadline().is_some_and(|deadline| deadline.at <= now)
    }

    /// How long to wait at most: `None` for no time-out, never zero unless [due](Self::due).
    pub fn timeout(&self, now: Mono) -> Option<Duration> {
        self.deadline().map(|deadline| deadline.at.since(now))
    }

    /// How the machine stands.
    pub fn status(&self) -> Status {
        self.machine.status()
    }

    /// Whether the machine is still running.
    #[inline]
    pub fn is_running(&self) -> bool {
        self.running
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

//! The interface between an exercise and its driver.

use alloc::boxed::Box;

use crate::fault::Failure;
use crate::input::Input;
use crate::link::Link;
use crate::outbox::Outbox;
use crate::time::{Deadline, Now};

/// One end of one conversation: a function from inputs to outputs, with a memory.
///
/// A UDP endpoint is one machine, however many peers it hears; each TCP connection has its own,
/// from a [`Service`]. A driver owns the machine that it runs, so there is no lock around it.
///
/// `step` cannot fail. What a peer does wrong becomes an output or a status; what a driver does
/// wrong is caught by the [`Pump`](crate::Pump) in debug builds.
pub trait Machine: Send {
    /// Takes one input, changes state, and appends what it wants done to `out`.
    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox);

    /// When the machine wants [`Input::Timer`], and why; `None` while it waits without limit.
    ///
    /// After a deadline has fired, the next one is later, or there is none. By default a machine
    /// has no timer.
    fn deadline(&self) -> Option<Deadline> {
        None
    }

    /// What the machine can take now. A driver leaves what it cannot take where it is: bytes in the
    /// kernel, lines with the user.
    fn interest(&self) -> Interest;

    /// The name of its state in the exercise's table.
    fn state(&self) -> &'static str;

    /// Whether it is still running. Once it is not, it takes no more inputs; its driver flushes
    /// what was sent (for at most [`CLOSE_LIMIT`]) and closes its sockets.
    fn status(&self) -> Status;

    /// Whether its status is [`Status::Running`]: asked after each input, so without the copy of a
    /// whole status.
    #[inline]
    fn is_running(&self) -> bool {
        self.status() == Status::Running
    }
}

/// How long a driver tries to send the last bytes of a machine that has ended: 2 s. A machine that
/// must know that they left asks for [`Finish`](crate::Output::Finish) and waits for `Finished`.
pub const CLOSE_LIMIT: core::time::Duration = core::time::Duration::from_secs(2);

/// How long a connection over a [limit](crate::ExceededLimit) may live while it is told so: 1 s.
pub const REFUSAL_LIMIT: core::time::Duration = core::time::Duration::from_secs(1);

/// What a machine can take at the moment. Its timer, decisions and a stop may always come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// Datagrams, or bytes of its streams.
    pub network: bool,
    /// A line from the user.
    pub line: bool,
}

impl Interest {
    /// Neither.
    pub const NONE: Interest = Interest {
        network: false,
        line: false,
    };
    /// What peers send.
    pub const NETWORK: Interest = Interest {
        network: true,
        line: false,
    };
    /// What the user types.
    pub const LINE: Interest = Interest {
        network: false,
        line: true,
    };
}

/// How a conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It goes on.
    Running,
    /// It ended as the exercise says.
    Done,
    /// It ended because it was told to stop.
    Stopped,
    /// It ended otherwise.
    Failed(Failure),
}

impl Status {
    /// The word used in transcripts.
    pub const fn name(&self) -> &'static str {
        match self {
            Status::Running => "running",
            Status::Done => "done",
            Status::Stopped => "stopped",
            Status::Failed(_) => "failed",
        }
    }
}

/// Makes the machine for each connection of a TCP server.
pub trait Service: Send + Sync {
    /// What it makes.
    type Machine: Machine + 'static;

    /// A machine for the connection that was just accepted.
    fn accept(&self, link: Link) -> Self::Machine;

    /// Whether its machines can tell a peer that a [limit](crate::ExceededLimit) is exceeded. If
    /// not, such a connection is closed at once.
    fn tells_refused(&self) -> bool {
        false
    }
}

impl<M: Machine + ?Sized> Machine for Box<M> {
    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        (**self).step(now, input, out);
    }
    fn deadline(&self) -> Option<Deadline> {
        (**self).deadline()
    }
    fn interest(&self) -> Interest {
        (**self).interest()
    }
    fn state(&self) -> &'static str {
        (**self).state()
    }
    fn status(&self) -> Status {
        (**self).status()
    }
    fn is_running(&self) -> bool {
        (**self).is_running()
    }
}

impl<S: Service + ?Sized> Service for Box<S> {
    type Machine = S::Machine;
    fn accept(&self, link: Link) -> S::Machine {
        (**self).accept(link)
    }
    fn tells_refused(&self) -> bool {
        (**self).tells_refused()
    }
}

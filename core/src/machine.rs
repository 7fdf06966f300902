//! The interface between an exercise and its driver.

use alloc::boxed::Box;

use crate::fault::Failure;
use crate::input::Input;
use crate::link::Link;
use crate::outbox::Outbox;
use crate::time::{Deadline, Now};

/// One end of one conversation: a state machine that turns inputs into outputs.
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

    /// What the machine can take now. A driver leaves the rest where it is: bytes in the kernel,
    /// lines with the user.
    fn interest(&self) -> Interest;

    /// Whether [`step`](Self::step) looks at the time; this never changes. If it does not, a driver
    /// may give it the time of an earlier input: to read a clock for each datagram takes 1 % of an
    /// echo's CPU time.
    fn reads_time(&self) -> bool {
        true
    }

    /// The name of the machine's state in the exercise's table.
    fn state(&self) -> &'static str;

    /// Whether the machine is still running. Once it is not, it takes no more inputs. Its driver
    /// sends what is left (for at most [`CLOSE_TIMEOUT`]) and closes the socket.
    fn status(&self) -> Status;

    /// Whether the status is [`Status::Running`]. This is asked after each input, so it avoids
    /// copying a whole status.
    #[inline]
    fn is_running(&self) -> bool {
        self.status() == Status::Running
    }
}

/// How long a driver tries to send the last bytes of a machine that has ended: 2 s. A machine that
/// must know that the bytes were sent asks for [`Finish`](crate::Output::Finish) and waits for
/// `Finished`.
pub const CLOSE_TIMEOUT: core::time::Duration = core::time::Duration::from_secs(2);

/// How long a connection over a [limit](crate::ExceededLimit) may live, to be told so: 1 s.
pub const REFUSAL_TIMEOUT: core::time::Duration = core::time::Duration::from_secs(1);

/// What a machine can take at the moment. Its timer, decisions and a stop may always come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// Datagrams, or bytes of its streams.
    pub network: bool,
    /// A line from the user.
    pub line: bool,
}

impl Interest {
    /// Neither the network nor the user.
    pub const NONE: Interest = Interest {
        network: false,
        line: false,
    };
    /// The network only.
    pub const NETWORK: Interest = Interest {
        network: true,
        line: false,
    };
    /// The user only.
    pub const LINE: Interest = Interest {
        network: false,
        line: true,
    };
}

/// Whether a conversation goes on, or how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The conversation goes on.
    Running,
    /// The conversation ended as the exercise says.
    Done,
    /// The conversation ended because it was told to stop.
    Stopped,
    /// The conversation failed.
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
    /// The machine of a connection.
    type Machine: Machine + 'static;

    /// Makes the machine for the connection that was just accepted.
    fn accept(&self, link: Link) -> Self::Machine;

    /// Whether its machines can tell a peer that a [limit](crate::ExceededLimit) is exceeded. If
    /// not, such a connection is closed at once.
    fn explains_refusals(&self) -> bool {
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
    fn reads_time(&self) -> bool {
        (**self).reads_time()
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
    fn explains_refusals(&self) -> bool {
        (**self).explains_refusals()
    }
}

//! Observing a machine and its driver at work.

use alloc::boxed::Box;
use core::net::SocketAddr;

use crate::input::Input;
use crate::machine::Status;
use crate::output::Output;
use crate::time::{Deadline, Mono, Now};
use crate::words::words;

/// Sees every input of one machine, every output before it is carried out, and every operation that
/// the driver does for it. Transcripts, counters and timelines are observers.
///
/// An observer is a type parameter: with `()`, whose [`ENABLED`](Observer::ENABLED) is false, the
/// compiler leaves no trace of it. Where no figure depends on its cost, a [`DynObserver`] is used,
/// so that the drivers are not compiled again for each type of observer.
pub trait Observer: Send {
    /// Whether there is anything to call. Check this before any work that is done only for
    /// observers.
    const ENABLED: bool = true;
    /// Whether the observer looks at the machine's steps: inputs, outputs, states, deadlines. One
    /// that only counts the driver's operations is not called for these.
    const STEPS: bool = Self::ENABLED;
    /// Whether the observer wants to know when an operation began and ended. Reading the clock
    /// twice for each is most of what observing costs. Without it both times are zero.
    const TIMES: bool = Self::ENABLED;

    /// An input is about to be handed over.
    fn input(&mut self, _now: Now, _input: &Input<'_>) {}
    /// The machine asked for something; it has not been done yet.
    fn output(&mut self, _now: Now, _output: &Output<'_>) {}
    /// The machine is in another state than before the input.
    fn state(&mut self, _now: Now, _state: &'static str) {}
    /// The machine waits with another deadline than before the input.
    fn deadline(&mut self, _now: Now, _deadline: Option<Deadline>) {}
    /// The machine has ended.
    fn ended(&mut self, _now: Now, _status: Status) {}
    /// The driver did something.
    fn operation(&mut self, _operation: &Operation) {}
}

/// One operation of a driver: a system call, or a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// What was done.
    pub kind: OperationKind,
    /// When it began; zero unless an observer [asks](Observer::TIMES).
    pub start: Mono,
    /// When it returned.
    pub end: Mono,
    /// When the kernel had what a receive took, if the observers
    /// [ask](Observers::wants_arrivals) and the system says. Before this moment the operation
    /// waited; after it, the thread was woken and the bytes were copied. Never after `end`; before
    /// `start` if the operation did not have to wait.
    pub arrival: Option<Mono>,
    /// How it went.
    pub result: OperationResult,
}

words! {
    /// The kinds of [`Operation`].
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum OperationKind {
        /// Making, binding and listening.
        Open = "open",
        /// Connecting.
        Connect = "connect",
        /// Taking a connection from the backlog.
        Accept = "accept",
        /// Receiving, from a socket of either kind. Blocks in the blocking model.
        Receive = "receive",
        /// Sending, on a socket of either kind.
        Send = "send",
        /// Waiting for readiness, for another thread, or for the user.
        Wait = "wait",
        /// Waking another thread or loop.
        Wake = "wake",
        /// Shutting a stream's writing side.
        Shutdown = "shutdown",
        /// Closing.
        Close = "close",
    }
}

/// How an [`Operation`] went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationResult {
    /// It succeeded.
    Done {
        /// How many datagrams, connections or events it moved.
        items: u32,
        /// How many bytes.
        bytes: usize,
    },
    /// The call would have had to wait; it returned at once.
    WouldBlock,
    /// The time allowed for it passed.
    TimedOut,
    /// A signal cut it short.
    Interrupted,
    /// It failed.
    Failed,
}

/// The observers of a run: one for each machine, and one for what a driver does for none of them.
pub trait Observers: Send + Sync {
    /// One of them.
    type Observer: Observer + 'static;

    /// An observer for `subject`.
    fn observer(&self, subject: Subject) -> Self::Observer;

    /// Whether they want to know when the kernel had what a receive took. Off by default,
    /// because the kernel must then timestamp every datagram. Timelines use it to tell waiting
    /// from copying.
    fn wants_arrivals(&self) -> bool {
        false
    }
}

/// Observers whose type is known only when the run begins.
pub type DynObservers = Box<dyn Observers<Observer = DynObserver>>;

impl Observers for DynObservers {
    type Observer = DynObserver;

    fn observer(&self, subject: Subject) -> DynObserver {
        (**self).observer(subject)
    }

    fn wants_arrivals(&self) -> bool {
        (**self).wants_arrivals()
    }
}

/// What an observer is to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A client, or a UDP server: the one machine of a run, unless
    /// [several machines](crate::lab::ServerKind::Endpoints) share the server's peers.
    Endpoint,
    /// One connection of a TCP server.
    Connection {
        /// Counted from 1 in the order of acceptance.
        number: u64,
        /// Who connected.
        peer: SocketAddr,
        /// The server's own address.
        local: SocketAddr,
    },
    /// The driver's own work: accepting, polling. Where several threads do it, each has an observer
    /// of its own.
    Driver,
}

impl Observer for () {
    const ENABLED: bool = false;
}

impl Observers for () {
    type Observer = ();

    fn observer(&self, _: Subject) {}
}

/// An observer whose type is known only when the run begins. It is called for everything.
pub struct DynObserver(Box<dyn ErasedObserver>);

impl DynObserver {
    /// It, whatever its type.
    pub fn new(observer: impl Observer + 'static) -> Self {
        DynObserver(Box::new(observer))
    }
}

/// What an observer is called with.
enum Call<'a> {
    Input(Now, &'a Input<'a>),
    Output(Now, &'a Output<'a>),
    State(Now, &'static str),
    Deadline(Now, Option<Deadline>),
    Ended(Now, Status),
    Operation(&'a Operation),
}

/// An [`Observer`] without its constants, which `dyn` cannot have.
trait ErasedObserver: Send {
    fn call(&mut self, call: Call<'_>);
}

impl<O: Observer> ErasedObserver for O {
    fn call(&mut self, call: Call<'_>) {
        match call {
            Call::Input(now, input) => self.input(now, input),
            Call::Output(now, output) => self.output(now, output),
            Call::State(now, state) => self.state(now, state),
            Call::Deadline(now, deadline) => self.deadline(now, deadline),
            Call::Ended(now, status) => self.ended(now, status),
            Call::Operation(operation) => self.operation(operation),
        }
    }
}

impl Observer for DynObserver {
    fn input(&mut self, now: Now, input: &Input<'_>) {
        self.0.call(Call::Input(now, input));
    }
    fn output(&mut self, now: Now, output: &Output<'_>) {
        self.0.call(Call::Output(now, output));
    }
    fn state(&mut self, now: Now, state: &'static str) {
        self.0.call(Call::State(now, state));
    }
    fn deadline(&mut self, now: Now, deadline: Option<Deadline>) {
        self.0.call(Call::Deadline(now, deadline));
    }
    fn ended(&mut self, now: Now, status: Status) {
        self.0.call(Call::Ended(now, status));
    }
    fn operation(&mut self, operation: &Operation) {
        self.0.call(Call::Operation(operation));
    }
}

/// Two observers at once.
impl<A: Observer, B: Observer> Observer for (A, B) {
    const ENABLED: bool = A::ENABLED || B::ENABLED;
    const STEPS: bool = A::STEPS || B::STEPS;
    const TIMES: bool = A::TIMES || B::TIMES;

    fn input(&mut self, now: Now, input: &Input<'_>) {
        self.0.input(now, input);
        self.1.input(now, input);
    }
    fn output(&mut self, now: Now, output: &Output<'_>) {
        self.0.output(now, output);
        self.1.output(now, output);
    }
    fn state(&mut self, now: Now, state: &'static str) {
        self.0.state(now, state);
        self.1.state(now, state);
    }
    fn deadline(&mut self, now: Now, deadline: Option<Deadline>) {
        self.0.deadline(now, deadline);
        self.1.deadline(now, deadline);
    }
    fn ended(&mut self, now: Now, status: Status) {
        self.0.ended(now, status);
        self.1.ended(now, status);
    }
    fn operation(&mut self, operation: &Operation) {
        self.0.operation(operation);
        self.1.operation(operation);
    }
}

//! Impairments: sends of one end leave late, in pieces, twice, out of order, or not at all.
//!
//! [`Impaired`] is a layer around any machine, so that a peer misbehaves on request on every
//! runtime. It impairs what its own machine sends, as `tc-netem` does, and does not touch what
//! comes in. A seed decides everything, so a run can be repeated.

mod queue;

use alloc::boxed::Box;
use core::mem;
use core::num::NonZeroUsize;
use core::time::Duration;

use crate::fault::{Doing, Fault, FaultKind};
use crate::input::Input;
use crate::link::{Link, Transport};
use crate::machine::{Interest, Machine, Service, Status};
use crate::outbox::Outbox;
use crate::output::Output;
use crate::time::{Deadline, Now, Why};

pub use queue::ImpairedQueue;

/// How sends are impaired. Probabilities are in thousandths; by default nothing is impaired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Impairments {
    /// Cuts a stream into pieces of 1 to this many bytes. Each piece is sent by itself, at least
    /// [`GAP`] after the one before.
    pub pieces: Option<NonZeroUsize>,
    /// Delays every send by this long. With `pieces`, each piece leaves this long after the one
    /// before.
    pub delay: Duration,
    /// How often a datagram is lost.
    pub lose: u16,
    /// How often a datagram is sent twice.
    pub duplicate: u16,
    /// How often a datagram is held back until the next one to the same peer has overtaken it.
    pub reorder: u16,
    /// How often a send is cut in the middle and its stream reset.
    pub reset: u16,
}

/// The least time between two pieces of a stream: 1 ms. Without it, a driver would hand several
/// pieces to the system in one call.
pub const GAP: Duration = Duration::from_millis(1);

/// How long a datagram is held back at most, if no other comes to overtake it: 200 ms.
pub const HELD_BACK: Duration = Duration::from_millis(200);

/// How many bytes may wait to be sent: 1 MiB, each send counted with [`SEND_OVERHEAD`]. Above that,
/// a stream's machine receives no more until some have left, and further datagrams are lost.
pub const MAX_HELD: usize = 1 << 20;

/// What a send that waits takes besides its bytes, in bytes: an empty datagram takes memory too.
pub const SEND_OVERHEAD: usize = 128;

impl Impairments {
    /// Whether anything is impaired.
    pub fn any(&self) -> bool {
        *self != Impairments::default()
    }
}

/// A machine whose sends are impaired.
#[derive(Debug)]
pub struct Impaired<M> {
    machine: M,
    /// The outputs of the machine.
    inner_out: Outbox,
    queue: ImpairedQueue,
}

impl<M: Machine> Impaired<M> {
    /// Wraps a machine that talks over `transport`. The same seed makes the same faults.
    pub fn new(machine: M, transport: Transport, impairments: Impairments, seed: u64) -> Self {
        Impaired {
            machine,
            inner_out: Outbox::new(),
            queue: ImpairedQueue::new(transport, impairments, seed),
        }
    }

    fn is_running(&self) -> bool {
        self.machine.status() == Status::Running
    }

    /// Hands an input to the machine, and queues what it sends.
    fn feed(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        if !self.is_running() {
            return;
        }
        self.machine.step(now, input, &mut self.inner_out);
        let mut inner_out = mem::take(&mut self.inner_out);
        for output in inner_out.iter() {
            match output {
                Output::Send { link, bytes } => self.queue.send(now.mono, link, bytes, out),
                Output::Finish { link } => self.queue.finish(now.mono, link),
                Output::Abort { link } => {
                    self.queue.abort();
                    out.abort(link);
                }
                other => out.push(&other),
            }
            self.release(now, out);
        }
        inner_out.clear();
        self.inner_out = inner_out;
    }

    /// Sends what is due. If that resets the stream, tells the machine that the stream is dead.
    fn release(&mut self, now: Now, out: &mut Outbox) {
        if let Some(Link { socket, .. }) = self.queue.release(now.mono, out) {
            let (doing, kind) = (Doing::Sending, FaultKind::Reset);
            let fault = Fault { kind, code: 0 };
            let input = Input::Fault {
                socket,
                doing,
                fault,
            };
            // The recursion ends here: the stream is gone, and with it the queue.
            self.feed(now, input, out);
        }
    }
}

impl<M: Machine> Machine for Impaired<M> {
    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        match input {
            Input::Timer => {
                self.release(now, out);
                let due = |deadline: Deadline| deadline.at <= now.mono;
                if self.machine.deadline().is_some_and(due) {
                    self.feed(now, input, out);
                }
            }
            Input::Fault { .. } => {
                self.queue.fault();
                self.feed(now, input, out);
            }
            Input::Stop => {
                self.feed(now, input, out);
                self.queue.flush(out);
            }
            Input::Opened { link, .. } => {
                if self.queue.transport() == Transport::Stream {
                    out.no_delay(link);
                }
                self.feed(now, input, out);
            }
            _ => self.feed(now, input, out),
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        let inner = self.machine.deadline().filter(|_| self.is_running());
        let why = Why::Impaired;
        let queued = self.queue.next().map(|at| Deadline { at, why });
        [inner, queued]
            .into_iter()
            .flatten()
            .min_by_key(|one| one.at)
    }

    fn interest(&self) -> Interest {
        if !self.is_running() {
            return Interest::NONE;
        }
        let interest = self.machine.interest();
        Interest {
            network: interest.network && !self.queue.is_full(),
            ..interest
        }
    }

    fn state(&self) -> &'static str {
        self.machine.state()
    }

    /// A machine that has ended runs on until its last bytes have left.
    fn status(&self) -> Status {
        match self.queue.is_empty() {
            true => self.machine.status(),
            false => Status::Running,
        }
    }
}

/// A service whose connections are impaired, each from the same seed.
#[derive(Debug)]
pub struct ImpairedService<S> {
    service: S,
    impairments: Impairments,
    seed: u64,
}

impl<S: Service> ImpairedService<S> {
    /// The service with these impairments.
    pub const fn new(service: S, impairments: Impairments, seed: u64) -> Self {
        ImpairedService {
            service,
            impairments,
            seed,
        }
    }
}

impl<S: Service> Service for ImpairedService<S> {
    type Machine = Box<dyn Machine>;

    fn accept(&self, link: Link) -> Self::Machine {
        let machine = self.service.accept(link);
        let (transport, how) = (Transport::Stream, self.impairments);
        Box::new(Impaired::new(machine, transport, how, self.seed))
    }

    fn explains_refusals(&self) -> bool {
        self.service.explains_refusals()
    }
}

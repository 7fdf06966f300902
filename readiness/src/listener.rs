//! Accepts connections from the backlog.

use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::task::Waker;

use socklab_core::{Mono, Observer, Observers, OperationKind, Service};
use socklab_system::{AcceptStep, Acceptor, Incoming, Run, timed};

use crate::model::{Interest, Model, Trigger, Watched};

/// If the event before brought at most this many connections, every accept but the first uses
/// [`Model::accept_more`], which may check first whether a connection waits. Under load an event
/// brings more connections, and the check would be wasted.
const FEW: u32 = 4;

/// The key under which the model watches the listener. No conversation's key is so high.
pub(crate) const KEY: usize = usize::MAX - 1;

/// A listening socket, and whether it may have connections waiting.
pub(crate) struct Listener<L: Model> {
    socket: L::Listener,
    acceptor: Acceptor<L::Tcp>,
    /// Connections may be waiting: no accept has returned `WouldBlock` since the last event.
    ready: bool,
    /// How many connections were accepted since the last event.
    taken: u32,
    /// The event before brought at most [`FEW`] connections.
    few: bool,
    /// There is no room for a connection.
    full: bool,
    /// When to look for room again, if the loop is not woken before.
    look_again_at: Option<Mono>,
    /// What the model watches the listener for; `None` before the first watch.
    watched: Option<Interest>,
}

impl<L: Model> Listener<L> {
    /// Makes it from the bound socket. `waker` is used when there may be room for a connection.
    pub(crate) fn new<S: Service, W: Observers>(
        listener: TcpListener,
        service: &S,
        run: &Run<W>,
        waker: Waker,
        model: &L,
    ) -> io::Result<Self> {
        Ok(Listener {
            acceptor: Acceptor::new(run, listener.local_addr()?, service, waker),
            socket: model.listener(listener)?,
            ready: false,
            taken: 0,
            few: true,
            full: false,
            look_again_at: None,
            watched: None,
        })
    }

    /// Notes that the wait reported the listener as ready.
    pub(crate) fn ready(&mut self) {
        (self.ready, self.taken) = (true, 0);
        if L::TRIGGER == Trigger::OneShot {
            self.watched = self.watched.map(|_| Interest::default());
        }
    }

    /// Has the model watch the listener while there is room. Edge-triggered models always watch it.
    pub(crate) fn update_interest(&mut self, model: &mut L) -> io::Result<()> {
        let read = L::TRIGGER == Trigger::Edge || !self.full;
        let interest = Interest { read, write: false };
        if self.watched != Some(interest) {
            let listener = Watched::Listener(&mut self.socket);
            model.watch(KEY, listener, self.watched, interest)?;
            self.watched = Some(interest);
        }
        Ok(())
    }

    pub(crate) fn close(mut self, model: &mut L) {
        model.unwatch(KEY, Watched::Listener(&mut self.socket));
    }

    /// Whether [`next`](Self::next) has work: to accept, or to serve the connection already in
    /// hand.
    pub(crate) fn has_work(&self) -> bool {
        !self.full && (self.ready || self.acceptor.holds_one())
    }

    /// When to look for room again, if it waits for room.
    pub(crate) fn deadline(&self) -> Option<Mono> {
        self.look_again_at
    }

    /// Notes that there may be room for a connection.
    pub(crate) fn look_again(&mut self) {
        (self.full, self.look_again_at) = (false, None);
    }

    /// Returns the next connection, if one waits and there is room for it.
    pub(crate) fn next<W: Observers>(
        &mut self,
        run: &Run<W>,
        observer: &mut W::Observer,
    ) -> Option<Incoming<L::Tcp>> {
        while self.has_work() {
            match self.acceptor.next(run) {
                AcceptStep::Serve(incoming) => return Some(incoming),
                AcceptStep::Wait(until) => (self.full, self.look_again_at) = (true, until),
                AcceptStep::Accept => {
                    let accept = || match self.few && (1..=FEW).contains(&self.taken) {
                        false => L::accept(&self.socket),
                        true => L::accept_more(&self.socket),
                    };
                    let (accepted, operation) =
                        timed::<W::Observer, _>(&run.clock, OperationKind::Accept, accept);
                    let operation = operation.filter(|_| !L::COMPLETIONS || accepted.is_ok());
                    (operation.iter()).for_each(|operation| observer.operation(operation));
                    match accepted {
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {
                            (self.ready, self.few) = (false, self.taken <= FEW);
                        }
                        accepted => {
                            self.taken += 1;
                            self.acceptor.accepted(run, accepted);
                        }
                    }
                }
            }
        }
        None
    }
}

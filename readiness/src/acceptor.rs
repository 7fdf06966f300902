//! Accepts connections from the backlog.

use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::task::Waker;

use socklab_core::{Mono, Observer, OperationKind, Service, Watch};
use socklab_system::{Guest, NextGuest, Reception, Run, timed};

use crate::model::{Interest, Model, Trigger, Watched};

/// After up to so many connections there is often none, and [`Model::accept_more`] may look before
/// it accepts. Under load more come at a time, and the look would be in vain.
const FEW: u32 = 4;

/// What it is watched under: no conversation's.
pub(crate) const KEY: usize = usize::MAX - 1;

/// A listening socket, and whether it may have connections waiting.
pub(crate) struct Acceptor<L: Model> {
    listener: L::Listener,
    reception: Reception<L::Tcp>,
    /// Some may be waiting: no call has returned `WouldBlock` since the event.
    ready: bool,
    /// How many have been taken since the event.
    taken: u32,
    /// They were [few](FEW) the last time.
    few: bool,
    /// It waits for room: for the mailbox, or for this moment.
    waits: Option<Option<Mono>>,
    /// What the model watches the listener for; `None` if it does not yet.
    watched: Option<Interest>,
}

impl<L: Model> Acceptor<L> {
    /// Takes connections from a listener. `waker` says that there may be room.
    pub(crate) fn new<S: Service, W: Watch>(
        listener: TcpListener,
        service: &S,
        run: &Run<W>,
        waker: Waker,
        model: &L,
    ) -> io::Result<Self> {
        Ok(Acceptor {
            reception: Reception::new(run, listener.local_addr()?, service, waker),
            listener: model.listener(listener)?,
            ready: false,
            taken: 0,
            few: true,
            waits: None,
            watched: None,
        })
    }

    /// The wait found the listener ready.
    pub(crate) fn ready(&mut self) {
        (self.ready, self.taken) = (true, 0);
        if L::TRIGGER == Trigger::OneShot {
            self.watched = self.watched.map(|_| Interest::default());
        }
    }

    /// Has the model watch the listener, while it would accept.
    pub(crate) fn settle(&mut self, model: &mut L) -> io::Result<()> {
        let read = L::TRIGGER == Trigger::Edge || self.waits.is_none();
        let interest = Interest { read, write: false };
        if self.watched != Some(interest) {
            let listener = Watched::Listener(&mut self.listener);
            model.watch(KEY, listener, self.watched, interest)?;
            self.watched = Some(interest);
        }
        Ok(())
    }

    /// Closes the listener.
    pub(crate) fn close(mut self, model: &mut L) {
        model.unwatch(KEY, Watched::Listener(&mut self.listener));
    }

    /// Whether it would accept now, or serve the one that it has in hand.
    pub(crate) fn wants_turn(&self) -> bool {
        self.waits.is_none() && (self.ready || self.reception.holds_one())
    }

    /// When it will look again, if it waits for room.
    pub(crate) fn deadline(&self) -> Option<Mono> {
        self.waits?
    }

    /// There may be room.
    pub(crate) fn look_again(&mut self) {
        self.waits = None;
    }

    /// The next connection, if there is one and there is room for it.
    pub(crate) fn next<W: Watch>(
        &mut self,
        run: &Run<W>,
        observer: &mut W::Observer,
    ) -> Option<Guest<L::Tcp>> {
        while self.wants_turn() {
            match self.reception.next(run) {
                NextGuest::Begin(guest) => return Some(guest),
                NextGuest::Wait(until) => self.waits = Some(until),
                NextGuest::Accept => {
                    let accept = || match self.few && (1..=FEW).contains(&self.taken) {
                        false => L::accept(&self.listener),
                        true => L::accept_more(&self.listener),
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
                            self.reception.accepted(run, accepted);
                        }
                    }
                }
            }
        }
        None
    }
}

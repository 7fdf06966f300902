//! Takes connections from the backlog.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use socklab_core::{Console, FaultKind, Mono, Observer, OperationKind};
use socklab_system::{Clock, fault, timed};

use crate::capacity::Capacity;
use crate::mailbox::Mailbox;
use crate::model::{Interest, Model, Trigger, Watched};

/// A listening socket, and whether it may have connections waiting.
pub(crate) struct Acceptor<L: Model> {
    listener: L::Listener,
    local: SocketAddr,
    capacity: Arc<Capacity<L>>,
    mailbox: Arc<Mailbox<L>>,
    /// Some may be waiting: no call has returned `WouldBlock` since the event.
    ready: bool,
    /// It has taken room for the next connection.
    has_room: bool,
    /// It waits for room, and will be told.
    queued: bool,
    /// The model is to report the listener.
    watched: Option<bool>,
}

impl<L: Model> Acceptor<L> {
    /// Takes connections from a listener, while there is capacity, for the loop with this mailbox.
    pub(crate) fn new(
        listener: TcpListener,
        capacity: Arc<Capacity<L>>,
        mailbox: Arc<Mailbox<L>>,
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        capacity.join(&mailbox);
        Ok(Acceptor {
            local: listener.local_addr()?,
            listener: L::listener(listener)?,
            capacity,
            mailbox,
            ready: false,
            has_room: false,
            queued: false,
            watched: None,
        })
    }

    pub(crate) fn local(&self) -> SocketAddr {
        self.local
    }

    /// The wait found the listener ready.
    pub(crate) fn ready(&mut self) {
        self.ready = true;
        if L::TRIGGER == Trigger::OneShot {
            self.watched = self.watched.map(|_| false);
        }
    }

    /// Has the model watch the listener, while it would accept.
    pub(crate) fn settle(&mut self, model: &mut L, key: usize) -> io::Result<()> {
        let paused = self.queued || self.capacity.pause().is_some();
        let read = L::TRIGGER == Trigger::Edge || !paused;
        if self.watched == Some(read) {
            return Ok(());
        }
        let interest = |read| Interest { read, write: false };
        let (listener, before) = (&mut self.listener, self.watched.map(interest));
        model.watch(key, Watched::Listener(listener), before, interest(read))?;
        self.watched = Some(read);
        Ok(())
    }

    /// Closes the listener.
    pub(crate) fn close(mut self, model: &mut L, key: usize) {
        model.unwatch(key, Watched::Listener(&mut self.listener));
    }

    /// Whether it would accept now.
    pub(crate) fn wants_turn(&self) -> bool {
        self.ready && !self.queued && self.capacity.pause().is_none()
    }

    /// When it will look again, if the system is out of descriptors.
    pub(crate) fn deadline(&self) -> Option<Mono> {
        self.capacity.pause()
    }

    /// The moment of its deadline may have come.
    pub(crate) fn look_at_clock(&self, now: Mono) {
        self.capacity.look_at_clock(now);
    }

    /// It is given the room that it waits for.
    pub(crate) fn room_came(&mut self) {
        (self.has_room, self.queued) = (true, false);
    }

    /// So many of its connections have ended.
    pub(crate) fn ended(&mut self, count: usize) {
        if count > 0 && self.capacity.ended(count, &self.mailbox) {
            self.room_came();
        }
    }

    /// Before it waits: room that it has no use for is for others.
    pub(crate) fn rest(&mut self) {
        if self.has_room && !self.wants_turn() {
            self.has_room = false;
            self.capacity.give(&self.mailbox);
        }
    }

    /// The next connection and its number, if there is one and there is capacity for it.
    pub(crate) fn accept<O: Observer>(
        &mut self,
        clock: &Clock,
        observer: &mut O,
        console: &dyn Console,
    ) -> Option<(u64, L::Tcp, SocketAddr)> {
        while self.wants_turn() {
            if !self.has_room && !self.capacity.take(&self.mailbox) {
                self.queued = true;
                return None;
            }
            self.has_room = true;
            let listener = &self.listener;
            let (accepted, operation) =
                timed::<O, _>(clock, OperationKind::Accept, || L::accept(listener));
            (operation.iter()).for_each(|operation| observer.operation(operation));
            match accepted {
                Ok((stream, peer)) => {
                    self.has_room = false;
                    let (number, notice) = self.capacity.accepted(|| clock.mono());
                    (notice.into_iter()).for_each(|notice| console.notice(notice));
                    return Some((number, stream, peer));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.ready = false,
                Err(error) => self.refused(&error, clock, console),
            }
        }
        None
    }

    fn refused(&mut self, error: &io::Error, clock: &Clock, console: &dyn Console) {
        let fault = fault(error);
        // A peer that left before it was accepted, or a signal, is no reason to pause.
        if fault.kind == FaultKind::Reset || error.kind() == ErrorKind::Interrupted {
            return;
        }
        let notice = self.capacity.out_of_descriptors(clock.mono(), fault);
        (notice.into_iter()).for_each(|notice| console.notice(notice));
    }
}

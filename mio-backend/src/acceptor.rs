//! Takes connections from the backlog.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use socklab_core::{Console, FaultKind, Mono, Observer, OperationKind};
use socklab_system::{Clock, fault, timed};

use crate::mailbox::Mailbox;
use crate::places::Places;

/// A listening socket, and whether it may have connections.
pub(crate) struct Acceptor {
    listener: TcpListener,
    local: SocketAddr,
    places: Arc<Places>,
    mailbox: Arc<Mailbox>,
    /// Some may be waiting: told of, and not run out of since.
    pub(crate) ready: bool,
    /// It has taken the place of the next connection.
    has_place: bool,
    /// It has to wait for a place, and will be told.
    queued: bool,
}

impl Acceptor {
    /// Takes connections from a listener, each to a place of those, for the loop with this mailbox.
    pub(crate) fn new(
        listener: std::net::TcpListener,
        places: Arc<Places>,
        mailbox: Arc<Mailbox>,
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        places.join(&mailbox);
        Ok(Acceptor {
            local: listener.local_addr()?,
            listener: TcpListener::from_std(listener),
            places,
            mailbox,
            ready: false,
            has_place: false,
            queued: false,
        })
    }

    pub(crate) fn local(&self) -> SocketAddr {
        self.local
    }

    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut self.listener, token, Interest::READABLE)
    }

    /// Whether it would accept now.
    pub(crate) fn wants_turn(&self) -> bool {
        self.ready && !self.queued && self.places.pause().is_none()
    }

    /// When it will look again, if the system is out of descriptors.
    pub(crate) fn deadline(&self) -> Option<Mono> {
        self.places.pause()
    }

    /// The moment of its deadline may have come.
    pub(crate) fn look_at_clock(&self, now: Mono) {
        self.places.look_at_clock(now);
    }

    /// It is given the place that it waits for.
    pub(crate) fn place_came(&mut self) {
        (self.has_place, self.queued) = (true, false);
    }

    /// So many of its connections have ended.
    pub(crate) fn ended(&mut self, count: usize) {
        if count > 0 && self.places.ended(count, &self.mailbox) {
            self.place_came();
        }
    }

    /// Before it waits: a place that it has no use for is for others.
    pub(crate) fn rest(&mut self) {
        if self.has_place && !self.wants_turn() {
            self.has_place = false;
            self.places.give(&self.mailbox);
        }
    }

    /// The next connection and its number, if there is one and there is room for it.
    pub(crate) fn accept<O: Observer>(
        &mut self,
        clock: &Clock,
        observer: &mut O,
        console: &dyn Console,
    ) -> Option<(u64, TcpStream, SocketAddr)> {
        while self.wants_turn() {
            if !self.has_place && !self.places.take(&self.mailbox) {
                self.queued = true;
                return None;
            }
            self.has_place = true;
            let listener = &self.listener;
            let accepted = timed(
                observer,
                clock,
                OperationKind::Accept,
                |_| (1, 0),
                || listener.accept(),
            );
            match accepted {
                Ok((stream, peer)) => {
                    self.has_place = false;
                    let (number, news) = self.places.accepted(|| clock.mono());
                    news.into_iter().for_each(|news| console.notice(news));
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
        // A peer that left before it was accepted, or a signal, is nobody's trouble.
        if fault.kind == FaultKind::Reset || error.kind() == ErrorKind::Interrupted {
            return;
        }
        let news = self.places.refused(clock.mono(), fault);
        news.into_iter().for_each(|news| console.notice(news));
    }
}

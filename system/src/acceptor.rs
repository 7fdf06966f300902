//! How a server accepts connections, the same on every I/O model.

use std::io;
use std::net::SocketAddr;
use std::task::Waker;

use socklab_core::{
    Begin, ExceededLimit, Fault, Link, Mono, Observers, Resource, Service, Session, Subject,
};

use crate::limit::{Admission, ConnectionLimit, Permit};
use crate::run::Run;

/// Says what a thread, a loop or a task that accepts a server's connections must do next. `T` is
/// the library's TCP connection.
///
/// It accepts the next connection before there is room for it, and keeps that one in hand until
/// there is: which connection is evicted depends on the new peer's address.
pub struct Acceptor<T> {
    limit: ConnectionLimit,
    local: SocketAddr,
    explains: bool,
    in_hand: Option<(T, SocketAddr)>,
    ticket: u64,
    waker: Waker,
}

/// What the acceptor must do next.
pub enum AcceptStep<T> {
    /// Accept a connection, and pass the result to [`accepted`](Acceptor::accepted).
    Accept,
    /// Begin a conversation with this connection.
    Serve(Incoming<T>),
    /// Wait until the waker is used, or until this time, and ask again.
    Wait(Option<Mono>),
}

/// A connection to be served, or to be told that it exceeds a limit.
pub struct Incoming<T> {
    /// The TCP connection.
    pub tcp: T,
    /// The connection's place in the limit.
    pub permit: Permit,
    /// The limit that the connection exceeds, if any.
    pub exceeded: Option<ExceededLimit>,
    local: SocketAddr,
    peer: SocketAddr,
    number: u64,
}

impl<T> Acceptor<T> {
    /// Makes another acceptor for the run's server at `local`. `waker` ends its wait.
    pub fn new<S: Service, W: Observers>(
        run: &Run<W>,
        local: SocketAddr,
        service: &S,
        waker: Waker,
    ) -> Self {
        Acceptor {
            limit: run.limit.clone(),
            local,
            explains: service.explains_refusals(),
            in_hand: None,
            ticket: run.limit.ticket(),
            waker,
        }
    }

    /// Decides what to do now.
    pub fn next<W: Observers>(&mut self, run: &Run<W>) -> AcceptStep<T> {
        let now = run.clock.mono();
        let Some((tcp, peer)) = self.in_hand.take() else {
            let paused = self.limit.with_pause(|pause| pause.wait(now, &self.waker));
            return paused.map_or(AcceptStep::Accept, |until| AcceptStep::Wait(Some(until)));
        };
        let place = (self.ticket, &self.waker);
        match self.limit.admit(place, peer, self.explains, now) {
            Admission::Serve(exceeded, permit) => AcceptStep::Serve(Incoming {
                tcp,
                permit,
                exceeded,
                local: self.local,
                peer,
                number: run.next_number(),
            }),
            Admission::Close => AcceptStep::Accept,
            Admission::Wait(until) => {
                self.in_hand = Some((tcp, peer));
                AcceptStep::Wait(until)
            }
        }
    }

    /// Whether a connection was accepted and waits for room.
    pub fn holds_one(&self) -> bool {
        self.in_hand.is_some()
    }

    /// Takes the result of an accept.
    pub fn accepted<W: Observers>(&mut self, run: &Run<W>, accepted: io::Result<(T, SocketAddr)>) {
        let now = || run.clock.mono();
        let (in_hand, notice) = self.limit.with_pause(|pause| pause.accepted(accepted, now));
        self.in_hand = in_hand;
        notice
            .into_iter()
            .for_each(|notice| run.console.notice(notice));
    }

    /// Pauses accepting, because the system has no more of a resource. Returns until when. The
    /// pause ends earlier if a connection does; then the waker is used.
    pub fn pause<W: Observers>(
        &self,
        run: &Run<W>,
        resource: Resource,
        fault: Fault,
    ) -> Option<Mono> {
        let now = run.clock.mono();
        let (notice, until) = self.limit.with_pause(|pause| {
            let notice = pause.begin(now, resource, fault);
            (notice, pause.wait(now, &self.waker))
        });
        notice
            .into_iter()
            .for_each(|notice| run.console.notice(notice));
        until
    }
}

impl<T> Drop for Acceptor<T> {
    fn drop(&mut self) {
        self.limit.leave_queue(self.ticket);
    }
}

impl<T> Incoming<T> {
    /// Makes the session of this connection. Also returns how it begins.
    pub fn session<S: Service, W: Observers>(
        &self,
        service: &S,
        run: &Run<W>,
    ) -> (Session<S::Machine, W::Observer>, Begin) {
        let (link, local, exceeded) = (Link::first(self.peer), self.local, self.exceeded);
        let observer = run.observers.observer(Subject::Connection {
            number: self.number,
            peer: self.peer,
            local,
        });
        let session = Session::new(service.accept(link), observer);
        (
            session,
            Begin::Accepted {
                link,
                local,
                exceeded,
            },
        )
    }
}

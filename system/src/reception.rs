//! How a server admits connections, the same on every I/O model.

use std::io;
use std::net::SocketAddr;
use std::task::Waker;

use socklab_core::{
    Begin, ExceededLimit, Fault, Link, Mono, Resource, Service, Session, Subject, Watch,
};

use crate::limit::{Admission, ConnectionLimit, Permit};
use crate::run::Run;

/// One of those that accept for a server: a thread, a loop, a task. `T` is its TCP connection.
///
/// It accepts the next connection before there is room for it, and keeps that one in hand until
/// there is: who has to make room depends on who knocks.
pub struct Reception<T> {
    limit: ConnectionLimit,
    local: SocketAddr,
    tells: bool,
    in_hand: Option<(T, SocketAddr)>,
    ticket: u64,
    waker: Waker,
}

/// What is to be done about those who connect.
pub enum NextGuest<T> {
    /// Accept one, and hand over what [came of it](Reception::accepted).
    Accept,
    /// Begin a conversation with this one.
    Begin(Guest<T>),
    /// Wait for the waker, or for this moment, and ask again.
    Wait(Option<Mono>),
}

/// A connection to be served, or to be told that it is over a limit.
pub struct Guest<T> {
    /// The connection.
    pub tcp: T,
    /// Counts it while it lives.
    pub permit: Permit,
    /// The limit that it exceeds.
    pub over: Option<ExceededLimit>,
    local: SocketAddr,
    peer: SocketAddr,
    number: u64,
}

impl<T> Reception<T> {
    /// One more for a run's server at `local`. `waker` ends a wait.
    pub fn new<S: Service, W: Watch>(
        run: &Run<W>,
        local: SocketAddr,
        service: &S,
        waker: Waker,
    ) -> Self {
        Reception {
            limit: run.limit.clone(),
            local,
            tells: service.tells_refused(),
            in_hand: None,
            ticket: run.limit.ticket(),
            waker,
        }
    }

    /// What to do now.
    pub fn next<W: Watch>(&mut self, run: &Run<W>) -> NextGuest<T> {
        let now = run.clock.mono();
        let Some((tcp, peer)) = self.in_hand.take() else {
            let paused = self.limit.paused(now, &self.waker);
            return paused.map_or(NextGuest::Accept, |until| NextGuest::Wait(Some(until)));
        };
        let place = (self.ticket, &self.waker);
        match self.limit.admit(place, peer, self.tells, now) {
            Admission::Begin(over, permit) => NextGuest::Begin(Guest {
                tcp,
                permit,
                over,
                local: self.local,
                peer,
                number: run.next_number(),
            }),
            Admission::Close => NextGuest::Accept,
            Admission::Wait(until) => {
                self.in_hand = Some((tcp, peer));
                NextGuest::Wait(until)
            }
        }
    }

    /// Whether a connection is in hand, for which there is no room yet.
    pub fn holds_one(&self) -> bool {
        self.in_hand.is_some()
    }

    /// What an accept gave.
    pub fn accepted<W: Watch>(&mut self, run: &Run<W>, accepted: io::Result<(T, SocketAddr)>) {
        let now = || run.clock.mono();
        let (in_hand, notice) = self.limit.with_pause(|pause| pause.took(accepted, now));
        self.in_hand = in_hand;
        notice
            .into_iter()
            .for_each(|notice| run.console.notice(notice));
    }

    /// The system has no more of a resource: until a connection ends, or for a while, this is to
    /// wait. Returns until when.
    pub fn out_of<W: Watch>(&self, run: &Run<W>, resource: Resource, fault: Fault) -> Option<Mono> {
        let now = run.clock.mono();
        let notice = (self.limit).with_pause(|pause| pause.out_of(now, resource, fault));
        notice
            .into_iter()
            .for_each(|notice| run.console.notice(notice));
        self.limit.paused(now, &self.waker)
    }
}

impl<T> Drop for Reception<T> {
    fn drop(&mut self) {
        self.limit.leave_queue(self.ticket);
    }
}

impl<T> Guest<T> {
    /// Its session, and how that begins.
    pub fn session<S: Service, W: Watch>(
        &self,
        service: &S,
        run: &Run<W>,
    ) -> (Session<S::Machine, W::Observer>, Begin) {
        let (link, local, over) = (Link::first(self.peer), self.local, self.over);
        let observer = run.watch.watch(Subject::Connection {
            number: self.number,
            peer: self.peer,
            local,
        });
        let session = Session::new(service.accept(link), observer);
        (session, Begin::Accepted { link, local, over })
    }
}

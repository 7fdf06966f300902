//! Takes connections from the backlog.

use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::sync::Arc;

use polling::Poller;
use socklab_core::{FaultKind, Link, Mono, OperationKind, Watch};
use socklab_system::{AcceptPause, Run, fault, timed};

use super::watched::Watched;
use super::wire::Wire;

/// The listening socket's key; those of conversations count up from 0, and the poller keeps the last for itself.
pub(super) const LISTENER: usize = usize::MAX - 1;

/// A listening socket, and whether it may have connections.
pub(super) struct Acceptor {
    listener: Watched<TcpListener>,
    places: usize,
    pause: AcceptPause,
}

impl Acceptor {
    pub(super) fn new(
        poller: &Arc<Poller>,
        listener: TcpListener,
        places: usize,
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Acceptor {
            listener: Watched::new(poller, LISTENER, listener)?,
            places,
            pause: AcceptPause::default(),
        })
    }

    /// Has the poller look for a connection, if there is a place for one; the others wait in the backlog.
    pub(super) fn settle(&mut self, open: usize, some_ended: bool, now: Mono) -> io::Result<()> {
        if some_ended || self.pause.until().is_some_and(|at| at <= now) {
            self.pause.end();
        }
        let room = open < self.places && self.pause.until().is_none();
        self.listener.ask(room, false)
    }

    /// When it will look again, if it is out of descriptors.
    pub(super) fn deadline(&self) -> Option<Mono> {
        self.pause.until()
    }

    /// The poller told of a connection, which gets that key. It may be gone by now.
    pub(super) fn accept<W: Watch>(
        &mut self,
        poller: &Arc<Poller>,
        key: usize,
        run: &Run<W>,
        observer: &mut W::Observer,
    ) -> Option<(Wire, Link)> {
        self.listener.came();
        let accepted = timed(
            observer,
            &run.clock,
            OperationKind::Accept,
            |_| (1, 0),
            || {
                let (tcp, peer) = self.listener.socket().accept()?;
                let link = Link::first(peer);
                Ok((Wire::stream(poller, key, tcp, link)?, link))
            },
        );
        let now = run.clock.mono();
        let news = match &accepted {
            Ok(_) => self.pause.accepted(now),
            Err(error) => match (error.kind(), fault(error)) {
                // Nothing, or a peer that has left already, is nobody's trouble.
                (ErrorKind::WouldBlock | ErrorKind::Interrupted, _) => None,
                (_, fault) if fault.kind == FaultKind::Reset => None,
                (_, fault) => self.pause.refused(now, fault),
            },
        };
        if let Some(news) = news {
            run.console.notice(news);
        }
        accepted.ok()
    }
}

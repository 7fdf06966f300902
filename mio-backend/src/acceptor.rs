//! Takes connections from the backlog.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use socklab_core::{Console, FaultKind, Mono, Observer, OperationKind};
use socklab_system::{AcceptPause, Clock, fault, socket, timed};

/// A listening socket, and whether it may have connections.
pub(crate) struct Acceptor {
    listener: TcpListener,
    local: SocketAddr,
    places: usize,
    /// Some may be waiting: told of, and not run out of since.
    pub(crate) ready: bool,
    pause: AcceptPause,
}

impl Acceptor {
    pub(crate) fn bind(address: SocketAddr, places: usize) -> io::Result<Self> {
        let listener = socket::stream_server(address)?;
        listener.set_nonblocking(true)?;
        Ok(Acceptor {
            local: listener.local_addr()?,
            listener: TcpListener::from_std(listener),
            places,
            ready: false,
            pause: AcceptPause::default(),
        })
    }

    pub(crate) fn local(&self) -> SocketAddr {
        self.local
    }

    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut self.listener, token, Interest::READABLE)
    }

    /// Whether it would accept now, with so many connections open.
    pub(crate) fn wants_turn(&self, open: usize) -> bool {
        self.ready && self.pause.until().is_none() && open < self.places
    }

    /// When it will look again, if it is out of descriptors.
    pub(crate) fn deadline(&self) -> Option<Mono> {
        self.pause.until()
    }

    /// A connection has ended, so there is a descriptor; or the pause is over.
    pub(crate) fn resume(&mut self) {
        self.pause.end();
    }

    /// The next connection, if there is one and there is room for it.
    pub(crate) fn accept<O: Observer>(
        &mut self,
        open: usize,
        clock: &Clock,
        observer: &mut O,
        console: &dyn Console,
    ) -> Option<(TcpStream, SocketAddr)> {
        while self.wants_turn(open) {
            let listener = &self.listener;
            let accepted = timed(
                observer,
                clock,
                OperationKind::Accept,
                |_| (1, 0),
                || listener.accept(),
            );
            match accepted {
                Ok(connection) => {
                    if self.pause.is_announced() {
                        let news = self.pause.accepted(clock.mono());
                        news.into_iter().for_each(|news| console.notice(news));
                    }
                    return Some(connection);
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
        let news = self.pause.refused(clock.mono(), fault);
        news.into_iter().for_each(|news| console.notice(news));
    }
}

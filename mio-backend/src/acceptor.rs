//! Takes connections from the backlog.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use socklab_core::{Console, FaultKind, Mono, Notice, Observer, OperationKind};
use socklab_system::{Clock, fault, socket, timed};

/// How long to wait before accepting again when the system is out of descriptors and no connection
/// of ours ends meanwhile.
const PAUSE: Duration = Duration::from_millis(200);

/// A listening socket, and whether it may have connections.
pub(crate) struct Acceptor {
    listener: TcpListener,
    local: SocketAddr,
    places: usize,
    /// Some may be waiting: told of, and not run out of since.
    pub(crate) ready: bool,
    /// Out of descriptors until then.
    paused: Option<Mono>,
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
            paused: None,
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
        self.ready && self.paused.is_none() && open < self.places
    }

    /// When it will look again, if it is out of descriptors.
    pub(crate) fn deadline(&self) -> Option<Mono> {
        self.paused
    }

    /// A connection has ended, so there is a descriptor; or the pause is over.
    pub(crate) fn resume(&mut self) {
        self.paused = None;
    }

    /// The next connection, if there is one and there is room for it.
    pub(crate) fn accept<O: Observer>(
        &mut self,
        open: usize,
        said: &mut bool,
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
                    if std::mem::take(said) {
                        console.notice(Notice::AcceptResumed);
                    }
                    return Some(connection);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.ready = false,
                Err(error) => self.refused(&error, said, clock, console),
            }
        }
        None
    }

    fn refused(
        &mut self,
        error: &io::Error,
        said: &mut bool,
        clock: &Clock,
        console: &dyn Console,
    ) {
        let fault = fault(error);
        // A peer that left before it was accepted, or a signal, is nobody's trouble.
        if fault.kind == FaultKind::Reset || error.kind() == ErrorKind::Interrupted {
            return;
        }
        self.paused = Some(clock.mono().plus(PAUSE));
        if !std::mem::replace(said, true) {
            console.notice(Notice::AcceptPaused(fault));
        }
    }
}

//! A peer's addresses, tried one after the other (RFC 6724 orders them; the lab puts IPv4 first).

use alloc::boxed::Box;
use core::net::SocketAddr;
use core::time::Duration;

use crate::fault::Fault;
use crate::link::{Link, Socket, Transport};
use crate::output::Notice;
use crate::time::Mono;

/// What the machine asked to open, and how far that is.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) socket: Socket,
    pub(super) transport: Transport,
    addresses: Box<[SocketAddr]>,
    /// Which of them is being tried.
    at: usize,
    /// The driver has not been asked to try it yet.
    pub(super) asks: bool,
    /// When this one counts as failed and the next is tried; the last has what the machine allows.
    pub(super) until: Option<Mono>,
}

impl Opening {
    pub(super) fn new(socket: Socket, transport: Transport, addresses: &[SocketAddr]) -> Self {
        Opening {
            socket,
            transport,
            addresses: addresses.into(),
            at: 0,
            asks: true,
            until: None,
        }
    }

    /// Begins to try an address: its equal share of the time left until `deadline`.
    pub(super) fn ask(&mut self, now: Mono, deadline: Option<Mono>) -> Option<Duration> {
        self.asks = false;
        let left = deadline?.since(now);
        let tries = u32::try_from(self.addresses.len() - self.at).unwrap_or(u32::MAX);
        let share = left / tries.max(1);
        self.until = (tries > 1).then(|| now.plus(share));
        Some(share)
    }

    /// The address that is being tried.
    pub(super) fn address(&self) -> SocketAddr {
        self.addresses[self.at]
    }

    /// The link, now that it is up.
    pub(super) fn link(&self) -> Link {
        Link::on(self.socket, self.address())
    }

    /// Goes on to the next address, if there is one; what the user should know.
    pub(super) fn next(&mut self, fault: Fault) -> Option<Notice> {
        let failed = self.address();
        if self.at + 1 == self.addresses.len() {
            return None;
        }
        self.at += 1;
        (self.asks, self.until) = (true, None);
        Some(Notice::NextAddress { failed, fault })
    }
}

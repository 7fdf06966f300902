//! A peer's addresses, tried one after the other (RFC 6724 orders them; the lab puts IPv4 first).

use alloc::boxed::Box;
use core::net::SocketAddr;
use core::time::Duration;

use crate::fault::Fault;
use crate::link::{Link, Socket, Transport};
use crate::output::Notice;
use crate::time::Mono;

/// The addresses that the machine asked to open, and which one is being tried.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) socket: Socket,
    pub(super) transport: Transport,
    addresses: Box<[SocketAddr]>,
    /// The index of the address that is being tried.
    at: usize,
    /// Whether the driver has still to be asked to try this address.
    pub(super) untried: bool,
    /// When this address counts as failed and the next is tried. `None` for the last, which may
    /// take as long as the machine allows.
    pub(super) until: Option<Mono>,
}

impl Opening {
    pub(super) fn new(socket: Socket, transport: Transport, addresses: &[SocketAddr]) -> Self {
        Opening {
            socket,
            transport,
            addresses: addresses.into(),
            at: 0,
            untried: true,
            until: None,
        }
    }

    /// Begins to try an address. Returns its time-out: an equal share of the time left until
    /// `deadline`.
    pub(super) fn begin_attempt(&mut self, now: Mono, deadline: Option<Mono>) -> Option<Duration> {
        self.untried = false;
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

    /// The link to the address that is being tried.
    pub(super) fn link(&self) -> Link {
        Link::on(self.socket, self.address())
    }

    /// Goes on to the next address, if there is one. Returns what to tell the user.
    pub(super) fn next(&mut self, fault: Fault) -> Option<Notice> {
        let failed = self.address();
        if self.at + 1 == self.addresses.len() {
            return None;
        }
        self.at += 1;
        (self.untried, self.until) = (true, None);
        Some(Notice::NextAddress { failed, fault })
    }
}

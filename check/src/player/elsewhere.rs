//! A program that runs already: its process cannot be seen, and only its port shows that it ends.

use std::net::SocketAddr;

use socklab_core::Transport;

use super::{EarlyEnd, Player};
use crate::codes::{Cause, Symptom};
use crate::diagnose;
use crate::neighbours::{is_here, is_listening};
use crate::report::{Act, Reason};

impl Player<'_> {
    /// Whether this computer's own tables show that a program has the port.
    pub(super) fn shows_a_listener(&self, address: SocketAddr) -> bool {
        let transport = match self.wire.is_stream() {
            true => Transport::Stream,
            false => Transport::Datagram,
        };
        is_here(address.ip()) && is_listening(transport, address).unwrap_or(false)
    }

    /// Whether no program had this UDP port to take our last datagram.
    pub(super) fn was_not_there(&self, address: SocketAddr) -> bool {
        match self.shows_a_listener(address) {
            // The server started after our datagram.
            true => !self.had_port,
            false => self.wire.is_refused().unwrap_or(false),
        }
    }

    /// The system has refused us: no program has the port. If one had it before, that one has
    /// ended.
    pub(super) fn port_closed(&mut self, address: SocketAddr) -> EarlyEnd {
        if !self.had_port && !self.setup.answered.get() && self.heard.is_empty() {
            return EarlyEnd::NotChecked(Reason::NotReached(vec![address]));
        }
        self.program_step(Act::PortClosed, false);
        let clients = self.setup.clients.get() + self.connections();
        let answered = self.setup.answered.get() || self.has_answered();
        let cause = match self.wire.is_stream() && answered && clients == 1 {
            true => Some(Cause::ServesOnce),
            false => diagnose::early_exit(None, "", &self.context()),
        };
        self.fail(Symptom::EndsEarly, cause)
    }

    /// What the next scenarios must know of a program that runs already.
    pub(super) fn note_for_later(&mut self) {
        let clients = self.setup.clients.get() + self.connections();
        self.setup.clients.set(clients);
        // After this word, an echo server ends as it should.
        let ends = !self.wire.is_stream() && self.heard.last().is_some_and(|last| last == b"FIN");
        if self.has_answered() {
            self.setup.answered.set(!ends);
        }
    }
}

//! A network between `check` and the program, which impairs what `check` sends.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use std::collections::BTreeMap;

use socklab_core::impair::{ImpairedQueue, Impairments};
use socklab_core::{Link, Mono, Outbox, Output};

use super::Wire;

/// Each queue has one peer, whose address does not matter.
const PEER: Link = Link::first(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0));

/// Impairs what we send.
#[derive(Debug)]
pub(super) struct Network {
    how: Impairments,
    seed: u64,
    began: Instant,
    /// What has not been sent yet, by peer.
    queues: BTreeMap<String, ImpairedQueue>,
}

impl Network {
    /// A network without impairments.
    pub(super) fn clean() -> Self {
        Network {
            how: Impairments::default(),
            seed: 0,
            began: Instant::now(),
            queues: BTreeMap::new(),
        }
    }
}

impl Wire {
    /// Sets the network's impairments. What it held back so far is sent first.
    pub(crate) fn impair(&mut self, how: Impairments, seed: u64) {
        let network = std::mem::replace(&mut self.network, Network::clean());
        (self.network.how, self.network.seed) = (how, seed);
        for (peer, mut queue) in network.queues {
            let mut out = Outbox::new();
            queue.flush(&mut out);
            let _ = self.put_all(&peer, &out);
        }
    }

    /// Sends through the network. Blocks until delayed bytes have been sent, but not for a datagram
    /// that waits to be overtaken.
    pub(crate) fn send(&mut self, peer: &str, bytes: &[u8]) -> io::Result<()> {
        if !self.network.how.any() {
            return self.put(peer, bytes);
        }
        let (now, transport) = (self.network.now(), self.transport);
        let Network {
            how, seed, queues, ..
        } = &mut self.network;
        let queue = queues.entry(peer.to_owned());
        let queue = queue.or_insert_with(|| ImpairedQueue::new(transport, *how, *seed));
        // Drop the notices of lost datagrams.
        queue.send(now, PEER, bytes, &mut Outbox::new());
        let waits = how.reorder == 0;
        while let Some(left) = self.release(peer)?
            && waits
        {
            thread::sleep(left);
        }
        Ok(())
    }

    /// Sends byte by byte.
    pub(crate) fn send_pieces(&mut self, peer: &str, bytes: &[u8]) -> io::Result<()> {
        let (how, seed) = (self.network.how, self.network.seed);
        let pieces = Impairments {
            pieces: Some(std::num::NonZeroUsize::MIN),
            delay: Duration::from_millis(2),
            ..how
        };
        self.impair(pieces, seed);
        let sent = self.send(peer, bytes);
        self.impair(how, seed);
        sent
    }

    /// Sends what is due. Returns how long until the next is due.
    pub(super) fn release(&mut self, peer: &str) -> io::Result<Option<Duration>> {
        let (now, mut out) = (self.network.now(), Outbox::new());
        let Some(queue) = self.network.queues.get_mut(peer) else {
            return Ok(None);
        };
        let reset = queue.release(now, &mut out);
        let left = queue.next().map(|at| at.since(now));
        self.put_all(peer, &out)?;
        if reset.is_some() {
            self.reset(peer);
        }
        Ok(left)
    }

    fn put_all(&mut self, peer: &str, out: &Outbox) -> io::Result<()> {
        for output in out.iter() {
            if let Output::Send { bytes, .. } = output {
                self.put(peer, bytes)?;
            }
        }
        Ok(())
    }
}

impl Network {
    fn now(&self) -> Mono {
        Mono::ZERO.plus(self.began.elapsed())
    }
}

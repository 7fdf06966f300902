//! Nonblocking I/O (Stevens, figure 6.2): asks every socket again and again, and never waits.
//!
//! * **Where it waits.** Nowhere. A call that has nothing to do returns `EWOULDBLOCK` at once, and
//!   the next socket is asked; Stevens calls it polling.
//! * **What it costs.** A whole core, also when nobody talks to it: it is the only model here that
//!   uses CPU while idle. And each round asks all sockets, so that with many connections most of
//!   the calls are in vain.
//! * **What it is good for.** The shortest delay: no thread has to be woken, which on an idle
//!   machine takes longer than the answer itself. Drivers that own a core (DPDK, kernel busy
//!   polling) do this.
//!
//! It does not yield between two rounds: the scheduler divides the core among those who want it
//! anyway.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use socklab_readiness::{self as readiness, Interest, Model, Ready, Trigger, Watched};

/// The sockets to be asked, and for what.
#[derive(Debug)]
pub struct NonblockingLoop {
    asked: BTreeMap<usize, Interest>,
}

impl Model for NonblockingLoop {
    const NAME: &'static str = "nonblocking";

    const TRIGGER: Trigger = Trigger::Level;

    const WAITS: bool = false;

    readiness::std_sockets!();

    /// Does not wait, whatever the limit: every socket may be ready, and asking it will tell.
    fn wait(&mut self, _: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()> {
        ready.extend(
            self.asked
                .iter()
                .map(|(&key, &interest)| Ready { key, interest }),
        );
        Ok(())
    }

    fn watch(
        &mut self,
        key: usize,
        _: Watched<'_, Self>,
        _: Option<Interest>,
        interest: Interest,
    ) -> io::Result<()> {
        self.asked.insert(key, interest);
        Ok(())
    }

    fn unwatch(&mut self, key: usize, _: Watched<'_, Self>) {
        self.asked.remove(&key);
    }

    fn new() -> io::Result<Self> {
        let asked = BTreeMap::new();
        Ok(NonblockingLoop { asked })
    }
}

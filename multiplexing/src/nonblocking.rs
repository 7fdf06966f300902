//! Nonblocking I/O (Stevens, figure 6.2): tries every socket again and again, and never waits.
//!
//! * **Where it waits.** Nowhere. A call that cannot proceed returns `EWOULDBLOCK` at once, and the
//!   loop tries the next socket. Stevens calls this polling.
//! * **What it costs.** A whole core, also without any client: it is the only model here that uses
//!   CPU time while idle. Each round tries all sockets, so with many connections most calls find no
//!   data.
//! * **What it is good for.** The shortest delay, because no thread has to be woken. On an idle
//!   machine waking takes longer than the answer itself. Drivers that own a core (DPDK, kernel busy
//!   polling) do this.
//!
//! It does not yield between two rounds: the scheduler takes the core away if another thread wants
//! it.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use socklab_readiness::{self as readiness, Interest, Model, Ready, Trigger, Watched};

/// The sockets to try, and what for.
#[derive(Debug)]
pub struct NonblockingModel {
    watched: BTreeMap<usize, Interest>,
}

impl Model for NonblockingModel {
    const NAME: &'static str = "nonblocking";

    const TRIGGER: Trigger = Trigger::Level;

    const WAITS: bool = false;

    readiness::std_sockets!();

    /// Does not wait, whatever the timeout: every socket may be ready, and asking it will tell.
    fn wait(&mut self, _: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()> {
        ready.extend(
            self.watched
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
        self.watched.insert(key, interest);
        Ok(())
    }

    fn unwatch(&mut self, key: usize, _: Watched<'_, Self>) {
        self.watched.remove(&key);
    }

    fn new() -> io::Result<Self> {
        let watched = BTreeMap::new();
        Ok(NonblockingModel { watched })
    }
}

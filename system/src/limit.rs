//! How many connections a server holds, and which one makes room for another.

mod pause;
mod permit;

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;
use std::time::Duration;

use socklab_core::policy::prefix;
use socklab_core::{ExceededLimit, Mono};

use crate::lock::lock;
use permit::{Evictable, PermitKind};

pub use pause::AcceptPause;
pub use permit::Permit;

/// How many connections over a limit a server keeps at once, to tell their peers so. Further ones
/// are closed at once.
pub const MAX_REFUSALS: usize = 64;

/// How long a connection must have been silent before it can be evicted to make room for another.
/// Clients that keep talking are never evicted.
pub const SILENCE: Duration = Duration::from_secs(1);

/// When a peer was last heard, while the server itself keeps it waiting: it never counts as silent.
const NEVER_SILENT: Mono = Mono::from_nanos(u64::MAX);

/// Limits the connections of one or several servers: in all, and from each address.
///
/// Connections for which the system has no resources wait. Those over a limit are refused. If a
/// server is full and another peer connects, one connection is evicted: among those that have been
/// silent for [`SILENCE`], one from the address with the most connections; among these, the one
/// silent longest.
///
/// An IPv6 user commonly has a whole /64 (RFC 6177), so the addresses of a /64 count as one.
#[derive(Clone)]
pub struct ConnectionLimit(Arc<Mutex<Table>>);

/// What to do with a connection that was accepted.
pub(crate) enum Admission {
    /// Serve it; or tell its peer which limit it exceeds, and end it within a second.
    Serve(Option<ExceededLimit>, Permit),
    /// Close it at once: it is over a limit.
    Close,
    /// Keep it waiting until the waker is used, or until this time.
    Wait(Option<Mono>),
}

#[derive(Default)]
struct Table {
    /// How many connections there may be at once, including those that are being refused.
    capacity: usize,
    total: usize,
    per_address: usize,
    silence: Duration,
    held: usize,
    refused: usize,
    /// How many connections were evicted and have not ended yet.
    evicting: usize,
    evictable: BTreeMap<u64, Arc<Evictable>>,
    prefixes: HashMap<IpAddr, usize>,
    next: u64,
    evicted: u64,
    /// Who waits for a connection to end, in order: tickets and their wakers.
    queue: VecDeque<(u64, Waker)>,
    pause: AcceptPause,
}

impl ConnectionLimit {
    /// Up to `capacity` connections at once; others wait.
    pub fn waiting(capacity: usize) -> Self {
        ConnectionLimit(Arc::new(Mutex::new(Table {
            capacity,
            total: usize::MAX,
            per_address: usize::MAX,
            silence: SILENCE,
            ..Table::default()
        })))
    }

    /// Up to `total` connections, and `per_address` from one address; others are refused.
    pub fn new(total: usize, per_address: usize) -> Self {
        let limit = ConnectionLimit::waiting(usize::MAX);
        (limit.table().total, limit.table().per_address) = (total, per_address);
        limit
    }

    /// The same limit where the system has resources for `capacity` connections only, including
    /// those that are being refused. Others wait.
    #[must_use]
    pub fn with_capacity(self, capacity: usize) -> Self {
        let mut table = self.table();
        // If there are resources for all, only the limits matter.
        if capacity < table.total.saturating_add(MAX_REFUSALS) {
            table.capacity = capacity;
        }
        drop(table);
        self
    }

    /// The same limit with another time than [`SILENCE`].
    #[must_use]
    pub fn with_silence(self, silence: Duration) -> Self {
        self.table().silence = silence;
        self
    }

    /// How many connections there may be at once.
    pub fn capacity(&self) -> usize {
        self.table().capacity
    }

    /// How many connections have been evicted so far.
    pub fn evicted(&self) -> u64 {
        self.table().evicted
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        lock(&self.0)
    }

    /// A ticket for a place in the queue.
    pub(crate) fn ticket(&self) -> u64 {
        self.table().number()
    }

    /// Decides what to do with a connection of `peer`. If a server `explains` refusals, a
    /// connection over a limit begins too, to be told so. The ticket keeps its place in the queue
    /// until the answer is not to wait.
    pub(crate) fn admit(
        &self,
        (ticket, waker): (u64, &Waker),
        peer: SocketAddr,
        explains: bool,
        now: Mono,
    ) -> Admission {
        let mut table = self.table();
        let serve = |exceeded, kind| {
            let limit = self.clone();
            Admission::Serve(exceeded, Permit { limit, kind })
        };
        let place = table.queue.iter().position(|(other, _)| *other == ticket);
        let before = place.unwrap_or(table.queue.len());
        if table.held + before >= table.capacity {
            if place.is_none() {
                table.queue.push_back((ticket, waker.clone()));
            }
            // Evicted connections that have not ended yet make room for those before this one in
            // the queue.
            let is_made = table.evicting > before || table.evict(now);
            return Admission::Wait(match is_made {
                true => None,
                false => table.next_silence(now),
            });
        }
        if let Some(place) = place {
            table.queue.remove(place);
        }
        if table.total == usize::MAX && table.per_address == usize::MAX {
            table.held += 1;
            return serve(None, PermitKind::Unlimited);
        }
        let prefix = prefix(peer.ip());
        let here = table.prefixes.get(&prefix).copied().unwrap_or(0);
        let exceeded = if here >= table.per_address {
            Some(ExceededLimit::PerAddress)
        } else if table.evictable.len() >= table.total && !table.evict(now) {
            Some(ExceededLimit::Total)
        } else {
            None
        };
        let kind = match exceeded {
            None => {
                *table.prefixes.entry(prefix).or_default() += 1;
                let (number, evictable) = (table.number(), Arc::new(Evictable::new(prefix, now)));
                table.evictable.insert(number, Arc::clone(&evictable));
                PermitKind::Evictable(number, evictable)
            }
            Some(_) if explains && table.refused < MAX_REFUSALS => {
                table.refused += 1;
                PermitKind::Refused
            }
            Some(_) => {
                // The room that this one did not take is for the next in the queue.
                table.wake();
                return Admission::Close;
            }
        };
        table.held += 1;
        serve(exceeded, kind)
    }

    /// Gives up a place in the queue.
    pub(crate) fn leave_queue(&self, ticket: u64) {
        let mut table = self.table();
        table.queue.retain(|(waiting, _)| *waiting != ticket);
        table.wake();
    }

    /// Runs `does` on the pause, during which no connection is accepted.
    pub(crate) fn with_pause<T>(&self, does: impl FnOnce(&mut AcceptPause) -> T) -> T {
        does(&mut self.table().pause)
    }
}

impl Table {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Evicts a connection that has been silent for long enough, if there is one. It counts no
    /// more.
    fn evict(&mut self, now: Mono) -> bool {
        let silent = self.evictable.iter().filter_map(|(number, one)| {
            let heard = one.heard();
            let is_silent = heard <= now && now.since(heard) >= self.silence;
            is_silent.then(|| (Reverse(self.prefixes.get(&one.prefix)), heard, *number))
        });
        let Some((_, _, number)) = silent.min() else {
            return false;
        };
        if let Some(evictable) = self.forget(number) {
            evictable.evicted.store(true, Ordering::Release);
            if let Some(wake) = &*lock(&evictable.wake) {
                wake();
            }
        }
        (self.evicting, self.evicted) = (self.evicting + 1, self.evicted + 1);
        true
    }

    /// The next time at which a connection may have been silent for long enough.
    fn next_silence(&self, now: Mono) -> Option<Mono> {
        let first = self.evictable.values().map(|one| one.heard()).min()?;
        // Those that are protected may be silent from now on.
        Some(first.min(now).plus(self.silence))
    }

    /// Stops counting a connection.
    fn forget(&mut self, number: u64) -> Option<Arc<Evictable>> {
        let evictable = self.evictable.remove(&number)?;
        if let Entry::Occupied(mut here) = self.prefixes.entry(evictable.prefix) {
            *here.get_mut() -= 1;
            if *here.get() == 0 {
                here.remove();
            }
        }
        Some(evictable)
    }

    /// Wakes as many in the queue as there is room for.
    fn wake(&self) {
        let room = self.capacity.saturating_sub(self.held);
        (self.queue.iter().take(room)).for_each(|(_, waker)| waker.wake_by_ref());
    }
}

#[cfg(test)]
mod tests;

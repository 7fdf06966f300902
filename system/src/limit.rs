//! How many connections a server holds, and which one makes room for another.

mod permit;

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;
use std::time::Duration;

use socklab_core::{ExceededLimit, Mono};

use crate::lock::lock;
use crate::pause::AcceptPause;
use permit::{Judged, Seat};

pub use permit::Permit;

/// How many connections over a limit a server keeps for a moment, to tell their peers so. Further
/// ones are closed without a word.
pub const MAX_REFUSALS: usize = 64;

/// How long a connection must have been silent before it may have to make room for another. A
/// client that says what it has to say is never ended by it.
pub const SILENCE: Duration = Duration::from_secs(1);

/// The server keeps the peer waiting: it is not the peer that is silent.
const NEVER: Mono = Mono::from_nanos(u64::MAX);

/// Counts the connections of a server, or of several: all together, and by address.
///
/// Those for whom there are no resources wait. Of a limited server, those over a limit are refused.
/// When it is full and somebody knocks, one connection makes room: of those that have been silent
/// for [`SILENCE`], one of the address that holds most; of these, the one that was silent longest.
///
/// An IPv6 user commonly has a whole /64 (RFC 6177), so the addresses of one count as one.
#[derive(Clone)]
pub struct ConnectionLimit(Arc<Mutex<Table>>);

/// What becomes of a connection that was accepted.
pub(crate) enum Admission {
    /// It is served; or told that it is over a limit, and ends within a second.
    Begin(Option<ExceededLimit>, Permit),
    /// It is over a limit, and to be closed at once.
    Close,
    /// It has to wait until it is woken, or for this moment.
    Wait(Option<Mono>),
}

#[derive(Default)]
struct Table {
    /// How many there may be at once, those that are being refused included.
    most: usize,
    total: usize,
    per_address: usize,
    silence: Duration,
    held: usize,
    refused: usize,
    /// How many have been told to make room and have not ended yet.
    leaving: usize,
    judged: BTreeMap<u64, Arc<Judged>>,
    networks: HashMap<IpAddr, usize>,
    next: u64,
    evicted: u64,
    /// Those that wait for one to end, in order.
    queue: VecDeque<(u64, Waker)>,
    pause: AcceptPause,
    /// Those that wait for the pause to be over.
    paused: Vec<Waker>,
}

impl ConnectionLimit {
    /// Up to so many connections at once; the rest wait.
    pub fn waiting(most: usize) -> Self {
        ConnectionLimit(Arc::new(Mutex::new(Table {
            most,
            total: usize::MAX,
            per_address: usize::MAX,
            silence: SILENCE,
            ..Table::default()
        })))
    }

    /// Up to so many connections in all, and so many from one address; the rest are refused.
    pub fn new(total: usize, per_address: usize) -> Self {
        let limit = ConnectionLimit::waiting(usize::MAX);
        (limit.table().total, limit.table().per_address) = (total, per_address);
        limit
    }

    /// The same where the system has resources for so many only, those that are refused included:
    /// others wait.
    #[must_use]
    pub fn holding(self, most: usize) -> Self {
        let mut table = self.table();
        // With resources for all, it is the limit that decides.
        if most < table.total.saturating_add(MAX_REFUSALS) {
            table.most = most;
        }
        drop(table);
        self
    }

    /// The same with another [`SILENCE`].
    #[must_use]
    pub fn with_silence(self, silence: Duration) -> Self {
        self.table().silence = silence;
        self
    }

    /// How many connections there may be at once.
    pub fn most(&self) -> usize {
        self.table().most
    }

    /// How many connections have had to make room so far.
    pub fn evicted(&self) -> u64 {
        self.table().evicted
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        lock(&self.0)
    }

    /// A number for somebody who will wait.
    pub(crate) fn ticket(&self) -> u64 {
        self.table().number()
    }

    /// Decides what becomes of a connection of `peer`. A server that `tells` its peers so has those
    /// over a limit begin too. The ticket keeps its place in the queue until the answer is another
    /// than to wait.
    pub(crate) fn admit(
        &self,
        (ticket, waker): (u64, &Waker),
        peer: SocketAddr,
        tells: bool,
        now: Mono,
    ) -> Admission {
        let mut table = self.table();
        let begin = |over, seat| {
            let limit = self.clone();
            Admission::Begin(over, Permit { limit, seat })
        };
        let place = table.queue.iter().position(|(other, _)| *other == ticket);
        let before = place.unwrap_or(table.queue.len());
        if table.held + before >= table.most {
            if place.is_none() {
                table.queue.push_back((ticket, waker.clone()));
            }
            // Those that are leaving already make room for those who wait before it.
            let is_made = table.leaving > before || table.evict(now);
            return Admission::Wait(match is_made {
                true => None,
                false => table.next_silence(),
            });
        }
        if let Some(place) = place {
            table.queue.remove(place);
        }
        if table.total == usize::MAX && table.per_address == usize::MAX {
            table.held += 1;
            return begin(None, Seat::Plain);
        }
        let network = network(peer.ip());
        let here = table.networks.get(&network).copied().unwrap_or(0);
        let over = if here >= table.per_address {
            Some(ExceededLimit::PerAddress)
        } else if table.judged.len() >= table.total && !table.evict(now) {
            Some(ExceededLimit::Total)
        } else {
            None
        };
        let seat = match over {
            None => {
                *table.networks.entry(network).or_default() += 1;
                let (number, judged) = (table.number(), Arc::new(Judged::new(network, now)));
                table.judged.insert(number, Arc::clone(&judged));
                Seat::Judged(number, judged)
            }
            Some(_) if tells && table.refused < MAX_REFUSALS => {
                table.refused += 1;
                Seat::Refused
            }
            Some(_) => return Admission::Close,
        };
        table.held += 1;
        begin(over, seat)
    }

    /// Gives up a place in the queue.
    pub(crate) fn leave_queue(&self, ticket: u64) {
        let mut table = self.table();
        table.queue.retain(|(waiting, _)| *waiting != ticket);
        table.wake();
    }

    /// Does something with the pause in which none is accepted.
    pub(crate) fn with_pause<T>(&self, does: impl FnOnce(&mut AcceptPause) -> T) -> T {
        does(&mut self.table().pause)
    }

    /// Until when none is accepted, unless a connection ends before. Then `waker` is woken.
    pub(crate) fn paused(&self, now: Mono, waker: &Waker) -> Option<Mono> {
        let mut table = self.table();
        let until = table.pause.until?;
        if until <= now {
            table.end_pause();
            return None;
        }
        if !table.paused.iter().any(|one| one.will_wake(waker)) {
            table.paused.push(waker.clone());
        }
        Some(until)
    }
}

impl Table {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Has a connection make room, if there is one that may have to: it counts no more.
    fn evict(&mut self, now: Mono) -> bool {
        let silent = self.judged.iter().filter_map(|(number, one)| {
            let heard = one.heard();
            let is_silent = heard <= now && now.since(heard) >= self.silence;
            is_silent.then(|| (Reverse(self.networks.get(&one.network)), heard, *number))
        });
        let Some((_, _, number)) = silent.min() else {
            return false;
        };
        if let Some(judged) = self.forget(number) {
            judged.evicted.store(true, Ordering::Release);
            if let Some(wake) = &*lock(&judged.wake) {
                wake();
            }
        }
        (self.leaving, self.evicted) = (self.leaving + 1, self.evicted + 1);
        true
    }

    /// The moment at which some connection has been silent for long enough, unless it is heard
    /// before.
    fn next_silence(&self) -> Option<Mono> {
        let first = self.judged.values().map(|one| one.heard()).min()?;
        (first != NEVER).then(|| first.plus(self.silence))
    }

    /// A connection counts no more.
    fn forget(&mut self, number: u64) -> Option<Arc<Judged>> {
        let judged = self.judged.remove(&number)?;
        if let Entry::Occupied(mut here) = self.networks.entry(judged.network) {
            *here.get_mut() -= 1;
            if *here.get() == 0 {
                here.remove();
            }
        }
        Some(judged)
    }

    fn end_pause(&mut self) {
        self.pause.until = None;
        self.paused.drain(..).for_each(Waker::wake);
    }

    /// Wakes those of the queue for whom there is room.
    fn wake(&self) {
        let room = self.most.saturating_sub(self.held);
        (self.queue.iter().take(room)).for_each(|(_, waker)| waker.wake_by_ref());
    }
}

/// The network that counts as one address: an IPv4 address, or an IPv6 /64.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests;

//! Counts a connection for as long as it lives.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use socklab_core::Mono;

use super::{ConnectionLimit, NEVER};
use crate::lock::lock;

/// A connection's place in the limit, given back when dropped.
pub struct Permit {
    pub(super) limit: ConnectionLimit,
    pub(super) seat: Seat,
}

pub(super) enum Seat {
    /// Of a server that does not limit or evict.
    Plain,
    /// For a connection that is being refused.
    Refused,
    Judged(u64, Arc<Judged>),
}

/// What is known of a connection that may be evicted.
pub(super) struct Judged {
    pub(super) prefix: IpAddr,
    /// When the peer was last heard, in nanoseconds; [`NEVER`] while the server itself keeps it
    /// waiting.
    heard: AtomicU64,
    pub(super) evicted: AtomicBool,
    pub(super) wake: Mutex<Option<Box<dyn Fn() + Send>>>,
}

impl Judged {
    pub(super) fn new(prefix: IpAddr, now: Mono) -> Self {
        Judged {
            prefix,
            heard: AtomicU64::new(now.as_nanos()),
            evicted: AtomicBool::new(false),
            wake: Mutex::new(None),
        }
    }

    pub(super) fn heard(&self) -> Mono {
        Mono::from_nanos(self.heard.load(Ordering::Relaxed))
    }

    fn set_heard(&self, heard: Mono) {
        self.heard.store(heard.as_nanos(), Ordering::Relaxed);
    }
}

impl Permit {
    fn judged(&self) -> Option<&Arc<Judged>> {
        match &self.seat {
            Seat::Judged(_, judged) => Some(judged),
            Seat::Plain | Seat::Refused => None,
        }
    }

    /// Notes that the peer was heard.
    #[inline]
    pub fn heard(&self, now: Mono) {
        self.judged().into_iter().for_each(|one| one.set_heard(now));
    }

    /// Notes that the server itself keeps the peer waiting, until the returned function is called.
    pub fn keeps_waiting(&self) -> impl Fn(Mono) + Send + 'static {
        self.heard(NEVER);
        let judged = self.judged().cloned();
        move |now| judged.iter().for_each(|one| one.set_heard(now))
    }

    /// Whether the connection must make room for another.
    pub fn is_evicted(&self) -> bool {
        (self.judged()).is_some_and(|one| one.evicted.load(Ordering::Acquire))
    }

    /// Has `wake` called when the connection is evicted; at once if it is already.
    pub fn on_evict(&self, wake: impl Fn() + Send + 'static) {
        if let Some(judged) = self.judged() {
            let mut waker = lock(&judged.wake);
            if self.is_evicted() {
                wake();
            }
            *waker = Some(Box::new(wake));
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        // Drop the waker, which may keep the connection's socket open.
        drop(self.judged().and_then(|one| lock(&one.wake).take()));
        let mut table = self.limit.table();
        table.held -= 1;
        match &self.seat {
            Seat::Plain => {}
            Seat::Refused => table.refused -= 1,
            Seat::Judged(..) if self.is_evicted() => table.leaving -= 1,
            Seat::Judged(number, _) => drop(table.forget(*number)),
        }
        if table.pause.until.is_some() {
            table.end_pause();
        }
        table.wake();
    }
}

//! Counts a connection for as long as it lives.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use socklab_core::Mono;

use super::{ConnectionLimit, NEVER_SILENT};
use crate::lock::lock;

/// A connection's place in the limit, given back when dropped.
pub struct Permit {
    pub(super) limit: ConnectionLimit,
    pub(super) kind: PermitKind,
}

pub(super) enum PermitKind {
    /// Of a server that does not limit or evict.
    Unlimited,
    /// For a connection that is being refused.
    Refused,
    Evictable(u64, Arc<Evictable>),
}

/// What is known of a connection that may be evicted.
pub(super) struct Evictable {
    pub(super) prefix: IpAddr,
    /// When the peer was last heard, in nanoseconds; [`NEVER_SILENT`] while the server itself keeps
    /// it waiting.
    heard: AtomicU64,
    pub(super) evicted: AtomicBool,
    pub(super) wake: Mutex<Option<Box<dyn Fn() + Send>>>,
}

impl Evictable {
    pub(super) fn new(prefix: IpAddr, now: Mono) -> Self {
        Evictable {
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
    fn evictable(&self) -> Option<&Arc<Evictable>> {
        match &self.kind {
            PermitKind::Evictable(_, evictable) => Some(evictable),
            PermitKind::Unlimited | PermitKind::Refused => None,
        }
    }

    /// Notes that something came from the peer.
    #[inline]
    pub fn note_received(&self, now: Mono) {
        self.evictable()
            .into_iter()
            .for_each(|one| one.set_heard(now));
    }

    /// Protects the connection from eviction, because the server itself keeps the peer waiting,
    /// until the returned function is called.
    pub fn protect(&self) -> impl Fn(Mono) + Send + 'static {
        self.note_received(NEVER_SILENT);
        let evictable = self.evictable().cloned();
        move |now| evictable.iter().for_each(|one| one.set_heard(now))
    }

    /// Whether the connection must make room for another.
    pub fn is_evicted(&self) -> bool {
        (self.evictable()).is_some_and(|one| one.evicted.load(Ordering::Acquire))
    }

    /// Has `wake` called when the connection is evicted; at once if it is already.
    pub fn on_evict(&self, wake: impl Fn() + Send + 'static) {
        if let Some(evictable) = self.evictable() {
            let mut waker = lock(&evictable.wake);
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
        drop(self.evictable().and_then(|one| lock(&one.wake).take()));
        let mut table = self.limit.table();
        table.held -= 1;
        match &self.kind {
            PermitKind::Unlimited => {}
            PermitKind::Refused => table.refused -= 1,
            PermitKind::Evictable(..) if self.is_evicted() => table.evicting -= 1,
            PermitKind::Evictable(number, _) => drop(table.forget(*number)),
        }
        table.pause.end();
        table.wake();
    }
}

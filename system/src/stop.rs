//! How a program is told to stop.

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::lock::lock;

/// A request to stop, which wakes the drivers that are blocked.
///
/// A driver does not poll it. It registers how it can be woken, and looks for a stop after each
/// wait.
#[derive(Clone, Default)]
pub struct Stop(Arc<Inner>);

#[derive(Default)]
struct Inner {
    requested: Arc<AtomicBool>,
    wakers: Mutex<Wakers>,
    #[cfg(unix)]
    signals: crate::signals::Signals,
}

#[derive(Default)]
struct Wakers {
    next: u64,
    list: BTreeMap<u64, Box<dyn Fn() + Send>>,
}

impl Stop {
    /// Whether the program is to stop.
    pub fn requested(&self) -> bool {
        self.0.requested.load(Ordering::Acquire)
    }

    /// Tells the program to stop, and wakes all drivers. A second call has no effect.
    pub fn request(&self) {
        if !self.0.requested.swap(true, Ordering::AcqRel) {
            self.wake();
        }
    }

    /// Wakes all drivers.
    fn wake(&self) {
        for wake in lock(&self.0.wakers).list.values() {
            wake();
        }
    }

    /// From now on Ctrl-C and SIGTERM request a stop; a second signal ends the program with status
    /// 130.
    ///
    /// # Errors
    /// When the system refuses the handlers; then signals end the program as usual.
    #[cfg(unix)]
    pub fn handle_signals(&self) -> std::io::Result<()> {
        self.0.signals.register(&self.0.requested)
    }

    /// Has `wake` called when a stop is requested; at once if it has been. Dropping the guard ends
    /// that.
    ///
    /// `wake` must not use this `Stop`, and must return soon: meanwhile no other thread can
    /// register a waker or drop a guard. The slowest one connects to a listener ([`AcceptWaker`]).
    /// That takes 200 ms if the backlog is full.
    ///
    /// [`AcceptWaker`]: crate::socket::AcceptWaker
    pub fn on_request(&self, wake: impl Fn() + Send + 'static) -> StopGuard {
        #[cfg(unix)]
        {
            let stop = self.clone();
            self.0.signals.wait_on_a_thread(move || stop.wake());
        }
        self.register(wake)
    }

    /// The same for a driver that waits on a socket, to which `wake_socket` is connected. A signal
    /// writes a byte to `wake_socket`, so no thread need wait for signals; the driver may then find
    /// an empty datagram first. A program with one thread has cheaper system calls, because the
    /// kernel need not count the users of a descriptor (measured with the UDP echo: 5 % of the CPU
    /// time for each reply).
    #[cfg_attr(not(unix), expect(unused_variables))]
    pub fn on_request_with_socket(
        &self,
        wake_socket: &UdpSocket,
        wake: impl Fn() + Send + 'static,
    ) -> StopGuard {
        #[cfg(unix)]
        self.0.signals.write_to(wake_socket);
        self.register(wake)
    }

    fn register(&self, wake: impl Fn() + Send + 'static) -> StopGuard {
        let mut wakers = lock(&self.0.wakers);
        // Under the lock: either the request finds this waker, or this finds the request.
        if self.requested() {
            wake();
        }
        let key = wakers.next;
        wakers.next += 1;
        wakers.list.insert(key, Box::new(wake));
        drop(wakers);
        StopGuard {
            stop: self.clone(),
            key,
        }
    }
}

/// Keeps a waker registered.
#[must_use = "the waker is forgotten when this is dropped"]
pub struct StopGuard {
    stop: Stop,
    key: u64,
}

impl Drop for StopGuard {
    fn drop(&mut self) {
        lock(&self.stop.0.wakers).list.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn wakes_each_once_early_or_late() {
        let stop = Stop::default();
        let woken = Arc::new(AtomicUsize::new(0));
        let count = || {
            let woken = Arc::clone(&woken);
            move || {
                woken.fetch_add(1, Ordering::Relaxed);
            }
        };
        let early = stop.on_request(count());
        drop(stop.on_request(count()));
        assert!(!stop.requested());
        stop.request();
        stop.request();
        let late = stop.on_request(count());
        assert!(stop.requested());
        assert_eq!(woken.load(Ordering::Relaxed), 2);
        drop((early, late));
    }
}

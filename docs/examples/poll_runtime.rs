//! A runtime on the `polling` crate (epoll on Linux, kqueue on macOS and the BSDs, completion ports
//! on Windows): one thread, one poll, and an interest that is asked for anew after each event.
//!
//! An example of a driver, whole, and simple rather than fast: it passes the same kit as the
//! others.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use polling::{Event, Events, Poller};
use socket2::Socket;
use socklab_readiness::{self as readiness, Interest, Model, OneLoop, Ready, Trigger, Watched};

/// This I/O model.
pub type Polling = OneLoop<PollingModel>;

/// A poller, and a second descriptor of each socket that it watches: it must never watch one that
/// is closed, and the loop closes its own.
#[derive(Debug)]
pub struct PollingModel {
    poller: Poller,
    events: Events,
    watched: BTreeMap<usize, Socket>,
}

impl Model for PollingModel {
    const NAME: &'static str = "polling";

    readiness::std_sockets!();

    const TRIGGER: Trigger = Trigger::OneShot;

    fn new() -> io::Result<Self> {
        Ok(PollingModel {
            poller: Poller::new()?,
            events: Events::new(),
            watched: BTreeMap::new(),
        })
    }

    /// The one place where the program waits.
    fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()> {
        self.events.clear();
        self.poller.wait(&mut self.events, timeout)?;
        ready.extend(self.events.iter().map(|event| Ready {
            key: event.key,
            interest: Interest {
                read: event.readable,
                write: event.writable,
            },
        }));
        Ok(())
    }

    fn watch(
        &mut self,
        key: usize,
        socket: Watched<'_, Self>,
        before: Option<Interest>,
        interest: Interest,
    ) -> io::Result<()> {
        let event = Event::new(key, interest.read, interest.write);
        if before.is_some() {
            return match self.watched.get(&key) {
                Some(socket) => self.poller.modify(socket, event),
                None => Ok(()),
            };
        }
        let socket = readiness::duplicate(socket)?;
        // SAFETY: this descriptor is owned by `watched`, and deleted from the poller before it is
        // closed: in `unwatch`, or with the poller itself.
        unsafe { self.poller.add(&socket, event)? };
        self.watched.insert(key, socket);
        Ok(())
    }

    fn unwatch(&mut self, key: usize, _: Watched<'_, Self>) {
        if let Some(socket) = self.watched.remove(&key) {
            // It was added, so that it cannot be unknown.
            let _ = self.poller.delete(&socket);
        }
    }
}

impl Drop for PollingModel {
    fn drop(&mut self) {
        for socket in self.watched.values() {
            let _ = self.poller.delete(socket);
        }
    }
}

//! I/O multiplexing with `poll` (Stevens, figure 6.3 and section 6.10).
//!
//! * **Where it waits.** In `poll`, for all sockets at once.
//! * **What it costs.** Every call hands the whole list to the kernel, which walks it to the end,
//!   however few sockets are ready; then the program walks it again. Twice as many idle connections
//!   make each wait take twice as long.
//! * **What it improves on `select`.** Descriptor numbers have no limit, and the list keeps the
//!   question and the answer apart. A C program keeps the list between calls. Here it is rebuilt,
//!   because it borrows the sockets for the length of the call. That costs 8 bytes for each socket,
//!   which is little beside the kernel's walk.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use socklab_readiness::{self as readiness, Interest, Model, Ready, Trigger, Watched};

/// The sockets that the thread waits for, by their keys.
pub struct PollModel {
    watched: BTreeMap<usize, (Interest, readiness::SharedSocket)>,
    /// The list for the kernel, empty between two waits.
    list: Vec<PollFd<'static>>,
}

impl Model for PollModel {
    const NAME: &'static str = "poll";

    /// `poll` reports a ready socket with every call. So a socket is watched only for what its
    /// conversation waits for: nearly every socket has room to send.
    const TRIGGER: Trigger = Trigger::Level;

    readiness::std_sockets!();

    /// The one place where the program waits: until any of the sockets is ready.
    fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()> {
        let mut list = std::mem::take(&mut self.list);
        let watched = self.watched.values();
        list.extend(
            watched.map(|(interest, socket)| PollFd::new(socket.as_fd(), flags(*interest))),
        );
        let found = poll(&mut list, system_timeout(timeout));
        for (found, key) in list.iter().zip(self.watched.keys()) {
            let found = found.revents().unwrap_or(PollFlags::POLLERR);
            if !found.is_empty() {
                ready.push(Ready {
                    key: *key,
                    interest: interest(found),
                });
            }
        }
        self.list = emptied(list);
        Ok(found.map(drop)?)
    }

    fn watch(
        &mut self,
        key: usize,
        socket: Watched<'_, Self>,
        _: Option<Interest>,
        interest: Interest,
    ) -> io::Result<()> {
        // A socket that is watched for nothing is left out: `poll` would report its hang-up all the
        // same.
        if interest == Interest::default() {
            self.watched.remove(&key);
        } else {
            self.watched
                .insert(key, (interest, readiness::share(&socket)));
        }
        Ok(())
    }

    fn unwatch(&mut self, key: usize, _: Watched<'_, Self>) {
        self.watched.remove(&key);
    }

    fn new() -> io::Result<Self> {
        Ok(PollModel {
            watched: BTreeMap::new(),
            list: Vec::new(),
        })
    }
}

fn flags(interest: Interest) -> PollFlags {
    let mut flags = PollFlags::empty();
    flags.set(PollFlags::POLLIN, interest.read);
    flags.set(PollFlags::POLLOUT, interest.write);
    flags
}

/// An error or a hang-up counts as both: the next call on the socket returns it.
fn interest(found: PollFlags) -> Interest {
    let other = found.intersects(!(PollFlags::POLLIN | PollFlags::POLLOUT));
    Interest {
        read: other || found.contains(PollFlags::POLLIN),
        write: other || found.contains(PollFlags::POLLOUT),
    }
}

/// Rounded up to a millisecond, so that a deadline has come when the wait is over.
pub(crate) fn system_timeout(timeout: Option<Duration>) -> PollTimeout {
    timeout.map_or(PollTimeout::NONE, |timeout| {
        let millis = timeout.as_nanos().div_ceil(1_000_000);
        PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX)
    })
}

/// Empties the list, so that it borrows no socket. (Collecting into the same size keeps the
/// memory.)
fn emptied(mut list: Vec<PollFd<'_>>) -> Vec<PollFd<'static>> {
    list.clear();
    list.into_iter()
        .map(|_| unreachable!("it is empty"))
        .collect()
}

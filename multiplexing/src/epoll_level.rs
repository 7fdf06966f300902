//! I/O multiplexing with a level-triggered `epoll` (Linux).
//!
//! * **Where it waits.** In `epoll_wait`, for all sockets at once.
//! * **What it costs.** The list of sockets stays in the kernel, and a wait returns only the ready
//!   ones, so idle sockets cost nothing. Each change of what a socket is watched for is another
//!   system call, `epoll_ctl`.
//! * **What level-triggered means.** Every wait reports a socket for as long as it is ready: after
//!   the program has read half of the data, the next wait returns at once. `mio` uses the same
//!   system call edge-triggered. Then only new data is reported, so a program must read until
//!   `EWOULDBLOCK`; in return it need not change what it watches a socket for.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use socklab_readiness::{self as readiness, Interest, Model, Ready, Trigger, Watched};

use crate::poll::system_timeout;

/// How many events one wait returns at most. The next wait returns the others.
const EVENTS: usize = 1024;

/// The kernel's list of sockets, and room for the events of one wait.
pub struct EpollModel {
    epoll: Epoll,
    events: Vec<EpollEvent>,
}

impl Model for EpollModel {
    const NAME: &'static str = "epoll-level";

    const TRIGGER: Trigger = Trigger::Level;

    readiness::std_sockets!();

    /// The one place where the program waits: until any of the sockets is ready.
    fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()> {
        let found = self.epoll.wait(&mut self.events, system_timeout(timeout))?;
        ready.extend(self.events[..found].iter().map(|event| Ready {
            key: event.data() as usize,
            interest: interest(event.events()),
        }));
        Ok(())
    }

    /// Keeps a socket in the list only while it is watched for something. The kernel reports errors
    /// and hang-ups even of a socket that is watched for nothing.
    fn watch(
        &mut self,
        key: usize,
        socket: Watched<'_, Self>,
        before: Option<Interest>,
        interest: Interest,
    ) -> io::Result<()> {
        let in_list = |interest: Interest| interest != Interest::default();
        let (socket, mut event) = (descriptor(&socket), event(key, interest));
        match (before.is_some_and(in_list), in_list(interest)) {
            (false, false) => {}
            (false, true) => self.epoll.add(socket, event)?,
            (true, true) => self.epoll.modify(socket, &mut event)?,
            (true, false) => self.epoll.delete(socket)?,
        }
        Ok(())
    }

    /// Does nothing: the kernel removes a socket from the list when it is closed.
    fn unwatch(&mut self, _: usize, _: Watched<'_, Self>) {}

    fn new() -> io::Result<Self> {
        Ok(EpollModel {
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
            events: vec![EpollEvent::empty(); EVENTS],
        })
    }
}

fn descriptor<'a>(socket: &'a Watched<'_, EpollModel>) -> BorrowedFd<'a> {
    match socket {
        Watched::Udp(udp) => udp.as_fd(),
        Watched::Tcp(tcp) => tcp.as_fd(),
        Watched::Listener(listener) => listener.as_fd(),
    }
}

fn event(key: usize, interest: Interest) -> EpollEvent {
    let mut flags = EpollFlags::empty();
    flags.set(EpollFlags::EPOLLIN, interest.read);
    flags.set(EpollFlags::EPOLLOUT, interest.write);
    EpollEvent::new(flags, key as u64)
}

/// An error or a hang-up counts as both: the next call on the socket returns it.
fn interest(found: EpollFlags) -> Interest {
    let other = found.intersects(!(EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT));
    Interest {
        read: other || found.contains(EpollFlags::EPOLLIN),
        write: other || found.contains(EpollFlags::EPOLLOUT),
    }
}

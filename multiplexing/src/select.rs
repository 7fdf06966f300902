//! I/O multiplexing with `select` (Stevens, figure 6.3 and section 6.3).
//!
//! * **Where it waits.** In `select`, for all sockets at once.
//! * **What it costs.** The sets are rebuilt for every call, because the kernel writes its answer
//!   into them. The kernel looks at each descriptor up to the highest, and then so does the
//!   program.
//! * **Where it breaks down.** A set is an array of 1,024 bits (`FD_SETSIZE`), and a descriptor is
//!   an index into it. In C a descriptor numbered 1,024 or more is written *beyond* the array,
//!   however few sockets there are (Stevens, 6.3; select(2), BUGS). So this server leaves a
//!   connection in the backlog if it has no bit for it.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::select::{FD_SETSIZE, FdSet, select};
use nix::sys::time::{TimeVal, TimeValLike};
use socklab_readiness::{self as readiness, Interest, Model, Ready, Trigger, Watched};

/// The sockets that the thread waits for, by their keys.
pub struct SelectModel {
    watched: BTreeMap<usize, (Interest, readiness::SharedSocket)>,
}

impl Model for SelectModel {
    const NAME: &'static str = "select";

    /// `select` reports a ready socket with every call. So a socket is watched only for what its
    /// conversation waits for: nearly every socket has room to send.
    const TRIGGER: Trigger = Trigger::Level;

    readiness::std_sockets!(accept_if_it_fits);

    /// The one place where the program waits: until any of the sockets is ready.
    fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()> {
        let (mut read, mut write) = (FdSet::new(), FdSet::new());
        let mut highest = -1;
        for (interest, socket) in self.watched.values() {
            let socket = socket.as_fd();
            highest = highest.max(socket.as_raw_fd());
            if interest.read {
                read.insert(socket);
            }
            if interest.write {
                write.insert(socket);
            }
        }
        let mut timeout = timeout.map(system_timeout);
        select(highest + 1, &mut read, &mut write, None, &mut timeout)?;
        for (key, (_, socket)) in &self.watched {
            let interest = Interest {
                read: read.contains(socket.as_fd()),
                write: write.contains(socket.as_fd()),
            };
            if interest != Interest::default() {
                ready.push(Ready {
                    key: *key,
                    interest,
                });
            }
        }
        Ok(())
    }

    fn watch(
        &mut self,
        key: usize,
        socket: Watched<'_, Self>,
        _: Option<Interest>,
        interest: Interest,
    ) -> io::Result<()> {
        let socket = readiness::share(&socket);
        fits(socket.as_fd().as_raw_fd())?;
        self.watched.insert(key, (interest, socket));
        Ok(())
    }

    fn unwatch(&mut self, key: usize, _: Watched<'_, Self>) {
        self.watched.remove(&key);
    }

    fn new() -> io::Result<Self> {
        let watched = BTreeMap::new();
        Ok(SelectModel { watched })
    }
}

/// Checks that the sets have a bit for a descriptor of this number. Otherwise fails with `EMFILE`,
/// as if the system had no descriptor left.
fn fits(number: RawFd) -> io::Result<()> {
    match usize::try_from(number) {
        Ok(number) if number < FD_SETSIZE => Ok(()),
        _ => Err(Errno::EMFILE.into()),
    }
}

/// Accepts a connection if its descriptor will fit into the sets. Otherwise leaves it in the
/// backlog.
fn accept_if_it_fits(listener: &TcpListener) -> io::Result<(Arc<TcpStream>, SocketAddr)> {
    // The kernel gives out the lowest free number, so the connection will get the number of this
    // copy.
    let copy = listener.try_clone()?;
    fits(copy.as_raw_fd())?;
    drop(copy);
    readiness::accept(listener)
}

/// A day in microseconds. A longer wait is cut to this, and the loop begins another.
const A_DAY: i64 = 86_400_000_000;

/// Rounded up to a microsecond, so that a deadline has come when the wait is over.
fn system_timeout(timeout: Duration) -> TimeVal {
    let micros = timeout.as_nanos().div_ceil(1_000);
    TimeVal::microseconds(i64::try_from(micros).map_or(A_DAY, |micros| micros.min(A_DAY)))
}

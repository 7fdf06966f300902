//! The two calls that no safe library offers: choosing the thread that gets a socket's signal, and
//! waiting for it.

#![expect(unsafe_code, reason = "nix has neither F_SETOWN_EX nor sigtimedwait")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;
use std::time::Duration;

use nix::libc;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::time::TimeSpec;
use nix::unistd::gettid;

/// `F_SETOWN_EX` and its argument (fcntl(2)). libc defines them for few systems.
const F_SETOWN_EX: libc::c_int = 15;
const F_OWNER_TID: libc::c_int = 0;

#[repr(C)]
struct Owner {
    kind: libc::c_int,
    id: libc::pid_t,
}

/// The set of this one signal. Its default action ends the process, so a thread that may get it
/// must block it.
pub(crate) fn sigio() -> SigSet {
    SigSet::from(Signal::SIGIO)
}

/// Has the kernel send a socket's signal to the calling thread, and to no other.
pub(crate) fn set_owner(socket: BorrowedFd<'_>) -> io::Result<()> {
    let owner = Owner {
        kind: F_OWNER_TID,
        id: gettid().as_raw(),
    };
    // SAFETY: the descriptor is open as long as it is borrowed, and the kernel reads an `Owner`
    // through the pointer, during the call.
    let done = unsafe { libc::fcntl(socket.as_raw_fd(), F_SETOWN_EX, ptr::from_ref(&owner)) };
    match done {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Sleeps until the signal comes, or for `timeout`; returns whether it came. The calling thread has
/// the signal blocked, so one that came earlier is pending and ends the wait at once.
pub(crate) fn wait(timeout: Option<Duration>) -> io::Result<bool> {
    let set = sigio();
    let timeout = timeout.map(TimeSpec::from_duration);
    let timeout = timeout
        .as_ref()
        .map_or(ptr::null(), |timeout| ptr::from_ref(timeout.as_ref()));
    // SAFETY: the kernel reads a set and a time that live until the call returns, or no time; and
    // it writes nothing where the second argument is null.
    let signal = unsafe { libc::sigtimedwait(set.as_ref(), ptr::null_mut(), timeout) };
    if signal != -1 {
        return Ok(true);
    }
    match io::Error::last_os_error() {
        error if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        error => Err(error),
    }
}

//! For which sockets the kernel sends the signal, and the one place where the program waits.

use std::collections::BTreeMap;
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use socklab_readiness::{self as readiness, Interest, Model, Ready, Trigger, Watched};

use crate::signal;

/// The sockets for which the kernel sends `SIGIO` to this thread, which has the signal blocked.
pub struct SignalModel {
    sockets: BTreeMap<usize, readiness::SharedSocket>,
    /// Sockets were armed since the last wait. What they had received before raised no signal, so
    /// the next wait reports all sockets.
    armed: bool,
    /// The signals that the thread had blocked before; restored at the end.
    mask_before: SigSet,
    /// Makes this `!Send`: the kernel sends the signal to the thread that made the model.
    _here: PhantomData<*const ()>,
}

impl Model for SignalModel {
    const NAME: &'static str = "signal-driven";

    /// One signal stands for one or several changes, so the loop receives from a socket until the
    /// call would block.
    const TRIGGER: Trigger = Trigger::Edge;

    const STREAMS: bool = false;

    /// The one place where the program waits: for the signal. The signal does not say which socket
    /// changed, so all of them count as ready.
    fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()> {
        let armed = std::mem::take(&mut self.armed);
        let signalled = signal::wait(if armed { Some(Duration::ZERO) } else { timeout })?;
        if signalled || armed {
            let interest = Interest {
                read: true,
                write: true,
            };
            ready.extend(self.sockets.keys().map(|&key| Ready { key, interest }));
        }
        Ok(())
    }

    /// Blocks the signal first: it may come as soon as a socket is armed.
    fn new() -> io::Result<Self> {
        let mask_before = signal::sigio().thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        Ok(SignalModel {
            sockets: BTreeMap::new(),
            armed: false,
            mask_before,
            _here: PhantomData,
        })
    }

    fn watch(
        &mut self,
        key: usize,
        socket: Watched<'_, Self>,
        before: Option<Interest>,
        _: Interest,
    ) -> io::Result<()> {
        if !matches!(socket, Watched::Udp(_)) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        if before.is_none() {
            let socket = readiness::share(&socket);
            arm(socket.as_fd())?;
            self.sockets.insert(key, socket);
            self.armed = true;
        }
        Ok(())
    }

    fn unwatch(&mut self, key: usize, _: Watched<'_, Self>) {
        if let Some(socket) = self.sockets.remove(&key) {
            disarm(socket.as_fd());
        }
    }

    readiness::std_sockets!();
}

impl Drop for SignalModel {
    /// Disarms the sockets and takes a pending signal: once the signal is unblocked, it would end
    /// the process.
    fn drop(&mut self) {
        for socket in self.sockets.values() {
            disarm(socket.as_fd());
        }
        while let Ok(true) = signal::wait(Some(Duration::ZERO)) {}
        if !self.mask_before.contains(Signal::SIGIO) {
            // Ignore the result: this fails only for a signal that does not exist.
            let _ = signal::sigio().thread_unblock();
        }
    }
}

/// Has the kernel send the socket's signal to this thread from now on.
fn arm(socket: BorrowedFd<'_>) -> io::Result<()> {
    signal::set_owner(socket)?;
    Ok(set_async(socket, true)?)
}

/// Has the kernel send no signal for this socket any more.
fn disarm(socket: BorrowedFd<'_>) {
    // Ignore the result: this fails only for a descriptor that is not open.
    let _ = set_async(socket, false);
}

fn set_async(socket: BorrowedFd<'_>, on: bool) -> nix::Result<()> {
    let mut flags = OFlag::from_bits_retain(fcntl(socket, FcntlArg::F_GETFL)?);
    flags.set(OFlag::O_ASYNC, on);
    fcntl(socket, FcntlArg::F_SETFL(flags)).map(drop)
}

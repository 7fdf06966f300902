//! How a signal wakes the loop.

use std::io;
use std::net::{Ipv4Addr, UdpSocket};

use socklab_system::{Bell, Stop, StopGuard};

use crate::model::{Interest, Model, Watched};

/// A socket that a signal writes to, and that the loop watches: so no thread waits for signals.
pub(crate) struct RungBell<L: Model> {
    rung: L::Udp,
    _waker: StopGuard,
}

impl<L: Model> RungBell<L> {
    /// Has a signal ring a bell that `model` watches under `key`, and any other stop call `wake`.
    pub(crate) fn hang(
        stop: &Stop,
        model: &mut L,
        key: usize,
        wake: impl Fn() + Send + 'static,
    ) -> io::Result<Self> {
        let rung = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let bell = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        rung.connect(bell.local_addr()?)?;
        bell.connect(rung.local_addr()?)?;
        rung.set_nonblocking(true)?;
        let mut rung = L::udp(rung)?;
        let interest = Interest {
            read: true,
            write: false,
        };
        model.watch(key, Watched::Udp(&mut rung), None, interest)?;
        Ok(RungBell {
            rung,
            _waker: stop.on_request_or_bell(Bell::from(bell), wake),
        })
    }

    /// Takes what the signal wrote, or a level-triggered wait would report it again and again.
    pub(crate) fn heard(&self) {
        while L::receive(&self.rung, &mut [0; 8]).is_ok() {}
    }
}

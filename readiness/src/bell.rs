//! How other threads and signals wake the loop: through a socket that it watches.

use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::task::{Wake, Waker};

use socklab_core::Link;
use socklab_system::{Ancillary, Clock, Datagrams, Stop, StopGuard};

use crate::model::{Interest, Model, Trigger, Watched};

/// The key under which the model watches the bell. No conversation's key is so high.
pub(crate) const KEY: usize = usize::MAX - 2;

/// A UDP socket that the loop watches: a byte sent to it wakes the loop.
pub(crate) struct Bell<L: Model> {
    heard: Datagrams<L::Udp>,
    waker: Waker,
    _stop: StopGuard,
}

/// The sending end of a bell.
struct Ring(UdpSocket);

impl Wake for Ring {
    fn wake(self: Arc<Self>) {
        // Ignore errors: a loop that cannot be woken any more has ended.
        let _ = self.0.send(&[0]);
    }
}

impl<L: Model> Bell<L> {
    /// Makes a bell and has `model` watch it. A stop and a signal ring it.
    pub(crate) fn hang(stop: &Stop, model: &mut L) -> io::Result<Self> {
        let heard = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let rings = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        heard.connect(rings.local_addr()?)?;
        rings.connect(heard.local_addr()?)?;
        let peer = Link::first(rings.local_addr()?);
        let mut heard = Datagrams::new(model.udp(heard)?, Some(peer), Ancillary::default());
        model.watch(KEY, Watched::Udp(&mut heard.udp), None, Interest::READ)?;
        let signals = rings.try_clone()?;
        let waker = Waker::from(Arc::new(Ring(rings)));
        let stops = waker.clone();
        Ok(Bell {
            heard,
            waker,
            _stop: stop.on_request_or_bell(&signals, move || stops.wake_by_ref()),
        })
    }

    /// The waker that rings the bell.
    pub(crate) fn waker(&self) -> &Waker {
        &self.waker
    }

    /// Empties the socket. Otherwise a level-triggered wait would report it again and again.
    pub(crate) fn answer(&mut self, model: &mut L, clock: &Clock) -> io::Result<()> {
        while L::receive(&self.heard, &mut [0; 8], clock).is_ok() {}
        if L::TRIGGER == Trigger::OneShot {
            let (socket, read) = (Watched::Udp(&mut self.heard.udp), Interest::READ);
            model.watch(KEY, socket, Some(read), read)?;
        }
        Ok(())
    }
}

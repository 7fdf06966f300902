//! How other threads and signals wake the loop: through a socket that it watches.

use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::task::{Wake, Waker};

use socklab_core::Link;
use socklab_system::{Ancillary, Clock, Stop, StopGuard, UdpWire};

use crate::model::{Interest, Model, Trigger, Watched};

/// The key under which the model watches the wake socket. No conversation's key is so high.
pub(crate) const KEY: usize = usize::MAX - 2;

/// A UDP socket that the loop watches: a byte sent to it wakes the loop.
pub(crate) struct WakeSocket<L: Model> {
    receiver: UdpWire<L::Udp>,
    waker: Waker,
    _stop_guard: StopGuard,
}

/// The sending end of a wake socket.
struct Sender(UdpSocket);

impl Wake for Sender {
    fn wake(self: Arc<Self>) {
        // Ignore errors: a loop that cannot be woken any more has ended.
        let _ = self.0.send(&[0]);
    }
}

impl<L: Model> WakeSocket<L> {
    /// Makes a wake socket and has `model` watch it. A stop and a signal send to it.
    pub(crate) fn new(stop: &Stop, model: &mut L) -> io::Result<Self> {
        let receiver = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let sender = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        receiver.connect(sender.local_addr()?)?;
        sender.connect(receiver.local_addr()?)?;
        let peer = Link::first(sender.local_addr()?);
        let mut receiver = UdpWire::new(model.udp(receiver)?, Some(peer), Ancillary::default());
        model.watch(KEY, Watched::Udp(&mut receiver.udp), None, Interest::READ)?;
        let signals = sender.try_clone()?;
        let waker = Waker::from(Arc::new(Sender(sender)));
        let stops = waker.clone();
        Ok(WakeSocket {
            receiver,
            waker,
            _stop_guard: stop.on_request_with_socket(&signals, move || stops.wake_by_ref()),
        })
    }

    /// The waker that sends to the socket.
    pub(crate) fn waker(&self) -> &Waker {
        &self.waker
    }

    /// Empties the socket. Otherwise a level-triggered wait would report it again and again.
    pub(crate) fn drain(&mut self, model: &mut L, clock: &Clock) -> io::Result<()> {
        while L::receive(&self.receiver, &mut [0; 8], clock).is_ok() {}
        if L::TRIGGER == Trigger::OneShot {
            let (socket, read) = (Watched::Udp(&mut self.receiver.udp), Interest::READ);
            model.watch(KEY, socket, Some(read), read)?;
        }
        Ok(())
    }
}

//! How other threads, and signals, wake the loop: a socket that it polls.

use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

use socket2::Socket;
use socklab_core::LineEvent;
use socklab_core::register::{Decision, StoreId};
use socklab_system::{Stop, StopGuard};

/// What another thread has for the loop.
pub(crate) enum Wakeup {
    /// What came of asking the user for a line.
    Line(LineEvent),
    /// A decision, for the conversation that asked.
    Stored(Address, StoreId, Decision),
    /// The conversation has to make room for another.
    Evict(Address),
}

/// Which conversation, and that it is still the same one: keys are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) key: usize,
    pub(crate) number: u64,
}

/// The end that other threads have.
pub(crate) struct Mailbox {
    wakeups: Mutex<Vec<Wakeup>>,
    bell: UdpSocket,
}

/// The end that the loop polls.
pub(crate) struct Woken {
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) socket: Rc<Socket>,
    _waker: StopGuard,
}

impl Woken {
    pub(crate) fn by(stop: &Stop) -> io::Result<Self> {
        let rung = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let bell = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        rung.connect(bell.local_addr()?)?;
        bell.connect(rung.local_addr()?)?;
        rung.set_nonblocking(true)?;
        let signals = bell.try_clone()?;
        let wakeups = Mutex::default();
        let mailbox = Arc::new(Mailbox { wakeups, bell });
        let stops = Arc::clone(&mailbox);
        Ok(Woken {
            mailbox,
            socket: Rc::new(rung.into()),
            _waker: stop.on_request_or_bell(&signals, move || stops.ring()),
        })
    }

    /// Takes what was left, and what rang.
    pub(crate) fn take(&self) -> Vec<Wakeup> {
        let mut rung = [std::mem::MaybeUninit::uninit(); 8];
        while self.socket.recv(&mut rung).is_ok() {}
        std::mem::take(&mut *self.mailbox.lock())
    }
}

impl Wake for Mailbox {
    fn wake(self: Arc<Self>) {
        self.ring();
    }
}

impl Mailbox {
    /// Leaves a wake-up. The loop is woken by the first, and takes all.
    pub(crate) fn leave(&self, wakeup: Wakeup) {
        let mut wakeups = self.lock();
        wakeups.push(wakeup);
        if wakeups.len() == 1 {
            self.ring();
        }
    }

    fn ring(&self) {
        // A loop that cannot be woken has ended.
        let _ = self.bell.send(&[0]);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Wakeup>> {
        self.wakeups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

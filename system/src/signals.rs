//! Ctrl-C and SIGTERM on Unix.

use std::io;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use signal_hook::consts::TERM_SIGNALS;
use signal_hook::{flag, low_level};

/// The exit status of a program that Ctrl-C ended, as shells report it.
const INTERRUPTED: i32 = 130;

/// The signals that stop a program, without those that were ignored when it began.
///
/// `nohup`, a shell's `&` in a script and supervisors start their children with a signal ignored,
/// and the children must leave it so. Only on Linux can a program find out without `unsafe` code;
/// elsewhere it handles all of them.
pub fn stop_signals() -> impl Iterator<Item = i32> {
    (TERM_SIGNALS.iter().copied()).filter(|&signal| !is_ignored(signal))
}

/// Whether this process ignores a signal.
pub fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = (status.lines()).find_map(|line| line.strip_prefix("SigIgn:"));
    // Bit 0 stands for signal 1.
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// How a stop listens to signals.
#[derive(Default)]
pub(crate) struct Signals {
    registered: AtomicBool,
    awaited: AtomicBool,
}

impl Signals {
    /// Has each signal set `requested`. If it is set already, the signal ends the program.
    pub(crate) fn register(&self, requested: &Arc<AtomicBool>) -> io::Result<()> {
        for signal in stop_signals() {
            flag::register_conditional_shutdown(signal, INTERRUPTED, Arc::clone(requested))?;
            flag::register(signal, Arc::clone(requested))?;
        }
        self.registered.store(true, Ordering::Release);
        Ok(())
    }

    /// Has each signal write a byte to `socket`.
    pub(crate) fn write_to(&self, socket: &UdpSocket) {
        if !self.registered.load(Ordering::Acquire) {
            return;
        }
        for signal in stop_signals() {
            // Each signal needs its own descriptor: the handler keeps it for the life of the
            // program.
            if let Ok(descriptor) = socket.try_clone() {
                let _ = low_level::pipe::register(signal, descriptor);
            }
        }
    }

    /// Starts a thread that waits for signals and calls `wake` for each. Later calls do nothing.
    pub(crate) fn wait_on_a_thread(&self, wake: impl Fn() + Send + 'static) {
        if !self.registered.load(Ordering::Acquire) || self.awaited.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Ok(mut signals) = signal_hook::iterator::Signals::new(stop_signals()) {
            // If the thread cannot be started, the second signal still ends the program.
            let _ = thread::Builder::new()
                .name("signals".to_owned())
                .spawn(move || signals.forever().for_each(|_| wake()));
        }
    }
}

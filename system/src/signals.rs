//! Ctrl-C and SIGTERM on Unix.

use std::io;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use signal_hook::consts::TERM_SIGNALS;
use signal_hook::{flag, low_level};

/// What shells say of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// The signals that stop a program, less those that were ignored when it began.
///
/// `nohup`, a shell's `&` in a script and supervisors ignore a signal for their children, which are
/// to leave it so. Only Linux lets a program ask without `unsafe` code; elsewhere all are heeded.
pub fn stop_signals() -> impl Iterator<Item = i32> {
    (TERM_SIGNALS.iter().copied()).filter(|&signal| !is_ignored(signal))
}

/// Whether this process ignores a signal.
pub fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = (status.lines()).find_map(|line| line.strip_prefix("SigIgn:"));
    // Bit 0 is for signal 1.
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// What a stop has to do with signals.
#[derive(Default)]
pub(crate) struct Signals {
    heeded: AtomicBool,
    watched: AtomicBool,
}

impl Signals {
    /// Has each signal set `requested`, and end the program if it is set.
    pub(crate) fn heed(&self, requested: &Arc<AtomicBool>) -> io::Result<()> {
        for signal in stop_signals() {
            flag::register_conditional_shutdown(signal, INTERRUPTED, Arc::clone(requested))?;
            flag::register(signal, Arc::clone(requested))?;
        }
        self.heeded.store(true, Ordering::Release);
        Ok(())
    }

    /// Has each signal ring a bell.
    pub(crate) fn ring(&self, bell: &UdpSocket) {
        if !self.heeded.load(Ordering::Acquire) {
            return;
        }
        for signal in stop_signals() {
            // A second descriptor each: the handler keeps it for the life of the program.
            if let Ok(descriptor) = bell.try_clone() {
                let _ = low_level::pipe::register(signal, descriptor);
            }
        }
    }

    /// Has a thread wait for signals and call `wake` for each. Later calls do nothing.
    pub(crate) fn watch(&self, wake: impl Fn() + Send + 'static) {
        if !self.heeded.load(Ordering::Acquire) || self.watched.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Ok(mut signals) = signal_hook::iterator::Signals::new(stop_signals()) {
            // Without the thread, the second signal still ends the program.
            let _ = thread::Builder::new()
                .name("signals".to_owned())
                .spawn(move || signals.forever().for_each(|_| wake()));
        }
    }
}

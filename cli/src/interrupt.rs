//! Ctrl-C and its like, for a command that has something to do before it ends.

use std::io;
use std::process::exit;
use std::thread;
use std::time::Duration;

use socklab_core::transcript::Role;
use socklab_system::Stop;

/// Has `then` called, on a thread of its own, for Ctrl-C and what else asks a program to end: on
/// Unix SIGTERM, SIGQUIT and SIGHUP, but none that was ignored when the program began.
///
/// # Errors
/// When the system does not let it; then they end the program as ever.
#[cfg(unix)]
pub(crate) fn on_interrupt(mut then: impl FnMut() + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::SIGHUP;
    use signal_hook::iterator::Signals;
    use socklab_system::{is_ignored, stop_signals};

    let hangup = (!is_ignored(SIGHUP)).then_some(SIGHUP);
    let mut signals = Signals::new(stop_signals().chain(hangup))?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || signals.forever().for_each(|_| then()))?;
    Ok(())
}

/// The same for the console's events.
#[cfg(not(unix))]
pub(crate) fn on_interrupt(then: impl FnMut() + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(then).map_err(io::Error::other)
}

/// How long a client that is told to stop may take before it is ended all the same. It may be in a
/// call that cannot be woken, such as a connect.
const GRACE: Duration = Duration::from_millis(1500);

/// Has Ctrl-C and SIGTERM stop the run. A second one ends the program where it is.
pub(crate) fn on_signal(role: Role, stop: &Stop) {
    #[cfg(unix)]
    if role == Role::Server && stop.heed_signals().is_ok() {
        return;
    }
    let mut again = false;
    let stop = stop.clone();
    // Without a handler the signal ends the program, which is the next best.
    let _ = on_interrupt(move || {
        if std::mem::replace(&mut again, true) {
            exit(130);
        }
        stop.request();
        if role == Role::Client {
            thread::spawn(|| {
                thread::sleep(GRACE);
                exit(130);
            });
        }
    });
}

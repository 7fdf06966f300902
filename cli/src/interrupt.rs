//! Handles Ctrl-C and similar signals, for a command that has work to do before it ends.

use std::io;
use std::process::exit;
use std::thread;
use std::time::Duration;

use socklab_core::transcript::Role;
use socklab_files::remove_scratch;
use socklab_system::Stop;

use crate::exit::Exit;

/// Has `then` called, on its own thread, for Ctrl-C and other requests to end: on Unix SIGTERM,
/// SIGQUIT and SIGHUP, except those that were ignored when the program began.
///
/// # Errors
/// When the system refuses the handlers; then the signals end the program as usual.
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

/// The same for the events of a Windows console.
#[cfg(not(unix))]
pub(crate) fn on_interrupt(then: impl FnMut() + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(then).map_err(io::Error::other)
}

/// Has Ctrl-C end the program with every other program that it started, and without the temporary
/// folders. Without a handler, which the system may refuse, they would be left behind.
pub(crate) fn end_programs_on_interrupt() {
    let _ = on_interrupt(|| {
        socklab_process::end_all();
        remove_scratch(|| exit(Exit::Interrupted as i32));
    });
}

/// How long a client may take to stop before the program ends anyway. The client may be in a call
/// that cannot be woken, such as a connect.
const GRACE: Duration = Duration::from_millis(1500);

/// Has Ctrl-C and SIGTERM stop the run. A second one ends the program at once.
pub(crate) fn on_signal(role: Role, stop: &Stop) {
    #[cfg(unix)]
    if role == Role::Server && stop.handle_signals().is_ok() {
        return;
    }
    let mut again = false;
    let stop = stop.clone();
    // Ignore errors: without a handler the signal ends the program, which is the next best.
    let _ = on_interrupt(move || {
        if std::mem::replace(&mut again, true) {
            exit(Exit::Interrupted as i32);
        }
        stop.request();
        if role == Role::Client {
            thread::spawn(|| {
                thread::sleep(GRACE);
                exit(Exit::Interrupted as i32);
            });
        }
    });
}

//! Ctrl-C and its like, for a command that has something to do before it ends.

use std::io;

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
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || signals.forever().for_each(|_| then()))?;
    Ok(())
}

/// The same for the console's events.
#[cfg(not(unix))]
pub(crate) fn on_interrupt(then: impl FnMut() + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(then).map_err(io::Error::other)
}

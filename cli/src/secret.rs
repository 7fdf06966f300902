//! A DNI that does not stand on the command line, where `ps` and the shell's history show it.

use std::io::{ErrorKind, IsTerminal, Write, stderr, stdin};
use std::process::exit;

use socklab_core::otp::Dni;

use crate::say;
use socklab_text::Messages;

/// Where a DNI may stand instead.
const VARIABLE: &str = "SOCKLAB_DNI";

/// The DNI that was given, else that of the environment.
pub(crate) fn given_dni(given: Option<String>) -> Option<String> {
    given.or_else(|| std::env::var(VARIABLE).ok())
}

/// The same, else one that the user types, unseen, or a line of standard input. On failure, the
/// line to say.
pub(crate) fn dni(given: Option<String>, messages: &dyn Messages) -> Result<Dni, String> {
    let typed = match given_dni(given) {
        Some(dni) => dni,
        None => typed(&messages.say("prompt-dni")).ok_or_else(|| messages.say("dni-missing"))?,
    };
    Dni::parse(&typed).map_err(|error| say::dni(messages, error))
}

/// Ctrl-C at the prompt leaves the terminal as it was, and ends the program.
fn show_again_on_interrupt() {
    #[cfg(unix)]
    if let Ok(before) = nix::sys::termios::tcgetattr(stdin()) {
        use nix::sys::termios::{SetArg, tcsetattr};
        // Without the handler, some shells go on without showing what is typed.
        let _ = crate::interrupt::on_interrupt(move || {
            let _ = tcsetattr(stdin(), SetArg::TCSANOW, &before);
            exit(130);
        });
    }
}

fn typed(prompt: &str) -> Option<String> {
    if stdin().is_terminal() {
        show_again_on_interrupt();
        let mut stderr = stderr().lock();
        let _ = write!(stderr, "{prompt}").and_then(|()| stderr.flush());
        return match rpassword::read_password() {
            // While it reads, Ctrl-C is a character and no signal.
            Err(error) if error.kind() == ErrorKind::Interrupted => exit(130),
            typed => typed.ok(),
        };
    }
    let mut line = String::new();
    match stdin().read_line(&mut line) {
        Ok(1..) => Some(line.trim_end_matches(['\r', '\n']).to_owned()),
        _ => None,
    }
}

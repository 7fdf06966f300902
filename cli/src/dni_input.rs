//! A DNI that does not stand on the command line, where `ps` and the shell's history show it.

use std::io::{IsTerminal, stdin};

use socklab_core::otp::{Dni, DniError};

use crate::print;
use crate::wording;
use socklab_text::{Messages, impl_error};

/// Where a DNI may stand instead.
const VARIABLE: &str = "SOCKLAB_DNI";

/// The DNI that was given, else that of the environment.
pub(crate) fn given_dni(given: Option<String>) -> Option<String> {
    given.or_else(|| std::env::var(VARIABLE).ok())
}

/// Why there is no DNI.
#[derive(Debug)]
pub(crate) enum DniInputError {
    /// None was given or typed.
    Missing,
    /// What was given is none.
    Wrong(DniError),
}

impl DniInputError {
    pub(crate) fn say(&self, messages: &dyn Messages) -> String {
        match self {
            DniInputError::Missing => messages.say("dni-missing"),
            DniInputError::Wrong(error) => wording::dni(messages, *error),
        }
    }
}

impl_error!(DniInputError);

/// The same, else one that the user types, unseen and until it is one, or a line of standard input.
pub(crate) fn dni(given: Option<String>, messages: &dyn Messages) -> Result<Dni, DniInputError> {
    if let Some(dni) = given_dni(given) {
        return Dni::parse(&dni).map_err(DniInputError::Wrong);
    }
    loop {
        let typed = typed(&messages.say("prompt-dni")).ok_or(DniInputError::Missing)?;
        match Dni::parse(&typed) {
            Err(error) if stdin().is_terminal() => print::line(&wording::dni(messages, error)),
            parsed => return parsed.map_err(DniInputError::Wrong),
        }
    }
}

fn typed(prompt: &str) -> Option<String> {
    match stdin().is_terminal() {
        true => unseen(prompt),
        false => line(),
    }
}

/// A line of standard input.
fn line() -> Option<String> {
    let mut line = String::new();
    match stdin().read_line(&mut line) {
        Ok(1..) => Some(line.trim_end_matches(['\r', '\n']).to_owned()),
        _ => None,
    }
}

/// A line that the terminal does not show. It shows again what is typed when this returns, or when
/// Ctrl-C ends the program here.
#[cfg(unix)]
fn unseen(prompt: &str) -> Option<String> {
    use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

    let before = tcgetattr(stdin()).ok()?;
    let mut hidden = before.clone();
    hidden.local_flags.remove(LocalFlags::ECHO);
    hidden.local_flags.insert(LocalFlags::ECHONL);
    let restored = before.clone();
    // Without the handler, some shells go on without showing what is typed.
    let _ = crate::interrupt::on_interrupt(move || {
        let _ = tcsetattr(stdin(), SetArg::TCSANOW, &restored);
        std::process::exit(130);
    });
    // Before the prompt: who sees it may type.
    tcsetattr(stdin(), SetArg::TCSANOW, &hidden).ok()?;
    print::prompt(prompt);
    let line = line();
    let _ = tcsetattr(stdin(), SetArg::TCSANOW, &before);
    line
}

/// The same on a console.
#[cfg(not(unix))]
fn unseen(prompt: &str) -> Option<String> {
    print::prompt(prompt);
    rpassword::read_password().ok()
}
